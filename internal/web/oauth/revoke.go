package oauth

import (
	"context"
	"errors"
	"net/http"

	"cognate/internal/api/cognitoidp"
	"cognate/internal/api/rt"
	"cognate/internal/base/obs"
	"cognate/internal/web/site"
)

// Revoker ends the sessions of refresh tokens; token.Ops does. The error is an AWS exception.
type Revoker interface {
	RevokeToken(ctx context.Context, in *cognitoidp.RevokeTokenRequest) (*cognitoidp.RevokeTokenResponse, error)
}

// revoke is the revocation endpoint (RFC 7009). A token that means nothing here is as good as revoked.
func (h *handler) revoke(ctx context.Context, r *site.Request) site.Reply {
	in, refusal := h.posted(ctx, r)
	if refusal != nil {
		return *refusal
	}
	text := in.form.Get("token")
	if text == "" {
		return *reject(ctx, codeRequest, "token is missing")
	}
	request := &cognitoidp.RevokeTokenRequest{Token: text, ClientId: in.client.ID}
	if in.secret != "" {
		request.ClientSecret = &in.secret
	}
	_, err := h.Revoker.RevokeToken(ctx, request)
	var (
		e         rt.Exception
		disabled  *cognitoidp.UnsupportedOperationException
		otherKind *cognitoidp.UnsupportedTokenTypeException
		unknown   *cognitoidp.InvalidParameterException
	)
	switch {
	case err == nil:
	case errors.As(err, &unknown):
		obs.Cause(ctx, "%s", unknown.Message)
	case errors.As(err, &disabled):
		return *reject(ctx, codeRequest, disabled.Message)
	case errors.As(err, &otherKind):
		return *reject(ctx, codeTokenType, otherKind.Message)
	case errors.As(err, &e) && !e.Fault(): // another client's
		return *reject(ctx, codeUnallowed, e.ErrorMessage())
	default:
		return *internal(ctx, err)
	}
	return site.Empty(http.StatusOK)
}
