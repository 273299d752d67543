package oauth

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"cognate/internal/api/cognitoidp"
	"cognate/internal/base/db"
	"cognate/internal/core/pool"
	"cognate/internal/core/token"
	"cognate/internal/testkit/cognitotest"
)

// desk is a world whose confidential client may introspect tokens, besides a client that stands for the API.
type desk struct {
	*world
	api *pool.Client
}

func newDesk(cw *cognitotest.World) *desk {
	d := &desk{world: newWorld(cw)}
	d.api = cw.Client(d.p, func(in *cognitoidp.CreateUserPoolClientRequest) { in.ClientSecret = new(machine) })
	d.tag(pool.TagIntrospection+d.secret.ID, "on", pool.TagIntrospection+d.api.ID, "https://api.example.com https://mcp.example.com/a")
	return d
}

// tag sets tags of the pool.
func (w *world) tag(pairs ...string) {
	w.T.Helper()
	tags := map[string]string{}
	for i := 0; i < len(pairs); i += 2 {
		tags[pairs[i]] = pairs[i+1]
	}
	cognitotest.Call(w.World, w.API.TagResource, &cognitoidp.TagResourceRequest{ResourceArn: w.p.ARN, Tags: tags})
	w.p = w.Reload(w.p.ID)
}

// introspect asks about a token as a client with one of the two secrets.
func (d *desk) introspect(c *pool.Client, secret, text string) map[string]any {
	d.T.Helper()
	status, out, header := d.ask("POST", pool.EndpointIntrospect, values("token", text), "Authorization", basic(c.ID, secret))
	if status != 200 || !strings.Contains(header.Get("Cache-Control"), "no-store") || header.Get("Access-Control-Allow-Origin") != "" {
		d.T.Fatalf("%d %v %v", status, out, header)
	}
	return out
}

// dead fails the test unless a client learns nothing about a token but that it is worth nothing.
func (d *desk) dead(name string, c *pool.Client, secret, text string) {
	d.T.Helper()
	if out := d.introspect(c, secret, text); len(out) != 1 || out["active"] != false {
		d.T.Errorf("%s: %v", name, out)
	}
}

func TestIntrospection(t *testing.T) {
	cognitotest.Each(t, func(cw *cognitotest.World) {
		d := newDesk(cw)
		sub := d.Get(d.p, "ana").Sub
		now := float64(d.Clock.Now().Unix())
		tokens := d.signIn(d.secret)
		for _, tc := range []struct {
			text string
			want map[string]any
		}{
			{*tokens.AccessToken, map[string]any{
				"active": true, "token_use": "access", "token_type": "Bearer", "client_id": d.secret.ID, "sub": sub, "username": "ana",
				"scope": "aws.cognito.signin.user.admin", "iss": cognitotest.PublicURL + "/" + d.p.ID, "jti": said(t, *tokens.AccessToken)["jti"],
				"iat": now, "exp": now + 3600, "auth_time": now,
			}},
			{*tokens.RefreshToken, map[string]any{
				"active": true, "token_use": "refresh", "client_id": d.secret.ID, "sub": sub, "username": "ana",
				"scope": "aws.cognito.signin.user.admin", "iat": now, "exp": now + 30*86400, "auth_time": now,
			}},
		} {
			if out := d.introspect(d.secret, secretA, tc.text); !maps.EqualFunc(out, tc.want, func(a, b any) bool { return a == b }) {
				d.T.Errorf("%v, want %v", out, tc.want)
			}
		}
		d.dead("an ID token", d.secret, secretA, *tokens.IdToken)
	})
}

// TestIntrospectionForOthers: a client that stands for a resource server sees what is meant for that, and nothing else.
func TestIntrospectionForOthers(t *testing.T) {
	d := newDesk(cognitotest.Quick(t))
	robot := func(scope string) string {
		_, out, _ := d.ask("POST", pool.EndpointToken, values("grant_type", "client_credentials", "scope", scope), "Authorization", basic(d.robot.ID, machine))
		return out["access_token"].(string)
	}
	const read = "https://api.example.com/read"
	if out := d.introspect(d.api, machine, robot(read)); out["scope"] != read || out["client_id"] != d.robot.ID || out["sub"] != d.robot.ID || out["username"] != nil {
		t.Errorf("a machine's: %v", out)
	}
	users := d.access(d.public, "ana", "openid other/write "+read)
	if out := d.introspect(d.api, machine, users); out["scope"] != read || out["username"] != "ana" {
		t.Errorf("a user's: %v", out)
	}
	bound := func(resource string) string {
		grant, err := d.Tokens.Prepare(d.Ctx, d.p, d.public, d.Users.Subject(d.Get(d.p, "ana"), nil), token.Options{Scope: "openid " + read, Resource: resource})
		if err == nil {
			err = d.DB.Update(d.Ctx, func(tx *db.Tx) error { return d.Tokens.Commit(tx, grant) })
		}
		if err != nil {
			t.Fatal(err)
		}
		return *grant.Result().AccessToken
	}
	if out := d.introspect(d.api, machine, bound("https://mcp.example.com/a")); out["scope"] != "openid "+read || fmt.Sprint(out["aud"]) != "[https://mcp.example.com/a]" {
		t.Errorf("bound to it: %v", out)
	}
	d.dead("bound to another", d.api, machine, bound("https://mcp.example.com/b"))
	d.dead("without scopes of the server", d.api, machine, d.access(d.public, "ana", "openid other/write"))
	d.dead("another client's, for one that stands for nothing", d.secret, secretA, robot(read))
	d.dead("another client's refresh token", d.api, machine, *d.signIn(d.secret).RefreshToken)
}

