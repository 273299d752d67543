// Package kms is a small key management service: symmetric keys that never
// leave the server and that functions reach through AWS's KMS API to decrypt
// what Cognate encrypted for them. Every ciphertext is bound to its encryption
// context.
//
// Keys stand for the KMS keys that pools name in LambdaConfig.KMSKeyID. They are
// declared in the seed file; a dev server makes one for any ARN of its account
// that a pool uses. No API call makes or changes a key. A key belongs to one
// Region: the one of its ARN, else the server's default.
package kms

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"time"

	"cognate/internal/base/arn"
	"cognate/internal/base/clock"
	"cognate/internal/base/db"
	"cognate/internal/base/id"
	"cognate/internal/base/keyring"
)

// ErrNotFound says that no key or alias has the name that was given.
var ErrNotFound = errors.New("kms: no such key")

// ErrDisabled says that a key exists and must not be used.
var ErrDisabled = errors.New("kms: key is disabled")

// ErrName says that a name is not one of a key of this account and, in an API
// call, of the caller's Region.
var ErrName = errors.New("kms: not the name of a key of this account and region")

// Sealer encrypts under a data key of the server and binds the result to where
// it is kept; *keyring.Keyring is one.
type Sealer interface {
	Seal(ctx context.Context, scope string, plaintext []byte, aad ...string) ([]byte, error)
	Open(ctx context.Context, scope string, sealed []byte, aad ...string) ([]byte, error)
}

// Deps are what the room needs. Clock and Rand may be nil for the machine's.
type Deps struct {
	DB      *db.DB
	Keyring Sealer
	Clock   *clock.Clock
	Rand    io.Reader
	Region  arn.Region // of keys that are not named by an ARN
	Account string
	// MakeKeys makes a key when a pool uses an ARN of this account that has none.
	// The API never makes keys.
	MakeKeys bool
}

// Keys holds the keys of one account. It is safe for concurrent use.
type Keys struct{ deps Deps }

// New assembles the room.
func New(d Deps) *Keys {
	if d.Clock == nil {
		d.Clock = clock.System()
	}
	if d.Rand == nil {
		d.Rand = rand.Reader
	}
	return &Keys{deps: d}
}

// Key is one key without its material.
type Key struct {
	ID          string
	ARN         string
	Description string
	Enabled     bool
	Created     time.Time
}

// materialSize is the length of a key in bytes.
const materialSize = 32

func materialAAD(keyID string) []string { return []string{"kms_key", "material", keyID} }

// Wanted declares a key. Name is a key id, alias/<name>, or the ARN of either.
type Wanted struct {
	Name        string
	Aliases     []string // further names of the form alias/<name>
	Description string
	Disabled    bool
}

