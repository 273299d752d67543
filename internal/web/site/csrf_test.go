package site

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"cognate/internal/core/pool"
)

// forms is a protected form of one pool in one browser.
type forms struct {
	*jar
	*CSRF
	token  string
	cookie *http.Cookie
}

func newForms(t *testing.T) *forms {
	f := &forms{jar: newJar(t)}
	var err error
	if f.CSRF, err = NewCSRF(f.Cookies, "https://id.example.com"); err != nil {
		t.Fatal(err)
	}
	f.token, f.cookie = f.page(at(poolID), "login")
	return f
}

// page is what the page of a form holds, for a browser with these cookies.
func (f *forms) page(place Place, action string, cookies ...*http.Cookie) (string, *http.Cookie) {
	f.t.Helper()
	token, set, err := f.Token(f.t.Context(), request(place, "GET", cookies...), action)
	if err != nil || set == nil {
		f.t.Fatalf("%v, %v", set, err)
	}
	return token, set
}

func TestForm(t *testing.T) {
	f := newForms(t)
	send := func(token string, cookies ...*http.Cookie) error {
		return f.Check(t.Context(), request(at(poolID), "POST", cookies...), "login", token)
	}
	if err := send(f.token, f.cookie); err != nil {
		t.Errorf("the form itself: %v", err)
	}
	if err := send(f.token, f.cookie); err != nil {
		t.Errorf("sent again: %v", err)
	}
	second, renewed := f.page(at(poolID), "login", f.cookie)
	if second == f.token || renewed.Value == f.cookie.Value {
		t.Error("a second page repeats what the first holds")
	}
	for name, pair := range map[string][2]string{"first form": {f.token, renewed.Value}, "second form": {second, f.cookie.Value}} {
		if err := send(pair[0], &http.Cookie{Name: "XSRF-TOKEN", Value: pair[1]}); err != nil {
			t.Errorf("two tabs, %s: %v", name, err)
		}
	}
	f.clock.Advance(45 * time.Minute)
	third, again := f.page(at(poolID), "login", renewed)
	f.clock.Advance(45 * time.Minute)
	if err := send(third, again); err != nil {
		t.Errorf("a browser that stays: %v", err)
	}
	if err := send(second, again); !errors.Is(err, ErrForged) {
		t.Errorf("its first form after 90 minutes: %v", err)
	}
}

// TestFormsOfAPage: the forms of the first page that a browser opens can all be sent.
func TestFormsOfAPage(t *testing.T) {
	f := newForms(t)
	r := request(at(poolID), "GET")
	first, _, err := f.Token(t.Context(), r, "login")
	if err != nil {
		t.Fatal(err)
	}
	second, cookie, err := f.Token(t.Context(), r, "signup")
	if err != nil {
		t.Fatal(err)
	}
	for action, token := range map[string]string{"login": first, "signup": second} {
		if err := f.Check(t.Context(), request(at(poolID), "POST", cookie), action, token); err != nil {
			t.Errorf("%s: %v", action, err)
		}
	}
	if err := f.Check(t.Context(), request(at(poolID), "POST", cookie), "signup", first); !errors.Is(err, ErrForged) {
		t.Errorf("one form's token in the other: %v", err)
	}
}

