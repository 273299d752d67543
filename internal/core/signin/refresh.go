package signin

import (
	"context"
	"errors"
	"strings"

	"cognate/internal/api/cognitoidp"
	"cognate/internal/base/db"
	"cognate/internal/base/limit"
	"cognate/internal/base/obs"
	"cognate/internal/core/device"
	"cognate/internal/core/directory"
	"cognate/internal/core/guard"
	"cognate/internal/core/pool"
	"cognate/internal/core/token"
	"cognate/internal/core/trigger"
)

// refresh runs REFRESH_TOKEN_AUTH. SECRET_HASH is made over the stored user
// name, which only the token tells, so presence is checked first and the value
// once the token was found.
func (e *Engine) refresh(ctx context.Context, r *Request) (*Answer, error) {
	if err := r.require("REFRESH_TOKEN"); err != nil {
		return nil, err
	}
	if err := r.Door.Prove(r); err != nil {
		return nil, err
	}
	answer, err := e.exchange(ctx, r, r.Params["REFRESH_TOKEN"], func(u *directory.User) error {
		if !r.Client.HasSecret() {
			return nil
		}
		// In pools whose user names are generated, clients differ in whether they hash the name or the sub; both are
		// the same account.
		return r.Door.Prove(r, u.Sub, u.Username)
	})
	var reused *cognitoidp.RefreshTokenReuseException
	if errors.As(err, &reused) { // left from when the client rotated; InitiateAuth does not declare it
		return nil, token.Refusal(token.ErrInvalidRefresh)
	}
	return answer, err
}

// exchange exchanges a refresh token: one read, no write unless it rotates.
func (e *Engine) exchange(ctx context.Context, r *Request, refreshToken string, check func(*directory.User) error) (*Answer, error) {
	var (
		session *token.Session
		user    *directory.User
		groups  []token.Group
	)
	err := e.DB.View(ctx, func(tx *db.Tx) error {
		var err error
		if session, err = e.Tokens.FindRefresh(tx, r.Pool, r.Client, refreshToken); err != nil {
			return err
		}
		if user, err = e.Directory.BySub(tx, r.Pool, session.Sub); err != nil {
			return err
		}
		groups, err = e.Directory.GroupsOf(tx, r.Pool, session.Sub)
		return err
	})
	switch {
	case errors.Is(err, directory.ErrUserNotFound):
		obs.Cause(ctx, "the user of the refresh token is gone")
		return nil, token.Refusal(token.ErrRefreshRevoked)
	case errors.Is(err, token.ErrRefreshReuse):
		return nil, e.punishReuse(ctx, r, refreshToken)
	case err != nil:
		if errors.Is(err, token.ErrInvalidRefresh) {
			guard.Wrong(ctx)
		}
		return nil, token.Refusal(err)
	}
	guard.Right(ctx)
	obs.From(ctx).User = user.Sub
	if err := device.CheckRefresh(r.Pool, session, r.Params["DEVICE_KEY"]); err != nil {
		obs.Cause(ctx, "the refresh token is bound to another device")
		return nil, token.Refusal(err)
	}
	if err := check(user); err != nil {
		return nil, err
	}
	if !user.Enabled {
		obs.Cause(ctx, "disabled user")
		return nil, token.Refusal(token.ErrRefreshRevoked)
	}
	event := directory.EventSubject(r.Pool, r.Client, user, r.refreshMetadata())
	changes, err := e.TokenChanges(ctx, event, trigger.TokenRefresh, groups, strings.Fields(session.Scope))
	if err != nil {
		return nil, err
	}
	subject := e.Directory.Subject(user, groups)
	grant, err := e.Tokens.Renew(ctx, r.Pool, r.Client, session, subject, changes)
	if err != nil {
		return nil, Ungranted(err, r.Pool)
	}
	err = e.renew(ctx, r, grant, refreshToken, e.Triggers.ChangesTokens(event))
	if errors.Is(err, token.ErrRefreshReuse) { // lost the race for one token
		return nil, e.punishReuse(ctx, r, refreshToken)
	}
	if err != nil {
		return nil, token.Refusal(err)
	}
	return &Answer{Tokens: grant.Result()}, nil
}

