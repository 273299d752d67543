// Package oauth serves the OAuth 2.0 and OpenID Connect endpoints of user pools: the token, revocation and userInfo
// endpoints, and discovery and the published signing keys below a pool's issuer.
//
// Paths are the same under every host, so they also answer for the AWS names of an issuer
// (cognito-idp.<region>.amazonaws.com) when a proxy or the hosts file points them at Cognate.
package oauth

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"net/http"
	"strings"

	"cognate/internal/api/rt"
	"cognate/internal/core/pool"
	"cognate/internal/core/token"
	"cognate/internal/web/site"
)

// Pools is what the endpoints ask about pools; pool.Pools answers it.
type Pools interface {
	// Pool returns the settings of a pool, or pool.ErrPoolNotFound.
	Pool(ctx context.Context, poolID string) (*pool.Pool, error)
	// PoolClient returns a client of a pool, pool.ErrPoolNotFound or pool.ErrClientNotFound.
	PoolClient(ctx context.Context, poolID, clientID string) (*pool.Pool, *pool.Client, error)
	// StepUp is an error where the pool's tier has no levels of authentication.
	StepUp(of *pool.Pool) error
}

// Keys is what the endpoints ask about signing keys; token.Tokens answers it.
type Keys interface {
	// Keys returns the JWKS document of a pool, or token.ErrNoKeys.
	Keys(ctx context.Context, poolID string) ([]byte, error)
}

// Deps are what the endpoints are made of.
type Deps struct {
	Pools     Pools
	Tokens    Keys
	Addresses pool.Addresses // those that token was given

	Machines Machines
	Codes    Codes
	Engine   Engine
	Revoker  Revoker
	Users    Users
	Facts    Introspector

	Clients   Clients
	Documents Documents
	Registrar Registrar
	Exchanger Exchanger
}

type handler struct{ Deps }

// Routes are the endpoints below a pool's base address and the documents below its issuer.
func Routes(d Deps) []site.Route {
	h := &handler{d}
	return []site.Route{
		h.route(pool.EndpointOpenID, "Discovery_GET", h.metadata),
		h.route(pool.EndpointOAuthServer, "Discovery_GET", h.metadata),
		h.route(pool.EndpointKeys, "JWKS_GET", h.keys),
		endpoint(pool.EndpointToken, map[string]site.Endpoint{http.MethodPost: {Operation: "Token_POST", Handle: h.token, Proof: true, Known: h.known}}),
		endpoint(pool.EndpointRevoke, map[string]site.Endpoint{http.MethodPost: {Operation: "Revoke_POST", Handle: h.revoke, Proof: true}}),
		endpoint(pool.EndpointUserInfo, map[string]site.Endpoint{
			http.MethodGet:  {Operation: "UserInfo_GET", Handle: h.userInfo, Proof: true},
			http.MethodPost: {Operation: "UserInfo_POST", Handle: h.userInfo, Proof: true},
		}),
		endpoint(pool.EndpointRegister, map[string]site.Endpoint{http.MethodPost: {Operation: "Register_POST", Handle: h.register, Proof: true, Document: true}}),
		serverSide(endpoint(pool.EndpointIntrospect, map[string]site.Endpoint{http.MethodPost: {Operation: "Introspect_POST", Handle: h.introspect, Proof: true}})),
	}
}

// endpoint is a route that programs call, those of pages of any origin among them.
func endpoint(path pool.Endpoint, methods map[string]site.Endpoint) site.Route {
	return site.Route{Path: string(path), Methods: methods, CORS: true, Refuse: func(ctx context.Context, status int, text string) site.Reply {
		return failed(ctx, status, codeOf(status), text)
	}}
}

// serverSide is a route that no page may call: it takes the secret of a client.
func serverSide(r site.Route) site.Route {
	r.CORS = false
	return r
}

// codeOf is the code of what the site refuses.
func codeOf(status int) string {
	switch status {
	case http.StatusTooManyRequests, http.StatusServiceUnavailable:
		return codeTooMany
	case http.StatusInternalServerError:
		return codeServerError
	}
	return codeRequest
}

const (
	cacheSeconds  = 300 // well below the ten minutes by which new keys are published ahead
	failedSeconds = 5   // how long a cache may keep an unknown pool
)

// route is that of a document, which pages of any origin may read.
func (h *handler) route(path pool.Endpoint, operation string, document func(context.Context, *site.Request, *pool.Pool) ([]byte, error)) site.Route {
	get := site.Endpoint{Operation: operation, Handle: func(ctx context.Context, r *site.Request) site.Reply {
		p, err := h.Pools.Pool(ctx, r.Place.PoolID)
		var body []byte
		if err == nil {
			body, err = document(ctx, r, p)
		}
		switch {
		case err == nil:
			return kept(r, body)
		case errors.Is(err, pool.ErrPoolNotFound), errors.Is(err, token.ErrNoKeys):
			return refuse(ctx, http.StatusNotFound, pool.Unknown(r.Place.PoolID)).Kept(failedSeconds)
		}
		return refuse(ctx, site.Failed(ctx, err), site.TextInternal)
	}}
	return site.Route{
		Path: string(path), Methods: map[string]site.Endpoint{http.MethodGet: get, http.MethodHead: get}, CORS: true, Light: true, Refuse: refuse,
	}
}

func (h *handler) metadata(ctx context.Context, r *site.Request, p *pool.Pool) ([]byte, error) {
	documents := false
	if r.Served(pool.EndpointAuthorize) {
		var err error
		if documents, err = h.Documents.Taken(ctx, p); err != nil {
			return nil, err
		}
	}
	return h.discovery(p, r.Served, documents), nil
}

func (h *handler) keys(ctx context.Context, _ *site.Request, p *pool.Pool) ([]byte, error) {
	return h.Tokens.Keys(ctx, p.ID)
}

// refuse words a refusal as Cognito does for documents.
func refuse(_ context.Context, status int, text string) site.Reply {
	return site.JSON(status, append(rt.AppendString([]byte(`{"message":`), text), '}'))
}

// kept is a document that clients and proxies may keep, with an entity tag to ask again cheaply.
func kept(r *site.Request, body []byte) site.Reply {
	sum := sha256.Sum256(body)
	tag := `"` + base64.RawURLEncoding.EncodeToString(sum[:12]) + `"`
	reply := site.JSON(http.StatusOK, body)
	if known := r.Header.Get("If-None-Match"); known != "" && strings.Contains(known, tag) {
		reply = site.Empty(http.StatusNotModified)
	}
	return reply.Kept(cacheSeconds).With("ETag", tag)
}
