package screen

import (
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

// arguments are the names of a text's arguments, sorted.
func arguments(pieces []piece) []string {
	names := map[string]bool{}
	for _, p := range pieces {
		if p.arg {
			names[p.text] = true
		}
	}
	return slices.Sorted(maps.Keys(names))
}

// TestCatalogs: every language says everything, with the same arguments, calmly. What only the classic pages say is English.
func TestCatalogs(t *testing.T) {
	d := drawer(t)
	english := d.builtIn.catalogs[English].texts
	shouting := regexp.MustCompile(`[!！¡]\s*$`)
	for _, l := range languages {
		c := d.builtIn.catalogs[l.Code]
		for key, m := range english {
			own, found := c.texts[key]
			if !found {
				if !strings.HasPrefix(key, "classic.") {
					t.Errorf("%s lacks %s", l.Code, key)
				}
				continue
			}
			if got, want := arguments(own.one), arguments(m.one); !slices.Equal(got, want) {
				t.Errorf("%s %s has the arguments %v, want %v", l.Code, key, got, want)
			}
			all := [][]piece{own.one}
			for _, pieces := range own.forms {
				all = append(all, pieces)
				for _, name := range arguments(pieces) {
					if !slices.Contains(arguments(m.one), name) {
						t.Errorf("%s %s has the argument %s", l.Code, key, name)
					}
				}
			}
			for _, pieces := range all {
				text := plainText(pieces)
				if text != strings.TrimSpace(text) || text == "" || shouting.MatchString(text) || strings.ContainsAny(text, "<>&") {
					t.Errorf("%s %s: %q", l.Code, key, text)
				}
			}
		}
		for key := range c.texts {
			if _, found := english[key]; !found {
				t.Errorf("%s has %s, which English has not", l.Code, key)
			}
		}
	}
}

// TestTranslated: nobody copied the English texts.
func TestTranslated(t *testing.T) {
	d := drawer(t)
	english := d.builtIn.catalogs[English]
	for _, l := range languages {
		same := 0
		for key := range english.texts {
			if l.Code != English && len(key) > 0 && plainText(d.builtIn.catalogs[l.Code].texts[key].one) == plainText(english.texts[key].one) {
				same++
			}
		}
		if same > 12 { // "Code", "Email", "Passkey" and the like
			t.Errorf("%s says %d things as English does", l.Code, same)
		}
	}
}

func plainText(pieces []piece) string {
	var b strings.Builder
	for _, p := range pieces {
		b.WriteString(p.text)
	}
	return b.String()
}

func TestSay(t *testing.T) {
	d := drawer(t)
	for _, c := range []struct {
		lang string
		text Text
		want string
	}{
		{"en", Wait(time.Second), "Too many tries. Try again in 1 second."},
		{"en", Wait(1500 * time.Millisecond), "Too many tries. Try again in 2 seconds."},
		{"en", Wait(20 * time.Minute), "Too many tries. Try again in 20 minutes."},
		{"en", Wait(3 * time.Hour), "Too many tries. Try again in 3 hours."},
		{"en", Wait(-time.Hour), "Too many tries. Try again later."},
		{"de", Wait(time.Minute), "Zu viele Versuche. Versuchen Sie es in 1 Minute erneut."},
		{"ar", Wait(2 * time.Minute), "محاولات كثيرة جدًا. حاول مرة أخرى بعد دقيقتين."},
		{"ar", Wait(5 * time.Minute), "محاولات كثيرة جدًا. حاول مرة أخرى بعد 5 دقائق."},
		{"ar", Wait(11 * time.Minute), "محاولات كثيرة جدًا. حاول مرة أخرى بعد 11 دقيقة."},
		{"ar", Say("code.sent", "destination", "a***@e***"), "أرسلنا رمزًا جديدًا إلى " + isolate + "a***@e***" + pop + "."},
		{"fr", Say("limit.minutes", "count", "-5"), "Trop de tentatives. Réessayez dans -5 minutes."},
		{"ja", Life(5 * time.Minute), "コードの有効期間は 5 分です。"},
		{"en", Say("login.title", "app", "{app} {count}"), "Sign in to {app} {count}"},
		{"en", Literal("{app}"), "{app}"},
		{"en", Text{}, ""},
		{"en", Say("no.such"), "no.such"},
	} {
		if got := d.builtIn.catalogs[c.lang].say(c.text); got != c.want {
			t.Errorf("%s %+v: %q, want %q", c.lang, c.text, got, c.want)
		}
	}
}

func TestBadCatalogs(t *testing.T) {
	for _, c := range []string{`[]`, `{"a":1}`, `{"a":{"one":"x"}}`, `{"a":{"other":"x","several":"y"}}`, `{"a":`} {
		if _, err := readCatalog("en", []byte(c)); err == nil {
			t.Errorf("%s is taken", c)
		}
	}
	if _, err := readCatalog("not a tag", []byte(`{}`)); err == nil {
		t.Error("a catalog of no language is taken")
	}
}

func TestMatch(t *testing.T) {
	for _, c := range []struct{ query, cookie, accept, want string }{
		{"", "", "", "en"},
		{"de", "fr", "it", "de"},
		{"", "fr", "it", "fr"},
		{"", "", "it-CH,it;q=0.9", "it"},
		{"xx", "", "nl", "nl"},
		{"klingon!", "<script>", "es-419,es;q=0.8", "es"},
		{"pt-BR", "", "", "pt-BR"},
		{"pt", "", "", "pt-BR"},
		{"pt-PT", "", "", "pt-BR"},
		{"zh", "", "", "zh-CN"},
		{"", "", "zh-Hant-HK", "zh-TW"},
		{"zh-TW", "", "", "zh-TW"},
		{"", "", "ar-EG", "ar"},
		{"", "", "sv,no;q=0.8", "en"},
		{"", "", "sv,ja;q=0.3", "ja"},
		{"", "", strings.Repeat("de,", 500), "en"},
		{"id", "", "", "id"},
	} {
		if got := Match(c.query, c.cookie, c.accept); got != c.want {
			t.Errorf("%+v: %s", c, got)
		}
	}
}

func FuzzMatch(f *testing.F) {
	f.Add("de", "fr", "it-CH,it;q=0.9")
	f.Fuzz(func(t *testing.T, query, cookie, accept string) {
		if got := Match(query, cookie, accept); !Known(got) {
			t.Errorf("%q is no language of the pages", got)
		}
	})
}
