package token

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"cognate/internal/api/cognitoidp"
	"cognate/internal/base/db"
)

// raws turns name, JSON pairs into claims.
func raws(pairs ...string) map[string]json.RawMessage {
	m := map[string]json.RawMessage{}
	for i := 0; i < len(pairs); i += 2 {
		m[pairs[i]] = json.RawMessage(pairs[i+1])
	}
	return m
}

// changed signs a user in with changes and returns the claims of both tokens, less those that differ by chance.
func (f *fixture) changed(ch *Changes) (id, access map[string]any) {
	f.t.Helper()
	subj := ana()
	subj.DeviceKey = "us-east-1_12345678-90ab-cdef-1234-567890abcdef"
	subj.Groups = []Group{{Name: "staff", RoleArn: "arn:aws:iam::000000000000:role/S", Precedence: new(int64(1))}}
	g, err := f.Prepare(f.t.Context(), f.pool, f.newClient(nil), subj, Options{Changes: ch, ACR: "urn:cognito:loa:1"})
	f.must(err)
	id, access = claimsOf(f.t, *g.Result().IdToken), claimsOf(f.t, *g.Result().AccessToken)
	for _, m := range []map[string]any{id, access} {
		for _, name := range []string{"jti", "origin_jti", "event_id", "aud", "client_id"} {
			delete(m, name)
		}
	}
	return id, access
}

// without copies claims less some names and with others.
func without(m map[string]any, drop []string, add map[string]any) map[string]any {
	out := maps.Clone(m)
	for _, name := range drop {
		delete(out, name)
	}
	maps.Copy(out, add)
	return out
}

func TestChanges(t *testing.T) {
	f := quick(t)
	plainID, plainAccess := f.changed(nil)
	roles := []string{claimGroups, claimRoles, claimPreferred}
	for _, tc := range []struct {
		name               string
		ch                 Changes
		dropID, dropAccess []string
		id, access         map[string]any
	}{
		{name: "nothing"},
		{name: "add and override", ch: Changes{ID: ClaimChanges{Add: raws("email", `"x@y.z"`, "tenant", `"a"`)}},
			id: map[string]any{"email": "x@y.z", "tenant": "a"}},
		{name: "access only", ch: Changes{Access: ClaimChanges{Add: raws("tenant", `"a"`, "email", `"e"`)}},
			access: map[string]any{"tenant": "a", "email": "e"}},
		{name: "suppress", ch: Changes{ID: ClaimChanges{Suppress: []string{"email", "address", "nobody"}}},
			dropID: []string{"email", "address"}},
		{name: "suppression beats addition", ch: Changes{ID: ClaimChanges{Add: raws("email", `"x"`, "new", `1`), Suppress: []string{"email", "new"}}},
			dropID: []string{"email"}},
		{name: "complex values", ch: Changes{ID: ClaimChanges{Add: raws("o", `{"a": [1, true, null]}`, "n", ` 1.50 `, "b", `false`)},
			Access: ClaimChanges{Add: raws("l", `[ "x" ]`, "address", `{"a":1}`)}},
			id:     map[string]any{"o": map[string]any{"a": []any{1.0, true, nil}}, "n": 1.5, "b": false},
			access: map[string]any{"l": []any{"x"}, "address": map[string]any{"a": 1.0}}},
		{name: "plain claims stay plain", ch: Changes{ID: ClaimChanges{Add: raws("email_verified", `{"a":1}`, "phone_number_verified", `[]`,
			"updated_at", `{}`, "address", `[1]`)}}},
		{name: "plain values of plain claims", ch: Changes{ID: ClaimChanges{Add: raws("email_verified", `"true"`, "address", `"x"`)}},
			id: map[string]any{"email_verified": "true", "address": "x"}},
		{name: "null and rubbish add nothing", ch: Changes{ID: ClaimChanges{Add: raws("a", `null`, "b", ``, "c", `{`, "", `1`, "email", ` null `)}}},
		{name: "dev attributes only leave", ch: Changes{ID: ClaimChanges{Add: raws("dev:custom:x", `"1"`), Suppress: []string{"dev:custom:y"}}}},
		{name: "names with quotes", ch: Changes{ID: ClaimChanges{Add: raws("a\"b\\", `"\u00e9\""`)}}, id: map[string]any{"a\"b\\": "é\""}},
		{name: "groups suppressed", ch: Changes{ID: ClaimChanges{Suppress: []string{claimGroups}}}, dropID: roles},
		{name: "groups suppressed beat groups added", ch: Changes{ID: ClaimChanges{Suppress: []string{claimGroups}, Add: raws(claimRoles, `["r"]`)}}, dropID: roles},
		{name: "groups suppressed in access", ch: Changes{Access: ClaimChanges{Suppress: []string{claimGroups}}}, dropAccess: roles},
		{name: "groups added as a claim", ch: Changes{Access: ClaimChanges{Add: raws(claimGroups, `["g"]`)}}, access: map[string]any{claimGroups: []any{"g"}}},
		{name: "groups overridden", ch: Changes{Override: true, Groups: []string{"g", "h"}, Roles: []string{"r"}, PreferredRole: new("r")},
			id:     map[string]any{claimGroups: []any{"g", "h"}, claimRoles: []any{"r"}, claimPreferred: "r"},
			access: map[string]any{claimGroups: []any{"g", "h"}}},
		{name: "groups overridden without roles", ch: Changes{Override: true, Groups: []string{"g"}}, dropID: roles,
			id: map[string]any{claimGroups: []any{"g"}}, access: map[string]any{claimGroups: []any{"g"}}},
		{name: "groups taken away", ch: Changes{Override: true}, dropID: roles, dropAccess: roles},
		{name: "groups without override do nothing", ch: Changes{Groups: []string{"g"}, Roles: []string{"r"}}},
		{name: "scopes", ch: Changes{AddScopes: []string{"api/read", "api/read", "api/write", "two words", "", "q\"", "b\\"}, SuppressScopes: []string{"api/write"}},
			access: map[string]any{"scope": AdminScope + " api/read"}},
		{name: "scope suppressed", ch: Changes{AddScopes: []string{"api/read"}, SuppressScopes: []string{AdminScope}}, access: map[string]any{"scope": "api/read"}},
		{name: "every scope suppressed", ch: Changes{SuppressScopes: []string{AdminScope}}, dropAccess: []string{"scope"}},
		{name: "scope only through scopes", ch: Changes{Access: ClaimChanges{Add: raws("scope", `"openid"`), Suppress: []string{"scope"}}}},
	} {
		id, access := f.changed(&tc.ch)
		if want := without(plainID, tc.dropID, tc.id); !reflect.DeepEqual(id, want) {
			t.Errorf("%s: ID token\n got %v\nwant %v", tc.name, id, want)
		}
		if want := without(plainAccess, tc.dropAccess, tc.access); !reflect.DeepEqual(access, want) {
			t.Errorf("%s: access token\n got %v\nwant %v", tc.name, access, want)
		}
	}
}

