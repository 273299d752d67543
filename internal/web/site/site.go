package site

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/netip"
	"runtime/debug"
	"strings"
	"time"

	"cognate/internal/base/db"
	"cognate/internal/base/httpkit"
	"cognate/internal/base/id"
	"cognate/internal/base/obs"
	"cognate/internal/base/shed"
	"cognate/internal/core/pool"
)

// Guard puts what can be wrong under the budgets of who asks; *guard.Guard does.
type Guard interface {
	// Present reserves a try in a pool: a *limit.Over when the source has no room. The function ends the try, which counts
	// when guard.Wrong was called with the context.
	Present(ctx context.Context, poolID string) (context.Context, func(), error)
}

// Deps are what the site is made of. ByHost, Log, ClientIP and Now may be nil.
type Deps struct {
	// Addresses are those by which pools are found and named.
	Addresses pool.Addresses
	// ByHost finds the pool whose domain a host is. The error is pool.ErrNoDomain, or one of the database.
	ByHost   func(ctx context.Context, host string) (poolID string, err error)
	Gate     *shed.Gate // nil: everybody is admitted
	Guard    Guard      // nil: no budgets
	Log      *slog.Logger
	ClientIP func(*http.Request) netip.Addr
	Now      func() time.Time // measures durations
}

// Site answers for the routes it was made of.
type Site struct {
	Deps
	routes map[string]*Route
	pages  *renderer
}

// New returns the site of these routes. Two of one path are a mistake of the assembly, and panic like those of
// http.ServeMux.
func New(d Deps, routes ...Route) *Site {
	if d.ByHost == nil {
		d.ByHost = func(context.Context, string) (string, error) { return "", pool.ErrNoDomain }
	}
	if d.Log == nil {
		d.Log = obs.Discard()
	}
	if d.ClientIP == nil {
		d.ClientIP = httpkit.Proxies{}.ClientIP
	}
	if d.Now == nil {
		d.Now = time.Now
	}
	s := &Site{Deps: d, routes: map[string]*Route{}, pages: newRenderer()}
	for _, route := range routes {
		if s.routes[route.Path] != nil {
			panic("site: two routes for " + route.Path)
		}
		s.routes[route.Path] = &route
	}
	return s
}

// maxAgent bounds the User-Agent in the log event, in bytes; maxPath the path of a request that nothing answers.
const (
	maxAgent = 256
	maxPath  = 128
)

// textTooLarge refuses a body of more than MaxBody.
const textTooLarge = "The request is too large."

// ServeHTTP implements http.Handler; it writes the one log event of the request.
func (s *Site) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	event := &obs.Request{ID: id.UUID(), UserAgent: cut(r.UserAgent(), maxAgent), Languages: r.Header.Get("Accept-Language"), Start: s.Now(), ClientIP: s.ClientIP(r)}
	ctx := db.Budget(obs.With(r.Context(), event))
	header := w.Header()
	header.Set("X-Amzn-RequestId", event.ID)
	header.Set("X-Amz-Cognito-Request-Id", event.ID)
	protect(header, s.pages.policy)
	place, found, err := s.locate(ctx, r)
	if s.Addresses.Secure() {
		header.Set("Strict-Transport-Security", transport(place))
	}
	var reply Reply
	switch route := s.route(place.Path); {
	case err != nil:
		obs.Cause(ctx, "%v", err)
		reply = Refusal(ctx, http.StatusServiceUnavailable, "temporarily_unavailable", TextInternal)
	case found && route != nil:
		event.Pool = place.PoolID
		reply = s.answer(ctx, header, route, &Request{Request: r.WithContext(ctx), Place: place, routes: s.routes}, w)
	default:
		obs.Cause(ctx, "nothing at %s", cut(r.URL.Path, maxPath))
		reply = s.nothing(ctx, header, r)
	}
	status := reply.send(w, r, s.pages)
	obs.LogRequest(ctx, s.Log, event, status, s.Now().Sub(event.Start))
}

// route finds what stands at a path; nil for nothing.
func (s *Site) route(path string) *Route {
	if exact := s.routes[path]; exact != nil && !exact.Below {
		return exact
	}
	if above := s.routes[path[:strings.LastIndexByte(path, '/')+1]]; above != nil && above.Below && above.Path != path {
		return above
	}
	return nil
}

// answer runs the handler of a route, or answers what is the same for all.
func (s *Site) answer(ctx context.Context, header http.Header, route *Route, r *Request, w http.ResponseWriter) (reply Reply) {
	event := obs.From(ctx)
	if route.CORS {
		route.cors().Allow(header)
	}
	endpoint, known := route.Methods[r.Method]
	switch {
	case r.Method == http.MethodOptions && route.CORS:
		event.Operation = "preflight"
		route.cors().Preflight(header, r.Header)
		return Empty(http.StatusNoContent)
	case !known:
		header.Set("Allow", route.allow())
		return route.Refuse(ctx, http.StatusMethodNotAllowed, "Method not allowed.")
	case r.ContentLength > MaxBody:
		event.Operation = endpoint.Operation
		return route.Refuse(ctx, http.StatusRequestEntityTooLarge, textTooLarge)
	}
	event.Operation = endpoint.Operation
	r.Body = http.MaxBytesReader(w, r.Body, MaxBody)
	defer func() {
		if p := recover(); p != nil && p != http.ErrAbortHandler {
			event.Cause = fmt.Sprintf("panic: %v\n%s", p, debug.Stack())
			reply = route.Refuse(ctx, http.StatusInternalServerError, TextInternal)
		} else if p != nil {
			panic(p)
		}
	}()
	if refusal := received(ctx, route, endpoint, r); refusal != nil {
		return *refusal
	}
	if s.Gate != nil && !route.Light {
		admitted, pass, err := s.Gate.Enter(ctx)
		if err != nil {
			obs.Cause(ctx, "%v", err)
			return route.Refuse(ctx, http.StatusServiceUnavailable, TextBusy)
		}
		defer pass.Leave()
		ctx = admitted
	}
	return s.judge(ctx, route, endpoint, r)
}

// nothing answers for a path that nobody serves: a page for people, JSON for programs.
func (s *Site) nothing(ctx context.Context, header http.Header, r *http.Request) Reply {
	header.Add("Vary", "Accept")
	if strings.Contains(r.Header.Get("Accept"), "text/html") {
		obs.From(ctx).Outcome = "not_found"
		return Show(http.StatusNotFound, Page{"Not found", "There is no such page."})
	}
	httpkit.CORS{}.Allow(header)
	return Absent(ctx)
}

// protect sets what keeps every answer from being kept, framed, guessed at or told about, with the words of Cognito where
// it has some. A reply may say otherwise.
func protect(h http.Header, policy string) {
	h.Set("Content-Security-Policy", policy)
	h.Set("Cache-Control", "no-cache, no-store, max-age=0, must-revalidate")
	h.Set("Pragma", "no-cache")
	h.Set("Expires", "0")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("X-Frame-Options", "DENY")
	h.Set("X-XSS-Protection", "1; mode=block")
}

// transport is what browsers are told about coming by TLS alone (RFC 6797). Only a host that belongs to a pool speaks for
// the names below it: that of the public URL may be the domain of a whole company.
func transport(place Place) string {
	if place.PoolID != "" && place.Base == "" {
		return "max-age=31536000 ; includeSubDomains"
	}
	return "max-age=31536000"
}

func cut(s string, n int) string {
	if len(s) > n {
		return strings.ToValidUTF8(s[:n], "")
	}
	return s
}
