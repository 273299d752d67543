package login

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"html"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"cognate/internal/api/cognitoidp"
	"cognate/internal/base/db"
	"cognate/internal/base/limit"
	"cognate/internal/core/factor"
	"cognate/internal/core/guard"
	"cognate/internal/core/pool"
	"cognate/internal/rooms"
	"cognate/internal/testkit/cognitotest"
	"cognate/internal/testkit/dbtest"
	"cognate/internal/web/login/screen"
	"cognate/internal/web/site"
)

var addresses = pool.NewAddresses(cognitotest.PublicURL)

type world struct {
	*cognitotest.World
	p       *pool.Pool
	handler http.Handler
}

func newWorld(w *cognitotest.World) *world {
	out := &world{World: w, p: w.Pool(cognitotest.Linking)}
	out.handler = site.New(site.Deps{Addresses: addresses, Guard: w.Guard}, Routes(pages(w))...)
	return out
}

// pages are what the pages of a node are made of.
func pages(w *cognitotest.World) Deps {
	drawer, err := screen.New()
	if err != nil {
		w.T.Fatal(err)
	}
	cookies := site.Cookies{Keys: w.Keys, Now: w.Clock.Now}
	csrf, err := site.NewCSRF(cookies, addresses.Origin())
	if err != nil {
		w.T.Fatal(err)
	}
	return Deps{
		Pools: w.Pools, Accounts: w.Accounts, Requests: w.Requests, Engine: w.Engine, Factors: factor.Ops{Factors: w.Factors}, Tokens: w.Tokens,
		Guard: w.Guard, Brands: w.Branding, Cookies: cookies, CSRF: csrf, Drawer: drawer, Clock: w.Clock,
	}
}

// signUp signs up and returns the link that was mailed.
func (w *world) signUp(c *pool.Client, name string) string {
	w.T.Helper()
	in := &cognitoidp.SignUpRequest{
		ClientId: c.ID, Username: name, Password: new(cognitotest.Password),
		UserAttributes: cognitotest.Attributes("email", name+"@example.com"),
	}
	if c.HasSecret() {
		in.SecretHash = new(cognitotest.SecretHash(c, name))
	}
	cognitotest.Call(w.World, w.API.SignUp, in)
	return w.Link(w.p, name+"@example.com")
}

func (w *world) open(target string, edit func(*http.Request)) *httptest.ResponseRecorder {
	w.T.Helper()
	r := httptest.NewRequest(http.MethodGet, target, nil)
	if edit != nil {
		edit(r)
	}
	rec := httptest.NewRecorder()
	w.handler.ServeHTTP(rec, r)
	return rec
}

func (w *world) status(name string) cognitoidp.UserStatusType {
	w.T.Helper()
	return w.Get(w.p, name).Status
}

func TestConfirm(t *testing.T) {
	cognitotest.Each(t, func(cw *cognitotest.World) {
		w := newWorld(cw)
		c := w.Client(w.p, nil)
		link := w.signUp(c, "ann")
		for range 2 { // people and mail scanners open links twice
			rec := w.open(link, nil)
			if u := w.Get(w.p, "ann"); rec.Code != 200 || !strings.Contains(rec.Body.String(), "Your account is confirmed") ||
				u.Status != cognitoidp.UserStatusTypeConfirmed || u.Attributes["email_verified"] != "true" {
				w.T.Errorf("%d %s %+v", rec.Code, rec.Body, u)
			}
		}
		cognitotest.Call(w.World, w.API.AdminUpdateUserAttributes, &cognitoidp.AdminUpdateUserAttributesRequest{
			UserPoolId: w.p.ID, Username: "ann", UserAttributes: cognitotest.Attributes("email_verified", "false"),
		})
		if rec := w.open(link, nil); rec.Code != 200 || w.Get(w.p, "ann").Attributes["email_verified"] != "false" {
			w.T.Errorf("the third time %d, and the address %s", rec.Code, w.Get(w.p, "ann").Attributes["email_verified"])
		}
		secret := w.Client(w.p, func(in *cognitoidp.CreateUserPoolClientRequest) { in.GenerateSecret = new(true) })
		target := strings.Replace(w.signUp(secret, "bob"), "/confirmUser/?", "/confirmUser?", 1)
		if rec := w.open(target, nil); rec.Code != 200 || w.status("bob") != cognitoidp.UserStatusTypeConfirmed {
			w.T.Errorf("client with a secret, no slash: %d %s", rec.Code, rec.Body)
		}
	})
}

