package background

import (
	"context"
	"errors"
	"math"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

func TestPanicsAreErrors(t *testing.T) {
	before := Panics()
	err := Try("test", func() error { panic("boom") })
	var p *Error
	if !errors.As(err, &p) || p.Name != "test" || p.Value != "boom" || len(p.Stack) == 0 {
		t.Errorf("Try = %#v", err)
	}
	if got := Panics() - before; got != 1 {
		t.Errorf("counted %d panics, want 1", got)
	}
	want := errors.New("plain")
	if err := Try("test", func() error { return want }); err != want {
		t.Errorf("Try = %v, want %v", err, want)
	}
}

func TestProcessSurvivesEveryStart(t *testing.T) {
	var wg sync.WaitGroup
	wg.Add(2)
	Go("go", func() { defer wg.Done(); panic(1) })
	AfterFunc(0, "timer", func() { defer wg.Done(); panic(2) })
	In(&wg, "group", func() { panic(3) })
	wg.Wait()
}

func TestKeepStartsAgainWithLongerPauses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var at []time.Duration
		began := time.Now()
		Keep(t.Context(), "loop", func(context.Context) {
			at = append(at, time.Since(began))
			if len(at) < 4 {
				panic("again")
			}
		})
		want := []time.Duration{0, 100 * time.Millisecond, 300 * time.Millisecond, 700 * time.Millisecond}
		for i := range want {
			if len(at) != len(want) || at[i] != want[i] {
				t.Fatalf("started at %v, want %v", at, want)
			}
		}
	})
}

func TestKeepEndsWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Minute)
		defer cancel()
		runs := 0
		Keep(ctx, "loop", func(context.Context) { runs++; panic("always") })
		if runs < 10 || runs > 30 {
			t.Errorf("%d runs in ten minutes", runs)
		}
	})
}

func TestPauseIsBounded(t *testing.T) {
	for _, n := range []int{math.MinInt, -1, 0, 9, 10, 42, 63, 64, 1 << 20, math.MaxInt} {
		if p := pause(n); p < firstPause || p > maxPause {
			t.Errorf("pause(%d) = %v", n, p)
		}
	}
}
