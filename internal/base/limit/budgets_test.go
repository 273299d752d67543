package limit_test

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"cognate/internal/base/clock"
	"cognate/internal/base/db"
	"cognate/internal/base/limit"
	"cognate/internal/testkit/dbtest"
)

func TestParseRate(t *testing.T) {
	for text, want := range map[string]limit.Rate{
		"100/h": {Max: 100, Per: time.Hour}, "1/s": {Max: 1, Per: time.Second}, "10/d": {Max: 10, Per: 24 * time.Hour}, "off": {},
	} {
		got, err := limit.ParseRate(text)
		if err != nil || got != want || got.String() != text {
			t.Errorf("%s: %v, %v", text, got, err)
		}
	}
	for _, text := range []string{"", "100", "0/h", "-1/h", "1/y", "x/h", "1/h/h", "99999999999999999999/h", "1000001/s"} {
		if got, err := limit.ParseRate(text); err == nil {
			t.Errorf("%q: %v", text, got)
		}
	}
}

// TestBudgets: two nodes together let no more through than the budget and a slice of each, whether uses come at once or one
// after the other; what is given back costs nothing; and the budget fills up again.
func TestBudgets(t *testing.T) {
	dbtest.Each(t, limit.Migrations, func(t *testing.T, d *db.DB) {
		c := clock.Frozen(time.UnixMilli(1_767_755_045_678))
		nodes := []*limit.Budgets{limit.NewBudgets(d, c), limit.NewBudgets(d, c)}
		rate := limit.Rate{Max: 100, Per: time.Hour}
		var kept atomic.Int64
		use := func(node *limit.Budgets, id string) bool {
			r, err := node.Reserve(t.Context(), id, rate)
			var over *limit.Over
			if errors.As(err, &over) {
				if over.After <= 0 || over.After > time.Hour {
					t.Errorf("again after %v", over.After)
				}
				return false
			}
			if err != nil {
				t.Error(err)
				return false
			}
			kept.Add(1)
			r.Keep()
			return true
		}
		for range 300 {
			for _, node := range nodes {
				r, err := node.Reserve(t.Context(), "right", rate)
				if err != nil {
					t.Fatalf("a right proof: %v", err)
				}
				r.Return()
			}
		}
		var wg sync.WaitGroup
		for i := range 400 {
			wg.Go(func() { use(nodes[i%2], "burst") })
		}
		wg.Wait()
		if n := kept.Load(); n < 100 || n > 120 {
			t.Errorf("%d of a burst", n)
		}
		kept.Store(0)
		for i := range 400 {
			use(nodes[i%2], "walk")
		}
		if n := kept.Load(); n < 100 || n > 120 {
			t.Errorf("%d one after the other", n)
		}
		for _, node := range nodes {
			if err := node.Flush(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		fresh := limit.NewBudgets(d, c) // a node that was started again
		kept.Store(0)
		for range 50 {
			use(fresh, "walk")
		}
		if n := kept.Load(); n > 10 {
			t.Errorf("%d after a restart", n)
		}
		c.Advance(3 * time.Hour)
		kept.Store(0)
		for range 150 {
			use(fresh, "walk")
		}
		if n := kept.Load(); n != 100 {
			t.Errorf("%d after three hours", n)
		}
		c.Advance(3 * time.Hour)
		if err := d.Update(t.Context(), func(tx *db.Tx) error {
			n, err := fresh.Sweep(context.Background(), tx, c.Now(), 10)
			if n != 2 {
				t.Errorf("%d rows were swept", n)
			}
			return err
		}); err != nil {
			t.Fatal(err)
		}
	})
}
