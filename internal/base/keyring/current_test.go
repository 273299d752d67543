package keyring

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"cognate/internal/base/db"
	"cognate/internal/testkit/dbtest"
)

// TestRewrapUnderLoad changes the key while two nodes make scopes and rotate them. Afterwards the new key alone opens all
// of them: none was wrapped under the old one behind the back of Rewrap.
func TestRewrapUnderLoad(t *testing.T) {
	dbtest.Each(t, Migrations, func(t *testing.T, d *db.DB) {
		old, fresh := testKEK(t, 1), testKEK(t, 2)
		nodes := []*Keyring{open(t, d, old, fresh), open(t, d, fresh, old)}
		var made sync.Map
		var count atomic.Int64
		var stop atomic.Bool
		more := func(n int64) { // waits until n more scopes were made
			for goal := count.Load() + n; count.Load() < goal && !t.Failed(); time.Sleep(time.Millisecond) {
			}
		}
		var wg sync.WaitGroup
		for n, k := range nodes {
			for worker := range 2 {
				wg.Go(func() {
					for i := 0; !stop.Load() && i < 2000; i++ {
						scope := fmt.Sprintf("pool-%d-%d-%d", n, worker, i)
						if err := d.Update(t.Context(), func(tx *db.Tx) error { return k.Create(tx, scope) }); err != nil {
							t.Errorf("create %s: %v", scope, err)
							return
						}
						sealed, err := k.Seal(t.Context(), scope, []byte(scope))
						if err != nil {
							t.Errorf("seal %s: %v", scope, err)
							return
						}
						made.Store(scope, sealed)
						count.Add(1)
						if i%4 == 0 {
							if err := k.Rotate(t.Context(), scope); err != nil {
								t.Errorf("rotate %s: %v", scope, err)
							}
						}
					}
				})
			}
		}
		more(20)
		// The command works with a keyring of its own.
		if err := open(t, d, old).Rewrap(t.Context(), fresh); err != nil {
			t.Error(err)
		}
		left, err := wrappedBy(t.Context(), d, old)
		more(20)
		stop.Store(true)
		wg.Wait()
		if err != nil || left != 0 {
			t.Errorf("%d data keys were left when Rewrap returned, %v", left, err)
		}
		alone := open(t, d, fresh)
		made.Range(func(scope, sealed any) bool {
			mustOpen(t, alone, scope.(string), sealed.([]byte), scope.(string))
			return true
		})
	})
}

func wrappedBy(ctx context.Context, d *db.DB, kek KEK) (n int, err error) {
	err = d.Read(ctx, func(tx *db.Tx) error {
		return tx.QueryRow("SELECT count(*) FROM data_key WHERE kek_id = $1", kek.ID()).Scan(&n)
	})
	return n, err
}

// TestNodeWithoutNewKey: a node that was not given the new key refuses to make scopes once it is in force; what it would
// wrap under the old one could not be opened any more.
func TestNodeWithoutNewKey(t *testing.T) {
	dbtest.Each(t, Migrations, func(t *testing.T, d *db.DB) {
		old, fresh := testKEK(t, 1), testKEK(t, 2)
		node := open(t, d, old)
		create(t, d, node, "before")
		sealed := seal(t, node, "before", "x")
		if err := open(t, d, fresh, old).Rewrap(t.Context(), fresh); err != nil {
			t.Fatal(err)
		}
		err := d.Update(t.Context(), func(tx *db.Tx) error { return node.Create(tx, "after") })
		if !errors.Is(err, ErrWrongKEK) || !strings.Contains(err.Error(), fresh.ID()) {
			t.Errorf("create: %v", err)
		}
		if err := node.Rotate(t.Context(), "before"); !errors.Is(err, ErrWrongKEK) {
			t.Errorf("rotate: %v", err)
		}
		mustOpen(t, node, "before", sealed, "x") // in memory
		if n, err := wrappedBy(t.Context(), d, old); err != nil || n != 0 {
			t.Errorf("%d data keys under the old key, %v", n, err)
		}
	})
}

// brokenKEK fails to unwrap once some keys were unwrapped.
type brokenKEK struct {
	KEK
	left atomic.Int64
}

func (b *brokenKEK) Unwrap(ctx context.Context, wrapped, aad []byte) ([]byte, error) {
	if b.left.Add(-1) < 0 {
		return nil, errors.New("out of order")
	}
	return b.KEK.Unwrap(ctx, wrapped, aad)
}

// TestInterruptedRewrap: until a repetition has finished, both keys are needed, and that is said at the start.
func TestInterruptedRewrap(t *testing.T) {
	dbtest.Each(t, Migrations, func(t *testing.T, d *db.DB) {
		old, fresh := testKEK(t, 1), testKEK(t, 2)
		k := open(t, d, old)
		for i := range 300 {
			create(t, d, k, fmt.Sprint("pool-", i))
		}
		broken := &brokenKEK{KEK: old}
		broken.left.Store(650) // the start unwraps 301 twice at most; the second batch fails
		k = open(t, d, broken)
		broken.left.Store(250)
		if err := k.Rewrap(t.Context(), fresh); err == nil {
			t.Fatal("the rewrap was not interrupted")
		}
		for name, keks := range map[string][]KEK{"new": {fresh}, "old": {old}} {
			if _, err := Open(t.Context(), d, keks[0]); !errors.Is(err, ErrWrongKEK) {
				t.Errorf("the %s key alone: %v", name, err)
			}
		}
		if _, err := Open(t.Context(), d, fresh); err == nil || !strings.Contains(err.Error(), "--previous-key-file") {
			t.Errorf("%v", err)
		}
		if err := open(t, d, fresh, old).Rewrap(t.Context(), fresh); err != nil {
			t.Fatal(err)
		}
		open(t, d, fresh)
	})
}

// TestUpgrade: a database of before keyring/0002 goes on with the key that sealed it, whatever a node's own key is.
func TestUpgrade(t *testing.T) {
	dbtest.Each(t, Migrations, func(t *testing.T, d *db.DB) {
		old, fresh := testKEK(t, 1), testKEK(t, 2)
		open(t, d, old)
		err := d.Update(t.Context(), func(tx *db.Tx) error {
			_, err := tx.Exec("DELETE FROM keyring_kek")
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := Open(t.Context(), d, fresh); !errors.Is(err, ErrWrongKEK) {
			t.Errorf("another key: %v", err)
		}
		k := open(t, d, fresh, old)
		create(t, d, k, "pool")
		if n, err := wrappedBy(t.Context(), d, old); err != nil || n != 2 {
			t.Errorf("%d data keys under the old key, %v", n, err)
		}
		if id, used, err := Used(t.Context(), d); id != old.ID() || !used || err != nil {
			t.Errorf("used: %s %v %v", id, used, err)
		}
	})
}
