package guard

import (
	"context"
	"time"

	"cognate/internal/base/db"
	"cognate/internal/core/lifecycle"
)

// Lifecycle is what this room does when a pool or a user begins or ends.
func (g *Guard) Lifecycle() lifecycle.Lifecycle {
	return lifecycle.Lifecycle{
		Name: "guard", Migrations: Migrations, Sweep: g.sweep, PurgePool: dropPool, UserGone: dropUser,
	}
}

func (g *Guard) sweep(_ context.Context, tx *db.Tx, now time.Time, limit int) (int, error) {
	return sweepSources(tx, now.Add(-remembered).UnixMilli(), limit)
}
