package token

import (
	"encoding/json"
	"fmt"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"cognate/internal/api/cognitoidp"
	"cognate/internal/core/pool"
)

const uuidForm = `^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`

// TestClaims compares the two tokens of a sign-in with the whole set of claims that they may carry.
func TestClaims(t *testing.T) {
	f := quick(t)
	c := f.newClient(func(in *cognitoidp.CreateUserPoolClientRequest) {
		in.ReadAttributes = []string{"email", "email_verified", "phone_number_verified", "name", "address",
			"custom:tier", "custom:age", "nickname"}
		in.AccessTokenValidity, in.IdTokenValidity = new(int64(10)), new(int64(7200))
		in.TokenValidityUnits = &cognitoidp.TokenValidityUnitsType{
			AccessToken: new(cognitoidp.TimeUnitsTypeMinutes), IdToken: new(cognitoidp.TimeUnitsTypeSeconds)}
	})
	subj := ana()
	subj.DeviceKey = "us-east-1_12345678-90ab-cdef-1234-567890abcdef"
	subj.Groups = []Group{{Name: "b", RoleArn: "arn:aws:iam::000000000000:role/B"}, {Name: "a", RoleArn: "arn:aws:iam::000000000000:role/A", Precedence: new(int64(1))}, {Name: "z", Precedence: new(int64(0))}}
	g := f.signIn(c, subj)
	r := g.Result()
	if *r.ExpiresIn != 600 || *r.TokenType != "Bearer" {
		t.Fatalf("ExpiresIn %d, TokenType %s", *r.ExpiresIn, *r.TokenType)
	}
	id, access := claimsOf(t, *r.IdToken), claimsOf(t, *r.AccessToken)
	for _, name := range []string{"origin_jti", "event_id", "auth_time"} {
		if id[name] == nil || id[name] != access[name] {
			t.Errorf("%s: %v and %v", name, id[name], access[name])
		}
	}
	uuid := regexp.MustCompile(uuidForm)
	for _, text := range []any{id["jti"], access["jti"], id["origin_jti"], id["event_id"]} {
		if s, _ := text.(string); !uuid.MatchString(s) {
			t.Errorf("%v is no UUID", text)
		}
	}
	if id["jti"] == access["jti"] {
		t.Error("both tokens have one jti")
	}
	now := float64(f.clock.Now().Unix())
	iss := publicURL + "/" + f.pool.ID
	groups := []any{"z", "a", "b"}
	common := map[string]any{
		"sub": subj.Sub, "iss": iss, "cognito:groups": groups, "event_id": g.Session().EventID,
		"origin_jti": g.Session().OriginJTI, "auth_time": now, "iat": now,
	}
	wantID := merge(common, map[string]any{
		"aud": c.ID, "token_use": "id", "cognito:username": "ana", "exp": now + 7200, "jti": id["jti"],
		"cognito:roles":          []any{"arn:aws:iam::000000000000:role/A", "arn:aws:iam::000000000000:role/B"},
		"cognito:preferred_role": "arn:aws:iam::000000000000:role/A",
		"email":                  "ana@example.com", "email_verified": true, "phone_number_verified": false,
		"name": "Ana \"A\" Ruiz", "address": map[string]any{"formatted": "1 Main St\nX"},
		"custom:tier": "gold", "custom:age": "7",
	})
	wantAccess := merge(common, map[string]any{
		"client_id": c.ID, "token_use": "access", "username": "ana", "exp": now + 600, "jti": access["jti"],
		"scope": AdminScope, "device_key": subj.DeviceKey,
	})
	if !reflect.DeepEqual(id, wantID) {
		t.Errorf("ID token\n got %v\nwant %v", id, wantID)
	}
	if !reflect.DeepEqual(access, wantAccess) {
		t.Errorf("access token\n got %v\nwant %v", access, wantAccess)
	}
}

func merge(a, b map[string]any) map[string]any {
	m := map[string]any{}
	for _, src := range []map[string]any{a, b} {
		for k, v := range src {
			m[k] = v
		}
	}
	return m
}

func TestHeaderAndKeys(t *testing.T) {
	f := quick(t)
	r := f.signIn(f.newClient(nil), ana()).Result()
	form := regexp.MustCompile(`^\{"kid":"([A-Za-z0-9+/]{43}=)","alg":"RS256"\}$`)
	var kids []string
	for _, text := range []string{*r.IdToken, *r.AccessToken} {
		m := form.FindStringSubmatch(part(t, text, 0))
		if m == nil {
			t.Fatalf("header %s", part(t, text, 0))
		}
		kids = append(kids, m[1])
	}
	if kids[0] == kids[1] {
		t.Error("both tokens are signed by one key")
	}
	jwks, err := f.Keys(t.Context(), f.pool.ID)
	must(t, err)
	var set struct {
		Keys []map[string]string `json:"keys"`
	}
	must(t, json.Unmarshal(jwks, &set))
	var published []string
	for _, k := range set.Keys {
		published = append(published, k["kid"])
		if k["alg"] != "RS256" || k["e"] != "AQAB" || k["kty"] != "RSA" || k["use"] != "sig" || len(k) != 6 {
			t.Errorf("key %v", k)
		}
	}
	slices.Sort(published)
	slices.Sort(kids)
	if !slices.Equal(published, kids) {
		t.Errorf("published %v, used %v", published, kids)
	}
}

