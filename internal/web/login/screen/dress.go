package screen

import (
	"html"
	"html/template"
	"slices"
)

// lookView is what a page shows of its look besides the style.
type lookView struct {
	Logo, OuterLogo *picture
	LogoBelow       bool // Logo stands at the bottom of the form
	Header, Footer  *barView
}

// barView is the header or footer of the page.
type barView struct{ Logo *picture }

// view returns the parts of the look below a base path.
func (l *Look) view(base string) lookView {
	t := l.settings
	var out lookView
	if l.generation == Classic {
		if l.logo != "" {
			out.Logo = &picture{Src: base + l.logo}
		}
		return out
	}
	if t.flag(true, "components", "form", "logo", "enabled") {
		if logo := l.picture(base, "FORM_LOGO", ""); t.word("components", "form", "logo", "formInclusion") == "OUT" {
			out.OuterLogo = logo
		} else {
			out.Logo = logo
		}
		out.LogoBelow = t.word("components", "form", "logo", "position") == "BOTTOM"
	}
	out.Header = l.bar(base, "pageHeader", "PAGE_HEADER_LOGO")
	out.Footer = l.bar(base, "pageFooter", "PAGE_FOOTER_LOGO")
	return out
}

func (l *Look) bar(base, name, logo string) *barView {
	if !l.settings.flag(false, "categories", "global", name, "enabled") {
		return nil
	}
	b := &barView{}
	if l.settings.flag(true, "components", name, "logo", "enabled") {
		b.Logo = l.picture(base, logo, "")
	}
	return b
}

// graphics are the asset categories of the pictures of factors.
var graphics = map[string]string{
	"email": "EMAIL_GRAPHIC", "sms": "SMS_GRAPHIC", "totp": "AUTH_APP_GRAPHIC", "password": "PASSWORD_GRAPHIC", "passkey": "PASSKEY_GRAPHIC",
}

func (l *Look) graphic(base, icon string) *picture {
	if category, known := graphics[icon]; known {
		return l.picture(base, category, "")
	}
	return nil
}

// favicons are the links to the icons of the browser's tab; without them browsers look for one on their own.
func (l *Look) favicons(base string) template.HTML {
	out := ""
	types := l.settings.list("components", "favicon", "enabledTypes")
	for _, f := range []struct{ kind, category, is string }{
		{"SVG", "FAVICON_SVG", `type="image/svg+xml"`}, {"ICO", "FAVICON_ICO", `sizes="32x32"`},
	} {
		if p := l.picture(base, f.category, ""); p != nil && (types == nil || slices.Contains(types, any(f.kind))) {
			out += `<link rel="icon" ` + f.is + ` href="` + html.EscapeString(p.Src) + `">` + "\n"
		}
	}
	if out == "" {
		out = ownFavicon
	}
	return template.HTML(out)
}

// ownFavicon is Cognate's: a keyhole.
const ownFavicon = `<link rel="icon" type="image/svg+xml" href="data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 32 32'%3E` +
	`%3Crect width='32' height='32' rx='9' fill='%233f57e0'/%3E%3Cpath fill='%23fff' d='M16 7a5 5 0 0 0-2.5 9.33L12 25h8l-1.5-8.67A5 5 0 0 0 16 7z'/%3E%3C/svg%3E">` + "\n"
