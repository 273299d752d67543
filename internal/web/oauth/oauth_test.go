package oauth

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"cognate/internal/api/cognitoidp"
	"cognate/internal/base/obs"
	"cognate/internal/core/pool"
	"cognate/internal/core/token"
	"cognate/internal/web/site"
)

const (
	testPool = "us-east-1_AbCdEf123"
	jwks     = `{"keys":[]}`
)

var errBroken = errors.New("the database is away")

// rooms is a deployment with one pool.
type rooms struct{ pool *pool.Pool }

func (r rooms) Pool(_ context.Context, id string) (*pool.Pool, error) {
	switch id {
	case testPool:
		return r.pool, nil
	case "us-east-1_broken000":
		return nil, errBroken
	}
	return nil, pool.ErrPoolNotFound
}

func (r rooms) PoolClient(ctx context.Context, poolID, _ string) (*pool.Pool, *pool.Client, error) {
	if _, err := r.Pool(ctx, poolID); err != nil {
		return nil, nil, err
	}
	return nil, nil, pool.ErrClientNotFound
}

func (rooms) StepUp(*pool.Pool) error { return nil }

func (rooms) Taken(context.Context, *pool.Pool) (bool, error) { return true, nil }

func (rooms) Keys(context.Context, string) ([]byte, error) { return []byte(jwks), nil }

func newHandler(publicURL string, log *slog.Logger) http.Handler {
	return newSite(newDeps(publicURL), log)
}

func newSite(d Deps, log *slog.Logger, more ...site.Route) http.Handler {
	return site.New(site.Deps{Addresses: d.Addresses, Log: log}, append(Routes(d), more...)...)
}

// endpoints are routes that answer nothing, as those of managed login stand beside the documents.
func endpoints(list ...pool.Endpoint) (routes []site.Route) {
	for _, e := range list {
		routes = append(routes, site.Route{Path: string(e), Refuse: refuse})
	}
	return routes
}

// login are the endpoints of managed login, as far as they are served from elsewhere.
func login() []site.Route {
	own := Routes(newDeps("https://id.example.com"))
	return slices.DeleteFunc(endpoints(pool.EndpointAuthorize, pool.EndpointToken, pool.EndpointUserInfo, pool.EndpointRevoke, pool.EndpointLogout),
		func(r site.Route) bool {
			return slices.ContainsFunc(own, func(o site.Route) bool { return o.Path == r.Path })
		})
}

func newDeps(publicURL string) Deps {
	r := rooms{&pool.Pool{ID: testPool, Region: "us-east-1", Config: &cognitoidp.UserPoolType{
		Id: new(testPool), AcrConfiguration: map[string]cognitoidp.AcrLevelConfigType{"Level1": {AcrValue: "one"}, "Level4": {AcrValue: "four"}},
	}}}
	return Deps{Pools: r, Tokens: r, Documents: r, Addresses: pool.NewAddresses(publicURL)}
}

func ask(t *testing.T, h http.Handler, method, target string, headers ...string) *http.Response {
	t.Helper()
	r := httptest.NewRequest(method, target, nil)
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w.Result()
}

