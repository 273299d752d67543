package guard

import (
	"context"
	"time"

	"cognate/internal/base/db"
	"cognate/internal/base/limit"
	"cognate/internal/core/lifecycle"
)

// Lifecycle is what this room does when a pool or a user begins or ends.
func (g *Guard) Lifecycle() lifecycle.Lifecycle {
	return lifecycle.Lifecycle{
		Name: "guard", Migrations: append(Migrations[:len(Migrations):len(Migrations)], limit.Migrations...),
		Sweep: g.sweep, PurgePool: dropPool, UserGone: dropUser, Run: g.run, Flush: g.flush, Forget: g.forget,
	}
}

func (g *Guard) sweep(ctx context.Context, tx *db.Tx, now time.Time, limit int) (int, error) {
	n, err := sweepSources(tx, now.Add(-remembered).UnixMilli(), limit)
	if err != nil || n >= limit {
		return n, err
	}
	m, err := g.budgets.Sweep(ctx, tx, now, limit-n)
	return n + m, err
}

func (g *Guard) flush(ctx context.Context) error { return g.budgets.Flush(ctx) }

func (g *Guard) forget() { g.budgets.Forget() }

// run tells the other nodes every second what was used of the budgets here. What cannot be told now is told later.
func (g *Guard) run(ctx context.Context) {
	if g.Limits == (Limits{}) {
		return
	}
	ticker := time.NewTicker(time.Second)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
			_ = g.budgets.Flush(ctx) // Flush of the lifecycle reports what lasts
		}
	}
}
