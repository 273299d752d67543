package keyring

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"testing/iotest"
	"time"

	"cognate/internal/base/db"
	"cognate/internal/testkit/dbtest"
)

func TestCreateInsideItsTransaction(t *testing.T) {
	dbtest.Each(t, Migrations, func(t *testing.T, d *db.DB) {
		ctx := t.Context()
		k := open(t, d, testKEK(t, 1))
		var sealed, sum []byte
		err := d.Update(ctx, func(tx *db.Tx) error {
			if err := k.Create(tx, "pool"); err != nil {
				return err
			}
			var err error
			if sealed, err = k.Seal(tx.Context(), "pool", []byte("inside"), "t"); err != nil {
				return err
			}
			if got, err := k.Open(tx.Context(), "pool", sealed, "t"); err != nil || string(got) != "inside" {
				return fmt.Errorf("opened %q: %w", got, err)
			}
			sum, err = k.MAC(tx.Context(), "pool", "p", "d")
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		for _, node := range []*Keyring{k, open(t, d, testKEK(t, 1))} {
			mustOpen(t, node, "pool", sealed, "inside", "t")
			if again, err := node.MAC(ctx, "pool", "p", "d"); err != nil || !bytes.Equal(again, sum) {
				t.Fatalf("hash differs after the commit: %v", err)
			}
		}
		if len(k.pending) != 0 {
			t.Error("a committed scope is still pending")
		}
		err = d.Update(ctx, func(tx *db.Tx) error { return k.Create(tx, "pool") })
		if !errors.Is(err, db.ErrConflict) {
			t.Errorf("second Create: %v", err)
		}
	})
}

// TestRolledBackScope makes sure that a key that never reached the database is never used again, even when another node
// creates the same scope afterwards.
func TestRolledBackScope(t *testing.T) {
	dbtest.Each(t, Migrations, func(t *testing.T, d *db.DB) {
		ctx := t.Context()
		k, other := open(t, d, testKEK(t, 1)), open(t, d, testKEK(t, 1))
		var lost []byte
		refused := errors.New("refused")
		err := d.Update(ctx, func(tx *db.Tx) error {
			if err := k.Create(tx, "pool"); err != nil {
				return err
			}
			var err error
			if lost, err = k.Seal(tx.Context(), "pool", []byte("x")); err != nil {
				return err
			}
			return refused
		})
		if !errors.Is(err, refused) {
			t.Fatal(err)
		}
		if _, err := k.Seal(ctx, "pool", nil); !errors.Is(err, ErrUnknownScope) {
			t.Fatalf("rolled-back scope: %v", err)
		}
		create(t, d, other, "pool")
		mustOpen(t, other, "pool", seal(t, k, "pool", "shared"), "shared")
		if _, err := k.Open(ctx, "pool", lost); !errors.Is(err, ErrOpen) {
			t.Fatalf("value of the rolled-back key: %v", err)
		}
	})
}

func TestDestroy(t *testing.T) {
	dbtest.Each(t, Migrations, func(t *testing.T, d *db.DB) {
		ctx := t.Context()
		k := open(t, d, testKEK(t, 1))
		create(t, d, k, "pool")
		sealed := seal(t, k, "pool", "x")
		if err := d.Update(ctx, func(tx *db.Tx) error { return k.Destroy(tx, "pool") }); err != nil {
			t.Fatal(err)
		}
		if _, err := k.Open(ctx, "pool", sealed); !errors.Is(err, ErrUnknownScope) {
			t.Fatalf("destroyed scope: %v", err)
		}
		create(t, d, k, "pool")
		if _, err := k.Open(ctx, "pool", sealed); !errors.Is(err, ErrOpen) {
			t.Fatalf("scope made anew opens old values: %v", err)
		}
		// Replaced within one transaction: what is sealed in it belongs to the new key.
		err := d.Update(ctx, func(tx *db.Tx) error {
			if err := k.Destroy(tx, "pool"); err != nil {
				return err
			}
			if err := k.Create(tx, "pool"); err != nil {
				return err
			}
			var err error
			sealed, err = k.Seal(tx.Context(), "pool", []byte("new"))
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		mustOpen(t, k, "pool", sealed, "new")
		mustOpen(t, open(t, d, testKEK(t, 1)), "pool", sealed, "new")
	})
}

func TestNodesStartingTogether(t *testing.T) {
	dbtest.Each(t, Migrations, func(t *testing.T, d *db.DB) {
		nodes := make([]*Keyring, 6)
		var wg sync.WaitGroup
		for i := range nodes {
			wg.Go(func() {
				var err error
				if nodes[i], err = Open(t.Context(), d, testKEK(t, 1)); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if t.Failed() {
			return
		}
		for _, node := range nodes[1:] {
			mustOpen(t, node, System, seal(t, nodes[0], System, "x"), "x")
		}
	})
}

func TestConcurrentUse(t *testing.T) {
	dbtest.Each(t, Migrations, func(t *testing.T, d *db.DB) {
		k := open(t, d, testKEK(t, 1))
		var wg sync.WaitGroup
		for i := range 4 {
			scope := fmt.Sprint("pool-", i)
			create(t, d, k, scope)
			for range 3 {
				wg.Go(func() {
					for range 20 {
						sealed, err := k.Seal(t.Context(), scope, []byte(scope))
						if err != nil {
							t.Error(err)
							return
						}
						if got, err := k.Open(t.Context(), scope, sealed); err != nil || string(got) != scope {
							t.Errorf("%q, %v", got, err)
							return
						}
					}
				})
			}
			wg.Go(func() {
				for range 3 {
					if err := k.Rotate(t.Context(), scope); err != nil {
						t.Error(err)
					}
					k.Forget(scope)
				}
			})
		}
		wg.Wait()
	})
}

// TestLoadInsideTransaction checks that a cold scope can be used inside a transaction of something else.
func TestLoadInsideTransaction(t *testing.T) {
	dbtest.Each(t, Migrations, func(t *testing.T, d *db.DB) {
		k := open(t, d, testKEK(t, 1))
		create(t, d, k, "pool")
		create(t, d, k, "other")
		k.Reset()
		err := d.Update(t.Context(), func(tx *db.Tx) error {
			if err := k.Destroy(tx, "other"); err != nil {
				return err
			}
			_, err := k.Seal(tx.Context(), "pool", []byte("x"))
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	})
}

func TestCancelledLoad(t *testing.T) {
	d := dbtest.SQLite(t, Migrations)
	k := open(t, d, testKEK(t, 1))
	k.Reset()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := k.Load(ctx, System); err != nil && !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	if err := k.Load(t.Context(), System); err != nil {
		t.Fatalf("a cancelled caller spoiled the load: %v", err)
	}
}

func TestFailingRandomSource(t *testing.T) {
	d := dbtest.SQLite(t, Migrations)
	k := open(t, d, testKEK(t, 1))
	k.source = iotest.ErrReader(errors.New("broken"))
	if _, err := k.Seal(t.Context(), System, []byte("x")); err == nil {
		t.Error("sealed without a nonce")
	}
	if err := d.Update(t.Context(), func(tx *db.Tx) error { return k.Create(tx, "pool") }); err == nil {
		t.Error("created a scope without a key")
	}
}

func TestPendingScopesAreSwept(t *testing.T) {
	d := dbtest.SQLite(t, Migrations)
	k := open(t, d, testKEK(t, 1))
	now := time.Now()
	k.now = func() time.Time { return now }
	for i := range 10 {
		_ = d.Update(t.Context(), func(tx *db.Tx) error {
			if err := k.Create(tx, fmt.Sprint("lost-", i)); err != nil {
				t.Error(err)
			}
			return errors.New("no")
		})
		now = now.Add(pendingLife)
	}
	if len(k.pending) > 2 {
		t.Errorf("%d scopes pending", len(k.pending))
	}
}