func body(t *testing.T, r *http.Response) string {
	t.Helper()
	text, err := io.ReadAll(r.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// members are the ones that Cognito publishes; clients may rely on each.
var members = []string{
	"authorization_endpoint", "end_session_endpoint", "id_token_signing_alg_values_supported", "issuer", "jwks_uri",
	"response_types_supported", "revocation_endpoint", "scopes_supported", "subject_types_supported",
	"token_endpoint", "token_endpoint_auth_methods_supported", "userinfo_endpoint",
}

func TestDiscovery(t *testing.T) {
	aws := "https://cognito-idp.us-east-1.amazonaws.com"
	for _, tc := range []struct{ public, url string }{
		{"https://id.example.com", "https://id.example.com/" + testPool + "/.well-known/openid-configuration"},
		{"https://id.example.com/", "https://id.example.com/" + testPool + "/.well-known/oauth-authorization-server"},
		{"https://id.example.com", aws + "/" + testPool + "/.well-known/openid-configuration"},
		{"https://id.example.com", "https://id.example.com/.well-known/oauth-authorization-server/" + testPool},
		{"https://example.com/auth", "https://example.com/auth/" + testPool + "/.well-known/openid-configuration"},
		{"https://example.com/auth", "https://example.com/" + testPool + "/.well-known/openid-configuration"},
		{"https://example.com/auth", "https://example.com/.well-known/oauth-authorization-server/auth/" + testPool},
	} {
		r := ask(t, newSite(newDeps(tc.public), nil, login()...), "GET", tc.url)
		if r.StatusCode != 200 || r.Header.Get("Content-Type") != "application/json;charset=UTF-8" {
			t.Fatalf("%s: %s", tc.url, r.Status)
		}
		var doc map[string]any
		if err := json.Unmarshal([]byte(body(t, r)), &doc); err != nil {
			t.Fatal(err)
		}
		for _, name := range members {
			if doc[name] == nil {
				t.Errorf("%s is missing", name)
			}
		}
		base := strings.TrimRight(tc.public, "/") + "/" + testPool
		for name, want := range map[string]string{
			"issuer": base, "jwks_uri": base + "/.well-known/jwks.json",
			"authorization_endpoint": base + "/oauth2/authorize", "end_session_endpoint": base + "/logout",
			"userinfo_endpoint": base + "/oauth2/userInfo",
		} {
			if doc[name] != want {
				t.Errorf("%s: %s is %v, want %s", tc.url, name, doc[name], want)
			}
		}
	}
}

// TestDiscoveryOfWhatIsServed: the document names an endpoint when there is a route for it, and not before.
func TestDiscoveryOfWhatIsServed(t *testing.T) {
	h := &handler{newDeps("https://id.example.com")}
	p := h.Pools.(rooms).pool
	always := []string{"id_token_signing_alg_values_supported", "issuer", "jwks_uri", "response_types_supported", "subject_types_supported"}
	for e, more := range map[pool.Endpoint][]string{
		"": nil, pool.EndpointUserInfo: {"userinfo_endpoint"}, pool.EndpointRevoke: {"revocation_endpoint", "revocation_endpoint_auth_methods_supported"},
		pool.EndpointLogout: {"end_session_endpoint"}, pool.EndpointToken: {"grant_types_supported", "token_endpoint", "token_endpoint_auth_methods_supported"},
		pool.EndpointAuthorize: {
			"acr_values_supported", "authorization_endpoint", "authorization_response_iss_parameter_supported", "claim_types_supported",
			"claims_parameter_supported", "claims_supported", "code_challenge_methods_supported", "prompt_values_supported",
			"request_parameter_supported", "request_uri_parameter_supported", "response_modes_supported", "scopes_supported",
		},
	} {
		var doc map[string]any
		if err := json.Unmarshal(h.discovery(p, func(asked pool.Endpoint) bool { return asked == e }, false), &doc); err != nil {
			t.Fatal(err)
		}
		if have, want := slices.Sorted(maps.Keys(doc)), slices.Sorted(slices.Values(append(more, always...))); !slices.Equal(have, want) {
			t.Errorf("%q: %v, want %v", e, have, want)
		}
	}
}

// TestDiscoveryMembers: what OpenID Connect Discovery section 3 and RFC 9207 have clients read, by name.
func TestDiscoveryMembers(t *testing.T) {
	text := body(t, ask(t, newSite(newDeps("https://id.example.com"), nil, login()...), "GET", "/"+testPool+"/.well-known/openid-configuration"))
	var doc map[string]json.RawMessage
	if err := json.Unmarshal([]byte(text), &doc); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{
		"acr_values_supported": `["one","four"]`, "authorization_response_iss_parameter_supported": "true", "claims_parameter_supported": "false",
		"request_parameter_supported": "false", "request_uri_parameter_supported": "false", "response_modes_supported": `["query","fragment","form_post"]`,
		"response_types_supported": `["code","token"]`, "subject_types_supported": `["public"]`, "id_token_signing_alg_values_supported": `["RS256"]`,
	} {
		if string(doc[name]) != want {
			t.Errorf("%s is %s, want %s", name, doc[name], want)
		}
	}
	at := -1
	for _, name := range slices.Sorted(maps.Keys(doc)) {
		next := strings.Index(text, `"`+name+`":`)
		if next < at {
			t.Errorf("%s is not in its place: %s", name, text)
		}
		at = next
	}
}

// TestPinnedIssuer: the issuer may be AWS's while the endpoints stay where they can be reached.
func TestPinnedIssuer(t *testing.T) {
	d := newDeps("https://id.example.com")
	d.Pools.(rooms).pool.Config.IssuerConfiguration = &cognitoidp.IssuerConfigurationType{Type: new(cognitoidp.IssuerTypeUpdated)}
	var doc map[string]any
	text := body(t, ask(t, newSite(d, nil, login()...), "GET", "/"+testPool+"/.well-known/openid-configuration"))
	if err := json.Unmarshal([]byte(text), &doc); err != nil {
		t.Fatal(err)
	}
	iss := "https://issuer-cognito-idp.us-east-1.amazonaws.com/" + testPool
	if doc["issuer"] != iss || doc["jwks_uri"] != iss+"/.well-known/jwks.json" || doc["token_endpoint"] != "https://id.example.com/"+testPool+"/oauth2/token" {
		t.Fatalf("%v", doc)
	}
}

func TestKeysAndCaching(t *testing.T) {
	h := newHandler("https://id.example.com", nil)
	url := "/" + testPool + "/.well-known/jwks.json"
	r := ask(t, h, "GET", url, "Origin", "https://app.example.com")
	tag := r.Header.Get("ETag")
	if body(t, r) != jwks || r.Header.Get("Cache-Control") != "public, max-age=300" || len(tag) < 10 ||
		r.Header.Get("Access-Control-Allow-Origin") != "*" {
		t.Fatalf("%v", r.Header)
	}
	if r := ask(t, h, "GET", url, "If-None-Match", `W/"x", `+tag); r.StatusCode != 304 || body(t, r) != "" {
		t.Fatalf("%s", r.Status)
	}
	if r := ask(t, h, "HEAD", url); r.StatusCode != 200 || body(t, r) != "" || r.Header.Get("Content-Length") != "11" {
		t.Fatalf("%s %v", r.Status, r.Header)
	}
	r = ask(t, h, "OPTIONS", url, "Access-Control-Request-Headers", "x-amz-user-agent")
	if r.StatusCode != 204 || r.Header.Get("Access-Control-Allow-Methods") == "" || r.Header.Get("Access-Control-Allow-Headers") != "x-amz-user-agent" {
		t.Fatalf("%s %v", r.Status, r.Header)
	}
}

func TestRefusals(t *testing.T) {
	var log strings.Builder
	h := newHandler("https://id.example.com", obs.NewLogger(&log, obs.JSON, slog.LevelInfo))
	for _, tc := range []struct {
		method, target string
		status         int
		text           string
	}{
		{"POST", "/" + testPool + "/.well-known/jwks.json", 405, "Method not allowed."},
		{"GET", "/us-east-1_unknown00/.well-known/jwks.json", 404, "User pool us-east-1_unknown00 does not exist."},
		{"GET", "/us-east-1_broken000/.well-known/jwks.json", 500, "Something went wrong"},
		{"GET", "/" + testPool + "/.well-known/", 404, ""},
		{"GET", "/" + testPool + "/.well-known/jwks.json/x", 404, ""},
		{"GET", "/.well-known/jwks.json/" + testPool, 404, ""},
		{"GET", "/.well-known/openid-configuration", 404, ""},
		{"GET", "/a/" + testPool + "/.well-known/jwks.json", 404, ""},
		{"GET", "/%3Cscript%3E_x/.well-known/jwks.json", 404, ""},
		{"GET", "/us-east-1_a%00/.well-known/jwks.json", 404, ""},
	} {
		r := ask(t, h, tc.method, tc.target)
		if got := body(t, r); r.StatusCode != tc.status || got != want(tc.text) {
			t.Errorf("%s %s: %s %s", tc.method, tc.target, r.Status, got)
		}
		if r.StatusCode >= 500 && !strings.Contains(r.Header.Get("Cache-Control"), "no-store") {
			t.Errorf("%s: a failure may be cached", tc.target)
		}
	}
	if !strings.Contains(log.String(), errBroken.Error()) {
		t.Errorf("the failure was not reported: %s", log.String())
	}
}

// want is the body of a refusal; what is no document at all is answered by the site.
func want(text string) string {
	if text == "" {
		return `{"error":"not_found","error_description":"There is nothing at this address."}`
	}
	return `{"message":"` + text + `"}`
}

// TestInterfaces holds that the rooms are what the handler asks for.
func TestInterfaces(t *testing.T) {
	var _ Pools = (*pool.Pools)(nil)
	var _ Keys = (*token.Tokens)(nil)
}
