package operator

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"html/template"
	"io/fs"
	"net/http"
	"path"
	"strings"
	"time"

	"cognate/internal/base/lambda"
)

//go:embed pages
var pageFiles embed.FS

//go:embed assets
var assetFiles embed.FS

var pages = template.Must(template.New("").Funcs(template.FuncMap{
	"asset":  assetPath,
	"indent": func(t lambda.Text) string { return indentJSON(t) },
	"ms":     func(d time.Duration) string { return d.Round(10 * time.Microsecond).String() },
}).ParseFS(pageFiles, "pages/*.html"))

// pagePolicy lets pages have the style and scripts that are served beside them, and nothing in their text.
const pagePolicy = "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src data:; " +
	"frame-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

// page is what every template gets.
type page struct {
	Title  string
	Base   string // path of the public URL, "" or "/..."
	Here   string // path of the page, for the navigation
	Nav    []link
	Script string // asset that the page needs besides the common one
	Data   any
}

// link is an entry of the navigation.
type link struct{ Path, Name string }

// nav lists the pages that there are.
func (d Deps) nav() []link {
	list := []link{{"/", "Start"}}
	if d.Inbox != nil {
		list = append(list, link{"/_cognate/inbox", "Inbox"})
	}
	if d.Functions != nil {
		list = append(list, link{"/_cognate/functions", "Functions"}, link{"/_cognate/invocations", "Invocations"})
	}
	if d.Docs != nil {
		list = append(list, link{docsPath, "Docs"})
	}
	return append(list, link{"/_cognate/", "Tools"})
}

// show writes a page.
func (d Deps) show(w http.ResponseWriter, status int, name string, p page) {
	p.Base, p.Nav = d.BasePath, d.nav()
	var b bytes.Buffer
	if err := pages.ExecuteTemplate(&b, name, p); err != nil {
		writeError(w, http.StatusInternalServerError, err.Error())
		return
	}
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Cache-Control", "no-store")
	h.Set("Content-Security-Policy", pagePolicy)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Vary", "Accept")
	if h.Get("Referrer-Policy") == "" {
		h.Set("Referrer-Policy", "same-origin")
	}
	w.WriteHeader(status)
	_, _ = w.Write(b.Bytes())
}

// assetPath names a file with a hash of its text, so that browsers may keep it.
func assetPath(base, name string) string {
	text, err := fs.ReadFile(assetFiles, "assets/"+name)
	if err != nil {
		panic(err) // a template names a file that there is none of; the tests render all
	}
	sum := sha256.Sum256(text)
	return base + "/_cognate/assets/" + name + "?v=" + hex.EncodeToString(sum[:6])
}

// asset serves a file of the pages.
func (d Deps) asset(w http.ResponseWriter, r *http.Request) {
	name := r.PathValue("name")
	text, err := fs.ReadFile(assetFiles, "assets/"+name)
	if err != nil {
		writeError(w, http.StatusNotFound, "there is nothing here")
		return
	}
	kind := "text/javascript; charset=utf-8"
	if path.Ext(name) == ".css" {
		kind = "text/css; charset=utf-8"
	}
	w.Header().Set("Content-Type", kind)
	w.Header().Set("Cache-Control", "private, max-age=31536000, immutable")
	_, _ = w.Write(text)
}

// wantsPage reports whether a browser asks to show something to a person; programs get JSON.
func wantsPage(r *http.Request) bool {
	return r.URL.Query().Get("format") == "" && strings.Contains(r.Header.Get("Accept"), "text/html")
}
