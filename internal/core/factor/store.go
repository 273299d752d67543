package factor

import (
	"errors"
	"fmt"
	"time"

	"cognate/internal/base/db"
)

// Migrations of this room. factor_totp holds the software token in use and the one being set up, factor_failure the
// common counter of wrong proofs, factor_passkey the passkeys of a user, factor_passkey_owner whose a credential id is
// in the pool, factor_ceremony the registration that a user has begun, and factor_recovery the recovery codes of a user.
var Migrations = []db.Migration{{
	ID: "factor/0001",
	Steps: []db.Step{
		db.CreateTable{
			Name: "factor_totp",
			Columns: []db.Column{
				{Name: "pool_id", Type: db.Text}, {Name: "sub", Type: db.Text},
				{Name: "seed", Type: db.Blob}, // sealed; empty until verified
				{Name: "name", Type: db.Text},
				{Name: "step", Type: db.Int},     // last time step accepted
				{Name: "pending", Type: db.Blob}, // sealed seed that awaits its first code; empty when none
				{Name: "created_at", Type: db.Int},
			},
			PrimaryKey: []string{"pool_id", "sub"},
		},
		db.CreateTable{
			Name: "factor_failure",
			Columns: []db.Column{
				{Name: "pool_id", Type: db.Text}, {Name: "sub", Type: db.Text},
				{Name: "failures", Type: db.Int}, {Name: "last_at", Type: db.Int}, {Name: "locked_until", Type: db.Int},
			},
			PrimaryKey: []string{"pool_id", "sub"},
		},
		db.CreateIndex{Name: "factor_failure_last", Table: "factor_failure", Columns: []string{"last_at"}},
		db.CreateTable{
			Name: "factor_passkey",
			Columns: []db.Column{
				{Name: "pool_id", Type: db.Text}, {Name: "sub", Type: db.Text},
				{Name: "id", Type: db.Text}, // credential id, base64url
				{Name: "rp_id", Type: db.Text},
				{Name: "record", Type: db.Blob},         // sealed: key, flags, transports, name
				{Name: "counter", Type: db.Int},         // last signature counter
				{Name: "last_challenge", Type: db.Text}, // digest of the last challenge answered
				{Name: "created_at", Type: db.Int}, {Name: "used_at", Type: db.Int},
			},
			PrimaryKey: []string{"pool_id", "sub", "id"},
			Wide:       true,
		},
		db.CreateTable{
			Name: "factor_passkey_owner",
			Columns: []db.Column{
				{Name: "pool_id", Type: db.Text}, {Name: "id", Type: db.Text}, {Name: "sub", Type: db.Text},
			},
			PrimaryKey: []string{"pool_id", "id"},
		},
		db.CreateTable{
			Name: "factor_ceremony",
			Columns: []db.Column{
				{Name: "pool_id", Type: db.Text}, {Name: "sub", Type: db.Text},
				{Name: "challenge", Type: db.Text}, // digest
				{Name: "client_id", Type: db.Text}, {Name: "rp_id", Type: db.Text},
				{Name: "verification", Type: db.Text}, {Name: "expires_at", Type: db.Int},
			},
			PrimaryKey: []string{"pool_id", "sub"},
		},
		db.CreateIndex{Name: "factor_ceremony_expiry", Table: "factor_ceremony", Columns: []string{"expires_at"}},
	},
}, recoveryMigration}

// software is the row of a user's software token.
type software struct {
	seed, pending []byte // sealed
	name          string
	step          int64
	created       int64 // ms; when the last seed was set or begun
}

// readSoftware returns ErrNotSetUp when the user never associated a token.
func readSoftware(tx *db.Tx, poolID, sub string) (software, error) {
	var s software
	err := tx.QueryRow(`SELECT seed, name, step, pending, created_at FROM factor_totp WHERE pool_id = $1 AND sub = $2`, poolID, sub).
		Scan(&s.seed, &s.name, &s.step, &s.pending, &s.created)
	if errors.Is(err, db.ErrNoRows) {
		return s, ErrNotSetUp
	}
	return s, err
}

// putPending keeps a seed that awaits its first code. A token in use stays in use meanwhile.
func putPending(tx *db.Tx, poolID, sub string, sealed []byte, now int64) error {
	_, err := tx.Exec(`INSERT INTO factor_totp (pool_id, sub, seed, name, step, pending, created_at)
		VALUES ($1, $2, $3, '', 0, $4, $5)
		ON CONFLICT (pool_id, sub) DO UPDATE SET pending = excluded.pending, created_at = excluded.created_at`,
		poolID, sub, []byte{}, sealed, now)
	return err
}

