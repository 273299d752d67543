package oauth

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strconv"

	"cognate/internal/api/rt"
	"cognate/internal/base/limit"
	"cognate/internal/base/obs"
	"cognate/internal/core/pool"
	"cognate/internal/core/registration"
	"cognate/internal/web/site"
)

// Registrar lets clients register themselves; *registration.Room does.
type Registrar interface {
	Register(ctx context.Context, p *pool.Pool, bearer string, m *registration.Metadata) (*registration.Registered, error)
}

// codeInsufficient is the error of RFC 6750 section 3.1 for a token that lacks a scope.
const codeInsufficient = "insufficient_scope"

// register is the client registration endpoint (RFC 7591 section 3).
func (h *handler) register(ctx context.Context, r *site.Request) site.Reply {
	p, err := h.Pools.Pool(ctx, r.Place.PoolID)
	switch {
	case errors.Is(err, pool.ErrPoolNotFound), err == nil && !p.Registers():
		return site.Absent(ctx)
	case err != nil:
		return *internal(ctx, err)
	}
	token, shows := bearer(r.Request)
	if !shows && len(r.Header.Values("Authorization")) > 0 {
		return unregistered(ctx, p, registration.ErrToken)
	}
	body, err := r.Document()
	if err != nil {
		return *reject(ctx, registration.CodeMetadata, "a JSON document is expected")
	}
	metadata := new(registration.Metadata)
	if err := json.Unmarshal(body, metadata); err != nil {
		obs.Cause(ctx, "%v", err)
		return *reject(ctx, registration.CodeMetadata, "the document cannot be read")
	}
	made, err := h.Registrar.Register(ctx, p, token, metadata)
	if err != nil {
		return unregistered(ctx, p, err)
	}
	obs.From(ctx).Client = made.ClientID
	return site.JSON(http.StatusCreated, information(made))
}

// unregistered words why nothing was registered.
func unregistered(ctx context.Context, p *pool.Pool, err error) site.Reply {
	var refused *registration.Error
	var over *limit.Over
	switch {
	case errors.As(err, &refused):
		return *reject(ctx, refused.Code, refused.Text)
	case errors.As(err, &over):
		return failed(ctx, http.StatusTooManyRequests, codeTooMany, site.TextCrowded("registrations", over.After)).After(over.After)
	case errors.Is(err, registration.ErrOff):
		return site.Absent(ctx)
	case errors.Is(err, registration.ErrToken):
		return challenged(ctx, http.StatusUnauthorized, codeToken, "an access token with the scope "+pool.RegisterScope+" is needed")
	case errors.Is(err, registration.ErrScope):
		return challenged(ctx, http.StatusForbidden, codeInsufficient, "the access token lacks the scope "+pool.RegisterScope)
	case errors.Is(err, registration.ErrForbidden):
		return failed(ctx, http.StatusForbidden, "access_denied", "this user pool registers no clients with a token")
	case errors.Is(err, registration.ErrFull):
		return failed(ctx, http.StatusForbidden, "access_denied", "as many clients have registered as user pool "+p.ID+" may have")
	}
	return *internal(ctx, err)
}

// information is the answer of RFC 7591 section 3.2.1.
func information(c *registration.Registered) []byte {
	var b []byte
	text := func(name, value string) { b = rt.AppendString(member(b, name), value) }
	number := func(name string, value int64) { b = strconv.AppendInt(member(b, name), value, 10) }
	list := func(name string, values []string) { b = rt.AppendList(member(b, name), values, rt.AppendText) }
	text("client_id", c.ClientID)
	number("client_id_issued_at", c.Issued)
	if c.Secret != "" {
		text("client_secret", c.Secret)
		number("client_secret_expires_at", 0)
	}
	text("client_name", c.Name)
	if len(c.RedirectURIs) > 0 {
		list("redirect_uris", c.RedirectURIs)
	}
	list("grant_types", c.GrantTypes)
	list("response_types", c.ResponseTypes)
	text("token_endpoint_auth_method", c.AuthMethod)
	text("scope", c.Scope)
	return append(b, '}')
}
