package limit

import (
	"context"
	"slices"
	"strings"
	"time"

	"cognate/internal/base/db"
)

// batch is how many budgets are written in one transaction.
const batch = 100

// Migrations are the table of Budgets.
var Migrations = []db.Migration{{
	ID: "limit/0001",
	Steps: []db.Step{
		db.CreateTable{
			Name: "limit_budget",
			Columns: []db.Column{
				{Name: "id", Type: db.Text},
				{Name: "full_at", Type: db.Int}, // microseconds since 1970
			},
			PrimaryKey: []string{"id"},
		},
		db.CreateIndex{Name: "limit_budget_full", Table: "limit_budget", Columns: []string{"full_at"}},
	},
}}

// addUses adds uses and reads what all nodes have used. Rows are written in the order of their ids, so that nodes do not wait
// for each other in a circle.
func addUses(tx *db.Tx, all []*told, now int64) error {
	slices.SortFunc(all, func(a, b *told) int { return strings.Compare(a.id, b.id) })
	for _, t := range all {
		err := tx.QueryRow(`INSERT INTO limit_budget (id, full_at) VALUES ($1, $2)
			ON CONFLICT (id) DO UPDATE SET
				full_at = CASE WHEN limit_budget.full_at > $3 THEN limit_budget.full_at ELSE $3 END + $4
			RETURNING full_at`, t.id, now+t.micro, now, t.micro).Scan(&t.full)
		if err != nil {
			return err
		}
	}
	return nil
}

// Sweep removes up to most budgets of which nothing is used and returns how many.
func (b *Budgets) Sweep(_ context.Context, tx *db.Tx, now time.Time, most int) (int, error) {
	n, err := tx.Exec(`DELETE FROM limit_budget WHERE id IN
		(SELECT id FROM limit_budget WHERE full_at < $1 ORDER BY full_at LIMIT $2) AND full_at < $1`, now.UnixMicro(), most)
	return int(n), err
}
