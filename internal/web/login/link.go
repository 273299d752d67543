package login

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"

	"cognate/internal/api/rt"
	"cognate/internal/base/obs"
	"cognate/internal/core/account"
	"cognate/internal/core/guard"
	"cognate/internal/core/pool"
	"cognate/internal/web/login/screen"
	"cognate/internal/web/site"
)

// pageInternal is what is left to say when no page can be drawn.
var pageInternal = site.Page{Title: "Something went wrong", Text: "Try again in a moment."}

// done is the page of what a link came to.
func done(icon string, title, lead screen.Text) *screen.Screen {
	return &screen.Screen{Kind: screen.Done, Icon: icon, Title: title, Lead: lead}
}

func badLink() *screen.Screen {
	return done("wrong", screen.Say("done.link_title"), screen.Say("done.link_lead"))
}

// confirm follows a confirmation link. All that counts is the secret that the link carries: a client with a secret of its
// own need not prove itself, and without the secret of the link there is one answer to everything.
func (h *handler) confirm(ctx context.Context, poolID, query string) (int, *screen.Screen) {
	clientID, secret := readLink(query)
	if secret == "" {
		obs.Cause(ctx, "malformed link")
		return http.StatusBadRequest, badLink()
	}
	p, client, err := h.Pools.PoolClient(ctx, poolID, clientID)
	if errors.Is(err, pool.ErrPoolNotFound) || errors.Is(err, pool.ErrClientNotFound) {
		guard.Wrong(ctx)
		obs.Cause(ctx, "unknown pool or client")
		return http.StatusBadRequest, badLink()
	}
	if err == nil {
		obs.From(ctx).Client = client.ID
		err = h.Accounts.ConfirmByLink(ctx, p, client, secret)
	}
	return refusal(ctx, err)
}

// refusal is the page of what a link came to.
func refusal(ctx context.Context, err error) (int, *screen.Screen) {
	var e rt.Exception
	switch {
	case err == nil:
		return http.StatusOK, done("success", screen.Say("done.confirmed_title"), screen.Say("done.confirmed_lead"))
	case errors.Is(err, account.ErrLink):
		guard.Wrong(ctx)
		obs.From(ctx).Outcome = "InvalidLink"
		return http.StatusBadRequest, badLink()
	case errors.As(err, &e) && !e.Fault():
		obs.From(ctx).Outcome = e.ErrorCode()
		return e.HTTPStatus(), done("wrong", screen.Say("done.not_confirmed_title"), screen.Exception(e.ErrorCode(), e.ErrorMessage()))
	}
	obs.From(ctx).Outcome = "InternalErrorException"
	return site.Failed(ctx, err), &screen.Screen{Kind: screen.Failure, Title: screen.Say("error.title"), Lead: screen.Say("error.again")}
}

// maxSecret is more than any secret of a link has.
const maxSecret = 256

// readLink reads the query of a link; "" when something is missing, repeated or not possible.
func readLink(query string) (clientID, secret string) {
	values, err := url.ParseQuery(query)
	if err != nil || len(values["client_id"]) != 1 || len(values["confirmation_code"]) != 1 || len(values["user_name"]) != 1 {
		return "", ""
	}
	if clientID, secret = values.Get("client_id"), values.Get("confirmation_code"); clientID == "" || len(secret) > maxSecret {
		return "", ""
	}
	return clientID, secret
}

// opened is told of a link that somebody opened, or that a browser fetched ahead.
func (h *handler) opened(ctx context.Context, r *site.Request) site.Reply {
	if speculative(r.Header) {
		obs.Cause(ctx, "the browser only fetched ahead")
		return h.alone(ctx, r, http.StatusServiceUnavailable, done("email", screen.Say("done.early_title"), screen.Say("done.early_lead")))
	}
	status, page := h.confirm(ctx, r.Place.PoolID, r.URL.RawQuery)
	return h.alone(ctx, r, status, page)
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
