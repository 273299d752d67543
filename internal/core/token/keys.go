package token

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"time"

	"cognate/internal/base/background"
	"cognate/internal/base/db"
	"cognate/internal/base/jose"
	"cognate/internal/base/keyring"
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

var purposes = [2]string{purposeID, purposeAccess}

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

// CreateKeys starts to make the two signing keys of a new pool once the transaction that makes the pool has committed.
// Nothing waits for them but the first token or key set of the pool, if it is asked for that soon.
func (t *Tokens) CreateKeys(tx *db.Tx, poolID string) error {
	tx.AfterCommit(func() {
		background.Go("first keys", func() {
			_, _ = t.keySet(context.Background(), poolID, ringLife) // who needs them meets the error again
		})
	})
	return nil
}

// firstKeys makes the keys of a pool that has none. Their ids follow from the pool's own secret, so that of several
// nodes that make them at once one succeeds and the others find its keys.
func (t *Tokens) firstKeys(ctx context.Context, poolID string) ([]keyRow, error) {
	var ids [2]string
	for i, purpose := range purposes {
		id, err := t.keys.MAC(ctx, poolID, "token/first-key", purpose)
		if errors.Is(err, keyring.ErrUnknownScope) {
			return nil, nil // no such pool, or no more
		}
		if err != nil {
			return nil, fmt.Errorf("token: first keys: %w", err)
		}
		ids[i] = base64.StdEncoding.EncodeToString(id)
	}
	made, err := t.takeKeys(ctx)
	if err != nil {
		return nil, err
	}
	fresh, err := t.sealKeys(ctx, poolID, made, ids, t.clock.Milli())
	if errors.Is(err, keyring.ErrUnknownScope) {
		return nil, nil // deleted meanwhile
	}
	if err != nil {
		return nil, err
	}
	var rows []keyRow
	err = t.db.Update(ctx, func(tx *db.Tx) error {
		if err := putKeys(tx, poolID, fresh); err != nil {
			return err
		}
		var err error
		rows, err = listKeys(tx, poolID)
		return err
	})
	if errors.Is(err, db.ErrConflict) {
		err = t.db.Read(ctx, func(tx *db.Tx) error {
			var err error
			rows, err = listKeys(tx, poolID)
			return err
		})
	}
	return rows, err
}

func (t *Tokens) takeKeys(ctx context.Context) (made [2]*rsa.PrivateKey, err error) {
	for i := range made {
		if made[i], err = t.made.Take(ctx); err != nil {
			return made, fmt.Errorf("token: make keys: %w", err)
		}
	}
	return made, nil
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
	if _, err := t.keySet(ctx, poolID, ringLife); err != nil { // the ones that the new ones replace
		return err
	}
	made, err := t.takeKeys(ctx)
	if err != nil {
		return err
	}
	var ids [2]string
	for i := range ids {
		if ids[i], err = t.keyID(); err != nil {
			return err
		}
	}
	now := t.clock.Now()
	from := now.Add(publishAhead)
	fresh, err := t.sealKeys(ctx, poolID, made, ids, from.UnixMilli())
	if err != nil {
		return err
	}
	return t.db.Update(ctx, func(tx *db.Tx) error {
		pending, err := keysPending(tx, poolID, now.UnixMilli())
		if err != nil {
			return err
		}
		if pending {
			return ErrRotating
		}
		if err := retireKeys(tx, poolID, from.Add(keyLinger).UnixMilli()); err != nil {
			return err
		}
		tx.AfterCommit(func() { t.dropRing(poolID) })
		return putKeys(tx, poolID, fresh)
	})
}

// sealKeys makes the rows of two new keys, outside of transactions.
func (t *Tokens) sealKeys(ctx context.Context, poolID string, made [2]*rsa.PrivateKey, ids [2]string, activeFrom int64) (rows [2]keyRow, err error) {
	for i, purpose := range purposes {
		der, err := jose.MarshalKey(made[i])
		if err != nil {
			return rows, fmt.Errorf("token: new key: %w", err)
		}
		sealed, err := t.keys.Seal(ctx, poolID, der, "signing_key", "private", ids[i])
		if err != nil {
			return rows, fmt.Errorf("token: seal key: %w", err)
		}
		rows[i] = keyRow{kid: ids[i], purpose: purpose, private: sealed, activeFrom: activeFrom}
	}
	return rows, nil
}

func putKeys(tx *db.Tx, poolID string, rows [2]keyRow) error {
	for _, row := range rows {
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
