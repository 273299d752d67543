package limit_test

import (
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"cognate/internal/base/db"
	"cognate/internal/base/limit"
	"cognate/internal/testkit/dbtest"
)

var tally = limit.Tally{Table: "tally", Account: "who", Lock: limit.Lock{Free: 3, Longest: time.Minute, Forget: time.Hour}}

func eachTally(t *testing.T, body func(t *testing.T, run func(func(tx *db.Tx) error))) {
	dbtest.Each(t, []db.Migration{{ID: "tally/0001", Steps: limit.TallyTable(tally.Table, tally.Account)}}, func(t *testing.T, d *db.DB) {
		body(t, func(fn func(*db.Tx) error) {
			if err := d.Update(t.Context(), fn); err != nil {
				t.Error(err)
			}
		})
	})
}

// TestTallyInParallel: of tries that come at once no more are counted than the lock allows, and the lock does not grow by
// those that it refuses.
func TestTallyInParallel(t *testing.T) {
	eachTally(t, func(t *testing.T, run func(func(*db.Tx) error)) {
		now := time.UnixMilli(1_767_755_045_678)
		count := func() (n int64) {
			run(func(tx *db.Tx) (err error) {
				n, err = tally.Count(tx, "p", "ana", now)
				return err
			})
			return n
		}
		var counted atomic.Int64
		var wg sync.WaitGroup
		for range 20 {
			wg.Go(func() {
				if count() > 0 {
					counted.Add(1)
				}
			})
		}
		wg.Wait()
		if counted.Load() != 3 || count() != 0 {
			t.Errorf("%d tries were counted", counted.Load())
		}
		now = now.Add(time.Second)
		if n := count(); n != 4 {
			t.Errorf("after the lock: try %d", n)
		}
		now = now.Add(time.Hour + 3*time.Second)
		if n := count(); n != 1 {
			t.Errorf("after a quiet hour: try %d", n)
		}
	})
}

// TestTallyForgets: a success takes back what was counted before it, and the end of an account all below it.
func TestTallyForgets(t *testing.T) {
	eachTally(t, func(t *testing.T, run func(func(*db.Tx) error)) {
		now := time.UnixMilli(1_767_755_045_678)
		run(func(tx *db.Tx) error {
			for _, who := range []string{"ana", "ana", "ana/first", "anab", "ana.", "bob"} {
				if _, err := tally.Count(tx, "p", who, now); err != nil {
					return err
				}
			}
			if err := tally.Return(tx, "p", "ana", 1); err != nil { // another was counted since
				return err
			}
			if n, err := tally.Count(tx, "p", "ana", now); n != 2 || err != nil {
				t.Errorf("one of two was returned: %d, %v", n, err)
			}
			if err := tally.DropAccount(tx, "p", "ana"); err != nil {
				return err
			}
			if n, err := tally.Purge(tx, "p", 10); n != 3 || err != nil {
				t.Errorf("%d rows of others: %v", n, err)
			}
			return nil
		})
	})
}
