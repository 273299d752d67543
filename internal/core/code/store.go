package code

import (
	"errors"
	"fmt"
	"time"

	"cognate/internal/base/db"
	"cognate/internal/base/limit"
)

// Migrations of this room: the pending codes and the uses that the hourly limits count.
var Migrations = []db.Migration{{
	ID: "code/0001",
	Steps: []db.Step{
		db.CreateTable{
			Name: "one_time_code",
			Columns: []db.Column{
				{Name: "pool_id", Type: db.Text},
				{Name: "sub", Type: db.Text},
				{Name: "kind", Type: db.Text},
				{Name: "hash", Type: db.Blob},
				{Name: "destination", Type: db.Blob},
				{Name: "attempts", Type: db.Int},
				{Name: "created_at", Type: db.Int},
				{Name: "expires_at", Type: db.Int},
			},
			PrimaryKey: []string{"pool_id", "sub", "kind"},
		},
		db.CreateIndex{Name: "one_time_code_expiry", Table: "one_time_code", Columns: []string{"expires_at"}},
		db.CreateTable{
			Name: "code_limit",
			Columns: []db.Column{
				{Name: "pool_id", Type: db.Text},
				{Name: "id", Type: db.Text},
				{Name: "uses", Type: db.Blob},
				{Name: "version", Type: db.Int},
				{Name: "expires_at", Type: db.Int},
			},
			PrimaryKey: []string{"pool_id", "id"},
		},
		db.CreateIndex{Name: "code_limit_expiry", Table: "code_limit", Columns: []string{"expires_at"}},
	},
}, {
	// Wrong codes in a row, by user and kind.
	ID:    "code/0002",
	Steps: limit.TallyTable(failures.Table, failures.Account),
}, {
	// Guesses at a code from where its user is known.
	ID:    "code/0003",
	Steps: []db.Step{db.AddColumn{Table: "one_time_code", Column: db.Column{Name: "known_attempts", Type: db.Int}}},
}}

// record is a pending code as the database holds it.
type record struct {
	hash        []byte
	destination []byte // sealed
	expires     int64  // ms since epoch
}

func putCode(tx *db.Tx, poolID, sub string, kind Kind, r record, now int64) error {
	_, err := tx.Exec(`INSERT INTO one_time_code
			(pool_id, sub, kind, hash, destination, attempts, created_at, expires_at)
		VALUES ($1, $2, $3, $4, $5, 0, $6, $7)
		ON CONFLICT (pool_id, sub, kind) DO UPDATE SET hash = excluded.hash, destination = excluded.destination,
			attempts = 0, known_attempts = 0, created_at = excluded.created_at, expires_at = excluded.expires_at`,
		poolID, sub, string(kind), r.hash, r.destination, now, r.expires)
	return err
}

func getCode(tx *db.Tx, poolID, sub string, kind Kind) (record, error) {
	var r record
	err := tx.QueryRow(`SELECT hash, destination, expires_at FROM one_time_code
		WHERE pool_id = $1 AND sub = $2 AND kind = $3`, poolID, sub, string(kind)).
		Scan(&r.hash, &r.destination, &r.expires)
	if errors.Is(err, db.ErrNoRows) {
		return r, ErrExpired
	}
	return r, err
}

// countTry adds one to the attempts of a code that may still be tried and returns it; attempts from where the user is known
// are counted apart. The row is locked by the update, so parallel tries queue here.
func countTry(tx *db.Tx, poolID, sub string, known bool, kind Kind, now int64) (record, error) {
	var r record
	count := `UPDATE one_time_code SET attempts = attempts + 1
		WHERE pool_id = $1 AND sub = $2 AND kind = $3 AND expires_at > $4 AND attempts < $5
		RETURNING hash, destination, expires_at`
	if known {
		count = `UPDATE one_time_code SET known_attempts = known_attempts + 1
		WHERE pool_id = $1 AND sub = $2 AND kind = $3 AND expires_at > $4 AND known_attempts < $5
		RETURNING hash, destination, expires_at`
	}
	err := tx.QueryRow(count, poolID, sub, string(kind), now, MaxAttempts).Scan(&r.hash, &r.destination, &r.expires)
	if !errors.Is(err, db.ErrNoRows) {
		return r, err
	}
	if r, err = getCode(tx, poolID, sub, kind); err != nil {
		return r, err
	}
	if r.expires <= now {
		return r, ErrExpired
	}
	return r, ErrTooMany
}

