package account

import (
	"context"
	"io"

	"cognate/internal/api/cognitoidp"
	"cognate/internal/base/clock"
	"cognate/internal/base/db"
	"cognate/internal/base/keyring"
	"cognate/internal/base/obs"
	"cognate/internal/core/code"
	"cognate/internal/core/directory"
	"cognate/internal/core/factor"
	"cognate/internal/core/guard"
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
	Factors   *factor.Factors
	Guard     *guard.Guard
	Rand      io.Reader
}

// Accounts holds the rules of account life. It is safe for concurrent use.
type Accounts struct{ Deps }

// New assembles the room.
func New(d Deps) *Accounts { return &Accounts{Deps: d} }

// find resolves the name of a public call. Unknown users are an error only
// where the client shows existence; otherwise user is nil and sub is the
// ghost's, which codes and limits are kept under.
func (a *Accounts) find(ctx context.Context, tx *db.Tx, c directory.Caller) (user *directory.User, sub string, err error) {
	ghost, err := a.Directory.GhostSub(ctx, c.Pool, c.Name) // for every name, so that it costs the same
	if err != nil {
		return nil, "", err
	}
	u, known, err := a.Directory.Seek(tx, c.Pool, c.Name, ghost)
	if err != nil {
		return nil, "", err
	}
	if known {
		obs.From(ctx).User = u.Sub
		return u, u.Sub, nil
	}
	obs.Cause(ctx, "unknown user")
	if !c.Client.HidesUsers() {
		return nil, "", cognitoidp.NewUserNotFound("Username/client id combination not found.")
	}
	return nil, ghost, nil
}
