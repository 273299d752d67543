package keyring

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"cognate/internal/base/db"
	"cognate/internal/testkit/dbtest"
)

func TestRotate(t *testing.T) {
	dbtest.Each(t, Migrations, func(t *testing.T, d *db.DB) {
		k, other := open(t, d, testKEK(t, 1)), open(t, d, testKEK(t, 1))
		var asked atomic.Int64 // every look at the clock is an hour later, so that other may always read again
		other.now = func() time.Time { return time.Now().Add(time.Duration(asked.Add(1)) * time.Hour) }
		create(t, d, k, "pool")
		old := seal(t, k, "pool", "old")
		mustOpen(t, other, "pool", old, "old")
		for i := range uint32(3) {
			if err := k.Rotate(t.Context(), "pool"); err != nil {
				t.Fatal(err)
			}
			fresh := seal(t, k, "pool", "fresh")
			if id := binary.BigEndian.Uint32(fresh[1:]); id != i+2 {
				t.Fatalf("sealed by key %d after %d rotations", id, i+1)
			}
			mustOpen(t, k, "pool", old, "old")
			mustOpen(t, other, "pool", fresh, "fresh")
		}
		var wg sync.WaitGroup
		for _, node := range []*Keyring{k, other, k, other} {
			wg.Go(func() {
				if err := node.Rotate(t.Context(), "pool"); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		mustOpen(t, k, "pool", old, "old")
		mustOpen(t, open(t, d, testKEK(t, 1)), "pool", seal(t, k, "pool", "x"), "x")
	})
}

func TestWrongKEK(t *testing.T) {
	dbtest.Each(t, Migrations, func(t *testing.T, d *db.DB) {
		right, wrong := testKEK(t, 1), testKEK(t, 2)
		sealed := seal(t, open(t, d, right), System, "x")
		_, err := Open(t.Context(), d, wrong)
		if !errors.Is(err, ErrWrongKEK) || !bytes.Contains([]byte(err.Error()), []byte(right.ID())) {
			t.Fatalf("got %v", err)
		}
		mustOpen(t, open(t, d, wrong, right), System, sealed, "x")
	})
}

func TestRewrap(t *testing.T) {
	dbtest.Each(t, Migrations, func(t *testing.T, d *db.DB) {
		old, fresh := testKEK(t, 1), testKEK(t, 2)
		k := open(t, d, old)
		sealed := map[string][]byte{}
		for i := range 5 {
			scope := fmt.Sprint("pool-", i)
			create(t, d, k, scope)
			sealed[scope] = seal(t, k, scope, scope)
		}
		if err := k.Rotate(t.Context(), "pool-3"); err != nil {
			t.Fatal(err)
		}
		for range 2 { // repeating changes nothing
			if err := k.Rewrap(t.Context(), fresh); err != nil {
				t.Fatal(err)
			}
		}
		create(t, d, k, "pool-new")
		if _, err := Open(t.Context(), d, old); !errors.Is(err, ErrWrongKEK) {
			t.Fatalf("old key still opens: %v", err)
		}
		restarted := open(t, d, fresh)
		for scope, value := range sealed {
			mustOpen(t, k, scope, value, scope)
			mustOpen(t, restarted, scope, value, scope)
		}
		seal(t, restarted, "pool-new", "x")
	})
}

// TestDamagedRow checks that a wrapped key moved to another row, or altered, does not open.
func TestDamagedRow(t *testing.T) {
	d := dbtest.SQLite(t, Migrations)
	k := open(t, d, testKEK(t, 1))
	create(t, d, k, "pool-a")
	create(t, d, k, "pool-b")
	rows := map[string][]byte{}
	err := d.View(t.Context(), func(tx *db.Tx) error {
		for _, scope := range []string{"pool-a", "pool-b"} {
			r, err := selectScope(tx, scope)
			if err != nil {
				return err
			}
			rows[scope] = r[0].wrapped
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	flipped := bytes.Clone(rows["pool-a"])
	flipped[len(flipped)-1] ^= 1
	for name, wrapped := range map[string][]byte{"swapped": rows["pool-b"], "flipped": flipped, "short": {1}, "empty": {}} {
		err := d.Update(t.Context(), func(tx *db.Tx) error {
			r := row{scope: "pool-a", id: 1, kekID: k.kek.ID()}
			return replaceWrapped(tx, r, k.kek.ID(), wrapped)
		})
		if err != nil {
			t.Fatal(err)
		}
		k.Forget("pool-a")
		if _, err := k.Seal(t.Context(), "pool-a", nil); err == nil {
			t.Errorf("%s row accepted", name)
		}
	}
	seal(t, open(t, d, testKEK(t, 1)), "pool-b", "x") // others still start and work
}
