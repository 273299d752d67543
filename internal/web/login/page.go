package login

import (
	"bytes"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"html/template"
	"net/http"
	"strconv"
)

//go:embed page.html
var pageSource string

//go:embed page.css
var pageStyle string

// pages renders pages and their protective headers.
type pages struct {
	html   *template.Template
	policy string
}

// page is what people read.
type page struct{ Title, Text string }

func newPages() *pages {
	sum := sha256.Sum256([]byte(pageStyle))
	return &pages{
		html: template.Must(template.New("page").Parse(pageSource)),
		policy: "default-src 'none'; style-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) +
			"'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
	}
}

// send answers with a page that nobody keeps, frames or learns the address of.
func (p *pages) send(w http.ResponseWriter, status int, content page) {
	var body bytes.Buffer
	err := p.html.Execute(&body, struct {
		page
		Style template.CSS
	}{content, template.CSS(pageStyle)})
	if err != nil { // the template is a constant; only its data varies, which it escapes
		http.Error(w, content.Text, status)
		return
	}
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Length", strconv.Itoa(body.Len()))
	h.Set("Content-Security-Policy", p.policy)
	h.Set("Cache-Control", "no-store")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("X-Frame-Options", "DENY")
	w.WriteHeader(status)
	_, _ = w.Write(body.Bytes())
}
