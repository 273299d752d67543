package otp

import "testing"

// TestVectors are those of RFC 6238, appendix B, for SHA-1.
func TestVectors(t *testing.T) {
	seed := []byte("12345678901234567890")
	for unix, want := range map[int64]string{59: "94287082", 1111111109: "07081804", 1234567890: "89005924", 20000000000: "65353130"} {
		if got := Code(seed, Step(unix), 8); got != want {
			t.Errorf("%d: %s, want %s", unix, got, want)
		}
	}
}

func TestMatch(t *testing.T) {
	seed := []byte("12345678901234567890")
	const now = 1234567890
	code := Code(seed, Step(now), Digits)
	if step, replayed := Match(seed, code, now, 0); step != Step(now) || replayed {
		t.Errorf("now: %d %t", step, replayed)
	}
	if step, replayed := Match(seed, code, now, Step(now)); step >= 0 || !replayed {
		t.Errorf("again: %d %t", step, replayed)
	}
	for _, text := range []string{"", "000000", code + "0", Code(seed, Step(now)-2, Digits), Code(seed, Step(now)+2, Digits)} {
		if step, replayed := Match(seed, text, now, 0); step >= 0 || replayed {
			t.Errorf("%q: %d %t", text, step, replayed)
		}
	}
	for _, step := range []int64{Step(now) - 1, Step(now) + 1} {
		if got, _ := Match(seed, Code(seed, step, Digits), now, 0); got != step {
			t.Errorf("%d: %d", step, got)
		}
	}
}
