package server

import (
	"context"
	"time"
)

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
