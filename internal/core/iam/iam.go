// Package iam is the room of AWS Identity and Access Management: users, groups, roles, policies and identity providers of
// the account. It knows who may call the operations that AWS signs, and what for: access keys and what policies say of
// their owners. The account's root user, whose access key is given by the environment or made at the first start, may do
// everything.
package iam

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"sync"
	"sync/atomic"
	"time"

	"cognate/internal/base/db"
	"cognate/internal/base/keyring"
	"cognate/internal/base/pagetoken"
)

// Sealer encrypts secrets under the data key of a scope and binds them to where
// they are kept; *keyring.Keyring is one.
type Sealer interface {
	Seal(ctx context.Context, scope string, plaintext []byte, aad ...string) ([]byte, error)
	Open(ctx context.Context, scope string, sealed []byte, aad ...string) ([]byte, error)
}

// Scope is the keyring scope of what belongs to the account and not to a pool;
// the keyring makes it when it is opened.
const Scope = keyring.System

// Deps are what the room needs. Environment keys take precedence over the
// stored one, which is then refused.
type Deps struct {
	DB      *db.DB
	Keyring Sealer
	Account string // twelve digits
	// RootAccessKeyID and RootSecret are the operator's choice of a root key
	// (COGNATE_ROOT_ACCESS_KEY_ID and its secret); both or neither.
	RootAccessKeyID, RootSecret string
	// AcceptAnyKey is the relaxation of cognate dev: key ids that Cognate did
	// not issue act as the root user whatever their signature is.
	AcceptAnyKey bool
	// Secure says that callers come over TLS, also where a proxy in front ends it.
	Secure bool
	Rand   io.Reader        // crypto/rand when nil
	Now    func() time.Time // time.Now when nil
}

// Room holds the account's access keys. Call EnsureRoot before anything else, so that
// the operator's choice of a root key counts.
type Room struct {
	deps     Deps
	root     atomic.Pointer[rootInForce]
	pages    pagetoken.Tokens
	sessions compiled
	uses     uses

	mu    sync.RWMutex
	known known
	drops uint64 // counts what was forgotten, so that nothing read before is remembered after it
}

// RootKey is the access key of the account's root user. The secret is shown to
// the operator once and never logged.
type RootKey struct {
	AccessKeyID string
	Secret      string
}

// New returns the room.
func New(d Deps) *Room {
	if d.Rand == nil {
		d.Rand = rand.Reader
	}
	if d.Now == nil {
		d.Now = time.Now
	}
	return &Room{deps: d, pages: pagetoken.Tokens{Keys: d.Keyring, Now: d.Now}}
}

// Handover takes a new root key to the operator. It is called before the key is in force, and the function that it returns
// afterwards: with false when the key is not the one in force, because another node was first or the database failed.
type Handover func(RootKey) (end func(inForce bool) error, err error)

// EnsureRoot makes the root access key known, creating it when the database has none. Of all nodes that start together one
// hands over a key. With a nil Handover none is made: then nobody is root until there is one.
func (r *Room) EnsureRoot(ctx context.Context, give Handover) error {
	if !isAccount(r.deps.Account) {
		return fmt.Errorf("iam: account %q is not twelve digits", r.deps.Account)
	}
	if r.deps.RootAccessKeyID != "" || r.deps.RootSecret != "" {
		key := &RootKey{r.deps.RootAccessKeyID, r.deps.RootSecret}
		if err := key.validate(); err != nil {
			return err
		}
		r.root.Store(&rootInForce{key: key, fixed: true})
		return nil
	}
	key, err := r.current(ctx)
	if err != nil || key != nil || give == nil {
		return err
	}
	return r.make(ctx, give, r.insertRoot)
}

// RenewRoot replaces the root access key, or makes the first one. The old one is refused within a second on all nodes.
func (r *Room) RenewRoot(ctx context.Context, give Handover) error {
	return r.make(ctx, give, r.replaceRoot)
}

// make hands a new root key over, which keep puts into force.
func (r *Room) make(ctx context.Context, give Handover, keep func(context.Context, *RootKey) (bool, error)) error {
	fresh, err := generateKey(r.deps.Rand, r.deps.Account)
	if err != nil {
		return err
	}
	end, err := give(*fresh)
	if err != nil {
		return fmt.Errorf("iam: hand root key over: %w", err)
	}
	mine, err := keep(ctx, fresh)
	if err = errors.Join(err, end(mine && err == nil)); err != nil {
		return fmt.Errorf("iam: make root key: %w", err)
	}
	r.root.Store(nil)
	_, err = r.current(ctx)
	return err
}

// RootAccessKeyID is the id of the root key in force, "" when there is none.
func (r *Room) RootAccessKeyID(ctx context.Context) (string, error) {
	key, err := r.current(ctx)
	if err != nil || key == nil {
		return "", err
	}
	return key.AccessKeyID, nil
}

// rootFor is how long a node takes the root key for the one in force without looking.
const rootFor = time.Second

// rootInForce is what a node last read; key is nil where there is none.
type rootInForce struct {
	key   *RootKey
	fixed bool // the operator's choice
	read  time.Time
}

// current returns the root key in force, nil when there is none.
func (r *Room) current(ctx context.Context) (*RootKey, error) {
	now := time.Now() // never the dev clock
	if last := r.root.Load(); last != nil && (last.fixed || now.Sub(last.read) < rootFor) {
		return last.key, nil
	}
	key, err := r.loadRoot(ctx)
	if err != nil && !errors.Is(err, db.ErrNoRows) {
		return nil, fmt.Errorf("iam: load root key: %w", err)
	}
	r.root.Store(&rootInForce{key: key, read: now})
	return key, nil
}
