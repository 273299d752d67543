package token

import (
	"context"
	"crypto/rsa"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"cognate/internal/base/clock"
	"cognate/internal/base/db"
	"cognate/internal/base/jose"
)

// ring is what a node knows of a pool's keys: the last set that it read.
type ring struct {
	reading sync.Mutex
	set     atomic.Pointer[keySet]
}

// keySet is an immutable reading of a pool's keys.
type keySet struct {
	read time.Time     // real time
	keys []*signingKey // the newest first
	jwks []byte
}

// pair are the keys that sign now.
type pair struct{ id, access *signingKey }

// Keys returns the JWKS of a pool: its published keys, the newest first. ErrNoKeys when it has none.
func (t *Tokens) Keys(ctx context.Context, poolID string) ([]byte, error) {
	set, err := t.keySet(ctx, poolID, ringLife)
	if err != nil {
		return nil, err
	}
	if len(set.keys) == 0 {
		return nil, ErrNoKeys
	}
	return set.jwks, nil
}

// signers returns the keys to sign with: per purpose the newest that is active.
func (t *Tokens) signers(ctx context.Context, poolID string) (pair, error) {
	set, err := t.keySet(ctx, poolID, ringLife)
	if err != nil {
		return pair{}, err
	}
	var found pair
	now := t.clock.Milli()
	for _, k := range set.keys {
		switch {
		case k.activeFrom > now:
		case k.purpose == purposeID && found.id == nil:
			found.id = k
		case k.purpose == purposeAccess && found.access == nil:
			found.access = k
		}
	}
	if found.id == nil || found.access == nil {
		return pair{}, fmt.Errorf("%w: pool %s", ErrNoKeys, poolID)
	}
	return found, nil
}

// publicKey returns the key that signed tokens of a purpose under kid, or nil. A key id that this node has not seen makes
// it read the keys again, at most every few seconds.
func (t *Tokens) publicKey(ctx context.Context, poolID, purpose, kid string) (*rsa.PublicKey, error) {
	now := t.clock.Milli()
	for _, life := range []time.Duration{ringLife, ringRetry} {
		set, err := t.keySet(ctx, poolID, life)
		if err != nil {
			return nil, err
		}
		for _, k := range set.keys {
			if k.kid == kid && k.purpose == purpose && (k.expires == 0 || now < k.expires) {
				return k.signer.Public(), nil
			}
		}
	}
	return nil, nil
}

// keySet returns the keys of a pool, read anew when the last reading is older than life. While somebody reads, others
// go on with the keys there are, unless they look for one that is not among them.
func (t *Tokens) keySet(ctx context.Context, poolID string, life time.Duration) (*keySet, error) {
	r := t.ringOf(poolID)
	set := r.set.Load()
	if set.fresh(life) {
		return set, nil
	}
	if set != nil && life == ringLife {
		if !r.reading.TryLock() {
			return set, nil
		}
	} else {
		r.reading.Lock()
	}
	defer r.reading.Unlock()
	if set = r.set.Load(); set.fresh(life) {
		return set, nil
	}
	set, err := t.readKeys(ctx, poolID, set)
	if err == nil {
		r.set.Store(set)
	}
	return set, err
}

// Forget drops the keys this node holds in memory, after the database below was replaced.
func (t *Tokens) Forget() {
	t.rings.Range(func(poolID, _ any) bool {
		t.dropRing(poolID.(string))
		return true
	})
}

// ringOf returns the ring of a pool, a new one makes room by dropping some other when there are too many.
func (t *Tokens) ringOf(poolID string) *ring {
	if v, ok := t.rings.Load(poolID); ok {
		return v.(*ring)
	}
	v, there := t.rings.LoadOrStore(poolID, &ring{})
	if !there && t.ringCount.Add(1) > maxRings {
		t.rings.Range(func(other, _ any) bool {
			if other != poolID {
				t.dropRing(other.(string))
			}
			return other == poolID
		})
	}
	return v.(*ring)
}

func (t *Tokens) dropRing(poolID string) {
	if _, there := t.rings.LoadAndDelete(poolID); there {
		t.ringCount.Add(-1)
	}
}

func (s *keySet) fresh(life time.Duration) bool {
	return s != nil && len(s.keys) > 0 && clock.Real().Sub(s.read) < life
}

// readKeys reads the keys of a pool; those that old holds are not parsed again.
func (t *Tokens) readKeys(ctx context.Context, poolID string, old *keySet) (*keySet, error) {
	var rows []keyRow
	err := t.db.Read(ctx, func(tx *db.Tx) error {
		var err error
		rows, err = listKeys(tx, poolID)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("token: read keys: %w", err)
	}
	if len(rows) == 0 {
		if rows, err = t.firstKeys(ctx, poolID); err != nil {
			return nil, err
		}
	}
	known := map[string]*jose.Signer{}
	if old != nil {
		for _, k := range old.keys {
			known[k.kid] = k.signer
		}
	}
	set := &keySet{read: clock.Real()}
	published := make([]jose.JWK, 0, len(rows))
	for _, row := range rows {
		signer := known[row.kid]
		if signer == nil {
			if signer, err = t.openKey(ctx, poolID, row); err != nil {
				return nil, err
			}
		}
		set.keys = append(set.keys, &signingKey{row.kid, row.purpose, signer, row.activeFrom, row.expires})
		published = append(published, jose.PublicJWK(row.kid, signer.Public()))
	}
	set.jwks = jose.JWKS(published)
	return set, nil
}
