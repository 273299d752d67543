package screen

import (
	"bytes"
	"crypto/sha256"
	"embed"
	_ "embed"
	"encoding/hex"
	"fmt"
	"html/template"
	"sync"
)

//go:embed pages/*.html
var pageFiles embed.FS

//go:embed style/screen.js
var script string

// ScriptPath is where the script of the pages has to stand below a pool's base address. It changes with the script, so
// that browsers may keep it for ever.
var ScriptPath = func() string {
	sum := sha256.Sum256([]byte(script))
	return "/assets/screen-" + hex.EncodeToString(sum[:6]) + ".js"
}()

// Script is what is served at ScriptPath, as text/javascript.
func Script() []byte { return []byte(script) }

// Page is a drawn page.
type Page struct {
	HTML []byte
	// CSP is the Content-Security-Policy that the page needs and allows nothing else. It has no form-action: Chromium holds
	// that against every redirect that follows a form, and where those lead is the app's business after the first.
	CSP string
	// Language is that of the page, for Content-Language.
	Language string
}

// Drawer draws pages. It is safe for concurrent use.
type Drawer struct {
	catalogs map[string]*catalog
	managed  *template.Template
	classic  *template.Template
	own      *Look
	buffers  sync.Pool
}

// New returns a Drawer. Errors are about files that are part of the program.
func New() (*Drawer, error) {
	d := &Drawer{catalogs: map[string]*catalog{}, own: NewLook(Style{Generation: Managed})}
	d.buffers.New = func() any { return new(bytes.Buffer) }
	for _, l := range languages {
		data, err := textFiles.ReadFile("texts/" + l.Code + ".json")
		if err != nil {
			return nil, err
		}
		if d.catalogs[l.Code], err = readCatalog(l.Code, data); err != nil {
			return nil, err
		}
	}
	var err error
	if d.managed, err = template.New("").Funcs(functions).ParseFS(pageFiles, "pages/managed.html"); err != nil {
		return nil, err
	}
	if d.classic, err = template.New("").Funcs(functions).ParseFS(pageFiles, "pages/classic.html"); err != nil {
		return nil, err
	}
	return d, nil
}

// functions are what templates can call.
var functions = template.FuncMap{"icon": icon}

// Draw draws a screen in a language of Languages, in a look; nil is Cognate's own.
func (d *Drawer) Draw(look *Look, lang string, s *Screen) (Page, error) {
	if look == nil {
		look = d.own
	}
	c := d.catalogs[lang]
	if c == nil || look.generation == Classic { // which speaks English alone
		c = d.catalogs[English]
	}
	v := newView(look, c, s)
	pages, data := d.managed, any(v)
	if look.generation == Classic {
		pages, data = d.classic, classic(v)
	}
	b := d.buffers.Get().(*bytes.Buffer)
	defer d.buffers.Put(b)
	b.Reset()
	if err := pages.ExecuteTemplate(b, "page", data); err != nil {
		return Page{}, fmt.Errorf("screen %s: %w", s.Kind, err)
	}
	return Page{HTML: bytes.Clone(b.Bytes()), CSP: v.policy(), Language: c.lang}, nil
}

// policy is the Content-Security-Policy of a page.
func (v *view) policy() string {
	policy := "default-src 'none'; style-src " + v.sheet.hash + "; img-src 'self'; base-uri 'none'; frame-ancestors 'none'"
	if v.Script != "" {
		policy += "; script-src 'self'; require-trusted-types-for 'script'"
	}
	if len(v.Forms) == 0 {
		policy += "; form-action 'none'"
	}
	return policy
}
