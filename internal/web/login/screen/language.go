package screen

import (
	"slices"

	"golang.org/x/text/language"
)

// Language is a language that the pages speak.
type Language struct {
	Code string // as in the query parameter lang: "pt-BR"
	Name string // in the language itself
}

// English is what is spoken where no other language is chosen, and on classic pages.
const English = "en"

// languages are those that AWS ships, Dutch and Arabic, by their own names.
var languages = []Language{
	{"ar", "العربية"}, {"de", "Deutsch"}, {"en", "English"}, {"es", "Español"}, {"fr", "Français"}, {"id", "Bahasa Indonesia"},
	{"it", "Italiano"}, {"ja", "日本語"}, {"ko", "한국어"}, {"nl", "Nederlands"}, {"pt-BR", "Português (Brasil)"},
	{"zh-CN", "简体中文"}, {"zh-TW", "繁體中文"},
}

// Languages returns the languages of the pages, in the order in which they are offered.
func Languages() []Language { return slices.Clone(languages) }

// matcher prefers English where nothing fits; its first tag is its default.
var matcher, matched = func() (language.Matcher, []string) {
	codes := []string{English}
	for _, l := range languages {
		if l.Code != English {
			codes = append(codes, l.Code)
		}
	}
	tags := make([]language.Tag, len(codes))
	for i, code := range codes {
		tags[i] = language.MustParse(code)
	}
	return language.NewMatcher(tags), codes
}()

// maxAccept is how much of an Accept-Language header is read.
const maxAccept = 400

// Match chooses the language of a page: what the query parameter lang asks for, then what the cookie holds, then the
// header Accept-Language. The first two count only when the pages speak that language or one close to it.
func Match(query, cookie, accept string) string {
	for _, wish := range []string{query, cookie} {
		if code, ok := near(wish); ok {
			return code
		}
	}
	if code, ok := near(accept); ok {
		return code
	}
	return English
}

// near returns the language closest to a wish, a tag or a list of them as in Accept-Language.
func near(wish string) (string, bool) {
	if wish == "" || len(wish) > maxAccept {
		return "", false
	}
	tags, _, err := language.ParseAcceptLanguage(wish)
	if err != nil || len(tags) == 0 {
		return "", false
	}
	_, i, confidence := matcher.Match(tags...)
	return matched[i], confidence > language.No
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
