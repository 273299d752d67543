package challenge

import (
	"bytes"
	"encoding/base64"
	"errors"
	"reflect"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"cognate/internal/api/cognitoidp"
	"cognate/internal/base/clock"
	"cognate/internal/base/db"
	"cognate/internal/testkit/dbtest"
)

const (
	testPool   = "us-east-1_AbCdEf123"
	testClient = "38fjsnc484p94kpqsnet7mpld0"
)

type fixture struct {
	*Sessions
	t     testing.TB
	db    *db.DB
	clock *clock.Clock
}

func newFixture(t testing.TB, d *db.DB) *fixture {
	c := clock.Frozen(time.Date(2026, 1, 7, 3, 4, 5, 0, time.UTC))
	return &fixture{New(Deps{Keys: testKeys(t, d), Clock: c}), t, d, c}
}

func each(t *testing.T, body func(*fixture)) {
	t.Helper()
	dbtest.Each(t, migrations(), func(t *testing.T, d *db.DB) { body(newFixture(t, d)) })
}

func quick(t testing.TB) *fixture { return newFixture(t, dbtest.SQLite(t, migrations())) }

func sample() *State {
	return &State{Pool: testPool, Client: testClient, Step: "SMS_MFA", Progress: Progress{
		Door: "api", Sub: "2c5d5d5e-1111-4222-8333-444455556666", Typed: bytes.Repeat([]byte{7}, 32),
		Proven: []string{"pwd", "otp"}, PasswordSetAt: 1767755045123, Epoch: 7, UserVerified: true, Goal: &Goal{Level: 3},
		Device: "us-east-1_2c5d5d5e-1111-4222-8333-444455556666", DeviceProven: true, Custom: "flow", Functions: true,
		Announced: true, First: true, SetUp: true, Choices: []string{"SMS_MFA"}, Secret: []byte{0, 1, 2},
		Offered: []cognitoidp.ChallengeNameType{"PASSWORD", "EMAIL_OTP"},
	}}
}

// TestLengthTellsNothing holds that a session is as long for somebody with a password as for somebody without.
func TestLengthTellsNothing(t *testing.T) {
	f := quick(t)
	one, two := sample(), sample()
	one.PasswordSetAt, one.Epoch = 0, 0
	if a, b := f.seal(one), f.seal(two); len(a) != len(b) {
		t.Errorf("%d and %d characters", len(a), len(b))
	}
}

// TestEveryFlag holds that each flag of a progress survives alone.
func TestEveryFlag(t *testing.T) {
	f := quick(t)
	for i, set := range []func(*Progress){
		func(p *Progress) { p.UserVerified = true }, func(p *Progress) { p.DeviceProven = true },
		func(p *Progress) { p.Functions = true }, func(p *Progress) { p.Announced = true },
		func(p *Progress) { p.First = true }, func(p *Progress) { p.SetUp = true },
	} {
		st := &State{Pool: testPool, Client: testClient}
		set(&st.Progress)
		got, err := f.Open(t.Context(), testPool, testClient, f.seal(st))
		f.must(err)
		if !reflect.DeepEqual(got, st) {
			t.Errorf("flag %d: %+v", i, got.Progress)
		}
	}
}

func (f *fixture) must(err error) {
	f.t.Helper()
	if err != nil {
		f.t.Fatal(err)
	}
}

func (f *fixture) seal(st *State) string {
	f.t.Helper()
	text, err := f.Seal(f.t.Context(), st)
	f.must(err)
	return text
}

func (f *fixture) refused(poolID, clientID, text string, want error) {
	f.t.Helper()
	if st, err := f.Open(f.t.Context(), poolID, clientID, text); !errors.Is(err, want) || st != nil {
		f.t.Fatalf("%d characters: got %v, want %v", len(text), err, want)
	}
}

