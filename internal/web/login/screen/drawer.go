package screen

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"os"
	"sync"
	"sync/atomic"
	"time"
)

//go:embed pages/managed.html pages/classic.html
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
	// Problem says why the page is not the operator's own although it should be; "" when all is well.
	Problem string
}

// Drawer draws pages. It is safe for concurrent use.
type Drawer struct {
	builtIn *edition
	own     *Look
	buffers sync.Pool

	book   atomic.Pointer[book]
	folder string // of the operator
	watch  *watch // nil where the folder is read once
}

// New returns a Drawer of the pages that are part of the program.
func New() (*Drawer, error) { return Open("", false) }

// Open returns a Drawer whose pages take templates and texts from an operator's folder; "" is none. Mistakes in it are
// errors. With watch it is read again when a file of it has changed; a mistake then keeps the pages as they were.
func Open(folder string, watched bool) (*Drawer, error) {
	d := &Drawer{own: NewLook(Style{Generation: Managed}), folder: folder}
	d.buffers.New = func() any { return new(bytes.Buffer) }
	var err error
	if d.builtIn, err = builtIn(); err != nil {
		return nil, err
	}
	d.book.Store(&book{all: d.builtIn})
	if folder == "" {
		return d, nil
	}
	if info, err := os.Stat(folder); err != nil || !info.IsDir() {
		return nil, fmt.Errorf("%s is not a folder", folder)
	}
	if watched {
		d.watch = &watch{every: time.Second, seen: fingerprint(folder)}
	}
	b, err := readFolder(os.DirFS(folder))
	if err != nil {
		return nil, err
	}
	d.book.Store(b)
	return d, nil
}

// Draw draws a screen in a language of Languages, in a look; nil is Cognate's own.
func (d *Drawer) Draw(look *Look, lang string, s *Screen) (Page, error) {
	if look == nil {
		look = d.own
	}
	problem := d.refresh()
	b := d.buffers.Get().(*bytes.Buffer)
	defer d.buffers.Put(b)
	v := newView(look, d.book.Load().of(look.pool), lang, s)
	err := v.draw(b)
	if err != nil && v.edition != d.builtIn {
		problem = err.Error()
		v = newView(look, d.builtIn, lang, s)
		err = v.draw(b)
	}
	if err != nil {
		return Page{}, err
	}
	return Page{HTML: bytes.Clone(b.Bytes()), CSP: v.policy(), Language: v.Lang, Problem: problem}, nil
}

// draw writes the page.
func (v *view) draw(b *bytes.Buffer) error {
	b.Reset()
	data := any(v)
	if v.generation == Classic {
		data = classic(v)
	}
	if err := v.layout(v.generation).of(v.Kind).ExecuteTemplate(b, "page", data); err != nil {
		return fmt.Errorf("page %s: %w", v.Kind, err)
	}
	return nil
}

// policy is the Content-Security-Policy of a page.
func (v *view) policy() string {
	policy := "default-src 'none'; style-src " + v.sheet.hash + "; img-src 'self' data:; base-uri 'none'; frame-ancestors 'none'"
	if v.Script != "" {
		policy += "; script-src 'self'; require-trusted-types-for 'script'"
	}
	if len(v.Forms) == 0 {
		policy += "; form-action 'none'"
	}
	return policy
}