// TestReservedClaims tries to set and to remove every claim that is not the function's to change.
func TestReservedClaims(t *testing.T) {
	f := quick(t)
	both := []string{"acr", "amr", "at_hash", "aud", "auth_time", "azp", "event_id", "exp", "iat", "identities", "iss", "jti",
		"nbf", "nonce", "origin_jti", "sub", "token_use", "cognito:username", "cognito:default_role", "cognito:", "cognito:mfa_enabled"}
	for _, name := range slices.Clone(both) {
		both = append(both, strings.ToUpper(name), strings.Replace(name, "s", "\u017f", 1), strings.Replace(name, "k", "\u212a", 1))
	}
	access := append(slices.Clone(both), "Client_Id", "u\u017fername", "client_id", "device_key", "version", "username", "scope")
	evil := func(names []string) ClaimChanges {
		c := ClaimChanges{Add: raws(), Suppress: nil}
		for _, n := range names {
			c.Add[n] = json.RawMessage(`"evil"`)
		}
		return c
	}
	wantID, wantAccess := f.changed(nil)
	for what, ch := range map[string]*Changes{
		"add":      {ID: evil(both), Access: evil(access)},
		"suppress": {ID: ClaimChanges{Suppress: both}, Access: ClaimChanges{Suppress: access}},
		"objects":  {ID: ClaimChanges{Add: raws("sub", `{"a":1}`, "iss", `[1]`)}, Access: ClaimChanges{Add: raws("exp", `9e9`, "aud", `["x"]`)}},
	} {
		id, access := f.changed(ch)
		if !reflect.DeepEqual(id, wantID) || !reflect.DeepEqual(access, wantAccess) {
			t.Errorf("%s:\nID %v\nwant %v\naccess %v\nwant %v", what, id, wantID, access, wantAccess)
		}
	}
	// The claims that differ by chance, told apart from what was asked for.
	c := f.newClient(nil)
	g, err := f.Prepare(t.Context(), f.pool, c, ana(), Options{Changes: &Changes{ID: evil(both), Access: evil(access)}})
	must(t, err)
	for _, text := range []string{*g.Result().IdToken, *g.Result().AccessToken} {
		if body := part(t, text, 1); strings.Contains(body, "evil") || strings.Count(body, `"jti"`) != 1 || strings.Count(body, `"sub"`) != 1 {
			t.Errorf("claims %s", body)
		}
	}
}