// TestIntrospectionOfTheDead: what has ended, and what was never ours, is worth nothing.
func TestIntrospectionOfTheDead(t *testing.T) {
	cognitotest.Each(t, func(cw *cognitotest.World) {
		d := newDesk(cw)
		admin := func(name string) *cognitoidp.AdminDisableUserRequest {
			return &cognitoidp.AdminDisableUserRequest{UserPoolId: d.p.ID, Username: name}
		}
		for name, end := range map[string]func(*cognitoidp.AuthenticationResultType){
			"disabled": func(*cognitoidp.AuthenticationResultType) {
				cognitotest.Call(d.World, d.API.AdminDisableUser, admin("bob"))
			},
			"signed out": func(*cognitoidp.AuthenticationResultType) {
				cognitotest.Call(d.World, d.API.AdminUserGlobalSignOut, &cognitoidp.AdminUserGlobalSignOutRequest{UserPoolId: d.p.ID, Username: "bob"})
			},
			"revoked": func(t *cognitoidp.AuthenticationResultType) {
				cognitotest.Call(d.World, d.API.RevokeToken, &cognitoidp.RevokeTokenRequest{Token: *t.RefreshToken, ClientId: d.secret.ID, ClientSecret: new(secretA)})
			},
			"deleted": func(*cognitoidp.AuthenticationResultType) {
				if err := d.API.AdminDeleteUser(d.Ctx, &cognitoidp.AdminDeleteUserRequest{UserPoolId: d.p.ID, Username: "bob"}); err != nil {
					d.T.Fatal(err)
				}
			},
			"expired": func(*cognitoidp.AuthenticationResultType) { d.Clock.Advance(31 * 24 * time.Hour) },
		} {
			d.User(d.p, "bob")
			in := cognitotest.PasswordAuth(d.secret, "bob", cognitotest.Password)
			in.AuthParameters["SECRET_HASH"] = cognitotest.SecretHash(d.secret, "bob")
			tokens := cognitotest.Call(d.World, d.API.InitiateAuth, in).AuthenticationResult
			end(tokens)
			d.dead(name+", access token", d.secret, secretA, *tokens.AccessToken)
			d.dead(name+", refresh token", d.secret, secretA, *tokens.RefreshToken)
			_ = d.API.AdminDeleteUser(d.Ctx, &cognitoidp.AdminDeleteUserRequest{UserPoolId: d.p.ID, Username: "bob"})
		}
		live := d.signIn(d.secret)
		elsewhere := newWorld(cw)
		foreign := elsewhere.signIn(elsewhere.secret)
		for name, text := range map[string]string{
			"another pool's access token": *foreign.AccessToken, "another pool's refresh token": *foreign.RefreshToken, "garbage": "garbage",
			"changed": *live.AccessToken + "x", "cut": (*live.RefreshToken)[:200], "huge": strings.Repeat("a", 60<<10), "dots": strings.Repeat(".", 1000),
		} {
			d.dead(name, d.secret, secretA, text)
		}
	})
}

// TestIntrospectionOfRotated: a token that was rotated out is worth nothing, and asking about it ends nothing.
func TestIntrospectionOfRotated(t *testing.T) {
	d := newDesk(cognitotest.Quick(t))
	rotating := d.Client(d.p, func(in *cognitoidp.CreateUserPoolClientRequest) {
		in.ClientSecret = new(secretA)
		in.ExplicitAuthFlows = []cognitoidp.ExplicitAuthFlowsType{cognitoidp.ExplicitAuthFlowsTypeAllowUserPasswordAuth}
		in.RefreshTokenRotation = &cognitoidp.RefreshTokenRotationType{Feature: cognitoidp.FeatureTypeEnabled}
	})
	d.tag(pool.TagIntrospection+rotating.ID, "on")
	first := *d.signIn(rotating).RefreshToken
	refresh := func(text string) (int, map[string]any) {
		status, out, _ := d.ask("POST", pool.EndpointToken, values("grant_type", "refresh_token", "refresh_token", text), "Authorization", basic(rotating.ID, secretA))
		return status, out
	}
	_, out := refresh(first)
	second := out["refresh_token"].(string)
	d.dead("rotated out", rotating, secretA, first)
	if out := d.introspect(rotating, secretA, second); out["active"] != true {
		t.Errorf("the newest: %v", out)
	}
	if status, out := refresh(second); status != 200 {
		t.Errorf("after asking: %d %v", status, out)
	}
}

