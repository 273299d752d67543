package screen

import (
	"bytes"
	"context"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"html/template"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"cognate/internal/base/httpkit"
)

// Brand is what a preview shows the pages in.
type Brand struct {
	App     string // the name of the app client
	Style   Style
	Files   map[string]File // the pictures of the style, by their paths
	Notes   []string        // what the owner should know: colours that are too alike
	Version string          // changes with everything else
}

// File is a picture.
type File struct {
	Type string // its media type
	Body []byte
}

// Preview shows every page in every state, light, dark and on a phone, and again when something changes. It is for the
// machine that it runs on: requests under another name are refused.
type Preview struct {
	Drawer *Drawer
	// Brand returns what the pages look like now.
	Brand func(ctx context.Context) (Brand, error)
}

//go:embed pages/preview.html
var previewSource string

//go:embed style/preview.css
var previewStyle string

//go:embed style/preview.js
var previewScript string

var previewPage = template.Must(template.New("preview").Parse(previewSource))

// ServeHTTP implements http.Handler.
func (p *Preview) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	if !httpkit.ThisMachine(r.Host) {
		http.Error(w, "The preview is for this machine alone.", http.StatusForbidden)
		return
	}
	brand, err := p.Brand(r.Context())
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadGateway)
		return
	}
	file, found := brand.Files[r.URL.Path]
	switch {
	case found:
		write(w, file.Type, "default-src 'none'; style-src 'unsafe-inline'; sandbox", file.Body)
	case r.URL.Path == ScriptPath:
		write(w, "text/javascript", "", Script())
	case r.URL.Path == "/":
		p.gallery(w, r, brand)
	case r.URL.Path == "/page":
		p.page(w, r, brand)
	case r.URL.Path == "/version":
		write(w, "text/plain", "", []byte(p.version(brand)))
	default: // a link or form of a page, which stays where it is
		if from, err := url.Parse(r.Referer()); err == nil && from.Path == "/page" {
			http.Redirect(w, r, "/page?"+from.RawQuery, http.StatusSeeOther)
			return
		}
		http.NotFound(w, r)
	}
}

func write(w http.ResponseWriter, kind, policy string, body []byte) {
	if policy != "" {
		w.Header().Set("Content-Security-Policy", policy)
	}
	w.Header().Set("Content-Type", kind+"; charset=utf-8")
	_, _ = w.Write(body) // a reader that went away is no failure of ours
}

// version changes when a page would look different.
func (p *Preview) version(brand Brand) string {
	problem := p.Drawer.refresh()
	sum := sha256.Sum256(fmt.Appendf(nil, "%s %s %p", brand.Version, problem, p.Drawer.book.Load()))
	return hex.EncodeToString(sum[:8])
}

// shown is a sample on the gallery.
type shown struct {
	Name, Title string
	Query       template.URL
}

// classicKinds are the pages that the classic hosted UI has.
var classicKinds = []Kind{SignIn, SignUp, Confirm, Forgot, Reset, Code, ChooseMFA, SetUpTOTP, NewPassword, Done, SignedOut, Failure}

func (p *Preview) gallery(w http.ResponseWriter, r *http.Request, brand Brand) {
	lang := Match(r.URL.Query().Get("lang"), "", "")
	old := r.URL.Query().Get("classic") != ""
	var all []shown
	for _, s := range Samples() {
		if old && !slices.Contains(classicKinds, s.Screen.Kind) {
			continue
		}
		q := url.Values{"name": {s.Name}, "lang": {lang}}
		if old {
			q.Set("classic", "1")
		}
		title := p.Drawer.builtIn.catalogs[English].say(renamed(s.Screen, brand.App).Title)
		all = append(all, shown{s.Name, title, template.URL(q.Encode())})
	}
	var b bytes.Buffer
	err := previewPage.Execute(&b, map[string]any{
		"Style": template.CSS(previewStyle), "Script": template.JS(previewScript), "App": brand.App, "Notes": brand.Notes, "Samples": all,
		"Languages": languages, "Lang": lang, "Classic": old, "Version": p.version(brand), "Problem": p.Drawer.refresh(),
	})
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	hash := func(text string) string {
		sum := sha256.Sum256([]byte(text))
		return "'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
	}
	write(w, "text/html", "default-src 'none'; frame-src 'self'; connect-src 'self'; style-src "+hash(previewStyle)+"; script-src "+hash(previewScript)+
		"; base-uri 'none'; form-action 'self'; frame-ancestors 'none'", b.Bytes())
}

// page draws one sample.
func (p *Preview) page(w http.ResponseWriter, r *http.Request, brand Brand) {
	q := r.URL.Query()
	for _, s := range Samples() {
		if s.Name != q.Get("name") {
			continue
		}
		style := brand.Style
		if style.Generation = Managed; q.Get("classic") != "" {
			style.Generation = Classic
		}
		style.Settings = forced(style.Settings, q.Get("mode"))
		page, err := p.Drawer.Draw(NewLook(style), Match(q.Get("lang"), "", ""), renamed(s.Screen, brand.App))
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		write(w, "text/html", strings.Replace(page.CSP, "frame-ancestors 'none'", "frame-ancestors 'self'", 1), page.HTML)
		return
	}
	http.NotFound(w, r)
}

// forced are settings whose colours follow no browser but a mode, "light" or "dark". A style that has one scheme keeps it.
func forced(settings tree, mode string) map[string]any {
	word := map[string]string{"light": light, "dark": dark}[mode]
	if word == "" || settings.scheme() != dynamic {
		return settings
	}
	out := maps.Clone(settings)
	if out == nil {
		out = tree{}
	}
	categories := cloned(out["categories"])
	global := cloned(categories["global"])
	global["colorSchemeMode"] = word
	categories["global"], out["categories"] = global, categories
	return out
}

func cloned(v any) map[string]any {
	m, _ := v.(map[string]any)
	if m = maps.Clone(m); m == nil {
		m = map[string]any{}
	}
	return m
}

// renamed is a sample of another app.
func renamed(s *Screen, app string) *Screen {
	if app == "" || app == s.App {
		return s
	}
	s.App = app
	texts := []*Text{&s.Title, &s.Lead}
	for i := range s.Links {
		texts = append(texts, &s.Links[i].Text)
	}
	for _, t := range texts {
		if _, has := t.Args["app"]; has {
			t.Args["app"] = app
		}
	}
	return s
}