// takeCode removes the redeemed code; ErrExpired when it is not there any more.
func takeCode(tx *db.Tx, poolID, sub string, kind Kind, hash []byte) error {
	n, err := tx.Exec(`DELETE FROM one_time_code WHERE pool_id = $1 AND sub = $2 AND kind = $3 AND hash = $4`,
		poolID, sub, string(kind), hash)
	if err == nil && n == 0 {
		return ErrExpired
	}
	return err
}

func dropCode(tx *db.Tx, poolID, sub string, kind Kind) error {
	_, err := tx.Exec(`DELETE FROM one_time_code WHERE pool_id = $1 AND sub = $2 AND kind = $3`,
		poolID, sub, string(kind))
	return err
}

func dropUser(tx *db.Tx, poolID, sub string) error {
	_, err := tx.Exec(`DELETE FROM one_time_code WHERE pool_id = $1 AND sub = $2`, poolID, sub)
	if err != nil {
		return err
	}
	return failures.DropAccount(tx, poolID, sub)
}

func dropPool(tx *db.Tx, poolID string, most int) (int, error) {
	n, err := tx.Exec(`DELETE FROM one_time_code WHERE (pool_id, sub, kind) IN
		(SELECT pool_id, sub, kind FROM one_time_code WHERE pool_id = $1 LIMIT $2)`, poolID, most)
	if err != nil || n > 0 {
		return int(n), err
	}
	n, err = tx.Exec(`DELETE FROM code_limit WHERE (pool_id, id) IN
		(SELECT pool_id, id FROM code_limit WHERE pool_id = $1 LIMIT $2)`, poolID, most)
	if err != nil || n > 0 {
		return int(n), err
	}
	return failures.Purge(tx, poolID, most)
}

func sweep(tx *db.Tx, now int64, most int) (int, error) {
	n, err := tx.Exec(`DELETE FROM one_time_code WHERE (pool_id, sub, kind) IN
		(SELECT pool_id, sub, kind FROM one_time_code WHERE expires_at <= $1 ORDER BY expires_at LIMIT $2)
		AND expires_at <= $1`, now, most)
	if err != nil {
		return 0, fmt.Errorf("code: sweep codes: %w", err)
	}
	m, err := tx.Exec(`DELETE FROM code_limit WHERE (pool_id, id) IN
		(SELECT pool_id, id FROM code_limit WHERE expires_at <= $1 ORDER BY expires_at LIMIT $2)
		AND expires_at <= $1`, now, most)
	if err != nil {
		return 0, fmt.Errorf("code: sweep limits: %w", err)
	}
	wrong, err := failures.Expire(tx, time.UnixMilli(now), most)
	return int(n+m) + wrong, err
}

// getUses returns the packed times of the recent uses and their version; nil and 0 when there is no row.
func getUses(tx *db.Tx, poolID, rowID string) (uses []byte, version int64, err error) {
	err = tx.QueryRow(`SELECT uses, version FROM code_limit WHERE pool_id = $1 AND id = $2`, poolID, rowID).
		Scan(&uses, &version)
	if errors.Is(err, db.ErrNoRows) {
		return nil, 0, nil
	}
	return uses, version, err
}

// putUses writes the times over the version they were read at; false when another transaction was faster.
func putUses(tx *db.Tx, poolID, rowID string, uses []byte, version, expires int64) (bool, error) {
	if version == 0 {
		n, err := tx.Exec(`INSERT INTO code_limit (pool_id, id, uses, version, expires_at)
			VALUES ($1, $2, $3, 1, $4) ON CONFLICT (pool_id, id) DO NOTHING`, poolID, rowID, uses, expires)
		return n == 1, err
	}
	n, err := tx.Exec(`UPDATE code_limit SET uses = $3, version = version + 1, expires_at = $4
		WHERE pool_id = $1 AND id = $2 AND version = $5`, poolID, rowID, uses, expires, version)
	return n == 1, err
}
