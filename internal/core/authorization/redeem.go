package authorization

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"cognate/internal/api/cognitoidp"
	"cognate/internal/base/db"
	"cognate/internal/base/obs"
	"cognate/internal/core/directory"
	"cognate/internal/core/guard"
	"cognate/internal/core/pool"
	"cognate/internal/core/signin"
	"cognate/internal/core/token"
)

// Redeem exchanges a code for tokens. The errors are ErrCode, ErrRedirect, AWS exceptions, or internal.
func (r *Room) Redeem(ctx context.Context, p *pool.Pool, c *pool.Client, in Redemption) (*cognitoidp.AuthenticationResultType, error) {
	if err := r.Keys.Load(ctx, p.ID); err != nil {
		return nil, err
	}
	found, err := r.find(ctx, p, c, in)
	if err != nil {
		return nil, err
	}
	q := &Request{Pool: p, Client: c}
	made, err := r.tokens(ctx, q, found.grant, r.Directory.Subject(found.user, found.groups))
	if err != nil {
		return nil, signin.Ungranted(err, p)
	}
	first := false
	err = r.DB.Update(ctx, func(tx *db.Tx) (err error) {
		if first, err = useCode(tx, p.ID, hashOf(in.Code), made.Session().EventID); err != nil || !first {
			return err
		}
		if err := r.Pools.Recheck(tx, c); err != nil {
			return err
		}
		if err := r.Directory.Hold(tx, p.ID, found.user.Sub, directory.Epoch(found.grant.Epoch)); err != nil {
			return err
		}
		if err := r.Tokens.GrantSSO(tx, p.ID, found.user.Sub, found.grant.Session); err != nil {
			return err
		}
		return r.Tokens.Commit(tx, made)
	})
	switch {
	case errors.Is(err, directory.ErrMoved), errors.Is(err, token.ErrNoSSO):
		return nil, fmt.Errorf("%w: %w", ErrCode, err)
	case err != nil:
		return nil, err
	case !first:
		return nil, r.replayed(ctx, p.ID, in.Code)
	}
	return made.Result(), nil
}

// Live reports whether a client can still redeem a code: whoever shows it has it of somebody who just signed in.
func (r *Room) Live(ctx context.Context, p *pool.Pool, c *pool.Client, code string) (bool, error) {
	var row codeRow
	err := r.DB.View(ctx, func(tx *db.Tx) (err error) {
		row, err = readCode(tx, p.ID, hashOf(code))
		return err
	})
	if errors.Is(err, ErrCode) {
		return false, nil
	}
	return err == nil && row.clientID == c.ID && row.eventID == "" && row.expires > r.now().UnixMilli(), err
}

// redeemable is a code with its user as it is today.
type redeemable struct {
	grant  grant
	user   *directory.User
	groups []token.Group
}

// find reads a code and holds it to the redemption.
func (r *Room) find(ctx context.Context, p *pool.Pool, c *pool.Client, in Redemption) (*redeemable, error) {
	var row codeRow
	out := &redeemable{}
	err := r.DB.View(ctx, func(tx *db.Tx) (err error) {
		if row, err = readCode(tx, p.ID, hashOf(in.Code)); err != nil {
			return err
		}
		if out.user, err = r.Directory.BySub(tx, p, row.sub); errors.Is(err, directory.ErrUserNotFound) {
			return fmt.Errorf("%w: %w", ErrCode, err)
		} else if err != nil {
			return err
		}
		out.groups, err = r.Directory.GroupsOf(tx, p, row.sub)
		return err
	})
	if errors.Is(err, ErrCode) {
		guard.Wrong(ctx)
	}
	if err != nil {
		return nil, err
	}
	obs.From(ctx).User = row.sub
	switch {
	case row.clientID != c.ID:
		guard.Wrong(ctx)
		return nil, fmt.Errorf("%w: it was issued to another client", ErrCode)
	case row.eventID != "":
		return nil, r.replayed(ctx, p.ID, in.Code)
	case row.expires <= r.Clock.Milli():
		return nil, fmt.Errorf("%w: it has expired", ErrCode)
	}
	plain, err := r.Keys.Open(ctx, p.ID, row.grant, "authorization_code", string(hashOf(in.Code)))
	if err != nil {
		return nil, err
	}
	if err := json.Unmarshal(plain, &out.grant); err != nil {
		return nil, fmt.Errorf("authorization: %w", err)
	}
	if out.grant.Document != c.DocumentURL() {
		guard.Wrong(ctx)
		return nil, fmt.Errorf("%w: it was issued to another client", ErrCode)
	}
	if err := in.fits(out.grant); err != nil {
		guard.Wrong(ctx)
		return nil, err
	}
	if !out.grant.stands(c) {
		return nil, fmt.Errorf("%w: the app client may not have any more what it was issued for", ErrCode)
	}
	if !out.user.Enabled {
		return nil, fmt.Errorf("%w: the user is disabled", ErrCode)
	}
	return out, nil
}

// replayed ends the session that a code has opened before: either its client or a thief shows a copy, and they cannot be
// told apart.
func (r *Room) replayed(ctx context.Context, poolID, code string) error {
	err := r.DB.Update(ctx, func(tx *db.Tx) error {
		row, err := readCode(tx, poolID, hashOf(code))
		if errors.Is(err, ErrCode) {
			return nil
		}
		if err != nil {
			return err
		}
		return r.Tokens.EndEvent(tx, poolID, row.sub, row.eventID)
	})
	if err != nil {
		return err
	}
	return fmt.Errorf("%w: it was used before", ErrCode)
}
