package directory

import (
	"strings"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"
)

func TestFold(t *testing.T) {
	same := [][2]string{
		{"Bob", "bob"}, {"STRASSE", "straße"}, {"Σίσυφος", "σίσυφοσ"}, {"ﬁsh", "FISH"}, {"Ａｄａ", "ada"},
		{"e\u0301", "É"}, {"K", "k"}, // KELVIN SIGN
	}
	for _, c := range same {
		if fold(c[0]) != fold(c[1]) {
			t.Errorf("fold(%q) = %q, fold(%q) = %q", c[0], fold(c[0]), c[1], fold(c[1]))
		}
	}
	for _, c := range [][2]string{{"bob", "rob"}, {"a", "а"} /* Cyrillic */, {"é", "e"}} {
		if fold(c[0]) == fold(c[1]) {
			t.Errorf("fold makes %q and %q the same", c[0], c[1])
		}
	}
}

func TestFoldIsStable(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := rapid.String().Draw(t, "s")
		if once := fold(s); fold(once) != once {
			t.Fatalf("fold(%q) = %q, folded again %q", s, once, fold(once))
		}
	})
}

// TestAfter holds that the range [p, after(p)) holds exactly the strings with prefix p.
func TestAfter(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p, s := rapid.String().Draw(t, "prefix"), rapid.String().Draw(t, "s")
		if rapid.Bool().Draw(t, "extend") {
			s = p + s
		}
		if !utf8.ValidString(p) || !utf8.ValidString(s) {
			t.Skip()
		}
		end := after(p)
		if in := s >= p && (end == "" || s < end); in != strings.HasPrefix(s, p) {
			t.Fatalf("prefix %q, end %q: %q in range %v", p, end, s, in)
		}
		if !utf8.ValidString(end) {
			t.Fatalf("after(%q) = %q", p, end)
		}
	})
	for p, want := range map[string]string{"": "", "a": "b", "a\U0010FFFF": "b", "\U0010FFFF": "", "x\uD7FF": "x\uE000"} {
		if got := after(p); got != want {
			t.Errorf("after(%q) = %q, want %q", p, got, want)
		}
	}
}

func TestSearchKey(t *testing.T) {
	long := strings.Repeat("ß", 600)
	if got := searchKey(long); len(got) != searchKeyLimit || !strings.HasPrefix(long, got) {
		t.Errorf("searchKey of a long value has %d bytes", len(got))
	}
	if got := searchKey("a" + long); len(got) != searchKeyLimit-1 || !utf8.ValidString(got) {
		t.Errorf("searchKey cuts inside a character: %d bytes", len(got))
	}
	if got := searchKey("a\x00b"); got != "a\x01b" {
		t.Errorf("searchKey keeps NUL: %q", got)
	}
}

func TestUUIDShare(t *testing.T) {
	for sub, want := range map[string]float64{
		"7fffffff-0000-4000-8000-000000000000": 0.5, "ffffffff-ffff-4fff-bfff-ffffffffffff": 1, "3fffffff-a": 0.25,
	} {
		if got := uuidShare(sub); got < want-1e-9 || got > want+1e-9 {
			t.Errorf("uuidShare(%s) = %v, want %v", sub, got, want)
		}
	}
}
