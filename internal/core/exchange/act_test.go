package exchange_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"cognate/internal/api/cognitoidp"
	"cognate/internal/base/db"
	"cognate/internal/base/lambda"
	"cognate/internal/core/token"
	"cognate/internal/rooms"
	"cognate/internal/testkit/cognitotest"
	"cognate/internal/testkit/dbtest"
)

// acting hands in an actor token.
func acting(in *cognitoidp.GetDerivedTokenRequest, kind cognitoidp.TokenTypeIdentifierType, text string) *cognitoidp.GetDerivedTokenRequest {
	in.ActorToken, in.ActorTokenType = &text, &kind
	return in
}

// TestActors: the token says who acts, and who did before; nobody acts by another's token, and nobody disappears.
func TestActors(t *testing.T) {
	w := quick(t)
	subject := w.access("openid orders/read")
	issuer := cognitotest.PublicURL + "/" + w.p.ID
	out, c := w.derive(acting(as(w.robot, w.request(subject)), "ACCESS_TOKEN", w.machine()))
	if got, want := fmt.Sprint(c["act"]), fmt.Sprint(map[string]any{"sub": w.robot.ID, "iss": issuer}); got != want || c["sub"] != claims(t, subject)["sub"] {
		t.Errorf("%s, want %s", got, want)
	}
	w.User(w.p, "bob")
	bob := w.Get(w.p, "bob")
	grant, err := w.Tokens.Prepare(w.Ctx, w.p, w.backend, w.Users.Subject(bob, nil), token.Options{})
	if err == nil {
		err = w.DB.Update(w.Ctx, func(tx *db.Tx) error { return w.Tokens.Commit(tx, grant) })
	}
	if err != nil {
		t.Fatal(err)
	}
	out, c = w.derive(acting(w.request(out.IssuedToken), "ID_TOKEN", *grant.Result().IdToken))
	want := fmt.Sprint(map[string]any{"sub": bob.Sub, "iss": issuer, "client_id": w.backend.ID, "act": map[string]any{"sub": w.robot.ID, "iss": issuer}})
	if got := fmt.Sprint(c["act"]); got != want {
		t.Errorf("nested: %s, want %s", got, want)
	}
	if _, c := w.derive(w.request(out.IssuedToken)); fmt.Sprint(c["act"]) != want {
		t.Errorf("without an actor: %v", c["act"])
	}
	for name, in := range map[string]*cognitoidp.GetDerivedTokenRequest{
		"another client's machine token": acting(w.request(subject), "ACCESS_TOKEN", w.machine()),
		"another client's user token":    acting(w.request(subject), "ACCESS_TOKEN", w.access("openid")),
		"garbage":                        acting(w.request(subject), "ACCESS_TOKEN", "garbage"),
	} {
		if got := cognitotest.Refusal(w.World, w.API.GetDerivedToken, in); got != "NotAuthorizedException: Invalid actor token" {
			t.Errorf("%s: %s", name, got)
		}
	}
	w.refused("ResourceNotFoundException: The provider Corp", func() *cognitoidp.GetDerivedTokenRequest {
		in := acting(w.request(subject), "ACCESS_TOKEN", "x")
		in.ActorTokenProviderName = new("Corp")
		return in
	}())
	for range 6 {
		out, _ = w.derive(acting(as(w.robot, w.request(out.IssuedToken)), "ACCESS_TOKEN", w.machine()))
	}
	w.refused("NotAuthorizedException: Too many parties", acting(as(w.robot, w.request(out.IssuedToken)), "ACCESS_TOKEN", w.machine()))
}

// functional is a world whose pool has a function.
func functional(t *testing.T, answer string) *world {
	f := &function{answer: func(event map[string]any) (*lambda.Result, error) {
		client := event["callerContext"].(map[string]any)["clientId"].(string)
		return &lambda.Result{Payload: []byte(`{"response":` + strings.ReplaceAll(answer, "BACKEND", client) + `}`)}, nil
	}}
	cw := cognitotest.New(t, dbtest.SQLite(t, rooms.Migrations()), cognitotest.Options{Functions: f})
	return newWorld(cw, f, func(in *cognitoidp.CreateUserPoolRequest) {
		in.LambdaConfig = &cognitoidp.LambdaConfigType{PreTokenGenerationConfig: &cognitoidp.PreTokenGenerationVersionConfigType{LambdaArn: fn, LambdaVersion: "V2_0"}}
	})
}

