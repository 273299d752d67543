package device

import (
	"context"
	"errors"

	"cognate/internal/api/cognitoidp"
	"cognate/internal/base/db"
	"cognate/internal/base/obs"
	"cognate/internal/core/directory"
	"cognate/internal/core/pool"
	"cognate/internal/core/token"
)

// run is db.Update or db.View.
type run func(context.Context, func(*db.Tx) error) error

// caller verifies an access token and that its pool tracks devices.
func (o Ops) caller(ctx context.Context, accessToken string) (*token.Access, error) {
	a, err := o.Tokens.VerifyAccess(ctx, accessToken)
	if err != nil {
		return nil, err
	}
	if !Tracking(a.Pool) {
		return nil, errOff()
	}
	return a, nil
}

// asCaller runs act for the user of an access token in one transaction, in which the user still exists and may act.
func (o Ops) asCaller(ctx context.Context, in run, a *token.Access, act func(*db.Tx, *directory.User) error) error {
	err := in(ctx, func(tx *db.Tx) error {
		u, err := o.Directory.Caller(ctx, tx, a.Pool, a.Sub)
		if err != nil {
			return err
		}
		return act(tx, u)
	})
	return Refusal(err)
}

// asAdmin finds pool and user, in this order, and runs act on the user in one transaction. unknown is the refusal of a
// user who does not exist.
func (o Ops) asAdmin(ctx context.Context, in run, poolID, username string, unknown error, act func(*db.Tx, *pool.Pool, *directory.User) error) error {
	p, err := o.Pools.PoolOrRefuse(ctx, poolID)
	if err != nil {
		return err
	}
	if !Tracking(p) {
		return errOff()
	}
	if err := o.Keys.Load(ctx, p.ID); err != nil {
		return err
	}
	err = in(ctx, func(tx *db.Tx) error {
		u, err := o.Directory.Resolve(tx, p, username)
		if errors.Is(err, directory.ErrUserNotFound) {
			return unknown
		}
		if err != nil {
			return err
		}
		obs.From(ctx).User = u.Sub
		return act(tx, p, u)
	})
	return Refusal(err)
}

// errNoUser refuses an unknown user for the operations that declare no UserNotFoundException.
func errNoUser() error {
	return directory.NoUser(cognitoidp.NewResourceNotFound)
}