// renew writes what a refresh writes, if anything, and looks again at what it stands on: at the client, and at all of it
// where a function was waited for.
func (e *Engine) renew(ctx context.Context, r *Request, grant *token.Grant, refreshToken string, waited bool) error {
	check := func(tx *db.Tx) error { return e.Pools.Recheck(tx, r.Client) }
	if waited {
		check = func(tx *db.Tx) error { return e.recheck(tx, r, refreshToken) }
	}
	switch {
	case grant.Writes():
		return e.DB.Update(ctx, func(tx *db.Tx) error {
			if err := check(tx); err != nil {
				return err
			}
			return e.Tokens.Commit(tx, grant)
		})
	case waited:
		return e.DB.Read(ctx, check)
	}
	return nil
}

// recheck looks once more, after a function was waited for, at what a refresh stands on: the client, the session, which
// sign-out, disabling, deletion and revocation end, and the user.
func (e *Engine) recheck(tx *db.Tx, r *Request, refreshToken string) error {
	if err := e.Pools.Recheck(tx, r.Client); err != nil {
		return err
	}
	session, err := e.Tokens.FindRefresh(tx, r.Pool, r.Client, refreshToken)
	if err != nil {
		return err
	}
	user, err := e.Directory.BySub(tx, r.Pool, session.Sub)
	if errors.Is(err, directory.ErrUserNotFound) || err == nil && !user.Enabled {
		obs.Cause(tx.Context(), "the user is gone or disabled since")
		return token.ErrRefreshRevoked
	}
	return err
}

// punishReuse ends the token session of a rotated-out refresh token: either the
// client or a thief holds a copy, and they cannot be told apart.
func (e *Engine) punishReuse(ctx context.Context, r *Request, refreshToken string) error {
	obs.Cause(ctx, "rotated refresh token used again")
	err := e.DB.Update(ctx, func(tx *db.Tx) error {
		return e.Tokens.RevokeReused(tx, r.Pool, refreshToken)
	})
	if err != nil {
		return err
	}
	return token.Refusal(token.ErrRefreshReuse)
}

// Exchange is GetTokensFromRefreshToken: refresh by the raw client secret, with
// rotation when the client has it switched on.
func (e *Engine) Exchange(ctx context.Context, p *pool.Pool, c *pool.Client, in *cognitoidp.GetTokensFromRefreshTokenRequest) (*Answer, error) {
	r := &Request{Pool: p, Client: c, Metadata: in.ClientMetadata, Params: map[string]string{"DEVICE_KEY": str(in.DeviceKey)}}
	if c.HasSecret() {
		if err := e.admitRefresh(ctx, r, in.RefreshToken, e.Guard.Secret(ctx, p.ID)); err != nil {
			return nil, err
		}
	}
	if !c.CheckSecret(str(in.ClientSecret)) {
		obs.Cause(ctx, "wrong or missing client secret")
		return nil, cognitoidp.NewNotAuthorized("Unable to verify secret for client %s", c.ID)
	}
	guard.Exempt(ctx)
	return e.exchange(ctx, r, in.RefreshToken, func(*directory.User) error { return nil })
}

// admitRefresh lets those go on to whom a budget was refused and who show a refresh token of a user who is known from here.
func (e *Engine) admitRefresh(ctx context.Context, r *Request, refreshToken string, refused error) error {
	var over *limit.Over
	if !errors.As(refused, &over) {
		return refused
	}
	known, err := e.KnownHolder(ctx, r.Pool, r.Client, refreshToken, r.Params["DEVICE_KEY"])
	if err == nil && !known {
		err = over
	}
	return err
}

// KnownHolder reports whether a refresh token of the client is one of a user who has proven themselves before from where the
// request comes from, or on the device of the key.
func (e *Engine) KnownHolder(ctx context.Context, p *pool.Pool, c *pool.Client, refreshToken, deviceKey string) (bool, error) {
	if err := e.Keys.Load(ctx, p.ID); err != nil {
		return false, err
	}
	var asker guard.Asker
	err := e.DB.View(ctx, func(tx *db.Tx) error {
		session, err := e.Tokens.FindRefresh(tx, p, c, refreshToken)
		if err != nil {
			return err
		}
		asker, err = e.asker(tx, &Request{Pool: p, Client: c, Params: map[string]string{"DEVICE_KEY": deviceKey}}, session.Sub)
		return err
	})
	if refusal := token.Refusal(err); err != nil && refusal != err { // not for this proof to tell
		return false, nil
	}
	return asker.Known(), err
}

// refreshMetadata is the ClientMetadata that PreTokenGeneration sees at a
// refresh: that of GetTokensFromRefreshToken, not that of InitiateAuth.
func (r *Request) refreshMetadata() map[string]string {
	if r.Flow == "" {
		return r.Metadata
	}
	return nil
}
