package server

import (
	"context"
	"time"

	"cognate/internal/base/db"
	"cognate/internal/base/job"
)

const (
	sweepBatch    = 500 // rows deleted in one transaction
	sweepEvery    = time.Minute
	activityEvery = 5 * time.Second
)

// sweeps are the jobs that delete rows whose time is over.
func (a *app) sweeps() map[string]func(context.Context, *db.Tx, time.Time, int) (int, error) {
	return map[string]func(context.Context, *db.Tx, time.Time, int) (int, error){
		"code/sweep":      a.codes.Sweep,
		"challenge/sweep": a.sessions.Sweep,
		"token/sweep":     a.tokens.Sweep,
		"signin/sweep":    a.engine.Sweep,
		"directory/sweep": a.users.Sweep,
		"factor/sweep":    a.factors.Sweep,
	}
}

// purges remove the data of a deleted pool, room by room.
func (a *app) purges() []func(context.Context, string) (bool, error) {
	batch := func(drop func(*db.Tx, string, int) (int, error)) func(context.Context, string) (bool, error) {
		return func(ctx context.Context, poolID string) (bool, error) {
			n := 0
			err := a.db.Update(ctx, func(tx *db.Tx) (err error) {
				n, err = drop(tx, poolID, sweepBatch)
				return err
			})
			return n == 0, err
		}
	}
	return []func(context.Context, string) (bool, error){
		func(ctx context.Context, id string) (bool, error) { return a.users.PurgePool(ctx, id) },
		batch(func(tx *db.Tx, id string, n int) (int, error) { return a.devices.DropPool(tx, id, n) }),
		batch(func(tx *db.Tx, id string, n int) (int, error) { return a.factors.DropPool(tx, id, n) }),
		batch(func(tx *db.Tx, id string, n int) (int, error) { return a.codes.DropPool(tx, id, n) }),
		batch(func(tx *db.Tx, id string, n int) (int, error) { return a.tokens.DropPool(tx, id, n) }),
		batch(func(tx *db.Tx, id string, n int) (int, error) { return a.engine.DropPool(tx, id, n) }),
	}
}

// startJobs begins all background work; it ends with ctx.
func (a *app) startJobs(ctx context.Context) {
	for name, sweep := range a.sweeps() {
		a.jobs.Add(job.Job{Name: name, Every: sweepEvery, Run: job.Sweeper(a.db, sweepBatch,
			func(ctx context.Context, tx *db.Tx, n int) (int, error) { return sweep(ctx, tx, a.clock.Now(), n) })})
	}
	a.jobs.Add(job.Job{Name: "pool/purge", Every: sweepEvery, Run: func(ctx context.Context) (bool, error) {
		done, err := a.pools.Purge(ctx)
		return !done && err == nil, err
	}})
	a.jobs.Start(ctx)
	go a.pools.Watch(ctx)
	go a.messages.Run(ctx)
	go a.every(ctx, activityEvery, "session activity", a.tokens.Flush)
}

// every runs fn on this node, whatever others do, until ctx is over.
func (a *app) every(ctx context.Context, period time.Duration, what string, fn func(context.Context) error) {
	ticker := time.NewTicker(period)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
			if err := fn(ctx); err != nil && ctx.Err() == nil {
				a.log.Error("background work failed", "what", what, "error", err)
			}
		}
	}
}
