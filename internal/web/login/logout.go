package login

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"cognate/internal/base/obs"
	"cognate/internal/core/authorization"
	"cognate/internal/core/clientdoc"
	"cognate/internal/core/pool"
	"cognate/internal/web/login/screen"
	"cognate/internal/web/site"
)

// logout ends the browser's sessions and leads to a registered logout_uri, or to the login page of an app, as on Cognito;
// and to a post_logout_redirect_uri (OpenID Connect RP-Initiated Logout section 2, by POST too). Tokens are not revoked.
func (h *handler) logout(ctx context.Context, r *site.Request) site.Reply {
	return h.leave(ctx, r, false)
}

// logoutPosted takes the button of askLogout, and otherwise what GET takes (OpenID Connect RP-Initiated Logout section 2).
func (h *handler) logoutPosted(ctx context.Context, r *site.Request) site.Reply {
	form, err := r.Posted()
	if err != nil || !form.Has("_csrf") {
		return byQuery(ctx, r)
	}
	err = h.CSRF.Check(ctx, r, string(pool.EndpointLogout), form.Get("_csrf"))
	switch {
	case errors.Is(err, site.ErrForged):
		return h.apart(ctx, r, http.StatusForbidden, screen.Say("error.forged"), "")
	case err != nil:
		return h.fault(ctx, r, err)
	}
	return h.leave(ctx, r, true)
}

// askLogout asks whether somebody wants to sign out whom no app has sent: any site could have a link here.
func (h *handler) askLogout(ctx context.Context, r *site.Request) site.Reply {
	token, set, err := h.CSRF.Token(ctx, r, string(pool.EndpointLogout))
	if err != nil {
		return h.fault(ctx, r, err)
	}
	return h.alone(ctx, r, http.StatusOK, &screen.Screen{Kind: screen.SignedOut, Title: screen.Say("signout.submit"), Forms: []screen.Form{{
		ID: "sign-out", Action: r.Place.Base + string(pool.EndpointLogout), Hidden: [][2]string{{"_csrf", token}},
		Submit: screen.Button{Text: screen.Say("signout.submit")},
	}}}).WithCookie(set)
}

// leave signs out. confirmed tells that somebody pressed the button of askLogout.
func (h *handler) leave(ctx context.Context, r *site.Request, confirmed bool) site.Reply {
	in := r.URL.Query()
	for name, values := range in {
		if len(values) > 1 {
			return h.apart(ctx, r, 400, screen.Say("error.page"), name+" is repeated")
		}
	}
	p, c, err := h.leaving(ctx, r, in)
	if err != nil {
		var e *unsent
		if errors.As(err, &e) {
			return h.noWayOut(ctx, r, e.cause)
		}
		return h.fault(ctx, r, err)
	}
	to, cause := "", ""
	switch {
	case c == nil:
	case in.Get("logout_uri") != "" && slices.Contains(c.Config.LogoutURLs, in.Get("logout_uri")):
		to = in.Get("logout_uri")
	case in.Get("post_logout_redirect_uri") != "" && slices.Contains(c.Config.LogoutURLs, in.Get("post_logout_redirect_uri")):
		to = with(in.Get("post_logout_redirect_uri"), "state", in)
	case in.Get("logout_uri") != "", in.Get("post_logout_redirect_uri") != "":
		cause = authorization.Mismatch("the address to return to", cmp.Or(in.Get("logout_uri"), in.Get("post_logout_redirect_uri")), "logout URL", c.Config.LogoutURLs)
	case in.Get("redirect_uri") != "":
		if to, cause = h.backToLogin(c, r, in); to == "" {
			return h.noWayOut(ctx, r, cause)
		}
	}
	if c == nil && !confirmed {
		return h.askLogout(ctx, r)
	}
	if to == "" && (cause != "" || c != nil && !in.Has("id_token_hint")) {
		return h.noWayOut(ctx, r, cause)
	}
	reply, err := h.signOut(ctx, r, p)
	if err != nil {
		return h.fault(ctx, r, err)
	}
	if to != "" {
		return reply(site.Redirect(to))
	}
	return reply(h.alone(ctx, r, 200, &screen.Screen{Kind: screen.SignedOut, Title: screen.Say("signedout.title"), Lead: screen.Say("signedout.lead")}))
}

