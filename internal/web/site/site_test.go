package site

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"

	"cognate/internal/base/obs"
	"cognate/internal/core/pool"
)

const poolID = "us-east-1_AbCdEf123"

// shell is a site with one page, one resource for all origins and a log.
type shell struct {
	*Site
	log strings.Builder
}

func newShell(public string) *shell {
	s := &shell{}
	refuse := func(ctx context.Context, status int, text string) Reply { return Refusal(ctx, status, "refused", text) }
	s.Site = New(Deps{
		Addresses: pool.NewAddresses(public), ByHost: byHost, Log: obs.NewLogger(&s.log, obs.JSON, slog.LevelInfo),
		ClientIP: func(*http.Request) netip.Addr { return netip.MustParseAddr("192.0.2.7") },
	}, Route{Path: "/page", Refuse: refuse, Methods: map[string]Endpoint{
		http.MethodGet: {Operation: "Page_GET", Handle: func(_ context.Context, r *Request) Reply {
			return Show(http.StatusOK, Page{Title: "<b>", Text: r.Place.PoolID + r.Place.Base})
		}},
		http.MethodPost: {Operation: "Page_POST", Handle: func(ctx context.Context, r *Request) Reply {
			form, err := r.Posted()
			if err != nil {
				return Refusal(ctx, http.StatusBadRequest, "form", err.Error())
			}
			return Redirect("https://app.example/?code=" + form.Get("code")).WithCookie(&http.Cookie{Name: "a", Value: "b"}).WithCookie(nil)
		}},
	}}, Route{Path: "/thing", Refuse: refuse, CORS: true, Methods: map[string]Endpoint{
		http.MethodGet: {Operation: "Thing_GET", Handle: func(_ context.Context, r *Request) Reply {
			return JSON(http.StatusOK, []byte(`{}`)).Kept(60)
		}},
		http.MethodDelete: {Operation: "Thing_DELETE", Handle: func(context.Context, *Request) Reply { panic("the cellar is wet") }},
	}}, Route{Path: "/.well-known/openid-configuration", Refuse: refuse, Methods: map[string]Endpoint{
		http.MethodGet: {Operation: "Doc", Handle: func(_ context.Context, r *Request) Reply { return JSON(200, []byte(`"`+r.Place.Base+`"`)) }},
	}}, Route{Path: "/.well-known/jwks.json", Refuse: refuse, Methods: map[string]Endpoint{
		http.MethodGet: {Operation: "Keys", Handle: func(context.Context, *Request) Reply { return JSON(200, []byte(`[]`)) }},
	}})
	return s
}

// byHost knows one domain, and a database that fails for another.
func byHost(_ context.Context, host string) (string, error) {
	switch host {
	case "login.example.com":
		return poolID, nil
	case "broken.example.com":
		return "", errors.New("the database is away")
	}
	return "", pool.ErrNoDomain
}

// TestHosts: at the domain of a pool its pages stand at the root, whatever the path says; elsewhere the path tells.
func TestHosts(t *testing.T) {
	s := newShell("https://id.example.com/auth")
	for target, want := range map[string]string{
		"https://login.example.com/page":                             poolID,
		"https://login.example.com/auth/page":                        "",
		"https://login.example.com/us-east-1_other/page":             "",
		"https://other.example.com/auth/us-east-1_other/page":        "us-east-1_other/auth/us-east-1_other",
		"https://other.example.com/page":                             "",
		"https://login.example.com/.well-known/openid-configuration": `""`,
	} {
		rec := s.ask(http.MethodGet, target, "")
		if want == "" && rec.Code != http.StatusNotFound || want != "" && (rec.Code != http.StatusOK || !strings.Contains(rec.Body.String(), want)) {
			t.Errorf("%s: %d %s, want %q", target, rec.Code, rec.Body, want)
		}
	}
	if rec := s.ask(http.MethodGet, "https://broken.example.com/page", ""); rec.Code != http.StatusServiceUnavailable {
		t.Errorf("an unknown owner: %d %s", rec.Code, rec.Body)
	}
}

func (s *shell) ask(method, target, body string, header ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, target, strings.NewReader(body))
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	rec := httptest.NewRecorder()
	s.ServeHTTP(rec, r)
	return rec
}

