package screen

import (
	"regexp"
	"slices"
	"strings"
	"sync"
)

// Generation is which of Cognito's two kinds of pages a domain shows, by the number of its ManagedLoginVersion.
type Generation int

// The generations.
const (
	Classic Generation = 1
	Managed Generation = 2
)

// AssetKey names a picture of a managed-login branding.
type AssetKey struct {
	Category string // such as FORM_LOGO
	Mode     string // LIGHT, DARK or DYNAMIC
	Resource string // of IDP_BUTTON_ICON: the identity provider
}

// Style is what the owner of a pool says about the look of a client's pages. Nothing in it is trusted: values that are
// no colour, number, word or path are left out.
type Style struct {
	Generation Generation
	Pool       string // whose templates and texts apply, where the operator has some
	// Settings is the merged settings document of managed login; nil is Cognate's own look.
	Settings map[string]any
	// Assets are the paths of the pictures below the pool's base address.
	Assets map[AssetKey]string
	// CSS and Logo are those of the classic hosted UI; Logo is a path below the pool's base address.
	CSS, Logo string
}

// Look is a style, read and checked. Making one is work for once; drawing with it is cheap. It is safe for concurrent
// use.
type Look struct {
	generation Generation
	pool       string
	settings   tree
	assets     map[AssetKey]string
	css, logo  string

	providersFirst bool
	providerIcons  bool
	graphics       bool
	order          []string

	mu     sync.Mutex
	sheets map[sheetKey]*sheet
}

// sheetKey is what a style is for: a base path, and what the operator adds.
type sheetKey struct {
	base string
	more *string
}

// pathPattern is that of a picture's path.
var pathPattern = regexp.MustCompile(`^(/[A-Za-z0-9._~-]+)+$`)

// maxSheets is how many bases a look keeps a style for: a pool has its path and two domains at most.
const maxSheets = 8

// NewLook reads a style.
func NewLook(st Style) *Look {
	l := &Look{
		generation: st.Generation, pool: st.Pool, settings: st.Settings, assets: map[AssetKey]string{}, css: classicCSS(st.CSS), sheets: map[sheetKey]*sheet{},
	}
	if l.generation != Classic {
		l.generation = Managed
	}
	for key, path := range st.Assets {
		if pathPattern.MatchString(path) {
			l.assets[key] = path
		}
	}
	if pathPattern.MatchString(st.Logo) {
		l.logo = st.Logo
	}
	l.providersFirst = l.settings.providersFirst()
	l.providerIcons = l.settings.flag(true, "componentClasses", "idpButtons", "icons", "enabled")
	l.graphics = l.settings.flag(true, "categories", "form", "displayGraphics")
	for _, name := range l.settings.list("categories", "auth", "federation", "order") {
		if text, ok := name.(string); ok {
			l.order = append(l.order, text)
		}
	}
	return l
}

// Generation is which kind of pages the look draws.
func (l *Look) Generation() Generation { return l.generation }

// sheet returns the style of the pages below a base path, with more at its end.
func (l *Look) sheet(base string, more *string) *sheet {
	key := sheetKey{base, more}
	l.mu.Lock()
	defer l.mu.Unlock()
	s := l.sheets[key]
	if s == nil {
		if len(l.sheets) >= maxSheets {
			clear(l.sheets)
		}
		s = newSheet(l, base, more)
		l.sheets[key] = s
	}
	return s
}

// picture is an image: the same in both schemes, one for each, or one that only one scheme shows.
type picture struct {
	Src   string
	Dark  string // in the dark scheme, where it is another one
	Class string // "only-light" or "only-dark"
}

// picture returns the image of a category below a base path; nil when there is none.
func (l *Look) picture(base, category, resource string) *picture {
	of := func(mode string) string {
		for _, m := range []string{mode, dynamic} {
			if path := l.assets[AssetKey{category, m, resource}]; path != "" {
				return base + path
			}
		}
		return ""
	}
	inLight, inDark := of(light), of(dark)
	switch l.settings.scheme() {
	case light:
		inDark = inLight
	case dark:
		inLight = inDark
	}
	switch {
	case inLight == "" && inDark == "":
		return nil
	case inLight == inDark:
		return &picture{Src: inLight}
	case inDark == "":
		return &picture{Src: inLight, Class: "only-light"}
	case inLight == "":
		return &picture{Src: inDark, Class: "only-dark"}
	}
	return &picture{Src: inLight, Dark: inDark}
}

// sorted are the providers in the order of the branding; those that it does not name come last, as they came.
func (l *Look) sorted(all []Provider) []Provider {
	if len(l.order) == 0 || len(all) < 2 {
		return all
	}
	place := func(p Provider) int {
		if i := slices.IndexFunc(l.order, func(name string) bool { return strings.EqualFold(name, p.Name) }); i >= 0 {
			return i
		}
		return len(l.order)
	}
	out := slices.Clone(all)
	slices.SortStableFunc(out, func(a, b Provider) int { return place(a) - place(b) })
	return out
}

// tree is the settings document of a managed-login branding.
type tree map[string]any

// at returns what stands at a path; nil for nothing.
func (t tree) at(path ...string) any {
	var here any = map[string]any(t)
	for _, name := range path {
		m, ok := here.(map[string]any)
		if !ok {
			return nil
		}
		here = m[name]
	}
	return here
}

func (t tree) flag(otherwise bool, path ...string) bool {
	if b, ok := t.at(path...).(bool); ok {
		return b
	}
	return otherwise
}

func (t tree) word(path ...string) string {
	s, _ := t.at(path...).(string)
	return s
}

func (t tree) list(path ...string) []any {
	l, _ := t.at(path...).([]any)
	return l
}

// Schemes of colours.
const (
	light   = "LIGHT"
	dark    = "DARK"
	dynamic = "DYNAMIC"
)

// scheme is how colours are chosen. AWS's own default is light; ours follows the browser.
func (t tree) scheme() string {
	if word := t.word("categories", "global", "colorSchemeMode"); word == light || word == dark || word == dynamic {
		return word
	}
	return dynamic
}

// providersFirst reports whether federation stands above the form.
func (t tree) providersFirst() bool {
	order := t.list("categories", "auth", "authMethodOrder")
	if len(order) == 0 {
		return true
	}
	group, _ := order[0].([]any)
	if len(group) == 0 {
		return true
	}
	first, _ := group[0].(map[string]any)
	return first["type"] == "FEDERATED"
}
