package screen

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"html/template"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// Kinds returns the pages that there are.
func Kinds() []Kind {
	return []Kind{
		SignIn, Password, Choose, Code, Passkey, ChooseMFA, SetUpMFA, SetUpTOTP, SetUpAddress, NewPassword, SignUp, Confirm, Forgot, Reset,
		AddPasskey, PasskeyAdded, Accounts, Done, SignedOut, Failure,
	}
}

// An operator's folder has the folders templates and texts. In templates, page.html is the frame of every page, a file named
// after a Kind ("login.html") is what stands in the card of that page, and style.css is added to the style; the folder
// classic in it has the same for classic pages. In texts, a file named after a language ("de.yaml", or "de.json") replaces texts
// of the catalog. A folder in either that is named after a pool has what is for that pool alone, over what is for all.
const (
	templatesFolder = "templates"
	textsFolder     = "texts"
	classicFolder   = "classic"
	frameFile       = "page.html"
	styleFile       = "style.css"
)

// readFolder lays what an operator's folder has over the edition of the program. Every mistake in it is reported at once:
// pages are tried with the samples.
func readFolder(files fs.FS) (*book, error) {
	below, err := builtIn() // anew, because templates cannot be laid over others that have drawn
	if err != nil {
		return nil, err
	}
	r := &reader{files: files}
	b := &book{all: r.edition(below, ""), pools: map[string]*edition{}}
	for _, pool := range r.pools() {
		b.pools[pool] = r.edition(b.all, pool)
	}
	if len(r.wrong) == 0 {
		r.try(b.all)
		for _, pool := range slices.Sorted(maps.Keys(b.pools)) {
			r.try(b.pools[pool])
		}
	}
	return b, errors.Join(r.wrong...)
}

// reader reads a folder and gathers what is wrong with it.
type reader struct {
	files fs.FS
	wrong []error
}

func (r *reader) fail(name string, err error) {
	r.wrong = append(r.wrong, fmt.Errorf("%s: %w", name, err))
}

// list returns the entries of a folder; none when there is no such folder.
func (r *reader) list(folder string) []fs.DirEntry {
	entries, err := fs.ReadDir(r.files, folder)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		r.fail(folder, err)
	}
	return slices.DeleteFunc(entries, func(e fs.DirEntry) bool { return strings.HasPrefix(e.Name(), ".") })
}

func (r *reader) read(name string) []byte {
	data, err := fs.ReadFile(r.files, name)
	if err != nil {
		r.fail(name, err)
	}
	return data
}

// pools are the folders of pools.
func (r *reader) pools() []string {
	found := map[string]bool{}
	for _, folder := range []string{templatesFolder, textsFolder} {
		for _, e := range r.list(folder) {
			if e.IsDir() && e.Name() != classicFolder {
				found[e.Name()] = true
			}
		}
	}
	return slices.Sorted(maps.Keys(found))
}

// edition reads what is for a pool, or with "" for all of them.
func (r *reader) edition(below *edition, pool string) *edition {
	return &edition{
		catalogs: r.catalogs(path.Join(textsFolder, pool), below),
		managed:  r.layout(path.Join(templatesFolder, pool), below.managed),
		classic:  r.layout(path.Join(templatesFolder, pool, classicFolder), below.classic),
	}
}

// catalogs reads the texts of a folder.
func (r *reader) catalogs(folder string, below *edition) map[string]*catalog {
	out := maps.Clone(below.catalogs)
	for _, e := range r.list(folder) {
		if e.IsDir() {
			continue
		}
		name := path.Join(folder, e.Name())
		kind := path.Ext(name)
		lang := strings.TrimSuffix(e.Name(), kind)
		have := out[lang]
		if have == nil || kind != ".yaml" && kind != ".json" {
			r.fail(name, errors.New("the name is not a language of the pages and .yaml or .json"))
			continue
		}
		own, err := readYAML(lang, r.read(name))
		if err == nil {
			err = fits(own, have)
		}
		if err != nil {
			r.fail(name, err)
			continue
		}
		out[lang] = have.with(own.texts)
	}
	return out
}

