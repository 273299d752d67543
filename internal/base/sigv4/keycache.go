package sigv4

import "sync"

// maxKeys bounds each of the two generations of the cache.
const maxKeys = 1024

type cacheKey struct {
	id, secret string
	scope      scope
}

// keyCache keeps derived signing keys: four HMACs less per request. Only keys
// that verified a request are put in. When the young generation is full it
// becomes the old one, so memory is bounded and keys in use survive.
type keyCache struct {
	mu         sync.RWMutex
	young, old map[cacheKey][32]byte
}

func (c *keyCache) get(id, secret string, s scope) ([32]byte, bool) {
	k := cacheKey{id, secret, s}
	c.mu.RLock()
	v, ok := c.young[k]
	if ok {
		c.mu.RUnlock()
		return v, true
	}
	v, ok = c.old[k]
	c.mu.RUnlock()
	if ok {
		c.put(id, secret, s, v)
	}
	return v, ok
}

func (c *keyCache) put(id, secret string, s scope, key [32]byte) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.young) >= maxKeys || c.young == nil {
		c.old, c.young = c.young, make(map[cacheKey][32]byte)
	}
	c.young[cacheKey{id, secret, s}] = key
}
