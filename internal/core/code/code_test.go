package code

import (
	"bytes"
	"errors"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"cognate/internal/base/clock"
	"cognate/internal/base/db"
	"cognate/internal/testkit/dbtest"
)

const (
	testPool = "us-east-1_AbCdEf123"
	testSub  = "2c5d5d5e-1111-4222-8333-444455556666"
)

var testDest = Destination{Attribute: "email", Value: "ana@example.com"}

// fixture is a room on one engine with a clock that stands still.
type fixture struct {
	*Codes
	t     *testing.T
	db    *db.DB
	clock *clock.Clock
}

func each(t *testing.T, body func(*fixture)) {
	t.Helper()
	dbtest.Each(t, migrations(), func(t *testing.T, d *db.DB) {
		c := clock.Frozen(time.Date(2026, 1, 7, 3, 4, 5, 0, time.UTC))
		body(&fixture{New(Deps{Keys: testKeys(t, d), Clock: c}), t, d, c})
	})
}

func (f *fixture) issue(kind Kind) string {
	f.t.Helper()
	var text string
	f.must(f.db.Update(f.t.Context(), func(tx *db.Tx) (err error) {
		text, err = f.Issue(tx, testPool, testSub, kind, testDest, 0)
		return err
	}))
	return text
}

// verify commits also when the code is refused, as callers have to.
func (f *fixture) verify(poolID, sub string, kind Kind, text string) (dest Destination, refusal error) {
	f.t.Helper()
	f.must(f.db.Update(f.t.Context(), func(tx *db.Tx) error {
		dest, refusal = f.Verify(tx, poolID, sub, kind, text)
		if errors.Is(refusal, ErrMismatch) || errors.Is(refusal, ErrExpired) || errors.Is(refusal, ErrTooMany) {
			return nil
		}
		return refusal
	}))
	return dest, refusal
}

func (f *fixture) must(err error) {
	f.t.Helper()
	if err != nil {
		f.t.Fatal(err)
	}
}

func (f *fixture) want(got, want error) {
	f.t.Helper()
	if !errors.Is(got, want) {
		f.t.Fatalf("got %v, want %v", got, want)
	}
}

// wrong is a code of the same form that is not text.
func wrong(text string) string {
	return string(rune('0'+(text[0]-'0'+1)%10)) + text[1:]
}

func TestRedeemOnce(t *testing.T) {
	each(t, func(f *fixture) {
		for _, kind := range []Kind{SignUp, ForgotPassword, Mfa, EmailOTP, Attribute("email")} {
			text := f.issue(kind)
			if len(text) != kind.Digits() || strings.Trim(text, "0123456789") != "" {
				t.Fatalf("%s: code %q", kind, text)
			}
			dest, err := f.verify(testPool, testSub, kind, text)
			f.must(err)
			if dest != testDest {
				t.Fatalf("%s: destination %+v", kind, dest)
			}
			_, err = f.verify(testPool, testSub, kind, text)
			f.want(err, ErrExpired)
		}
	})
}

func TestBinding(t *testing.T) {
	each(t, func(f *fixture) {
		text := f.issue(SignUp)
		_, err := f.verify(testPool, testSub, ForgotPassword, text)
		f.want(err, ErrExpired)
		_, err = f.verify(testPool, "another", SignUp, text)
		f.want(err, ErrExpired)
		_, err = f.verify(otherPool, testSub, SignUp, text)
		f.want(err, ErrExpired)
		// A hash moved to another row proves nothing there.
		f.must(f.db.Update(t.Context(), func(tx *db.Tx) error {
			_, err := tx.Exec(`INSERT INTO one_time_code
				(pool_id, sub, kind, hash, destination, attempts, created_at, expires_at)
				SELECT pool_id, $1, kind, hash, destination, 0, created_at, expires_at FROM one_time_code`, "another")
			return err
		}))
		_, err = f.verify(testPool, "another", SignUp, text)
		f.want(err, ErrMismatch)
		_, err = f.verify(testPool, testSub, SignUp, text)
		f.must(err)
	})
}

func TestNewestWins(t *testing.T) {
	each(t, func(f *fixture) {
		first := f.issue(SignUp)
		second := f.issue(SignUp)
		for second == first {
			second = f.issue(SignUp)
		}
		_, err := f.verify(testPool, testSub, SignUp, first)
		f.want(err, ErrMismatch)
		_, err = f.verify(testPool, testSub, SignUp, second)
		f.must(err)
	})
}

func TestExpiry(t *testing.T) {
	for kind, life := range map[Kind]time.Duration{
		SignUp: 24 * time.Hour, Attribute("phone_number"): 24 * time.Hour, ForgotPassword: time.Hour,
	} {
		each(t, func(f *fixture) {
			text := f.issue(kind)
			f.clock.Advance(life - time.Millisecond)
			f.must(f.db.View(t.Context(), func(tx *db.Tx) error {
				dest, err := f.Pending(tx, testPool, testSub, kind)
				if err == nil && dest != testDest {
					t.Errorf("pending for %+v", dest)
				}
				return err
			}))
			f.clock.Advance(time.Millisecond)
			_, err := f.verify(testPool, testSub, kind, text)
			f.want(err, ErrExpired)
		})
	}
}

