package account

import (
	"context"
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
