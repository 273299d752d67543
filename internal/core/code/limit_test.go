package code

import (
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"cognate/internal/base/db"
)

// use counts one use and returns whether it was allowed.
func (f *fixture) use(key, action string, max int) bool {
	f.t.Helper()
	limited := false
	f.must(f.db.Update(f.t.Context(), func(tx *db.Tx) error {
		err := f.Limit(tx, testPool, key, action, max, time.Hour)
		if limited = errors.Is(err, ErrLimited); limited {
			return nil
		}
		return err
	}))
	return !limited
}

func TestLimitSlides(t *testing.T) {
	each(t, func(f *fixture) {
		// One use every ten minutes: the fourth within the hour is refused, and refused ones do not count.
		for i := range 3 {
			if !f.use("ana", "Resend", 3) {
				t.Fatalf("use %d refused", i)
			}
			f.clock.Advance(10 * time.Minute)
		}
		for range 10 {
			if f.use("ana", "Resend", 3) {
				t.Fatal("use above the limit allowed")
			}
		}
		if !f.use("ben", "Resend", 3) || !f.use("ana", "Confirm", 3) {
			t.Fatal("another user or action was limited")
		}
		f.clock.Advance(30*time.Minute - time.Millisecond)
		if f.use("ana", "Resend", 3) {
			t.Fatal("allowed before the first use left the window")
		}
		f.clock.Advance(time.Millisecond)
		if !f.use("ana", "Resend", 3) || f.use("ana", "Resend", 3) {
			t.Fatal("exactly one use should have become free")
		}
		f.clock.Advance(time.Hour)
		f.must(f.db.Update(t.Context(), func(tx *db.Tx) error {
			n, err := f.Sweep(t.Context(), tx, f.clock.Now(), 10)
			if n != 3 {
				t.Errorf("swept %d limits", n)
			}
			return err
		}))
	})
}

func TestLimitInParallel(t *testing.T) {
	each(t, func(f *fixture) {
		var allowed atomic.Int64
		var wg sync.WaitGroup
		for range 20 {
			wg.Go(func() {
				if f.use("ana", "ForgotPassword", 5) {
					allowed.Add(1)
				}
			})
		}
		wg.Wait()
		if allowed.Load() != 5 {
			t.Fatalf("%d uses allowed", allowed.Load())
		}
	})
}

func TestAllowUsesTheTable(t *testing.T) {
	each(t, func(f *fixture) {
		f.must(f.db.Update(t.Context(), func(tx *db.Tx) error {
			for range LimitResend.Max {
				if err := f.Allow(tx, testPool, testSub, LimitResend); err != nil {
					return err
				}
			}
			if err := f.Allow(tx, testPool, testSub, LimitResend); !errors.Is(err, ErrLimited) {
				t.Errorf("got %v", err)
			}
			if err := f.Return(tx, testPool, testSub, LimitResend); err != nil { // one was no use after all
				return err
			}
			if err := f.Allow(tx, testPool, testSub, LimitResend); err != nil {
				return err
			}
			if err := f.Allow(tx, testPool, testSub, LimitResend); !errors.Is(err, ErrLimited) {
				t.Errorf("after one was returned: got %v", err)
			}
			return f.Allow(tx, testPool, testSub, LimitConfirmSignUp)
		}))
	})
}