func TestRoundTrip(t *testing.T) {
	f := quick(t)
	st := sample()
	text := f.seal(st)
	if !strings.HasPrefix(text, "AYABe") || len(text) < minSession || strings.Trim(text, base64url) != "" {
		t.Fatalf("session %q", text)
	}
	if st.ID == "" || st.ExpiresAt-st.IssuedAt != DefaultLife.Milliseconds() {
		t.Fatalf("defaults not filled: %+v", st)
	}
	got, err := f.Open(t.Context(), testPool, testClient, text)
	f.must(err)
	if !reflect.DeepEqual(got, st) {
		t.Fatalf("got %+v\nwant %+v", got, st)
	}
	if got.Require("EMAIL_OTP", "SMS_MFA") != nil || !errors.Is(got.Require("NEW_PASSWORD_REQUIRED"), ErrInvalid) {
		t.Fatal("Require does not tell steps apart")
	}
	block, err := f.SealBlock(t.Context(), st)
	f.must(err)
	if raw, err := base64.StdEncoding.DecodeString(block); err != nil || bytes.Contains(raw, []byte("ana")) {
		t.Fatalf("block %q: %v", block, err)
	}
	got, err = f.OpenBlock(t.Context(), testPool, testClient, block)
	f.must(err)
	if !reflect.DeepEqual(got, st) {
		t.Fatalf("block: got %+v", got)
	}
}

const base64url = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"

// TestLargestState seals what a device's SRP at its largest needs.
func TestLargestState(t *testing.T) {
	f := quick(t)
	st := sample()
	st.Secret = bytes.Repeat([]byte{0xff}, 32+384)
	st.Step = "DEVICE_PASSWORD_VERIFIER"
	if n := len(f.seal(st)); n > 1800 {
		t.Fatalf("%d characters", n)
	}
	st.Secret = make([]byte, 2000)
	if _, err := f.Seal(t.Context(), st); !errors.Is(err, ErrTooLarge) {
		t.Fatalf("got %v", err)
	}
}

func TestRefusals(t *testing.T) {
	f := quick(t)
	st := sample()
	text := f.seal(st)
	block, err := f.SealBlock(t.Context(), st)
	f.must(err)

	f.refused(otherPool, testClient, text, ErrInvalid)
	f.refused(testPool, "1example23456789", text, ErrInvalid)
	f.refused(testPool, testClient, "", ErrInvalid)
	f.refused(testPool, testClient, text+"A", ErrInvalid)
	f.refused(testPool, testClient, text+"=", ErrInvalid)
	f.refused(testPool, testClient, " "+text, ErrInvalid)
	f.refused(testPool, testClient, strings.Repeat("A", maxSession+1), ErrInvalid)
	f.refused(testPool, testClient, block, ErrInvalid)
	for i := range text {
		f.refused(testPool, testClient, text[:i], ErrInvalid)
		for _, c := range []byte{'A', '_', text[i] ^ 1} {
			if c != text[i] {
				f.refused(testPool, testClient, text[:i]+string(rune(c))+text[i+1:], ErrInvalid)
			}
		}
	}
	// A session is no block and a block no session, whatever the encoding.
	raw, _ := base64.RawURLEncoding.DecodeString(text)
	if _, err := f.OpenBlock(t.Context(), testPool, testClient, base64.StdEncoding.EncodeToString(raw[4:])); !errors.Is(err, ErrInvalid) {
		t.Fatalf("a session opened as a block: %v", err)
	}
	raw, _ = base64.StdEncoding.DecodeString(block)
	f.refused(testPool, testClient, base64.RawURLEncoding.EncodeToString(append(header[:], raw...)), ErrInvalid)
}

func TestExpiry(t *testing.T) {
	f := quick(t)
	st := sample()
	st.IssuedAt = f.clock.Milli()
	st.ExpiresAt = st.IssuedAt + (15 * time.Minute).Milliseconds()
	text := f.seal(st)
	f.clock.Advance(15*time.Minute - time.Millisecond)
	_, err := f.Open(t.Context(), testPool, testClient, text)
	f.must(err)
	f.clock.Advance(time.Millisecond)
	f.refused(testPool, testClient, text, ErrExpired)
}

// spend commits what fn does and returns its refusal.
func (f *fixture) update(fn func(*db.Tx) error) (refusal error) {
	f.t.Helper()
	f.must(f.db.Update(f.t.Context(), func(tx *db.Tx) error {
		refusal = fn(tx)
		if errors.Is(refusal, ErrSpent) {
			return nil
		}
		return refusal
	}))
	return refusal
}

