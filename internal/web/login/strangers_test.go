package login

import (
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"cognate/internal/api/cognitoidp"
	"cognate/internal/base/db"
	"cognate/internal/base/httpkit"
	"cognate/internal/core/clientdoc"
	"cognate/internal/rooms"
	"cognate/internal/testkit/cognitotest"
	"cognate/internal/testkit/dbtest"
)

const (
	local    = "http://localhost:3334/oauth/callback"
	verifier = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFG"
)

// challenge is the PKCE challenge of verifier.
func challenge() string {
	sum := sha256.Sum256([]byte(verifier))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

// stranger is a client that the pool's owner has not made, under its client id.
type stranger struct {
	*app
	id string
}

// open opens the authorization endpoint for it.
func (s *stranger) open(b *browser, pairs ...string) *browser {
	all := []string{"client_id", s.id, "redirect_uri", local, "code_challenge", challenge(), "code_challenge_method", "S256", "scope", "openid email"}
	return b.open(append(all, pairs...)...)
}

// came is the code that the browser brings to it.
func (s *stranger) came(b *browser) string {
	b.T.Helper()
	if b.left == nil || !strings.HasPrefix(b.left.String(), local+"?") || b.left.Query().Get("code") == "" {
		b.T.Fatalf("no code: left for %v, at %s (%d): %s", b.left, b.at, b.status, readable(b.body))
	}
	return b.left.Query().Get("code")
}

// redeem exchanges a code under a client id, as the form says.
func (s *stranger) redeem(code string, pairs ...string) (int, map[string]any) {
	return s.ask(append([]string{"grant_type", "authorization_code", "code", code, "redirect_uri", local, "code_verifier", verifier}, pairs...)...)
}

func (s *stranger) ask(pairs ...string) (int, map[string]any) {
	s.T.Helper()
	status, body := s.token(append([]string{"client_id", s.id}, pairs...)...)
	out := map[string]any{}
	if err := json.Unmarshal([]byte(body), &out); err != nil {
		s.T.Fatal(body)
	}
	return status, out
}

// register registers a public client as those of the Model Context Protocol do.
func (a *app) register(name string) *stranger {
	a.T.Helper()
	a.p = a.Reload(a.p.ID)
	document := fmt.Sprintf(`{"client_name":%q,"redirect_uris":[%q],"token_endpoint_auth_method":"none","grant_types":["authorization_code","refresh_token"]}`, name, local)
	r := httptest.NewRequest(http.MethodPost, addresses.Base(a.p.Config)+"/oauth2/register", strings.NewReader(document))
	r.Header.Set("Content-Type", "application/json")
	rec := httptest.NewRecorder()
	a.handler.ServeHTTP(rec, r)
	var out struct {
		ID string `json:"client_id"`
	}
	if err := json.Unmarshal(rec.Body.Bytes(), &out); err != nil || rec.Code != http.StatusCreated {
		a.T.Fatalf("%d %s", rec.Code, rec.Body)
	}
	return &stranger{a, out.ID}
}

func registering(in *cognitoidp.CreateUserPoolRequest) {
	in.DcrConfiguration = &cognitoidp.DcrConfigurationType{OpenDcrEnabled: new(true)}
}

// TestRegisteredClient goes the whole way of a client that registers itself: users see its name and where it leads, also
// when they are signed in, and it proves by PKCE that it is who asked.
func TestRegisteredClient(t *testing.T) {
	cognitotest.Each(t, func(w *cognitotest.World) {
		a := newApp(w, registering, nil)
		w.User(a.p, "ana", "email", "ana@example.com")
		agent := a.register("Agent (work)")
		b := agent.open(a.browser()).says("Agent work (localhost:3334)")
		b.fill("username", "ana").fill("password", cognitotest.Password)
		status, tokens := agent.redeem(agent.came(b))
		if status != 200 || tokens["refresh_token"] == nil {
			w.T.Fatalf("%d %v", status, tokens)
		}
		status, next := agent.ask("grant_type", "refresh_token", "refresh_token", tokens["refresh_token"].(string))
		if status != 200 || next["refresh_token"] == nil || next["refresh_token"] == tokens["refresh_token"] {
			w.T.Errorf("refresh: %d %v", status, next)
		}
		// The browser is signed in. A client of the owner gets a code at once, a stranger when the user says so.
		b.open()
		b.code()
		agent.open(b).says("Agent work (localhost:3334)").fill("account", w.Get(a.p, "ana").Sub)
		if status, _ := agent.redeem(agent.came(b)); status != 200 {
			w.T.Errorf("from the session: %d", status)
		}
		if agent.open(b, "prompt", "none"); b.left.Query().Get("error") != "login_required" {
			w.T.Errorf("prompt=none: %v", b.left)
		}
		if agent.open(b, "code_challenge", "", "code_challenge_method", ""); b.left.Query().Get("error") != "invalid_request" {
			w.T.Errorf("without PKCE: %v", b.left)
		}
		if agent.open(b, "redirect_uri", "http://localhost:3335/oauth/callback"); b.left != nil || b.status != 400 {
			w.T.Errorf("another address: %v %d", b.left, b.status)
		}
		if agent.open(b, "response_type", "token"); b.left.Query().Get("code") != "" || !strings.Contains(b.left.String(), "unauthorized_client") {
			w.T.Errorf("implicit: %v", b.left)
		}
	})
}

// library is an app whose pool takes the documents of a web server.
type library struct {
	*app
	site   *httptest.Server
	grants string // of the documents
	lost   bool   // nothing is there any more
}

func newLibrary(t *testing.T, d *db.DB) *library {
	l := &library{grants: `["authorization_code","refresh_token"]`}
	l.site = httptest.NewTLSServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		if l.lost {
			http.NotFound(rw, r)
			return
		}
		rw.Header().Set("Content-Type", "application/json")
		fmt.Fprintf(rw, `{"client_id":"%s%s","client_name":"Agent %s","redirect_uris":[%q],"token_endpoint_auth_method":"none","grant_types":%s}`,
			l.site.URL, r.URL.Path, r.URL.Path[1:2], local, l.grants)
	}))
	t.Cleanup(l.site.Close)
	roots := x509.NewCertPool()
	roots.AddCert(l.site.Certificate())
	w := cognitotest.New(t, d, cognitotest.Options{Documents: clientdoc.NewClient(httpkit.ClientOptions{AllowLocal: true, TLS: &tls.Config{RootCAs: roots}})})
	l.app = newApp(w, nil, nil)
	w.User(l.p, "ana", "email", "ana@example.com")
	cognitotest.Call(w, w.API.CreateCIMDPolicy, &cognitoidp.CreateCIMDPolicyRequest{
		UserPoolId: l.p.ID, ClientId: l.c.ID, PolicyName: "agents", URLPatterns: []string{l.site.URL + "/*"},
	})
	return l
}

