package keyring

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"testing/iotest"
	"time"

	"cognate/internal/base/db"
	"cognate/internal/testkit/dbtest"
)

func testKEK(t testing.TB, b byte) KEK {
	t.Helper()
	kek, err := NewKEK(bytes.Repeat([]byte{b}, 32))
	if err != nil {
		t.Fatal(err)
	}
	return kek
}

func open(t testing.TB, d *db.DB, kek KEK, previous ...KEK) *Keyring {
	t.Helper()
	k, err := Open(t.Context(), d, kek, previous...)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func create(t testing.TB, d *db.DB, k *Keyring, scope string) {
	t.Helper()
	if err := d.Update(t.Context(), func(tx *db.Tx) error { return k.Create(tx, scope) }); err != nil {
		t.Fatal(err)
	}
}

func seal(t testing.TB, k *Keyring, scope, text string, aad ...string) []byte {
	t.Helper()
	sealed, err := k.Seal(t.Context(), scope, []byte(text), aad...)
	if err != nil {
		t.Fatal(err)
	}
	return sealed
}

func mustOpen(t testing.TB, k *Keyring, scope string, sealed []byte, want string, aad ...string) {
	t.Helper()
	got, err := k.Open(t.Context(), scope, sealed, aad...)
	if err != nil || string(got) != want {
		t.Fatalf("opened %q, %v; want %q", got, err, want)
	}
}

func TestSealAndOpen(t *testing.T) {
	dbtest.Each(t, Migrations, func(t *testing.T, d *db.DB) {
		kek := testKEK(t, 1)
		k := open(t, d, kek)
		create(t, d, k, "pool-a")
		create(t, d, k, "pool-b")
		for _, text := range []string{"", "x", "a longer secret with several blocks of sixteen bytes"} {
			sealed := seal(t, k, "pool-a", text, "user", "credential", "sub-1")
			if len(sealed) != len(text)+Overhead {
				t.Fatalf("%d bytes for %d", len(sealed), len(text))
			}
			mustOpen(t, k, "pool-a", sealed, text, "user", "credential", "sub-1")
			// Another node, and this one after a restart.
			mustOpen(t, open(t, d, kek), "pool-a", sealed, text, "user", "credential", "sub-1")
		}
		if bytes.Equal(seal(t, k, "pool-a", "x"), seal(t, k, "pool-a", "x")) {
			t.Fatal("two seals of one text are equal")
		}
		sealed := seal(t, k, "pool-a", "secret", "user", "credential", "sub-1")
		for name, c := range map[string]struct {
			scope string
			aad   []string
		}{
			"foreign scope": {"pool-b", []string{"user", "credential", "sub-1"}},
			"system":        {System, []string{"user", "credential", "sub-1"}},
			"other row":     {"pool-a", []string{"user", "credential", "sub-2"}},
			"other column":  {"pool-a", []string{"user", "totp", "sub-1"}},
			"no aad":        {"pool-a", nil},
			"fewer words":   {"pool-a", []string{"user", "credential"}},
			"more words":    {"pool-a", []string{"user", "credential", "sub-1", ""}},
			"joined words":  {"pool-a", []string{"usercredential", "sub-1"}},
			"shifted words": {"pool-a", []string{"userc", "redential", "sub-1"}},
		} {
			if got, err := k.Open(t.Context(), c.scope, sealed, c.aad...); !errors.Is(err, ErrOpen) || got != nil {
				t.Errorf("%s: %q, %v", name, got, err)
			}
		}
		for _, err := range []error{
			second(k.Seal(t.Context(), "nobody", nil)), second(k.Open(t.Context(), "nobody", sealed)),
			second(k.MAC(t.Context(), "nobody", "p")), k.Load(t.Context(), "nobody"), k.Rotate(t.Context(), "nobody"),
		} {
			if !errors.Is(err, ErrUnknownScope) {
				t.Errorf("unknown scope: %v", err)
			}
		}
	})
}

func second(_ []byte, err error) error { return err }

func TestTampering(t *testing.T) {
	d := dbtest.SQLite(t, Migrations)
	k := open(t, d, testKEK(t, 1))
	k.now = func() time.Time { return time.Unix(0, 0) } // no reload for unknown key numbers
	sealed := seal(t, k, System, "the secret", "t", "c", "r")
	refuse := func(what string, bad []byte) {
		t.Helper()
		if got, err := k.Open(t.Context(), System, bad, "t", "c", "r"); !errors.Is(err, ErrOpen) || got != nil {
			t.Fatalf("%s: %q, %v", what, got, err)
		}
	}
	for i := range sealed {
		for bit := range 8 {
			bad := bytes.Clone(sealed)
			bad[i] ^= 1 << bit
			refuse(fmt.Sprintf("bit %d of byte %d", bit, i), bad)
		}
		refuse("truncation", sealed[:i])
		refuse("beheading", sealed[i+1:])
	}
	refuse("extension", append(bytes.Clone(sealed), 0))
	refuse("nothing", nil)
}

func TestMAC(t *testing.T) {
	dbtest.Each(t, Migrations, func(t *testing.T, d *db.DB) {
		k := open(t, d, testKEK(t, 1))
		create(t, d, k, "pool-a")
		create(t, d, k, "pool-b")
		mac := func(k *Keyring, scope, purpose string, data ...string) string {
			t.Helper()
			sum, err := k.MAC(t.Context(), scope, purpose, data...)
			if err != nil || len(sum) != 32 {
				t.Fatalf("%d bytes, %v", len(sum), err)
			}
			return hex.EncodeToString(sum)
		}
		want := mac(k, "pool-a", "code", "sub", "123456")
		seen := map[string]string{want: "itself"}
		for name, other := range map[string]string{
			"scope": mac(k, "pool-b", "code", "sub", "123456"), "purpose": mac(k, "pool-a", "cod", "esub", "123456"),
			"split": mac(k, "pool-a", "code", "sub1", "23456"), "join": mac(k, "pool-a", "code", "sub123456"),
			"empty word": mac(k, "pool-a", "code", "sub", "123456", ""), "none": mac(k, "pool-a", "code"),
		} {
			if same, ok := seen[other]; ok {
				t.Errorf("%s hashes like %s", name, same)
			}
			seen[other] = name
		}
		if err := k.Rotate(t.Context(), "pool-a"); err != nil {
			t.Fatal(err)
		}
		if mac(k, "pool-a", "code", "sub", "123456") != want {
			t.Error("rotation changed the hash")
		}
		if mac(open(t, d, testKEK(t, 1)), "pool-a", "code", "sub", "123456") != want {
			t.Error("a restart changed the hash")
		}
	})
}

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

// TestUnknownKeyNumbers checks that values with made-up key numbers, which anybody can send, rarely reach the database.
func TestUnknownKeyNumbers(t *testing.T) {
	d := dbtest.SQLite(t, Migrations)
	k := open(t, d, testKEK(t, 1))
	now := time.Now()
	k.now = func() time.Time { return now }
	k.Forget(System)
	sealed := seal(t, k, System, "x")
	before := k.scopes[System]
	forge := func(id uint32) {
		t.Helper()
		bad := bytes.Clone(sealed)
		binary.BigEndian.PutUint32(bad[1:], id)
		if _, err := k.Open(t.Context(), System, bad); !errors.Is(err, ErrOpen) {
			t.Fatalf("key %d: %v", id, err)
		}
	}
	for id := range uint32(100) {
		if id != 1 {
			forge(id)
		}
	}
	if k.scopes[System] != before {
		t.Fatal("read again within a second")
	}
	now = now.Add(reloadEvery)
	forge(7)
	if k.scopes[System] == before {
		t.Fatal("never read again")
	}
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

func BenchmarkSeal(b *testing.B) {
	k := open(b, dbtest.SQLite(b, Migrations), testKEK(b, 1))
	plain := make([]byte, 450)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := k.Seal(b.Context(), System, plain, "user", "credential", "sub"); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkOpen(b *testing.B) {
	k := open(b, dbtest.SQLite(b, Migrations), testKEK(b, 1))
	sealed := seal(b, k, System, string(make([]byte, 450)), "user", "credential", "sub")
	b.ReportAllocs()
	for b.Loop() {
		if _, err := k.Open(b.Context(), System, sealed, "user", "credential", "sub"); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkMAC(b *testing.B) {
	k := open(b, dbtest.SQLite(b, Migrations), testKEK(b, 1))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := k.MAC(b.Context(), System, "code", "sub", "123456"); err != nil {
			b.Fatal(err)
		}
	}
}
