package screen

import (
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"fmt"
	"html/template"
	"math"
	"regexp"
	"strconv"
	"strings"
)

//go:embed style/managed.css
var managedSource string

// sheet is the style of a look below a base path.
type sheet struct {
	css  template.CSS
	hash string // as a source of a Content-Security-Policy
}

func newSheet(l *Look, base string, more *string) *sheet {
	css := ""
	if l.generation == Classic {
		css = squeeze(classicSource) + l.css
	} else {
		css = variables(l) + squeeze(managedSource) + pictures(l, base)
	}
	if more != nil {
		css += *more
	}
	sum := sha256.Sum256([]byte(css))
	return &sheet{css: template.CSS(css), hash: "'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"}
}

// squeeze takes the line breaks out of a style of ours.
func squeeze(css string) string { return strings.ReplaceAll(css, "\n", "") }

// colourPattern is that of a colour in the settings document.
var colourPattern = regexp.MustCompile(`^[0-9A-Fa-f]{6}(?:[0-9A-Fa-f]{2})?$`)

// colour returns the CSS of a tone in a mode.
func (t tree) colour(c tone, mode, own string) string {
	path := strings.Split(strings.Replace(c.path, "*", mode, 1), ".")
	if word := t.word(path...); colourPattern.MatchString(word) {
		return "#" + strings.ToLower(word)
	}
	return own
}

// maxRadius is more than any rounding that can be seen.
const maxRadius = 200

func (t tree) pixels(path string, own int) int {
	n, ok := number(t.at(strings.Split(path, ".")...))
	if !ok || n < 0 || n > maxRadius || math.IsNaN(n) {
		return own
	}
	return int(n)
}

// number reads a number of a document, in whatever form its decoder left it.
func number(v any) (float64, bool) {
	switch n := v.(type) {
	case float64:
		return n, true
	case int:
		return float64(n), true
	case int64:
		return float64(n), true
	case fmt.Stringer: // json.Number
		f, err := strconv.ParseFloat(n.String(), 64)
		return f, err == nil
	}
	return 0, false
}

// variables are the custom properties of a look.
func variables(l *Look) string {
	t := l.settings
	var b strings.Builder
	mode := func(name string) {
		for _, c := range tones {
			own := c.light
			if name == "darkMode" {
				own = c.dark
			}
			b.WriteString("--" + c.name + ":" + t.colour(c, name, own) + ";")
		}
	}
	scheme := t.scheme()
	b.WriteString(":root{")
	if scheme == dark {
		mode("darkMode")
		b.WriteString(shadowDark + "--scheme:dark;")
	} else {
		mode("lightMode")
		b.WriteString(shadowLight)
		b.WriteString(map[string]string{light: "--scheme:light;", dynamic: "--scheme:light dark;"}[scheme])
	}
	b.WriteString(derived)
	for _, r := range radii {
		fmt.Fprintf(&b, "--%s:%dpx;", r.name, t.pixels(r.path, r.own))
	}
	b.WriteString("--r-card-in:var(--r-btn);")
	if gaps, known := spacing[t.word("categories", "global", "spacingDensity")]; known {
		b.WriteString(gaps)
	} else {
		b.WriteString(spacing["REGULAR"])
	}
	b.WriteString(place(t) + "}")
	if scheme == dynamic {
		b.WriteString(darkMedia + ":root{")
		mode("darkMode")
		b.WriteString(shadowDark + "}}")
	}
	return b.String()
}

// place says where on the page the form and the logos stand.
func place(t tree) string {
	side := map[string]string{"START": "flex-start", "CENTER": "center", "END": "flex-end"}
	across, down, pad := "center", "flex-start", "clamp(1.5rem,10vh,7rem)"
	if v := side[t.word("categories", "form", "location", "horizontal")]; v != "" {
		across = v
	}
	if v := side[t.word("categories", "form", "location", "vertical")]; v != "" {
		down, pad = v, "2rem"
	}
	at := func(path ...string) string {
		if v := side[t.word(path...)]; v != "" {
			return v
		}
		return side["START"]
	}
	return "--across:" + across + ";--down:" + down + ";--pad:" + pad + ";--logo:" + at("components", "form", "logo", "location") +
		";--head-logo:" + at("components", "pageHeader", "logo", "location") + ";--foot-logo:" + at("components", "pageFooter", "logo", "location") + ";"
}

// pictures are the backgrounds of a look. Their paths have the letters of pathPattern alone.
func pictures(l *Look, base string) string {
	t := l.settings
	var b strings.Builder
	back := func(selector, category string, enabled bool) {
		p := l.picture(base, category, "")
		if !enabled || p == nil || !basePattern.MatchString(base) {
			return
		}
		image := func(src string) string { return selector + `{background-image:url("` + src + `")}` }
		b.WriteString(selector + `{background-size:cover;background-position:center}`)
		if p.Class != "only-dark" {
			b.WriteString(image(p.Src))
		}
		switch {
		case p.Class == "only-light":
			b.WriteString(darkMedia + selector + `{background-image:none}}`)
		case p.Class == "only-dark":
			b.WriteString(darkMedia + image(p.Src) + "}")
		case p.Dark != "":
			b.WriteString(darkMedia + image(p.Dark) + "}")
		}
		if selector == "body" { // what stands on the page itself stays readable
			b.WriteString(`.lang summary{background:var(--card)}`)
		}
	}
	back("body", "PAGE_BACKGROUND", t.flag(false, "components", "pageBackground", "image", "enabled"))
	back(".card", "FORM_BACKGROUND", t.flag(false, "components", "form", "backgroundImage", "enabled"))
	back(".bar-head", "PAGE_HEADER_BACKGROUND", t.flag(false, "components", "pageHeader", "backgroundImage", "enabled"))
	back(".bar-foot", "PAGE_FOOTER_BACKGROUND", t.flag(false, "components", "pageFooter", "backgroundImage", "enabled"))
	return b.String()
}

// darkMedia begins what the dark scheme alone has.
const darkMedia = "@media (prefers-color-scheme:dark){"

// basePattern is that of the path of a pool's base address, which may be empty.
var basePattern = regexp.MustCompile(`^(/[A-Za-z0-9._~-]+)*$`)
