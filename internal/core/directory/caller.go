package directory

import (
	"context"
	"errors"

	"cognate/internal/base/db"
	"cognate/internal/base/obs"
	"cognate/internal/core/pool"
	"cognate/internal/core/token"
)

// Caller is for whom an operation runs: the owner of an access token, an administrator who named a user, or an app client
// that sent a name. Rules take it in place of the many ways in which requests say so.
type Caller struct {
	Pool     *pool.Pool
	Client   *pool.Client      // nil for administrators
	Access   *token.Access     // of an owner, else nil
	Name     string            // as typed; "" for an owner
	Metadata map[string]string // ClientMetadata, which functions see
	Missing  error             // the refusal of a user who does not exist, where another than usual is declared
}

// Owner is the caller behind an access token; whether the user still exists and may act is seen by As.
func (d *Directory) Owner(ctx context.Context, accessToken string) (Caller, error) {
	a, err := d.Tokens.VerifyAccess(ctx, accessToken)
	if err != nil {
		return Caller{}, err
	}
	return Caller{Pool: a.Pool, Client: a.Client, Access: a}, nil
}

// Admin is the caller who names a user of a pool.
func (d *Directory) Admin(ctx context.Context, poolID, username string) (Caller, error) {
	p, err := d.Pools.PoolOrRefuse(ctx, poolID)
	return Caller{Pool: p, Name: username}, err
}

// As runs act on the user of an owner or administrator, in one transaction of in, which is a method of db.DB. Refusals of
// the user are AWS exceptions.
func (d *Directory) As(ctx context.Context, in func(context.Context, func(*db.Tx) error) error, c Caller, act func(*db.Tx, *User) error) error {
	return in(ctx, func(tx *db.Tx) error {
		u, err := d.user(ctx, tx, c)
		if err != nil {
			return err
		}
		return act(tx, u)
	})
}

// AsOwner changes the user of an access token in one transaction.
func (d *Directory) AsOwner(ctx context.Context, accessToken string, change func(*db.Tx, Caller, *User) error) error {
	c, err := d.Owner(ctx, accessToken)
	if err != nil {
		return err
	}
	return d.Change(ctx, c, change)
}

// AsAdmin changes the user that an administrator named in one transaction. The pool is looked for first.
func (d *Directory) AsAdmin(ctx context.Context, poolID, username string, change func(*db.Tx, Caller, *User) error) error {
	c, err := d.Admin(ctx, poolID, username)
	if err != nil {
		return err
	}
	return d.Change(ctx, c, change)
}

// Change changes the user of a caller in one transaction.
func (d *Directory) Change(ctx context.Context, c Caller, change func(*db.Tx, Caller, *User) error) error {
	if err := d.warm(ctx, c.Pool); err != nil {
		return err
	}
	return d.As(ctx, d.DB.Update, c, func(tx *db.Tx, u *User) error { return change(tx, c, u) })
}

// user reads the user of a caller. An owner must still be allowed to act.
func (d *Directory) user(ctx context.Context, tx *db.Tx, c Caller) (u *User, err error) {
	missing := c.Missing
	if c.Access == nil {
		u, err = d.Resolve(tx, c.Pool, c.Name)
		if missing == nil {
			missing = UserNotFound()
		}
	} else {
		u, err = d.BySub(tx, c.Pool, c.Access.Sub)
		if missing == nil {
			missing = token.AccessRevoked()
		}
	}
	switch {
	case errors.Is(err, ErrUserNotFound):
		obs.Cause(ctx, "no such user, or no longer")
		return nil, missing
	case err != nil:
		return nil, err
	case c.Access != nil && !u.Enabled:
		return nil, Disabled()
	}
	obs.From(ctx).User = u.Sub
	return u, nil
}
