package job_test

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"cognate/internal/base/db"
	"cognate/internal/base/job"
	"cognate/internal/testkit/dbtest"
)

func quiet() *slog.Logger { return slog.New(slog.DiscardHandler) }

// eventually waits for a condition.
func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(10 * time.Second); time.Now().Before(end); time.Sleep(2 * time.Millisecond) {
		if ok() {
			return
		}
	}
	t.Fatalf("never: %s", what)
}

func TestOneNodeAtATime(t *testing.T) {
	dbtest.Each(t, job.Migrations, func(t *testing.T, d *db.DB) {
		var inside, runs, overlaps atomic.Int64
		var nodes []*job.Runner
		for range 4 {
			r := job.New(d, job.Options{Lease: 2 * time.Second, Log: quiet()})
			r.Add(job.Job{Name: "sweep", Every: 5 * time.Millisecond, Run: func(ctx context.Context) (bool, error) {
				if inside.Add(1) > 1 {
					overlaps.Add(1)
				}
				time.Sleep(time.Millisecond)
				inside.Add(-1)
				runs.Add(1)
				return false, nil
			}})
			r.Start(context.Background())
			nodes = append(nodes, r)
		}
		eventually(t, "20 runs", func() bool { return runs.Load() >= 20 })
		for _, r := range nodes {
			r.Stop()
		}
		after := runs.Load()
		time.Sleep(20 * time.Millisecond)
		if overlaps.Load() != 0 || runs.Load() != after {
			t.Errorf("%d overlaps, %d runs after Stop", overlaps.Load(), runs.Load()-after)
		}
	})
}

// With a long period N nodes run the job once, not N times.
func TestPeriodIsShared(t *testing.T) {
	d := dbtest.SQLite(t, job.Migrations)
	var runs atomic.Int64
	for range 3 {
		r := job.New(d, job.Options{Log: quiet()})
		r.Add(job.Job{Name: "daily", Every: time.Hour, Run: func(context.Context) (bool, error) {
			runs.Add(1)
			return false, nil
		}})
		r.Start(context.Background())
		defer r.Stop()
	}
	eventually(t, "a run", func() bool { return runs.Load() > 0 })
	time.Sleep(30 * time.Millisecond)
	if runs.Load() != 1 {
		t.Errorf("%d runs", runs.Load())
	}
}

func TestWake(t *testing.T) {
	dbtest.Each(t, job.Migrations, func(t *testing.T, d *db.DB) {
		var runs atomic.Int64
		work := func(context.Context) (bool, error) { runs.Add(1); return false, nil }
		a := job.New(d, job.Options{Log: quiet()})
		b := job.New(d, job.Options{Log: quiet()})
		for _, r := range []*job.Runner{a, b} {
			r.Add(job.Job{Name: "deliver", Every: time.Hour, Run: work})
			r.Start(context.Background())
			defer r.Stop()
		}
		eventually(t, "the first run", func() bool { return runs.Load() == 1 })
		a.Wake("deliver")
		eventually(t, "a woken run", func() bool { return runs.Load() >= 2 })
		b.Wake("deliver")
		eventually(t, "a run woken on the other node", func() bool { return runs.Load() >= 3 })
		a.Wake("unknown")
	})
}

// A wake-up while another node is at work is not lost.
func TestWakeWhileBusyElsewhere(t *testing.T) {
	d := dbtest.SQLite(t, job.Migrations)
	busy, release := make(chan bool), make(chan bool)
	a := job.New(d, job.Options{Lease: 200 * time.Millisecond, Log: quiet()})
	a.Add(job.Job{Name: "deliver", Every: time.Hour, Run: func(context.Context) (bool, error) {
		close(busy)
		<-release
		return false, nil
	}})
	a.Start(context.Background())
	<-busy
	var runs atomic.Int64
	b := job.New(d, job.Options{Lease: 200 * time.Millisecond, Log: quiet()})
	b.Add(job.Job{Name: "deliver", Every: time.Hour, Run: func(context.Context) (bool, error) {
		runs.Add(1)
		return false, nil
	}})
	b.Start(context.Background())
	defer b.Stop()
	b.Wake("deliver")
	time.Sleep(500 * time.Millisecond) // longer than the lease, which a renews
	if runs.Load() != 0 {
		t.Error("ran while another node held the lease")
	}
	close(release)
	a.Stop()
	eventually(t, "the woken run", func() bool { return runs.Load() == 1 })
}

