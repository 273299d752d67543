package token

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"fmt"
	"io"
	"sync"
	"sync/atomic"
	"time"

	"cognate/internal/base/clock"
	"cognate/internal/base/db"
	"cognate/internal/base/jose"
)

// KeySource yields RSA-2048 keys. Making one takes tens of milliseconds, so a source makes them ahead.
type KeySource interface {
	Take(ctx context.Context) (*rsa.PrivateKey, error)
}

// The purposes of signing keys: as on AWS, ID and access tokens are signed with different ones.
const (
	purposeID     = "id"
	purposeAccess = "access"
)

const (
	// publishAhead is how long a new key is in the JWKS before it signs: longer than verifiers and nodes cache.
	publishAhead = 10 * time.Minute
	// keyLinger is how long a retired key stays in the JWKS: the longest life of a token, and an hour.
	keyLinger = 25 * time.Hour
	// ringLife is how long a node uses the keys it has read.
	ringLife = time.Minute
	// maxRings bounds the pools whose keys a node keeps, at some ten kilobytes each.
	maxRings = 10_000
	// ringRetry is how soon an unknown key id makes a node read the keys again.
	ringRetry = 5 * time.Second
)

// signingKey is one key of a pool, ready for use.
type signingKey struct {
	kid, purpose        string
	signer              *jose.Signer
	activeFrom, expires int64 // ms since 1970; expires 0 while it is the newest
}

// job is the signing of one token.
func (k *signingKey) job(claims []byte) jose.Job {
	return jose.Job{Signer: k.signer, KeyID: k.kid, Claims: claims}
}

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

// CreateKeys gives a new pool its two signing keys, in the transaction that makes the pool. The keys come from the
// source of ready-made ones; a repeated run of the transaction uses the same two.
func (t *Tokens) CreateKeys(tx *db.Tx, poolID string) error {
	made, err := t.reserved.take(tx.Context(), t.made, poolID)
	if err != nil {
		return fmt.Errorf("token: create keys: %w", err)
	}
	tx.AfterCommit(func() { t.reserved.drop(poolID) })
	return t.putKeys(tx, poolID, made, t.clock.Milli())
}

// DropKeys removes the keys of a pool that is being deleted. Its sessions are removed in batches by DropPool; without
// its pool no token is accepted.
func (t *Tokens) DropKeys(tx *db.Tx, poolID string) error {
	tx.AfterCommit(func() { t.dropRing(poolID) })
	return deleteKeys(tx, poolID)
}

// RotateKeys makes two new signing keys for a pool. They are published at once and sign from ten minutes later on; the
// old ones stay published until every token they signed has expired. ErrRotating when that is under way already.
func (t *Tokens) RotateKeys(ctx context.Context, poolID string) error {
	var made [2]*rsa.PrivateKey
	for i := range made {
		key, err := t.made.Take(ctx)
		if err != nil {
			return fmt.Errorf("token: rotate keys: %w", err)
		}
		made[i] = key
	}
	return t.db.Update(ctx, func(tx *db.Tx) error {
		now := t.clock.Now()
		pending, err := keysPending(tx, poolID, now.UnixMilli())
		if err != nil {
			return err
		}
		if pending {
			return ErrRotating
		}
		from := now.Add(publishAhead)
		if err := retireKeys(tx, poolID, from.Add(keyLinger).UnixMilli()); err != nil {
			return err
		}
		tx.AfterCommit(func() { t.dropRing(poolID) })
		return t.putKeys(tx, poolID, made, from.UnixMilli())
	})
}

func (t *Tokens) putKeys(tx *db.Tx, poolID string, made [2]*rsa.PrivateKey, activeFrom int64) error {
	for i, purpose := range []string{purposeID, purposeAccess} {
		kid, err := t.keyID()
		if err != nil {
			return err
		}
		der, err := jose.MarshalKey(made[i])
		if err != nil {
			return fmt.Errorf("token: new key: %w", err)
		}
		sealed, err := t.keys.Seal(tx.Context(), poolID, der, "signing_key", "private", kid)
		if err != nil {
			return fmt.Errorf("token: seal key: %w", err)
		}
		row := keyRow{kid: kid, purpose: purpose, private: sealed, activeFrom: activeFrom}
		if err := insertKey(tx, poolID, row); err != nil {
			return fmt.Errorf("token: write key: %w", err)
		}
	}
	return nil
}

// keyID draws a key id: 32 bytes in 44 characters of standard base64.
func (t *Tokens) keyID() (string, error) {
	var raw [32]byte
	if _, err := io.ReadFull(t.random(), raw[:]); err != nil {
		return "", fmt.Errorf("token: random: %w", err)
	}
	return base64.StdEncoding.EncodeToString(raw[:]), nil
}

// random is the source of secrets.
func (t *Tokens) random() io.Reader {
	if t.ids.Rand != nil {
		return t.ids.Rand
	}
	return rand.Reader
}

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

// accessKey returns the key that signed access tokens under kid, or nil. A key id that this node has not seen makes it
// read the keys again, at most every few seconds.
func (t *Tokens) accessKey(ctx context.Context, poolID, kid string) (*rsa.PublicKey, error) {
	now := t.clock.Milli()
	for _, life := range []time.Duration{ringLife, ringRetry} {
		set, err := t.keySet(ctx, poolID, life)
		if err != nil {
			return nil, err
		}
		for _, k := range set.keys {
			if k.kid == kid && k.purpose == purposeAccess && (k.expires == 0 || now < k.expires) {
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

func (t *Tokens) openKey(ctx context.Context, poolID string, row keyRow) (*jose.Signer, error) {
	der, err := t.keys.Open(ctx, poolID, row.private, "signing_key", "private", row.kid)
	if err != nil {
		return nil, fmt.Errorf("token: open key %s: %w", row.kid, err)
	}
	private, err := jose.ParseKey(der)
	if err != nil {
		return nil, fmt.Errorf("token: parse key %s: %w", row.kid, err)
	}
	return jose.NewSigner(private)
}
