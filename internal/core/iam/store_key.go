package iam

import (
	"errors"

	"cognate/internal/base/db"
)

// The states of an access key. A deleted one is remembered, so that its id never means anything else.
const (
	keyActive   = "Active"
	keyInactive = "Inactive"
	keyDeleted  = "Deleted"
)

// accessKey is a row of iam_access_key.
type accessKey struct {
	id, userKey, userID, status string
	sealed                      []byte
	created                     int64
}

// readKey reads a key, also a deleted one; errNoEntity when there never was one.
func readKey(tx *db.Tx, account, id string) (k accessKey, err error) {
	k.id = id
	err = tx.QueryRow(`SELECT user_key, user_id, secret, status, created_at FROM iam_access_key
		WHERE account = $1 AND access_key_id = $2`, account, id).
		Scan(&k.userKey, &k.userID, &k.sealed, &k.status, &k.created)
	if errors.Is(err, db.ErrNoRows) {
		err = errNoEntity
	}
	return k, err
}

func insertKey(tx *db.Tx, account string, k accessKey) error {
	_, err := tx.Exec(`INSERT INTO iam_access_key (account, access_key_id, user_key, user_id, secret, status, created_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7)`, account, k.id, k.userKey, k.userID, k.sealed, k.status, k.created)
	return err
}

func setKeyStatus(tx *db.Tx, account, id, status string) error {
	_, err := tx.Exec(`UPDATE iam_access_key SET status = $1 WHERE account = $2 AND access_key_id = $3`, status, account, id)
	return err
}

// buryKey leaves nothing of a key but its id.
func buryKey(tx *db.Tx, account, id string) error {
	_, err := tx.Exec(`UPDATE iam_access_key SET status = $1, secret = $2, user_key = '' WHERE account = $3 AND access_key_id = $4`, keyDeleted, []byte{}, account, id)
	return err
}

// moveKey follows a user to a new name.
func moveKey(tx *db.Tx, account, id, userKey string) error {
	_, err := tx.Exec(`UPDATE iam_access_key SET user_key = $1 WHERE account = $2 AND access_key_id = $3`, userKey, account, id)
	return err
}

// markUsed notes the last use of a key or role, unless a later one is known.
func markUsed(tx *db.Tx, account, id string, u use) error {
	_, err := tx.Exec(`INSERT INTO iam_last_use (account, id, used_at, service, region) VALUES ($1, $2, $3, $4, $5)
		ON CONFLICT (account, id) DO UPDATE SET used_at = excluded.used_at, service = excluded.service, region = excluded.region
		WHERE iam_last_use.used_at < excluded.used_at`, account, id, u.at, u.service, u.region)
	return err
}

// lastUse reads when a key or role was used last, zero for never.
func lastUse(tx *db.Tx, account, id string) (u use, err error) {
	err = tx.QueryRow(`SELECT used_at, service, region FROM iam_last_use WHERE account = $1 AND id = $2`, account, id).Scan(&u.at, &u.service, &u.region)
	if errors.Is(err, db.ErrNoRows) {
		return use{}, nil
	}
	return u, err
}

// forgetUse drops what is known of a key or role that is gone.
func forgetUse(tx *db.Tx, account, id string) error {
	_, err := tx.Exec(`DELETE FROM iam_last_use WHERE account = $1 AND id = $2`, account, id)
	return err
}
