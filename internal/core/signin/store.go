package signin

import (
	"context"
	"time"

	"cognate/internal/base/db"
	"cognate/internal/base/limit"
)

// Migrations of this room: the failure counters of the lock-out rule. They are
// rows of their own, so that guessing never contends with writes to the user,
// and so that a name nobody has can be locked exactly like one that exists.
var Migrations = []db.Migration{{
	ID: "signin/0001",
	Steps: []db.Step{
		db.CreateTable{
			Name: "signin_failure",
			Columns: []db.Column{
				{Name: "pool_id", Type: db.Text},
				{Name: "account", Type: db.Text},
				{Name: "failures", Type: db.Int},
				{Name: "last_at", Type: db.Int},
				{Name: "locked_until", Type: db.Int},
			},
			PrimaryKey: []string{"pool_id", "account"},
		},
		db.CreateIndex{Name: "signin_failure_last", Table: "signin_failure", Columns: []string{"last_at"}},
	},
}, {
	// What a custom sign-in remembers between its hops, by session.
	ID: "signin/0002",
	Steps: []db.Step{
		db.CreateTable{
			Name: "signin_custom",
			Columns: []db.Column{
				{Name: "pool_id", Type: db.Text},
				{Name: "session_id", Type: db.Text},
				{Name: "state", Type: db.Blob},
				{Name: "expires_at", Type: db.Int},
			},
			PrimaryKey: []string{"pool_id", "session_id"},
		},
		db.CreateIndex{Name: "signin_custom_expires", Table: "signin_custom", Columns: []string{"expires_at"}},
	},
}, waitMigration, {
	ID: "signin/0004", Steps: limit.TallyTable(wrongAnswers.Table, wrongAnswers.Account),
}}

func insertCustom(tx *db.Tx, poolID, id, account string, state []byte, expires int64) error {
	_, err := tx.Exec(`INSERT INTO signin_custom (pool_id, session_id, account, state, expires_at) VALUES ($1, $2, $3, $4, $5)`,
		poolID, id, account, state, expires)
	return err
}

func deleteCustom(tx *db.Tx, poolID, id string) error {
	_, err := tx.Exec(`DELETE FROM signin_custom WHERE pool_id = $1 AND session_id = $2`, poolID, id)
	return err
}

func readCustom(tx *db.Tx, poolID, id string) (state []byte, err error) {
	err = tx.QueryRow(`SELECT state FROM signin_custom WHERE pool_id = $1 AND session_id = $2`, poolID, id).Scan(&state)
	return state, err
}

// Sweep deletes up to limit counters and kept states that have expired. It
// returns how many.
func (e *Engine) Sweep(_ context.Context, tx *db.Tx, now time.Time, limit int) (int, error) {
	n, err := failures.Expire(tx, now, limit)
	if err != nil || n >= limit {
		return n, err
	}
	w, err := wrongAnswers.Expire(tx, now, limit-n)
	if n += w; err != nil || n >= limit {
		return n, err
	}
	m, err := tx.Exec(`DELETE FROM signin_custom WHERE (pool_id, session_id) IN (
		SELECT pool_id, session_id FROM signin_custom WHERE expires_at < $1 ORDER BY expires_at LIMIT $2)`,
		now.UnixMilli(), limit-n)
	if n += int(m); err != nil || n >= limit {
		return n, err
	}
	k, err := sweepWaits(tx, now, limit-n)
	return n + int(k), err
}

// DropPool removes up to limit rows of a deleted pool and returns how many.
func (e *Engine) DropPool(tx *db.Tx, poolID string, limit int) (int, error) {
	n, err := failures.Purge(tx, poolID, limit)
	if err != nil || n > 0 {
		return n, err
	}
	if n, err = wrongAnswers.Purge(tx, poolID, limit); err != nil || n > 0 {
		return n, err
	}
	m, err := tx.Exec(`DELETE FROM signin_custom WHERE pool_id = $1 AND session_id IN (
		SELECT session_id FROM signin_custom WHERE pool_id = $1 LIMIT $2)`, poolID, limit)
	if err != nil || m > 0 {
		return int(m), err
	}
	m, err = dropWaits(tx, poolID, limit)
	return int(m), err
}
