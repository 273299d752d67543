package id

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"regexp"
	"testing"
	"testing/iotest"
)

func TestForms(t *testing.T) {
	cases := []struct {
		name, pattern string
		draw          func() string
	}{
		{"uuid", `^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`, UUID},
		{"pool", `^eu-central-1_[0-9A-Za-z]{9}$`, func() string { return PoolID("eu-central-1") }},
		{"client", `^[0-9a-z]{26}$`, ClientID},
		{"secret", `^[0-9a-z]{52}$`, ClientSecret},
		{"token session", `^tkn[0-9a-z]{25}$`, TokenSession},
		{"sso session", `^sso[0-9a-z]{25}$`, SSOSession},
		{"code", `^[0-9]{6}$`, func() string { return Digits(6) }},
	}
	for _, c := range cases {
		re, seen := regexp.MustCompile(c.pattern), map[string]bool{}
		for range 200 {
			got := c.draw()
			if !re.MatchString(got) {
				t.Fatalf("%s: %q does not match %s", c.name, got, c.pattern)
			}
			if seen[got] && c.name != "code" {
				t.Fatalf("%s: %q drawn twice", c.name, got)
			}
			seen[got] = true
		}
	}
}

// TestNoBias draws many digits and letters and holds every character's share within five standard deviations. The
// seed is fixed, so the test is repeatable.
func TestNoBias(t *testing.T) {
	src := Source{Rand: rand.NewChaCha8([32]byte{1})}
	for _, alphabet := range []string{digits, lowerAlnum, mixedAlnum} {
		const n = 400_000
		var count [256]int
		for _, ch := range []byte(src.String(n, alphabet)) {
			count[ch]++
		}
		want := float64(n) / float64(len(alphabet))
		chi := 0.0
		for _, ch := range []byte(alphabet) {
			d := float64(count[ch]) - want
			chi += d * d / want
		}
		if limit := float64(len(alphabet)) * 2; chi > limit {
			t.Errorf("alphabet of %d: chi square %.1f above %.1f", len(alphabet), chi, limit)
		}
	}
}

func TestRejectsBiasedBytes(t *testing.T) {
	// 250..255 are not usable for ten digits; the next usable byte must be taken instead.
	src := Source{Rand: bytes.NewReader([]byte{255, 250, 253, 7, 13, 0, 0, 0, 0, 0, 0, 0})}
	if got := src.Digits(2); got != "73" {
		t.Fatalf("got %q", got)
	}
}

func TestInjectedSourceIsUsed(t *testing.T) {
	draw := func() string {
		s := Source{Rand: rand.NewChaCha8([32]byte{7})}
		return s.UUID() + s.ClientSecret() + s.PoolID("x")
	}
	if first, second := draw(), draw(); first != second {
		t.Fatal("same seed, different identifiers")
	}
}

func TestFailingSourcePanics(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Fatal("no panic")
		}
	}()
	Source{Rand: iotest.ErrReader(errors.New("broken"))}.UUID()
}

func BenchmarkUUID(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		UUID()
	}
}

func BenchmarkClientSecret(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		ClientSecret()
	}
}
