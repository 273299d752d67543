package authorization

import (
	"context"
	"time"

	"cognate/internal/base/db"
	"cognate/internal/core/lifecycle"
)

// Lifecycle is what this room does when a pool ends or a user ends and as time passes. The user's epoch is compared besides
// when a code is redeemed.
func (r *Room) Lifecycle() lifecycle.Lifecycle {
	return lifecycle.Lifecycle{
		Name: "authorization", Migrations: Migrations,
		UserGone: deleteUserCodes, PurgePool: deletePoolCodes,
		Sweep: func(_ context.Context, tx *db.Tx, now time.Time, limit int) (int, error) {
			return sweepCodes(tx, now.Add(-linger).UnixMilli(), limit)
		},
	}
}
