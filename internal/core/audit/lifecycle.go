package audit

import (
	"context"
	"time"

	"cognate/internal/base/db"
	"cognate/internal/core/lifecycle"
)

// Lifecycle of this room: records outlive what they are about and go when their time is over.
func (r *Room) Lifecycle() lifecycle.Lifecycle {
	return lifecycle.Lifecycle{
		Name: "audit", Migrations: Migrations,
		Sweep: func(_ context.Context, tx *db.Tx, _ time.Time, limit int) (int, error) {
			return sweep(tx, r.now().Add(-r.retention), limit)
		},
	}
}