// TestConfirmInParallel: of clicks at the same moment one confirms, and all show that it is done.
func TestConfirmInParallel(t *testing.T) {
	cognitotest.Each(t, func(cw *cognitotest.World) {
		w := newWorld(cw)
		link := w.signUp(w.Client(w.p, nil), "ann")
		var wg sync.WaitGroup
		for range 8 {
			wg.Go(func() {
				if rec := w.open(link, nil); rec.Code != 200 {
					w.T.Errorf("%d %s", rec.Code, rec.Body)
				}
			})
		}
		wg.Wait()
		if v := w.Get(w.p, "ann").Version; v != 2 {
			w.T.Errorf("the user was written %d times", v-1)
		}
	})
}

// TestRefusals: everything but the right link is one page, whoever and whatever it names.
func TestRefusals(t *testing.T) {
	w := newWorld(cognitotest.Quick(t))
	c := w.Client(w.p, nil)
	again := w.Client(w.p, nil)
	other := w.Pool(cognitotest.Linking)
	good := w.signUp(c, "ann")
	code := w.Code(w.p, "ann@example.com")
	u, err := url.Parse(good)
	if err != nil {
		t.Fatal(err)
	}
	secret := u.Query().Get("confirmation_code")
	random, sub, _ := strings.Cut(secret, ".")
	as := func(c *pool.Client, secret string) string {
		return addresses.ConfirmLink(w.p.Config, c.ID, "ann", secret)
	}
	old := w.signUp(c, "eve")
	cognitotest.Call(w.World, w.API.ResendConfirmationCode, &cognitoidp.ResendConfirmationCodeRequest{ClientId: c.ID, Username: "eve"})
	if old == w.Link(w.p, "eve@example.com") {
		t.Fatal("the same link twice")
	}
	for _, target := range []string{
		as(c, code), as(c, code+"."+sub), as(c, ""), as(c, "."), as(c, random), as(c, random+"."), as(c, "."+sub), as(c, random[1:]+"."+sub),
		as(c, random+"."+w.Get(w.p, "eve").Sub), as(c, strings.Repeat("0", len(random))+"."+sub), as(c, secret+"x"), as(c, strings.Repeat("1", 3000)),
		as(again, secret), as(w.Client(other, nil), secret), old,
		addresses.Base(w.p.Config) + "/confirmUser", addresses.Base(w.p.Config) + "/confirmUser/?%zz",
		good + "&client_id=" + c.ID, good + "&user_name=bob", good + "&confirmation_code=1",
		strings.Replace(good, w.p.ID, other.ID, 1), strings.Replace(good, w.p.ID, "us-east-1_nobody", 1),
		strings.Replace(good, c.ID, "unknown", 1), strings.Replace(good, "&user_name", ";user_name", 1),
	} {
		if rec := w.open(target, nil); rec.Code != 400 || !strings.Contains(rec.Body.String(), "This link is not valid") {
			t.Errorf("%.120s: %d %s", target, rec.Code, rec.Body)
		}
	}
	for _, c := range []struct {
		status int
		edit   func(*http.Request)
	}{
		{405, func(r *http.Request) { r.Method = http.MethodHead }},
		{405, func(r *http.Request) { r.Method = http.MethodPost }},
		{503, func(r *http.Request) { r.Header.Set("Sec-Purpose", "prefetch;prerender") }},
		{503, func(r *http.Request) { r.Header.Set("X-Moz", "prefetch") }},
		{404, func(r *http.Request) { r.URL.Path += "more" }},
		{404, func(r *http.Request) { r.URL.Path = "/auth/../confirmUser/" }},
	} {
		if rec := w.open(good, c.edit); rec.Code != c.status {
			t.Errorf("%d, want %d: %s", rec.Code, c.status, rec.Body)
		}
	}
	if w.status("ann") != cognitoidp.UserStatusTypeUnconfirmed || w.status("eve") != cognitoidp.UserStatusTypeUnconfirmed {
		t.Error("something of this confirmed the user")
	}
	if rec := w.open(good, nil); rec.Code != 200 { // guesses cost the owner nothing
		t.Errorf("the good link: %d %s", rec.Code, rec.Body)
	}
}

