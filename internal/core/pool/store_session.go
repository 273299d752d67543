package pool

import "cognate/internal/base/db"

// sessionMigration adds the settings of user sessions to pools and clients.
var sessionMigration = db.Migration{
	ID: "pool/0003",
	Steps: []db.Step{
		db.AddColumn{Table: "user_pool", Column: db.Column{Name: "sessions", Type: db.Text, Default: ""}},
		db.AddColumn{Table: "app_client", Column: db.Column{Name: "sso_minutes", Type: db.Int, Default: defaultSSOMinutes}},
	},
}

// replacePoolSessions writes the session settings of a pool if it still has version old, and reports whether it did.
func replacePoolSessions(tx *db.Tx, row poolRow, old int64) (bool, error) {
	n, err := tx.Exec("UPDATE user_pool SET version = $1, sessions = $2 WHERE pool_id = $3 AND version = $4 AND deleted = 0",
		row.version, row.sessions, row.id, old)
	return n == 1, err
}

// replaceSSOMinutes writes the session settings of a client if it still has version old, and reports whether it did.
func replaceSSOMinutes(tx *db.Tx, row clientRow, old int64) (bool, error) {
	n, err := tx.Exec("UPDATE app_client SET version = $1, sso_minutes = $2 WHERE client_id = $3 AND version = $4",
		row.version, row.ssoMinutes, row.id, old)
	return n == 1, err
}
