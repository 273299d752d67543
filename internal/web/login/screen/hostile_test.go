package screen

import (
	"html"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// evil is text that tries to leave every context at once.
const evil = "\"'`><svg onload=alert(1)><script>alert(2)</script></style></title>{{.}}{app}&#x3c;img src=x onerror=alert(3)>--></textarea> javascript:alert(4)"

// poison replaces every text in a value.
func poison(v reflect.Value, with string) {
	switch v.Kind() {
	case reflect.Pointer, reflect.Interface:
		if !v.IsNil() {
			poison(v.Elem(), with)
		}
	case reflect.Struct:
		if v.Type() == reflect.TypeFor[Text]() {
			v.Set(reflect.ValueOf(Literal(with)))
			return
		}
		for i := range v.NumField() {
			if name := v.Type().Field(i).Name; name != "Kind" && !(name == "Type" && v.Type() == reflect.TypeFor[Field]()) {
				poison(v.Field(i), with)
			}
		}
	case reflect.Slice, reflect.Array:
		for i := range v.Len() {
			poison(v.Index(i), with)
		}
	case reflect.String:
		v.SetString(with)
	}
}

// tags are the elements of a page with their attributes.
var (
	comments = regexp.MustCompile(`(?s)<style>.*?</style>`)
	handlers = regexp.MustCompile(`(?i)<[a-z]+(?:\s+[a-z-]+(?:="[^"<>]*")?)*\s+on[a-z]+\s*=`)
	schemes  = regexp.MustCompile(`(?i)(?:href|src|action|formaction)="\s*javascript:|url=\s*javascript:`)
)

// innocent fails unless a page has the elements alone that its templates write.
func innocent(t *testing.T, name, page string) {
	t.Helper()
	rest := comments.ReplaceAllString(page, "")
	for _, bad := range []string{"<svg onload", "<script>", "<img src=x", "{{.}}{app}</", "<textarea"} {
		if strings.Contains(rest, bad) {
			t.Errorf("%s has %q", name, bad)
		}
	}
	if m := handlers.FindString(rest) + schemes.FindString(rest); m != "" {
		t.Errorf("%s has %q", name, m)
	}
	if strings.Count(page, "<style>") != 1 || strings.Count(page, "</style>") != 1 || strings.Count(page, "</title>") != 1+strings.Count(rest, "<title>")-1 {
		t.Errorf("%s has a style or title more", name)
	}
}

// TestEscaping: no text of a screen becomes markup, in no place, generation or language.
func TestEscaping(t *testing.T) {
	d := drawer(t)
	old := NewLook(Style{Generation: Classic})
	for _, look := range []*Look{nil, old} {
		for i, with := range []string{evil, "javascript:alert(1)", `";background:url(//evil.example)`, "data:text/html,<script>alert(1)</script>", "\x00\u2028\xff"} {
			for j, s := range Samples() {
				if with != evil && j%4 != i%4 {
					continue
				}
				poison(reflect.ValueOf(s.Screen), with)
				page := string(draw(t, d, look, []string{"en", "ar"}[i%2], s.Screen).HTML)
				innocent(t, s.Name, page)
				if with == evil && !strings.Contains(html.UnescapeString(page), "<svg onload=alert(1)>") {
					t.Errorf("%s shows nothing of it", s.Name)
				}
			}
		}
	}
}

// poisonTree replaces every leaf of a settings tree.
func poisonTree(v any, with any) any {
	switch v := v.(type) {
	case map[string]any:
		out := map[string]any{}
		for name, value := range v {
			out[name] = poisonTree(value, with)
		}
		return out
	}
	return with
}

// wholeTree has every member that a look reads.
func wholeTree() map[string]any {
	root := map[string]any{}
	put := func(path string, value any) {
		at := root
		names := strings.Split(path, ".")
		for _, name := range names[:len(names)-1] {
			next, _ := at[name].(map[string]any)
			if next == nil {
				next = map[string]any{}
				at[name] = next
			}
			at = next
		}
		at[names[len(names)-1]] = value
	}
	for _, c := range tones {
		for _, mode := range []string{"lightMode", "darkMode"} {
			put(strings.Replace(c.path, "*", mode, 1), "ff0000ff")
		}
	}
	for _, r := range radii {
		put(r.path, 8.0)
	}
	for _, path := range []string{
		"categories.global.colorSchemeMode", "categories.global.spacingDensity", "categories.form.location.horizontal", "categories.form.location.vertical",
		"components.form.logo.location", "components.pageHeader.logo.location", "components.pageFooter.logo.location", "components.form.logo.position",
		"categories.global.pageHeader.enabled", "categories.auth.federation.order", "categories.auth.authMethodOrder", "components.pageBackground.image.enabled",
	} {
		put(path, "x")
	}
	return root
}

// TestHostileBranding: whatever stands in a branding, it is a colour, a number, a word or a path, or it is left out.
func TestHostileBranding(t *testing.T) {
	d := drawer(t)
	clean := newSheet(NewLook(Style{Generation: Managed}), "", nil).css
	for _, with := range []any{
		"red;}body{background:url(//evil.example)}", "</style><script>alert(1)</script>", "ff0000ff;", "#ff0000", "ff0000f", "expression(alert(1))", "ff0000ff\n", "",
		1e300, -1.0, []any{[]any{"x"}}, map[string]any{"x": 1}, true, nil, "ﬀ0000",
	} {
		settings, _ := poisonTree(wholeTree(), with).(map[string]any)
		look := NewLook(Style{Generation: Managed, Settings: settings, Assets: map[AssetKey]string{}})
		if css := newSheet(look, "", nil).css; css != clean {
			t.Errorf("%v changes the style", with)
		}
		for _, s := range Samples()[:6] {
			innocent(t, s.Name, string(draw(t, d, look, "en", s.Screen).HTML))
		}
	}
	for _, path := range []string{
		`/a.png");}body{background:url("//evil.example`, "//evil.example/a.png", "https://evil.example/a.png", "/a b.png", "javascript:alert(1)", "/a.png?x=1", "/../x\"", "a.png", "/a\n.png",
	} {
		assets := map[AssetKey]string{}
		for _, category := range []string{"FORM_LOGO", "PAGE_BACKGROUND", "FORM_BACKGROUND", "FAVICON_SVG", "FAVICON_ICO", "EMAIL_GRAPHIC", "IDP_BUTTON_ICON"} {
			for _, mode := range []string{light, dark, dynamic} {
				assets[AssetKey{category, mode, ""}] = path
			}
		}
		settings := map[string]any{"components": map[string]any{"pageBackground": map[string]any{"image": map[string]any{"enabled": true}}}}
		look := NewLook(Style{Generation: Managed, Settings: settings, Assets: assets})
		for _, s := range Samples() {
			if !slices.Contains([]string{"login-all", "code-email", "signed-out"}, s.Name) {
				continue
			}
			page := string(draw(t, d, look, "en", s.Screen).HTML)
			innocent(t, path, page)
			if strings.Contains(page, "evil") || strings.Contains(page, "a.png") {
				t.Errorf("%s is taken", path)
			}
		}
	}
	for _, css := range []string{"</style><script>alert(1)</script>", ".x{color:red}<!--"} {
		look := NewLook(Style{Generation: Classic, CSS: css})
		for _, s := range Samples()[:6] {
			innocent(t, css, string(draw(t, d, look, "en", s.Screen).HTML))
		}
	}
}

// TestBase: a base path that is none puts no address into the style.
func TestBase(t *testing.T) {
	look := NewLook(Style{Generation: Managed, Assets: map[AssetKey]string{{"PAGE_BACKGROUND", "DYNAMIC", ""}: "/assets/a.png"}, Settings: map[string]any{
		"components": map[string]any{"pageBackground": map[string]any{"image": map[string]any{"enabled": true}}},
	}})
	if css := string(newSheet(look, `/x");}*{`, nil).css); strings.Contains(css, "a.png") {
		t.Error("a base path leaves the style")
	}
	if css := string(newSheet(look, "/us-east-1_a", nil).css); !strings.Contains(css, `body{background-image:url("/us-east-1_a/assets/a.png")}`) {
		t.Error("the picture is missing")
	}
}

// TestWholeTree: every colour and rounding of the settings has its effect.
func TestWholeTree(t *testing.T) {
	css := string(newSheet(NewLook(Style{Generation: Managed, Settings: wholeTree()}), "", nil).css)
	for _, c := range tones {
		if n := strings.Count(css, "--"+c.name+":#ff0000ff;"); n != 2 {
			t.Errorf("%s is set %d times", c.name, n)
		}
		if !strings.Contains(css, "var(--"+c.name+")") {
			t.Errorf("%s has no effect", c.name)
		}
	}
	for _, r := range radii {
		if !strings.Contains(css, "--"+r.name+":8px;") || !strings.Contains(css, "var(--"+r.name+")") {
			t.Errorf("%s has no effect", r.name)
		}
	}
}

func TestAddress(t *testing.T) {
	for to, want := range map[string]string{
		"/login?a=b&c=d": "/login?a=b&c=d", "https://app.example.com/x": "https://app.example.com/x", "myapp://done?x=1": "myapp://done?x=1",
		"com.example.app:/done": "com.example.app:/done", "javascript:alert(1)": "#", "JavaScript:alert(1)": "#", " javascript:alert(1)": "#",
		"java\nscript:alert(1)": "#", "data:text/html,x": "#", "vbscript:x": "#", "\x01javascript:x": "#", "blob:https://x/y": "#",
	} {
		if got := address(to); string(got) != want {
			t.Errorf("%q leads to %q", to, got)
		}
	}
	if got := refresh(`https://app.example.com/?a='"><script>`); strings.ContainsAny(string(got)[6:len(got)-3], `<>'`) || strings.Count(string(got), `"`) != 4 {
		t.Error(got)
	}
	if refresh("javascript:alert(1)") != "" || refresh("") != "" {
		t.Error("a refresh to a script")
	}
}
