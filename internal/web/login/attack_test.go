package login

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"cognate/internal/api/cognitoidp"
	"cognate/internal/core/pool"
	"cognate/internal/testkit/cognitotest"
)

// posts are the pages that take a form.
var posts = []pool.Endpoint{
	pool.EndpointLogin, pool.EndpointSignUp, pool.EndpointConfirm, pool.EndpointResend, pool.EndpointForgot, pool.EndpointConfirmForgot,
	pool.EndpointMFA, pool.EndpointMFAOption, pool.EndpointNewPassword, pool.EndpointAddPasskey,
}

// TestForgedForms holds that every form is refused that its page was not drawn for.
func TestForgedForms(t *testing.T) {
	w := cognitotest.Quick(t)
	a := newApp(w, nil, nil)
	w.User(a.p, "ana")
	b := a.browser().open()
	action, values := b.form("username")
	values.Set("username", "ana")
	values.Set("password", cognitotest.Password)
	send := func(what string, action string, values url.Values, edit func(*http.Request, *browser)) {
		t.Helper()
		who := a.browser()
		who.jar = b.jar
		r := httptest.NewRequest(http.MethodPost, addresses.Origin()+action, strings.NewReader(values.Encode()))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		if edit != nil {
			edit(r, who)
		}
		who.send(r)
		if who.status != http.StatusForbidden || who.left != nil {
			t.Errorf("%s: %d, left for %v", what, who.status, who.left)
		}
	}
	for _, e := range posts {
		send(string(e)+" without a token", strings.Replace(action, "/login", string(e), 1), url.Values{"username": {"ana"}}, nil)
	}
	other := *newApp(w, nil, nil)
	foreign := other.browser().open()
	_, theirs := foreign.form("username")
	swapped := url.Values{"username": {"ana"}, "password": {cognitotest.Password}, "_csrf": theirs["_csrf"]}
	send("the token of another pool", action, swapped, nil)
	again := a.browser().open()
	_, mine := again.form("username")
	send("the token of another browser", action, url.Values{"username": {"ana"}, "_csrf": mine["_csrf"]}, nil)
	send("no cookie", action, values, func(_ *http.Request, who *browser) { who.jar = map[string]*http.Cookie{} })
	send("another site", action, values, func(r *http.Request, _ *browser) { r.Header.Set("Sec-Fetch-Site", "cross-site") })
	send("another origin", action, values, func(r *http.Request, _ *browser) { r.Header.Set("Origin", "https://evil.example") })
	send("the token of another page", strings.Replace(action, "/login", "/signup", 1), values, nil)
	send("no form", action, values, func(r *http.Request, _ *browser) { r.Header.Set("Content-Type", "application/json") })
	b.post(action, values)
	b.code()
}

// TestStolenCookies holds that what a browser keeps for one pool is worth nothing at another, nor to another name or after a
// sign-out.
func TestStolenCookies(t *testing.T) {
	w := cognitotest.Quick(t)
	a, other := newApp(w, nil, nil), newApp(w, nil, nil)
	w.User(a.p, "ana")
	w.User(other.p, "ana")
	b := a.browser().open()
	b.fill("username", "ana").fill("password", cognitotest.Password).code()
	thief := other.browser()
	for _, c := range b.jar {
		stolen := *c
		stolen.Path = "/"
		thief.jar[c.Name+"/"] = &stolen
	}
	thief.open("prompt", "none")
	if thief.left == nil || thief.left.Query().Get("error") != "login_required" {
		t.Errorf("another pool's cookie: %v %d", thief.left, thief.status)
	}
	held := map[string]*http.Cookie{}
	for name, c := range b.jar {
		held[name] = c
	}
	b.get(addresses.Base(a.p.Config) + "/logout?client_id=" + a.c.ID + "&logout_uri=https://app.example.com/out")
	if b.left == nil || b.left.String() != "https://app.example.com/out" {
		t.Fatalf("%v %d", b.left, b.status)
	}
	late := a.browser()
	late.jar = held
	late.open("prompt", "none")
	if late.left == nil || late.left.Query().Get("error") != "login_required" {
		t.Errorf("the cookie of before the sign-out: %v %d", late.left, late.status)
	}
	fresh := a.browser().open()
	fresh.fill("username", "ana").fill("password", cognitotest.Password).code()
	cognitotest.Call(w, w.API.AdminUserGlobalSignOut, &cognitoidp.AdminUserGlobalSignOutRequest{UserPoolId: a.p.ID, Username: "ana"})
	fresh.open("prompt", "none")
	if fresh.left == nil || fresh.left.Query().Get("error") != "login_required" {
		t.Errorf("after a sign-out everywhere: %v %d", fresh.left, fresh.status)
	}
}

