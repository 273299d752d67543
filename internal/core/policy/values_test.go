package policy

import (
	"math/big"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestDecimal(t *testing.T) {
	for _, s := range []string{"", "-", ".", "1.", "1e3", "0x1", "1,0", " 1", "--1", "1.2.3", "١"} {
		if d, ok := parseDecimal(s); ok {
			t.Errorf("%q is %v", s, d)
		}
	}
	rapid.Check(t, func(r *rapid.T) {
		draw := rapid.StringMatching(`[-+]?(0{0,3}[0-9]{1,18}(\.[0-9]{1,12})?|\.[0-9]{1,9})`)
		a, b := draw.Draw(r, "a"), draw.Draw(r, "b")
		x, okX := parseDecimal(a)
		y, okY := parseDecimal(b)
		p, _ := new(big.Rat).SetString(a)
		q, _ := new(big.Rat).SetString(b)
		if !okX || !okY || x.compare(y) != p.Cmp(q) {
			r.Fatalf("%s and %s compare as %d, %v %v", a, b, x.compare(y), okX, okY)
		}
	})
}

func TestInstant(t *testing.T) {
	for s, want := range map[string]time.Time{
		"2026":                      time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC),
		"2026-02":                   time.Date(2026, 2, 1, 0, 0, 0, 0, time.UTC),
		"2024-02-29":                time.Date(2024, 2, 29, 0, 0, 0, 0, time.UTC),
		"2026-11-30T12":             time.Date(2026, 11, 30, 12, 0, 0, 0, time.UTC),
		"2026-11-30T12:34":          time.Date(2026, 11, 30, 12, 34, 0, 0, time.UTC),
		"2026-11-30T12:34Z":         time.Date(2026, 11, 30, 12, 34, 0, 0, time.UTC),
		"2026-11-30t12:34:56.5z":    time.Date(2026, 11, 30, 12, 34, 56, 5e8, time.UTC),
		"2026-11-30T12:34:56+0130":  time.Date(2026, 11, 30, 11, 4, 56, 0, time.UTC),
		"2026-11-30T12:34:56-01:30": time.Date(2026, 11, 30, 14, 4, 56, 0, time.UTC),
		"2026-11-30T":               time.Date(2026, 11, 30, 0, 0, 0, 0, time.UTC),
		"1796040000":                time.Unix(1796040000, 0),
	} {
		got, ok := parseInstant(s)
		if !ok || got.seconds != want.Unix() || int(got.nanos) != want.Nanosecond() {
			t.Errorf("%s is %v, %v; want %d", s, got, ok, want.Unix())
		}
	}
	for _, s := range []string{"", "2026-", "2026-13", "2026-00", "2026-02-30", "2026-1-32", "2026-01-01T24:00", "2026-01-01T10:60", "2026-01-01T10:00:60",
		"2026-01-01T10:00:00+1", "2026-01-01T10:00:00+01:0", "2026-01-01T10:00:00x", "2026-01-01T10:00:00.", "T10:00", "99999999999999999999", "292278994-01-01", "soon"} {
		if got, ok := parseInstant(s); ok {
			t.Errorf("%q is %v", s, got)
		}
	}
	a, _ := parseInstant("-292275054-01-01")
	b, _ := parseInstant("9223372036854775807")
	if a.compare(b) != -1 || b.compare(a) != 1 {
		t.Error("the ends of time are in the wrong order")
	}
}
