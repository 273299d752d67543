package screen

import (
	"fmt"
	"html/template"
	"strings"
)

// book is everything that pages are made of: for all pools, and for those that the operator has something of their own for.
type book struct {
	all   *edition
	pools map[string]*edition
}

// of returns what the pages of a pool are made of.
func (b *book) of(pool string) *edition {
	if own := b.pools[pool]; own != nil {
		return own
	}
	return b.all
}

// edition is the texts and templates of pages.
type edition struct {
	catalogs map[string]*catalog
	managed  *layout
	classic  *layout
}

// layout is the templates of one generation of pages.
type layout struct {
	all    *template.Template
	byKind map[Kind]*template.Template // pages with a body of their own
	bodies map[Kind]string             // the files of these bodies
	css    *string                     // what the operator adds to the style; nil for nothing
}

// of returns the templates of a page.
func (l *layout) of(kind Kind) *template.Template {
	if own := l.byKind[kind]; own != nil {
		return own
	}
	return l.all
}

// layout is the one for a generation.
func (e *edition) layout(g Generation) *layout {
	if g == Classic {
		return e.classic
	}
	return e.managed
}

// functions are what templates can call.
var functions = template.FuncMap{"icon": icon, "soft": soft}

// soft is text in which long addresses may break where they have a joint.
func soft(text string) template.HTML {
	escaped := template.HTMLEscapeString(text)
	if !strings.Contains(text, "@") {
		return template.HTML(escaped)
	}
	return template.HTML(joints.Replace(escaped))
}

var joints = strings.NewReplacer("@", "<wbr>@", ".", "<wbr>.")

// builtIn is the edition that is part of the program.
func builtIn() (*edition, error) {
	e := &edition{catalogs: map[string]*catalog{}}
	for _, l := range languages {
		data, err := textFiles.ReadFile("texts/" + l.Code + ".json")
		if err != nil {
			return nil, err
		}
		if e.catalogs[l.Code], err = readCatalog(l.Code, data); err != nil {
			return nil, err
		}
	}
	for name, to := range map[string]**layout{"managed": &e.managed, "classic": &e.classic} {
		t, err := template.New("").Funcs(functions).ParseFS(pageFiles, "pages/"+name+".html")
		if err != nil {
			return nil, fmt.Errorf("pages: %w", err)
		}
		*to = &layout{all: t}
	}
	return e, nil
}
