package db_test

import (
	"bytes"
	"context"
	"errors"
	"math"
	"slices"
	"testing"

	"cognate/internal/base/db"
	"cognate/internal/testkit/dbtest"
)

func fill(t testing.TB, d *db.DB) {
	t.Helper()
	update(t, d, func(tx *db.Tx) error {
		for i, name := range []string{"", "é", "b", "漢"} {
			note := new("n")
			if i%2 == 0 {
				note = nil
			}
			_, err := tx.Exec("INSERT INTO item (pool_id, name, n, flag, data, note) VALUES ('p', $1, $2, $3, $4, $5)",
				name, int64(math.MinInt64)+int64(i), i%2 == 0, bytes.Repeat([]byte{0, 255}, i*3000), note)
			if err != nil {
				return err
			}
		}
		for i := range 500 {
			if _, err := tx.Exec("INSERT INTO wide (id, body) VALUES ($1, 'b')", string(rune('a'+i%26))+string(rune(0x100+i))); err != nil {
				return err
			}
		}
		return nil
	})
}

func TestDumpRestore(t *testing.T) {
	ctx := context.Background()
	other := dbtest.SQLite(t, schema)
	each(t, func(t *testing.T, d *db.DB) {
		fill(t, d)
		first, err := d.Dump(ctx)
		if err != nil {
			t.Fatal(err)
		}
		update(t, d, func(tx *db.Tx) error {
			_, err := tx.Exec("UPDATE item SET n = 0")
			if err == nil {
				_, err = tx.Exec("DELETE FROM wide")
			}
			return err
		})
		// Here and on another engine the dump gives the same state, of which
		// a dump is equal byte by byte.
		for _, to := range []*db.DB{d, other} {
			if err := to.Restore(ctx, first); err != nil {
				t.Fatal(err)
			}
			again, err := to.Dump(ctx)
			if err != nil || !bytes.Equal(first, again) {
				t.Errorf("%s: state differs after Restore, %v", to.Engine(), err)
			}
		}
	})
}

func TestRestoreRefuses(t *testing.T) {
	ctx := context.Background()
	d := dbtest.SQLite(t, schema)
	fill(t, d)
	good, err := d.Dump(ctx)
	if err != nil {
		t.Fatal(err)
	}
	newer := dbtest.SQLite(t, append(slices.Clone(schema), second))
	foreign, err := newer.Dump(ctx)
	if err != nil {
		t.Fatal(err)
	}
	bad := [][]byte{nil, []byte("x"), good[:20], good[:len(good)/2], good[:len(good)-1], foreign}
	for i := range 200 {
		b := bytes.Clone(good)
		b[15+i*(len(b)-15)/200] ^= 0x55
		bad = append(bad, b)
	}
	for i, b := range bad {
		if err := d.Restore(ctx, b); !errors.Is(err, db.ErrDump) {
			t.Errorf("dump %d: %v", i, err)
		}
	}
	if now, err := d.Dump(ctx); err != nil || !bytes.Equal(now, good) {
		t.Errorf("refused dumps changed the data (%v)", err)
	}
}

func FuzzRestore(f *testing.F) {
	ctx := context.Background()
	d, err := db.Open(ctx, db.Options{SQLite: ":memory:"})
	if err != nil {
		f.Fatal(err)
	}
	defer d.Close()
	if err := d.Migrate(ctx, schema); err != nil {
		f.Fatal(err)
	}
	put(f, d, "a", "b")
	good, err := d.Dump(ctx)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(good)
	f.Fuzz(func(t *testing.T, b []byte) {
		// Past the checksum, the reader has to cope with anything.
		_ = d.Restore(ctx, db.Reseal(b))
		_ = d.Restore(ctx, b)
	})
}
