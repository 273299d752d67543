package screen

import (
	"math"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// settings is a tree of one member.
func settings(path string, value any) map[string]any {
	names := strings.Split(path, ".")
	out := map[string]any{names[len(names)-1]: value}
	for i := len(names) - 2; i >= 0; i-- {
		out = map[string]any{names[i]: out}
	}
	return out
}

func TestPictures(t *testing.T) {
	for _, c := range []struct {
		scheme string
		have   []string
		want   *picture
	}{
		{dynamic, nil, nil},
		{dynamic, []string{dynamic}, &picture{Src: "/p/DYNAMIC.png"}},
		{dynamic, []string{light}, &picture{Src: "/p/LIGHT.png", Class: "only-light"}},
		{dynamic, []string{dark}, &picture{Src: "/p/DARK.png", Class: "only-dark"}},
		{dynamic, []string{light, dark}, &picture{Src: "/p/LIGHT.png", Dark: "/p/DARK.png"}},
		{dynamic, []string{dynamic, dark}, &picture{Src: "/p/DYNAMIC.png", Dark: "/p/DARK.png"}},
		{light, []string{dynamic, light, dark}, &picture{Src: "/p/LIGHT.png"}},
		{light, []string{dark}, nil},
		{dark, []string{dynamic, light}, &picture{Src: "/p/DYNAMIC.png"}},
		{dark, []string{light}, nil},
	} {
		assets := map[AssetKey]string{}
		for _, mode := range c.have {
			assets[AssetKey{"FORM_LOGO", mode, ""}] = "/" + mode + ".png"
		}
		look := NewLook(Style{Generation: Managed, Settings: settings("categories.global.colorSchemeMode", c.scheme), Assets: assets})
		got := look.picture("/p", "FORM_LOGO", "")
		if (got == nil) != (c.want == nil) || got != nil && *got != *c.want {
			t.Errorf("%s %v: %+v, want %+v", c.scheme, c.have, got, c.want)
		}
	}
}

// TestSettingsAct: what is no colour and no rounding has its effect too.
func TestSettingsAct(t *testing.T) {
	d := drawer(t)
	social := signIn()
	social.Providers, social.Icon = sampleAllProviders, "email"
	assets := map[AssetKey]string{}
	for _, category := range []string{
		"FORM_LOGO", "PAGE_HEADER_LOGO", "PAGE_FOOTER_LOGO", "PAGE_BACKGROUND", "FORM_BACKGROUND", "PAGE_HEADER_BACKGROUND", "PAGE_FOOTER_BACKGROUND",
		"EMAIL_GRAPHIC", "FAVICON_SVG", "FAVICON_ICO",
	} {
		assets[AssetKey{category, dynamic, ""}] = "/" + category
	}
	assets[AssetKey{"IDP_BUTTON_ICON", dynamic, "Contoso"}] = "/ICON"
	draws := func(tree map[string]any) string {
		return string(draw(t, d, NewLook(Style{Generation: Managed, Settings: tree, Assets: assets}), English, &social).HTML)
	}
	for _, c := range []struct {
		path  string
		value any
		has   string
		lacks string
	}{
		{"categories.global.colorSchemeMode", light, "--scheme:light;", "prefers-color-scheme:dark){:root"},
		{"categories.global.colorSchemeMode", dark, "--scheme:dark;", "prefers-color-scheme:dark){:root"},
		{"categories.global.colorSchemeMode", dynamic, "prefers-color-scheme:dark){:root", ""},
		{"categories.global.spacingDensity", "COMPACT", "--gap:1.125rem", "--gap:1.5rem"},
		{"categories.form.location.horizontal", "END", "--across:flex-end", ""},
		{"categories.form.location.vertical", "END", "--down:flex-end", ""},
		{"categories.form.displayGraphics", true, "/EMAIL_GRAPHIC", ""},
		{"categories.form.displayGraphics", false, "", "/EMAIL_GRAPHIC"},
		{"categories.global.pageHeader.enabled", true, "/PAGE_HEADER_LOGO", ""},
		{"categories.global.pageHeader.enabled", false, "", `class="bar bar-head"`},
		{"categories.global.pageFooter.enabled", true, "/PAGE_FOOTER_LOGO", ""},
		{"components.pageHeader.logo.location", "END", "--head-logo:flex-end", ""},
		{"components.pageFooter.logo.location", "CENTER", "--foot-logo:center", ""},
		{"components.form.logo.location", "CENTER", "--logo:center", ""},
		{"components.form.logo.enabled", false, "", "/FORM_LOGO"},
		{"components.form.logo.formInclusion", "OUT", `<div class="logo-out"><img src="/FORM_LOGO"`, ""},
		{"components.pageBackground.image.enabled", true, `body{background-image:url("/PAGE_BACKGROUND")`, ""},
		{"components.form.backgroundImage.enabled", true, `.card{background-image:url("/FORM_BACKGROUND")`, ""},
		{"components.pageHeader.backgroundImage.enabled", true, `.bar-head{background-image:url("/PAGE_HEADER_BACKGROUND")`, ""},
		{"components.pageFooter.backgroundImage.enabled", false, "", "/PAGE_FOOTER_BACKGROUND"},
		{"components.favicon.enabledTypes", []any{"SVG"}, `href="/FAVICON_SVG"`, `href="/FAVICON_ICO"`},
		{"components.favicon.enabledTypes", []any{}, "data:image/svg+xml", "FAVICON"},
		{"componentClasses.idpButtons.icons.enabled", true, `src="/ICON"`, ""},
		{"componentClasses.idpButtons.icons.enabled", false, "", `src="/ICON"`},
	} {
		page := draws(settings(c.path, c.value))
		if !strings.Contains(page, c.has) || c.lacks != "" && strings.Contains(page, c.lacks) {
			t.Errorf("%s %v has no effect", c.path, c.value)
		}
	}
	order := func(tree map[string]any) (form, contoso, google int) {
		page := draws(tree)
		return strings.Index(page, `id="f-username"`), strings.Index(page, "Continue with Contoso"), strings.Index(page, "Continue with Google")
	}
	if form, contoso, google := order(settings("categories.auth.federation.order", []any{"Contoso"})); contoso > google || google > form {
		t.Error("the order of providers")
	}
	input := map[string]any{"display": "INPUT", "type": "USERNAME_PASSWORD"}
	if form, contoso, google := order(settings("categories.auth.authMethodOrder", []any{[]any{input}})); google > contoso || form > google {
		t.Error("the order of ways to sign in")
	}
	if page := draws(settings("components.form.logo.position", "BOTTOM")); strings.Index(page, "/FORM_LOGO") < strings.Index(page, `id="f-username"`) {
		t.Error("the logo below")
	}
}

// TestContrast: Cognate's own colours are far enough apart, in both schemes (WCAG 2.2, 1.4.3 and 1.4.11).
func TestContrast(t *testing.T) {
	for _, isDark := range []bool{false, true} {
		colours := map[string]string{}
		for _, c := range tones {
			if colours[c.name] = c.light; isDark {
				colours[c.name] = c.dark
			}
		}
		for need, pairs := range map[float64]string{
			4.5: "heading/card body/card muted/card muted/page heading/in-back placeholder/in-back hint/card label/card link/card link/in-back link-hover/card " +
				"body/drop drop-ink-hover/drop-hover drop-ink-on/drop err-mark/card ok-mark/card heading/err-back heading/ok-back heading/warn-back p-ink/p " +
				"p-ink-hover/p-hover p-ink-active/p-active s-ink/s s-ink-hover/s-hover s-ink-active/s-active i-ink/i i-ink-hover/i-hover i-ink-active/i-active",
			3: "in-line/card focus/card focus/page opt/card opt-line/card opt-ink/opt err-mark/err-back ok-mark/ok-back warn-mark/warn-back p/card",
		} {
			for _, pair := range strings.Fields(pairs) {
				front, back, _ := strings.Cut(pair, "/")
				if ratio := contrastOf(t, colours[front], colours[back]); ratio < need {
					t.Errorf("dark %v: %s is %.2f:1, need %.1f:1", isDark, pair, ratio, need)
				}
			}
		}
	}
}

func contrastOf(t *testing.T, a, b string) float64 {
	x, y := luminance(t, a), luminance(t, b)
	return (max(x, y) + .05) / (min(x, y) + .05)
}

func luminance(t *testing.T, colour string) float64 {
	n, err := strconv.ParseUint(strings.TrimPrefix(colour, "#"), 16, 32)
	if err != nil || len(colour) != 7 {
		t.Fatalf("%q is no colour", colour)
	}
	part := func(shift uint) float64 {
		v := float64(n>>shift&255) / 255
		if v <= .04045 {
			return v / 12.92
		}
		return math.Pow((v+.055)/1.055, 2.4)
	}
	return .2126*part(16) + .7152*part(8) + .0722*part(0)
}

// TestVariables: every variable that the style uses is set.
func TestVariables(t *testing.T) {
	css := string(newSheet(NewLook(Style{Generation: Managed}), "", nil).css)
	for _, m := range regexp.MustCompile(`var\((--[a-z-]+)\)`).FindAllStringSubmatch(css, -1) {
		if !strings.Contains(css, m[1]+":") {
			t.Errorf("%s is not set", m[1])
		}
	}
}

// TestLabels: every field that people fill in has a label of its own, and everything that explains one is there.
func TestLabels(t *testing.T) {
	d := drawer(t)
	inputs := regexp.MustCompile(`<(?:input|select)\b[^>]*>`)
	attribute := func(tag, name string) string {
		_, rest, _ := strings.Cut(tag, " "+name+`="`)
		value, _, _ := strings.Cut(rest, `"`)
		return value
	}
	for _, s := range Samples() {
		page := string(draw(t, d, nil, English, s.Screen).HTML)
		for _, tag := range inputs.FindAllString(page, -1) {
			if kind := attribute(tag, "type"); kind == "hidden" || attribute(tag, "aria-hidden") == "true" {
				continue
			}
			id := attribute(tag, "id")
			wrapped := strings.Contains(page, `<label class="tick">`+tag)
			if !wrapped && strings.Count(page, `<label for="`+id+`"`) != 1 || strings.Count(page, ` id="`+id+`"`) != 1 {
				t.Errorf("%s: %s has no label", s.Name, tag)
			}
			for _, ref := range strings.Fields(attribute(tag, "aria-describedby")) {
				if strings.Count(page, ` id="`+ref+`"`) != 1 {
					t.Errorf("%s: %s is not there", s.Name, ref)
				}
			}
		}
		if strings.Count(page, " autofocus") > 1 {
			t.Errorf("%s: %d things want the focus", s.Name, strings.Count(page, " autofocus"))
		}
	}
}
