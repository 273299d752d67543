package token

import (
	"cmp"
	"context"
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"cognate/internal/api/cognitoidp"
	"cognate/internal/base/db"
	"cognate/internal/base/jose"
	"cognate/internal/base/obs"
	"cognate/internal/core/guard"
	"cognate/internal/core/pool"
)

// Access is a verified access token whose session lives.
type Access struct {
	Pool      *pool.Pool
	Client    *pool.Client
	ClientID  string
	Sub       string
	Username  string
	Scopes    []string
	JTI       string
	OriginJTI string // "" when the client has token revocation switched off
	EventID   string
	SessionID string // tkn...
	DeviceKey string
	AMR       []string // how the user was authenticated
	ACR       string
	AuthTime  int64 // seconds since 1970
	Epoch     int64 // of the user at the authentication, -1 when it was not kept
	IssuedAt  int64 // seconds since 1970
	ExpiresAt int64 // seconds since 1970
	Derived   bool  // from a token of another sign-in, to which the session belongs
}

// HasScope reports whether the token carries a scope.
func (a *Access) HasScope(scope string) bool { return slices.Contains(a.Scopes, scope) }

// accessClaims are the claims of an access token that are acted on.
type accessClaims struct {
	Sub       string `json:"sub"`
	Iss       string `json:"iss"`
	ClientID  string `json:"client_id"`
	OriginJTI string `json:"origin_jti"`
	EventID   string `json:"event_id"`
	TokenUse  string `json:"token_use"`
	Scope     string `json:"scope"`
	Exp       int64  `json:"exp"`
	Iat       int64  `json:"iat"`
	JTI       string `json:"jti"`
	Username  string `json:"username"`
	Origin    string `json:"origin_client_id"`
}

// owner is the client whose sign-in a token goes back to: its own, or that of the token that it was derived from.
func (c *accessClaims) owner() string { return cmp.Or(c.Origin, c.ClientID) }

// VerifyAccess verifies an access token for the token-authorised operations of the user pools API: VerifyToken, and the
// scope that they all require. The errors are AWS's NotAuthorizedExceptions; anything else is an internal failure.
func (t *Tokens) VerifyAccess(ctx context.Context, text string) (*Access, error) {
	a, err := t.VerifyToken(ctx, text)
	if err != nil {
		return nil, err
	}
	if !a.HasScope(AdminScope) {
		return nil, errScope()
	}
	return a, nil
}

// VerifyToken verifies an access token of any scope: signature by the pool's access key, issuer, use, time, and that its
// session has not been ended. The errors are those of VerifyAccess.
func (t *Tokens) VerifyToken(ctx context.Context, text string) (*Access, error) {
	p, c, err := t.genuine(ctx, text)
	if err != nil {
		return nil, err
	}
	if c.Exp <= t.clock.Now().Unix() {
		return nil, errAccessExpired()
	}
	client, err := t.clientOf(ctx, p, c.ClientID)
	if err != nil {
		return nil, err
	}
	if c.Origin != "" {
		origin, err := t.clientOf(ctx, p, c.Origin)
		if err != nil {
			return nil, err
		}
		client = client.Within(origin)
	}
	var s *Session
	err = t.db.Read(ctx, func(tx *db.Tx) error {
		var err error
		s, err = findSession(tx, p.ID, c.Sub, c.EventID)
		return err
	})
	if errors.Is(err, db.ErrNoRows) || err == nil && s.ClientID != c.owner() {
		return nil, AccessRevoked()
	}
	if err != nil {
		return nil, fmt.Errorf("token: find session: %w", err)
	}
	if s.ended(p.Sessions, t.clock.Milli()) {
		obs.Cause(ctx, "the pool's limit on sessions is over")
		return nil, errAccessExpired()
	}
	r := obs.From(ctx)
	r.Pool, r.Client, r.User = p.ID, c.ClientID, c.Sub
	return &Access{
		Pool: p, Client: client, ClientID: c.ClientID, Sub: c.Sub, Username: c.Username,
		Scopes: strings.Fields(c.Scope), JTI: c.JTI, OriginJTI: c.OriginJTI, EventID: c.EventID, SessionID: s.ID,
		DeviceKey: s.DeviceKey, AMR: s.AMR, ACR: s.ACR, AuthTime: s.AuthTime, Epoch: s.Epoch, IssuedAt: c.Iat, ExpiresAt: c.Exp,
		Derived: c.Origin != "",
	}, nil
}

