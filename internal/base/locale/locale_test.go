package locale

import (
	"strings"
	"testing"
)

func TestMatch(t *testing.T) {
	l, err := New("de", "pt-BR", "zh-CN", "zh-TW", "ar", "de")
	if err != nil || len(l.Codes()) != 6 || l.Codes()[0] != English {
		t.Fatal(l, err)
	}
	for wish, want := range map[string]string{
		"de": "de", "de-AT": "de", "de_DE": "de", "DE-de": "de", "pt": "pt-BR", "pt-PT": "pt-BR", "zh": "zh-CN", "zh-Hant-HK": "zh-TW", "zh_TW": "zh-TW",
		"en-GB": "en", "ar-EG": "ar", "sv,de;q=0.5": "de", "en;q=0.2,de;q=0.9": "de", "en": "en", "fr-CH, fr;q=0.9, en;q=0.8, de;q=0.7, *;q=0.5": "en",
	} {
		if got, found := l.Match(wish); got != want || !found {
			t.Errorf("%s: %s, %v, want %s", wish, got, found, want)
		}
	}
	for _, wish := range []string{"", "sv", "x", "!", "de\x00", strings.Repeat("sv,", 200) + "de", "de;q=x"} {
		if got, found := l.Match(wish); got != English || found {
			t.Errorf("%.20q: %s, %v", wish, got, found)
		}
	}
	if got, found := l.Match("", "sv", "zh-HK", "de"); got != "zh-TW" || !found {
		t.Errorf("%s, %v", got, found)
	}
	if _, err := New("notalanguage!"); err == nil {
		t.Error("a code that is none was taken")
	}
}

func FuzzMatch(f *testing.F) {
	l, err := New("de", "pt-BR", "zh-TW")
	if err != nil {
		f.Fatal(err)
	}
	f.Add("de-AT,de;q=0.9,en;q=0.8")
	f.Add("zh_Hant_TW")
	f.Fuzz(func(t *testing.T, wish string) {
		if code, found := l.Match(wish); code == "" || !found && code != English {
			t.Errorf("%q: %q, %v", wish, code, found)
		}
	})
}