// putSeed makes a proven seed the token in use. It reports false when pending is not what awaits its code any more; an
// empty pending stands for a seed that was never stored.
func putSeed(tx *db.Tx, poolID, sub string, sealed, pending []byte, name string, step, now int64) (bool, error) {
	if len(pending) > 0 {
		n, err := tx.Exec(`UPDATE factor_totp SET seed = $3, name = $4, step = $5, pending = $6, created_at = $7
			WHERE pool_id = $1 AND sub = $2 AND pending = $8`, poolID, sub, sealed, name, step, []byte{}, now, pending)
		return n > 0, err
	}
	n, err := tx.Exec(`INSERT INTO factor_totp (pool_id, sub, seed, name, step, pending, created_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7)
		ON CONFLICT (pool_id, sub) DO UPDATE SET seed = excluded.seed, name = excluded.name, step = excluded.step,
			pending = excluded.pending, created_at = excluded.created_at
		WHERE factor_totp.seed = excluded.pending`, poolID, sub, sealed, name, step, []byte{}, now)
	return n > 0, err
}

// replaceSoftware makes a seed the token in use whatever was there.
func replaceSoftware(tx *db.Tx, poolID, sub string, sealed []byte, name string, created int64) error {
	_, err := tx.Exec(`INSERT INTO factor_totp (pool_id, sub, seed, name, step, pending, created_at)
		VALUES ($1, $2, $3, $4, 0, $5, $6)
		ON CONFLICT (pool_id, sub) DO UPDATE SET seed = excluded.seed, name = excluded.name, step = 0,
			pending = excluded.pending, created_at = excluded.created_at`, poolID, sub, sealed, name, []byte{}, created)
	return err
}

// useStep accepts a time step once: of several uses, on any node, one is told true.
func useStep(tx *db.Tx, poolID, sub string, seed []byte, step int64) (bool, error) {
	n, err := tx.Exec(`UPDATE factor_totp SET step = $4 WHERE pool_id = $1 AND sub = $2 AND seed = $3 AND step < $4`,
		poolID, sub, seed, step)
	return n > 0, err
}

func renameSoftware(tx *db.Tx, poolID, sub, name string) error {
	_, err := tx.Exec(`UPDATE factor_totp SET name = $3 WHERE pool_id = $1 AND sub = $2`, poolID, sub, name)
	return err
}

func dropSoftware(tx *db.Tx, poolID, sub string) error {
	_, err := tx.Exec(`DELETE FROM factor_totp WHERE pool_id = $1 AND sub = $2`, poolID, sub)
	return err
}

// userTables are the tables of this room that hold rows of a user.
var userTables = [...]string{"factor_totp", "factor_passkey", "factor_ceremony", "factor_recovery"}

func forget(tx *db.Tx, poolID, sub string) error {
	keys, err := readPasskeys(tx, poolID, sub)
	if err != nil {
		return err
	}
	var stmts []db.Stmt
	for _, k := range keys {
		stmts = append(stmts, db.Stmt{SQL: `DELETE FROM factor_passkey_owner WHERE pool_id = $1 AND id = $2`, Args: []any{poolID, k.id}})
	}
	for _, table := range userTables {
		stmts = append(stmts, db.Stmt{SQL: `DELETE FROM ` + table + ` WHERE pool_id = $1 AND sub = $2`, Args: []any{poolID, sub}})
	}
	if _, err = tx.ExecBatch(stmts...); err != nil {
		return err
	}
	return failures.DropAccount(tx, poolID, sub)
}

// poolTables are the statements that remove a limited number of rows of a pool, one per table of this room.
var poolTables = [...]string{
	`DELETE FROM factor_totp WHERE pool_id = $1 AND sub IN (SELECT sub FROM factor_totp WHERE pool_id = $1 LIMIT $2)`,
	`DELETE FROM factor_ceremony WHERE pool_id = $1 AND sub IN (SELECT sub FROM factor_ceremony WHERE pool_id = $1 LIMIT $2)`,
	`DELETE FROM factor_recovery WHERE pool_id = $1 AND sub IN (SELECT sub FROM factor_recovery WHERE pool_id = $1 LIMIT $2)`,
	`DELETE FROM factor_passkey WHERE pool_id = $1 AND (sub, id) IN
		(SELECT sub, id FROM factor_passkey WHERE pool_id = $1 LIMIT $2)`,
	`DELETE FROM factor_passkey_owner WHERE pool_id = $1 AND id IN
		(SELECT id FROM factor_passkey_owner WHERE pool_id = $1 LIMIT $2)`,
}

func dropPool(tx *db.Tx, poolID string, limit int) (int, error) {
	done, err := failures.Purge(tx, poolID, limit)
	if err != nil {
		return 0, fmt.Errorf("factor: drop pool: %w", err)
	}
	for _, sql := range poolTables {
		if done >= limit {
			break
		}
		n, err := tx.Exec(sql, poolID, limit-done)
		if err != nil {
			return done, fmt.Errorf("factor: drop pool: %w", err)
		}
		done += int(n)
	}
	return done, nil
}

func sweep(tx *db.Tx, now time.Time, limit int) (int, error) {
	n, err := tx.Exec(`DELETE FROM factor_ceremony WHERE (pool_id, sub) IN
		(SELECT pool_id, sub FROM factor_ceremony WHERE expires_at <= $1 ORDER BY expires_at LIMIT $2)
		AND expires_at <= $1`, now.UnixMilli(), limit)
	if err != nil || int(n) >= limit {
		return int(n), err
	}
	m, err := failures.Expire(tx, now, limit-int(n))
	return int(n) + m, err
}
