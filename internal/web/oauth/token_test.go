package oauth

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"

	"cognate/internal/api/cognitoidp"
	"cognate/internal/core/pool"
	"cognate/internal/core/token"
	"cognate/internal/testkit/cognitotest"
	"cognate/internal/web/site"
)

const (
	secretA = "the0secret0of0the0confidential0client0a"
	machine = "the0secret0of0the0machine0client00000ab"
)

// world is a pool with a public, a confidential and a machine client, and ana.
type world struct {
	*cognitotest.World
	p                     *pool.Pool
	public, secret, robot *pool.Client
	handler               http.Handler
	addr                  string // who asks, "" for httptest's
}

func newWorld(cw *cognitotest.World) *world {
	w := &world{World: cw, p: cw.Pool(nil)}
	cognitotest.Call(cw, cw.API.CreateResourceServer, &cognitoidp.CreateResourceServerRequest{
		UserPoolId: w.p.ID, Identifier: "https://api.example.com", Name: "API",
		Scopes: []cognitoidp.ResourceServerScopeType{{ScopeName: "read", ScopeDescription: "r"}, {ScopeName: "write", ScopeDescription: "w"}},
	})
	w.public = cw.Client(w.p, nil)
	w.secret = cw.Client(w.p, func(in *cognitoidp.CreateUserPoolClientRequest) { in.ClientSecret = new(secretA) })
	w.robot = cw.Client(w.p, func(in *cognitoidp.CreateUserPoolClientRequest) {
		in.ClientSecret, in.ExplicitAuthFlows = new(machine), nil
		in.AllowedOAuthFlowsUserPoolClient = new(true)
		in.AllowedOAuthFlows = []cognitoidp.OAuthFlowType{cognitoidp.OAuthFlowTypeClientCredentials}
		in.AllowedOAuthScopes = []string{"https://api.example.com/read", "https://api.example.com/write"}
	})
	cw.User(w.p, "ana", "email", "ana@example.com", "email_verified", "true", "name", "Ana")
	addresses := pool.NewAddresses(cognitotest.PublicURL)
	w.handler = site.New(site.Deps{Addresses: addresses, Guard: cw.Guard}, Routes(Deps{
		Pools: cw.Pools, Tokens: cw.Tokens, Addresses: addresses,
		Machines: cw.Machines, Engine: cw.Engine, Revoker: token.Ops{Tokens: cw.Tokens}, Users: cw.Users, Facts: cw.Visits, Registrar: cw.Registration, Exchanger: cw.Exchange, Clients: cw.Requests, Documents: cw.ClientDocs,
	})...)
	return w
}

// ask sends a request to an endpoint of the pool; header are names and values.
func (w *world) ask(method string, at pool.Endpoint, form url.Values, header ...string) (int, map[string]any, http.Header) {
	w.T.Helper()
	r := httptest.NewRequest(method, "/"+w.p.ID+string(at), strings.NewReader(form.Encode()))
	if form != nil {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	for i := 0; i < len(header); i += 2 {
		r.Header.Add(header[i], header[i+1])
	}
	if w.addr != "" {
		r.RemoteAddr = w.addr + ":1234"
	}
	rec := httptest.NewRecorder()
	w.handler.ServeHTTP(rec, r)
	out := map[string]any{}
	if rec.Body.Len() > 0 {
		if err := json.Unmarshal(rec.Body.Bytes(), &out); err != nil {
			w.T.Fatalf("%d %s", rec.Code, rec.Body)
		}
	}
	return rec.Code, out, rec.Header()
}

// signIn signs ana in to a client with a secret.
func (w *world) signIn(c *pool.Client) *cognitoidp.AuthenticationResultType {
	w.T.Helper()
	in := cognitotest.PasswordAuth(c, "ana", cognitotest.Password)
	in.AuthParameters["SECRET_HASH"] = cognitotest.SecretHash(c, "ana")
	return cognitotest.Call(w.World, w.API.InitiateAuth, in).AuthenticationResult
}

// basic is the header of a client.
func basic(id, secret string) string {
	return "Basic " + base64.StdEncoding.EncodeToString([]byte(url.QueryEscape(id)+":"+url.QueryEscape(secret)))
}

func values(pairs ...string) url.Values {
	v := url.Values{}
	for i := 0; i < len(pairs); i += 2 {
		v.Add(pairs[i], pairs[i+1])
	}
	return v
}

// said are the claims of a token, which other tests verify.
func said(t testing.TB, text any) map[string]any {
	t.Helper()
	parts := strings.Split(text.(string), ".")
	raw, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]any{}
	if err := json.Unmarshal(raw, &out); err != nil {
		t.Fatal(err)
	}
	return out
}