// TestLinksEnd: a link is worth nothing once what it was sent for is no more, nor in a pool that sends codes.
func TestLinksEnd(t *testing.T) {
	cognitotest.Each(t, func(cw *cognitotest.World) {
		for what, end := range map[string]func(w *world, c *pool.Client){
			"time": func(w *world, _ *pool.Client) { w.Clock.Advance(24*time.Hour + time.Second) },
			"another address": func(w *world, _ *pool.Client) {
				cognitotest.Call(w.World, w.API.AdminUpdateUserAttributes, &cognitoidp.AdminUpdateUserAttributesRequest{
					UserPoolId: w.p.ID, Username: "ann", UserAttributes: cognitotest.Attributes("email", "moved@example.com"),
				})
			},
			"deleted and made again": func(w *world, c *pool.Client) {
				if err := w.API.AdminDeleteUser(w.Ctx, &cognitoidp.AdminDeleteUserRequest{UserPoolId: w.p.ID, Username: "ann"}); err != nil {
					w.T.Fatal(err)
				}
				w.signUp(c, "ann")
			},
			"disabled and enabled": func(w *world, _ *pool.Client) {
				cognitotest.Call(w.World, w.API.AdminDisableUser, &cognitoidp.AdminDisableUserRequest{UserPoolId: w.p.ID, Username: "ann"})
				cognitotest.Call(w.World, w.API.AdminEnableUser, &cognitoidp.AdminEnableUserRequest{UserPoolId: w.p.ID, Username: "ann"})
			},
			"the client is deleted": func(w *world, c *pool.Client) {
				if err := w.API.DeleteUserPoolClient(w.Ctx, &cognitoidp.DeleteUserPoolClientRequest{UserPoolId: w.p.ID, ClientId: c.ID}); err != nil {
					w.T.Fatal(err)
				}
			},
			"the pool sends codes": func(w *world, _ *pool.Client) {
				cognitotest.Call(w.World, w.API.UpdateUserPool, &cognitoidp.UpdateUserPoolRequest{UserPoolId: w.p.ID})
			},
		} {
			w := newWorld(cw)
			c := w.Client(w.p, nil)
			link := w.signUp(c, "ann")
			end(w, c)
			if rec := w.open(link, nil); rec.Code != 400 || w.status("ann") != cognitoidp.UserStatusTypeUnconfirmed {
				w.T.Errorf("%s: %d %s", what, rec.Code, rec.Body)
			}
		}
	})
}

func TestHeaders(t *testing.T) {
	w := newWorld(cognitotest.Quick(t))
	rec := w.open(addresses.Base(w.p.Config)+"/confirmUser/?client_id=%3Cscript%3E&user_name=a&confirmation_code=1", nil)
	for name, want := range map[string]string{
		"Cache-Control": "no-cache, no-store, max-age=0, must-revalidate", "Referrer-Policy": "same-origin", "X-Content-Type-Options": "nosniff", "X-Frame-Options": "DENY",
		"Content-Type": "text/html; charset=utf-8",
	} {
		if got := rec.Header().Get(name); got != want {
			t.Errorf("%s: %q", name, got)
		}
	}
	policy, body := rec.Header().Get("Content-Security-Policy"), rec.Body.String()
	_, style, _ := strings.Cut(body, "<style>")
	style, _, _ = strings.Cut(style, "</style>")
	sum := sha256.Sum256([]byte(style))
	if !strings.HasPrefix(policy, "default-src 'none'; style-src 'sha256-"+base64.StdEncoding.EncodeToString(sum[:])+"'") ||
		!strings.Contains(policy, "frame-ancestors 'none'") || strings.Contains(policy, "unsafe") {
		t.Errorf("policy %s", policy)
	}
	if strings.Contains(strings.ReplaceAll(body, "<script src=", ""), "<script") {
		t.Errorf("an inline script: %s", readable(body))
	}
}