func (l *library) agent(path string) *stranger { return &stranger{l.app, l.site.URL + path} }

// TestDocumentedClient goes the whole way of a client that a metadata document describes.
func TestDocumentedClient(t *testing.T) {
	dbtest.Each(t, rooms.Migrations(), func(t *testing.T, d *db.DB) {
		l := newLibrary(t, d)
		host := strings.TrimPrefix(l.site.URL, "https://")
		one, two := l.agent("/1.json"), l.agent("/2.json")
		b := one.open(l.browser()).says("Agent 1 (" + host + " \u2192 localhost:3334)")
		b.fill("username", "ana").fill("password", cognitotest.Password)
		code := one.came(b)
		for name, id := range map[string]string{"another document": two.id, "the app client": l.c.ID, "none": l.site.URL + "/x?y"} {
			if status, out := one.redeem(code, "client_id", id); status != 400 || out["access_token"] != nil {
				t.Errorf("the code under %s: %d %v", name, status, out)
			}
		}
		status, tokens := one.redeem(code)
		if status != 200 || tokens["refresh_token"] == nil {
			t.Fatalf("%d %v", status, tokens)
		}
		if claims := payload(l.World, tokens["access_token"].(string)); !strings.Contains(claims, `"client_id":"`+l.c.ID+`"`) {
			t.Errorf("access token %s", claims)
		}
		refresh := []string{"grant_type", "refresh_token", "refresh_token", tokens["refresh_token"].(string)}
		for name, id := range map[string]string{"another document": two.id, "the app client": l.c.ID} {
			if status, out := one.ask(append(refresh, "client_id", id)...); status != 400 || out["error"] != "invalid_grant" {
				t.Errorf("the refresh token under %s: %d %v", name, status, out)
			}
		}
		in := &cognitoidp.InitiateAuthRequest{ClientId: l.c.ID, AuthFlow: "REFRESH_TOKEN_AUTH", AuthParameters: map[string]string{"REFRESH_TOKEN": refresh[3]}}
		if got := cognitotest.Refusal(l.World, l.API.InitiateAuth, in); !strings.HasPrefix(got, "NotAuthorizedException") {
			t.Errorf("at the API: %s", got)
		}
		if status, out := one.ask(refresh...); status != 200 {
			t.Errorf("refresh: %d %v", status, out)
		}
		if two.open(b).says("Agent 2"); b.left != nil {
			t.Error("a code in silence")
		}
		if two.open(b, "prompt", "none"); b.left.Query().Get("error") != "login_required" {
			t.Errorf("prompt=none: %v", b.left)
		}
		if one.open(b, "code_challenge", "", "code_challenge_method", ""); b.left.Query().Get("error") != "invalid_request" {
			t.Errorf("without PKCE: %v", b.left)
		}
		if one.open(b, "redirect_uri", callback); b.left != nil || b.status != 400 {
			t.Errorf("an address of the app client: %v %d", b.left, b.status)
		}
		form := url.Values{"grant_type": {"client_credentials"}, "client_id": {one.id}}
		if status, out := one.ask("grant_type", form.Get("grant_type")); status != 400 || out["error"] != "unauthorized_client" {
			t.Errorf("for itself: %d %v", status, out)
		}
	})
}