func TestClientCredentials(t *testing.T) {
	cognitotest.Each(t, func(cw *cognitotest.World) {
		w := newWorld(cw)
		const both = "https://api.example.com/read https://api.example.com/write"
		for scope, want := range map[string]string{
			"": both, "https://api.example.com/read": "https://api.example.com/read",
			"https://api.example.com/read openid https://api.example.com/none": "https://api.example.com/read",
		} {
			status, out, header := w.ask("POST", pool.EndpointToken, values("grant_type", "client_credentials", "scope", scope), "Authorization", basic(w.robot.ID, machine))
			if status != 200 || out["token_type"] != "Bearer" || out["expires_in"] != 3600.0 || len(out) != 3 ||
				!strings.Contains(header.Get("Cache-Control"), "no-store") || header.Get("Access-Control-Allow-Origin") != "*" {
				w.T.Fatalf("%q: %d %v %v", scope, status, out, header)
			}
			if c := said(w.T, out["access_token"]); c["scope"] != want || c["client_id"] != w.robot.ID || c["sub"] != w.robot.ID {
				w.T.Errorf("%q: %v", scope, c)
			}
		}
		inForm := values("grant_type", "client_credentials", "client_id", w.robot.ID, "client_secret", machine, "aws_client_metadata", `{"a":"b"}`)
		if status, out, _ := w.ask("POST", pool.EndpointToken, inForm); status != 200 {
			w.T.Errorf("secret in the form: %d %v", status, out)
		}
	})
}

func TestRefreshGrant(t *testing.T) {
	cognitotest.Each(t, func(cw *cognitotest.World) {
		w := newWorld(cw)
		first := w.SignIn(w.public, "ana", cognitotest.Password)
		status, out, _ := w.ask("POST", pool.EndpointToken, values("grant_type", "refresh_token", "client_id", w.public.ID, "refresh_token", *first.RefreshToken))
		if status != 200 || out["id_token"] == nil || out["access_token"] == nil || out["refresh_token"] != nil {
			w.T.Fatalf("%d %v", status, out)
		}
		if c := said(w.T, out["access_token"]); c["username"] != "ana" {
			w.T.Error(c)
		}
		rotating := w.Client(w.p, func(in *cognitoidp.CreateUserPoolClientRequest) {
			in.ClientSecret = new(secretA)
			in.ExplicitAuthFlows = []cognitoidp.ExplicitAuthFlowsType{cognitoidp.ExplicitAuthFlowsTypeAllowUserPasswordAuth}
			in.RefreshTokenRotation = &cognitoidp.RefreshTokenRotationType{Feature: cognitoidp.FeatureTypeEnabled}
		})
		again := values("grant_type", "refresh_token", "refresh_token", *w.signIn(rotating).RefreshToken)
		var wg sync.WaitGroup
		var mu sync.Mutex
		won, next := 0, ""
		for range 12 {
			wg.Go(func() {
				status, out, _ := w.ask("POST", pool.EndpointToken, again, "Authorization", basic(rotating.ID, secretA))
				mu.Lock()
				defer mu.Unlock()
				switch {
				case status == 200:
					won++
					next = out["refresh_token"].(string)
				case status != 400 || out["error"] != "invalid_grant" || len(out) != 1:
					w.T.Errorf("a loser was answered %d %v", status, out)
				}
			})
		}
		wg.Wait()
		if won != 1 {
			w.T.Errorf("%d of parallel refreshes with one token won", won)
		}
		// Reuse ends the session, also for the winner.
		if status, out, _ := w.ask("POST", pool.EndpointToken, values("grant_type", "refresh_token", "refresh_token", next), "Authorization", basic(rotating.ID, secretA)); status != 400 || out["error"] != "invalid_grant" {
			w.T.Errorf("after reuse %d %v", status, out)
		}
	})
}

func TestRevoke(t *testing.T) {
	cognitotest.Each(t, func(cw *cognitotest.World) {
		w := newWorld(cw)
		tokens := w.SignIn(w.public, "ana", cognitotest.Password)
		revoke := values("client_id", w.public.ID, "token", *tokens.RefreshToken)
		if status, out, _ := w.ask("POST", pool.EndpointRevoke, values("client_id", w.public.ID, "token", *tokens.AccessToken)); status != 400 || out["error"] != "unsupported_token_type" {
			w.T.Errorf("access token: %d %v", status, out)
		}
		other := w.Client(w.p, nil)
		if status, out, _ := w.ask("POST", pool.EndpointRevoke, values("client_id", other.ID, "token", *tokens.RefreshToken)); status != 400 || out["error"] != "unauthorized_client" {
			w.T.Errorf("another client's: %d %v", status, out)
		}
		refresh := values("grant_type", "refresh_token", "client_id", w.public.ID, "refresh_token", *tokens.RefreshToken)
		if status, _, _ := w.ask("POST", pool.EndpointToken, refresh); status != 200 {
			w.T.Fatalf("the session ended by a refused revocation")
		}
		for range 2 {
			if status, out, _ := w.ask("POST", pool.EndpointRevoke, revoke); status != 200 || len(out) != 0 {
				w.T.Errorf("%d %v", status, out)
			}
		}
		if status, out, _ := w.ask("POST", pool.EndpointRevoke, values("client_id", w.public.ID, "token", "junk")); status != 200 {
			w.T.Errorf("junk: %d %v", status, out)
		}
		if status, out, _ := w.ask("POST", pool.EndpointToken, refresh); status != 400 || out["error"] != "invalid_grant" {
			w.T.Errorf("a revoked token refreshes: %d %v", status, out)
		}
		if got := cognitotest.Refusal(w.World, w.API.GetUser, &cognitoidp.GetUserRequest{AccessToken: *tokens.AccessToken}); !strings.Contains(got, "revoked") {
			w.T.Error(got)
		}
	})
}

