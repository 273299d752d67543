package keyring

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"testing"
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