func TestAudience(t *testing.T) {
	f := quick(t)
	c := f.newClient(nil)
	for value, want := range map[string]any{`"` + c.ID + `"`: c.ID, `"other"`: nil, `["` + c.ID + `"]`: nil, `null`: nil, `1`: nil} {
		g, err := f.Prepare(t.Context(), f.pool, c, ana(), Options{Changes: &Changes{Access: ClaimChanges{Add: raws("aud", value)}}})
		must(t, err)
		if m := claimsOf(t, *g.Result().AccessToken); m["aud"] != want {
			t.Errorf("aud %s gives %v", value, m["aud"])
		}
	}
}

// TestChangesKeepTheSession: changed tokens verify, refresh from the unchanged scope and are revoked like any other.
func TestChangesKeepTheSession(t *testing.T) {
	each(t, func(f *fixture) {
		c := f.newClient(nil)
		ch := &Changes{SuppressScopes: []string{AdminScope}, AddScopes: []string{"api/read"}, Access: ClaimChanges{Suppress: []string{"origin_jti", "event_id", "sub"}}}
		g, err := f.Prepare(f.t.Context(), f.pool, c, ana(), Options{Changes: ch})
		f.must(err)
		f.update(func(tx *db.Tx) error { return f.Commit(tx, g) })
		f.wantAccess(*g.Result().AccessToken, "Access Token does not have required scopes")
		a, err := f.VerifyToken(f.t.Context(), *g.Result().AccessToken)
		f.must(err)
		if !slices.Equal(a.Scopes, []string{"api/read"}) {
			f.t.Errorf("scopes %v", a.Scopes)
		}
		s, err := f.find(c, *g.Result().RefreshToken)
		f.must(err)
		if s.Scope != AdminScope {
			f.t.Errorf("the session keeps %q", s.Scope)
		}
		again, err := f.Renew(f.t.Context(), f.pool, c, s, ana(), &Changes{Access: ClaimChanges{Add: raws("n", "1")}})
		f.must(err)
		f.wantAccess(*again.Result().AccessToken, "")
		if m := claimsOf(f.t, *again.Result().AccessToken); m["n"] != 1.0 {
			f.t.Errorf("claims %v", m)
		}
		f.update(func(tx *db.Tx) error { return f.RevokeUser(tx, s.PoolID, s.Sub) })
		f.wantAccess(*again.Result().AccessToken, revoked)
	})
}

func TestTooManyChanges(t *testing.T) {
	f := quick(t)
	c := f.newClient(nil)
	many := ClaimChanges{Add: raws()}
	for i := range maxChanges {
		many.Add[fmt.Sprint("c", i)] = json.RawMessage("1")
	}
	long := ClaimChanges{Add: raws("l", `"`+strings.Repeat("x", 70<<10)+`"`)}
	for what, ch := range map[string]*Changes{
		"number": {ID: many, AddScopes: []string{"s"}}, "length of the ID token": {ID: long}, "length of the access token": {Access: long},
	} {
		if _, err := f.Prepare(t.Context(), f.pool, c, ana(), Options{Changes: ch}); !errors.Is(err, ErrChanges) {
			t.Errorf("%s: %v", what, err)
		}
		if what == "length of the ID token" {
			continue
		}
		if _, err := f.Machine(t.Context(), f.pool, c, nil, ch); !errors.Is(err, ErrChanges) {
			t.Errorf("machine, %s: %v", what, err)
		}
	}
}