// TestProtection: every kind of answer carries the same headers.
func TestProtection(t *testing.T) {
	s := newShell("https://id.example.com")
	for _, rec := range []*httptest.ResponseRecorder{
		s.ask("GET", "/"+poolID+"/page", ""), s.ask("GET", "/"+poolID+"/thing", ""), s.ask("PUT", "/"+poolID+"/page", ""),
		s.ask("POST", "/"+poolID+"/page", "code=1", "Content-Type", "application/x-www-form-urlencoded"),
		s.ask("GET", "/nothing", ""), s.ask("GET", "/nothing", "", "Accept", "text/html"), s.ask("OPTIONS", "/"+poolID+"/thing", ""),
		s.ask("DELETE", "/"+poolID+"/thing", ""),
	} {
		h := rec.Header()
		policy := h.Get("Content-Security-Policy")
		if h.Get("X-Content-Type-Options") != "nosniff" || h.Get("X-Frame-Options") != "DENY" || h.Get("Referrer-Policy") != "no-referrer" ||
			len(h.Get("X-Amzn-RequestId")) != 36 || !strings.HasPrefix(policy, "default-src 'none'; style-src 'sha256-") || strings.Contains(policy, "unsafe") ||
			!strings.Contains(policy, "frame-ancestors 'none'") {
			t.Errorf("%d %v", rec.Code, h)
		}
		if id := h.Get("X-Amz-Cognito-Request-Id"); id == "" || id != h.Get("X-Amzn-RequestId") {
			t.Errorf("%d: request id %q", rec.Code, id)
		}
		if h.Get("X-XSS-Protection") != "1; mode=block" || h.Get("Strict-Transport-Security") != "max-age=31536000" {
			t.Errorf("%d: %v", rec.Code, h)
		}
		stored := [3]string{h.Get("Cache-Control"), h.Get("Pragma"), h.Get("Expires")}
		want := [3]string{"no-cache, no-store, max-age=0, must-revalidate", "no-cache", "0"}
		if rec.Code == 200 && !strings.Contains(h.Get("Content-Type"), "html") { // the one that may be kept
			want = [3]string{"public, max-age=60"}
		}
		if stored != want {
			t.Errorf("%d: %q, want %q", rec.Code, stored, want)
		}
		if allowed := h.Get("Access-Control-Allow-Origin") != ""; allowed && strings.Contains(h.Get("Content-Type"), "html") {
			t.Error("a page is open to other origins")
		}
	}
}

// TestTransport: browsers are told to come by TLS where they can, for the names below as well where the host is a pool's.
func TestTransport(t *testing.T) {
	for public, want := range map[string][3]string{ // at the pool's host, below the public URL, at nobody's host
		"https://id.example.com":  {"max-age=31536000 ; includeSubDomains", "max-age=31536000", "max-age=31536000"},
		"http://id.example.com":   {},
		"http://localhost:7654/x": {},
	} {
		s := newShell(public)
		for i, target := range []string{"https://login.example.com/page", "https://other.example.com/" + poolID + "/page", "https://other.example.com/none"} {
			if got := s.ask("GET", target, "").Header().Get("Strict-Transport-Security"); got != want[i] {
				t.Errorf("%s, %s: %q, want %q", public, target, got, want[i])
			}
		}
	}
}

func TestReplies(t *testing.T) {
	s := newShell("https://id.example.com/auth")
	page := s.ask("GET", "/auth/"+poolID+"/page", "")
	if body := page.Body.String(); page.Code != 200 || !strings.Contains(body, "<h1>&lt;b&gt;</h1>") || !strings.Contains(body, poolID+"/auth/"+poolID) ||
		page.Header().Get("Content-Type") != "text/html; charset=utf-8" || page.Header().Get("Access-Control-Allow-Origin") != "" || strings.Contains(body, "<script") {
		t.Errorf("%d %v %s", page.Code, page.Header(), body)
	}
	to := s.ask("POST", "/"+poolID+"/page", "code=1%202", "Content-Type", "application/x-www-form-urlencoded; charset=utf-8")
	if to.Code != 302 || to.Header().Get("Location") != "https://app.example/?code=1 2" || to.Header().Get("Set-Cookie") != "a=b" || to.Body.Len() > 0 {
		t.Errorf("%d %v", to.Code, to.Header())
	}
	if rec := s.ask("GET", "/"+poolID+"/thing", ""); rec.Code != 200 || rec.Body.String() != "{}" || rec.Header().Get("Access-Control-Allow-Origin") != "*" {
		t.Errorf("%d %v %s", rec.Code, rec.Header(), rec.Body)
	}
	rec := s.ask("OPTIONS", "/"+poolID+"/thing", "", "Access-Control-Request-Headers", "authorization")
	if rec.Code != 204 || rec.Header().Get("Access-Control-Allow-Methods") != "GET, DELETE, OPTIONS" || rec.Header().Get("Access-Control-Allow-Headers") != "authorization" {
		t.Errorf("%d %v", rec.Code, rec.Header())
	}
}

