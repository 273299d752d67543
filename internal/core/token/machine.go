package token

import (
	"context"
	"fmt"
	"strings"
	"time"

	"cognate/internal/api/cognitoidp"
	"cognate/internal/base/jose"
	"cognate/internal/core/pool"
)

// Machine issues the access token of a client that acts for itself: GetClientToken and the client-credentials grant.
// scopes are the granted ones. There is no user and so no session: nothing is written, the token cannot be revoked, and
// the operations that act for a user refuse it. The error may be ErrChanges.
func (t *Tokens) Machine(ctx context.Context, p *pool.Pool, c *pool.Client, scopes []string, ch *Changes) (*cognitoidp.ClientAuthenticationResultType, error) {
	if err := ch.check(); err != nil {
		return nil, err
	}
	keys, err := t.signers(ctx, p.ID)
	if err != nil {
		return nil, err
	}
	now, life := t.clock.Now().Unix(), int64(c.AccessTTL()/time.Second)
	var e edit
	if ch != nil {
		e = ch.Access.edit(true, c.ID)
	}
	o := object{b: make([]byte, 0, 512), drop: e.drop}
	o.text("sub", c.ID)
	o.text("token_use", "access")
	o.words("scope", ch.scopes(scopes))
	o.number("auth_time", now)
	o.text("iss", t.addresses.Issuer(p))
	o.number("exp", now+life)
	o.number("iat", now)
	o.number("version", 2)
	o.text("jti", t.ids.UUID())
	o.text("client_id", c.ID)
	e.finish(&o)
	text, err := jose.SignRS256(keys.access.signer, keys.access.kid, o.close())
	if err != nil {
		return nil, fmt.Errorf("token: sign: %w", err)
	}
	if err := fits(text); err != nil {
		return nil, err
	}
	return &cognitoidp.ClientAuthenticationResultType{AccessToken: &text, ExpiresIn: &life, TokenType: new("Bearer")}, nil
}

// words appends a claim of several words; none leave the claim out.
func (o *object) words(name string, words []string) {
	if len(words) > 0 {
		o.text(name, strings.Join(words, " "))
	}
}
