package screen

import (
	"embed"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/text/feature/plural"
	"golang.org/x/text/language"
)

//go:embed texts/*.json
var textFiles embed.FS

// message is one text of a catalog: pieces between arguments, for each form that the count may ask for.
type message struct {
	one   []piece
	forms map[plural.Form][]piece // nil where the text has no count
}

// piece is literal text, or the name of an argument.
type piece struct {
	text string
	arg  bool
}

// catalog is the texts of one language.
type catalog struct {
	tag   language.Tag
	lang  string
	rtl   bool
	texts map[string]message
}

// count is the argument that chooses among the forms of a text.
const count = "count"

// forms are the names of plural forms, as in the CLDR.
var forms = map[string]plural.Form{
	"zero": plural.Zero, "one": plural.One, "two": plural.Two, "few": plural.Few, "many": plural.Many, "other": plural.Other,
}

// readCatalog reads the texts of a language: an object of strings, or of objects of strings by plural form.
func readCatalog(lang string, data []byte) (*catalog, error) {
	tag, err := language.Parse(lang)
	if err != nil {
		return nil, err
	}
	var raw map[string]json.RawMessage
	if err := json.Unmarshal(data, &raw); err != nil {
		return nil, fmt.Errorf("texts of %s: %w", lang, err)
	}
	c := &catalog{tag: tag, lang: lang, rtl: rightToLeft(tag), texts: make(map[string]message, len(raw))}
	for _, key := range slices.Sorted(maps.Keys(raw)) {
		m, err := readMessage(raw[key])
		if err != nil {
			return nil, fmt.Errorf("text %s of %s: %w", key, lang, err)
		}
		c.texts[key] = m
	}
	return c, nil
}

func readMessage(data json.RawMessage) (message, error) {
	var text string
	if json.Unmarshal(data, &text) == nil {
		return message{one: split(text)}, nil
	}
	var byForm map[string]string
	if err := json.Unmarshal(data, &byForm); err != nil {
		return message{}, fmt.Errorf("neither a text nor texts by plural form")
	}
	m := message{forms: map[plural.Form][]piece{}}
	for name, text := range byForm {
		form, known := forms[name]
		if !known {
			return message{}, fmt.Errorf("%q is no plural form", name)
		}
		m.forms[form] = split(text)
	}
	if m.one = m.forms[plural.Other]; m.one == nil {
		return message{}, fmt.Errorf("the form \"other\" is missing")
	}
	return m, nil
}

// split finds the arguments of a text: names in braces.
func split(text string) []piece {
	var out []piece
	for text != "" {
		before, rest, found := strings.Cut(text, "{")
		name, after, closed := strings.Cut(rest, "}")
		if !found || !closed {
			return append(out, piece{text: text})
		}
		if before != "" {
			out = append(out, piece{text: before})
		}
		out, text = append(out, piece{text: name, arg: true}), after
	}
	return out
}

// pieces returns the text of a key for its arguments; nil when there is no such key.
func (c *catalog) pieces(t Text) []piece {
	m, found := c.texts[t.Key]
	if !found {
		return nil
	}
	if m.forms != nil {
		if n, err := strconv.Atoi(t.Args[count]); err == nil && n >= 0 {
			if p := m.forms[plural.Cardinal.MatchPlural(c.tag, n, 0, 0, 0, 0)]; p != nil {
				return p
			}
		}
	}
	return m.one
}

// Isolates keep an argument of the other direction, such as an address in an Arabic sentence, in one piece. What begins
// like a phone number has no direction of its own and is read from the left.
const isolate, isolateLeft, pop = "\u2068", "\u2066", "\u2069"

// isolated is an argument in a sentence that is read from the right.
func isolated(text string) string {
	if text != "" && strings.ContainsRune("+*0123456789", rune(text[0])) {
		return isolateLeft + text + pop
	}
	return isolate + text + pop
}

// say returns a text in the language. A key that no catalog has shows itself, so that it is noticed.
func (c *catalog) say(t Text) string {
	switch t.Key {
	case "":
		return ""
	case literal:
		if text := t.Args["text"]; c.rtl && strings.HasPrefix(isolated(text), isolateLeft) {
			return isolated(text)
		}
		return t.Args["text"]
	}
	pieces := c.pieces(t)
	if pieces == nil {
		return t.Key
	}
	if len(pieces) == 1 && !pieces[0].arg {
		return pieces[0].text
	}
	var b strings.Builder
	for _, p := range pieces {
		switch {
		case !p.arg:
			b.WriteString(p.text)
		case c.rtl && p.text != count:
			b.WriteString(isolated(t.Args[p.text]))
		default:
			b.WriteString(t.Args[p.text])
		}
	}
	return b.String()
}

// with is the catalog with some texts replaced; those of unknown keys are left out.
func (c *catalog) with(texts map[string]message) *catalog {
	if len(texts) == 0 {
		return c
	}
	out := *c
	out.texts = maps.Clone(c.texts)
	for key, m := range texts {
		if _, known := out.texts[key]; known {
			out.texts[key] = m
		}
	}
	return &out
}
