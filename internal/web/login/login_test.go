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
	"testing"

	"cognate/internal/api/cognitoidp"
	"cognate/internal/core/pool"
	"cognate/internal/testkit/cognitotest"
	"cognate/internal/web/site"
)

var addresses = pool.NewAddresses("https://id.example.com/auth")

type world struct {
	*cognitotest.World
	p       *pool.Pool
	handler http.Handler
}

func newWorld(w *cognitotest.World) *world {
	out := &world{World: w, p: w.Pool(nil)}
	out.handler = site.New(site.Deps{Addresses: addresses}, Routes(Deps{Pools: w.Pools, Accounts: w.Accounts})...)
	return out
}

// signUp signs up and returns the code that was mailed.
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
	list, err := w.Messages.Inbox(w.Ctx, name+"@example.com", w.p.ID)
	if err != nil || len(list) == 0 {
		w.T.Fatalf("no message: %v", err)
	}
	return list[0].Code
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

func (w *world) link(c *pool.Client, name, code string) string {
	return addresses.ConfirmLink(w.p.Config, c.ID, name, code)
}

func (w *world) status(name string) cognitoidp.UserStatusType {
	w.T.Helper()
	return w.Get(w.p, name).Status
}

func TestConfirm(t *testing.T) {
	cognitotest.Each(t, func(cw *cognitotest.World) {
		w := newWorld(cw)
		c := w.Client(w.p, nil)
		code := w.signUp(c, "ann")
		rec := w.open(w.link(c, "ann", code), nil)
		if u := w.Get(w.p, "ann"); rec.Code != 200 || !strings.Contains(rec.Body.String(), "has been confirmed") ||
			u.Status != cognitoidp.UserStatusTypeConfirmed || u.Attributes["email_verified"] != "true" {
			w.T.Errorf("%d %s %+v", rec.Code, rec.Body, u)
		}
		rec = w.open(w.link(c, "ann", code), nil)
		if rec.Code != 400 || !strings.Contains(rec.Body.String(), "Current status is CONFIRMED") {
			w.T.Errorf("opened again: %d %s", rec.Code, rec.Body)
		}
		secret := w.Client(w.p, func(in *cognitoidp.CreateUserPoolClientRequest) { in.GenerateSecret = new(true) })
		target := strings.Replace(w.link(secret, "bob", w.signUp(secret, "bob")), "/confirmUser/?", "/confirmUser?", 1)
		if rec := w.open(target, nil); rec.Code != 200 || w.status("bob") != cognitoidp.UserStatusTypeConfirmed {
			w.T.Errorf("client with a secret, no slash: %d %s", rec.Code, rec.Body)
		}
	})
}

func TestRefusals(t *testing.T) {
	w := newWorld(cognitotest.Quick(t))
	c := w.Client(w.p, nil)
	hiding := w.Client(w.p, cognitotest.Hiding)
	other := w.Pool(nil)
	foreign := w.Client(other, nil)
	code := w.signUp(c, "ann")
	good := w.link(c, "ann", code)
	wrong := "000000"
	if code == wrong {
		wrong = "000001"
	}
	for _, target := range []string{
		w.link(c, "ann", wrong), w.link(c, "nobody", code), w.link(hiding, "nobody", code), w.link(c, "ann", ""), w.link(c, "", code), w.link(foreign, "ann", code),
		w.link(c, "ann", strings.Repeat("1", 3000)), w.link(c, strings.Repeat("a", 129), code), w.link(c, "ann\x00", code),
		"/auth/" + w.p.ID + "/confirmUser", "/auth/" + w.p.ID + "/confirmUser/?%zz", good + "&client_id=" + c.ID, good + "&user_name=bob",
		strings.Replace(good, w.p.ID, other.ID, 1), strings.Replace(good, w.p.ID, "us-east-1_nobody", 1),
		strings.Replace(good, c.ID, "unknown", 1), strings.Replace(good, "&user_name", ";user_name", 1),
	} {
		if rec := w.open(target, nil); rec.Code != 400 {
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
	if w.status("ann") != cognitoidp.UserStatusTypeUnconfirmed {
		t.Error("something of this confirmed the user")
	}
	if rec := w.open(good, nil); rec.Code != 200 {
		t.Errorf("the good link: %d %s", rec.Code, rec.Body)
	}
}

// TestGuessing: the page is no way around the limits of ConfirmSignUp.
func TestGuessing(t *testing.T) {
	w := newWorld(cognitotest.Quick(t))
	c := w.Client(w.p, nil)
	code := w.signUp(c, "ann")
	for range 20 {
		w.open(w.link(c, "ann", "x"+code), nil)
	}
	rec := w.open(w.link(c, "ann", code), nil)
	if rec.Code == 200 || w.status("ann") != cognitoidp.UserStatusTypeUnconfirmed {
		t.Errorf("%d %s", rec.Code, rec.Body)
	}
}

func TestHeaders(t *testing.T) {
	w := newWorld(cognitotest.Quick(t))
	rec := w.open("/auth/"+w.p.ID+"/confirmUser/?client_id=%3Cscript%3E&user_name=a&confirmation_code=1", nil)
	for name, want := range map[string]string{
		"Cache-Control": "no-store", "Referrer-Policy": "no-referrer", "X-Content-Type-Options": "nosniff", "X-Frame-Options": "DENY",
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
	if strings.Contains(body, "<script") {
		t.Error(body)
	}
}

// TestEscaping: what an exception says is text.
func TestEscaping(t *testing.T) {
	route := site.Route{Path: "/x", Methods: map[string]site.Endpoint{http.MethodGet: {Handle: func(ctx context.Context, _ *site.Request) site.Reply {
		return site.Show(refusal(ctx, &cognitoidp.UserLambdaValidationException{Message: `PostConfirmation failed with error <img src=x onerror=alert(1)>.`}))
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
		in := readLink(query)
		if in == nil {
			return
		}
		values, err := url.ParseQuery(query)
		if err != nil || values.Get("user_name") != in.Username || in.ClientId == "" || in.ConfirmationCode == "" {
			t.Errorf("%q was read as %+v", query, in)
		}
	})
}
