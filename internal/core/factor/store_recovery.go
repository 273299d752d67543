package factor

import (
	"errors"

	"cognate/internal/base/db"
)

// recoveryMigration makes factor_recovery, the recovery codes of a user: one row, so that a set is replaced, counted and
// forgotten as a whole.
var recoveryMigration = db.Migration{
	ID: "factor/0002",
	Steps: []db.Step{db.CreateTable{
		Name: "factor_recovery",
		Columns: []db.Column{
			{Name: "pool_id", Type: db.Text}, {Name: "sub", Type: db.Text},
			{Name: "hashes", Type: db.Blob}, // 32 bytes for each code; zeros for one that was used
			{Name: "created_at", Type: db.Int},
		},
		PrimaryKey: []string{"pool_id", "sub"},
	}},
}

// recoveryRow is the set of recovery codes of a user.
type recoveryRow struct {
	hashes  []byte
	created int64 // ms since epoch
}

// readRecovery returns the zero value when the user has no set.
func readRecovery(tx *db.Tx, poolID, sub string) (recoveryRow, error) {
	var r recoveryRow
	err := tx.QueryRow(`SELECT hashes, created_at FROM factor_recovery WHERE pool_id = $1 AND sub = $2`, poolID, sub).
		Scan(&r.hashes, &r.created)
	if errors.Is(err, db.ErrNoRows) {
		err = nil
	}
	return r, err
}

// putRecovery replaces the set of a user.
func putRecovery(tx *db.Tx, poolID, sub string, r recoveryRow) error {
	_, err := tx.Exec(`INSERT INTO factor_recovery (pool_id, sub, hashes, created_at) VALUES ($1, $2, $3, $4)
		ON CONFLICT (pool_id, sub) DO UPDATE SET hashes = excluded.hashes, created_at = excluded.created_at`,
		poolID, sub, r.hashes, r.created)
	return err
}

// useRecovery writes what is left of a set over the state it was read in; false when another use or a new set was faster.
func useRecovery(tx *db.Tx, poolID, sub string, was, left []byte) (bool, error) {
	n, err := tx.Exec(`UPDATE factor_recovery SET hashes = $4 WHERE pool_id = $1 AND sub = $2 AND hashes = $3`,
		poolID, sub, was, left)
	return n > 0, err
}

func dropRecovery(tx *db.Tx, poolID, sub string) error {
	_, err := tx.Exec(`DELETE FROM factor_recovery WHERE pool_id = $1 AND sub = $2`, poolID, sub)
	return err
}
