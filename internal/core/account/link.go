package account

import (
	"context"
	"errors"

	"cognate/internal/api/cognitoidp"
	"cognate/internal/base/db"
	"cognate/internal/base/obs"
	"cognate/internal/core/code"
	"cognate/internal/core/directory"
	"cognate/internal/core/message"
	"cognate/internal/core/pool"
	"cognate/internal/core/trigger"
)

// ErrLink means that a confirmation link is good for nothing, whatever the reason: it is nobody's, another client's, too
// old, or what it was sent for is no more. Whoever opens it without its secret learns nothing.
var ErrLink = errors.New("account: the confirmation link is not valid")

// ConfirmByLink confirms the user to whom a link with this secret was sent, as ConfirmSignUp does by a code. Opening the
// link of a confirmed user once more changes nothing and is no error: the secret proves who asks.
func (a *Accounts) ConfirmByLink(ctx context.Context, p *pool.Pool, client *pool.Client, secret string) error {
	if !message.SendsLinks(p.Config) {
		obs.Cause(ctx, "the pool sends no links")
		return ErrLink
	}
	if err := a.Keys.Load(ctx, p.ID); err != nil {
		return err
	}
	c := directory.Caller{Pool: p, Client: client}
	var confirmed *directory.User
	err := a.DB.Update(ctx, func(tx *db.Tx) error {
		confirmed = nil
		u, proven, err := a.follow(ctx, tx, c, secret)
		if err != nil || u.Status == cognitoidp.UserStatusTypeConfirmed {
			return err
		}
		u.Status = cognitoidp.UserStatusTypeConfirmed
		confirmed = u
		return a.saveProven(tx, c, u, proven, false)
	})
	if err != nil || confirmed == nil {
		return aliasRefusal(err)
	}
	return a.confirmed(ctx, c, confirmed, trigger.PostConfirmationSignUp)
}

// follow finds the user whom a link confirms or has confirmed.
func (a *Accounts) follow(ctx context.Context, tx *db.Tx, c directory.Caller, secret string) (*directory.User, code.Destination, error) {
	sub, proven, err := a.Codes.Follow(tx, c.Pool.ID, c.Client.ID, code.SignUp, secret)
	if errors.Is(err, code.ErrExpired) || err == nil && proven.Attribute == "" {
		obs.Cause(ctx, "unknown or expired link")
		return nil, proven, ErrLink
	}
	if err != nil {
		return nil, proven, err
	}
	u, err := a.Directory.BySub(tx, c.Pool, sub)
	if errors.Is(err, directory.ErrUserNotFound) {
		obs.Cause(ctx, "the user was deleted")
		return nil, proven, ErrLink
	}
	if err != nil {
		return nil, proven, err
	}
	obs.From(ctx).User = sub
	if !u.Enabled || !holds(u, code.SignUp, proven) ||
		u.Status != cognitoidp.UserStatusTypeUnconfirmed && u.Status != cognitoidp.UserStatusTypeConfirmed {
		obs.Cause(ctx, "the link was sent to another address, or for another password, epoch or status of the user")
		return nil, proven, ErrLink
	}
	return u, proven, nil
}
