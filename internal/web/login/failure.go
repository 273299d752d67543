package login

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"time"

	"cognate/internal/base/obs"
	"cognate/internal/core/authorization"
	"cognate/internal/core/pool"
	"cognate/internal/web/login/screen"
	"cognate/internal/web/site"
)

// refuse answers an authorization request that is not in order: by the error page, or by a redirect to the client.
func (h *handler) refuse(ctx context.Context, r *site.Request, err error) site.Reply {
	var refused *authorization.Refused
	var denied *authorization.Denied
	switch {
	case errors.As(err, &refused):
		obs.From(ctx).Outcome = refused.Code
		obs.Cause(ctx, "%s", refused.Cause)
		query := "error=" + url.QueryEscape(refused.Code)
		if refused.ClientID != "" {
			query += "&client_id=" + url.QueryEscape(refused.ClientID)
		}
		reply := site.Redirect(r.Place.Base + string(pool.EndpointError) + "?" + query)
		told := obs.From(ctx).ID
		if h.Dev {
			told += "\n" + refused.Cause
		}
		set, err := h.Cookies.Seal(ctx, r.Place, causeCookie, []byte(told))
		if err != nil { // it is too long, or there are no keys: developers find it in the log
			return reply
		}
		return reply.WithCookie(set)
	case errors.As(err, &denied):
		obs.From(ctx).Outcome = denied.Code
		obs.Cause(ctx, "%s", denied.Cause)
		return h.answer(ctx, r, denied.Answer())
	}
	return h.fault(ctx, r, err)
}

// causeCookie tells the error page which request was refused and, in dev, why.
var causeCookie = site.Cookie{Name: "page-error", Life: time.Minute}

// errorTexts are what the error page says, by the value of error.
var errorTexts = map[string]string{
	"redirect_mismatch": "error.redirect", authorization.CodeRequest: "error.client", "Required parameters missing": "error.missing",
}

// failed is the error page.
func (h *handler) failed(ctx context.Context, r *site.Request) site.Reply {
	obs.From(ctx).Outcome = "error_page"
	key := errorTexts[r.URL.Query().Get("error")]
	if key == "" {
		key = "error.page"
	}
	s := &screen.Screen{Kind: screen.Failure, Title: screen.Say("error.title"), Lead: screen.Say(key)}
	if told, err := h.Cookies.Peek(ctx, r, causeCookie); err == nil {
		s.RequestID, s.Detail, _ = strings.Cut(string(told), "\n")
		obs.Cause(ctx, "after the request %s", s.RequestID)
	}
	if !h.Dev {
		s.Detail = ""
	}
	return h.alone(ctx, r, http.StatusBadRequest, s)
}

// apart is a page about something that went wrong outside of any authorization request.
func (h *handler) apart(ctx context.Context, r *site.Request, status int, lead screen.Text, detail string) site.Reply {
	s := &screen.Screen{Kind: screen.Failure, Title: screen.Say("error.title"), Lead: lead, Detail: detail}
	return h.alone(ctx, r, status, s)
}

// alone draws a page that belongs to no app.
func (h *handler) alone(ctx context.Context, r *site.Request, status int, s *screen.Screen) site.Reply {
	look, err := h.looks(ctx, r)
	if err == nil {
		reply, failed := h.draw(ctx, r, look, h.language(ctx, r, r.URL.Query().Get(langParm)), status, s)
		if failed == nil {
			return reply
		}
		err = failed
	}
	return site.Show(site.Failed(ctx, err), pageInternal)
}

// looks is the look of a pool's pages without an app.
func (h *handler) looks(ctx context.Context, r *site.Request) (*screen.Look, error) {
	p, err := h.Pools.Pool(ctx, r.Place.PoolID)
	if errors.Is(err, pool.ErrPoolNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	look, _, err := h.dresses.look(ctx, p, "", p.ClassicPages(r.Host))
	return look, err
}

// fault is the page of a failure of ours.
func (h *handler) fault(ctx context.Context, r *site.Request, err error) site.Reply {
	obs.From(ctx).Outcome = "InternalErrorException"
	return h.apart(ctx, r, site.Failed(ctx, err), screen.Say("error.again"), "")
}

// turned is the page of what the site itself refuses.
func (h *handler) turned(_ context.Context, status int, text string) site.Reply {
	switch status {
	case http.StatusMethodNotAllowed:
		return site.Show(status, site.Page{Title: "Not possible", Text: "Open this address in a browser."})
	case http.StatusTooManyRequests:
		return site.Show(status, site.Page{Title: "Too many attempts", Text: text})
	case http.StatusInternalServerError, http.StatusServiceUnavailable:
		return site.Show(status, pageInternal)
	}
	return site.Show(status, site.Page{Title: "Not possible", Text: text})
}
