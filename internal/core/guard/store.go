package guard

import "cognate/internal/base/db"

// Migrations of this room: the sources from which users have proven themselves, as keyed hashes.
var Migrations = []db.Migration{{
	ID: "guard/0001",
	Steps: []db.Step{
		db.CreateTable{
			Name: "guard_source",
			Columns: []db.Column{
				{Name: "pool_id", Type: db.Text},
				{Name: "sub", Type: db.Text},
				{Name: "id", Type: db.Text},
				{Name: "proven_at", Type: db.Int},
			},
			PrimaryKey: []string{"pool_id", "sub", "id"},
		},
		db.CreateIndex{Name: "guard_source_proven", Table: "guard_source", Columns: []string{"proven_at"}},
	},
}}

func readSource(tx *db.Tx, poolID, sub, id string) (provenAt int64, err error) {
	err = tx.QueryRow(`SELECT proven_at FROM guard_source WHERE pool_id = $1 AND sub = $2 AND id = $3`, poolID, sub, id).Scan(&provenAt)
	return provenAt, err
}

// putSource notes a source and lets go of the oldest where there are too many.
func putSource(tx *db.Tx, poolID, sub, id string, now int64, most int) error {
	_, err := tx.ExecBatch(
		db.Stmt{SQL: `INSERT INTO guard_source (pool_id, sub, id, proven_at) VALUES ($1, $2, $3, $4)
			ON CONFLICT (pool_id, sub, id) DO UPDATE SET proven_at = excluded.proven_at`, Args: []any{poolID, sub, id, now}},
		db.Stmt{SQL: `DELETE FROM guard_source WHERE pool_id = $1 AND sub = $2 AND id NOT IN
			(SELECT id FROM guard_source WHERE pool_id = $1 AND sub = $2 ORDER BY proven_at DESC, id LIMIT $3)`, Args: []any{poolID, sub, most}},
	)
	return err
}

func dropUser(tx *db.Tx, poolID, sub string) error {
	_, err := tx.Exec(`DELETE FROM guard_source WHERE pool_id = $1 AND sub = $2`, poolID, sub)
	return err
}

func dropPool(tx *db.Tx, poolID string, limit int) (int, error) {
	n, err := tx.Exec(`DELETE FROM guard_source WHERE pool_id = $1 AND (sub, id) IN
		(SELECT sub, id FROM guard_source WHERE pool_id = $1 LIMIT $2)`, poolID, limit)
	return int(n), err
}

func sweepSources(tx *db.Tx, before int64, limit int) (int, error) {
	n, err := tx.Exec(`DELETE FROM guard_source WHERE (pool_id, sub, id) IN
		(SELECT pool_id, sub, id FROM guard_source WHERE proven_at < $1 ORDER BY proven_at LIMIT $2)
		AND proven_at < $1`, before, limit)
	return int(n), err
}
