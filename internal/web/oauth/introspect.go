package oauth

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"cognate/internal/api/rt"
	"cognate/internal/base/obs"
	"cognate/internal/core/guard"
	"cognate/internal/core/pool"
	"cognate/internal/core/session"
	"cognate/internal/web/site"
)

// Introspector tells clients what tokens are worth; *session.Room does. nil is nothing.
type Introspector interface {
	Introspect(ctx context.Context, p *pool.Pool, c *pool.Client, text string) (*session.Facts, error)
}

// introspect is the introspection endpoint (RFC 7662), which Cognito has not: it is there for clients that a tag of their
// pool names. A refusal of the client has status 401, as section 2.3 has it.
func (h *handler) introspect(ctx context.Context, r *site.Request) site.Reply {
	p, err := h.Pools.Pool(ctx, r.Place.PoolID)
	switch {
	case errors.Is(err, pool.ErrPoolNotFound), err == nil && !p.Introspectable():
		return site.Absent(ctx)
	case err != nil:
		return *internal(ctx, err)
	}
	in, refusal := h.posted(ctx, r)
	if refusal != nil {
		if obs.From(ctx).Outcome == codeClient {
			return refusal.WithStatus(http.StatusUnauthorized).With("WWW-Authenticate", basicChallenge)
		}
		return *refusal
	}
	text := in.form.Get("token")
	if _, may := in.pool.Introspects(in.client.ID); !may || !in.client.HasSecret() {
		return failed(ctx, http.StatusForbidden, codeUnallowed, "the client may not introspect tokens")
	}
	if text == "" {
		return *reject(ctx, codeRequest, "token is missing")
	}
	guard.Right(ctx) // what users send on to the client is no guess of the client
	facts, err := h.Facts.Introspect(ctx, in.pool, in.client, text)
	if err != nil {
		return *internal(ctx, err)
	}
	return site.JSON(http.StatusOK, introspection(facts))
}

// introspection is the document of RFC 7662 section 2.2; of a token that is worth nothing it tells only that.
func introspection(f *session.Facts) []byte {
	if f == nil {
		return []byte(`{"active":false}`)
	}
	b := []byte(`{"active":true`)
	text := func(name, value string) {
		if value != "" {
			b = rt.AppendString(member(b, name), value)
		}
	}
	number := func(name string, value int64) {
		if value != 0 {
			b = strconv.AppendInt(member(b, name), value, 10)
		}
	}
	list := func(name string, values []string) {
		if len(values) > 0 {
			b = rt.AppendList(member(b, name), values, rt.AppendText)
		}
	}
	text("token_use", f.Use)
	text("client_id", f.ClientID)
	text("sub", f.Sub)
	text("username", f.Username)
	text("scope", strings.Join(f.Scopes, " "))
	if f.Use != session.UseRefresh {
		text("token_type", "Bearer")
	}
	list("aud", slices.Clone(f.Audience))
	text("iss", f.Issuer)
	text("jti", f.JTI)
	number("iat", f.IssuedAt)
	number("exp", f.ExpiresAt)
	number("auth_time", f.AuthTime)
	text("acr", f.ACR)
	list("amr", f.AMR)
	if f.Act != nil {
		b = append(member(b, "act"), f.Act...)
	}
	return append(b, '}')
}
