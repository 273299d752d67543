package token

import (
	"context"
	"crypto/rsa"
	"sync"
)

// maxReserved bounds the keys set aside for pools whose creation never committed.
const maxReserved = 64

// reserve sets two keys aside per new pool, so that a transaction that runs several times takes them once.
type reserve struct {
	mu    sync.Mutex
	pools map[string][2]*rsa.PrivateKey
}

func (r *reserve) take(ctx context.Context, from KeySource, poolID string) ([2]*rsa.PrivateKey, error) {
	r.mu.Lock()
	made, have := r.pools[poolID]
	r.mu.Unlock()
	if have {
		return made, nil
	}
	for i := range made {
		key, err := from.Take(ctx)
		if err != nil {
			return made, err
		}
		made[i] = key
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.pools == nil || len(r.pools) >= maxReserved {
		r.pools = map[string][2]*rsa.PrivateKey{}
	}
	r.pools[poolID] = made
	return made, nil
}

func (r *reserve) drop(poolID string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.pools, poolID)
}
