package account

import (
	"context"
	"fmt"
	"io"
	"time"

	"cognate/internal/api/cognitoidp"
	"cognate/internal/base/clock"
	"cognate/internal/base/db"
	"cognate/internal/base/keyring"
	"cognate/internal/base/obs"
	"cognate/internal/core/code"
	"cognate/internal/core/directory"
	"cognate/internal/core/message"
	"cognate/internal/core/password"
	"cognate/internal/core/pool"
	"cognate/internal/core/signin"
	"cognate/internal/core/token"
	"cognate/internal/core/trigger"
)

// Deps are the rooms and tools the room is assembled from; all are required.
type Deps struct {
	DB        *db.DB
	Keys      *keyring.Keyring
	Clock     *clock.Clock
	Pools     *pool.Pools
	Directory *directory.Directory
	Tokens    *token.Tokens
	Codes     *code.Codes
	Messages  *message.Messages
	Triggers  *trigger.Triggers
	Engine    *signin.Engine // brings users of other directories
	Rand      io.Reader
}

// Accounts holds the rules of account life. It is safe for concurrent use.
type Accounts struct{ Deps }

// New assembles the room.
func New(d Deps) *Accounts { return &Accounts{Deps: d} }

func (a *Accounts) now() time.Time { return a.Clock.Now() }

// namedCall is a caller and the name that was typed, of somebody who may not exist.
type namedCall struct {
	directory.Caller
	name string
}

// call begins an operation about a name; keys are not loaded inside transactions.
func (a *Accounts) call(ctx context.Context, c directory.Caller, name string) (*namedCall, error) {
	return &namedCall{c, name}, a.Keys.Load(ctx, c.Pool.ID)
}

// find resolves the name of a public call. Unknown users are an error only
// where the client shows existence; otherwise user is nil and sub is the
// ghost's, which codes and limits are kept under.
func (a *Accounts) find(ctx context.Context, tx *db.Tx, call *namedCall) (user *directory.User, sub string, err error) {
	ghost, err := a.Directory.GhostSub(ctx, call.Pool, call.name) // for every name, so that it costs the same
	if err != nil {
		return nil, "", err
	}
	u, known, err := a.Directory.Seek(tx, call.Pool, call.name, ghost)
	if err != nil {
		return nil, "", err
	}
	if known {
		obs.From(ctx).User = u.Sub
		return u, u.Sub, nil
	}
	obs.Cause(ctx, "unknown user")
	if !call.Client.HidesUsers() {
		return nil, "", cognitoidp.NewUserNotFound("Username/client id combination not found.")
	}
	return nil, ghost, nil
}

// credential checks the policy and derives the verifier of a password. It is
// the expensive part of these operations and runs outside transactions.
func (a *Accounts) credential(p *pool.Pool, username, pw string) (*password.Credential, error) {
	if err := password.Check(p.PasswordPolicy(), pw); err != nil {
		return nil, password.Refusal(err)
	}
	c, err := password.New(p.Name, username, pw, a.Rand)
	if err != nil {
		return nil, fmt.Errorf("derive verifier: %w", err)
	}
	c.SetAt = a.now().UnixMilli()
	return c, nil
}

// temporary is credential for a password that an administrator chose or that
// was generated: it must be changed, and dies after the pool's number of days.
func (a *Accounts) temporary(p *pool.Pool, username, pw string) (*password.Credential, error) {
	c, err := a.credential(p, username, pw)
	if err != nil {
		return nil, err
	}
	a.expire(p, c)
	return c, nil
}

// expire makes a credential temporary.
func (a *Accounts) expire(p *pool.Pool, c *password.Credential) {
	c.Temporary = true
	c.ExpiresAt = a.now().Add(p.TemporaryPasswordLife()).UnixMilli()
}