// readYAML reads texts as YAML, of which JSON is a part.
func readYAML(lang string, data []byte) (*catalog, error) {
	var texts map[string]any
	if err := yaml.Unmarshal(data, &texts); err != nil {
		return nil, err
	}
	text, err := json.Marshal(texts)
	if err != nil {
		return nil, err
	}
	return readCatalog(lang, text)
}

// fits reports texts that no page asks for, and arguments that nobody fills in.
func fits(own, have *catalog) error {
	var wrong []error
	for _, key := range slices.Sorted(maps.Keys(own.texts)) {
		there, known := have.texts[key]
		if !known {
			wrong = append(wrong, fmt.Errorf("there is no text %q", key))
			continue
		}
		for _, pieces := range append(slices.Collect(maps.Values(own.texts[key].forms)), own.texts[key].one) {
			for _, p := range pieces {
				if p.arg && !slices.Contains(there.one, p) {
					wrong = append(wrong, fmt.Errorf("the text %q has no {%s}", key, p.text))
				}
			}
		}
	}
	return errors.Join(wrong...)
}

// layout reads the templates and the style of a folder.
func (r *reader) layout(folder string, below *layout) *layout {
	out := &layout{all: below.all, byKind: map[Kind]*template.Template{}, bodies: map[Kind]string{}, css: below.css}
	maps.Copy(out.bodies, below.bodies)
	for _, e := range r.list(folder) {
		name := path.Join(folder, e.Name())
		kind, isHTML := strings.CutSuffix(e.Name(), ".html")
		switch {
		case e.IsDir():
		case e.Name() == styleFile:
			css := strings.ReplaceAll(string(r.read(name)), "<", `\3c `)
			if below.css != nil {
				css = *below.css + css
			}
			out.css = &css
		case e.Name() == frameFile:
			out.all = r.replace(below.all, "page", name)
		case isHTML && slices.Contains(Kinds(), Kind(kind)):
			out.bodies[Kind(kind)] = name
		default:
			r.fail(name, fmt.Errorf("the name is not %s, %s or a page (%v) and .html", frameFile, styleFile, Kinds()))
		}
	}
	for kind, name := range out.bodies { // in the frame of this folder, also where the body is from the one below
		out.byKind[kind] = r.replace(out.all, "body", name)
	}
	return out
}

// replace is a set of templates with one of them replaced by a file, which may define others.
func (r *reader) replace(set *template.Template, name, file string) *template.Template {
	clone, err := set.Clone()
	if err == nil {
		_, err = clone.New(name).Parse(string(r.read(file)))
	}
	if err != nil {
		r.fail(file, err)
	}
	return clone
}

// try draws every page, so that a template that fails is noticed before somebody signs in.
func (r *reader) try(e *edition) {
	for _, g := range []Generation{Managed, Classic} {
		look := NewLook(Style{Generation: g})
		for _, s := range Samples() {
			v := newView(look, e, English, s.Screen)
			if err := v.draw(new(bytes.Buffer)); err != nil {
				r.wrong = append(r.wrong, err)
				return // the same mistake would show on every page
			}
		}
	}
}

// Templates returns the templates of a generation of pages.
func Templates(g Generation) []byte {
	name := "managed"
	if g == Classic {
		name = "classic"
	}
	data, err := pageFiles.ReadFile("pages/" + name + ".html")
	if err != nil {
		panic(err) // it is part of the program
	}
	return data
}

// Texts returns the texts of a language as a file of an operator's folder has them.
func Texts(lang string) ([]byte, error) {
	data, err := textFiles.ReadFile("texts/" + lang + ".json")
	if err != nil {
		return nil, fmt.Errorf("there are no texts in %q", lang)
	}
	return data, nil
}
