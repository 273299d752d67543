package cli

import "testing"

// TestPrintable: a token says nothing to the terminal that shows it.
func TestPrintable(t *testing.T) {
	for in, want := range map[string]string{
		"{\n  \"a\": \"é漢\"\n}": "{\n  \"a\": \"é漢\"\n}", "\u009b31m": "\\u009b31m", "a\u202eb": "a\\u202eb", "\x7f": "\\u007f",
	} {
		if got := printable(in); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}