// TestPaths: what leads to a route, and what to nothing.
func TestPaths(t *testing.T) {
	s := newShell("https://id.example.com/auth")
	for path, want := range map[string]int{
		"/auth/" + poolID + "/page": 200, "/" + poolID + "/page": 200, "/auth/" + poolID + "/page/": 404, "/auth/" + poolID + "/pages": 404,
		"/auth/" + poolID: 404, "/auth/" + poolID + "/": 404, "/auth/page": 404, "/page": 404, "/other/" + poolID + "/page": 404,
		"/auth/../page": 404, "/auth/%3Cscript%3E_x/page": 404, "/auth/us-east-1_a%00/page": 404,
		"/auth/" + poolID + "/" + poolID + "/page": 404, "//" + poolID + "/page": 404,
		"/auth/" + poolID + "/.well-known/openid-configuration": 200, "/.well-known/openid-configuration/auth/" + poolID: 200,
		"/.well-known/openid-configuration/" + poolID: 200, "/auth/.well-known/openid-configuration/" + poolID: 200,
		"/.well-known/openid-configuration": 404, "/.well-known/jwks.json/" + poolID: 404, "/" + poolID + "/.well-known/jwks.json": 200,
		"/.well-known/openid-configuration/" + poolID + "/x": 404,
	} {
		if rec := s.ask("GET", path, ""); rec.Code != want {
			t.Errorf("%s: %d, want %d", path, rec.Code, want)
		}
	}
}

func TestNothing(t *testing.T) {
	s := newShell("https://id.example.com")
	for _, method := range []string{"GET", "POST", "OPTIONS"} {
		rec := s.ask(method, "/"+poolID+"/none", "", "Accept", "*/*")
		var got struct{ Error string }
		if json.Unmarshal(rec.Body.Bytes(), &got) != nil || rec.Code != 404 || got.Error != "not_found" || rec.Header().Get("Vary") != "Accept" {
			t.Errorf("%s: %d %s", method, rec.Code, rec.Body)
		}
	}
	rec := s.ask("GET", "/"+poolID+"/none", "", "Accept", "text/html,*/*;q=0.8")
	if rec.Code != 404 || !strings.Contains(rec.Body.String(), "There is no such page.") || rec.Header().Get("Access-Control-Allow-Origin") != "" {
		t.Errorf("%d %s", rec.Code, rec.Body)
	}
	if !strings.Contains(s.log.String(), `"cause":"nothing at /`+poolID+`/none"`) {
		t.Error(s.log.String())
	}
}

func TestRefused(t *testing.T) {
	s := newShell("https://id.example.com")
	form := "application/x-www-form-urlencoded"
	large := "code=" + strings.Repeat("a", MaxBody)
	for _, c := range []struct {
		method, path, body, kind string
		status                   int
	}{
		{"PUT", "/page", "", "", 405}, {"OPTIONS", "/page", "", "", 405}, {"HEAD", "/thing", "", "", 405},
		{"POST", "/page", large, form, 413}, {"POST", "/page", "code=1", "", 400}, {"POST", "/page", "code=1", "text/plain", 400},
		{"POST", "/page", "code=%zz", form, 400}, {"DELETE", "/thing", "", "", 500},
	} {
		rec := s.ask(c.method, "/"+poolID+c.path, c.body, "Content-Type", c.kind)
		if rec.Code != c.status || c.method != "HEAD" && !strings.Contains(rec.Body.String(), `"error"`) {
			t.Errorf("%s %s: %d %s", c.method, c.path, rec.Code, rec.Body)
		}
		if c.status == 405 && rec.Header().Get("Allow") == "" {
			t.Errorf("%s %s: no Allow", c.method, c.path)
		}
	}
	if strings.Contains(s.ask("DELETE", "/"+poolID+"/thing", "").Body.String(), "cellar") || !strings.Contains(s.log.String(), "cellar") {
		t.Error("a panic belongs into the log alone")
	}
	// a body whose length nobody announced
	r := httptest.NewRequest("POST", "/"+poolID+"/page", io.MultiReader(strings.NewReader(large), strings.NewReader("a")))
	r.Header.Set("Content-Type", form)
	rec := httptest.NewRecorder()
	if s.ServeHTTP(rec, r); rec.Code != 413 {
		t.Errorf("endless body: %d", rec.Code)
	}
}

func TestEvent(t *testing.T) {
	s := newShell("https://id.example.com")
	rec := s.ask("GET", "/"+poolID+"/page?secret=1", "", "User-Agent", strings.Repeat("ä", 300))
	for _, fact := range []string{
		`"operation":"Page_GET"`, `"pool":"` + poolID + `"`, `"clientIp":"192.0.2.7"`, `"status":200`, rec.Header().Get("X-Amzn-RequestId"),
	} {
		if !strings.Contains(s.log.String(), fact) {
			t.Errorf("no %s in %s", fact, s.log.String())
		}
	}
	if strings.Contains(s.log.String(), "secret") || strings.Count(s.log.String(), "\n") != 1 || s.log.Len() > 800 {
		t.Error(s.log.String())
	}
}

func TestTwoRoutes(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("two routes of one path were taken")
		}
	}()
	New(Deps{}, Route{Path: "/a"}, Route{Path: "/a"})
}
