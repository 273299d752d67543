package screen

import (
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// fill writes files below a folder.
func fill(t *testing.T, folder string, files map[string]string) {
	t.Helper()
	for name, text := range files {
		path := filepath.Join(folder, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

var own = map[string]string{
	"templates/login.html":          `<p class="hello">Hello {{.App}} {{.Say "login.title" "app" "<b>"}}</p>{{range .Forms}}{{template "form" .}}{{end}}`,
	"templates/style.css":           `.hello{color:red}`,
	"templates/eu_One/page.html":    `{{define "page"}}<!doctype html><title>{{.DocTitle}}</title><style>{{.Style}}</style><main class="mine">{{template "body" .}}</main>{{end}}`,
	"templates/eu_One/style.css":    `.mine{color:blue}</style>`,
	"templates/classic/error.html":  `<h1>Old {{.Title}}</h1>`,
	"texts/de.yaml":                 "login.next: Los geht’s",
	"texts/eu_One/de.json":          `{"login.next": "Jetzt los", "limit.minutes": {"one": "Noch {count} Minute", "other": "Noch {count} Minuten"}}`,
	"texts/eu_One/.ignored":         `x`,
	"templates/.git/ignored.config": `x`,
}

func TestFolder(t *testing.T) {
	folder := t.TempDir()
	fill(t, folder, own)
	d, err := Open(folder, false)
	if err != nil {
		t.Fatal(err)
	}
	one, two := NewLook(Style{Generation: Managed, Pool: "eu_One"}), NewLook(Style{Generation: Managed, Pool: "eu_Two"})
	old := NewLook(Style{Generation: Classic, Pool: "eu_Two"})
	login, wrong := signIn(), Screen{Kind: Failure, App: "Acme", Title: Say("error.title")}
	login.App = "Ac<me"
	for _, c := range []struct {
		name  string
		look  *Look
		s     *Screen
		has   []string
		lacks []string
	}{
		{"a pool of its own", one, &login, []string{`class="mine"`, `Hello Ac&lt;me`, "Jetzt los", ".hello{color:red}", `.mine{color:blue}\3c /style>`}, []string{`class="card"`, "Los geht"}},
		{"another pool", two, &login, []string{`<main class="card">`, `Hello Ac&lt;me Bei &lt;b&gt; anmelden`, "Los geht’s", ".hello{color:red}"}, []string{`class="mine"`, ".mine{"}},
		{"another page", two, &wrong, []string{"<h1>Etwas ist schiefgelaufen</h1>"}, []string{"Hello"}},
		{"a classic page", old, &wrong, []string{"<h1>Old Something went wrong</h1>"}, []string{"Hello", ".hello"}},
		{"no pool", nil, &login, []string{"Hello"}, nil},
	} {
		page := string(draw(t, d, c.look, "de", c.s).HTML)
		for _, text := range c.has {
			if !strings.Contains(page, text) {
				t.Errorf("%s lacks %q", c.name, text)
			}
		}
		for _, text := range c.lacks {
			if strings.Contains(page, text) {
				t.Errorf("%s has %q", c.name, text)
			}
		}
	}
}

func TestFolderMistakes(t *testing.T) {
	for name, c := range map[string]struct{ file, text, want string }{
		"no such page":      {"templates/logn.html", "x", "templates/logn.html"},
		"no template":       {"templates/login.html", "{{if}}", "missing value for if"},
		"unsafe place":      {"templates/login.html", "<script>var x = `{{.App", "templates/login.html"},
		"no such field":     {"templates/login.html", "{{.Secret}}", "Secret"},
		"no such language":  {"texts/xx.json", "{}", "texts/xx.json"},
		"no such text":      {"texts/de.json", `{"login.nxt": "x"}`, `there is no text "login.nxt"`},
		"no such argument":  {"texts/de.json", `{"login.title": "Bei {application}"}`, `has no {application}`},
		"no JSON":           {"texts/eu_One/de.json", `{`, "texts/eu_One/de.json"},
		"no texts":          {"texts/eu_One/de.yaml", `login.next: [1, 2]`, "neither a text"},
		"classic, no field": {"templates/eu_One/classic/error.html", `{{.Nothing}}`, "Nothing"},
	} {
		folder := t.TempDir()
		fill(t, folder, own)
		fill(t, folder, map[string]string{c.file: c.text})
		if _, err := Open(folder, false); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := Open(filepath.Join(t.TempDir(), "nowhere"), false); err == nil {
		t.Error("a folder that is none is taken")
	}
}

// TestWatch: changes show, mistakes do not but are told, and what fails only while drawing falls back to the program's own.
func TestWatch(t *testing.T) {
	folder := t.TempDir()
	fill(t, folder, own)
	d, err := Open(folder, true)
	if err != nil {
		t.Fatal(err)
	}
	d.watch.every = 0
	login := signIn()
	see := func(text, problem string) {
		t.Helper()
		p := draw(t, d, nil, English, &login)
		if !strings.Contains(string(p.HTML), text) || (p.Problem == "") != (problem == "") || !strings.Contains(p.Problem, problem) {
			t.Errorf("problem %q, %q is there: %v", p.Problem, text, strings.Contains(string(p.HTML), text))
		}
	}
	change := func(text string) {
		t.Helper()
		fill(t, folder, map[string]string{"templates/login.html": text})
		later := time.Now().Add(time.Duration(len(text)) * time.Second) // where clocks of files are coarse
		if err := os.Chtimes(filepath.Join(folder, "templates/login.html"), later, later); err != nil {
			t.Fatal(err)
		}
	}
	see("Hello", "")
	change("Good morning")
	see("Good morning", "")
	change("{{if}}")
	see("Good morning", "missing value")
	change("{{if eq .Identifier \"ghost\"}}{{index .Forms 99}}{{end}}Welcome")
	see("Welcome", "")
	login.Identifier = "ghost"
	see("<h1>Sign in to Acme</h1>", "out of range")
}

func TestTexts(t *testing.T) {
	for _, l := range Languages() {
		data, err := Texts(l.Code)
		if err != nil {
			t.Fatal(err)
		}
		if c, err := readCatalog(l.Code, data); err != nil || !maps.EqualFunc(c.texts, drawer(t).builtIn.catalogs[l.Code].texts, func(a, b message) bool { return plainText(a.one) == plainText(b.one) }) {
			t.Errorf("%s: %v", l.Code, err)
		}
	}
	if _, err := Texts("../en"); err == nil {
		t.Error("texts of no language")
	}
}

// TestGuide: what the guide shows works.
func TestGuide(t *testing.T) {
	guide, err := os.ReadFile(root + "/docs/managed-login.md")
	if err != nil {
		t.Fatal(err)
	}
	block := func(kind string) string {
		_, rest, _ := strings.Cut(string(guide), "\n## Templates and texts of your own\n")
		_, rest, _ = strings.Cut(rest, "\n```"+kind+"\n")
		text, _, found := strings.Cut(rest, "\n```")
		if !found {
			t.Fatalf("the guide has no block of %s", kind)
		}
		return text
	}
	folder := t.TempDir()
	fill(t, folder, map[string]string{"templates/login.html": block("html"), "texts/en.yaml": block("yaml")})
	d, err := Open(folder, false)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range Samples() {
		page := string(draw(t, d, nil, English, s.Screen).HTML)
		if s.Name == "login" && (!strings.Contains(page, "the shop for everything blue") || !strings.Contains(page, "Become a member")) ||
			s.Name == "login-limited" && !strings.Contains(page, "Wait 20 minutes, then try again.") {
			t.Errorf("%s does not show it", s.Name)
		}
	}
	for _, kind := range Kinds() {
		if !strings.Contains(string(guide), "`"+string(kind)+"`") {
			t.Errorf("the guide does not name the page %s", kind)
		}
	}
}
