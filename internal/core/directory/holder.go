package directory

import (
	"context"
	"errors"

	"cognate/internal/base/db"
	"cognate/internal/base/obs"
	"cognate/internal/core/pool"
	"cognate/internal/core/token"
)

// Holder finds out for whom a token speaks that somebody shows at an endpoint of the pool: a client that acts for itself,
// for which there is no user, or a user who may act and whose session lives. token.ErrDead for anything else.
func (d *Directory) Holder(ctx context.Context, p *pool.Pool, use, text string) (*token.Shown, *User, error) {
	s, err := d.Tokens.Read(ctx, p, use, text)
	if err != nil || s.Machine {
		return s, nil, err
	}
	var u *User
	err = d.DB.View(ctx, func(tx *db.Tx) (err error) {
		if err = d.Tokens.Living(tx, p, s); err == nil {
			u, err = d.Active(tx, p, s.Sub)
		}
		return err
	})
	if err != nil {
		return nil, nil, err
	}
	return s, u, nil
}

// Active returns a user who may act; token.ErrDead when there is none such.
func (d *Directory) Active(tx *db.Tx, p *pool.Pool, sub string) (*User, error) {
	u, err := d.BySub(tx, p, sub)
	if errors.Is(err, ErrUserNotFound) || err == nil && !u.Enabled {
		obs.Cause(tx.Context(), "the user of the token is gone or disabled")
		return nil, token.ErrDead
	}
	return u, err
}