func TestSpendOnce(t *testing.T) {
	each(t, func(f *fixture) {
		st := sample()
		text := f.seal(st)
		twin, err := f.SealBlock(f.t.Context(), st)
		f.must(err)
		var won atomic.Int64
		var wg sync.WaitGroup
		for i := range 16 {
			wg.Go(func() {
				got, err := f.Open(f.t.Context(), testPool, testClient, text)
				if i%2 == 0 {
					got, err = f.OpenBlock(f.t.Context(), testPool, testClient, twin)
				}
				if err != nil {
					f.t.Error(err)
					return
				}
				if f.update(func(tx *db.Tx) error { return f.Spend(tx, got) }) == nil {
					won.Add(1)
				}
			})
		}
		wg.Wait()
		if won.Load() != 1 {
			f.t.Fatalf("%d uses of one session", won.Load())
		}
	})
}

func TestRetry(t *testing.T) {
	each(t, func(f *fixture) {
		st, other := sample(), sample()
		f.seal(st)
		f.seal(other)
		wrong := func() error { return f.update(func(tx *db.Tx) error { return f.Retry(tx, st) }) }
		spend := func(s *State) error { return f.update(func(tx *db.Tx) error { return f.Spend(tx, s) }) }
		for range MaxTries {
			f.must(wrong())
		}
		for range 2 {
			if !errors.Is(wrong(), ErrSpent) || !errors.Is(spend(st), ErrSpent) {
				f.t.Fatal("the session outlived its last try")
			}
		}
		f.must(f.update(func(tx *db.Tx) error { return f.Retry(tx, other) }))
		f.must(spend(other)) // a right answer after a wrong one
		if !errors.Is(spend(other), ErrSpent) {
			f.t.Fatal("spent twice")
		}
	})
}

func TestSweepKeepsTheMargin(t *testing.T) {
	each(t, func(f *fixture) {
		st := sample()
		f.seal(st)
		f.must(f.update(func(tx *db.Tx) error { return f.Spend(tx, st) }))
		for _, step := range []struct {
			after time.Duration
			swept int
		}{{DefaultLife + sweepMargin - time.Millisecond, 0}, {time.Millisecond, 1}, {0, 0}} {
			f.clock.Advance(step.after)
			f.must(f.update(func(tx *db.Tx) error {
				n, err := f.Sweep(f.t.Context(), tx, f.clock.Now(), 100)
				if n != step.swept {
					f.t.Errorf("swept %d, want %d", n, step.swept)
				}
				return err
			}))
		}
	})
}

func FuzzOpen(f *testing.F) {
	fix := quick(f)
	text := fix.seal(sample())
	f.Add(text)
	f.Add(text[:len(text)-1])
	f.Add("AYABe" + strings.Repeat("A", 40))
	f.Fuzz(func(t *testing.T, session string) {
		for _, open := range []func() (*State, error){
			func() (*State, error) { return fix.Open(t.Context(), testPool, testClient, session) },
			func() (*State, error) { return fix.OpenBlock(t.Context(), testPool, testClient, session) },
		} {
			st, err := open()
			if err == nil && session != text || err != nil && !errors.Is(err, ErrInvalid) || (st == nil) != (err != nil) {
				t.Fatalf("%q: %+v, %v", session, st, err)
			}
		}
	})
}

// FuzzParse feeds the decoder that runs behind the seal: what it accepts it would also have written.
func FuzzParse(f *testing.F) {
	st := sample()
	st.ID = "id"
	f.Add(st.append(nil))
	st.Goal = &Goal{Level: 4}
	f.Add(st.append(nil))
	f.Add([]byte{format})
	f.Fuzz(func(t *testing.T, plain []byte) {
		var st, again State
		if !st.parse(plain) {
			return
		}
		if !again.parse(st.append(nil)) || !reflect.DeepEqual(st, again) {
			t.Fatalf("%x: %+v, %+v", plain, st, again)
		}
	})
}