func TestDeadNode(t *testing.T) {
	dbtest.Each(t, job.Migrations, func(t *testing.T, d *db.DB) {
		err := d.Update(context.Background(), func(tx *db.Tx) error {
			_, err := tx.Exec("INSERT INTO job_lease (name, owner, expires_at, due_at) VALUES ('sweep', 'dead', $1, 0)",
				time.Now().Add(300*time.Millisecond).UnixMilli())
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		start := time.Now()
		ran := make(chan time.Duration, 1)
		r := job.New(d, job.Options{Log: quiet()})
		r.Add(job.Job{Name: "sweep", Every: time.Hour, Run: func(context.Context) (bool, error) {
			ran <- time.Since(start)
			return false, nil
		}})
		r.Start(context.Background())
		defer r.Stop()
		if took := <-ran; took < 250*time.Millisecond || took > 5*time.Second {
			t.Errorf("took over after %v", took)
		}
	})
}

func TestLostLeaseCancels(t *testing.T) {
	d := dbtest.SQLite(t, job.Migrations)
	r := job.New(d, job.Options{Lease: 100 * time.Millisecond, Log: quiet()})
	cancelled := make(chan error, 10)
	r.Add(job.Job{Name: "sweep", Every: time.Hour, Run: func(ctx context.Context) (bool, error) {
		err := d.Update(ctx, func(tx *db.Tx) error {
			_, err := tx.Exec("UPDATE job_lease SET owner = 'thief', expires_at = $1", time.Now().Add(time.Hour).UnixMilli())
			return err
		})
		if err != nil {
			return false, err
		}
		<-ctx.Done()
		cancelled <- context.Cause(ctx)
		return false, ctx.Err()
	}})
	r.Start(context.Background())
	defer r.Stop()
	select {
	case err := <-cancelled:
		if errors.Is(err, context.Canceled) {
			t.Errorf("cause %v", err)
		}
	case <-time.After(5 * time.Second):
		t.Fatal("work went on without a lease")
	}
}

func TestMoreErrorsAndPanics(t *testing.T) {
	d := dbtest.SQLite(t, job.Migrations)
	var calls atomic.Int64
	r := job.New(d, job.Options{Log: quiet()})
	r.Add(job.Job{Name: "work", Every: 5 * time.Millisecond, Run: func(context.Context) (bool, error) {
		switch calls.Add(1) {
		case 1, 2:
			return true, nil
		case 3:
			return true, errors.New("no")
		case 4:
			panic("broken")
		}
		return false, nil
	}})
	r.Start(context.Background())
	defer r.Stop()
	eventually(t, "calls after an error and a panic", func() bool { return calls.Load() > 5 })
}

func TestSweeper(t *testing.T) {
	dbtest.Each(t, job.Migrations, func(t *testing.T, d *db.DB) {
		left := 25
		var mu sync.Mutex
		done := 0
		run := job.Sweeper(d, 10, func(_ context.Context, tx *db.Tx, limit int) (int, error) {
			n := min(limit, left)
			tx.AfterCommit(func() {
				mu.Lock()
				defer mu.Unlock()
				left -= n
				done++
			})
			return n, nil
		})
		for more := true; more; {
			var err error
			if more, err = run(context.Background()); err != nil {
				t.Fatal(err)
			}
		}
		if left != 0 || done != 3 {
			t.Error(left, done)
		}
	})
}

func TestStopWithoutStart(t *testing.T) {
	job.New(dbtest.SQLite(t, job.Migrations), job.Options{}).Stop()
}
