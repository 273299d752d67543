package token

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"fmt"
	"io"
	"time"

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
