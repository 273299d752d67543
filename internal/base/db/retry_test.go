package db

import (
	"context"
	"math"
	"testing"
	"time"
)

func TestPauseBoundHoldsForAnyCount(t *testing.T) {
	last := time.Duration(0)
	for n := range 200 {
		b := pauseBound(n)
		if b < last || b < firstPause || b > maxPause {
			t.Fatalf("pauseBound(%d) = %v after %v", n, b, last)
		}
		last = b
	}
	for _, n := range []int{math.MinInt, -1, 1 << 30, math.MaxInt} {
		if b := pauseBound(n); b < firstPause || b > maxPause {
			t.Errorf("pauseBound(%d) = %v", n, b)
		}
	}
}

func TestPauseWithHugeCountsWaitsAndReturns(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	for _, n := range []int{41, 42, 43, 62, 63, 64, math.MaxInt} {
		if err := pause(ctx, n, Postgres); err != nil {
			t.Errorf("pause(%d): %v", n, err)
		}
	}
	cancel()
	if pause(ctx, math.MaxInt, Postgres) == nil {
		t.Error("a pause outlived its context")
	}
}
