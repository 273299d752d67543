package signin

import (
	"testing"
	"time"
)

func TestLockFor(t *testing.T) {
	want := map[int64]time.Duration{
		0: 0, 1: 0, 4: 0, 5: time.Second, 6: 2 * time.Second, 7: 4 * time.Second, 10: 32 * time.Second,
		14: 512 * time.Second, 15: 15 * time.Minute, 16: 15 * time.Minute, 1 << 40: 15 * time.Minute,
	}
	for n, d := range want {
		if got := failures.Lock.For(n); got != d {
			t.Errorf("lock after %d failures: %v, want %v", n, got, d)
		}
	}
}
