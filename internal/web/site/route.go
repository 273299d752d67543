package site

import (
	"context"
	"errors"
	"io"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"

	"cognate/internal/base/httpkit"
	"cognate/internal/core/pool"
)

// MaxBody is how many bytes a request's body may have.
const MaxBody = 64 << 10

// Route is what stands at one path below a pool.
type Route struct {
	// Path is the path below the pool's base address, such as "/confirmUser".
	Path string
	// Below says that the route answers for every path that goes on behind Path, which ends with a slash, by one more part.
	Below bool
	// Methods are what can be done there.
	Methods map[string]Endpoint
	// CORS lets pages of other origins call. It is for what takes no cookies.
	CORS bool
	// Light is for what costs next to nothing and is served under any load.
	Light bool
	// Refuse words what the site itself refuses, in the form that callers of this route expect.
	Refuse func(ctx context.Context, status int, text string) Reply
}

// Endpoint answers one method of a route.
type Endpoint struct {
	Operation string // its name in the log event
	Handle    func(ctx context.Context, r *Request) Reply
	// Proof is for what takes a proof that can be wrong, which the handler tells by guard.Wrong. Sources that were wrong too
	// often are refused before it is asked.
	Proof bool
	// Document is for what takes a JSON document in the body.
	Document bool
	// Known finds out whether to ask it nevertheless, for who is known from there; nil for nobody.
	Known func(ctx context.Context, r *Request) (bool, error)
}

// exposed are the headers that pages of other origins may read.
const exposed = "X-Amz-Cognito-Request-Id, X-Amzn-RequestId, WWW-Authenticate, Retry-After"

// cors is the answer to pages of other origins.
func (r *Route) cors() httpkit.CORS {
	return httpkit.CORS{Methods: r.allow(), Headers: "Authorization, Content-Type", Expose: exposed}
}

// order is that in which methods are named.
var order = []string{http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodDelete}

// allow names the methods of the route.
func (r *Route) allow() string {
	var names []string
	for _, name := range order {
		if _, ok := r.Methods[name]; ok {
			names = append(names, name)
		}
	}
	if r.CORS {
		names = append(names, http.MethodOptions)
	}
	return strings.Join(names, ", ")
}

// Place is where a request went: a pool and a path below its base address.
type Place struct {
	PoolID string
	Path   string // "/...", or "" at the base itself
	// Base is the path of the pool's base address as browsers know it: "/<pool id>" below the base path in the path form,
	// "" where the host alone names the pool.
	Base string
	// Local is set where browsers come by plain HTTP from the same machine, and keep no Secure cookies.
	Local bool
}

// wellKnown begins the paths of RFC 8615.
const wellKnown = "/.well-known/"

// locate finds the pool of a request: by its host where that is the domain of a pool, else by its path.
func (s *Site) locate(ctx context.Context, r *http.Request) (Place, bool, error) {
	poolID, err := s.ByHost(ctx, r.Host)
	if errors.Is(err, pool.ErrNoDomain) {
		place, found := s.locatePath(r.URL.Path)
		return place, found, nil
	}
	return Place{PoolID: poolID, Path: r.URL.Path, Local: s.Addresses.Local()}, err == nil, err
}

// locatePath reads the pool out of a path; nobody has looked yet whether there is such a pool. A document may also be
// asked for in the form of RFC 8414 section 3.1, which puts the well-known part in front of the issuer's path.
func (s *Site) locatePath(path string) (Place, bool) {
	place := Place{Local: s.Addresses.Local()}
	path = s.Addresses.Trim(path)
	if rest, found := strings.CutPrefix(path, wellKnown); found {
		doc, issuer, _ := strings.Cut(rest, "/")
		place.PoolID = strings.TrimPrefix(s.Addresses.Trim("/"+issuer), "/")
		place.Path = wellKnown + doc
		if place.Path == string(pool.EndpointKeys) {
			return place, false // it is found by jwks_uri, never by a rule
		}
	} else {
		id, below, slash := strings.Cut(strings.TrimPrefix(path, "/"), "/")
		if place.PoolID = id; slash {
			place.Path = "/" + below
		}
	}
	place.Base = s.Addresses.BasePath() + "/" + place.PoolID
	return place, pool.IsID(place.PoolID)
}

// Request is a request to a route.
type Request struct {
	*http.Request
	Place  Place
	routes map[string]*Route
	form   func() (url.Values, error)
	// browser is the name of the browser for which forms of the answer are made, once there is one.
	browser []byte
	sent    func() ([]byte, error)
}

// Served reports whether the site has a route for an endpoint. What names endpoints to programs asks it, so that none is
// named that does not answer.
func (r *Request) Served(e pool.Endpoint) bool { return r.routes[string(e)] != nil }

// ErrForm is a body that is no form, or a larger one than MaxBody.
var ErrForm = errors.New("site: no form")

// Posted returns the form in the body: ErrForm when there is none, httpkit.ErrBusy when there was no room to read it.
func (r *Request) Posted() (url.Values, error) {
	if r.form == nil {
		r.form = sync.OnceValues(r.readForm)
	}
	return r.form()
}

func (r *Request) readForm() (url.Values, error) {
	kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || kind != "application/x-www-form-urlencoded" || !slices.Contains([]string{http.MethodPost, http.MethodPut}, r.Method) {
		return nil, ErrForm
	}
	if err := r.ParseForm(); err != nil {
		return nil, errors.Join(ErrForm, err)
	}
	return r.PostForm, nil
}

// ErrDocument is a body that is no JSON document, or a larger one than MaxBody.
var ErrDocument = errors.New("site: no document")

// Document returns the JSON document in the body: ErrDocument when there is none, httpkit.ErrBusy when there was no room to
// read it. Whether it is well-formed is not looked at.
func (r *Request) Document() ([]byte, error) {
	if r.sent == nil {
		r.sent = sync.OnceValues(r.readDocument)
	}
	return r.sent()
}

func (r *Request) readDocument() ([]byte, error) {
	kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || kind != "application/json" {
		return nil, ErrDocument
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, errors.Join(ErrDocument, err)
	}
	return body, nil
}
