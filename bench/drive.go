package main

import (
	"context"
	"slices"
	"sync"
	"time"
)

// figures are what one path gave.
type figures struct {
	rate     float64 // calls per second, all callers together
	p50, p99 time.Duration
	cpu      time.Duration // of the server, per call
}

// drive calls a path from several goroutines for the set time.
func drive(ctx context.Context, w *world, p path, o options) (figures, error) {
	if err := p.once(w, 0, 0); err != nil { // warm up, and fail early
		return figures{}, err
	}
	w.server.settle()
	deadline := time.Now().Add(o.duration)
	var (
		mu    sync.Mutex
		all   []time.Duration
		first error
		group sync.WaitGroup
	)
	before, began := w.server.cpu(), time.Now()
	for worker := range o.workers {
		group.Go(func() {
			var took []time.Duration
			for i := 1; time.Now().Before(deadline) && ctx.Err() == nil; i++ {
				at := time.Now()
				err := p.once(w, worker, i)
				took = append(took, time.Since(at))
				if err != nil {
					mu.Lock()
					first = err
					mu.Unlock()
					return
				}
			}
			mu.Lock()
			all = append(all, took...)
			mu.Unlock()
		})
	}
	group.Wait()
	if first != nil {
		return figures{}, first
	}
	elapsed, used := time.Since(began), w.server.cpu()-before
	return figures{
		rate: float64(len(all)) / elapsed.Seconds(),
		p50:  quantile(all, 0.5), p99: quantile(all, 0.99),
		cpu: used / time.Duration(max(len(all), 1)),
	}, nil
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
