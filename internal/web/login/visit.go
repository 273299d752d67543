package login

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"cognate/internal/base/obs"
	"cognate/internal/core/authorization"
	"cognate/internal/core/branding"
	"cognate/internal/core/pool"
	"cognate/internal/web/login/screen"
	"cognate/internal/web/site"
)

// visit is one request to the pages: for which authorization request, in which language and look.
type visit struct {
	h *handler
	r *site.Request
	q *authorization.Request
	// query is that of the authorization request, without what the pages add to it.
	query    string
	lang     string
	classic  bool
	look     *screen.Look
	brand    *branding.Look
	timedOut bool        // it names a flow that has ended
	lead     screen.Text // why somebody who is signed in has to sign in, "" for others
	cookies  []*http.Cookie
}

// maxQuery is how long a query is at most: pages repeat it in every link.
const maxQuery = 8 << 10

// page is a handler of a page below an authorization request.
type page func(ctx context.Context, v *visit, f *flow) site.Reply

// get makes the endpoint that shows a page, and post the one that takes its form.
func (h *handler) get(operation string, show page) site.Endpoint {
	return site.Endpoint{Operation: operation, Handle: func(ctx context.Context, r *site.Request) site.Reply {
		return h.enter(ctx, r, show)
	}}
}

func (h *handler) post(operation string, take page) site.Endpoint {
	return site.Endpoint{Operation: operation, Handle: func(ctx context.Context, r *site.Request) site.Reply {
		form, err := r.Posted()
		if err == nil {
			err = h.CSRF.Check(ctx, r, r.Place.Path, form.Get("_csrf"))
		}
		switch {
		case errors.Is(err, site.ErrForged), errors.Is(err, site.ErrForm):
			return h.forged(ctx, r)
		case err != nil:
			return h.fault(ctx, r, err)
		case !text(form):
			return h.apart(ctx, r, http.StatusBadRequest, screen.Say("error.page"), "the form holds something that is no text")
		}
		return h.enter(ctx, r, take)
	}}
}

// forged is the page for a form that does not come from its page, or too late, or from a browser that keeps no cookies.
func (h *handler) forged(ctx context.Context, r *site.Request) site.Reply {
	why := screen.Say("error.forged")
	if len(r.Cookies()) == 0 {
		why = screen.Say("error.cookies")
	}
	return h.alone(ctx, r, http.StatusForbidden, &screen.Screen{
		Kind: screen.Failure, Title: screen.Say("error.title"), Lead: why,
		Links: []screen.Link{{ID: "again", Text: screen.Say("page.start_again"), URL: r.Place.Base + r.Place.Path + "?" + r.URL.RawQuery}},
	})
}

// enter reads the authorization request of a page and how far somebody has come with it.
func (h *handler) enter(ctx context.Context, r *site.Request, next page) site.Reply {
	if len(r.URL.RawQuery) > maxQuery {
		return h.apart(ctx, r, http.StatusRequestURITooLong, screen.Say("error.page"), "the query has more than 8 KiB")
	}
	values := r.URL.Query()
	q, err := h.Requests.Parse(ctx, r.Place.PoolID, values)
	if err != nil {
		return h.refuse(ctx, r, err)
	}
	q.Client = q.Client.Hiding() // a page never tells who has an account
	v, err := h.visit(ctx, r, q)
	if err != nil {
		return h.fault(ctx, r, err)
	}
	if h.StyleNeeded && !v.classic && !v.brand.Styled {
		return h.apart(ctx, r, http.StatusForbidden, screen.Say("error.unavailable"), "the app client has no managed login branding")
	}
	f, err := h.flow(ctx, v)
	if err != nil {
		return h.fault(ctx, r, err)
	}
	if r.Method == http.MethodPost {
		f.Notice = nil
	}
	return next(ctx, v, f)
}

func (h *handler) visit(ctx context.Context, r *site.Request, q *authorization.Request) (*visit, error) {
	v := &visit{h: h, r: r, q: q, query: without(r.URL.RawQuery, flowParm, langParm), classic: q.Pool.ClassicPages(r.Host)}
	v.lang = h.language(ctx, r, q.Lang)
	if v.classic {
		v.lang = screen.English
	} else if q.Lang != "" {
		c := langCookie(v.lang, r.Place)
		v.cookies = append(v.cookies, c)
	}
	obs.From(ctx).Language = v.lang // in which messages are sent
	var err error
	v.look, v.brand, err = h.dresses.look(ctx, q.Pool, q.Client.ID, v.classic)
	return v, err
}

