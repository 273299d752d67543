package signin

import (
	"context"
	"errors"
	"time"

	"cognate/internal/base/db"
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
}, waitMigration}

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

// failures is the counter of one account; the zero value is a clean record.
type failures struct {
	count       int64
	lockedUntil int64 // ms since epoch
}

func (f failures) locked(now time.Time) bool { return f.lockedUntil > now.UnixMilli() }

func readFailures(tx *db.Tx, poolID, account string) (failures, error) {
	var f failures
	err := tx.QueryRow(`SELECT failures, locked_until FROM signin_failure WHERE pool_id = $1 AND account = $2`,
		poolID, account).Scan(&f.count, &f.lockedUntil)
	if errors.Is(err, db.ErrNoRows) {
		return failures{}, nil
	}
	return f, err
}

// recordFailure counts one refused proof. It reports false, and counts nothing,
// when the account is already locked: such attempts do not extend the lock.
func recordFailure(tx *db.Tx, poolID, account string, now time.Time) (bool, error) {
	n, err := countFailure(tx, poolID, account, now)
	return n > 0, err
}

// returnFailure takes back a try that was counted as the n-th before it was
// judged, and those before it, when it turned out right. Tries that were counted
// since stay.
func returnFailure(tx *db.Tx, poolID, account string, n int64) error {
	gone, err := tx.Exec(`DELETE FROM signin_failure WHERE pool_id = $1 AND account = $2 AND failures = $3`, poolID, account, n)
	if err != nil || gone > 0 {
		return err
	}
	_, err = tx.Exec(`UPDATE signin_failure SET failures = failures - 1 WHERE pool_id = $1 AND account = $2 AND failures > 1`, poolID, account)
	return err
}

// countFailure is recordFailure that returns which failure in a row it is, 0 for
// a locked account.
func countFailure(tx *db.Tx, poolID, account string, now time.Time) (int64, error) {
	at := now.UnixMilli()
	var count int64
	err := tx.QueryRow(`INSERT INTO signin_failure (pool_id, account, failures, last_at, locked_until)
		VALUES ($1, $2, 1, $3, 0)
		ON CONFLICT (pool_id, account) DO UPDATE SET
			failures = CASE WHEN signin_failure.last_at < $4 AND signin_failure.locked_until < $4
				THEN 1 ELSE signin_failure.failures + 1 END,
			last_at = excluded.last_at
		WHERE signin_failure.locked_until <= $3
		RETURNING failures`, poolID, account, at, now.Add(-forgetAfter).UnixMilli()).Scan(&count)
	if errors.Is(err, db.ErrNoRows) {
		return 0, nil
	}
	if err != nil || count < freeFailures {
		return count, err
	}
	_, err = tx.Exec(`UPDATE signin_failure SET locked_until = $3 WHERE pool_id = $1 AND account = $2`,
		poolID, account, now.Add(lockFor(count)).UnixMilli())
	return count, err
}

// clearFailures forgets a counter after a success. It reports false when the
// account was locked by failures that were committed in the meantime.
func clearFailures(tx *db.Tx, poolID, account string, now time.Time) (bool, error) {
	f, err := readFailures(tx, poolID, account)
	if err != nil || f.count == 0 {
		return true, err
	}
	n, err := tx.Exec(`DELETE FROM signin_failure WHERE pool_id = $1 AND account = $2 AND locked_until <= $3`,
		poolID, account, now.UnixMilli())
	if err != nil || n > 0 {
		return true, err
	}
	f, err = readFailures(tx, poolID, account) // locked, or cleared by another success
	return !f.locked(now), err
}

// Sweep deletes up to limit counters and kept states that have expired. It
// returns how many.
func (e *Engine) Sweep(_ context.Context, tx *db.Tx, now time.Time, limit int) (int, error) {
	n, err := tx.Exec(`DELETE FROM signin_failure WHERE (pool_id, account) IN (
		SELECT pool_id, account FROM signin_failure WHERE last_at < $1 AND locked_until < $1 ORDER BY last_at LIMIT $2)`,
		now.Add(-forgetAfter).UnixMilli(), limit)
	if err != nil || int(n) >= limit {
		return int(n), err
	}
	m, err := tx.Exec(`DELETE FROM signin_custom WHERE (pool_id, session_id) IN (
		SELECT pool_id, session_id FROM signin_custom WHERE expires_at < $1 ORDER BY expires_at LIMIT $2)`,
		now.UnixMilli(), limit-int(n))
	if err != nil || int(n+m) >= limit {
		return int(n + m), err
	}
	k, err := sweepWaits(tx, now, limit-int(n+m))
	return int(n + m + k), err
}

// DropPool removes up to limit rows of a deleted pool and returns how many.
func (e *Engine) DropPool(tx *db.Tx, poolID string, limit int) (int, error) {
	n, err := tx.Exec(`DELETE FROM signin_failure WHERE pool_id = $1 AND account IN (
		SELECT account FROM signin_failure WHERE pool_id = $1 LIMIT $2)`, poolID, limit)
	if err != nil || n > 0 {
		return int(n), err
	}
	n, err = tx.Exec(`DELETE FROM signin_custom WHERE pool_id = $1 AND session_id IN (
		SELECT session_id FROM signin_custom WHERE pool_id = $1 LIMIT $2)`, poolID, limit)
	if err != nil || n > 0 {
		return int(n), err
	}
	n, err = dropWaits(tx, poolID, limit)
	return int(n), err
}
