package authorization

import (
	"context"
	"time"

	"cognate/internal/base/db"
	"cognate/internal/core/lifecycle"
)

// Lifecycle is what this room does when a pool ends and as time passes. Codes of a user who is gone open nothing: the
// user's epoch is compared when they are redeemed.
func (r *Room) Lifecycle() lifecycle.Lifecycle {
	return lifecycle.Lifecycle{
		Name: "authorization", Migrations: Migrations,
		PurgePool: func(tx *db.Tx, poolID string, limit int) (int, error) { return deletePoolCodes(tx, poolID, limit) },
		Sweep: func(_ context.Context, tx *db.Tx, now time.Time, limit int) (int, error) {
			return sweepCodes(tx, now.Add(-linger).UnixMilli(), limit)
		},
	}
}
