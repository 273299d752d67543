package message

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"cognate/internal/base/db"
)

// ErrFull means that too many messages wait already. It is an ErrNoTransport, until some are sent.
var ErrFull = fmt.Errorf("%w, for too many messages wait", ErrNoTransport)

const (
	// lookEvery is how often a node looks how deep the outbox is; more rarely when that takes long, so that it never takes
	// more than a two-hundredth of the time.
	lookEvery, lookShare, lookAtLeastEvery = 5 * time.Second, 200, time.Minute
	// dropEvery is how often it drops what has outlived its code.
	dropEvery = time.Minute
	// outlivedAtOnce is how many rows are dropped in one transaction.
	outlivedAtOnce = 1000
)

// depth is how much waits in the outbox, as this node saw it last and has added since.
type depth struct {
	mu     sync.Mutex
	pools  map[string]int64
	total  int64
	oldest int64     // ms, 0 for none
	next   time.Time // look
	drop   time.Time // next time
}

func (d *depth) set(pools map[string]int64, oldest int64, next time.Time) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.pools, d.oldest, d.next, d.total = pools, oldest, next, 0
	for _, n := range pools {
		d.total += n
	}
}

func (d *depth) add(poolID string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.pools == nil {
		d.pools = map[string]int64{}
	}
	d.pools[poolID]++
	d.total++
}

// full reports whether a pool may queue nothing more.
func (d *depth) full(poolID string, perPool, total int64) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.pools[poolID] >= perPool || d.total >= total
}

// Outcomes of messages, for figures.
type outcomes struct{ sent, delayed, givenUp, outlived, refused atomic.Int64 }

// Figures are the state of the outbox for operators: how many messages wait on all nodes, how old the oldest is, how many
// servers this node waits for, and what became of the messages that it handled.
type Figures struct {
	Waiting, Paused                           int64
	Oldest                                    time.Duration
	Sent, Delayed, GivenUp, Outlived, Refused int64
}

// Figures returns them as of the last look, a few seconds ago.
func (m *Messages) Figures() Figures {
	f := Figures{
		Paused: int64(m.circuits.paused()), Sent: m.outcomes.sent.Load(), Delayed: m.outcomes.delayed.Load(),
		GivenUp: m.outcomes.givenUp.Load(), Outlived: m.outcomes.outlived.Load(), Refused: m.outcomes.refused.Load(),
	}
	m.depth.mu.Lock()
	defer m.depth.mu.Unlock()
	f.Waiting = m.depth.total
	if m.depth.oldest > 0 && f.Waiting > 0 {
		f.Oldest = max(0, m.deps.Now().Sub(time.UnixMilli(m.depth.oldest)))
	}
	return f
}

// look notes how deep the outbox is and drops what has outlived its code, now and then.
func (m *Messages) look(ctx context.Context, now time.Time) error {
	m.depth.mu.Lock()
	look, drop := !now.Before(m.depth.next), !now.Before(m.depth.drop)
	if drop {
		m.depth.drop = now.Add(dropEvery)
	}
	m.depth.mu.Unlock()
	if !look {
		return nil
	}
	if drop {
		if err := m.dropOutlived(ctx, now); err != nil {
			return err
		}
	}
	var pools map[string]int64
	var oldest int64
	began := time.Now()
	err := m.deps.DB.Read(ctx, func(tx *db.Tx) (err error) {
		pools, oldest, err = depths(tx)
		return err
	})
	if err == nil {
		pause := min(max(lookEvery, lookShare*time.Since(began)), lookAtLeastEvery)
		m.depth.set(pools, oldest, now.Add(pause))
	}
	return err
}

func (m *Messages) dropOutlived(ctx context.Context, now time.Time) error {
	for {
		var n int64
		err := m.deps.DB.Update(ctx, func(tx *db.Tx) (err error) {
			n, err = dropOutlived(tx, now.UnixMilli(), outlivedAtOnce)
			return err
		})
		if err != nil || n == 0 {
			return err
		}
		m.outcomes.outlived.Add(n)
		m.deps.Log.Error("messages outlived their codes and were dropped", slog.Int64("messages", n))
		if n < outlivedAtOnce {
			return nil
		}
	}
}
