package job

import (
	"context"
	"errors"
	"fmt"
	"time"

	"cognate/internal/base/db"
)

// Migrations make the lease table.
var Migrations = []db.Migration{{
	ID: "job/0001",
	Steps: []db.Step{db.CreateTable{
		Name: "job_lease",
		Columns: []db.Column{
			{Name: "name", Type: db.Text},
			{Name: "owner", Type: db.Text},     // '' when free
			{Name: "expires_at", Type: db.Int}, // end of the owner's lease
			{Name: "due_at", Type: db.Int},     // start of the next period
		},
		PrimaryKey: []string{"name"},
		NoDump:     true,
	}},
}}

// claimed is the answer to an attempt to take a lease.
type claimed struct {
	held bool
	wait time.Duration // when not held: until it may be free and due
}

// claim takes the lease of t when it is free (or expired) and due or woken.
// The next period starts with the claim, so a failing job keeps its period.
func (r *Runner) claim(t *task, woken bool) (claimed, error) {
	var c claimed
	err := r.d.Update(r.ctx, func(tx *db.Tx) error {
		now := r.o.Now()
		c = claimed{}
		var owner string
		var expires, due int64
		err := tx.QueryRow("SELECT owner, expires_at, due_at FROM job_lease WHERE name = $1", t.Name).Scan(&owner, &expires, &due)
		if err != nil && !errors.Is(err, db.ErrNoRows) {
			return err
		}
		if owner != "" && owner != r.owner && expires > now.UnixMilli() {
			c.wait = max(until(now, due), busyPoll)
			if woken {
				c.wait = wakePoll
			}
			c.wait = min(c.wait, until(now, expires), r.o.Lease/4)
			return nil
		}
		if !woken && due > now.UnixMilli() {
			c.wait = min(until(now, due), t.period())
			return nil
		}
		n, err := tx.Exec(`INSERT INTO job_lease (name, owner, expires_at, due_at) VALUES ($1, $2, $3, $4)
			ON CONFLICT (name) DO UPDATE SET owner = excluded.owner, expires_at = excluded.expires_at, due_at = excluded.due_at
			WHERE job_lease.owner = $5 AND job_lease.expires_at = $6`,
			t.Name, r.owner, now.Add(r.o.Lease).UnixMilli(), now.Add(t.period()).UnixMilli(), owner, expires)
		if err != nil {
			return err
		}
		if n == 0 {
			return db.ErrRetry // another node was faster
		}
		c.held = true
		return nil
	})
	return c, err
}

func until(now time.Time, ms int64) time.Duration {
	return time.UnixMilli(ms).Sub(now)
}

// keep renews the lease and cancels the work when it is lost, or when it could
// not be renewed before its end.
func (r *Runner) keep(ctx context.Context, t *task, cancel context.CancelCauseFunc) {
	end := time.Now().Add(r.o.Lease)
	tick := time.NewTicker(r.o.Lease / 4)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		start := time.Now()
		ok, err := r.renew(ctx, t)
		switch {
		case ctx.Err() != nil:
			return
		case err == nil && ok:
			end = start.Add(r.o.Lease)
		case err == nil || time.Until(end) < r.o.Lease/4:
			cancel(errors.Join(fmt.Errorf("job: lease of %s lost", t.Name), err))
			return
		}
	}
}

func (r *Runner) renew(ctx context.Context, t *task) (bool, error) {
	var n int64
	err := r.d.Update(ctx, func(tx *db.Tx) (err error) {
		n, err = tx.Exec("UPDATE job_lease SET expires_at = $3 WHERE name = $1 AND owner = $2",
			t.Name, r.owner, r.o.Now().Add(r.o.Lease).UnixMilli())
		return err
	})
	return n == 1, err
}

// release gives the lease back, also while the runner stops.
func (r *Runner) release(t *task) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(r.ctx), 5*time.Second)
	defer cancel()
	return r.d.Update(ctx, func(tx *db.Tx) error {
		_, err := tx.Exec("UPDATE job_lease SET owner = '', expires_at = 0 WHERE name = $1 AND owner = $2", t.Name, r.owner)
		return err
	})
}
