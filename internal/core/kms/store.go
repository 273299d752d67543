package kms

import "cognate/internal/base/db"

// Migrations of this room. material is sealed under the keyring's system scope.
var Migrations = []db.Migration{{
	ID: "kms/0001",
	Steps: []db.Step{
		db.CreateTable{
			Name: "kms_key",
			Columns: []db.Column{
				{Name: "id", Type: db.Text},
				{Name: "description", Type: db.Text},
				{Name: "enabled", Type: db.Bool},
				{Name: "created_at", Type: db.Int},
				{Name: "material", Type: db.Blob},
			},
			PrimaryKey: []string{"id"},
		},
		db.CreateTable{
			Name: "kms_alias",
			Columns: []db.Column{
				{Name: "name", Type: db.Text}, // alias/...
				{Name: "key_id", Type: db.Text},
			},
			PrimaryKey: []string{"name"},
		},
	},
}}

type keyRow struct {
	id, description string
	enabled         bool
	created         int64 // ms
	sealed          []byte
}

// findKey reads a key by id or alias; db.ErrNoRows when there is none.
func findKey(tx *db.Tx, n name) (r keyRow, err error) {
	id := n.id
	if n.alias != "" {
		if err := tx.QueryRow(`SELECT key_id FROM kms_alias WHERE name = $1`, n.alias).Scan(&id); err != nil {
			return r, err
		}
	}
	err = tx.QueryRow(`SELECT id, description, enabled, created_at, material FROM kms_key WHERE id = $1`, id).
		Scan(&r.id, &r.description, &r.enabled, &r.created, &r.sealed)
	return r, err
}

func insertKey(tx *db.Tx, r keyRow) error {
	_, err := tx.Exec(`INSERT INTO kms_key (id, description, enabled, created_at, material) VALUES ($1, $2, $3, $4, $5)
		ON CONFLICT (id) DO NOTHING`, r.id, r.description, r.enabled, r.created, r.sealed)
	return err
}

func updateKey(tx *db.Tx, r keyRow) error {
	_, err := tx.Exec(`UPDATE kms_key SET description = $1, enabled = $2 WHERE id = $3`, r.description, r.enabled, r.id)
	return err
}

// putAlias gives a key a name. An existing alias moves only when asked to.
func putAlias(tx *db.Tx, alias, keyID string, move bool) error {
	if move {
		_, err := tx.Exec(`INSERT INTO kms_alias (name, key_id) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET key_id = $2`, alias, keyID)
		return err
	}
	_, err := tx.Exec(`INSERT INTO kms_alias (name, key_id) VALUES ($1, $2) ON CONFLICT (name) DO NOTHING`, alias, keyID)
	return err
}