// TestFunction: the owner's function sees the exchange, and cannot touch what tells where the token comes from.
func TestFunction(t *testing.T) {
	w := functional(t, `{"claimsAndScopeOverrideDetails":{"accessTokenGeneration":{"claimsToAddOrOverride":{"tenant":"t1","act":{"sub":"x"},"Act":1,
		"origin_client_id":"x","aud":"BACKEND","event_id":"x"},"scopesToSuppress":["openid"]}}}`)
	in := w.request(w.access("openid orders/read"))
	in.Audiences = []string{"https://orders.example"}
	_, c := w.derive(in)
	if c["tenant"] != "t1" || c["act"] != nil || c["Act"] != nil || c["origin_client_id"] != w.app.ID || c["aud"] != "https://orders.example" || c["scope"] != "orders/read" {
		t.Errorf("%v", c)
	}
	event := w.f.events[0]
	if event["triggerSource"] != "TokenGeneration_TokenExchange" || event["userName"] != "ana" || event["callerContext"].(map[string]any)["clientId"] != w.backend.ID ||
		fmt.Sprint(event["request"].(map[string]any)["scopes"]) != "[openid orders/read]" {
		t.Errorf("%v", event)
	}
	w.f.answer = func(map[string]any) (*lambda.Result, error) {
		return &lambda.Result{FunctionError: "Unhandled", ErrorMessage: "no"}, nil
	}
	w.refused("UserLambdaValidationException: PreTokenGeneration failed with error no.", in)
}

// TestMayAct: a token that names who may act is exchanged for them alone.
func TestMayAct(t *testing.T) {
	w := functional(t, `{}`)
	for name, tc := range map[string]struct {
		claim string
		want  string
	}{
		"the client":          {`{"sub":"BACKEND"}`, ""},
		"the client by id":    {`{"client_id":"BACKEND"}`, ""},
		"somebody else":       {`{"sub":"robot"}`, "NotAuthorizedException: The subject token lets somebody else act."},
		"also somebody else":  {`{"sub":"BACKEND","client_id":"robot"}`, "NotAuthorizedException: The subject token lets somebody else act."},
		"something not known": {`{"sub":"BACKEND","email":"x"}`, "NotAuthorizedException: The subject token lets somebody else act."},
		"no object":           {`"BACKEND"`, "NotAuthorizedException: The subject token lets somebody else act."},
		"nobody":              {`{}`, "NotAuthorizedException: The subject token lets somebody else act."},
	} {
		claim := strings.ReplaceAll(tc.claim, "BACKEND", w.backend.ID)
		u := w.Get(w.p, "ana")
		grant, err := w.Tokens.Prepare(w.Ctx, w.p, w.app, w.Users.Subject(u, nil), token.Options{Changes: &token.Changes{
			Access: token.ClaimChanges{Add: map[string]json.RawMessage{"may_act": json.RawMessage(claim)}},
		}})
		if err == nil {
			err = w.DB.Update(w.Ctx, func(tx *db.Tx) error { return w.Tokens.Commit(tx, grant) })
		}
		if err != nil {
			t.Fatal(err)
		}
		if got := cognitotest.Refusal(w.World, w.API.GetDerivedToken, w.request(*grant.Result().AccessToken)); got != tc.want {
			t.Errorf("%s: %q", name, got)
		}
	}
}

// TestEndedMeanwhile: what ends while the function is at work yields no token.
func TestEndedMeanwhile(t *testing.T) {
	w := functional(t, `{}`)
	subject := w.access("openid orders/read")
	calm := w.f.answer
	w.f.answer = func(event map[string]any) (*lambda.Result, error) {
		cognitotest.Call(w.World, w.API.AdminUserGlobalSignOut, &cognitoidp.AdminUserGlobalSignOutRequest{UserPoolId: w.p.ID, Username: "ana"})
		return calm(event)
	}
	w.refused("NotAuthorizedException: Invalid subject token", w.request(subject))
	subject = w.access("openid orders/read")
	w.f.answer = func(event map[string]any) (*lambda.Result, error) {
		w.Clock.Advance(2 * time.Hour)
		return calm(event)
	}
	w.refused("NotAuthorizedException: Invalid subject token", w.request(subject))
}
