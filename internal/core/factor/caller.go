package factor

import (
	"context"

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
		u, err := o.Directory.Caller(ctx, tx, a.Pool, a.Sub)
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
		u, err := o.Directory.Caller(ctx, tx, a.Pool, a.Sub)
		if err != nil {
			return err
		}
		return look(tx, a, u)
	})
}

// onUser finds pool and user, in this order, and runs change on the user in one transaction.
func (o Ops) onUser(ctx context.Context, poolID, username string, change func(*db.Tx, *pool.Pool, *directory.User) error) error {
	p, err := o.Pools.PoolOrRefuse(ctx, poolID)
	if err != nil {
		return err
	}
	if err := o.Keys.Load(ctx, p.ID); err != nil {
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