// genuine finds the pool of an access token and what the token says. A text that the pool has not issued is a wrong proof; an
// access token that is over is not: programs use the one that they have until it is refused.
func (t *Tokens) genuine(ctx context.Context, text string) (*pool.Pool, *accessClaims, error) {
	p, err := t.owner(ctx, text)
	var c *accessClaims
	if err == nil {
		c, err = t.verify(ctx, p, text)
	}
	var refused *cognitoidp.NotAuthorizedException
	if errors.As(err, &refused) {
		guard.Wrong(ctx)
	}
	return p, c, err
}

// verify checks what can be checked without the session.
func (t *Tokens) verify(ctx context.Context, p *pool.Pool, text string) (*accessClaims, error) {
	payload, err := t.signed(ctx, p, purposeAccess, text)
	switch {
	case errors.Is(err, jose.ErrSignature), errors.Is(err, jose.ErrUnknownKey):
		obs.Cause(ctx, "access token: %v", err)
		return nil, errBadSignature()
	case errors.Is(err, jose.ErrMalformed):
		obs.Cause(ctx, "access token: %v", err)
		return nil, InvalidAccess()
	case err != nil:
		return nil, err
	}
	c := new(accessClaims)
	if err := json.Unmarshal(payload, c); err != nil || c.TokenUse != "access" || c.Sub == "" || c.EventID == "" {
		obs.Cause(ctx, "access token: not an access token of a user")
		return nil, InvalidAccess()
	}
	if !t.addresses.Issues(p, c.Iss) {
		obs.Cause(ctx, "access token: foreign issuer")
		return nil, InvalidAccess()
	}
	return c, nil
}

// signed returns the claims of a token that the pool's keys of a purpose have signed; an error of jose for any other text.
func (t *Tokens) signed(ctx context.Context, p *pool.Pool, purpose, text string) ([]byte, error) {
	var failed error
	payload, err := jose.Verify(text, func(kid string) *rsa.PublicKey {
		key, err := t.publicKey(ctx, p.ID, purpose, kid)
		failed = err
		return key
	})
	if failed != nil {
		return nil, failed
	}
	return payload, err
}

// clientOf returns the client of a token. Tokens of a deleted client are as good as revoked.
func (t *Tokens) clientOf(ctx context.Context, p *pool.Pool, clientID string) (*pool.Client, error) {
	_, c, err := t.pools.Client(ctx, clientID)
	switch {
	case errors.Is(err, pool.ErrClientNotFound), errors.Is(err, pool.ErrPoolNotFound):
		obs.Cause(ctx, "access token: its client was deleted")
		return nil, AccessRevoked()
	case err != nil:
		return nil, err
	case c.PoolID != p.ID:
		return nil, AccessRevoked()
	}
	return c, nil
}

// owner returns the pool whose keys have to prove the token. It follows the issuer that the token names, of which
// nothing is believed until verify has checked it.
func (t *Tokens) owner(ctx context.Context, text string) (*pool.Pool, error) {
	poolID := namedPool(text)
	if poolID == "" {
		obs.Cause(ctx, "access token: names no issuer")
		return nil, InvalidAccess()
	}
	p, err := t.pools.Pool(ctx, poolID)
	if errors.Is(err, pool.ErrPoolNotFound) {
		obs.Cause(ctx, "access token: unknown pool")
		return nil, errBadSignature()
	}
	return p, err
}

// namedPool returns the last part of the issuer that an unverified token names, "" when it names none.
func namedPool(text string) string {
	if len(text) > jose.MaxToken {
		return ""
	}
	_, rest, _ := strings.Cut(text, ".")
	body, _, ok := strings.Cut(rest, ".")
	if !ok {
		return ""
	}
	payload, err := base64.RawURLEncoding.DecodeString(body)
	if err != nil {
		return ""
	}
	var named struct {
		Iss string `json:"iss"`
	}
	if json.Unmarshal(payload, &named) != nil {
		return ""
	}
	poolID := named.Iss[strings.LastIndexByte(named.Iss, '/')+1:]
	if !pool.IsID(poolID) {
		return ""
	}
	return poolID
}
