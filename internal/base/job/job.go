// Package job runs background work on one node at a time: periodic sweeps and
// deliveries that are woken by a commit. Who may run a job is decided by its
// lease row, which expires when the node that holds it dies; the row also
// remembers when the job is due next, so N nodes together keep one period.
package job

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"cognate/internal/base/background"
	"cognate/internal/base/db"
)

// Default and least durations. busyPoll and wakePoll are how soon a node looks
// again at a job that another node is running while it is due or woken here.
const (
	defaultLease = 30 * time.Second
	minPause     = 5 * time.Millisecond
	busyPoll     = 25 * time.Millisecond
	wakePoll     = 100 * time.Millisecond
)

// Job is one piece of background work.
type Job struct {
	// Name identifies the job on all nodes, "message/deliver".
	Name string
	// Every is the period; zero runs the job only when woken.
	Every time.Duration
	// Run does a bounded amount of work and says whether there is more, in
	// which case it is called again at once. Its context ends when the runner
	// stops or the lease is lost. An error is logged and the job waits for its
	// next period. Work must be safe to be done twice: a node that was
	// suspended may wake up after its lease went to another one.
	Run func(ctx context.Context) (more bool, err error)
}

// Options of a Runner; the zero value is complete.
type Options struct {
	// Lease is how long a dead node's job stays blocked. Default 30 s.
	Lease time.Duration
	// Now is the real time, not a clock that tests move. Default time.Now.
	Now func() time.Time
	// Log receives failures. Default slog.Default().
	Log *slog.Logger
}

// Runner runs the jobs of one node.
type Runner struct {
	d     *db.DB
	o     Options
	owner string

	mu      sync.Mutex
	tasks   map[string]*task
	started bool
	cancel  context.CancelFunc
	ctx     context.Context
	wg      sync.WaitGroup
}

// task is a job with its wake-up flag.
type task struct {
	Job
	wake chan struct{}

	runs, failures, succeeded atomic.Int64 // the last is a time in ms since the epoch
}

// Stats are what this node has done for one job.
type Stats struct {
	Runs, Failures int64
	Succeeded      time.Time // the last success here, zero when there was none
}

// New makes a runner on a database whose migrations include Migrations.
func New(d *db.DB, o Options) *Runner {
	if o.Lease <= 0 {
		o.Lease = defaultLease
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Log == nil {
		o.Log = slog.Default()
	}
	return &Runner{d: d, o: o, owner: rand.Text(), tasks: map[string]*task{}}
}

// Add registers a job before Start. Two jobs of one name are a mistake of the
// program and panic.
func (r *Runner) Add(j Job) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.started || r.tasks[j.Name] != nil || j.Name == "" || j.Run == nil {
		panic(fmt.Sprintf("job: cannot add %q", j.Name))
	}
	r.tasks[j.Name] = &task{Job: j, wake: make(chan struct{}, 1)}
}

// Start begins to run the jobs, each in its own goroutine, until Stop or the
// end of ctx.
func (r *Runner) Start(ctx context.Context) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.started {
		panic("job: started twice")
	}
	r.started = true
	r.ctx, r.cancel = context.WithCancel(ctx)
	for _, t := range r.tasks {
		background.In(&r.wg, t.Name, func() {
			background.Keep(r.ctx, t.Name, func(context.Context) { r.loop(t) })
		})
	}
}

// Stop cancels running jobs and returns when all have ended and given their
// leases back.
func (r *Runner) Stop() {
	r.mu.Lock()
	cancel := r.cancel
	r.mu.Unlock()
	if cancel != nil {
		cancel()
	}
	r.wg.Wait()
}

// Stats are those of all jobs, by name.
func (r *Runner) Stats() map[string]Stats {
	r.mu.Lock()
	defer r.mu.Unlock()
	all := make(map[string]Stats, len(r.tasks))
	for name, t := range r.tasks {
		s := Stats{Runs: t.runs.Load(), Failures: t.failures.Load()}
		if at := t.succeeded.Load(); at != 0 {
			s.Succeeded = time.UnixMilli(at)
		}
		all[name] = s
	}
	return all
}