func TestAttemptLimit(t *testing.T) {
	each(t, func(f *fixture) {
		text := f.issue(SignUp)
		for range MaxAttempts {
			_, err := f.verify(testPool, testSub, SignUp, wrong(text))
			f.want(err, ErrMismatch)
		}
		_, err := f.verify(testPool, testSub, SignUp, text)
		f.want(err, ErrTooMany)
		// The last permitted attempt may be the right one, and a new code starts anew.
		text = f.issue(SignUp)
		for _, guess := range []string{"", "x", strings.Repeat("1", maxInput+1), wrong(text)} {
			_, err := f.verify(testPool, testSub, SignUp, guess)
			f.want(err, ErrMismatch)
		}
		_, err = f.verify(testPool, testSub, SignUp, text)
		f.must(err)
	})
}

func TestRollbackKeepsCode(t *testing.T) {
	each(t, func(f *fixture) {
		text, failed := f.issue(SignUp), errors.New("the caller failed")
		err := f.db.Update(t.Context(), func(tx *db.Tx) error {
			if _, err := f.Verify(tx, testPool, testSub, SignUp, text); err != nil {
				return err
			}
			return failed
		})
		f.want(err, failed)
		_, err = f.verify(testPool, testSub, SignUp, text)
		f.must(err)
	})
}

func TestParallelUse(t *testing.T) {
	each(t, func(f *fixture) {
		text := f.issue(SignUp)
		var won, lost atomic.Int64
		var wg sync.WaitGroup
		for range 16 {
			wg.Go(func() {
				switch _, err := f.verify(testPool, testSub, SignUp, text); {
				case err == nil:
					won.Add(1)
				case errors.Is(err, ErrExpired):
					lost.Add(1)
				default:
					t.Errorf("unexpected: %v", err)
				}
			})
		}
		wg.Wait()
		if won.Load() != 1 || lost.Load() != 15 {
			t.Fatalf("%d won, %d lost", won.Load(), lost.Load())
		}
	})
}

// TestParallelGuesses shows that guessing at the same time gives no more guesses.
func TestParallelGuesses(t *testing.T) {
	each(t, func(f *fixture) {
		text := f.issue(SignUp)
		var compared, refused atomic.Int64
		var wg sync.WaitGroup
		for range 24 {
			wg.Go(func() {
				switch _, err := f.verify(testPool, testSub, SignUp, wrong(text)); {
				case errors.Is(err, ErrMismatch):
					compared.Add(1)
				case errors.Is(err, ErrTooMany):
					refused.Add(1)
				default:
					t.Errorf("unexpected: %v", err)
				}
			})
		}
		wg.Wait()
		if compared.Load() != MaxAttempts || refused.Load() != 24-MaxAttempts {
			t.Fatalf("%d compared, %d refused", compared.Load(), refused.Load())
		}
	})
}

// TestNoPlaintext reads what the database keeps.
func TestNoPlaintext(t *testing.T) {
	each(t, func(f *fixture) {
		text := f.issue(SignUp)
		f.must(f.db.View(t.Context(), func(tx *db.Tx) error {
			var hash, dest []byte
			err := tx.QueryRow(`SELECT hash, destination FROM one_time_code`).Scan(&hash, &dest)
			for _, secret := range []string{text, testDest.Value} {
				if bytes.Contains(hash, []byte(secret)) || bytes.Contains(dest, []byte(secret)) {
					t.Errorf("%q is stored in clear", secret)
				}
			}
			return err
		}))
	})
}

func TestDropAndSweep(t *testing.T) {
	each(t, func(f *fixture) {
		count := func() (n int) {
			f.must(f.db.View(t.Context(), func(tx *db.Tx) error {
				return tx.QueryRow(`SELECT count(*) FROM one_time_code`).Scan(&n)
			}))
			return n
		}
		update := func(fn func(tx *db.Tx) error) { t.Helper(); f.must(f.db.Update(t.Context(), fn)) }
		for _, k := range []Kind{SignUp, ForgotPassword, Mfa} {
			f.issue(k)
		}
		update(func(tx *db.Tx) error { return f.Drop(tx, testPool, testSub, Mfa) })
		if n := count(); n != 2 {
			t.Fatalf("%d codes after Drop", n)
		}
		f.clock.Advance(time.Hour)
		update(func(tx *db.Tx) error {
			n, err := f.Sweep(t.Context(), tx, f.clock.Now(), 10)
			if n != 1 {
				t.Errorf("swept %d", n)
			}
			return err
		})
		f.issue(ForgotPassword)
		update(func(tx *db.Tx) error { return f.DropUser(tx, testPool, testSub) })
		if n := count(); n != 0 {
			t.Fatalf("%d codes after DropUser", n)
		}
		f.issue(SignUp)
		update(func(tx *db.Tx) error { return f.Limit(tx, testPool, "k", "a", 1, time.Hour) })
		for want := range 3 {
			update(func(tx *db.Tx) error {
				n, err := f.DropPool(tx, testPool, 10)
				if (n > 0) != (want < 2) {
					t.Errorf("round %d dropped %d", want, n)
				}
				return err
			})
		}
	})
}

func TestKindOfASession(t *testing.T) {
	for _, k := range []Kind{Mfa, EmailOTP} {
		if k.In("s1") == k.In("s2") || k.In("s1") == k {
			t.Errorf("%s: the codes of two sessions are one", k)
		}
		if k.In("s1").Digits() != k.Digits() || k.In("s1").TTL() != k.TTL() {
			t.Errorf("%s: a code of a session differs in form or life", k)
		}
	}
}
