package factor

import (
	"crypto/rand"
	"strings"
	"testing"
)

func TestReadRecoveryCode(t *testing.T) {
	const code = "01abcdefgh"
	for _, typed := range []string{
		code, "01abc-defgh", "01ABC-DEFGH", " 01abc defgh\n", "0 1 a b c d e f g h", "-01abc--defgh-", "01abc\u2011defgh", "01abc\u00a0\u2013 defgh",
		"o1abc-defgh", "OLabc-defgh", "0iabc-defgh", "0Iabcdefgh",
	} {
		if got, ok := readRecoveryCode(typed); !ok || got != code {
			t.Errorf("%q: %q, %v", typed, got, ok)
		}
	}
	for _, typed := range []string{
		"", "-", "123456", "12345678", "01abc-defg", "01abc-defghj", "01abc-defgu", "01abc_defgh", "01abc.defgh", "01abc-defg\x00", "01abc-defg\xff",
		"０1abc-defgh", "01abc-defg\u00df", code + strings.Repeat(" ", maxRecoveryInput), strings.Repeat("0", 1<<20),
	} {
		if got, ok := readRecoveryCode(typed); ok {
			t.Errorf("%.40q read as %q", typed, got)
		}
	}
}

func TestNewRecoveryCode(t *testing.T) {
	seen, digits := map[string]bool{}, map[rune]int{}
	for range 3200 {
		code, err := newRecoveryCode(rand.Reader)
		if err != nil || seen[code] {
			t.Fatalf("%q, %v", code, err)
		}
		seen[code] = true
		if got, ok := readRecoveryCode(code); !ok || got != code {
			t.Fatalf("%q is read as %q", code, got)
		}
		for _, d := range code {
			digits[d]++
		}
	}
	if len(digits) != 32 {
		t.Errorf("%d different digits", len(digits))
	}
	for d, n := range digits { // 1000 each, with a deviation of 31
		if n < 800 || n > 1200 {
			t.Errorf("%c comes %d times in 32000", d, n)
		}
	}
	if _, err := newRecoveryCode(strings.NewReader("short")); err == nil {
		t.Error("a code without randomness")
	}
}

func FuzzReadRecoveryCode(f *testing.F) {
	for _, seed := range []string{"01abc-defgh", "OLI23-45678", "\u2014", "\xff\xfe", ""} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		code, ok := readRecoveryCode(text)
		if !ok {
			return
		}
		if len(code) != recoveryLength || strings.Trim(code, recoveryAlphabet) != "" {
			t.Fatalf("%q read as %q", text, code)
		}
		if again, ok := readRecoveryCode(code); !ok || again != code {
			t.Fatalf("%q read as %q, and that as %q", text, code, again)
		}
	})
}
