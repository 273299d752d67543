package main

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"
)

// figures are what one path gave.
type figures struct {
	took    []time.Duration
	elapsed time.Duration
	cpu     time.Duration // of the server
	floor   time.Duration // of one call; 0 for paths without one
}

func (f *figures) rate() float64 { return float64(len(f.took)) / f.elapsed.Seconds() }

func (f *figures) perCall() time.Duration { return f.cpu / time.Duration(max(len(f.took), 1)) }

// slice is how long a path is driven at a time: between slices its floor is measured, because a shared machine is not
// equally fast for longer.
const slice = 500 * time.Millisecond

// drive calls a path from several goroutines for the set time.
func drive(ctx context.Context, w *world, p path, o options, floor floors) (*figures, error) {
	if err := p.once(w, 0, 0); err != nil { // warm up, and fail early
		return nil, err
	}
	w.server.settle()
	all, counts := &figures{}, make([]int, o.workers)
	var least []time.Duration
	for {
		at, err := floor.now(p.name)
		if err != nil {
			return nil, err
		}
		least = append(least, at)
		if all.elapsed >= o.duration {
			break
		}
		if err := driveSlice(ctx, w, p, all, counts, min(slice, o.duration)); err != nil {
			return nil, err
		}
	}
	for _, at := range least {
		all.floor += at / time.Duration(len(least))
	}
	return all, nil
}

// driveSlice adds one slice to the figures; counts are the calls of each goroutine so far.
func driveSlice(ctx context.Context, w *world, p path, into *figures, counts []int, d time.Duration) error {
	var (
		mu    sync.Mutex
		first error
		group sync.WaitGroup
	)
	before, began := w.server.cpu(), time.Now()
	for worker := range counts {
		group.Go(func() {
			var took []time.Duration
			var err error
			for err == nil && time.Since(began) < d && ctx.Err() == nil {
				counts[worker]++
				at := time.Now()
				if err = p.once(w, worker, counts[worker]); err == nil {
					took = append(took, time.Since(at))
				}
			}
			mu.Lock()
			defer mu.Unlock()
			into.took = append(into.took, took...)
			if err != nil && !errors.Is(err, errExhausted) {
				first = err
			}
		})
	}
	group.Wait()
	into.elapsed += time.Since(began)
	into.cpu += w.server.cpu() - before
	return first
}

func quantile(d []time.Duration, q float64) time.Duration {
	if len(d) == 0 {
		return 0
	}
	s := slices.Sorted(slices.Values(d))
	return s[min(int(q*float64(len(s))), len(s)-1)]
}

func middle(f []float64) float64 {
	if len(f) == 0 {
		return 0
	}
	return slices.Sorted(slices.Values(f))[len(f)/2]
}