// TestDocumentedClientEnds: what the document, the policy and the pool say counts at the time.
func TestDocumentedClientEnds(t *testing.T) {
	l := newLibrary(t, dbtest.SQLite(t, rooms.Migrations()))
	l.grants = `["authorization_code"]`
	short := l.agent("/3.json")
	b := short.open(l.browser())
	b.fill("username", "ana").fill("password", cognitotest.Password)
	if status, out := short.redeem(short.came(b)); status != 200 || out["refresh_token"] != nil {
		t.Errorf("a document without refresh_token: %d %v", status, out)
	}
	l.grants = `["authorization_code","refresh_token"]`
	one := l.agent("/1.json")
	one.open(b).fill("account", l.Get(l.p, "ana").Sub)
	_, tokens := one.redeem(one.came(b))
	l.lost = true
	if status, _ := one.ask("grant_type", "refresh_token", "refresh_token", tokens["refresh_token"].(string)); status != 200 {
		t.Errorf("while the document is kept: %d", status)
	}
	policies := cognitotest.Call(l.World, l.API.ListCIMDPolicies, &cognitoidp.ListCIMDPoliciesRequest{UserPoolId: l.p.ID}).CIMDPolicies
	cognitotest.Call(l.World, l.API.UpdateClientMetadataURLState, &cognitoidp.UpdateClientMetadataURLStateRequest{
		UserPoolId: l.p.ID, CIMDPolicyId: policies[0].CIMDPolicyId, URL: one.id, Action: cognitoidp.CIMDCacheActionTypeInvalidate,
	})
	if status, out := one.ask("grant_type", "refresh_token", "refresh_token", tokens["refresh_token"].(string)); status != 400 || out["error"] != "invalid_client" {
		t.Errorf("without the document: %d %v", status, out)
	}
	if one.open(b); b.status != 400 || b.left != nil {
		t.Errorf("the authorization endpoint without the document: %d %v", b.status, b.left)
	}
	if unknown := (&stranger{l.app, "https://unknown.example/agent.json"}).open(b); unknown.status != 400 || unknown.left != nil {
		t.Errorf("an address that no policy takes: %d", unknown.status)
	}
}
