package db

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"
)

// ErrUnavailable is a database that did not do its work in time: it is away, does not answer, is full, or gives others
// the way. Nothing was written unless the error is also ErrUnknownOutcome. Trying again later may help.
var ErrUnavailable = errors.New("db: the database is not available")

// Bounds of waiting. patience is how long the database may keep one request waiting, all its transactions together; a
// COMMIT that was sent late gets lastCommit at least, and lastWord more to find out what became of it. Together they
// stay below the ten seconds that callers wait. away bounds how long patient work tries to reach a database.
const (
	patience   = 7 * time.Second
	lastCommit = time.Second
	lastWord   = 1500 * time.Millisecond
	away       = 2 * time.Minute
)

type (
	budgetKey  struct{}
	patientKey struct{}
)

// budget is what a request has used of its patience.
type budget struct{ used atomic.Int64 }

// Budget returns a context whose transactions share one patience, so that a request with several of them waits no
// longer than one with one. Without it each has a patience of its own.
func Budget(ctx context.Context) context.Context {
	return context.WithValue(ctx, budgetKey{}, &budget{})
}

// Patient returns a context whose transactions take as long as they need, for migrations, backups and other bulk work
// that nobody waits for.
func Patient(ctx context.Context) context.Context {
	return context.WithValue(ctx, patientKey{}, true)
}

var errPatience = errors.New("db: no answer in time")

// Bounded returns a context that ends with the patience of ctx, for those who wait for what somebody else reads. The
// function ends it; of an error that came because patience ran out it makes ErrUnavailable.
func (d *DB) Bounded(ctx context.Context) (context.Context, func(error) error) {
	if ctx.Value(patientKey{}) != nil {
		return ctx, d.judge
	}
	b, shared := ctx.Value(budgetKey{}).(*budget)
	left := d.patience
	if shared {
		left -= time.Duration(b.used.Load())
	}
	began := time.Now()
	bounded, cancel := context.WithTimeoutCause(ctx, left, errPatience)
	return bounded, func(err error) error {
		if err != nil && errors.Is(context.Cause(bounded), errPatience) && !errors.Is(err, ErrUnavailable) {
			d.stats.late.Add(1)
			err = fmt.Errorf("%w: %w: %w", ErrUnavailable, errPatience, err)
		}
		cancel()
		if shared {
			b.used.Add(int64(time.Since(began)))
		}
		return d.judge(err)
	}
}

// judge marks what says that the database is not available.
func (d *DB) judge(err error) error {
	switch {
	case err == nil || errors.Is(err, ErrUnavailable):
		return err
	case errors.Is(err, ErrUnknownOutcome), errors.Is(err, ErrClosed), d.eng.retryable(err), d.eng.unavailable(err):
		return fmt.Errorf("%w: %w", ErrUnavailable, err)
	}
	return err
}

// patientAttempts is maxAttempts of patient work, which may have to get past many who are in its way.
const patientAttempts = 200

// again decides whether a failed attempt is made again, and waits before it. A conflict is tried maxAttempts times, or
// patientAttempts, a database that is away until patience ends.
func (d *DB) again(ctx context.Context, err error, attempt int, began time.Time) (bool, error) {
	most := maxAttempts
	if ctx.Value(patientKey{}) != nil {
		most = patientAttempts
	}
	switch {
	case errors.Is(err, errAway) && time.Since(began) < away:
	case !errors.Is(err, ErrRetry) && !d.eng.retryable(err):
		return false, err
	case attempt >= most:
		return false, fmt.Errorf("db: gave up after %d attempts: %w", attempt, err)
	}
	d.stats.retries.Add(1)
	if ended := pause(ctx, attempt, d.kind); ended != nil {
		return false, fmt.Errorf("%w: %w", ended, err)
	}
	return true, nil
}

// ending is a context for the end of a transaction, which the caller's going away does not stop: it lasts as long as
// ctx, but at least that long, and for patient work as long as given.
func ending(ctx context.Context, least, patient time.Duration) (context.Context, context.CancelFunc) {
	end := time.Now().Add(least)
	switch by, bounded := ctx.Deadline(); {
	case ctx.Value(patientKey{}) != nil:
		end = time.Now().Add(patient)
	case bounded && by.After(end):
		end = by
	}
	return context.WithDeadline(context.WithoutCancel(ctx), end)
}