// langParm and langName are the query parameter and the cookie that choose the language.
const (
	langParm = "lang"
	langName = "lang"
)

// language chooses the language of a page.
func (h *handler) language(_ context.Context, r *site.Request, wish string) string {
	kept := ""
	if c, err := r.Cookie(langName); err == nil {
		kept = c.Value
	}
	return screen.Match(wish, kept, r.Header.Get("Accept-Language"))
}

// langCookie keeps the choice of a language, which is nobody's secret.
func langCookie(lang string, at site.Place) *http.Cookie {
	path := at.Base
	if path == "" {
		path = "/"
	}
	return &http.Cookie{Name: langName, Value: lang, Path: path, MaxAge: 365 * 24 * 3600, Secure: !at.Local, HttpOnly: true, SameSite: http.SameSiteLaxMode}
}

// without is a query without some of its parameters, the others as they were.
func without(raw string, names ...string) string {
	parts := strings.Split(raw, "&")
	parts = slices.DeleteFunc(parts, func(part string) bool {
		name, _, _ := strings.Cut(part, "=")
		plain, err := url.QueryUnescape(name)
		return part == "" || err == nil && slices.Contains(names, plain)
	})
	return strings.Join(parts, "&")
}

// at is the path of a page, for the same authorization request and a flow; nil for none.
func (v *visit) at(e pool.Endpoint, f *flow) string {
	query := v.query
	if f != nil && f.ID != "" {
		query += "&" + flowParm + "=" + f.ID
	}
	return v.r.Place.Base + string(e) + "?" + strings.TrimPrefix(query, "&")
}

// form is a form that is sent to a page.
func (v *visit) form(ctx context.Context, e pool.Endpoint, f *flow) (screen.Form, error) {
	token, set, err := v.h.CSRF.Token(ctx, v.r, string(e))
	if err != nil {
		return screen.Form{}, err
	}
	v.cookies = append(slices.DeleteFunc(v.cookies, func(c *http.Cookie) bool { return c.Name == set.Name }), set)
	return screen.Form{Action: v.at(e, f), Hidden: [][2]string{{"_csrf", token}}}, nil
}

// show draws a page.
func (v *visit) show(ctx context.Context, status int, s *screen.Screen) site.Reply {
	s.App = value(v.q.Client.Config.ClientName)
	if !v.classic {
		s.LanguageURL = v.r.Place.Base + v.r.Place.Path + "?" + without(v.r.URL.RawQuery, langParm)
	}
	reply, err := v.h.draw(ctx, v.r, v.look, v.lang, status, s)
	if err != nil {
		return v.h.fault(ctx, v.r, err)
	}
	if after := obs.From(ctx).After; status == http.StatusTooManyRequests && after > 0 {
		reply = reply.After(after)
	}
	return v.with(reply)
}

// with is a reply with the cookies that the visit has come to.
func (v *visit) with(reply site.Reply) site.Reply {
	for _, c := range v.cookies {
		reply = reply.WithCookie(c)
	}
	return reply
}

// redirect sends the browser to another page of the same flow.
func (v *visit) redirect(ctx context.Context, e pool.Endpoint, f *flow) site.Reply {
	set, err := v.h.save(ctx, v, f)
	if err != nil {
		return v.h.fault(ctx, v.r, err)
	}
	v.cookies = append(v.cookies, set...)
	return v.with(site.Redirect(v.at(e, f)))
}

// draw renders a screen with the headers of pages. Forms name their origin to the server alone.
func (h *handler) draw(ctx context.Context, r *site.Request, look *screen.Look, lang string, status int, s *screen.Screen) (site.Reply, error) {
	if s.Base = r.Place.Base; s.Kind == screen.Failure && s.RequestID == "" {
		s.RequestID = obs.From(ctx).ID
	}
	drawn, err := h.Drawer.Draw(look, lang, s)
	if err != nil {
		return site.Reply{}, err
	}
	if drawn.Problem != "" {
		obs.Warn(ctx, "pages of --pages: %s", drawn.Problem)
	}
	reply := site.HTML(status, drawn.HTML, drawn.CSP).With("Referrer-Policy", "same-origin").
		With("Content-Language", drawn.Language)
	if s.TOTP == nil { // whose key stays the same while a page is asked for again and again
		reply = reply.Compressed()
	}
	return reply, nil
}

// value is a string that may be absent.
func value(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}
