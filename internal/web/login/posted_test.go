package login

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"cognate/internal/testkit/cognitotest"
)

// TestPostedRequests: a page of another site may post a request to sign in or out. Its answer depends on no cookie, because
// none of those that count comes along; the browser then asks the same by GET.
func TestPostedRequests(t *testing.T) {
	w := cognitotest.Quick(t)
	a := newApp(w, nil, nil)
	w.User(a.p, "ana")
	base := "/" + a.p.ID
	form := func(query string) url.Values {
		values, err := url.ParseQuery(query)
		if err != nil {
			t.Fatal(err)
		}
		return values
	}
	b := a.browser()
	b.post(base+"/oauth2/authorize", form(a.query("state", `{"a":"&b"}`)))
	if at, err := url.Parse(b.at); err != nil || at.Query().Get("state") != `{"a":"&b"}` || !strings.HasSuffix(at.Path, "/login") {
		t.Fatalf("a posted request: at %s (%d)", b.at, b.status)
	}
	b.fill("username", "ana").fill("password", cognitotest.Password)

	r := httptest.NewRequest(http.MethodPost, addresses.Origin()+base+"/oauth2/authorize", strings.NewReader(a.query("prompt", "none")))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	rec := httptest.NewRecorder()
	a.handler.ServeHTTP(rec, r)
	to := rec.Header().Get("Location")
	if !strings.HasPrefix(to, base+"/oauth2/authorize?") {
		t.Fatalf("it was answered without a session: %d %s", rec.Code, to)
	}
	if b.get(addresses.Origin() + to); b.code() == "" {
		t.Error("no silent answer")
	}
	b.post(base+"/logout", url.Values{"client_id": {a.c.ID}, "post_logout_redirect_uri": {"https://app.example.com/out"}, "state": {"x y"}})
	if b.left == nil || b.left.String() != "https://app.example.com/out?state=x+y" {
		t.Errorf("signed out to %v", b.left)
	}
	if b.open("prompt", "none"); b.left == nil || b.left.Query().Get("error") != "login_required" {
		t.Errorf("the session lives on: %v", b.left)
	}
	if b.post(base+"/oauth2/authorize", nil); b.status != 400 || b.left != nil {
		t.Errorf("an empty form: %d %v", b.status, b.left)
	}
}