// TestReflected puts markup into everything that a page may repeat.
func TestReflected(t *testing.T) {
	const evil = `"><img src=x onerror=alert(1)><script>alert(2)</script>` + "'`{{7*7}}"
	w := cognitotest.Quick(t)
	a := newApp(w, nil, nil)
	base := addresses.Base(a.p.Config)
	safe := func(what string, b *browser) {
		t.Helper()
		for _, bad := range []string{"<img", "<script>", "onerror=alert(1)>", "49"} {
			if strings.Contains(b.body, bad) && (bad != "49" || strings.Contains(b.body, "'`49")) {
				t.Errorf("%s: the page has %s", what, bad)
			}
		}
	}
	for _, name := range []string{"state", "nonce", "login_hint", "lang", "ui_locales", "flow", "x", "acr_values"} {
		b := a.browser().get(base + "/login?" + a.query(name, evil))
		safe(name, b)
		if b.status != 200 {
			t.Errorf("%s: %d", name, b.status)
		}
	}
	b := a.browser().get(base + "/login?" + a.query())
	b.fill("username", evil)
	safe("the name", b)
	b.fill("password", "x")
	safe("the name again", b)
	for _, query := range []string{"error=" + url.QueryEscape(evil), "error=redirect_mismatch&client_id=" + url.QueryEscape(evil)} {
		safe("the error page", a.browser().get(base+"/error?"+query))
	}
	safe("no client", a.browser().get(base+"/login?client_id="+url.QueryEscape(evil)))
	safe("sign-out", a.browser().get(base+"/logout?client_id="+url.QueryEscape(evil)+"&logout_uri="+url.QueryEscape(evil)))
}

// TestHost holds that the Host of a request leads nowhere.
func TestHost(t *testing.T) {
	w := cognitotest.Quick(t)
	a := newApp(w, nil, nil)
	r := httptest.NewRequest(http.MethodGet, addresses.Base(a.p.Config)+"/oauth2/authorize?"+a.query(), nil)
	r.Host = "evil.example"
	r.Header.Set("X-Forwarded-Host", "evil.example")
	rec := httptest.NewRecorder()
	a.handler.ServeHTTP(rec, r)
	if to := rec.Header().Get("Location"); !strings.HasPrefix(to, "/"+a.p.ID+"/login?") {
		t.Errorf("Location %q", to)
	}
	if body := rec.Body.String(); strings.Contains(body, "evil.example") {
		t.Error(body)
	}
}

// TestPlantedFlow holds that the state of one sign-in does not serve another request, pool or browser without its session.
func TestPlantedFlow(t *testing.T) {
	w := cognitotest.Quick(t)
	a := newApp(w, nil, nil)
	w.User(a.p, "ana")
	b := a.browser().open()
	b.fill("username", "ana")
	moved := strings.Replace(b.at, "state=st-1", "state=st-9", 1)
	b.get(moved).says("Sign in to")
	if strings.Contains(b.body, "Enter your password") {
		t.Error("the flow goes on for another request")
	}
}

// TestFrames: no page may be framed, cached or told about.
func TestFrames(t *testing.T) {
	w := cognitotest.Quick(t)
	a := newApp(w, nil, nil)
	base := addresses.Base(a.p.Config)
	for _, path := range []string{"/login", "/signup", "/forgotPassword", "/error", "/logout", "/oauth2/authorize"} {
		r := httptest.NewRequest(http.MethodGet, base+path+"?"+a.query(), nil)
		rec := httptest.NewRecorder()
		a.handler.ServeHTTP(rec, r)
		h := rec.Header()
		if h.Get("X-Frame-Options") != "DENY" || !strings.Contains(h.Get("Content-Security-Policy"), "frame-ancestors 'none'") ||
			!strings.Contains(h.Get("Cache-Control"), "no-store") || strings.Contains(h.Get("Content-Security-Policy"), "unsafe") {
			t.Errorf("%s: %v", path, h)
		}
	}
}