// TestEscaping: what an exception says is text.
func TestEscaping(t *testing.T) {
	drawer, err := screen.New()
	if err != nil {
		t.Fatal(err)
	}
	route := site.Route{Path: "/x", Methods: map[string]site.Endpoint{http.MethodGet: {Handle: func(ctx context.Context, _ *site.Request) site.Reply {
		_, page := refusal(ctx, &cognitoidp.UserLambdaValidationException{Message: `PostConfirmation failed with error <img src=x onerror=alert(1)>.`})
		drawn, err := drawer.Draw(nil, screen.English, page)
		if err != nil {
			t.Error(err)
		}
		return site.HTML(http.StatusBadRequest, drawn.HTML, drawn.CSP)
	}}}}
	rec := httptest.NewRecorder()
	site.New(site.Deps{Addresses: addresses}, route).ServeHTTP(rec, httptest.NewRequest(http.MethodGet, "/us-east-1_a/x", nil))
	if strings.Contains(rec.Body.String(), "<img") || !strings.Contains(html.UnescapeString(rec.Body.String()), "<img") {
		t.Error(rec.Body)
	}
}

func FuzzReadLink(f *testing.F) {
	f.Add("client_id=a&user_name=b&confirmation_code=c")
	f.Fuzz(func(t *testing.T, query string) {
		clientID, secret := readLink(query)
		if secret == "" {
			return
		}
		values, err := url.ParseQuery(query)
		if err != nil || values.Get("client_id") != clientID || clientID == "" || values.Get("confirmation_code") != secret {
			t.Errorf("%q was read as %s %s", query, clientID, secret)
		}
	})
}

// TestBudget: a source that opened wrong links too often is told when to try again, with a right link too.
func TestBudget(t *testing.T) {
	limits := guard.Limits{SourceFailures: limit.Rate{Max: 3, Per: time.Hour}}
	dbtest.Each(t, rooms.Migrations(), func(t *testing.T, d *db.DB) {
		w := newWorld(cognitotest.New(t, d, cognitotest.Options{Limits: limits}))
		right := w.signUp(w.Client(w.p, nil), "ann")
		at := func(address string) func(*http.Request) {
			return func(r *http.Request) { r.RemoteAddr = address + ":1234" }
		}
		for range 3 {
			if rec := w.open(right+"x", at("198.51.100.1")); rec.Code != 400 {
				t.Errorf("a wrong link: %d", rec.Code)
			}
		}
		for _, link := range []string{right + "x", right} {
			rec := w.open(link, at("198.51.100.1"))
			if rec.Code != 429 || rec.Header().Get("Retry-After") != "1200" || !strings.Contains(rec.Body.String(), "Try again in 20 minutes.") {
				t.Errorf("over the budget: %d %s %s", rec.Code, rec.Header(), rec.Body)
			}
		}
		if w.status("ann") != cognitoidp.UserStatusTypeUnconfirmed {
			t.Error("the user is confirmed")
		}
		if rec := w.open(right+"x", at("198.51.100.2")); rec.Code != 400 {
			t.Errorf("another source: %d", rec.Code)
		}
		w.Later(20 * time.Minute)
		if rec := w.open(right, at("198.51.100.1")); rec.Code != 200 {
			t.Errorf("when there is room again: %d", rec.Code)
		}
	})
}
