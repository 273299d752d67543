package message

import (
	"slices"
	"testing"
)

func TestLinks(t *testing.T) {
	for text, want := range map[string][]string{
		"":                                   {},
		"no link, ftp://x either":            {},
		"Open https://a.example/x?y=1&z=2.":  {"https://a.example/x?y=1&z=2"},
		"Confirm (https://a.example/x) now.": {"https://a.example/x"},
		"https://a.example/w_(x)":            {"https://a.example/w_(x)"},
		"(see https://a.example/w_(x)).":     {"https://a.example/w_(x)"},
		"http://a.example http://b.example/, http://a.example": {"http://a.example", "http://b.example/"},
		`<a href="https://a.example/">`:                        {"https://a.example/"},
	} {
		if got := linksOf(text); !slices.Equal(got, want) {
			t.Errorf("%q: %q", text, got)
		}
	}
}
