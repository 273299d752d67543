package clientdoc

import (
	"context"
	"time"

	"cognate/internal/base/db"
	"cognate/internal/core/lifecycle"
)

// Lifecycle is what this room does when a pool begins or ends.
func (r *Room) Lifecycle() lifecycle.Lifecycle {
	return lifecycle.Lifecycle{
		Name: "clientdoc", Migrations: Migrations, PurgePool: dropPool, Forget: r.forget,
		Sweep: func(_ context.Context, tx *db.Tx, now time.Time, limit int) (int, error) {
			return sweep(tx, now.UnixMilli(), limit)
		},
	}
}

func (r *Room) forget() {
	r.mu.Lock()
	defer r.mu.Unlock()
	clear(r.failed)
}

// Features names what a pool on LITE cannot have.
func (r *Room) Features(tx *db.Tx, poolID string) ([]string, error) {
	list, err := listPolicies(tx, poolID, "", 1)
	if err != nil || len(list) == 0 {
		return nil, err
	}
	return []string{Feature}, nil
}
