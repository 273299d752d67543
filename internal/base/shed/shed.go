// Package shed admits requests to work, a bounded number at a time, and turns away those that would wait too long. Who
// waits is decided by measured waiting, not by a rate: as long as the queue empties now and then, everybody may wait for
// Patience; once it has not been empty for that long it stands, and waiting is of no use to anybody: then only those are
// admitted who wait no longer than Target, the newest first, since they still have a caller (controlled delay with an
// adaptive order, as in "Fail at Scale", ACM Queue 13(8)).
package shed

import (
	"context"
	"errors"
	"runtime"
	"slices"
	"sync"
	"time"
)

// Defaults of a Gate. slots let many transactions share a commit and many callers a connection; per processor, more
// running requests than these only slow one another down.
const (
	leastSlots   = 32
	slotsPerCore = 16
	maxQueue     = 4096
	patience     = 500 * time.Millisecond
	target       = 100 * time.Millisecond
)

// ErrOverload is a request that was turned away.
var ErrOverload = errors.New("shed: too many requests are waiting")

// Gate admits requests. The zero value is complete.
type Gate struct {
	Slots    int           // running at once; 0 chooses by the number of processors
	Queue    int           // waiting at once; 0 is 4096
	Patience time.Duration // 0 is half a second
	Target   time.Duration // 0 is 100 ms

	mu      sync.Mutex
	running int
	back    []*waiter // those that were away, before all others
	waiting []*waiter // the oldest first
	empty   time.Time // when the queue was empty last
	stats   Stats
}

// Stats are for metrics.
type Stats struct {
	Running, Waiting int
	Admitted, Shed   int64
	Waited           time.Duration // of those that were admitted, together
}

// waiter is a request that waits; it gets one answer.
type waiter struct {
	since time.Time
	turn  chan error
}

// Stats tells the present state.
func (g *Gate) Stats() Stats {
	g.mu.Lock()
	defer g.mu.Unlock()
	s := g.stats
	s.Running, s.Waiting = g.running, len(g.waiting)
	return s
}

// Pass is an admitted request. It is not safe for concurrent use.
type Pass struct {
	g    *Gate
	away bool
}

type passKey struct{}

// Enter waits for a slot. The error is ErrOverload or that of ctx. The context carries the pass for Away; Leave gives
// the slot back.
func (g *Gate) Enter(ctx context.Context) (context.Context, *Pass, error) {
	if err := g.acquire(ctx, true); err != nil {
		return ctx, nil, err
	}
	p := &Pass{g: g}
	return context.WithValue(ctx, passKey{}, p), p, nil
}

// Leave gives the slot back.
func (p *Pass) Leave() {
	if !p.away {
		p.g.release()
	}
}

// Away gives the slot of a request back while it waits for somebody outside, such as a function, which costs nothing
// here. The function it returns takes a slot again, however long that takes: the request was admitted. Without a pass in
// ctx nothing happens.
func Away(ctx context.Context) (back func()) {
	p, _ := ctx.Value(passKey{}).(*Pass)
	if p == nil || p.away {
		return func() {}
	}
	p.away = true
	p.g.release()
	return func() {
		p.away = p.g.acquire(ctx, false) != nil // the caller has gone; there is nothing to give back
	}
}

// acquire takes a slot or waits for one; those that may not be shed go before all others.
func (g *Gate) acquire(ctx context.Context, sheddable bool) error {
	g.mu.Lock()
	now := time.Now()
	if len(g.waiting) == 0 {
		g.empty = now
	}
	if g.running < g.slots() {
		g.running++
		if sheddable {
			g.stats.Admitted++
		}
		g.mu.Unlock()
		return nil
	}
	w := &waiter{since: now, turn: make(chan error, 1)}
	var timeout <-chan time.Time
	switch {
	case !sheddable:
		g.back = append(g.back, w)
	case len(g.waiting) >= or(g.Queue, maxQueue):
		g.stats.Shed++
		g.mu.Unlock()
		return ErrOverload
	default:
		timer := time.NewTimer(g.limit(now))
		defer timer.Stop()
		timeout = timer.C
		g.waiting = append(g.waiting, w)
	}
	g.mu.Unlock()
	select {
	case err := <-w.turn:
		return err
	case <-ctx.Done():
		return g.giveUp(w, ctx.Err())
	case <-timeout:
		return g.giveUp(w, ErrOverload)
	}
}

// limit is how long one may wait now.
func (g *Gate) limit(now time.Time) time.Duration {
	if g.stands(now) {
		return or(g.Target, target)
	}
	return or(g.Patience, patience)
}

// stands reports whether the queue has not been empty for longer than anybody should wait.
func (g *Gate) stands(now time.Time) bool {
	return len(g.waiting) > 0 && now.Sub(g.empty) > or(g.Patience, patience)
}

// giveUp takes a waiter out of the queue, unless its turn came meanwhile.
func (g *Gate) giveUp(w *waiter, reason error) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, list := range []*[]*waiter{&g.waiting, &g.back} {
		if i := slices.Index(*list, w); i >= 0 {
			*list = slices.Delete(*list, i, i+1)
			if errors.Is(reason, ErrOverload) {
				g.stats.Shed++
			}
			return reason
		}
	}
	return <-w.turn
}

// release hands the slot to the next one.
func (g *Gate) release() {
	g.mu.Lock()
	defer g.mu.Unlock()
	if w := g.next(time.Now()); w != nil {
		w.turn <- nil
		return
	}
	g.running--
}

// next takes who is admitted next: one that comes back, else the oldest, or the newest of a queue that stands.
func (g *Gate) next(now time.Time) *waiter {
	if len(g.back) > 0 {
		w := g.back[0]
		g.back = slices.Delete(g.back, 0, 1)
		return w
	}
	if len(g.waiting) == 0 {
		return nil
	}
	i := 0
	if g.stands(now) {
		i = len(g.waiting) - 1
	}
	w := g.waiting[i]
	g.waiting = slices.Delete(g.waiting, i, i+1)
	if len(g.waiting) == 0 {
		g.empty = now
	}
	g.stats.Admitted++
	g.stats.Waited += now.Sub(w.since)
	return w
}

func (g *Gate) slots() int {
	return or(g.Slots, max(leastSlots, slotsPerCore*runtime.GOMAXPROCS(0)))
}

func or[T int | time.Duration](v, otherwise T) T {
	if v == 0 {
		return otherwise
	}
	return v
}