func TestForgedForm(t *testing.T) {
	f := newForms(t)
	theirToken, theirCookie := f.page(at(poolID), "login")
	otherAction, _ := f.page(at(poolID), "signup", f.cookie)
	foreignToken, foreignCookie := f.page(at(otherPool), "login")
	foreignCookie.Path = f.cookie.Path
	flipped := []byte(f.token)
	flipped[len(flipped)/2] ^= 1
	good := func() *Request { return request(at(poolID), "POST", f.cookie) }
	says := func(pairs ...string) *Request {
		r := good()
		for i := 0; i < len(pairs); i += 2 {
			r.Header.Set(pairs[i], pairs[i+1])
		}
		return r
	}
	for _, c := range []struct {
		name  string
		r     *Request
		token string
		ok    bool
	}{
		{"good", good(), f.token, true},
		{"no token", good(), "", false},
		{"altered", good(), string(flipped), false},
		{"cut", good(), f.token[:len(f.token)-2], false},
		{"line break", good(), f.token + "\n", false},
		{"the cookie as token", good(), f.cookie.Value, true},
		{"the cookie as token, beside another", request(at(poolID), "POST", f.cookie, theirCookie), f.cookie.Value, false},
		{"another's cookie as token", good(), theirCookie.Value, false},
		{"the cookie as token, from another site", func() *Request {
			r := good()
			r.Header.Set("Sec-Fetch-Site", "cross-site")
			return r
		}(), f.cookie.Value, false},
		{"another action", good(), otherAction, false},
		{"no cookie", request(at(poolID), "POST"), f.token, false},
		{"another browser's token", good(), theirToken, false},
		{"another browser's cookie", request(at(poolID), "POST", theirCookie), f.token, false},
		{"planted cookie", request(at(poolID), "POST", f.cookie, theirCookie), theirToken, false},
		{"foreign pool's token", good(), foreignToken, false},
		{"foreign pool's cookie", request(at(poolID), "POST", foreignCookie), f.token, false},
		{"foreign pool's form", request(at(poolID), "POST", foreignCookie), foreignToken, false},
		{"at another pool", request(at(otherPool), "POST", f.cookie), f.token, false},
		{"same origin", says("Sec-Fetch-Site", "same-origin"), f.token, true},
		{"cross-site", says("Sec-Fetch-Site", "cross-site"), f.token, false},
		{"sibling host", says("Sec-Fetch-Site", "same-site"), f.token, false},
		{"own Origin", says("Origin", "https://id.example.com"), f.token, true},
		{"foreign Origin", says("Origin", "https://evil.example"), f.token, false},
		{"no Origin", says("Origin", "null"), f.token, false},
		{"foreign Origin that lies", says("Origin", "https://evil.example", "Sec-Fetch-Site", "cross-site"), f.token, false},
	} {
		if err := f.Check(t.Context(), c.r, "login", c.token); (err == nil) != c.ok || err != nil && !errors.Is(err, ErrForged) {
			t.Errorf("%s: %v", c.name, err)
		}
	}
	f.clock.Advance(formLife)
	if err := f.Check(t.Context(), good(), "login", f.token); !errors.Is(err, ErrForged) {
		t.Errorf("expired: %v", err)
	}
}

// TestProxiedOrigin: behind a proxy that names another Host, the public origin is still the site's own.
func TestProxiedOrigin(t *testing.T) {
	f := newForms(t)
	r := request(at(poolID), "POST", f.cookie)
	r.Host = "10.0.0.9:8080"
	r.Header.Set("Origin", "https://id.example.com")
	if err := f.Check(t.Context(), r, "login", f.token); err != nil {
		t.Error(err)
	}
	if _, err := NewCSRF(f.Cookies, "id.example.com/auth"); err == nil {
		t.Error("an origin that is none was taken")
	}
}

// TestFormOnSite sends a form through the whole shell, as a browser does.
func TestFormOnSite(t *testing.T) {
	f := newForms(t)
	refuse := func(ctx context.Context, status int, text string) Reply { return Refusal(ctx, status, "refused", text) }
	s := New(Deps{Addresses: pool.NewAddresses("https://id.example.com/auth")}, Route{Path: "/form", Refuse: refuse, Methods: map[string]Endpoint{
		http.MethodGet: {Handle: func(ctx context.Context, r *Request) Reply {
			token, set, err := f.Token(ctx, r, "form")
			if err != nil {
				return refuse(ctx, 500, TextInternal)
			}
			return Show(200, Page{Title: "Form", Text: "token:" + token + ":"}).WithCookie(set)
		}},
		http.MethodPost: {Handle: func(ctx context.Context, r *Request) Reply {
			form, err := r.Posted()
			if err == nil {
				err = f.Check(ctx, r, "form", form.Get("_csrf"))
			}
			if err != nil {
				return refuse(ctx, 403, err.Error())
			}
			return Redirect("/auth/" + poolID + "/form")
		}},
	}})
	target := "https://id.example.com/auth/" + poolID + "/form"
	rec := httptest.NewRecorder()
	s.ServeHTTP(rec, httptest.NewRequest("GET", target, nil))
	token := strings.Split(rec.Body.String(), ":")
	set := rec.Result().Cookies()
	var made string
	for i, part := range token {
		if strings.HasSuffix(part, "token") {
			made = token[i+1]
		}
	}
	if len(set) != 1 || set[0].Path != "/auth/"+poolID || made == "" {
		t.Fatalf("%v %s", set, rec.Body)
	}
	for _, c := range []struct {
		token  string
		cookie bool
		status int
	}{{made, true, 302}, {made, false, 403}, {"", true, 403}} {
		r := httptest.NewRequest("POST", target, strings.NewReader(url.Values{"_csrf": {c.token}}.Encode()))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set("Sec-Fetch-Site", "same-origin")
		if c.cookie {
			r.AddCookie(set[0])
		}
		rec := httptest.NewRecorder()
		if s.ServeHTTP(rec, r); rec.Code != c.status {
			t.Errorf("%+v: %d %s", c, rec.Code, rec.Body)
		}
	}
}
