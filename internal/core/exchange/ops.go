package exchange

import (
	"context"
	"errors"

	"cognate/internal/api/cognitoidp"
	"cognate/internal/base/obs"
	"cognate/internal/core/guard"
	"cognate/internal/core/pool"
	"cognate/internal/core/token"
)

// Ops are the AWS operations of this room.
type Ops struct{ *Room }

// GetDerivedToken implements the AWS operation. The client proves itself by its secret, if it has one; a signature changes
// nothing.
func (o Ops) GetDerivedToken(ctx context.Context, in *cognitoidp.GetDerivedTokenRequest) (*cognitoidp.GetDerivedTokenResponse, error) {
	p, c, err := o.client(ctx, in)
	if err != nil {
		return nil, err
	}
	event := obs.From(ctx)
	event.Pool, event.Client = p.ID, c.ID
	r, err := request(p, c, in)
	if err != nil {
		return nil, err
	}
	made, err := o.Exchange(ctx, r)
	var refused *Refusal
	if errors.As(err, &refused) {
		return nil, refused.exception()
	}
	if err != nil {
		return nil, err
	}
	out := &cognitoidp.GetDerivedTokenResponse{
		IssuedToken: made.Token, IssuedTokenType: cognitoidp.IssuedTokenTypeIdentifierTypeAccessToken, TokenType: cognitoidp.OAuthTokenTypeTypeBearer,
		ExpiresIn: &made.Life, Scopes: made.Scopes,
	}
	if made.Use == token.UseID {
		out.IssuedTokenType, out.TokenType = cognitoidp.IssuedTokenTypeIdentifierTypeIdToken, cognitoidp.OAuthTokenTypeTypeNA
	}
	return out, nil
}

// client authenticates the client that asks. An unknown one and a wrong secret look the same.
func (o Ops) client(ctx context.Context, in *cognitoidp.GetDerivedTokenRequest) (*pool.Pool, *pool.Client, error) {
	p, c, err := o.Pools.Client(ctx, in.ClientId)
	switch {
	case errors.Is(err, pool.ErrClientNotFound):
		obs.Cause(ctx, "unknown client")
		return nil, nil, pool.Unproven()
	case err != nil:
		return nil, nil, err
	}
	if err := o.Guard.Secret(ctx, p.ID); err != nil {
		return nil, nil, err
	}
	secret := ""
	if in.ClientSecret != nil {
		secret = *in.ClientSecret
	}
	if !c.CheckSecret(secret) {
		obs.Cause(ctx, "wrong or missing client secret")
		return nil, nil, pool.Unproven()
	}
	if c.HasSecret() {
		guard.Right(ctx) // what users send on to the client is no guess of the client
	}
	return p, c, nil
}

// uses are the kinds of tokens that the pool itself issues.
var uses = map[cognitoidp.TokenTypeIdentifierType]string{
	cognitoidp.TokenTypeIdentifierTypeAccessToken: token.UseAccess, cognitoidp.TokenTypeIdentifierTypeIdToken: token.UseID,
}

// request reads the members of the operation.
func request(p *pool.Pool, c *pool.Client, in *cognitoidp.GetDerivedTokenRequest) (*Request, error) {
	r := &Request{
		Pool: p, Client: c, Scopes: in.Scopes, Subject: Proof{in.SubjectToken, uses[in.SubjectTokenType], text(in.SubjectTokenProviderName)},
	}
	switch {
	case in.ActorToken == nil && (in.ActorTokenType != nil || in.ActorTokenProviderName != nil):
		return nil, pool.MissingParameter("ActorToken")
	case in.ActorToken != nil && in.ActorTokenType == nil:
		return nil, pool.MissingParameter("ActorTokenType")
	case in.ActorToken != nil:
		r.Actor = &Proof{*in.ActorToken, uses[*in.ActorTokenType], text(in.ActorTokenProviderName)}
	}
	if len(in.Scopes) == 0 {
		r.Scopes = nil
	}
	if len(in.Audiences) > 0 {
		r.Audience = in.Audiences[0]
	}
	if len(in.Resources) > 0 {
		r.Resource = in.Resources[0]
	}
	if in.RequestedTokenType != nil && *in.RequestedTokenType == cognitoidp.IssuedTokenTypeIdentifierTypeIdToken {
		r.Use = token.UseID
	}
	return r, nil
}

// text is the pointed-to text or "".
func text(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}
