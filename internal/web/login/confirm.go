package login

import (
	"context"
	"errors"
	"net/http"
	"net/url"

	"cognate/internal/api/cognitoidp"
	"cognate/internal/api/rt"
	"cognate/internal/base/obs"
	"cognate/internal/core/account"
	"cognate/internal/core/directory"
	"cognate/internal/core/pool"
	"cognate/internal/web/site"
)

var (
	pageConfirmed = site.Page{Title: "Your registration has been confirmed", Text: "You can close this page and sign in."}
	pageBadLink   = site.Page{Title: "This link is not valid", Text: "Ask for a new one where you signed up."}
	pageInternal  = site.Page{Title: "Something went wrong", Text: "Try again in a moment."}
)

// confirm follows a confirmation link. The link carries the sign-up code and
// ConfirmSignUp has the rules, so that API and page cannot differ. The page is the server's own: a client with a secret
// need not prove itself here.
func (h *handler) confirm(ctx context.Context, poolID, query string) (int, site.Page) {
	in := readLink(query)
	if in == nil {
		obs.Cause(ctx, "malformed link")
		return http.StatusBadRequest, pageBadLink
	}
	p, client, err := h.Pools.PoolClient(ctx, poolID, in.ClientId)
	if errors.Is(err, pool.ErrPoolNotFound) || errors.Is(err, pool.ErrClientNotFound) {
		obs.Cause(ctx, "unknown pool or client")
		return http.StatusBadRequest, pageBadLink
	}
	if err == nil {
		obs.From(ctx).Client = client.ID
		caller := directory.Caller{Pool: p, Client: client, Name: in.Username}
		_, err = h.Accounts.ConfirmSignUp(ctx, caller, account.ConfirmInput{Code: in.ConfirmationCode})
	}
	return refusal(ctx, err)
}

// refusal is the page of what ConfirmSignUp answered.
func refusal(ctx context.Context, err error) (int, site.Page) {
	var e rt.Exception
	switch {
	case err == nil:
		return http.StatusOK, pageConfirmed
	case errors.As(err, &e) && !e.Fault():
		obs.From(ctx).Outcome = e.ErrorCode()
		text := e.ErrorMessage()
		if text == "" {
			text = pageBadLink.Text
		}
		return e.HTTPStatus(), site.Page{Title: "Your registration could not be confirmed", Text: text}
	}
	obs.From(ctx).Outcome = "InternalErrorException"
	return site.Failed(ctx, err), pageInternal
}

// readLink reads the query of a link and checks it as the API would; nil when
// something is missing, repeated or not possible.
func readLink(query string) *cognitoidp.ConfirmSignUpRequest {
	values, err := url.ParseQuery(query)
	if err != nil {
		return nil
	}
	for _, name := range []string{"client_id", "user_name", "confirmation_code"} {
		if len(values[name]) != 1 {
			return nil
		}
	}
	asked := &cognitoidp.ConfirmSignUpRequest{
		ClientId: values.Get("client_id"), Username: values.Get("user_name"), ConfirmationCode: values.Get("confirmation_code"),
	}
	in, err := cognitoidp.DecodeConfirmSignUpRequest(rt.NewDecoder(asked.AppendJSON(nil)))
	if err != nil {
		return nil
	}
	return in
}