// Ensure makes the key that w declares when there is none, and sets
// description, state and aliases of the one there is. An alias that belonged to
// another key moves. Errors wrap ErrName.
func (k *Keys) Ensure(ctx context.Context, w Wanted) (Key, error) {
	want, err := k.parse("", w.Name)
	if err != nil {
		return Key{}, err
	}
	aliases := make([]string, 0, len(w.Aliases)+1)
	for _, text := range w.Aliases {
		a, err := k.parse(want.region, text)
		if err != nil || a.alias == "" {
			return Key{}, fmt.Errorf("%w: alias %.64q", ErrName, text)
		}
		aliases = append(aliases, a.alias)
	}
	fresh, err := k.fresh(ctx, want)
	if err != nil {
		return Key{}, err
	}
	var row keyRow
	err = k.deps.DB.Update(ctx, func(tx *db.Tx) error {
		var err error
		if row, err = k.ensure(tx, want, fresh); err != nil {
			return err
		}
		row.description, row.enabled = w.Description, !w.Disabled
		if err := updateKey(tx, row); err != nil {
			return err
		}
		for _, alias := range aliases {
			if err := putAlias(tx, alias, row.id, true); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return Key{}, fmt.Errorf("kms: make key: %w", err)
	}
	return k.key(row), nil
}

// fresh is a new key for a name, with its material sealed; whether it is needed
// turns out in the transaction.
func (k *Keys) fresh(ctx context.Context, n name) (keyRow, error) {
	row := keyRow{id: n.id, enabled: true, created: k.deps.Clock.Now().UnixMilli()}
	if row.id == "" {
		row.id = k.stored(n.region, id.Source{Rand: k.deps.Rand}.UUID())
	}
	material := make([]byte, materialSize)
	if _, err := io.ReadFull(k.deps.Rand, material); err != nil {
		return row, fmt.Errorf("kms: key material: %w", err)
	}
	var err error
	if row.sealed, err = k.deps.Keyring.Seal(ctx, keyring.System, material, materialAAD(row.id)...); err != nil {
		return row, fmt.Errorf("kms: seal: %w", err)
	}
	return row, nil
}

// ensure answers the key of a name and inserts fresh where there is none.
func (k *Keys) ensure(tx *db.Tx, n name, fresh keyRow) (keyRow, error) {
	row, err := findKey(tx, n)
	if !errors.Is(err, db.ErrNoRows) {
		return row, err
	}
	if err := insertKey(tx, fresh); err != nil {
		return row, err
	}
	if n.alias != "" {
		if err := putAlias(tx, n.alias, fresh.id, false); err != nil {
			return row, err
		}
	}
	return findKey(tx, n) // another node may have been first
}

// find reads a usable key by any of its names.
func (k *Keys) find(ctx context.Context, n name) (keyRow, error) {
	var row keyRow
	err := k.deps.DB.Read(ctx, func(tx *db.Tx) error {
		var err error
		row, err = findKey(tx, n)
		return err
	})
	if errors.Is(err, db.ErrNoRows) {
		return row, fmt.Errorf("%w: %s", ErrNotFound, n.arn)
	}
	if err != nil {
		return row, fmt.Errorf("kms: read key: %w", err)
	}
	return row, nil
}

// material opens the secret of a key.
func (k *Keys) material(ctx context.Context, row keyRow) ([]byte, error) {
	m, err := k.deps.Keyring.Open(ctx, keyring.System, row.sealed, materialAAD(row.id)...)
	if err != nil {
		return nil, fmt.Errorf("kms: open key %s: %w", row.id, err)
	}
	return m, nil
}

func (k *Keys) key(row keyRow) Key {
	return Key{
		ID: row.name(), ARN: k.arnOf(row), Description: row.description, Enabled: row.enabled,
		Created: time.UnixMilli(row.created).UTC(),
	}
}

// DataKey makes a 32-byte data key under the key that a pool names, for the
// server's own use: the plaintext, the same wrapped, and the ARN of the wrapping
// key. With MakeKeys a missing key is made first. Errors wrap ErrNotFound,
// ErrDisabled or ErrName.
func (k *Keys) DataKey(ctx context.Context, keyID string, encryptionContext map[string]string) (plaintext, wrapped []byte, keyARN string, err error) {
	n, err := k.parse("", keyID)
	if err != nil {
		return nil, nil, "", err
	}
	row, err := k.find(ctx, n)
	if errors.Is(err, ErrNotFound) && k.deps.MakeKeys {
		if _, err = k.Ensure(ctx, Wanted{Name: keyID}); err == nil {
			row, err = k.find(ctx, n)
		}
	}
	if err != nil {
		return nil, nil, "", err
	}
	if !row.enabled {
		return nil, nil, "", fmt.Errorf("%w: %s", ErrDisabled, n.arn)
	}
	plaintext, wrapped, err = k.generate(ctx, row, materialSize, encryptionContext)
	return plaintext, wrapped, k.arnOf(row), err
}

func (k *Keys) generate(ctx context.Context, row keyRow, size int, encryptionContext map[string]string) (plaintext, wrapped []byte, err error) {
	plaintext = make([]byte, size)
	if _, err := io.ReadFull(k.deps.Rand, plaintext); err != nil {
		return nil, nil, fmt.Errorf("kms: data key: %w", err)
	}
	wrapped, err = k.encrypt(ctx, row, plaintext, encryptionContext)
	return plaintext, wrapped, err
}
