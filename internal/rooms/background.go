package rooms

import (
	"context"
	"time"

	"cognate/internal/base/background"
	"cognate/internal/base/db"
	"cognate/internal/base/job"
)

// Start begins what the rooms do in the background; it ends with ctx. Stop waits for the jobs.
func (r *Rooms) Start(ctx context.Context) {
	for _, l := range r.all {
		if l.Sweep != nil {
			r.jobs.Add(job.Job{Name: l.Name + "/sweep", Every: sweepEvery, Run: job.Sweeper(r.config.DB, batchRows,
				func(ctx context.Context, tx *db.Tx, n int) (int, error) {
					return l.Sweep(ctx, tx, r.config.Clock.Now(), n)
				})})
		}
		if l.Run != nil {
			background.Start(ctx, l.Name, l.Run)
		}
	}
	r.jobs.Add(job.Job{Name: "pool/purge", Every: sweepEvery, Run: func(ctx context.Context) (bool, error) {
		done, err := r.Pools.Purge(ctx)
		return !done && err == nil, err
	}})
	r.jobs.Start(ctx)
	background.Start(ctx, "flush", r.flushes)
}

// Jobs are the figures of the background jobs of this node.
func (r *Rooms) Jobs() map[string]job.Stats { return r.jobs.Stats() }

// flushes writes what this node has gathered until ctx is over.
func (r *Rooms) flushes(ctx context.Context) {
	ticker := time.NewTicker(flushEvery)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
			r.flush(ctx)
		}
	}
}

func (r *Rooms) flush(ctx context.Context) {
	for _, l := range r.all {
		if l.Flush == nil {
			continue
		}
		if err := l.Flush(ctx); err != nil && ctx.Err() == nil {
			r.config.Log.Error("what this node gathered was not written", "room", l.Name, "error", err)
		}
	}
}

// Stop waits for the jobs and writes what this node has gathered. Nothing may be asked of the rooms any more.
func (r *Rooms) Stop() {
	r.jobs.Stop()
	r.flush(context.Background())
}
