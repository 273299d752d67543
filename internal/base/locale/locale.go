// Package locale finds, among the languages that texts exist in, the one that fits best what somebody would like to read.
package locale

import (
	"slices"

	"golang.org/x/text/language"
)

// English is the language where no other one is known.
const English = "en"

// Languages are those that texts exist in, English among them. They are safe for concurrent use.
type Languages struct {
	codes   []string
	matcher language.Matcher
}

// New returns the languages with these codes (BCP 47, such as "pt-BR") and English. A code that is none is an error.
func New(codes ...string) (*Languages, error) {
	l := &Languages{codes: []string{English}}
	for _, code := range codes {
		if !slices.Contains(l.codes, code) {
			l.codes = append(l.codes, code)
		}
	}
	tags := make([]language.Tag, len(l.codes))
	for i, code := range l.codes {
		var err error
		if tags[i], err = language.Parse(code); err != nil {
			return nil, err
		}
	}
	l.matcher = language.NewMatcher(tags)
	return l, nil
}

// Codes are the codes of the languages, English first.
func (l *Languages) Codes() []string { return slices.Clone(l.codes) }

// maxWish is how much of a wish is read.
const maxWish = 400

// Match returns the language that is closest to the first wish to which one is close at all. A wish is a tag ("de-AT",
// "de_AT"), or a list of them with weights as in the header Accept-Language; one that cannot be read is none.
func (l *Languages) Match(wishes ...string) (code string, found bool) {
	for _, wish := range wishes {
		if wish == "" || len(wish) > maxWish {
			continue
		}
		tags, _, err := language.ParseAcceptLanguage(wish)
		if err != nil || len(tags) == 0 {
			continue
		}
		if _, i, sure := l.matcher.Match(tags...); sure > language.No {
			return l.codes[i], true
		}
	}
	return English, false
}
