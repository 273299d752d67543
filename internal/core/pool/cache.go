package pool

import (
	"sync"
	"sync/atomic"
)

// How many snapshots a node keeps. A pool takes about 10 KB of memory, a client about 2 KB.
const (
	cachedPools   = 2_000
	cachedClients = 10_000
)

// sample is how many entries eviction compares to find one that was not used for long.
const sample = 8

// cache keeps immutable snapshots by id. Reading takes no exclusive lock.
type cache[T any] struct {
	size int

	mu    sync.RWMutex
	items map[string]*entry[T]
	drops uint64        // counts invalidations, so that a value read before one is not stored after it
	clock atomic.Uint64 // counts stores; the age of entries
}

// entry is a snapshot and the epoch in which it was known to be current.
type entry[T any] struct {
	value T
	epoch atomic.Uint64
	used  atomic.Uint64
}

func newCache[T any](size int) *cache[T] {
	return &cache[T]{size: size, items: make(map[string]*entry[T])}
}

// get returns the entry of an id or nil.
func (c *cache[T]) get(id string) *entry[T] {
	c.mu.RLock()
	e := c.items[id]
	c.mu.RUnlock()
	if e != nil {
		if now := c.clock.Load(); e.used.Load() != now {
			e.used.Store(now)
		}
	}
	return e
}

// begin marks the start of a load; put refuses the result when anything was invalidated since.
func (c *cache[T]) begin() uint64 {
	c.mu.RLock()
	defer c.mu.RUnlock()
	return c.drops
}

// put stores a value that was loaded since begin and was current in epoch.
func (c *cache[T]) put(id string, value T, epoch, begun uint64) {
	e := &entry[T]{value: value}
	e.epoch.Store(epoch)
	e.used.Store(c.clock.Add(1))
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.drops != begun {
		return
	}
	if _, have := c.items[id]; !have && len(c.items) >= c.size {
		c.evict()
	}
	c.items[id] = e
}

// evict removes the least recently used of a few entries.
func (c *cache[T]) evict() {
	var victim string
	oldest, seen := ^uint64(0), 0
	for id, e := range c.items {
		if used := e.used.Load(); used <= oldest {
			victim, oldest = id, used
		}
		if seen++; seen == sample {
			break
		}
	}
	delete(c.items, victim)
}

// drop forgets one id.
func (c *cache[T]) drop(id string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.drops++
	delete(c.items, id)
}

// clear forgets everything.
func (c *cache[T]) clear() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.drops++
	clear(c.items)
}

// len is how many entries there are.
func (c *cache[T]) len() int {
	c.mu.RLock()
	defer c.mu.RUnlock()
	return len(c.items)
}
