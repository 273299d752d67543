package rt

import (
	"regexp"
	"testing"

	"pgregory.net/rapid"
)

func bits(s string) (set ASCIISet) {
	for i := 0; i < len(s); i++ {
		set[s[i]>>6] |= 1 << (s[i] & 63)
	}
	return set
}

// TestFastFormsAgree compares both fast forms with the regular expression.
func TestFastFormsAgree(t *testing.T) {
	patterns := []*Pattern{
		{Expr: `[ab\p{Lu}]+`, Class: bits("abABCDEFGHIJKLMNOPQRSTUVWXYZ")},
		{Expr: `[ab ]*`, Class: bits("ab "), Empty: true},
		{Expr: `[ab_]+_[a]+`, Before: bits("ab_"), Sep: '_', After: bits("a")},
	}
	for _, p := range patterns {
		re := regexp.MustCompile(`\A(?:` + p.Expr + `)\z`)
		rapid.Check(t, func(t *rapid.T) {
			s := rapid.StringOfN(rapid.SampledFrom([]rune("aab_A É\n")), 0, 6, -1).Draw(t, "s")
			if got, want := p.Match(s), re.MatchString(s); got != want {
				t.Fatalf("%s on %q: %t, want %t", p.Expr, s, got, want)
			}
		})
	}
}

func TestLengthsCountCodePoints(t *testing.T) {
	r := StringRule{Min: 3, Max: 3}
	for s, ok := range map[string]bool{"abc": true, "äöü": true, "😀😀😀": true, "😀": false, "äö": false, "abcd": false, "äöüß": false, "": false} {
		if r.satisfied(s) != ok {
			t.Errorf("%q: %t", s, !ok)
		}
	}
}
