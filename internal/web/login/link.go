package login

import (
	"context"
	"errors"
	"net/http"
	"net/url"

	"cognate/internal/api/rt"
	"cognate/internal/base/obs"
	"cognate/internal/core/account"
	"cognate/internal/core/guard"
	"cognate/internal/core/pool"
	"cognate/internal/web/site"
)

var (
	pageConfirmed = site.Page{Title: "Your registration has been confirmed", Text: "You can close this page and sign in."}
	pageBadLink   = site.Page{Title: "This link is not valid", Text: "Ask for a new one where you signed up."}
	pageInternal  = site.Page{Title: "Something went wrong", Text: "Try again in a moment."}
)

// confirm follows a confirmation link. All that counts is the secret that the link carries: a client with a secret of its
// own need not prove itself, and without the secret of the link there is one answer to everything.
func (h *handler) confirm(ctx context.Context, poolID, query string) (int, site.Page) {
	clientID, secret := readLink(query)
	if secret == "" {
		obs.Cause(ctx, "malformed link")
		return http.StatusBadRequest, pageBadLink
	}
	p, client, err := h.Pools.PoolClient(ctx, poolID, clientID)
	if errors.Is(err, pool.ErrPoolNotFound) || errors.Is(err, pool.ErrClientNotFound) {
		guard.Wrong(ctx)
		obs.Cause(ctx, "unknown pool or client")
		return http.StatusBadRequest, pageBadLink
	}
	if err == nil {
		obs.From(ctx).Client = client.ID
		err = h.Accounts.ConfirmByLink(ctx, p, client, secret)
	}
	return refusal(ctx, err)
}

// refusal is the page of what a link came to.
func refusal(ctx context.Context, err error) (int, site.Page) {
	var e rt.Exception
	switch {
	case err == nil:
		return http.StatusOK, pageConfirmed
	case errors.Is(err, account.ErrLink):
		guard.Wrong(ctx)
		obs.From(ctx).Outcome = "InvalidLink"
		return http.StatusBadRequest, pageBadLink
	case errors.As(err, &e) && !e.Fault():
		obs.From(ctx).Outcome = e.ErrorCode()
		return e.HTTPStatus(), site.Page{Title: "Your registration could not be confirmed", Text: e.ErrorMessage()}
	}
	obs.From(ctx).Outcome = "InternalErrorException"
	return site.Failed(ctx, err), pageInternal
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
