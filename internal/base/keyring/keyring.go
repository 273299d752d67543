// Package keyring keeps secrets sealed at rest: envelope encryption with one data key per scope, wrapped by a
// key-encryption key (KEK) that lives outside the database.
//
// A scope is a user pool id, or System for what belongs to no pool. Sealing is AES-256-GCM in the XAES-256-GCM
// construction of C2SP: every message gets its own key and a 192-bit random nonce, so a data key never reaches the limit
// of 2^32 messages that plain AES-GCM has with random nonces (a busy pool seals that many session strings in weeks).
//
// A sealed value starts with a format byte and the number of its data key; both, the scope and the caller's associated
// data (table, column, row key) are authenticated. Removing a scope's keys makes everything sealed under it unreadable,
// in backups of the database too, as long as those of the keys are gone.
//
// The first data key of a scope also yields the key of MAC, which therefore survives rotation.
//
// # A scope inside the transaction that creates it
//
// Create writes the new key in the caller's transaction. Until it commits, only calls that are given that transaction's
// own context, tx.Context(), see the key; a transaction that rolls back leaves nothing that another one could use by
// mistake. After the commit every call on this node finds the key in memory, other nodes load it at first use.
package keyring

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"

	"cognate/internal/base/db"
	"cognate/internal/base/pack"
)

// System is the scope of secrets that belong to no pool. Open creates it.
const System = "system"

// Overhead is how many bytes longer than its plaintext a sealed value is.
const Overhead = headerSize + nonceSize + tagSize

// Errors that callers match with errors.Is.
var (
	// ErrOpen says that a sealed value was altered, belongs to another scope or to other associated data, or was sealed
	// under a key that is gone. The cases are not told apart.
	ErrOpen = errors.New("keyring: sealed value does not open")
	// ErrUnknownScope says that the scope has no data key: never created, destroyed, or created in a transaction that has
	// not committed and whose context was not given.
	ErrUnknownScope = errors.New("keyring: scope has no data key")
	// ErrWrongKEK says that data keys are wrapped by a key-encryption key that was not given.
	ErrWrongKEK = errors.New("keyring: wrong key-encryption key")
)

// Keyring seals, opens and hashes for all scopes of one database. It is safe for concurrent use.
type Keyring struct {
	db     *db.DB
	source io.Reader
	now    func() time.Time

	mu      sync.RWMutex
	kek     KEK            // the node's own
	current string         // id of the one that wraps new data keys, as the database named it last
	known   map[string]KEK // by id; also unwraps what older ones wrapped
	scopes  map[string]*scopeKeys
	pending map[string]*pendingScope
	loading map[string]*load
	epoch   uint64 // grows with every change, so that a load that began before one is not kept
}

// Open returns the keyring of a database whose schema has the package's Migrations. kek is the node's own key-encryption
// key; previous are others that it may need. The database names the one that wraps new data keys: the kek of the node
// that was first, until Rewrap changes it. Open creates the System scope when missing, reads the keys of the first
// thousands of scopes at once, and returns ErrWrongKEK unless every key that the database needs was given.
func Open(ctx context.Context, d *db.DB, kek KEK, previous ...KEK) (*Keyring, error) {
	k := newKeyring(d, kek, previous)
	if err := k.preload(ctx); err != nil {
		return nil, err
	}
	return k, nil
}

// Check reports whether Open would find the keys that it needs, and changes nothing. It knows schemas of before
// keyring/0002; a database without keys passes.
func Check(ctx context.Context, d *db.DB, kek KEK, previous ...KEK) error {
	_, err := newKeyring(d, kek, previous).read(ctx, System)
	if errors.Is(err, ErrUnknownScope) {
		return nil
	}
	return err
}

func newKeyring(d *db.DB, kek KEK, previous []KEK) *Keyring {
	k := &Keyring{
		db: d, source: rand.Reader, now: time.Now, kek: kek, known: map[string]KEK{},
		scopes: map[string]*scopeKeys{}, pending: map[string]*pendingScope{}, loading: map[string]*load{},
	}
	for _, one := range previous {
		k.known[one.ID()] = one
	}
	k.known[kek.ID()] = kek
	return k
}

// Seal encrypts plaintext for a scope. aad names where the value is kept (table, column, row key); Open needs the same
// words. The result is Overhead bytes longer than the plaintext.
func (k *Keyring) Seal(ctx context.Context, scope string, plaintext []byte, aad ...string) ([]byte, error) {
	keys, err := k.keys(ctx, scope)
	if err != nil {
		return nil, err
	}
	key := keys.byID[keys.current]
	sealed := make([]byte, headerSize+nonceSize, len(plaintext)+Overhead)
	sealed[0] = formatV1
	binary.BigEndian.PutUint32(sealed[1:headerSize], key.id)
	nonce := sealed[headerSize:]
	if _, err := io.ReadFull(k.source, nonce); err != nil {
		return nil, fmt.Errorf("keyring: nonce: %w", err)
	}
	return key.seal(sealed, nonce, plaintext, boundTo(sealed[:headerSize], scope, aad))
}

// Open decrypts what Seal returned for the same scope and aad. Whatever is wrong with the value is ErrOpen.
func (k *Keyring) Open(ctx context.Context, scope string, sealed []byte, aad ...string) ([]byte, error) {
	keys, err := k.keys(ctx, scope)
	if err != nil {
		return nil, err
	}
	if len(sealed) < Overhead || sealed[0] != formatV1 {
		return nil, ErrOpen
	}
	id := binary.BigEndian.Uint32(sealed[1:headerSize])
	key, ok := keys.byID[id]
	if !ok {
		if key, err = k.newerKey(ctx, scope, id); err != nil {
			return nil, err
		}
	}
	nonce, box := sealed[headerSize:headerSize+nonceSize], sealed[headerSize+nonceSize:]
	return key.open(nonce, box, boundTo(sealed[:headerSize], scope, aad))
}

// MAC returns 32 bytes of HMAC-SHA256 over purpose and data, under a key that only this scope has and that rotation
// does not change. Words are hashed with their lengths, so no two different calls hash the same bytes.
func (k *Keyring) MAC(ctx context.Context, scope, purpose string, data ...string) ([]byte, error) {
	keys, err := k.keys(ctx, scope)
	if err != nil {
		return nil, err
	}
	size := 2*binary.MaxVarintLen64 + len(purpose)
	for _, word := range data {
		size += binary.MaxVarintLen64 + len(word)
	}
	message := pack.Text(make([]byte, 0, size), purpose)
	for _, word := range data {
		message = pack.Text(message, word)
	}
	mac := hmac.New(sha256.New, keys.mac[:])
	mac.Write(message)
	return mac.Sum(nil), nil
}

// Load makes sure that a scope's keys are in memory. Code that will seal or hash inside a transaction calls it before,
// so that the transaction does not wait for a second connection.
func (k *Keyring) Load(ctx context.Context, scope string) error {
	_, err := k.keys(ctx, scope)
	return err
}

// The parts of a sealed value: format, key number, nonce, ciphertext, tag.
const (
	formatV1   = 1
	headerSize = 1 + 4
	tagSize    = 16
)

// boundTo returns the associated data of a sealed value: what it is, whose it is and where it stands.
func boundTo(header []byte, scope string, aad []string) []byte {
	size := len(header) + binary.MaxVarintLen64 + len(scope)
	for _, word := range aad {
		size += binary.MaxVarintLen64 + len(word)
	}
	b := pack.Text(append(make([]byte, 0, size), header...), scope)
	for _, word := range aad {
		b = pack.Text(b, word)
	}
	return b
}