// TestAnyChangesAreSafe: whatever a function answers, the tokens stay valid JSON with one of each claim, and what the
// server says stays as it is.
func TestAnyChangesAreSafe(t *testing.T) {
	f := quick(t)
	c := f.newClient(nil)
	name := rapid.OneOf(rapid.String(), rapid.SampledFrom([]string{"sub", "iss", "exp", "aud", "email", claimGroups, "cognito:username", "scope", "SUB", "\u017fub", "Event_id"}))
	value := rapid.OneOf(rapid.Custom(func(rt *rapid.T) string { b, _ := json.Marshal(rapid.String().Draw(rt, "s")); return string(b) }),
		rapid.SampledFrom([]string{"1", "null", `{"a":1}`, "[", "", `"x"},"sub":"y"`}))
	draw := func(rt *rapid.T, what string) ClaimChanges {
		out := ClaimChanges{Add: map[string]json.RawMessage{}, Suppress: rapid.SliceOf(name).Draw(rt, what)}
		for k, v := range rapid.MapOf(name, value).Draw(rt, what) {
			out.Add[k] = json.RawMessage(v)
		}
		return out
	}
	rapid.Check(t, func(rt *rapid.T) {
		ch := &Changes{ID: draw(rt, "id"), Access: draw(rt, "access"), AddScopes: rapid.SliceOf(rapid.String()).Draw(rt, "scopes")}
		subj := ana()
		cl := &claims{pool: f.pool, client: c, subject: &subj, session: &Session{Scope: AdminScope, EventID: "e"}, issuer: "i", links: true, changes: ch}
		m := ch.membership(subj.Groups)
		for use, text := range map[string][]byte{"id": cl.id("j", m), "access": cl.access("j", m)} {
			d := json.NewDecoder(strings.NewReader(string(text)))
			if names := topNames(rt, d); len(slices.Compact(slices.Sorted(slices.Values(names)))) != len(names) {
				rt.Fatalf("a claim twice: %s", text)
			}
			var got map[string]any
			if err := json.Unmarshal(text, &got); err != nil {
				rt.Fatalf("%v: %s", err, text)
			}
			if a := new(accessClaims); use == "access" && (json.Unmarshal(text, a) != nil || a.Sub != subj.Sub || a.EventID != "e") {
				rt.Fatalf("read as %+v: %s", a, text)
			}
			if got["sub"] != subj.Sub || got["iss"] != "i" || got["token_use"] != use || got["event_id"] != "e" || got["jti"] != "j" {
				rt.Fatalf("%s", text)
			}
		}
	})
}

// topNames reads the names of the members of one object.
func topNames(rt *rapid.T, d *json.Decoder) (names []string) {
	if _, err := d.Token(); err != nil {
		rt.Fatal(err)
	}
	for d.More() {
		name, err := d.Token()
		if err != nil {
			rt.Fatal(err)
		}
		names = append(names, name.(string))
		var skip json.RawMessage
		if err := d.Decode(&skip); err != nil {
			rt.Fatal(err)
		}
	}
	return names
}

func TestMachine(t *testing.T) {
	f := quick(t)
	c := f.newClient(func(in *cognitoidp.CreateUserPoolClientRequest) {
		in.GenerateSecret = new(true)
		in.AccessTokenValidity = new(int64(300))
		in.TokenValidityUnits = &cognitoidp.TokenValidityUnitsType{AccessToken: new(cognitoidp.TimeUnitsTypeSeconds)}
	})
	r, err := f.Machine(t.Context(), f.pool, c, []string{"api/read", "api/write"}, nil)
	must(t, err)
	now := float64(f.clock.Now().Unix())
	got := claimsOf(t, *r.AccessToken)
	want := map[string]any{"sub": c.ID, "client_id": c.ID, "token_use": "access", "scope": "api/read api/write", "version": 2.0,
		"iss": publicURL + "/" + f.pool.ID, "auth_time": now, "iat": now, "exp": now + 300, "jti": got["jti"]}
	if !reflect.DeepEqual(got, want) || *r.ExpiresIn != 300 || *r.TokenType != "Bearer" {
		t.Errorf("got %v\nwant %v", got, want)
	}
	// A machine is no user, not even with the scope that users have.
	f.wantAccess(*r.AccessToken, badToken)
	forged := &Changes{AddScopes: []string{AdminScope}, SuppressScopes: []string{"api/write"},
		Access: ClaimChanges{Add: raws("event_id", `"x"`, "username", `"root"`, "tier", `"gold"`, "client_id", `"x"`, "sub", `"x"`), Suppress: []string{"version"}}}
	r, err = f.Machine(t.Context(), f.pool, c, []string{"api/read", "api/write"}, forged)
	must(t, err)
	f.wantAccess(*r.AccessToken, badToken)
	got = claimsOf(t, *r.AccessToken)
	delete(want, "jti")
	delete(got, "jti")
	want["scope"], want["tier"] = "api/read "+AdminScope, "gold"
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %v\nwant %v", got, want)
	}
}
