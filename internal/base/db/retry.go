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
	bound := min(firstPause<<attempt, maxPause)
	t := time.NewTimer(rand.N(bound))
	defer t.Stop()
	select {
	case <-ctx.Done():
		return fmt.Errorf("db: retry: %w", ctx.Err())
	case <-t.C:
		return nil
	}
}
