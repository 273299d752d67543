package limit

import (
	"errors"
	"fmt"
	"time"

	"cognate/internal/base/db"
	"cognate/internal/base/obs"
)

// Tally counts failures in a row of accounts of a pool and locks them by Lock. Each room keeps its own table (see
// TallyTable). A try is counted before it is judged, so that of parallel guesses no more are judged than of guesses one
// after the other, and taken back when it turns out right.
//
// What is told apart below one account is written behind a slash ("sub/first"): DropAccount removes it all.
type Tally struct {
	Table   string
	Account string // the column of the account
	Lock    Lock
}

// TallyTable are the steps that make the table of a Tally.
func TallyTable(table, account string) []db.Step {
	return []db.Step{
		db.CreateTable{
			Name: table,
			Columns: []db.Column{
				{Name: "pool_id", Type: db.Text},
				{Name: account, Type: db.Text},
				{Name: "failures", Type: db.Int},
				{Name: "last_at", Type: db.Int},
				{Name: "locked_until", Type: db.Int},
			},
			PrimaryKey: []string{"pool_id", account},
		},
		db.CreateIndex{Name: table + "_last", Table: table, Columns: []string{"last_at"}},
	}
}

// sql puts the names of a table and its account column into a statement.
func (t Tally) sql(text string) string { return fmt.Sprintf(text, t.Table, t.Account) }

// later notes in the event of the request when a locked account may try again.
func later(tx *db.Tx, until int64, now time.Time) {
	obs.From(tx.Context()).After = time.UnixMilli(until).Sub(now)
}

// Count counts a try and returns which failure in a row it would be; 0, and nothing is counted, for a locked account:
// such tries do not extend the lock.
func (t Tally) Count(tx *db.Tx, poolID, account string, now time.Time) (int64, error) {
	at := now.UnixMilli()
	var n int64
	err := tx.QueryRow(t.sql(`INSERT INTO %[1]s (pool_id, %[2]s, failures, last_at, locked_until)
		VALUES ($1, $2, 1, $3, 0)
		ON CONFLICT (pool_id, %[2]s) DO UPDATE SET
			failures = CASE WHEN %[1]s.last_at < $4 AND %[1]s.locked_until < $4 THEN 1 ELSE %[1]s.failures + 1 END,
			last_at = excluded.last_at
		WHERE %[1]s.locked_until <= $3
		RETURNING failures`), poolID, account, at, t.Lock.Forgotten(now)).Scan(&n)
	if errors.Is(err, db.ErrNoRows) {
		_, err := t.Locked(tx, poolID, account, now)
		return 0, err
	}
	wait := t.Lock.For(n)
	if err != nil || wait == 0 {
		return n, err
	}
	_, err = tx.Exec(t.sql(`UPDATE %[1]s SET locked_until = $3 WHERE pool_id = $1 AND %[2]s = $2`),
		poolID, account, now.Add(wait).UnixMilli())
	return n, err
}

// Locked reports whether an account is locked.
func (t Tally) Locked(tx *db.Tx, poolID, account string, now time.Time) (bool, error) {
	_, until, err := t.read(tx, poolID, account)
	if until > now.UnixMilli() {
		later(tx, until, now)
		return true, err
	}
	return false, err
}

func (t Tally) read(tx *db.Tx, poolID, account string) (count, lockedUntil int64, err error) {
	err = tx.QueryRow(t.sql(`SELECT failures, locked_until FROM %[1]s WHERE pool_id = $1 AND %[2]s = $2`), poolID, account).
		Scan(&count, &lockedUntil)
	if errors.Is(err, db.ErrNoRows) {
		return 0, 0, nil
	}
	return count, lockedUntil, err
}

// Return takes back a try that was counted as the n-th before it was judged, and those before it, when it turned out
// right. Tries that were counted since stay.
func (t Tally) Return(tx *db.Tx, poolID, account string, n int64) error {
	gone, err := tx.Exec(t.sql(`DELETE FROM %[1]s WHERE pool_id = $1 AND %[2]s = $2 AND failures = $3`), poolID, account, n)
	if err != nil || gone > 0 {
		return err
	}
	_, err = tx.Exec(t.sql(`UPDATE %[1]s SET failures = failures - 1 WHERE pool_id = $1 AND %[2]s = $2 AND failures > 1`), poolID, account)
	return err
}

// Undo takes back a try that was counted as the n-th and turned out right, with the lock that it brought, and nothing else:
// for proofs of which several come before a success.
func (t Tally) Undo(tx *db.Tx, poolID, account string, n int64) error {
	if n == 1 {
		return t.Return(tx, poolID, account, n)
	}
	_, err := tx.Exec(t.sql(`UPDATE %[1]s SET locked_until = CASE WHEN failures = $3 THEN 0 ELSE locked_until END, failures = failures - 1
		WHERE pool_id = $1 AND %[2]s = $2 AND failures > 1`), poolID, account, n)
	return err
}

// Clear forgets the failures of an account after a success. It reports false when the account was locked by failures that
// were committed in the meantime.
func (t Tally) Clear(tx *db.Tx, poolID, account string, now time.Time) (bool, error) {
	count, _, err := t.read(tx, poolID, account)
	if err != nil || count == 0 {
		return true, err
	}
	n, err := tx.Exec(t.sql(`DELETE FROM %[1]s WHERE pool_id = $1 AND %[2]s = $2 AND locked_until <= $3`),
		poolID, account, now.UnixMilli())
	if err != nil || n > 0 {
		return true, err
	}
	locked, err := t.Locked(tx, poolID, account, now) // or cleared by another success
	return !locked, err
}

// Drop forgets the failures of an account, a lock included.
func (t Tally) Drop(tx *db.Tx, poolID, account string) error {
	_, err := tx.Exec(t.sql(`DELETE FROM %[1]s WHERE pool_id = $1 AND %[2]s = $2`), poolID, account)
	return err
}

// DropAccount forgets all that is counted of an account and below it.
func (t Tally) DropAccount(tx *db.Tx, poolID, account string) error {
	if err := t.Drop(tx, poolID, account); err != nil {
		return err
	}
	_, err := tx.Exec(t.sql(`DELETE FROM %[1]s WHERE pool_id = $1 AND %[2]s >= $2 AND %[2]s < $3`), poolID, account+"/", account+"0")
	return err
}

// Purge removes up to limit rows of a deleted pool and returns how many.
func (t Tally) Purge(tx *db.Tx, poolID string, limit int) (int, error) {
	n, err := tx.Exec(t.sql(`DELETE FROM %[1]s WHERE pool_id = $1 AND %[2]s IN
		(SELECT %[2]s FROM %[1]s WHERE pool_id = $1 LIMIT $2)`), poolID, limit)
	return int(n), err
}

// Expire removes up to limit rows that count no longer and returns how many.
func (t Tally) Expire(tx *db.Tx, now time.Time, limit int) (int, error) {
	n, err := tx.Exec(t.sql(`DELETE FROM %[1]s WHERE (pool_id, %[2]s) IN
		(SELECT pool_id, %[2]s FROM %[1]s WHERE last_at < $1 AND locked_until < $1 ORDER BY last_at LIMIT $2)
		AND last_at < $1 AND locked_until < $1`), t.Lock.Forgotten(now), limit)
	return int(n), err
}
