package factor

import (
	"context"
	"errors"

	"cognate/internal/base/db"
	"cognate/internal/base/obs"
	"cognate/internal/core/directory"
	"cognate/internal/core/pool"
	"cognate/internal/core/token"
)

// asCaller verifies an access token and runs change on its user in one transaction.
func (o Ops) asCaller(ctx context.Context, accessToken string, change func(*db.Tx, *token.Access, *directory.User) error) error {
	a, err := o.Tokens.VerifyAccess(ctx, accessToken)
	if err != nil {
		return err
	}
	if err := o.Keys.Load(ctx, a.Pool.ID); err != nil {
		return err
	}
	return o.DB.Update(ctx, func(tx *db.Tx) error {
		u, err := o.person(ctx, tx, a.Pool, a.Sub)
		if err != nil {
			return err
		}
		return change(tx, a, u)
	})
}

// reading is asCaller for operations that change nothing.
func (o Ops) reading(ctx context.Context, accessToken string, look func(*db.Tx, *token.Access, *directory.User) error) error {
	a, err := o.Tokens.VerifyAccess(ctx, accessToken)
	if err != nil {
		return err
	}
	return o.DB.View(ctx, func(tx *db.Tx) error {
		u, err := o.person(ctx, tx, a.Pool, a.Sub)
		if err != nil {
			return err
		}
		return look(tx, a, u)
	})
}

// person reads the user of a token or session. The refusals are NotAuthorizedException, which every operation declares.
func (o Ops) person(ctx context.Context, tx *db.Tx, p *pool.Pool, sub string) (*directory.User, error) {
	u, err := o.Directory.BySub(tx, p, sub)
	if errors.Is(err, directory.ErrUserNotFound) {
		obs.Cause(ctx, "the user of the token is gone")
		return nil, notAuthorized("Access Token has been revoked")
	}
	if err == nil && !u.Enabled {
		return nil, notAuthorized("User is disabled.")
	}
	return u, err
}

// onUser finds pool and user, in this order, and runs change on the user in one transaction.
func (o Ops) onUser(ctx context.Context, poolID, username string, change func(*db.Tx, *pool.Pool, *directory.User) error) error {
	p, err := o.Pools.PoolOrRefuse(ctx, poolID)
	if err != nil {
		return err
	}
	return o.DB.Update(ctx, func(tx *db.Tx) error {
		u, err := o.Directory.ResolveOrRefuse(tx, p, username)
		if err != nil {
			return err
		}
		obs.From(ctx).User = u.Sub
		return change(tx, p, u)
	})
}
