package screen

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

func TestPreview(t *testing.T) {
	brand := Brand{App: "Blue <Sky>", Version: "1", Notes: []string{"a <b> is too pale"}, Files: map[string]File{"/assets/a.svg": {"image/svg+xml", []byte("<svg/>")}}}
	var fails error
	p := &Preview{Drawer: drawer(t), Brand: func(context.Context) (Brand, error) { return brand, fails }}
	get := func(target, host, referer string) *httptest.ResponseRecorder {
		r := httptest.NewRequest(http.MethodGet, target, nil)
		if r.Host = "127.0.0.1:7655"; host != "" {
			r.Host = host
		}
		r.Header.Set("Referer", referer)
		rec := httptest.NewRecorder()
		p.ServeHTTP(rec, r)
		return rec
	}
	for _, c := range []struct {
		target, host, referer string
		status                int
		has                   string
	}{
		{"/", "", "", 200, "Sign-in pages of Blue &lt;Sky&gt;"},
		{"/", "", "", 200, "a &lt;b&gt; is too pale"},
		{"/?lang=ar&classic=1", "", "", 200, "classic=1&amp;lang=ar&amp;name=login"},
		{"/page?name=login&mode=dark&lang=de", "", "", 200, "Bei Blue &lt;Sky&gt; anmelden"},
		{"/page?name=login&mode=dark", "", "", 200, "--scheme:dark;"},
		{"/page?name=login&mode=light", "", "", 200, "--scheme:light;"},
		{"/page?name=login&classic=1", "", "", 200, "cognitoSignInForm"},
		{"/page?name=nothing", "", "", 404, ""},
		{"/assets/a.svg", "", "", 200, "<svg/>"},
		{ScriptPath, "", "", 200, "use strict"},
		{"/signup", "", "http://127.0.0.1:7655/page?name=login", 303, ""},
		{"/signup", "", "", 404, ""},
		{"/", "evil.example", "", 403, ""},
	} {
		rec := get(c.target, c.host, c.referer)
		if rec.Code != c.status || !strings.Contains(rec.Body.String(), c.has) {
			t.Errorf("%s: %d, lacks %q", c.target, rec.Code, c.has)
		}
	}
	if csp := get("/page?name=login", "", "").Header().Get("Content-Security-Policy"); !strings.Contains(csp, "frame-ancestors 'self'") {
		t.Error(csp)
	}
	before := get("/version", "", "").Body.String()
	if again := get("/version", "", "").Body.String(); again != before {
		t.Error("the version changes by itself")
	}
	if brand.Version = "2"; get("/version", "", "").Body.String() == before {
		t.Error("the version stays")
	}
	if fails = errors.New("no such client"); get("/", "", "").Code != 502 {
		t.Error("a failure is not told")
	}
}

// TestForced: a style that has one scheme keeps it, and what is given is not changed.
func TestForced(t *testing.T) {
	one := map[string]any{"categories": map[string]any{"global": map[string]any{"colorSchemeMode": light}}}
	if got := tree(forced(one, "dark")).scheme(); got != light {
		t.Error(got)
	}
	both := map[string]any{"categories": map[string]any{"global": map[string]any{"colorSchemeMode": dynamic}}, "components": "kept"}
	got := tree(forced(both, "dark"))
	if got.scheme() != dark || tree(both).scheme() != dynamic || got["components"] != "kept" {
		t.Error(got, both)
	}
	if forced(nil, "") != nil || tree(forced(nil, "dark")).scheme() != dark {
		t.Error("Cognate's own look")
	}
}
