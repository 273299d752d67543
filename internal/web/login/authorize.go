package login

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"slices"

	"cognate/internal/api/rt"
	"cognate/internal/base/obs"
	"cognate/internal/core/authorization"
	"cognate/internal/core/pool"
	"cognate/internal/web/login/screen"
	"cognate/internal/web/site"
)

// authorize is the authorization endpoint (RFC 6749 section 3.1). It shows no page: it answers from a session of the
// browser, or leads to the page that signs somebody in. A request may also be posted (OpenID Connect Core section 3.1.2.1);
// it is then the same as in a query.
func (h *handler) authorize(ctx context.Context, r *site.Request) site.Reply {
	if len(r.URL.RawQuery) > maxQuery {
		return h.apart(ctx, r, http.StatusRequestURITooLong, screen.Say("error.page"), "the query has more than 8 KiB")
	}
	q, err := h.Requests.Parse(ctx, r.Place.PoolID, r.URL.Query())
	if err != nil {
		return h.refuse(ctx, r, err)
	}
	v, err := h.visit(ctx, r, q)
	if err != nil {
		return h.fault(ctx, r, err)
	}
	holders, err := h.holders(ctx, v)
	if err != nil {
		return h.faultAtClient(ctx, v, err)
	}
	if q.Select && !q.None {
		return v.with(site.Redirect(v.at(pool.EndpointLogin, nil)))
	}
	hint, err := h.hinted(ctx, q)
	if err != nil {
		return h.refuse(ctx, r, err)
	}
	for _, holder := range holders {
		if hint != "" && holder.User.Sub != hint {
			continue
		}
		if reply, done := h.silent(ctx, v, holder); done {
			return reply
		}
		break
	}
	if q.None {
		return h.refuse(ctx, r, q.Deny(authorization.CodeLogin, "", "prompt=none, and no session of the browser answers the request"))
	}
	return v.with(site.Redirect(v.at(pool.EndpointLogin, nil)))
}

// faultAtClient tells a client of a failure of ours, so that an app that asks in silence does not wait for ever.
func (h *handler) faultAtClient(ctx context.Context, v *visit, err error) site.Reply {
	_ = site.Failed(ctx, err) // notes the cause
	return h.refuse(ctx, v.r, v.q.Deny(authorization.CodeServer, "", "a failure of the server"))
}

// byQuery sends the browser, which posted a request, back with the same one in a query. What a page of another site posts
// comes without the cookies of sessions, which are SameSite=Lax; what it then gets by the redirect comes with them.
func byQuery(_ context.Context, r *site.Request) site.Reply {
	form, err := r.Posted()
	if err != nil { // as a request without parameters is refused
		form = url.Values{}
	}
	return site.Redirect(r.Place.Base + r.Place.Path + "?" + form.Encode())
}

// holders are the sessions of the browser that live.
func (h *handler) holders(ctx context.Context, v *visit) ([]authorization.Holder, error) {
	named, err := h.sessions(ctx, v.r)
	if err != nil {
		return nil, err
	}
	return h.Requests.Holders(ctx, v.q.Pool.ID, named)
}

// hinted is the user of the id_token_hint, "" without one.
func (h *handler) hinted(ctx context.Context, q *authorization.Request) (string, error) {
	if q.Hint == "" {
		return "", nil
	}
	sub, _, err := h.Tokens.IDHint(ctx, q.Pool, q.Hint)
	if err != nil {
		return "", q.Deny(authorization.CodeRequest, "", "id_token_hint is not an ID token of this pool: "+err.Error())
	}
	return sub, nil
}

// silent answers the request from a session; false when somebody has to sign in.
func (h *handler) silent(ctx context.Context, v *visit, holder authorization.Holder) (site.Reply, bool) {
	if !h.Requests.Answers(v.q, holder) {
		return site.Reply{}, false
	}
	answer, err := h.Requests.Silent(ctx, v.q, holder)
	if errors.Is(err, authorization.ErrNoSession) {
		return site.Reply{}, false
	}
	if refusal := v.refusedByFunction(err); refusal != nil {
		return h.refuse(ctx, v.r, refusal), true
	}
	if err != nil {
		return h.faultAtClient(ctx, v, err), true
	}
	return v.with(h.answer(ctx, v.r, answer)), true
}

// refusedByFunction is the redirect that tells a client that a function of the pool's owner refused, with the text in
// Cognito's form; nil for another error.
func (v *visit) refusedByFunction(err error) error {
	var e rt.Exception
	if !errors.As(err, &e) || e.Fault() {
		return nil
	}
	return v.q.Deny(authorization.CodeRequest, e.ErrorMessage()+" ", e.ErrorCode())
}

// answer tells a client what its request came to: by a redirect, or by a form that the browser posts to it.
func (h *handler) answer(ctx context.Context, r *site.Request, a *authorization.Answer) site.Reply {
	if i := slices.IndexFunc(a.Members, func(m [2]string) bool { return m[0] == "error" }); i >= 0 {
		obs.From(ctx).Outcome = a.Members[i][1]
	}
	if a.Mode == authorization.ModeForm {
		return postBack(a)
	}
	return site.Redirect(a.URL())
}
