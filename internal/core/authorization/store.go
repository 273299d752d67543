package authorization

import (
	"errors"

	"cognate/internal/base/db"
)

// Migrations of this room: authorization codes by the hash of their text, which spreads them by itself.
var Migrations = []db.Migration{{
	ID: "authorization/0001",
	Steps: []db.Step{
		db.CreateTable{
			Name: "authorization_code",
			Columns: []db.Column{
				{Name: "pool_id", Type: db.Text},
				{Name: "hash", Type: db.Blob}, // SHA-256 of the code
				{Name: "sub", Type: db.Text},  // of the user
				{Name: "client_id", Type: db.Text},
				{Name: "grant_data", Type: db.Blob}, // what was granted, sealed
				{Name: "event_id", Type: db.Text},   // of the session that it opened, "" while it is unused
				{Name: "expires_at", Type: db.Int},  // milliseconds since epoch
			},
			PrimaryKey: []string{"pool_id", "hash"},
		},
		db.CreateIndex{Name: "authorization_code_user", Table: "authorization_code", Columns: []string{"pool_id", "sub"}},
		db.CreateIndex{Name: "authorization_code_expiry", Table: "authorization_code", Columns: []string{"expires_at"}},
	},
}}

// codeRow is a code as the database holds it.
type codeRow struct {
	sub, clientID, eventID string
	grant                  []byte
	expires                int64
}

func insertCode(tx *db.Tx, poolID string, hash []byte, row codeRow) error {
	_, err := tx.Exec(`INSERT INTO authorization_code (pool_id, hash, sub, client_id, grant_data, event_id, expires_at)
		VALUES ($1, $2, $3, $4, $5, '', $6)`, poolID, hash, row.sub, row.clientID, row.grant, row.expires)
	return err
}

// readCode returns a code; ErrCode when there is none.
func readCode(tx *db.Tx, poolID string, hash []byte) (codeRow, error) {
	var row codeRow
	err := tx.QueryRow(`SELECT sub, client_id, grant_data, event_id, expires_at FROM authorization_code
		WHERE pool_id = $1 AND hash = $2`, poolID, hash).Scan(&row.sub, &row.clientID, &row.grant, &row.eventID, &row.expires)
	if errors.Is(err, db.ErrNoRows) {
		err = ErrCode
	}
	return row, err
}

// useCode marks a code as used by a session and reports whether it was unused.
func useCode(tx *db.Tx, poolID string, hash []byte, eventID string) (bool, error) {
	n, err := tx.Exec(`UPDATE authorization_code SET event_id = $3 WHERE pool_id = $1 AND hash = $2 AND event_id = ''`,
		poolID, hash, eventID)
	return n == 1, err
}

func deleteUserCodes(tx *db.Tx, poolID, sub string) error {
	_, err := tx.Exec(`DELETE FROM authorization_code WHERE pool_id = $1 AND sub = $2`, poolID, sub)
	return err
}

func deletePoolCodes(tx *db.Tx, poolID string, limit int) (int, error) {
	n, err := tx.Exec(`DELETE FROM authorization_code WHERE (pool_id, hash) IN
		(SELECT pool_id, hash FROM authorization_code WHERE pool_id = $1 LIMIT $2)`, poolID, limit)
	return int(n), err
}

func sweepCodes(tx *db.Tx, before int64, limit int) (int, error) {
	n, err := tx.Exec(`DELETE FROM authorization_code WHERE (pool_id, hash) IN
		(SELECT pool_id, hash FROM authorization_code WHERE expires_at <= $1 ORDER BY expires_at LIMIT $2) AND expires_at <= $1`,
		before, limit)
	return int(n), err
}
