package keyring

import (
	"errors"
	"fmt"

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
}}

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

// deleteAllScopes removes the keys of all scopes but System.
func deleteAllScopes(tx *db.Tx) error {
	_, err := tx.Exec("DELETE FROM data_key WHERE scope <> $1", System)
	return err
}
