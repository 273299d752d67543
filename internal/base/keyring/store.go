package keyring

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"

	"cognate/internal/base/db"
)

// Migrations of the wrapped data keys. The keys of a scope are numbered from 1; active is the one that seals.
var Migrations = []db.Migration{{
	ID: "keyring/0001",
	Steps: []db.Step{db.CreateTable{
		Name: "data_key",
		Columns: []db.Column{
			{Name: "scope", Type: db.Text},
			{Name: "key_id", Type: db.Int},
			{Name: "kek_id", Type: db.Text},
			{Name: "wrapped", Type: db.Blob},
			{Name: "created_at", Type: db.Int},
			{Name: "active", Type: db.Bool},
		},
		PrimaryKey: []string{"scope", "key_id"},
	}},
}, {
	// Which key-encryption keys are in use: the current one, and those that Rewrap has not replaced everywhere. holds
	// grows with every data key; it is there to be written. The current key stands in several rows, so that transactions
	// that wrap a data key at the same time seldom meet.
	ID: "keyring/0002",
	Steps: []db.Step{db.CreateTable{
		Name: "keyring_kek",
		Columns: []db.Column{
			{Name: "name", Type: db.Text},
			{Name: "kek_id", Type: db.Text},
			{Name: "since", Type: db.Int},
			{Name: "holds", Type: db.Int},
		},
		PrimaryKey: []string{"name"},
	}},
}}

// The names in keyring_kek: those of the current key are a prefix and a digit below currents, and each key that is on its
// way out has the other prefix and its id.
const (
	current  = "current "
	currents = 8
	retiring = "retiring "
)

func currentName(n int) string { return current + strconv.Itoa(n) }

// row is one wrapped data key.
type row struct {
	scope   string
	id      int64
	kekID   string
	wrapped []byte
	active  bool
}

const columns = "scope, key_id, kek_id, wrapped, active"

// collect reads the rows of a query.
func collect(rows *db.Rows, err error) ([]row, error) {
	if err != nil {
		return nil, err
	}
	var out []row
	for rows.Next() {
		var r row
		if err := rows.Scan(&r.scope, &r.id, &r.kekID, &r.wrapped, &r.active); err != nil {
			rows.Close()
			return nil, err
		}
		out = append(out, r)
	}
	return out, rows.Err()
}

// selectScope reads the keys of one scope, the first one first.
func selectScope(tx *db.Tx, scope string) ([]row, error) {
	return collect(tx.Query("SELECT "+columns+" FROM data_key WHERE scope = $1 ORDER BY key_id", scope))
}

// selectAfter reads at most limit keys behind a scope and key number, in order.
func selectAfter(tx *db.Tx, scope string, id int64, limit int) ([]row, error) {
	return collect(tx.Query("SELECT "+columns+" FROM data_key WHERE scope > $1 OR (scope = $1 AND key_id > $2)"+
		" ORDER BY scope, key_id LIMIT $3", scope, id, limit))
}

// insertRow adds a key; db.ErrConflict when its number is taken.
func insertRow(tx *db.Tx, r row, now int64) error {
	_, err := tx.Exec("INSERT INTO data_key (scope, key_id, kek_id, wrapped, created_at, active)"+
		" VALUES ($1, $2, $3, $4, $5, $6)", r.scope, r.id, r.kekID, r.wrapped, now, r.active)
	return err
}

// insertMissing adds a key unless its number is taken.
func insertMissing(tx *db.Tx, r row, now int64) error {
	_, err := tx.Exec("INSERT INTO data_key (scope, key_id, kek_id, wrapped, created_at, active)"+
		" VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (scope, key_id) DO NOTHING",
		r.scope, r.id, r.kekID, r.wrapped, now, r.active)
	return err
}

// retire takes a scope's key number id out of use. It returns false when that is not the active key any more.
func retire(tx *db.Tx, scope string, id int64) (bool, error) {
	n, err := tx.Exec("UPDATE data_key SET active = $1 WHERE scope = $2 AND key_id = $3 AND active = $4",
		false, scope, id, true)
	return n == 1, err
}

