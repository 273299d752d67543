// Package oauth serves the OAuth 2.0 and OpenID Connect endpoints of user pools: discovery and the published signing
// keys, below a pool's issuer.
//
// Paths are the same under every host, so the handler also answers for the AWS names of an issuer
// (cognito-idp.<region>.amazonaws.com) when a proxy or the hosts file points them at Cognate.
package oauth

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"net/http"
	"strconv"
	"strings"

	"cognate/internal/core/pool"
	"cognate/internal/core/token"
)

// Pools is what the handler asks about pools; pool.Pools answers it.
type Pools interface {
	// Pool returns the settings of a pool, or pool.ErrPoolNotFound.
	Pool(ctx context.Context, poolID string) (*pool.Pool, error)
}

// Keys is what the handler asks about signing keys; token.Tokens answers it.
type Keys interface {
	// Keys returns the JWKS document of a pool, or token.ErrNoKeys.
	Keys(ctx context.Context, poolID string) ([]byte, error)
}

// Deps are what the handler is made of; Issuer, Endpoints and Failed may be nil.
type Deps struct {
	Pools  Pools
	Tokens Keys
	// PublicURL is the address of the server, below which every pool has its endpoints.
	PublicURL string
	// Issuer names the issuer of a pool; nil means token.Issuer(PublicURL). It is the function that token was given.
	Issuer func(*pool.Pool) string
	// Endpoints returns the base address of a pool's authorize, token and login endpoints when they are known by
	// another host than the path form below PublicURL, else "".
	Endpoints func(*pool.Pool) string
	// Failed is told about internal failures, whose detail never reaches the caller.
	Failed func(r *http.Request, err error)
}

// handler answers discovery requests.
type handler struct {
	Deps
	public string // PublicURL without a slash at its end
	prefix string // the path of PublicURL, "" or "/..."
}

// Handler returns the handler of everything below a pool's issuer.
func Handler(d Deps) http.Handler {
	h := &handler{Deps: d, public: strings.TrimRight(d.PublicURL, "/")}
	if h.Issuer == nil {
		h.Issuer = token.Issuer(d.PublicURL)
	}
	if _, rest, ok := strings.Cut(h.public, "://"); ok {
		if i := strings.IndexByte(rest, '/'); i >= 0 {
			h.prefix = rest[i:]
		}
	}
	return h
}

// The documents below an issuer.
const (
	wellKnown     = "/.well-known/"
	docOpenID     = "openid-configuration"
	docOAuth      = "oauth-authorization-server" // RFC 8414
	docKeys       = "jwks.json"
	cacheSeconds  = 300 // well below the ten minutes by which new keys are published ahead
	failedSeconds = 5   // how long a cache may keep an unknown pool
)

// split takes the pool id and the document out of a path: /<pool id>/.well-known/<document>, or the form of RFC 8414
// section 3.1, which puts the well-known part first.
func (h *handler) split(path string) (poolID, doc string, ok bool) {
	path = strings.TrimPrefix(path, h.prefix)
	if rest, found := strings.CutPrefix(path, wellKnown); found {
		doc, poolID, _ = strings.Cut(rest, "/")
		return poolID, doc, (doc == docOAuth || doc == docOpenID) && token.IsPoolID(poolID)
	}
	poolID, doc, _ = strings.Cut(strings.TrimPrefix(path, "/"), wellKnown)
	return poolID, doc, (doc == docOpenID || doc == docOAuth || doc == docKeys) && token.IsPoolID(poolID)
}

// ServeHTTP answers GET, HEAD and the preflight of browsers, which may read the documents from any origin.
func (h *handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	header := w.Header()
	header.Set("Access-Control-Allow-Origin", "*")
	header.Set("X-Content-Type-Options", "nosniff")
	switch r.Method {
	case http.MethodGet, http.MethodHead:
	case http.MethodOptions:
		header.Set("Access-Control-Allow-Methods", "GET, HEAD, OPTIONS")
		if asked := r.Header.Get("Access-Control-Request-Headers"); asked != "" {
			header.Set("Access-Control-Allow-Headers", asked)
			header.Set("Vary", "Access-Control-Request-Headers")
		}
		header.Set("Access-Control-Max-Age", "86400")
		w.WriteHeader(http.StatusNoContent)
		return
	default:
		header.Set("Allow", "GET, HEAD, OPTIONS")
		h.refuse(w, r, http.StatusMethodNotAllowed, "Method not allowed.")
		return
	}
	poolID, doc, ok := h.split(r.URL.Path)
	if !ok {
		h.refuse(w, r, http.StatusNotFound, "Not found.")
		return
	}
	body, err := h.document(r.Context(), poolID, doc)
	switch {
	case err == nil:
		h.send(w, r, body)
	case errors.Is(err, pool.ErrPoolNotFound), errors.Is(err, token.ErrNoKeys):
		header.Set("Cache-Control", "public, max-age="+strconv.Itoa(failedSeconds))
		h.refuse(w, r, http.StatusNotFound, pool.Unknown(poolID))
	default:
		if h.Failed != nil {
			h.Failed(r, err)
		}
		h.refuse(w, r, http.StatusInternalServerError, "Something went wrong")
	}
}

func (h *handler) document(ctx context.Context, poolID, doc string) ([]byte, error) {
	p, err := h.Pools.Pool(ctx, poolID)
	if err != nil {
		return nil, err
	}
	if doc == docKeys {
		return h.Tokens.Keys(ctx, poolID)
	}
	return h.discovery(p), nil
}

// send writes a document that clients and proxies may keep, with an entity tag to ask again cheaply.
func (h *handler) send(w http.ResponseWriter, r *http.Request, body []byte) {
	sum := sha256.Sum256(body)
	tag := `"` + base64.RawURLEncoding.EncodeToString(sum[:12]) + `"`
	header := w.Header()
	header.Set("Cache-Control", "public, max-age="+strconv.Itoa(cacheSeconds))
	header.Set("ETag", tag)
	if known := r.Header.Get("If-None-Match"); known != "" && strings.Contains(known, tag) {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	write(w, r, http.StatusOK, body)
}
