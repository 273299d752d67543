package backup

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"testing"
	"time"

	"filippo.io/age"

	"cognate/internal/base/db"
	"cognate/internal/base/keyring"
	"cognate/internal/testkit/dbtest"
)

var schema = []db.Migration{{ID: "t/0001", Steps: []db.Step{db.CreateTable{
	Name: "thing", PrimaryKey: []string{"id"},
	Columns: []db.Column{{Name: "id", Type: db.Int}, {Name: "name", Type: db.Text}, {Name: "data", Type: db.Blob}, {Name: "flag", Type: db.Bool}},
}}}}

func kek(t testing.TB, b byte) keyring.KEK {
	t.Helper()
	k, err := keyring.NewKEK(bytes.Repeat([]byte{b}, 32))
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func fill(t testing.TB, d *db.DB, n int) {
	t.Helper()
	err := d.Update(t.Context(), func(tx *db.Tx) error {
		for i := range n {
			if _, err := tx.Exec("INSERT INTO thing (id, name, data, flag) VALUES ($1, $2, $3, $4)", i, fmt.Sprint("n", i),
				bytes.Repeat([]byte{byte(i), 0}, 500), i%2 == 0); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func make1(t testing.TB, d *db.DB, recipients ...age.Recipient) []byte {
	t.Helper()
	var out bytes.Buffer
	if err := Write(t.Context(), &out, d, Header{Created: time.Unix(1, 0).UTC(), Migrations: d.Schema(), KEK: "k"}, recipients...); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// TestRoundTrip: from either engine, for the key-encryption key and for an age identity.
func TestRoundTrip(t *testing.T) {
	other := dbtest.SQLite(t, schema)
	dbtest.Each(t, schema, func(t *testing.T, d *db.DB) {
		fill(t, d, 1500)
		person, err := age.GenerateX25519Identity()
		if err != nil {
			t.Fatal(err)
		}
		file := make1(t, d, ForKEK{kek(t, 1)}, person.Recipient())
		if bytes.Contains(file, []byte("thing")) || bytes.Contains(file, []byte("t/0001")) {
			t.Error("something is readable without a key")
		}
		for name, identity := range map[string]age.Identity{"key": ByKEK{kek(t, 1)}, "identity": person} {
			open := func() (io.Reader, error) { return Open(bytes.NewReader(file), identity) }
			b, err := Open(bytes.NewReader(file), identity)
			if err != nil {
				t.Fatal(err)
			}
			info, err := b.Verify(schema)
			if err != nil || info.Rows["thing"] != 1500 || b.Header.KEK != "k" {
				t.Errorf("%s: %+v, %v", name, info, err)
			}
			for _, to := range []*db.DB{other, d} {
				if err := to.ReadDump(t.Context(), open); err != nil {
					t.Fatal(err)
				}
			}
			a, err1 := d.Dump(t.Context())
			b2, err2 := other.Dump(t.Context())
			if err1 != nil || err2 != nil || !bytes.Equal(a, b2) {
				t.Errorf("%s: the copy differs (%v, %v)", name, err1, err2)
			}
		}
		if _, err := Open(bytes.NewReader(file), ByKEK{kek(t, 2)}); !errors.Is(err, ErrIdentity) {
			t.Errorf("another key: %v", err)
		}
	})
}

// TestDamage: cut off anywhere or changed anywhere, a backup is refused.
func TestDamage(t *testing.T) {
	d := dbtest.SQLite(t, schema)
	fill(t, d, 300)
	file := make1(t, d, ForKEK{kek(t, 1)})
	try := func(file []byte) error {
		b, err := Open(bytes.NewReader(file), ByKEK{kek(t, 1)})
		if err == nil {
			_, err = b.Verify(schema)
		}
		return err
	}
	if err := try(file); err != nil {
		t.Fatal(err)
	}
	for i := range 100 {
		at := i * len(file) / 100
		if err := try(file[:at]); err == nil {
			t.Errorf("cut off at %d of %d", at, len(file))
		}
		changed := bytes.Clone(file)
		changed[at] ^= 0x20
		if err := try(changed); err == nil {
			t.Errorf("changed at %d of %d", at, len(file))
		}
	}
	if err := try(append(bytes.Clone(file), 'x')); err == nil {
		t.Error("something follows")
	}
	if err := try(file[:len(file)-1]); !errors.Is(err, ErrDamaged) {
		t.Errorf("the last byte is missing: %v", err)
	}
}

// TestInside: what has the right key but not the right contents is refused too.
func TestInside(t *testing.T) {
	d := dbtest.SQLite(t, schema)
	fill(t, d, 10)
	plain, err := age.Decrypt(bytes.NewReader(make1(t, d, ForKEK{kek(t, 1)})), ByKEK{kek(t, 1)})
	if err != nil {
		t.Fatal(err)
	}
	good, err := io.ReadAll(plain)
	if err != nil {
		t.Fatal(err)
	}
	seal := func(text []byte) []byte {
		var out bytes.Buffer
		w, err := age.Encrypt(&out, ForKEK{kek(t, 1)})
		if err == nil {
			_, err = w.Write(text)
		}
		if err = errors.Join(err, w.Close()); err != nil {
			t.Fatal(err)
		}
		return out.Bytes()
	}
	for i := range len(good) {
		changed := bytes.Clone(good)
		changed[i] ^= 0x11
		b, err := Open(bytes.NewReader(seal(changed)), ByKEK{kek(t, 1)})
		if err == nil {
			_, err = b.Verify(schema)
		}
		if !errors.Is(err, ErrDamaged) {
			t.Fatalf("byte %d of %d: %v", i, len(good), err)
		}
	}
	newer := append(schema[:1:1], db.Migration{ID: "t/0002"})
	b, err := Open(bytes.NewReader(seal(good)), ByKEK{kek(t, 1)})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := b.Verify(newer); err != nil {
		t.Errorf("a newer program: %v", err)
	}
	b, _ = Open(bytes.NewReader(seal(good)), ByKEK{kek(t, 1)})
	if _, err := b.Verify(nil); !errors.Is(err, db.ErrDump) {
		t.Errorf("an older program: %v", err)
	}
}
