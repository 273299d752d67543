package db_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"cognate/internal/base/db"
)

// TestInspect: a fresh, an old, a current and a newer database are told apart,
// and looking changes none of them.
func TestInspect(t *testing.T) {
	empty(t, func(t *testing.T, o db.Options) {
		ctx := context.Background()
		d := openDB(t, o)
		first := schema
		both := []db.Migration{schema[0], {ID: "test/later", Steps: []db.Step{db.Statement{SQL: "SELECT 1"}}}}
		for range 2 {
			s, err := d.Inspect(ctx, both)
			if err != nil || !s.Fresh || len(s.Pending) != 2 {
				t.Fatalf("fresh: %+v, %v", s, err)
			}
			if by := time.Since(s.Clock).Abs(); by > time.Minute {
				t.Errorf("the clock is off by %v", by)
			}
		}
		if err := d.Migrate(ctx, first); err != nil {
			t.Fatal(err)
		}
		if s, err := d.Inspect(ctx, first); err != nil || s.Fresh || len(s.Pending) != 0 {
			t.Errorf("current: %+v, %v", s, err)
		}
		if s, err := d.Inspect(ctx, both); err != nil || s.Fresh || !slices.Equal(s.Pending, []string{"test/later"}) {
			t.Errorf("old: %+v, %v", s, err)
		}
		if _, err := d.Inspect(ctx, nil); !errors.Is(err, db.ErrSchemaNewer) {
			t.Errorf("newer: %v", err)
		}
	})
}
