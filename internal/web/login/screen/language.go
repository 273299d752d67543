package screen

import (
	"slices"

	"golang.org/x/text/language"

	"cognate/internal/base/locale"
)

// Language is a language that the pages speak.
type Language struct {
	Code string // as in the query parameter lang: "pt-BR"
	Name string // in the language itself
}

// English is what is spoken where no other language is chosen, and on classic pages.
const English = locale.English

// languages are those that AWS ships, Dutch and Arabic, by their own names.
var languages = []Language{
	{"ar", "العربية"}, {"de", "Deutsch"}, {"en", "English"}, {"es", "Español"}, {"fr", "Français"}, {"id", "Bahasa Indonesia"},
	{"it", "Italiano"}, {"ja", "日本語"}, {"ko", "한국어"}, {"nl", "Nederlands"}, {"pt-BR", "Português (Brasil)"},
	{"zh-CN", "简体中文"}, {"zh-TW", "繁體中文"},
}

// Languages returns the languages of the pages, in the order in which they are offered.
func Languages() []Language { return slices.Clone(languages) }

// spoken finds among them what somebody wishes.
var spoken = func() *locale.Languages {
	codes := make([]string, len(languages))
	for i, l := range languages {
		codes[i] = l.Code
	}
	l, err := locale.New(codes...)
	if err != nil {
		panic(err) // the codes are constants
	}
	return l
}()

// Match chooses the language of a page: what the query parameter lang asks for, then what the cookie holds, then the
// header Accept-Language. Each counts only when the pages speak that language or one close to it.
func Match(query, cookie, accept string) string {
	code, _ := spoken.Match(query, cookie, accept)
	return code
}

// Known reports whether the pages speak a language, by its code.
func Known(code string) bool {
	return slices.ContainsFunc(languages, func(l Language) bool { return l.Code == code })
}

// rightToLeft reports whether a language is written from right to left.
func rightToLeft(tag language.Tag) bool {
	script, _ := tag.Script()
	return slices.Contains([]string{"Arab", "Hebr", "Thaa", "Syrc"}, script.String())
}
