package oidc

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"

	"cognate/internal/base/httpkit"
)

// The addresses at which two providers tell whose an access token is.
const (
	amazonAPI   = "https://api.amazon.com"
	facebookAPI = "https://graph.facebook.com"
)

// Owner is whose an opaque access token is: the app that it was issued to, and the user who let it.
type Owner struct{ App, User string }

// Amazon asks Login with Amazon whose an access token is. A token that it does not know is ErrSignature.
func (v *Verifier) Amazon(ctx context.Context, token string) (Owner, error) {
	var said struct {
		App  string `json:"aud"`
		User string `json:"user_id"`
	}
	err := v.ask(ctx, v.amazon+"/auth/o2/tokeninfo?access_token="+url.QueryEscape(token), &said)
	return whole(Owner{said.App, said.User}, err)
}

// Facebook asks Facebook whose an access token is. A token that it does not know is ErrSignature.
func (v *Verifier) Facebook(ctx context.Context, token string) (Owner, error) {
	var app, me struct {
		ID string `json:"id"`
	}
	err := v.ask(ctx, v.facebook+"/app?fields=id&access_token="+url.QueryEscape(token), &app)
	if err == nil {
		err = v.ask(ctx, v.facebook+"/me?fields=id&access_token="+url.QueryEscape(token), &me)
	}
	return whole(Owner{app.ID, me.ID}, err)
}

// whole refuses an answer that leaves something out.
func whole(o Owner, err error) (Owner, error) {
	switch {
	case err != nil:
		return Owner{}, err
	case o.App == "" || o.User == "":
		return Owner{}, ErrSignature
	}
	return o, nil
}

// ask reads what a provider says about a token. Errors never show the address, which holds the token.
func (v *Verifier) ask(ctx context.Context, address string, into any) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return fmt.Errorf("%w: the provider's address", ErrKeys)
	}
	req.Header.Set("Accept", "application/json")
	var resp *httpkit.Response
	resp, err = v.client.Do(req)
	switch {
	case err != nil:
		return fmt.Errorf("%w: %w", ErrKeys, err)
	case resp.Status >= 500:
		return fmt.Errorf("%w: the provider answers %d", ErrKeys, resp.Status)
	case resp.Status != http.StatusOK:
		return fmt.Errorf("%w: the provider answers %d", ErrSignature, resp.Status)
	}
	if err := json.Unmarshal(resp.Body, into); err != nil {
		return fmt.Errorf("%w: the provider answers no JSON", ErrKeys)
	}
	return nil
}
