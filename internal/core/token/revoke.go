package token

import (
	"context"
	"strings"
	"time"

	"cognate/internal/api/cognitoidp"
	"cognate/internal/base/db"
	"cognate/internal/base/obs"
	"cognate/internal/core/pool"
)

// lingerSessions is how long a session outlives its refresh token: the longest life of an access token made at its very
// end, and an hour for clocks that disagree.
const lingerSessions = 25 * time.Hour

// RevokeUser ends all sessions of a user, those of managed login too: global sign-out, disabling and deleting.
func (t *Tokens) RevokeUser(tx *db.Tx, poolID, sub string) error {
	// In the order in which a sign-in touches them, so that neither waits for the other in a circle.
	if err := unqueue(tx, poolID, sub); err != nil {
		return err
	}
	if err := deleteUserSessions(tx, poolID, sub); err != nil {
		return err
	}
	return endUserSSO(tx, poolID, sub)
}

// RevokeSession ends one token session; it is no error when it has ended already.
func (t *Tokens) RevokeSession(tx *db.Tx, s *Session) error {
	_, err := deleteSession(tx, s.PoolID, s.Sub, s.EventID)
	return err
}

// RevokeDevice ends the sessions of a user that are bound to a device, those of managed login first: a code that is
// redeemed meanwhile either comes before, and its token session is ended here, or finds its session gone. "" is no device
// and ends none.
func (t *Tokens) RevokeDevice(tx *db.Tx, poolID, sub, deviceKey string) error {
	if deviceKey == "" {
		return nil
	}
	if err := endDeviceSSO(tx, poolID, sub, deviceKey); err != nil {
		return err
	}
	return deleteDeviceSessions(tx, poolID, sub, deviceKey)
}

// RevokeReused ends the session of a refresh token that was used after it was rotated out. It believes only a text that
// the pool has issued; any other is ErrInvalidRefresh.
func (t *Tokens) RevokeReused(tx *db.Tx, p *pool.Pool, text string) error {
	r, err := t.openRefresh(tx.Context(), p.ID, text)
	if err != nil {
		return err
	}
	_, err = deleteSession(tx, p.ID, r.sub, r.eventID)
	return err
}

// DropPool removes up to limit sessions of a deleted pool and returns how many; call it until it returns 0.
func (t *Tokens) DropPool(tx *db.Tx, poolID string, limit int) (int, error) {
	n, err := deletePoolSessions(tx, poolID, limit)
	if err != nil {
		return 0, err
	}
	m, err := dropTracked(tx, poolID, limit)
	return n + m, err
}

// Sweep removes up to limit sessions that ended by time, and retired signing keys, and returns how many.
func (t *Tokens) Sweep(_ context.Context, tx *db.Tx, now time.Time, limit int) (int, error) {
	n, err := sweep(tx, now.Add(-lingerSessions).UnixMilli(), now.UnixMilli(), limit)
	if err != nil {
		return 0, err
	}
	m, err := sweepSSO(tx, now.UnixMilli(), limit)
	return n + m, err
}

// RevokeToken implements the AWS operation: it ends the session of a refresh token and with it every token that came
// from it, and with LINKED the managed-login session that it came through. Revoking what is revoked or expired already succeeds.
func (o Ops) RevokeToken(ctx context.Context, in *cognitoidp.RevokeTokenRequest) (*cognitoidp.RevokeTokenResponse, error) {
	p, c, err := o.revoker(ctx, in)
	if err != nil {
		return nil, err
	}
	if !c.RevocationEnabled() {
		return nil, cognitoidp.NewUnsupportedOperation("Revocation is not enabled for this client")
	}
	r, err := o.openRefresh(ctx, p.ID, in.Token)
	switch {
	case err == nil:
	case strings.Count(in.Token, ".") == 2:
		return nil, cognitoidp.NewUnsupportedTokenType("Unsupported token type")
	default:
		return nil, refusalOfRevoked(err)
	}
	if r.client != clientMark(c.ID) {
		obs.Cause(ctx, "refresh token of another client")
		return nil, cognitoidp.NewUnauthorized("Refresh token was not issued to this client")
	}
	err = o.db.Update(ctx, func(tx *db.Tx) error {
		parent, err := endSession(tx, p.ID, r.sub, r.eventID)
		if err == nil && parent != "" && p.Sessions.Tracking && linked(in.RevokeAssociatedSessions) {
			_, err = endSSO(tx, p.ID, r.sub, parent, o.alive(p.Sessions))
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	obs.From(ctx).User = r.sub
	return &cognitoidp.RevokeTokenResponse{}, nil
}

func linked(how *cognitoidp.RevokeAssociatedSessionsType) bool {
	return how != nil && *how == cognitoidp.RevokeAssociatedSessionsTypeLinked
}

// revoker authenticates the client that revokes.
func (o Ops) revoker(ctx context.Context, in *cognitoidp.RevokeTokenRequest) (*pool.Pool, *pool.Client, error) {
	p, c, err := o.pools.Client(ctx, in.ClientId)
	if err != nil {
		return nil, nil, refusalOfClient(ctx, err)
	}
	if c.HasSecret() {
		if err := o.guard.Secret(ctx, p.ID); err != nil {
			return nil, nil, err
		}
	}
	secret := ""
	if in.ClientSecret != nil {
		secret = *in.ClientSecret
	}
	if !c.CheckSecret(secret) {
		obs.Cause(ctx, "wrong or missing client secret")
		return nil, nil, errClient()
	}
	return p, c, nil
}