// Wake makes a job run as soon as possible, also when its period is not over.
// It never blocks and may be called from Tx.AfterCommit; wake-ups during a run
// lead to exactly one more run. An unknown name does nothing.
func (r *Runner) Wake(name string) {
	r.mu.Lock()
	t := r.tasks[name]
	r.mu.Unlock()
	if t == nil {
		return
	}
	select {
	case t.wake <- struct{}{}:
	default:
	}
}

// Sweeper makes the Run of a job that deletes or handles up to limit rows per
// transaction until fewer are left.
func Sweeper(d *db.DB, limit int, sweep func(ctx context.Context, tx *db.Tx, limit int) (int, error)) func(context.Context) (bool, error) {
	return func(ctx context.Context) (bool, error) {
		n := 0
		err := d.Update(ctx, func(tx *db.Tx) (err error) {
			n, err = sweep(ctx, tx, limit)
			return err
		})
		return n >= limit, err
	}
}

// loop waits until t is due or woken, and runs it.
func (r *Runner) loop(t *task) {
	woken := false
	for r.ctx.Err() == nil {
		wait := r.turn(t, woken)
		woken = false
		timer := time.NewTimer(max(wait, minPause))
		select {
		case <-r.ctx.Done():
		case <-timer.C:
		case <-t.wake:
			woken = true
		}
		timer.Stop()
	}
}

// turn runs t when it is due here and returns when to look again. A woken job
// whose lease another node holds stays woken.
func (r *Runner) turn(t *task, woken bool) time.Duration {
	l, err := r.claim(t, woken)
	if err != nil {
		if r.ctx.Err() == nil {
			r.o.Log.Error("job lease failed", "job", t.Name, "error", err)
		}
		if woken {
			r.Wake(t.Name)
		}
		return r.o.Lease / 4
	}
	if !l.held {
		if woken {
			background.AfterFunc(l.wait, "wake "+t.Name, func() { r.Wake(t.Name) })
		}
		return l.wait
	}
	err = r.work(t)
	t.runs.Add(1)
	switch {
	case err == nil:
		t.succeeded.Store(r.o.Now().UnixMilli())
	case r.ctx.Err() == nil:
		t.failures.Add(1)
		r.o.Log.Error("job failed", "job", t.Name, "error", err)
	}
	return t.period()
}

// period is how long a job without a wake-up may sleep. One that only runs
// when woken looks rarely, for wake-ups that died with another node.
func (t *task) period() time.Duration {
	if t.Every > 0 {
		return t.Every
	}
	return time.Hour
}

// work runs the job under its lease and gives the lease back.
func (r *Runner) work(t *task) error {
	ctx, cancel := context.WithCancelCause(r.ctx)
	defer cancel(nil)
	kept := make(chan struct{})
	background.Go("keep lease of "+t.Name, func() {
		defer close(kept)
		// Without anybody who renews the lease the work must not go on.
		if err := background.Try("keep lease of "+t.Name, func() error { r.keep(ctx, t, cancel); return nil }); err != nil {
			cancel(err)
		}
	})
	var err error
	for more := true; more && err == nil; {
		if err = ctx.Err(); err == nil {
			more, err = t.call(ctx)
		}
	}
	if cause := context.Cause(ctx); err != nil && cause != nil && !errors.Is(cause, context.Canceled) {
		err = errors.Join(err, cause)
	}
	cancel(nil)
	<-kept
	return errors.Join(err, r.release(t))
}

// call turns a panic of the job into an error: one broken job must not end the
// server.
func (t *task) call(ctx context.Context) (more bool, err error) {
	err = background.Try(t.Name, func() (err error) {
		more, err = t.Run(ctx)
		return err
	})
	return more && err == nil, err
}