// TestTokenRefusals: who does not prove itself, or asks for what it may not, gets the error of RFC 6749 and no token.
func TestTokenRefusals(t *testing.T) {
	w := newWorld(cognitotest.Quick(t))
	tokens := w.signIn(w.secret)
	elsewhere := w.Client(w.World.Pool(nil), nil)
	refresh := func(pairs ...string) url.Values {
		return values(append([]string{"grant_type", "refresh_token", "refresh_token", *tokens.RefreshToken}, pairs...)...)
	}
	robot := basic(w.robot.ID, machine)
	for name, c := range map[string]struct {
		form   url.Values
		header []string
		want   string
	}{
		"no grant":            {values("client_id", w.public.ID), nil, `invalid_request grant_type is missing`},
		"no client":           {refresh(), nil, `invalid_request client_id is missing`},
		"unknown client":      {refresh("client_id", "0000000000000000000000000z"), nil, `invalid_client`},
		"another pool's":      {refresh("client_id", elsewhere.ID), nil, `invalid_client`},
		"no secret":           {refresh("client_id", w.secret.ID), nil, `invalid_client invalid_client_secret`},
		"wrong secret":        {refresh("client_id", w.secret.ID, "client_secret", secretA+"x"), nil, `invalid_client invalid_client_secret`},
		"truncated":           {refresh("client_id", w.secret.ID, "client_secret", secretA[1:]), nil, `invalid_client invalid_client_secret`},
		"another's secret":    {refresh("client_id", w.secret.ID, "client_secret", machine), nil, `invalid_client invalid_client_secret`},
		"public with secret":  {refresh("client_id", w.public.ID, "client_secret", secretA), nil, `invalid_client invalid_client_secret`},
		"wrong basic":         {refresh(), []string{"Authorization", basic(w.secret.ID, "x")}, `invalid_client invalid_client_secret`},
		"two ways":            {refresh("client_secret", secretA), []string{"Authorization", basic(w.secret.ID, secretA)}, `invalid_request the client authenticates in two ways`},
		"two clients":         {refresh("client_id", w.public.ID), []string{"Authorization", basic(w.secret.ID, secretA)}, `invalid_request the client authenticates in two ways`},
		"two headers":         {refresh(), []string{"Authorization", robot, "Authorization", robot}, `invalid_request the Authorization header is not that of a client`},
		"bearer":              {refresh(), []string{"Authorization", "Bearer x"}, `invalid_request the Authorization header is not that of a client`},
		"repeated":            {refresh("client_id", w.public.ID, "client_id", w.public.ID), nil, `invalid_request a parameter is repeated: client_id`},
		"other grant":         {values("grant_type", "password", "client_id", w.public.ID), nil, `unsupported_grant_type`},
		"foreign refresh":     {refresh("client_id", w.public.ID), nil, `invalid_grant`},
		"no refresh token":    {values("grant_type", "refresh_token", "client_id", w.public.ID), nil, `invalid_request refresh_token is missing`},
		"garbage":             {values("grant_type", "refresh_token", "client_id", w.public.ID, "refresh_token", "a.b.c.d.e"), nil, `invalid_grant`},
		"access as refresh":   {values("grant_type", "refresh_token", "client_id", w.public.ID, "refresh_token", *tokens.AccessToken), nil, `invalid_grant`},
		"flow not allowed":    {values("grant_type", "client_credentials"), []string{"Authorization", basic(w.secret.ID, secretA)}, `unauthorized_client`},
		"flow of public":      {values("grant_type", "client_credentials", "client_id", w.public.ID), nil, `unauthorized_client`},
		"only foreign scopes": {values("grant_type", "client_credentials", "scope", "openid x/y"), []string{"Authorization", robot}, `invalid_scope`},
		"bad metadata":        {values("grant_type", "client_credentials", "aws_client_metadata", `{"a":1}`), []string{"Authorization", robot}, `invalid_request aws_client_metadata is not an object of strings`},
		"no form":             {nil, []string{"Authorization", robot}, `invalid_request a form is expected`},
	} {
		status, out, header := w.ask("POST", pool.EndpointToken, c.form, c.header...)
		got := out["error"].(string)
		if text, ok := out["error_description"].(string); ok {
			got += " " + text
		}
		if status != 400 || got != c.want || out["access_token"] != nil || !strings.Contains(header.Get("Cache-Control"), "no-store") {
			t.Errorf("%s: %d %s, want %s", name, status, got, c.want)
		}
		if challenge := header.Get("WWW-Authenticate"); strings.HasPrefix(c.want, "invalid_client") != (challenge != "") && slices.Contains(c.header, "Authorization") {
			t.Errorf("%s: WWW-Authenticate %q", name, challenge)
		}
	}
	if status, _, _ := w.ask("GET", pool.EndpointToken, nil); status != 405 {
		t.Errorf("GET: %d", status)
	}
}
