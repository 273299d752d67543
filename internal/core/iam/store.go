package iam

import (
	"encoding/json"
	"errors"
	"fmt"
	"reflect"

	"cognate/internal/base/db"
)

// Migrations of this room. What IAM keeps belongs to the account: its entities as JSON, what points to groups and
// policies, and access keys. iam_change counts the changes, so that other nodes notice them.
var Migrations = []db.Migration{rootMigration, entityMigration, guessMigration}

var entityMigration = db.Migration{
	ID: "iam/0002",
	Steps: []db.Step{
		db.CreateTable{
			Name: "iam_entity", Wide: true,
			Columns: []db.Column{
				{Name: "account", Type: db.Text}, {Name: "kind", Type: db.Text}, {Name: "name_key", Type: db.Text}, {Name: "config", Type: db.Text},
			},
			PrimaryKey: []string{"account", "kind", "name_key"},
		},
		db.CreateTable{
			Name: "iam_link", // target is a group or a policy, kind and name_key whoever is in it or has it
			Columns: []db.Column{
				{Name: "account", Type: db.Text}, {Name: "target", Type: db.Text}, {Name: "kind", Type: db.Text}, {Name: "name_key", Type: db.Text},
			},
			PrimaryKey: []string{"account", "target", "kind", "name_key"},
		},
		db.CreateTable{
			Name: "iam_access_key",
			Columns: []db.Column{
				{Name: "account", Type: db.Text}, {Name: "access_key_id", Type: db.Text}, {Name: "user_key", Type: db.Text},
				{Name: "user_id", Type: db.Text}, {Name: "secret", Type: db.Blob}, // sealed; empty once the key is deleted
				{Name: "status", Type: db.Text}, {Name: "created_at", Type: db.Int},
			},
			PrimaryKey: []string{"account", "access_key_id"},
		},
		db.CreateTable{
			Name: "iam_last_use", // of access keys, and of roles by their unique ids
			Columns: []db.Column{
				{Name: "account", Type: db.Text}, {Name: "id", Type: db.Text}, {Name: "used_at", Type: db.Int},
				{Name: "service", Type: db.Text}, {Name: "region", Type: db.Text},
			},
			PrimaryKey: []string{"account", "id"},
		},
		db.CreateTable{
			Name:       "iam_change",
			Columns:    []db.Column{{Name: "account", Type: db.Text}, {Name: "version", Type: db.Int}},
			PrimaryKey: []string{"account"},
		},
	},
}

// errNoEntity says that nothing of that kind has that name.
var errNoEntity = errors.New("iam: no such entity")

// count counts one change. It comes first in a transaction that changes something: the row that it writes then makes
// such transactions follow one another, so that what one reads cannot be changed by another before it commits.
func count(tx *db.Tx, account string) error {
	_, err := tx.Exec(`INSERT INTO iam_change (account, version) VALUES ($1, 1) ON CONFLICT (account) DO UPDATE SET version = iam_change.version + 1`, account)
	return err
}

// counted is the number of changes so far.
func counted(tx *db.Tx, account string) (n int64, err error) {
	err = tx.QueryRow(`SELECT version FROM iam_change WHERE account = $1`, account).Scan(&n)
	if errors.Is(err, db.ErrNoRows) {
		return 0, nil
	}
	return n, err
}

// read fills e with what is kept under a key.
func read(tx *db.Tx, account string, e entity, key string) error {
	var config string
	err := tx.QueryRow(`SELECT config FROM iam_entity WHERE account = $1 AND kind = $2 AND name_key = $3`, account, string(e.kind()), key).Scan(&config)
	if errors.Is(err, db.ErrNoRows) {
		return errNoEntity
	}
	if err != nil {
		return err
	}
	return decode(config, e)
}

func decode(config string, e entity) error {
	reflect.ValueOf(e).Elem().SetZero() // a transaction may run again
	if err := json.Unmarshal([]byte(config), e); err != nil {
		return fmt.Errorf("iam: stored %s: %w", e.kind(), err)
	}
	return nil
}

