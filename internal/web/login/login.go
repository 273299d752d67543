package login

import (
	"context"
	"net/http"
	"strings"

	"cognate/internal/base/obs"
	"cognate/internal/core/pool"
	"cognate/internal/web/site"
)

// Pools is what the pages ask about pools; *pool.Pools answers it.
type Pools interface {
	// PoolClient returns a client of a pool, or an error that wraps
	// pool.ErrPoolNotFound or pool.ErrClientNotFound.
	PoolClient(ctx context.Context, poolID, clientID string) (*pool.Pool, *pool.Client, error)
}

// Accounts holds the rules that the pages follow; *account.Accounts does.
type Accounts interface {
	// ConfirmByLink confirms the user to whom a link with this secret was sent; account.ErrLink when it is good for
	// nothing, or an AWS exception.
	ConfirmByLink(ctx context.Context, p *pool.Pool, client *pool.Client, secret string) error
}

// Deps are what the pages are made of.
type Deps struct {
	Pools    Pools
	Accounts Accounts
}

type handler struct{ Deps }

// Routes are the pages of every pool. Confirmation links have a slash at their end, as on AWS; people who type them have
// not.
func Routes(d Deps) []site.Route {
	h := &handler{d}
	confirm := site.Route{
		Path:    string(pool.EndpointConfirmUser),
		Methods: map[string]site.Endpoint{http.MethodGet: {Operation: "Confirm_With_Link_GET", Handle: h.opened, Proof: true}},
		Refuse:  refuse,
	}
	slash := confirm
	slash.Path += "/"
	return []site.Route{confirm, slash}
}

// refuse is the page of a request that no link makes.
func refuse(_ context.Context, status int, text string) site.Reply {
	switch status {
	case http.StatusMethodNotAllowed: // HEAD too, which must not change anything
		return site.Show(status, site.Page{Title: "Not possible", Text: "Open this address in a browser."})
	case http.StatusTooManyRequests:
		return site.Show(status, site.Page{Title: "Too many attempts", Text: text})
	case http.StatusInternalServerError, http.StatusServiceUnavailable:
		return site.Show(status, pageInternal)
	}
	return site.Show(status, pageBadLink)
}

// opened is told of a link that somebody opened, or that a browser fetched ahead.
func (h *handler) opened(ctx context.Context, r *site.Request) site.Reply {
	if speculative(r.Header) {
		obs.Cause(ctx, "the browser only fetched ahead")
		return site.Show(http.StatusServiceUnavailable, site.Page{Title: "Not yet", Text: "Open this address to confirm."})
	}
	return site.Show(h.confirm(ctx, r.Place.PoolID, r.URL.RawQuery))
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