// TestIntrospectionRefusals: only clients that may are answered, and only where there are any.
func TestIntrospectionRefusals(t *testing.T) {
	w := newWorld(cognitotest.Quick(t))
	text := *w.signIn(w.secret).AccessToken
	form := values("token", text)
	document := func() map[string]any {
		_, out, _ := w.ask("GET", pool.EndpointOpenID, nil)
		return out
	}
	if status, out, _ := w.ask("POST", pool.EndpointIntrospect, form, "Authorization", basic(w.secret.ID, secretA)); status != 404 || out["error"] != "not_found" || document()["introspection_endpoint"] != nil {
		t.Errorf("where nobody may: %d %v", status, out)
	}
	w.tag(pool.TagIntrospection+w.secret.ID, "on", pool.TagIntrospection+w.public.ID, "on", pool.TagIntrospection+w.robot.ID, "off")
	if doc := document(); doc["introspection_endpoint"] != cognitotest.PublicURL+"/"+w.p.ID+"/oauth2/introspect" || doc["introspection_endpoint_auth_methods_supported"] == nil {
		t.Errorf("discovery: %v", doc)
	}
	for name, tc := range map[string]struct {
		method string
		header []string
		status int
		code   string
	}{
		"a client that may not": {"POST", []string{"Authorization", basic(w.robot.ID, machine)}, 403, "unauthorized_client"},
		"a wrong secret":        {"POST", []string{"Authorization", basic(w.secret.ID, "x")}, 401, "invalid_client"},
		"an unknown client":     {"POST", []string{"Authorization", basic("nobody", "x")}, 401, "invalid_client"},
		"nobody":                {"POST", nil, 400, "invalid_request"},
		"a bearer":              {"POST", []string{"Authorization", "Bearer " + text}, 400, "invalid_request"},
		"by GET":                {"GET", []string{"Authorization", basic(w.secret.ID, secretA)}, 405, "invalid_request"},
	} {
		status, out, header := w.ask(tc.method, pool.EndpointIntrospect, form, tc.header...)
		if status != tc.status || out["error"] != tc.code || (header.Get("WWW-Authenticate") != "") != (status == http.StatusUnauthorized) {
			t.Errorf("%s: %d %v %v", name, status, out, header)
		}
	}
	public := values("token", text, "client_id", w.public.ID)
	if status, out, _ := w.ask("POST", pool.EndpointIntrospect, public); status != 403 {
		t.Errorf("a public client: %d %v", status, out)
	}
	if status, out, _ := w.ask("POST", pool.EndpointIntrospect, values(), "Authorization", basic(w.secret.ID, secretA)); status != 400 || out["error_description"] != "token is missing" {
		t.Errorf("no token: %d %v", status, out)
	}
}

// TestIntrospectionBudget: wrong secrets count, worthless tokens of a client that proves itself do not.
func TestIntrospectionBudget(t *testing.T) {
	eachLimited(t, func(w *world) {
		w.addr = "198.51.100.7"
		w.tag(pool.TagIntrospection+w.secret.ID, "on")
		ask := func(secret string) int {
			status, _, _ := w.send(request{pool.EndpointIntrospect, values("token", "garbage", "client_id", w.secret.ID, "client_secret", secret), nil})
			return status
		}
		for range 6 {
			if status := ask(secretA); status != 200 {
				w.T.Fatalf("a worthless token: %d", status)
			}
		}
		var got []int
		for range 4 {
			got = append(got, ask("wrong"))
		}
		if want := []int{401, 401, 401, 429}; !slices.Equal(got, want) || ask(secretA) != 429 {
			w.T.Errorf("wrong secrets: %v, want %v", got, want)
		}
	})
}

// TestIntrospectionTags: a tag that cannot be read is refused where it is set.
func TestIntrospectionTags(t *testing.T) {
	w := newWorld(cognitotest.Quick(t))
	for key, value := range map[string]string{
		pool.TagIntrospection: "on", pool.TagIntrospection + "a b": "on", pool.TagIntrospection + "abc": "on https://api.example.com",
		pool.TagIntrospection + "abd": "off x", pool.TagIntrospection + "abe": "  ",
	} {
		in := &cognitoidp.TagResourceRequest{ResourceArn: w.p.ARN, Tags: map[string]string{key: value}}
		if got := cognitotest.Refusal(w.World, w.API.TagResource, in); !strings.HasPrefix(got, "InvalidParameterException: The tag "+key+" must end with a client id") {
			t.Errorf("%s = %q: %s", key, value, got)
		}
	}
	if !json.Valid(introspection(nil)) {
		t.Error("no JSON")
	}
}