// unsent is a sign-out that leads nowhere.
type unsent struct{ cause string }

func (e *unsent) Error() string { return "login: " + e.cause }

// leaving finds the client of a sign-out: the one that is named, or the one of the ID token.
func (h *handler) leaving(ctx context.Context, r *site.Request, in url.Values) (*pool.Pool, *pool.Client, error) {
	p, err := h.Pools.Pool(ctx, r.Place.PoolID)
	if errors.Is(err, pool.ErrPoolNotFound) {
		return nil, nil, &unsent{"there is no such user pool"}
	}
	if err != nil {
		return nil, nil, err
	}
	id := in.Get("client_id")
	if hint := in.Get("id_token_hint"); hint != "" {
		_, client, err := h.Tokens.IDHint(ctx, p, hint)
		if err != nil || id != "" && client != id {
			return nil, nil, &unsent{"id_token_hint is not an ID token of this pool for the app client"}
		}
		id = client
	}
	if id == "" {
		if in.Has("logout_uri") || in.Has("post_logout_redirect_uri") || in.Has("redirect_uri") {
			return nil, nil, &unsent{"client_id is missing"}
		}
		return p, nil, nil
	}
	_, c, err := h.Requests.Client(ctx, p.ID, id)
	if errors.Is(err, pool.ErrClientNotFound) || errors.Is(err, clientdoc.ErrDocument) {
		return nil, nil, &unsent{"the pool has no app client with this client_id"}
	}
	return p, c, err
}

// backToLogin is the login page with the authorization request that the query holds. The scopes of the client stand in for
// missing ones.
func (h *handler) backToLogin(c *pool.Client, r *site.Request, in url.Values) (to, cause string) {
	switch {
	case !slices.Contains(c.Config.CallbackURLs, in.Get("redirect_uri")):
		return "", "redirect_uri is not one of the app client's CallbackURLs, character for character"
	case in.Get("response_type") == "":
		return "", "response_type is missing"
	}
	query := without(r.URL.RawQuery, "logout_uri", "identity_provider", "idp_identifier")
	if in.Get("scope") == "" {
		query = without(query, "scope") + "&scope=" + url.QueryEscape(strings.Join(c.Scopes, " "))
	}
	return r.Place.Base + string(pool.EndpointLogin) + "?" + query, ""
}

// signOut ends the sessions of the browser and returns what puts the cookies' end into an answer.
func (h *handler) signOut(ctx context.Context, r *site.Request, p *pool.Pool) (func(site.Reply) site.Reply, error) {
	named, err := h.sessions(ctx, r)
	if err != nil {
		return nil, err
	}
	if err := h.Requests.SignOut(ctx, p.ID, named); err != nil {
		return nil, err
	}
	return func(reply site.Reply) site.Reply { return reply.WithCookie(h.Cookies.Drop(r.Place, sessionCookie(0))) }, nil
}

// noWayOut is the error page of a sign-out that leads nowhere, with the text that Cognito has for it.
func (h *handler) noWayOut(ctx context.Context, r *site.Request, cause string) site.Reply {
	obs.From(ctx).Outcome = "invalid_request"
	obs.Cause(ctx, "%s", cause)
	if !h.Dev {
		cause = ""
	}
	return h.apart(ctx, r, 400, screen.Literal("Required String parameter 'redirect_uri' is not present"), cause)
}

// with is an address with a parameter of the request added to its query.
func with(address, name string, in url.Values) string {
	if !in.Has(name) {
		return address
	}
	mark := "?"
	if strings.Contains(address, "?") {
		mark = "&"
	}
	return address + mark + name + "=" + url.QueryEscape(in.Get(name))
}
