package pool

import "cognate/internal/base/db"

// registeredMigration tells the clients that registered themselves, so that they can be counted.
var registeredMigration = db.Migration{
	ID:    "pool/0005",
	Steps: []db.Step{db.AddColumn{Table: "app_client", Column: db.Column{Name: "registered", Type: db.Int, Default: 0}}},
}

// countRegistered is how many clients of a pool registered themselves.
func countRegistered(tx *db.Tx, poolID string) (n int, err error) {
	err = tx.QueryRow("SELECT COUNT(*) FROM app_client WHERE pool_id = $1 AND registered = 1", poolID).Scan(&n)
	return n, err
}
