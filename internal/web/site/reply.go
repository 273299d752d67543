package site

import (
	"bytes"
	"context"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"errors"
	"html/template"
	"net/http"
	"strconv"

	"cognate/internal/api/rt"
	"cognate/internal/base/db"
	"cognate/internal/base/httpkit"
	"cognate/internal/base/obs"
)

// TextInternal is all that a caller learns about an internal failure.
const TextInternal = "Something went wrong"

// Failed is the status of an error that is no refusal, and notes its cause: 503 where trying again may help.
func Failed(ctx context.Context, err error) int {
	obs.Cause(ctx, "%v", err)
	if errors.Is(err, db.ErrUnavailable) {
		return http.StatusServiceUnavailable
	}
	return http.StatusInternalServerError
}

// TextBusy is what callers learn whom overload turns away.
const TextBusy = "The server is busy"

// Reply is an answer: JSON, a page, a redirect or nothing but its status. It is made by the functions of this file and
// rendered once, by the site.
type Reply struct {
	status  int
	kind    string // the media type of body
	body    []byte
	page    *Page
	header  [][2]string
	cookies []*http.Cookie
	squeeze bool // compressed for whoever takes that
}

// Page is what people read. Both are text, never HTML.
type Page struct{ Title, Text string }

// JSON answers with a document.
func JSON(status int, body []byte) Reply {
	return Reply{status: status, kind: "application/json;charset=UTF-8", body: body}
}

// Content answers with a file of a media type.
func Content(mediaType string, body []byte) Reply {
	return Reply{status: http.StatusOK, kind: mediaType, body: body}
}

// HTML answers with a document that somebody else has drawn, under a Content-Security-Policy of its own.
func HTML(status int, body []byte, policy string) Reply {
	return Reply{status: status, kind: "text/html; charset=utf-8", body: body}.With("Content-Security-Policy", policy)
}

// Show answers with a page.
func Show(status int, page Page) Reply { return Reply{status: status, page: &page} }

// Redirect sends the browser to another address, by GET.
func Redirect(to string) Reply {
	return Reply{status: http.StatusFound}.With("Location", to)
}

// Empty answers with a status alone.
func Empty(status int) Reply { return Reply{status: status} }

// Refusal is the JSON of an error as OAuth 2.0 has it (RFC 6749 section 5.2), and puts its code into the log event. An
// empty text is left out.
func Refusal(ctx context.Context, status int, code, text string) Reply {
	obs.From(ctx).Outcome = code
	return JSON(status, RefusalBody(code, text))
}

// Absent answers as for a path that nobody serves, for what is switched off.
func Absent(ctx context.Context) Reply {
	return Refusal(ctx, http.StatusNotFound, "not_found", "There is nothing at this address.")
}

// RefusalBody is the JSON of Refusal, for what answers beside the site.
func RefusalBody(code, text string) []byte {
	b := rt.AppendString([]byte(`{"error":`), code)
	if text != "" {
		b = rt.AppendString(append(b, `,"error_description":`...), text)
	}
	return append(b, '}')
}

// With is the reply with a header, which replaces that of the site; without a value there is none.
func (r Reply) With(name, value string) Reply {
	r.header = append(r.header[:len(r.header):len(r.header)], [2]string{name, value})
	return r
}

// WithStatus is the reply with another status.
func (r Reply) WithStatus(status int) Reply {
	r.status = status
	return r
}

// WithCookie is the reply with a cookie set; a nil one changes nothing.
func (r Reply) WithCookie(c *http.Cookie) Reply {
	if c != nil {
		r.cookies = append(r.cookies[:len(r.cookies):len(r.cookies)], c)
	}
	return r
}

// Kept is the reply for caches to keep so many seconds.
func (r Reply) Kept(seconds int) Reply { return r.cached("public, max-age=" + strconv.Itoa(seconds)) }

// Immutable is the reply for caches to keep without ever asking again: its address names its content.
func (r Reply) Immutable() Reply { return r.cached("public, max-age=31536000, immutable") }

func (r Reply) cached(control string) Reply {
	return r.With("Cache-Control", control).With("Pragma", "").With("Expires", "")
}

// send writes the reply and returns its status.
func (r Reply) send(w http.ResponseWriter, req *http.Request, pages *renderer) int {
	if r.page != nil {
		r.kind, r.body = "text/html; charset=utf-8", pages.render(*r.page)
	}
	h := w.Header()
	if r.status == http.StatusServiceUnavailable {
		h.Set("Retry-After", "1")
	}
	for _, pair := range r.header {
		if h.Set(pair[0], pair[1]); pair[1] == "" {
			h.Del(pair[0])
		}
	}
	for _, c := range r.cookies {
		http.SetCookie(w, c)
	}
	r.squeezeFor(h, req)
	if r.body != nil {
		h.Set("Content-Type", r.kind)
		h.Set("Content-Length", strconv.Itoa(len(r.body)))
	}
	httpkit.Together(w, req, func() {
		w.WriteHeader(r.status)
		if r.body != nil && req.Method != http.MethodHead {
			_, _ = w.Write(r.body) // a reader that went away is no failure of ours
		}
	})
	return r.status
}

//go:embed page.html
var pageSource string

//go:embed page.css
var pageStyle string

// renderer makes pages of their template.
type renderer struct {
	html   *template.Template
	policy string // the Content-Security-Policy: no script, no form, the one style
}

func newRenderer() *renderer {
	sum := sha256.Sum256([]byte(pageStyle))
	return &renderer{
		html: template.Must(template.New("page").Parse(pageSource)),
		policy: "default-src 'none'; style-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) +
			"'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
	}
}

func (p *renderer) render(page Page) []byte {
	var b bytes.Buffer
	err := p.html.Execute(&b, struct {
		Page
		Style template.CSS
	}{page, template.CSS(pageStyle)})
	if err != nil { // the template is a constant; only its data varies, which it escapes
		panic(err)
	}
	return b.Bytes()
}
