package login

import (
	"context"
	"log/slog"
	"net/http"
	"net/netip"
	"strings"
	"time"

	"cognate/internal/base/httpkit"
	"cognate/internal/base/id"
	"cognate/internal/base/obs"
	"cognate/internal/core/account"
	"cognate/internal/core/directory"
	"cognate/internal/core/pool"
)

// Pools is what the pages ask about pools; *pool.Pools answers it.
type Pools interface {
	// PoolClient returns a client of a pool, or an error that wraps
	// pool.ErrPoolNotFound or pool.ErrClientNotFound.
	PoolClient(ctx context.Context, poolID, clientID string) (*pool.Pool, *pool.Client, error)
}

// Accounts holds the rules that the pages follow; *account.Accounts does.
type Accounts interface {
	// ConfirmSignUp confirms a user by a code, or returns the exception of the AWS operation.
	ConfirmSignUp(ctx context.Context, c directory.Caller, in account.ConfirmInput) (session string, err error)
}

// Deps are what the pages are made of. Log, ClientIP and Now may be nil.
type Deps struct {
	Pools    Pools
	Accounts Accounts
	// PublicURL is the address of the server, below which every pool has its pages.
	PublicURL string
	Log       *slog.Logger
	ClientIP  func(*http.Request) netip.Addr
	Now       func() time.Time // measures durations
}

type handler struct {
	Deps
	prefix string // the path of PublicURL, "" or "/..."
	pages  *pages
}

// Handler serves the pages of all pools: <PublicURL>/<pool id>/<page>.
func Handler(d Deps) http.Handler {
	if d.Log == nil {
		d.Log = obs.Discard()
	}
	if d.Now == nil {
		d.Now = time.Now
	}
	return &handler{Deps: d, prefix: httpkit.BasePath(d.PublicURL), pages: newPages()}
}

// confirmPage is the page of confirmation links, with or without a slash at the end.
const confirmPage = "confirmUser"

// Serves reports whether a path is that of a page, whatever the pool is.
func Serves(path string) bool {
	return strings.HasSuffix(strings.TrimSuffix(path, "/"), "/"+confirmPage)
}

// ServeHTTP implements http.Handler; it writes the one log event of the request.
func (h *handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	req := &obs.Request{ID: id.UUID(), Operation: "Confirm_With_Link_GET", UserAgent: cut(r.UserAgent(), 256), Start: h.Now()}
	if h.ClientIP != nil {
		req.ClientIP = h.ClientIP(r)
	}
	ctx := obs.With(r.Context(), req)
	w.Header().Set("X-Amzn-RequestId", req.ID)
	status, content := h.answer(ctx, r)
	if status == http.StatusMethodNotAllowed {
		w.Header().Set("Allow", http.MethodGet)
	}
	h.pages.send(w, status, content)
	obs.LogRequest(ctx, h.Log, req, status, h.Now().Sub(req.Start))
}

func (h *handler) answer(ctx context.Context, r *http.Request) (int, page) {
	poolID, name, _ := strings.Cut(strings.Trim(strings.TrimPrefix(r.URL.Path, h.prefix), "/"), "/")
	switch {
	case name != confirmPage:
		return http.StatusNotFound, page{"Not found", "There is no such page."}
	case r.Method != http.MethodGet: // in particular HEAD, which must not change anything
		return http.StatusMethodNotAllowed, page{"Not possible", "Open this address in a browser."}
	case speculative(r.Header):
		obs.Cause(ctx, "the browser only fetched ahead")
		return http.StatusServiceUnavailable, page{"Not yet", "Open this address to confirm."}
	}
	obs.From(ctx).Pool = cut(poolID, 64)
	return h.confirm(ctx, poolID, r.URL.RawQuery)
}

// speculative reports whether a browser fetches a page that nobody has opened.
func speculative(h http.Header) bool {
	for _, name := range []string{"Sec-Purpose", "Purpose", "X-Purpose", "X-Moz"} {
		if v := strings.ToLower(h.Get(name)); strings.Contains(v, "prefetch") || strings.Contains(v, "prerender") || strings.Contains(v, "preview") {
			return true
		}
	}
	return false
}

func cut(s string, n int) string {
	if len(s) > n {
		return s[:n]
	}
	return s
}
