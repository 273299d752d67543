package signin

import (
	"time"

	"cognate/internal/base/db"
)

// wait is a session of DEVICE_SRP_AUTH that may be answered without being sent.
type wait struct {
	poolID, account, sessionID string
	key, session               string
	expires                    int64
}

// waitMigration makes the table of waiting sessions. Those of one user lie together.
var waitMigration = db.Migration{
	ID: "signin/0003",
	Steps: []db.Step{
		db.CreateTable{
			Name: "signin_device",
			Columns: []db.Column{
				{Name: "pool_id", Type: db.Text},
				{Name: "account", Type: db.Text},
				{Name: "session_id", Type: db.Text},
				{Name: "wait_key", Type: db.Text},
				{Name: "session", Type: db.Text},
				{Name: "expires_at", Type: db.Int},
			},
			PrimaryKey: []string{"pool_id", "account", "session_id"},
		},
		db.CreateIndex{Name: "signin_device_expires", Table: "signin_device", Columns: []string{"expires_at"}},
		// Whose running sign-in a kept state is of, so that it goes with its user; "" in rows of older versions.
		db.AddColumn{Table: "signin_custom", Column: db.Column{Name: "account", Type: db.Text, Default: ""}},
		db.CreateIndex{Name: "signin_custom_account", Table: "signin_custom", Columns: []string{"pool_id", "account"}},
	},
}

func insertWait(tx *db.Tx, w wait) error {
	_, err := tx.Exec(`INSERT INTO signin_device (pool_id, account, session_id, wait_key, session, expires_at) VALUES ($1, $2, $3, $4, $5, $6)`,
		w.poolID, w.account, w.sessionID, w.key, w.session, w.expires)
	return err
}

// maxWaits is how many waiting sessions of a device are looked at: more than a person begins within their short lives.
const maxWaits = 20

// takeWait removes the oldest session that waits under a key and returns it, "" for none. Of parallel callers each gets
// another one.
func takeWait(tx *db.Tx, poolID, account, key string, now int64) (string, error) {
	rows, err := tx.Query(`SELECT session_id, session FROM signin_device
		WHERE pool_id = $1 AND account = $2 AND wait_key = $3 AND expires_at > $4 ORDER BY expires_at, session_id LIMIT $5`,
		poolID, account, key, now, maxWaits)
	if err != nil {
		return "", err
	}
	defer rows.Close()
	var found []wait
	for rows.Next() {
		var w wait
		if err := rows.Scan(&w.sessionID, &w.session); err != nil {
			return "", err
		}
		found = append(found, w)
	}
	if err := rows.Err(); err != nil {
		return "", err
	}
	for _, w := range found {
		n, err := deleteWait(tx, poolID, account, w.sessionID)
		if err != nil || n > 0 {
			return w.session, err
		}
	}
	return "", nil
}

func deleteWait(tx *db.Tx, poolID, account, sessionID string) (int64, error) {
	return tx.Exec(`DELETE FROM signin_device WHERE pool_id = $1 AND account = $2 AND session_id = $3`, poolID, account, sessionID)
}

func sweepWaits(tx *db.Tx, now time.Time, limit int) (int64, error) {
	return tx.Exec(`DELETE FROM signin_device WHERE (pool_id, account, session_id) IN (
		SELECT pool_id, account, session_id FROM signin_device WHERE expires_at < $1 ORDER BY expires_at LIMIT $2)`, now.UnixMilli(), limit)
}

func dropWaits(tx *db.Tx, poolID string, limit int) (int64, error) {
	return tx.Exec(`DELETE FROM signin_device WHERE pool_id = $1 AND (account, session_id) IN (
		SELECT account, session_id FROM signin_device WHERE pool_id = $1 LIMIT $2)`, poolID, limit)
}