// TestRevocationOffLeavesOutLinks: without token revocation there is no origin_jti, and jti in the access token only.
func TestRevocationOffLeavesOutLinks(t *testing.T) {
	f := quick(t)
	r := f.signIn(f.newClient(func(in *cognitoidp.CreateUserPoolClientRequest) {
		in.EnableTokenRevocation = new(false)
	}), ana()).Result()
	id, access := claimsOf(t, *r.IdToken), claimsOf(t, *r.AccessToken)
	if id["jti"] != nil || id["origin_jti"] != nil || access["origin_jti"] != nil || access["jti"] == nil {
		t.Errorf("ID token %v, access token %v", id, access)
	}
}

// TestDefaultReadAttributes: without a list a client reads all standard and all custom attributes.
func TestDefaultReadAttributes(t *testing.T) {
	f := quick(t)
	subj := ana()
	subj.Attributes["identities"], subj.Attributes["dev:custom:x"], subj.Attributes["iss"] = "[]", "1", "evil"
	id := claimsOf(t, *f.signIn(f.newClient(nil), subj).Result().IdToken)
	for _, name := range []string{"email", "phone_number", "updated_at", "name", "custom:tier"} {
		if id[name] != subj.Attributes[name] {
			t.Errorf("%s is %v", name, id[name])
		}
	}
	for name := range id {
		if strings.HasPrefix(name, "dev:") || name == "identities" {
			t.Errorf("%s is in the token", name)
		}
	}
	if id["iss"] != publicURL+"/"+f.pool.ID {
		t.Errorf("iss %v", id["iss"])
	}
	f.pool.Config.UserPoolTags = map[string]string{pool.TagUserInfoTypes: "json"}
	if id = claimsOf(t, *f.signIn(f.newClient(nil), subj).Result().IdToken); id["updated_at"] != 1700000000.0 || id["custom:age"] != "7" {
		t.Errorf("in the types of OpenID Connect: %v, %v", id["updated_at"], id["custom:age"])
	}
}

func TestLevelOnlyWhenAsked(t *testing.T) {
	f := quick(t)
	c := f.newClient(nil)
	subj := ana()
	subj.AMR, subj.AuthTime = []string{"pwd", "otp", "mfa"}, f.clock.Now().Unix()-100
	g, err := f.Prepare(t.Context(), f.pool, c, subj, Options{ACR: "urn:cognito:loa:4", Scope: "openid email"})
	must(t, err)
	for _, text := range []string{*g.Result().IdToken, *g.Result().AccessToken} {
		m := claimsOf(t, text)
		if m["acr"] != "urn:cognito:loa:4" || fmt.Sprint(m["amr"]) != "[pwd otp mfa]" || m["auth_time"] != float64(subj.AuthTime) {
			t.Errorf("claims %v", m)
		}
	}
	if m := claimsOf(t, *g.Result().AccessToken); m["scope"] != "openid email" {
		t.Errorf("scope %v", m["scope"])
	}
	if m := claimsOf(t, *f.signIn(c, subj).Result().IdToken); m["acr"] != nil || m["amr"] != nil {
		t.Errorf("unasked level in %v", m)
	}
}

func TestRoleClaims(t *testing.T) {
	p := func(n int64) *int64 { return &n }
	for _, tc := range []struct {
		name, preferred string
		groups          []Group
		roles           []string
	}{
		{name: "none", groups: []Group{{Name: "a"}}},
		{name: "lowest wins", groups: []Group{{"b", "B", p(5)}, {"a", "A", p(2)}}, roles: []string{"A", "B"}, preferred: "A"},
		{name: "zero is lowest", groups: []Group{{"b", "B", p(0)}, {"a", "A", nil}}, roles: []string{"B", "A"}, preferred: "B"},
		{name: "tie of different", groups: []Group{{"b", "B", p(2)}, {"a", "A", p(2)}, {"c", "C", p(3)}}, roles: []string{"A", "B", "C"}},
		{name: "tie of same", groups: []Group{{"b", "A", p(2)}, {"a", "A", p(2)}}, roles: []string{"A"}, preferred: "A"},
		{name: "tie of null", groups: []Group{{"b", "B", nil}, {"a", "A", nil}}, roles: []string{"A", "B"}},
		{name: "tie further down", groups: []Group{{"a", "A", p(1)}, {"b", "B", p(2)}, {"c", "C", p(2)}}, roles: []string{"A", "B", "C"}, preferred: "A"},
		{name: "without role skipped", groups: []Group{{"a", "", p(0)}, {"b", "B", p(1)}}, roles: []string{"B"}, preferred: "B"},
	} {
		roles, preferred := roleClaims(byPrecedence(tc.groups))
		if !slices.Equal(roles, tc.roles) || preferred != tc.preferred {
			t.Errorf("%s: %v, %q", tc.name, roles, preferred)
		}
	}
}

// TestAnyTextIsOneClaim: whatever an attribute holds, it comes back as itself and adds no claim.
func TestAnyTextIsOneClaim(t *testing.T) {
	f := quick(t)
	c := f.newClient(nil)
	rapid.Check(t, func(rt *rapid.T) {
		subj := Subject{Sub: "s", Username: rapid.String().Draw(rt, "username"), Attributes: map[string]string{
			"name": rapid.String().Draw(rt, "name"), "address": rapid.String().Draw(rt, "address"),
			"email_verified": rapid.String().Draw(rt, "verified"),
		}}
		cl := &claims{pool: f.pool, client: c, subject: &subj, session: &Session{}, issuer: "i"}
		var m map[string]any
		if err := json.Unmarshal(cl.id("", membership{}), &m); err != nil {
			rt.Fatal(err)
		}
		address, _ := m["address"].(map[string]any)
		if m["cognito:username"] != subj.Username || m["name"] != subj.Attributes["name"] ||
			address["formatted"] != subj.Attributes["address"] || m["email_verified"] != (subj.Attributes["email_verified"] == "true") ||
			len(m) != 12 {
			rt.Fatalf("%v", m)
		}
	})
}
