package db

import (
	"context"
	"fmt"
	"math/rand/v2"
	"time"
)

// Pauses between attempts on PostgreSQL: full jitter below a doubling bound.
const (
	firstPause = 2 * time.Millisecond
	maxPause   = 250 * time.Millisecond
)

// pause waits before another attempt. SQLite has one writer, so nothing would
// be gained by waiting there.
func pause(ctx context.Context, attempt int, e Engine) error {
	if e == SQLite {
		return ctx.Err()
	}
	t := time.NewTimer(rand.N(pauseBound(attempt)))
	defer t.Stop()
	select {
	case <-ctx.Done():
		return fmt.Errorf("db: retry: %w", ctx.Err())
	case <-t.C:
		return nil
	}
}

// pauseBound doubles up to maxPause. The shift is bounded because the count is
// not: whoever waits for a commit's outcome tries for as long as it takes.
func pauseBound(attempt int) time.Duration {
	return min(firstPause<<min(max(attempt, 0), 16), maxPause)
}
