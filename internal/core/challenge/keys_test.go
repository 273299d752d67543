package challenge

import (
	"bytes"
	"slices"
	"testing"

	"cognate/internal/base/db"
	"cognate/internal/base/keyring"
)

// otherPool is a second pool whose key exists as well.
const otherPool = "us-east-1_ZyXwVu987"

func migrations() []db.Migration { return slices.Concat(keyring.Migrations, Migrations) }

// testKeys returns a keyring with the keys of both pools.
func testKeys(t testing.TB, d *db.DB) *keyring.Keyring {
	t.Helper()
	kek, err := keyring.NewKEK(bytes.Repeat([]byte{7}, 32))
	if err != nil {
		t.Fatal(err)
	}
	keys, err := keyring.Open(t.Context(), d, kek)
	if err != nil {
		t.Fatal(err)
	}
	err = d.Update(t.Context(), func(tx *db.Tx) error {
		if err := keys.Create(tx, testPool); err != nil {
			return err
		}
		return keys.Create(tx, otherPool)
	})
	if err != nil {
		t.Fatal(err)
	}
	return keys
}
