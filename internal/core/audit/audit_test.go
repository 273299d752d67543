package audit

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"cognate/internal/base/db"
	"cognate/internal/testkit/dbtest"
)

// changes is a table that stands for what operations change.
var changes = append([]db.Migration{{ID: "t/0001", Steps: []db.Step{db.CreateTable{
	Name: "thing", PrimaryKey: []string{"id"}, Columns: []db.Column{{Name: "id", Type: db.Text}},
}}}}, Migrations...)

func add(id string) func(*db.Tx) error {
	return func(tx *db.Tx) error {
		_, err := tx.Exec("INSERT INTO thing (id) VALUES ($1) ON CONFLICT (id) DO NOTHING", id)
		return err
	}
}

func all(t *testing.T, r *Room, f Filter) []Event {
	t.Helper()
	events, err := r.List(t.Context(), f)
	if err != nil {
		t.Fatal(err)
	}
	return events
}

// TestGoesAlong: the record is there exactly when the change is, once, and tells how the operation ended.
func TestGoesAlong(t *testing.T) {
	dbtest.Each(t, changes, func(t *testing.T, d *db.DB) {
		r := New(d, 0)
		begin := func(op, pool string) (context.Context, *Call) {
			return r.Begin(t.Context(), func() Event { return Event{Service: "s", Operation: op, Pool: pool, Principal: "p"} })
		}
		ctx, call := begin("Rolled", "a")
		if err := d.Update(ctx, func(tx *db.Tx) error { return errors.Join(add("x")(tx), errors.New("no")) }); err == nil {
			t.Fatal("it was to fail")
		}
		if call.Changed() || len(all(t, r, Filter{})) != 0 {
			t.Error("a record of what was rolled back")
		}
		ctx, call = begin("Twice", "a")
		for range 2 {
			if err := d.Update(ctx, add("twice")); err != nil {
				t.Fatal(err)
			}
		}
		if events := all(t, r, Filter{}); len(events) != 1 || events[0].Outcome != OK || events[0].Operation != "Twice" {
			t.Errorf("after the changes: %+v", events)
		}
		if err := call.End(t.Context(), "LimitExceededException"); err != nil {
			t.Fatal(err)
		}
		if events := all(t, r, Filter{}); len(events) != 1 || events[0].Outcome != "LimitExceededException" {
			t.Errorf("after the end: %+v", events)
		}
		_, call = begin("Refused", "b")
		if err := call.End(t.Context(), "AccessDeniedException"); err != nil {
			t.Fatal(err)
		}
		if events := all(t, r, Filter{Pool: "b"}); len(events) != 1 || events[0].Outcome != "AccessDeniedException" {
			t.Errorf("refused: %+v", events)
		}
	})
}

// TestPoolKnownLate: what an operation makes has no id when its transaction begins.
func TestPoolKnownLate(t *testing.T) {
	dbtest.Each(t, changes, func(t *testing.T, d *db.DB) {
		r, pool := New(d, 0), ""
		ctx, call := r.Begin(t.Context(), func() Event { return Event{Operation: "CreateUserPool", Pool: pool} })
		if err := d.Update(ctx, add("pool")); err != nil {
			t.Fatal(err)
		}
		pool = "eu_1"
		if err := call.End(t.Context(), OK); err != nil {
			t.Fatal(err)
		}
		if events := all(t, r, Filter{}); len(events) != 1 || events[0].Pool != "eu_1" || events[0].Outcome != OK {
			t.Errorf("%+v", events)
		}
	})
}

func TestListAndSweep(t *testing.T) {
	dbtest.Each(t, Migrations, func(t *testing.T, d *db.DB) {
		r := New(d, 24*time.Hour)
		now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
		r.now = func() time.Time { return now }
		for i := range 10 {
			e := Event{At: now.Add(-time.Duration(i) * 6 * time.Hour), Operation: []string{"A", "B"}[i%2], Pool: []string{"p", "q", ""}[i%3],
				Username: fmt.Sprint("user-", i), Sub: fmt.Sprint("sub-", i), Outcome: OK, Target: "\x00\xff" + strings.Repeat("ä", 300)}
			if err := r.Record(t.Context(), e); err != nil {
				t.Fatal(err)
			}
		}
		for name, c := range map[string]struct {
			f    Filter
			want int
		}{
			"all": {Filter{}, 10}, "limit": {Filter{Limit: 3}, 3}, "pool": {Filter{Pool: "p"}, 4}, "operation": {Filter{Operation: "B"}, 5},
			"since": {Filter{Since: now.Add(-12 * time.Hour)}, 3}, "user": {Filter{User: "user-4"}, 1}, "sub": {Filter{User: "sub-5"}, 1},
			"both": {Filter{Pool: "p", Operation: "A"}, 2}, "none": {Filter{User: "x"}, 0},
		} {
			events := all(t, r, c.f)
			if len(events) != c.want {
				t.Errorf("%s: %d, want %d", name, len(events), c.want)
			}
			for i := range events {
				if i > 0 && events[i].At.After(events[i-1].At) || len(events[i].Target) > 256 {
					t.Errorf("%s: order or length of %+v", name, events[i])
				}
			}
		}
		sweep := r.Lifecycle().Sweep
		for _, want := range []int{3, 2, 0} {
			var n int
			err := d.Update(t.Context(), func(tx *db.Tx) (err error) {
				n, err = sweep(t.Context(), tx, time.Time{}, 3)
				return err
			})
			if err != nil || n != want {
				t.Errorf("swept %d, %v; want %d", n, err, want)
			}
		}
		if left := all(t, r, Filter{}); len(left) != 5 {
			t.Errorf("%d left", len(left))
		}
	})
}
