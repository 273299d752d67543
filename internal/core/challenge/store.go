package challenge

import (
	"fmt"

	"cognate/internal/base/db"
)

// Migrations of this room: the sessions that were used, and those with wrong answers, until they expire.
var Migrations = []db.Migration{{
	ID: "challenge/0001",
	Steps: []db.Step{
		db.CreateTable{
			Name: "spent_session",
			Columns: []db.Column{
				{Name: "pool_id", Type: db.Text},
				{Name: "id", Type: db.Text},
				{Name: "tries", Type: db.Int}, // wrong answers so far; allTries when spent
				{Name: "expires_at", Type: db.Int},
			},
			PrimaryKey: []string{"pool_id", "id"},
		},
		db.CreateIndex{Name: "spent_session_expiry", Table: "spent_session", Columns: []string{"expires_at"}},
	},
}}

// allTries marks a session as spent; it is beyond any count of wrong answers.
const allTries = 1000

func spend(tx *db.Tx, poolID, id string, expires int64) error {
	n, err := tx.Exec(`INSERT INTO spent_session (pool_id, id, tries, expires_at) VALUES ($1, $2, $3, $4)
		ON CONFLICT (pool_id, id) DO UPDATE SET tries = excluded.tries
		WHERE spent_session.tries < excluded.tries`, poolID, id, allTries, expires)
	if err == nil && n == 0 {
		return ErrSpent
	}
	return err
}

// retry counts a wrong answer; the last one allowed spends the session.
func retry(tx *db.Tx, poolID, id string, expires int64) error {
	n, err := tx.Exec(`INSERT INTO spent_session (pool_id, id, tries, expires_at) VALUES ($1, $2, 1, $3)
		ON CONFLICT (pool_id, id) DO UPDATE SET
			tries = CASE WHEN spent_session.tries + 1 >= $4 THEN $5 ELSE spent_session.tries + 1 END
		WHERE spent_session.tries < $5`, poolID, id, expires, MaxTries, allTries)
	if err == nil && n == 0 {
		return ErrSpent
	}
	return err
}

func dropPool(tx *db.Tx, poolID string, limit int) (int, error) {
	n, err := tx.Exec(`DELETE FROM spent_session WHERE pool_id = $1 AND id IN
		(SELECT id FROM spent_session WHERE pool_id = $1 LIMIT $2)`, poolID, limit)
	if err != nil {
		return 0, fmt.Errorf("challenge: drop pool: %w", err)
	}
	return int(n), nil
}

func sweep(tx *db.Tx, now int64, limit int) (int, error) {
	n, err := tx.Exec(`DELETE FROM spent_session WHERE (pool_id, id) IN
		(SELECT pool_id, id FROM spent_session WHERE expires_at <= $1 ORDER BY expires_at LIMIT $2)
		AND expires_at <= $1`, now, limit)
	if err != nil {
		return 0, fmt.Errorf("challenge: sweep: %w", err)
	}
	return int(n), nil
}
