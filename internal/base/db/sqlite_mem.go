package db

import (
	"errors"
	"sync"
	"time"

	"cognate/internal/base/background"
)

// memGate orders readers and the writer of an in-memory database. The memdb
// VFS has no WAL: it refuses readers while a write transaction runs and the
// commit while somebody reads, and SQLite would poll for the lock. A waiting
// writer holds new readers back, but at most for memBarge, so that a View
// inside a View cannot lock up.
type memGate struct {
	mu      sync.Mutex
	cond    *sync.Cond
	readers int
	waiting bool
	writing bool
}

const (
	memBarge = 20 * time.Millisecond
	memStuck = 5 * time.Second
)

var errMemStuck = errors.New("db: :memory: reader waited too long; View inside Update or a slow transaction")

func newMemGate() *memGate {
	g := &memGate{}
	g.cond = sync.NewCond(&g.mu)
	return g
}

// wait sleeps until woken or deadline; the caller holds mu.
func (g *memGate) wait(deadline time.Time) {
	t := background.AfterFunc(time.Until(deadline), "memory gate", g.cond.Broadcast)
	g.cond.Wait()
	t.Stop()
}

func (g *memGate) enter() error {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.writing || g.waiting {
		start := time.Now()
		barge, stuck := start.Add(memBarge), start.Add(memStuck)
		for g.writing || g.waiting {
			now := time.Now()
			if !g.writing && now.After(barge) {
				break
			}
			if now.After(stuck) {
				return errMemStuck
			}
			if g.writing {
				g.wait(stuck)
			} else {
				g.wait(barge)
			}
		}
	}
	g.readers++
	return nil
}

func (g *memGate) leave() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.readers--
	if g.readers == 0 {
		g.cond.Broadcast()
	}
}

// lock waits for the readers and keeps new ones out. There is one writer.
func (g *memGate) lock() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.waiting = true
	for g.readers > 0 {
		g.cond.Wait()
	}
	g.waiting, g.writing = false, true
}

func (g *memGate) unlock() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.writing = false
	g.cond.Broadcast()
}
