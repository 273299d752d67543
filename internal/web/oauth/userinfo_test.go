package oauth

import (
	"encoding/json"
	"maps"
	"net/url"
	"slices"
	"strings"
	"testing"

	"cognate/internal/api/cognitoidp"
	"cognate/internal/base/db"
	"cognate/internal/core/pool"
	"cognate/internal/core/token"
	"cognate/internal/testkit/cognitotest"
)

// access issues an access token with scopes, as the authorization endpoint does.
func (w *world) access(c *pool.Client, name, scopes string) string {
	w.T.Helper()
	u := w.Get(w.p, name)
	grant, err := w.Tokens.Prepare(w.Ctx, w.p, c, w.Users.Subject(u, nil), token.Options{Scope: scopes})
	if err == nil {
		err = w.DB.Update(w.Ctx, func(tx *db.Tx) error { return w.Tokens.Commit(tx, grant) })
	}
	if err != nil {
		w.T.Fatal(err)
	}
	return *grant.Result().AccessToken
}

func TestUserInfo(t *testing.T) {
	cognitotest.Each(t, func(cw *cognitotest.World) {
		w := newWorld(cw)
		for scopes, want := range map[string]string{
			"openid":               "email email_verified name sub username",
			"openid email":         "email email_verified sub username",
			"openid profile":       "name sub username",
			"openid phone":         "sub username",
			"openid email profile": "email email_verified name sub username",
		} {
			status, out, header := w.ask("GET", pool.EndpointUserInfo, nil, "Authorization", "Bearer "+w.access(w.public, "ana", scopes))
			got := strings.Join(slices.Sorted(maps.Keys(out)), " ")
			if status != 200 || got != want || out["username"] != "ana" || !strings.Contains(header.Get("Cache-Control"), "no-store") {
				w.T.Errorf("%s: %d %s, want %s", scopes, status, got, want)
			}
			if v, ok := out["email_verified"]; ok && v != "true" {
				w.T.Errorf("email_verified is %v, want a string", v)
			}
		}
		narrow := w.Client(w.p, func(in *cognitoidp.CreateUserPoolClientRequest) { in.ReadAttributes = []string{"name"} })
		if _, out, _ := w.ask("POST", pool.EndpointUserInfo, nil, "Authorization", "bearer "+w.access(narrow, "ana", "openid")); out["email"] != nil || out["name"] != "Ana" {
			w.T.Errorf("what the client may not read: %v", out)
		}
	})
}

// TestUserInfoTypes: a tag of the pool asks for the types of OpenID Connect.
func TestUserInfoTypes(t *testing.T) {
	w := newWorld(cognitotest.Quick(t))
	w.User(w.p, "cal", "email", "cal@example.com", "email_verified", "false", "address", "1 Main St", "updated_at", "1700000000", "phone_number", "+15550100", "phone_number_verified", "true")
	info := func() string {
		_, out, _ := w.ask("GET", pool.EndpointUserInfo, nil, "Authorization", "Bearer "+w.access(w.public, "cal", "openid"))
		delete(out, "sub")
		b, err := json.Marshal(out)
		if err != nil {
			t.Fatal(err)
		}
		return string(b)
	}
	const text = `{"address":"1 Main St","email":"cal@example.com","email_verified":"false","phone_number":"+15550100","phone_number_verified":"true","updated_at":"1700000000","username":"cal"}`
	if got := info(); got != text {
		t.Errorf("without a tag: %s", got)
	}
	w.tag(pool.TagUserInfoTypes, "json")
	if got := info(); got != `{"address":{"formatted":"1 Main St"},"email":"cal@example.com","email_verified":false,"phone_number":"+15550100","phone_number_verified":true,"updated_at":1700000000,"username":"cal"}` {
		t.Errorf("json: %s", got)
	}
	w.tag(pool.TagUserInfoTypes, "string")
	if got := info(); got != text {
		t.Errorf("string: %s", got)
	}
	in := &cognitoidp.TagResourceRequest{ResourceArn: w.p.ARN, Tags: map[string]string{pool.TagUserInfoTypes: "yes"}}
	if got := cognitotest.Refusal(w.World, w.API.TagResource, in); got != "InvalidParameterException: The tag cognate:userinfo-types must be string or json; not yes" {
		t.Error(got)
	}
}

// TestUserInfoByForm: a POST may have the token in its form, and then nowhere else.
func TestUserInfoByForm(t *testing.T) {
	w := newWorld(cognitotest.Quick(t))
	good := w.access(w.public, "ana", "openid")
	for name, c := range map[string]struct {
		status int
		form   url.Values
		header []string
	}{
		"alone":       {200, values("access_token", good), nil},
		"with others": {200, values("access_token", good, "schema", "openid"), nil},
		"both":        {400, values("access_token", good), []string{"Authorization", "Bearer " + good}},
		"twice":       {400, url.Values{"access_token": {good, good}}, nil},
		"empty":       {400, values("access_token", ""), nil},
		"another":     {400, values("token", good), nil},
		"wrong":       {401, values("access_token", good+"x"), nil},
	} {
		if status, out, _ := w.ask("POST", pool.EndpointUserInfo, c.form, c.header...); status != c.status || (status == 200) != (out["username"] == "ana") {
			t.Errorf("%s: %d %v", name, status, out)
		}
	}
}

func TestUserInfoRefusals(t *testing.T) {
	w := newWorld(cognitotest.Quick(t))
	const bad = `Bearer error="invalid_request", error_description="Bad OAuth2 request at UserInfo Endpoint"`
	const dead = `Bearer error="invalid_token", error_description="Access token is expired, disabled, or deleted, or the user has globally signed out."`
	good := w.access(w.public, "ana", "openid")
	signedIn := w.SignIn(w.public, "ana", cognitotest.Password)
	refused := func(what string, status int, challenge string, header ...string) {
		t.Helper()
		got, out, h := w.ask("GET", pool.EndpointUserInfo, nil, header...)
		if got != status || h.Get("WWW-Authenticate") != challenge || out["sub"] != nil {
			t.Errorf("%s: %d %q %v", what, got, h.Get("WWW-Authenticate"), out)
		}
	}
	refused("nothing", 400, bad)
	refused("basic", 400, bad, "Authorization", basic("a", "b"))
	refused("two", 400, bad, "Authorization", "Bearer "+good, "Authorization", "Bearer "+good)
	refused("words", 400, bad, "Authorization", "Bearer a b")
	refused("garbage", 401, dead, "Authorization", "Bearer x.y.z")
	refused("tampered", 401, dead, "Authorization", "Bearer "+good[:len(good)-2]+"AA")
	refused("ID token", 401, dead, "Authorization", "Bearer "+*signedIn.IdToken)
	refused("of the API", 401, dead, "Authorization", "Bearer "+*signedIn.AccessToken)
	other := w.World.Pool(nil)
	w.User(other, "bob")
	foreign := &world{World: w.World, p: other, handler: w.handler}
	token := foreign.access(w.World.Client(other, nil), "bob", "openid")
	refused("another pool's", 401, dead, "Authorization", "Bearer "+token)
	cognitotest.Call(w.World, w.API.AdminDisableUser, &cognitoidp.AdminDisableUserRequest{UserPoolId: w.p.ID, Username: "ana"})
	refused("disabled", 401, dead, "Authorization", "Bearer "+good)
}
