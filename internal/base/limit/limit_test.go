package limit

import (
	"bytes"
	"testing"
	"time"
)

func TestLock(t *testing.T) {
	l := Lock{Free: 5, Longest: 15 * time.Minute, Forget: time.Hour}
	for n, want := range map[int64]time.Duration{
		-1: 0, 0: 0, 4: 0, 5: time.Second, 6: 2 * time.Second, 10: 32 * time.Second, 14: 512 * time.Second,
		15: 15 * time.Minute, 36: 15 * time.Minute, 37: 15 * time.Minute, 38: 15 * time.Minute, 1 << 62: 15 * time.Minute,
	} {
		if got := l.For(n); got != want {
			t.Errorf("lock after %d failures: %v, want %v", n, got, want)
		}
	}
	now := time.UnixMilli(7_200_000)
	if got := l.Forgotten(now); got != 3_600_000 {
		t.Errorf("forgotten before %d", got)
	}
}

func TestWindow(t *testing.T) {
	w := Window{Max: 2, Per: time.Second}
	var uses []byte
	use := func(at int64, want bool) {
		t.Helper()
		before := bytes.Clone(uses)
		got, ok := w.Use(uses, at)
		if ok != want {
			t.Fatalf("use at %d: %v, want %v", at, ok, want)
		}
		if after := w.After(uses, at); (after > 0) == ok {
			t.Errorf("at %d there is room after %v", at, after)
		} else if _, ok := w.Use(uses, at+after.Milliseconds()); !ok {
			t.Errorf("at %d there is no room after %v", at, after)
		}
		if !bytes.Equal(uses, before) {
			t.Fatalf("use at %d wrote into what it was given", at)
		}
		if ok {
			uses = got
		}
	}
	use(1000, true)
	use(1500, true)
	use(1999, false) // the first counts for a whole second
	use(2000, true)
	use(2000, false)
	use(2499, false)
	use(2500, true)
	use(9000, true)
	if len(uses) != 8 {
		t.Errorf("%d bytes are kept of one use", len(uses))
	}
	if after := (Window{Per: time.Second}).After(nil, 1); after != time.Second {
		t.Errorf("where nothing is allowed there is room after %v", after)
	}
	if w.Until(9000) != 10_000 {
		t.Errorf("kept until %d", w.Until(9000))
	}
	if _, ok := w.Use([]byte("torn"), 1); !ok {
		t.Error("a torn row locks somebody out")
	}
}
