package branding

import "sync"

// What a node keeps: looks of clients, and bytes of images.
const (
	cachedLooks = 2_000
	cachedBytes = 16 << 20
)

// cache keeps what was read of a pool for as long as the pool has the version that it had then. It is bounded by the sum
// of what its entries cost.
type cache[T any] struct {
	limit int

	mu    sync.RWMutex
	used  int
	items map[string]cached[T]
}

type cached[T any] struct {
	value   T
	version int64
	cost    int
}

func newCache[T any](limit int) *cache[T] {
	return &cache[T]{limit: limit, items: map[string]cached[T]{}}
}

// get returns what was put for a key while the pool had this version.
func (c *cache[T]) get(key string, version int64) (T, bool) {
	c.mu.RLock()
	defer c.mu.RUnlock()
	item, found := c.items[key]
	return item.value, found && item.version == version
}

// put keeps a value that was read when the pool had this version, or later. Others go in no particular order.
func (c *cache[T]) put(key string, version int64, cost int, value T) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.drop(key)
	for other := range c.items {
		if c.used+cost <= c.limit {
			break
		}
		c.drop(other)
	}
	c.items[key] = cached[T]{value, version, cost}
	c.used += cost
}

func (c *cache[T]) drop(key string) {
	c.used -= c.items[key].cost
	delete(c.items, key)
}

func (c *cache[T]) clear() {
	c.mu.Lock()
	defer c.mu.Unlock()
	clear(c.items)
	c.used = 0
}
