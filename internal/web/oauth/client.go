package oauth

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"

	"cognate/internal/base/limit"
	"cognate/internal/base/obs"
	"cognate/internal/core/clientdoc"
	"cognate/internal/core/guard"
	"cognate/internal/core/pool"
	"cognate/internal/web/site"
)

// The error codes of RFC 6749 section 5.2, RFC 7009 section 2.2.1 and RFC 6750 section 3.1.
const (
	codeRequest     = "invalid_request"
	codeClient      = "invalid_client"
	codeGrant       = "invalid_grant"
	codeScope       = "invalid_scope"
	codeUnallowed   = "unauthorized_client"
	codeGrantType   = "unsupported_grant_type"
	codeTokenType   = "unsupported_token_type"
	codeToken       = "invalid_token"
	codeTooMany     = "temporarily_unavailable"
	codeServerError = "server_error"
)

// Clients finds clients; *authorization.Room does.
type Clients interface {
	// Client returns a pool and one of its clients, by its id or by the address of a metadata document. The errors are
	// pool.ErrPoolNotFound and pool.ErrClientNotFound, clientdoc.ErrDocument and a *limit.Over.
	Client(ctx context.Context, poolID, clientID string) (*pool.Pool, *pool.Client, error)
}

// Documents knows about metadata documents of clients; *clientdoc.Room does.
type Documents interface {
	// Taken reports whether a pool takes any.
	Taken(ctx context.Context, p *pool.Pool) (bool, error)
}

// asked is a form that a client sent, and the client, once it has proved itself.
type asked struct {
	form   url.Values
	pool   *pool.Pool
	client *pool.Client
	secret string // the proof, "" from public clients
}

// posted reads the form of a request and finds out which client sent it (RFC 6749 section 2.3.1: a Basic header or members
// of the form, never both). The second result is the refusal; it is nil when the client is proven.
func (h *handler) posted(ctx context.Context, r *site.Request) (*asked, *site.Reply) {
	form, err := r.Posted()
	if err != nil {
		return nil, reject(ctx, codeRequest, "a form is expected")
	}
	for name, values := range form {
		if len(values) > 1 {
			return nil, reject(ctx, codeRequest, "a parameter is repeated: "+shown(name))
		}
	}
	id, secret, basic, err := credentials(r.Request, form)
	if err != nil {
		return nil, reject(ctx, codeRequest, err.Error())
	}
	if id == "" {
		return nil, reject(ctx, codeRequest, "client_id is missing")
	}
	p, c, err := h.Clients.Client(ctx, r.Place.PoolID, id)
	var over *limit.Over
	switch {
	case errors.Is(err, clientdoc.ErrDocument):
		return nil, unproven(ctx, basic, "the client metadata document cannot be used")
	case errors.As(err, &over):
		reply := failed(ctx, http.StatusTooManyRequests, codeTooMany, site.TextCrowded("client metadata documents", over.After)).After(over.After)
		return nil, &reply
	case errors.Is(err, pool.ErrPoolNotFound), errors.Is(err, pool.ErrClientNotFound):
		guard.Wrong(ctx)
		obs.Cause(ctx, "unknown pool or client")
		return nil, unproven(ctx, basic, "")
	case err != nil:
		return nil, internal(ctx, err)
	}
	obs.From(ctx).Client = c.ID
	if !c.CheckSecret(secret) {
		guard.Wrong(ctx)
		obs.Cause(ctx, "wrong or missing client secret")
		return nil, unproven(ctx, basic, "invalid_client_secret")
	}
	return &asked{form: form, pool: p, client: c, secret: secret}, nil
}

// credentials are the client id and secret that a request shows, and whether they came in a Basic header.
func credentials(r *http.Request, form url.Values) (id, secret string, basic bool, err error) {
	id, secret = form.Get("client_id"), form.Get("client_secret")
	header := r.Header.Values("Authorization")
	if len(header) == 0 {
		return id, secret, false, nil
	}
	name, word, ok := r.BasicAuth()
	if !ok || len(header) > 1 {
		return "", "", false, errors.New("the Authorization header is not that of a client")
	}
	// Both are form-encoded inside the header.
	basicID, err := url.QueryUnescape(name)
	if err != nil {
		return "", "", true, errors.New("the Authorization header is not that of a client")
	}
	basicSecret, err := url.QueryUnescape(word)
	if err != nil {
		return "", "", true, errors.New("the Authorization header is not that of a client")
	}
	if secret != "" || id != "" && id != basicID {
		return "", "", true, errors.New("the client authenticates in two ways")
	}
	return basicID, basicSecret, true, nil
}

// basicChallenge asks for the secret of a client.
const basicChallenge = `Basic realm="oauth2"`

// unproven refuses a client that did not prove who it is: 400 as Cognito answers, with a challenge where Basic was used.
func unproven(ctx context.Context, basic bool, text string) *site.Reply {
	reply := reject(ctx, codeClient, text)
	if basic {
		*reply = reply.With("WWW-Authenticate", basicChallenge)
	}
	return reply
}

// reject is a refusal with status 400; text may be empty.
func reject(ctx context.Context, code, text string) *site.Reply {
	reply := failed(ctx, http.StatusBadRequest, code, text)
	return &reply
}

// failed is a refusal as RFC 6749 section 5.2 has it.
func failed(ctx context.Context, status int, code, text string) site.Reply {
	return site.Refusal(ctx, status, code, text)
}

// internal hides what went wrong here.
func internal(ctx context.Context, err error) *site.Reply {
	reply := failed(ctx, site.Failed(ctx, err), codeServerError, site.TextInternal)
	return &reply
}

// shown is a value of the request that an answer may repeat.
func shown(name string) string {
	if len(name) > 64 {
		name = name[:64]
	}
	return strings.ToValidUTF8(name, "")
}