// TestImpossibleNames holds the forms to the constraints of the API: nobody is made whom the API cannot name, and nothing
// that is typed is a fault.
func TestImpossibleNames(t *testing.T) {
	cognitotest.Each(t, func(w *cognitotest.World) {
		a := newApp(w, func(in *cognitoidp.CreateUserPoolRequest) {
			in.AutoVerifiedAttributes = []cognitoidp.VerifiedAttributeType{cognitoidp.VerifiedAttributeTypeEmail}
		}, nil)
		w.User(a.p, "ana", "email", "ana@example.com", "email_verified", "true")
		base := addresses.Base(a.p.Config)
		for _, name := range []string{"ad min", "ana\u200b", "an\u202ea", "tab\tx", "nl\nx", "nul\x00x", "\xff\xfe", strings.Repeat("x", 40000), strings.Repeat("x", 129)} {
			b := a.browser().get(base + "/signup?" + a.query())
			b.fill("username", name, "requiredAttributes[email]", "new@example.com", "password", cognitotest.Password)
			if b.status != 400 {
				w.T.Errorf("sign-up as %.20q: %d at %s", name, b.status, b.at)
			}
			for path, field := range map[string]string{"/login": "username", "/forgotPassword": "username"} {
				b := a.browser().get(base + path + "?" + a.query())
				if b.fill(field, name); b.status >= 500 {
					w.T.Errorf("%s of %.20q: %d", path, name, b.status)
				}
			}
		}
		b := a.browser().get(base + "/signup?" + a.query())
		b.fill("username", "new", "requiredAttributes[email]", strings.Repeat("x", 3000)+"@example.com", "password", cognitotest.Password)
		if b.status != 400 {
			w.T.Errorf("a long attribute: %d", b.status)
		}
		b.fill("username", "new", "requiredAttributes[email]", "new@example.com", "password", strings.Repeat("Aa1!", 100))
		if b.status != 400 {
			w.T.Errorf("a long password: %d", b.status)
		}
		b.fill("username", "new", "requiredAttributes[email]", "new@example.com", "password", cognitotest.Password)
		for _, code := range []string{strings.Repeat("1", 5000), "a b", "\x00", "\xff"} {
			at := b.at
			if b.fill("code", code); b.status != 400 {
				w.T.Errorf("code %.10q: %d", code, b.status)
			}
			b.get(at)
		}
	})
}

// TestLogoutByLink holds that a link of any site signs nobody out by itself, unless it names an app of the pool.
func TestLogoutByLink(t *testing.T) {
	w := cognitotest.Quick(t)
	a := newApp(w, nil, nil)
	w.User(a.p, "ana")
	b := a.browser().open()
	b.fill("username", "ana").fill("password", cognitotest.Password).code()
	b.get(addresses.Base(a.p.Config) + "/logout").says("Sign out")
	if b.open("prompt", "none"); b.left == nil || b.left.Query().Get("code") == "" {
		t.Fatal("signed out by a link")
	}
	b.post("/"+a.p.ID+"/logout", url.Values{"_csrf": {"forged"}})
	if b.status != 403 {
		t.Errorf("a forged form: %d", b.status)
	}
	b.get(addresses.Base(a.p.Config)+"/logout").fill("_csrf", b.csrf()).says("You are signed out")
	if b.open("prompt", "none"); b.left == nil || b.left.Query().Get("error") != "login_required" {
		t.Errorf("signed in still: %v", b.left)
	}
}

// TestLongQuery holds that a query does not make pages of any length.
func TestLongQuery(t *testing.T) {
	w := cognitotest.Quick(t)
	a := newApp(w, nil, nil)
	for _, path := range []string{"/login", "/oauth2/authorize", "/signup"} {
		b := a.browser().get(addresses.Base(a.p.Config) + path + "?" + a.query("state", strings.Repeat("x", 9000)))
		if b.status != http.StatusRequestURITooLong || len(b.body) > 100_000 {
			t.Errorf("%s: %d, %d bytes", path, b.status, len(b.body))
		}
	}
}

// TestHead answers those who only ask whether a page is there, and does nothing for them.
func TestHead(t *testing.T) {
	w := cognitotest.Quick(t)
	a := newApp(w, nil, nil)
	for path, status := range map[string]int{"/login": 200, "/signup": 200, "/oauth2/authorize": 405, "/logout": 405} {
		r := httptest.NewRequest(http.MethodHead, addresses.Base(a.p.Config)+path+"?"+a.query(), nil)
		rec := httptest.NewRecorder()
		if a.handler.ServeHTTP(rec, r); rec.Code != status || rec.Body.Len() > 0 && status == 200 {
			t.Errorf("%s: %d", path, rec.Code)
		}
	}
}
