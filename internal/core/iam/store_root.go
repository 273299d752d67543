package iam

import (
	"context"
	"errors"

	"cognate/internal/base/db"
)

// rootMigration keeps the root user's access key, one per account.
var rootMigration = db.Migration{
	ID: "iam/0001",
	Steps: []db.Step{
		db.CreateTable{
			Name: "iam_root_key",
			Columns: []db.Column{
				{Name: "account", Type: db.Text},
				{Name: "access_key_id", Type: db.Text},
				{Name: "secret", Type: db.Blob}, // sealed
				{Name: "created_at", Type: db.Int},
			},
			PrimaryKey: []string{"account"},
		},
	},
}

// insertRoot keeps key as the root key and reports whether it is the one kept:
// another node may have been first.
func (r *Room) insertRoot(ctx context.Context, key *RootKey) (bool, error) {
	return r.writeRoot(ctx, key, `INSERT INTO iam_root_key (account, access_key_id, secret, created_at) VALUES ($1, $2, $3, $4)
		ON CONFLICT (account) DO NOTHING`)
}

// replaceRoot keeps key instead of the one that there is.
func (r *Room) replaceRoot(ctx context.Context, key *RootKey) (bool, error) {
	return r.writeRoot(ctx, key, `INSERT INTO iam_root_key (account, access_key_id, secret, created_at) VALUES ($1, $2, $3, $4)
		ON CONFLICT (account) DO UPDATE SET access_key_id = excluded.access_key_id, secret = excluded.secret, created_at = excluded.created_at`)
}

func (r *Room) writeRoot(ctx context.Context, key *RootKey, sql string) (bool, error) {
	sealed, err := r.deps.Keyring.Seal(ctx, Scope, []byte(key.Secret), "iam_root_key", "secret", r.deps.Account, key.AccessKeyID)
	if err != nil {
		return false, err
	}
	var n int64
	err = r.deps.DB.Update(ctx, func(tx *db.Tx) error {
		var err error
		n, err = tx.Exec(sql, r.deps.Account, key.AccessKeyID, sealed, r.deps.Now().UnixMilli())
		return err
	})
	return n == 1, err
}

// RootAccounts lists the accounts that have a root key.
func RootAccounts(ctx context.Context, d *db.DB) ([]string, error) {
	var accounts []string
	err := d.Read(ctx, func(tx *db.Tx) error {
		accounts = nil
		rows, err := tx.Query(`SELECT account FROM iam_root_key ORDER BY account`)
		if err != nil {
			return err
		}
		for rows.Next() {
			var account string
			if err := rows.Scan(&account); err != nil {
				return errors.Join(err, rows.Close())
			}
			accounts = append(accounts, account)
		}
		return rows.Err()
	})
	return accounts, err
}

// loadRoot reads the root key; db.ErrNoRows when there is none.
func (r *Room) loadRoot(ctx context.Context) (*RootKey, error) {
	var key RootKey
	var sealed []byte
	err := r.deps.DB.Read(ctx, func(tx *db.Tx) error {
		return tx.QueryRow(`SELECT access_key_id, secret FROM iam_root_key WHERE account = $1`, r.deps.Account).Scan(&key.AccessKeyID, &sealed)
	})
	if err != nil {
		return nil, err
	}
	secret, err := r.deps.Keyring.Open(ctx, Scope, sealed, "iam_root_key", "secret", r.deps.Account, key.AccessKeyID)
	if err != nil {
		return nil, err
	}
	key.Secret = string(secret)
	return &key, nil
}