// insert keeps a new entity and reports whether its name was free.
func insert(tx *db.Tx, account string, e entity) (bool, error) {
	config, err := json.Marshal(e)
	if err != nil {
		return false, err
	}
	n, err := tx.Exec(`INSERT INTO iam_entity (account, kind, name_key, config) VALUES ($1, $2, $3, $4) ON CONFLICT (account, kind, name_key) DO NOTHING`,
		account, string(e.kind()), key(e.common().Name), string(config))
	return n == 1, err
}

// replace keeps what an entity has become.
func replace(tx *db.Tx, account string, e entity) error {
	config, err := json.Marshal(e)
	if err != nil {
		return err
	}
	_, err = tx.Exec(`UPDATE iam_entity SET config = $1 WHERE account = $2 AND kind = $3 AND name_key = $4`,
		string(config), account, string(e.kind()), key(e.common().Name))
	return err
}

func remove(tx *db.Tx, account string, k kind, key string) error {
	_, err := tx.Exec(`DELETE FROM iam_entity WHERE account = $1 AND kind = $2 AND name_key = $3`, account, string(k), key)
	return err
}

// howMany counts the entities of a kind.
func howMany(tx *db.Tx, account string, k kind) (n int64, err error) {
	err = tx.QueryRow(`SELECT COUNT(*) FROM iam_entity WHERE account = $1 AND kind = $2`, account, string(k)).Scan(&n)
	return n, err
}

// after reads up to limit entities of a kind behind a key, in the order of their keys.
func after(tx *db.Tx, account string, k kind, key string, limit int) (configs []string, err error) {
	rows, err := tx.Query(`SELECT config FROM iam_entity WHERE account = $1 AND kind = $2 AND name_key > $3 ORDER BY name_key LIMIT $4`, account, string(k), key, limit)
	if err != nil {
		return nil, err
	}
	for rows.Next() {
		var config string
		if err := rows.Scan(&config); err != nil {
			return nil, errors.Join(err, rows.Close())
		}
		configs = append(configs, config)
	}
	return configs, rows.Err()
}

// link is whoever is in a group or has a policy.
type link struct {
	kind kind
	key  string
}

// The targets of links.
func members(groupKey string) string { return "group " + groupKey }
func holders(arn string) string      { return "policy " + arn }
func bounded(arn string) string      { return "boundary " + arn }

func addLink(tx *db.Tx, account, target string, l link) error {
	_, err := tx.Exec(`INSERT INTO iam_link (account, target, kind, name_key) VALUES ($1, $2, $3, $4) ON CONFLICT (account, target, kind, name_key) DO NOTHING`,
		account, target, string(l.kind), l.key)
	return err
}

func dropLink(tx *db.Tx, account, target string, l link) error {
	_, err := tx.Exec(`DELETE FROM iam_link WHERE account = $1 AND target = $2 AND kind = $3 AND name_key = $4`, account, target, string(l.kind), l.key)
	return err
}

func countLinks(tx *db.Tx, account, target string) (n int64, err error) {
	err = tx.QueryRow(`SELECT COUNT(*) FROM iam_link WHERE account = $1 AND target = $2`, account, target).Scan(&n)
	return n, err
}

// links reads up to limit links of a target behind one.
func links(tx *db.Tx, account, target string, behind link, limit int) (out []link, err error) {
	rows, err := tx.Query(`SELECT kind, name_key FROM iam_link WHERE account = $1 AND target = $2 AND (kind > $3 OR kind = $3 AND name_key > $4)
		ORDER BY kind, name_key LIMIT $5`, account, target, string(behind.kind), behind.key, limit)
	if err != nil {
		return nil, err
	}
	for rows.Next() {
		var l link
		if err := rows.Scan(&l.kind, &l.key); err != nil {
			return nil, errors.Join(err, rows.Close())
		}
		out = append(out, l)
	}
	return out, rows.Err()
}
