// Package iam knows who may call the operations that AWS signs: access keys and
// what their owners may do. Its principal is the account's root user, whose
// access key is given by the environment or made at the first start.
package iam

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync/atomic"
	"time"

	"cognate/internal/base/db"
	"cognate/internal/base/keyring"
	"cognate/internal/base/obs"
	"cognate/internal/base/sigv4"
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
	Rand         io.Reader        // crypto/rand when nil
	Now          func() time.Time // time.Now when nil
}

// Room holds the account's access keys. Call EnsureRoot before anything else.
type Room struct {
	deps Deps
	root atomic.Pointer[RootKey]
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
	return &Room{deps: d}
}

// EnsureRoot makes the root access key known, creating it when the database has
// none. It answers the key only to the one caller, of all nodes that start
// together, whose call created it, so that it can be shown once; otherwise nil.
func (r *Room) EnsureRoot(ctx context.Context) (*RootKey, error) {
	if !isAccount(r.deps.Account) {
		return nil, fmt.Errorf("iam: account %q is not twelve digits", r.deps.Account)
	}
	if r.deps.RootAccessKeyID != "" || r.deps.RootSecret != "" {
		key := &RootKey{r.deps.RootAccessKeyID, r.deps.RootSecret}
		if err := key.validate(); err != nil {
			return nil, err
		}
		r.root.Store(key)
		return nil, nil
	}
	key, err := r.loadRoot(ctx)
	if err == nil {
		r.root.Store(key)
		return nil, nil
	}
	if !errors.Is(err, db.ErrNoRows) {
		return nil, fmt.Errorf("iam: load root key: %w", err)
	}
	return r.createRoot(ctx)
}

func (r *Room) createRoot(ctx context.Context) (*RootKey, error) {
	fresh, err := generateKey(r.deps.Rand, r.deps.Account)
	if err != nil {
		return nil, err
	}
	mine, err := r.insertRoot(ctx, fresh)
	if err != nil {
		return nil, fmt.Errorf("iam: create root key: %w", err)
	}
	if mine {
		r.root.Store(fresh)
		return fresh, nil
	}
	key, err := r.loadRoot(ctx)
	if err != nil {
		return nil, fmt.Errorf("iam: load root key: %w", err)
	}
	r.root.Store(key)
	return nil, nil
}

// RootAccessKeyID is the id of the root key in force, "" before EnsureRoot.
func (r *Room) RootAccessKeyID() string {
	if key := r.root.Load(); key != nil {
		return key.AccessKeyID
	}
	return ""
}

// temporary begins the ids of temporary keys. They have an end and rights of their own, so that nobody else's is as good
// as any key.
const temporary = "ASIA"

// Credentials answers the credential of an access key for signature
// verification; it is a sigv4.Lookup. Keys that are not known answer
// sigv4.ErrUnknownKey, or in dev an unchecked root credential.
func (r *Room) Credentials(_ context.Context, accessKeyID, _ string) (sigv4.Credential, error) {
	key := r.root.Load()
	if key == nil {
		return sigv4.Credential{}, errors.New("iam: credentials asked for before the root key is loaded")
	}
	if accessKeyID == key.AccessKeyID {
		return sigv4.Credential{Secret: key.Secret, Principal: r.rootPrincipal(accessKeyID)}, nil
	}
	if r.deps.AcceptAnyKey && !strings.HasPrefix(accessKeyID, temporary) {
		return sigv4.Credential{Unchecked: true, Principal: r.rootPrincipal(accessKeyID)}, nil
	}
	return sigv4.Credential{}, sigv4.ErrUnknownKey
}

func (r *Room) rootPrincipal(accessKeyID string) obs.Principal {
	return obs.Principal{
		Account:     r.deps.Account,
		ARN:         "arn:aws:iam::" + r.deps.Account + ":root",
		UserID:      r.deps.Account,
		AccessKeyID: accessKeyID,
		Root:        true,
	}
}

// AccessDenied is a refusal by policy. It has the methods of an AWS exception.
type AccessDenied struct{ Message string }

// Error implements error.
func (e *AccessDenied) Error() string { return "AccessDeniedException: " + e.Message }

// ErrorCode is the name on the wire in the JSON protocols.
func (e *AccessDenied) ErrorCode() string { return "AccessDeniedException" }

// ErrorMessage is the text for the caller.
func (e *AccessDenied) ErrorMessage() string { return e.Message }

// HTTPStatus is the status in the AWS JSON protocols.
func (e *AccessDenied) HTTPStatus() int { return 400 }

// Fault is false: the caller is to blame.
func (e *AccessDenied) Fault() bool { return false }

// Authorize says whether p may do action (service:Operation) on the resource
// with the given ARN ("" or "*" when the operation has none). The account's root
// user may do everything; nobody else may do anything. Refusals are *AccessDenied.
func (r *Room) Authorize(ctx context.Context, p obs.Principal, action, resource string) error {
	if p.Root && p.Account == r.deps.Account {
		return nil
	}
	who := p.ARN
	if who == "" {
		who = "anonymous"
	}
	on := ""
	if resource != "" {
		on = " on resource: " + resource
	}
	obs.Cause(ctx, "no policy of %s allows %s", who, action)
	return &AccessDenied{Message: fmt.Sprintf("User: %s is not authorized to perform: %s%s because no identity-based policy allows the %s action",
		who, action, on, action)}
}
