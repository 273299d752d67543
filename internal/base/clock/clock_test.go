package clock

import (
	"math"
	"sync"
	"testing"
	"time"
)

func TestAdvanceAndReset(t *testing.T) {
	start := time.Date(2026, 1, 7, 3, 4, 5, 0, time.UTC)
	c := Frozen(start)
	if got := c.Now(); !got.Equal(start) {
		t.Fatalf("frozen clock shows %v", got)
	}
	if got := c.Advance(31 * time.Minute); got != 31*time.Minute {
		t.Fatalf("Advance returned %v", got)
	}
	c.Advance(-time.Minute)
	if got := c.Now().Sub(start); got != 30*time.Minute {
		t.Fatalf("moved by %v", got)
	}
	if c.Milli() != start.Add(30*time.Minute).UnixMilli() {
		t.Fatal("Milli disagrees with Now")
	}
	c.Reset()
	if !c.Now().Equal(start) || c.Offset() != 0 {
		t.Fatal("Reset left an offset")
	}
}

func TestSystemFollowsMachine(t *testing.T) {
	for _, c := range []*Clock{System(), {}, nil} {
		if d := time.Since(c.Now()); d < 0 || d > time.Minute {
			t.Fatalf("clock is %v away from the machine's", d)
		}
	}
	c := System()
	c.Advance(time.Hour)
	if d := c.Now().Sub(Real()); d < 59*time.Minute || d > 61*time.Minute {
		t.Fatalf("moved clock is %v ahead of Real", d)
	}
}

func TestAdvanceIsBounded(t *testing.T) {
	c := System()
	for range 5 {
		c.Advance(math.MaxInt64)
	}
	if c.Offset() != maxOffset {
		t.Fatalf("offset %v", c.Offset())
	}
	for range 5 {
		c.Advance(math.MinInt64)
	}
	if c.Offset() != -maxOffset {
		t.Fatalf("offset %v", c.Offset())
	}
}

func TestConcurrentAdvance(t *testing.T) {
	c := System()
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 1000 {
				c.Advance(time.Millisecond)
				_ = c.Now()
			}
		})
	}
	wg.Wait()
	if c.Offset() != 8*time.Second {
		t.Fatalf("lost updates: %v", c.Offset())
	}
}