// replaceWrapped stores the same key wrapped by another KEK, unless somebody else has done so.
func replaceWrapped(tx *db.Tx, old row, kekID string, wrapped []byte) error {
	_, err := tx.Exec("UPDATE data_key SET kek_id = $1, wrapped = $2 WHERE scope = $3 AND key_id = $4 AND kek_id = $5",
		kekID, wrapped, old.scope, old.id, old.kekID)
	return err
}

// deleteScope removes all keys of a scope.
func deleteScope(tx *db.Tx, scope string) error {
	_, err := tx.Exec("DELETE FROM data_key WHERE scope = $1", scope)
	return err
}

// hasScope reports whether the scope has its first key.
func hasScope(tx *db.Tx, scope string) (bool, error) {
	var id int64
	err := tx.QueryRow("SELECT key_id FROM data_key WHERE scope = $1 AND key_id = $2", scope, 1).Scan(&id)
	if errors.Is(err, db.ErrNoRows) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("keyring: read scope: %w", err)
	}
	return true, nil
}

// selectCurrent reads which key-encryption key wraps new data keys; db.ErrNoRows before one was chosen.
func selectCurrent(tx *db.Tx) (id string, err error) {
	err = tx.QueryRow("SELECT kek_id FROM keyring_kek WHERE name = $1", currentName(0)).Scan(&id)
	return id, err
}

// selectNames reads all key-encryption keys that are needed.
func selectNames(tx *db.Tx) ([]string, error) {
	return texts(tx.Query("SELECT DISTINCT kek_id FROM keyring_kek ORDER BY kek_id"))
}

// selectKEKs reads by which key-encryption keys data keys are wrapped.
func selectKEKs(tx *db.Tx) ([]string, error) {
	return texts(tx.Query("SELECT DISTINCT kek_id FROM data_key ORDER BY kek_id"))
}

func texts(rows *db.Rows, err error) ([]string, error) {
	if err != nil {
		return nil, err
	}
	var out []string
	for rows.Next() {
		var text string
		if err := rows.Scan(&text); err != nil {
			rows.Close()
			return nil, err
		}
		out = append(out, text)
	}
	return out, rows.Err()
}

// holdCurrent locks one row of the current key, unless that is not id.
func holdCurrent(tx *db.Tx, id string) (bool, error) {
	n, err := tx.Exec("UPDATE keyring_kek SET holds = holds + 1 WHERE name = $1 AND kek_id = $2", currentName(rand.IntN(currents)), id)
	return n == 1, err
}

// insertCurrent names the current key, unless one is named.
func insertCurrent(tx *db.Tx, id string, now int64) error {
	for n := range currents {
		if err := insertName(tx, currentName(n), id, now); err != nil {
			return err
		}
	}
	return nil
}

// replaceCurrent makes another key the current one, unless somebody else has done so.
func replaceCurrent(tx *db.Tx, old, id string, now int64) (bool, error) {
	n, err := tx.Exec("UPDATE keyring_kek SET kek_id = $1, since = $2 WHERE name >= $3 AND name < $4 AND kek_id = $5",
		id, now, currentName(0), currentName(currents), old)
	return n == currents, err
}

// insertName adds a row unless there is one of that name.
func insertName(tx *db.Tx, name, id string, now int64) error {
	_, err := tx.Exec("INSERT INTO keyring_kek (name, kek_id, since, holds) VALUES ($1, $2, $3, 0) ON CONFLICT (name) DO NOTHING",
		name, id, now)
	return err
}

func deleteName(tx *db.Tx, name string) error {
	_, err := tx.Exec("DELETE FROM keyring_kek WHERE name = $1", name)
	return err
}

// deleteUnused removes the keys on their way out that wrap nothing any more.
func deleteUnused(tx *db.Tx) error {
	used, err := selectKEKs(tx)
	if err != nil {
		return err
	}
	names, err := selectNames(tx)
	if err != nil {
		return err
	}
	for _, id := range names {
		if !slices.Contains(used, id) {
			if err := deleteName(tx, retiring+id); err != nil {
				return err
			}
		}
	}
	return nil
}

// deleteAllScopes removes the keys of all scopes but System.
func deleteAllScopes(tx *db.Tx) error {
	_, err := tx.Exec("DELETE FROM data_key WHERE scope <> $1", System)
	return err
}
