package machine_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"cognate/internal/api/cognitoidp"
	"cognate/internal/base/db"
	"cognate/internal/base/lambda"
	"cognate/internal/rooms"
	"cognate/internal/testkit/cognitotest"
	"cognate/internal/testkit/dbtest"
)

const (
	secret = "chosen0secret0of0this0client0number01"
	fn     = "arn:aws:lambda:us-east-1:000000000000:function:pretoken"
)

// function answers events and remembers them.
type function struct {
	events []map[string]any
	answer func(event map[string]any) (*lambda.Result, error)
}

func (f *function) Invoke(_ context.Context, in lambda.Invocation) (*lambda.Result, error) {
	var event map[string]any
	if err := json.Unmarshal(in.Payload, &event); err != nil {
		return nil, err
	}
	f.events = append(f.events, event)
	return f.answer(event)
}

// world is a pool with a resource server and a machine client.
type world struct {
	*cognitotest.World
	f      *function
	pool   string
	client string
}

func newWorld(t testing.TB, d *db.DB) *world {
	f := &function{answer: func(map[string]any) (*lambda.Result, error) {
		return &lambda.Result{Payload: []byte(`{"response":{}}`)}, nil
	}}
	w := &world{World: cognitotest.New(t, d, cognitotest.Options{Functions: f}), f: f}
	w.pool = w.newPool("")
	w.client = w.newClient(w.pool, cognitoidp.ExplicitAuthFlowsTypeAllowClientTokenAuth, "api/read", "api/write")
	return w
}

func each(t *testing.T, body func(w *world)) {
	t.Helper()
	dbtest.Each(t, rooms.Migrations(), func(t *testing.T, d *db.DB) { body(newWorld(t, d)) })
}

// newPool makes a pool with a server api, and a function of a version unless it is "".
func (w *world) newPool(version cognitoidp.PreTokenGenerationLambdaVersionType) string {
	w.T.Helper()
	in := &cognitoidp.CreateUserPoolRequest{PoolName: "m"}
	if version != "" {
		in.LambdaConfig = &cognitoidp.LambdaConfigType{PreTokenGenerationConfig: &cognitoidp.PreTokenGenerationVersionConfigType{LambdaVersion: version, LambdaArn: fn}}
	}
	id := *cognitotest.Call(w.World, w.API.CreateUserPool, in).UserPool.Id
	cognitotest.Call(w.World, w.API.CreateResourceServer, &cognitoidp.CreateResourceServerRequest{
		UserPoolId: id, Identifier: "api", Name: "API",
		Scopes: []cognitoidp.ResourceServerScopeType{{ScopeName: "read", ScopeDescription: "r"}, {ScopeName: "write", ScopeDescription: "w"}, {ScopeName: "admin", ScopeDescription: "a"}},
	})
	return id
}

func (w *world) newClient(poolID string, flow cognitoidp.ExplicitAuthFlowsType, scopes ...string) string {
	w.T.Helper()
	in := &cognitoidp.CreateUserPoolClientRequest{
		UserPoolId: poolID, ClientName: "m", ClientSecret: new(secret), AllowedOAuthScopes: scopes,
		ExplicitAuthFlows:   []cognitoidp.ExplicitAuthFlowsType{flow},
		AccessTokenValidity: new(int64(5)), TokenValidityUnits: &cognitoidp.TokenValidityUnitsType{AccessToken: new(cognitoidp.TimeUnitsTypeMinutes)},
	}
	return *cognitotest.Call(w.World, w.API.CreateUserPoolClient, in).UserPoolClient.ClientId
}

func (w *world) request(scopes ...string) *cognitoidp.GetClientTokenRequest {
	return &cognitoidp.GetClientTokenRequest{ClientId: w.client, Secret: secret, Scopes: scopes}
}

// claims gets a token and returns what it says.
func (w *world) claims(in *cognitoidp.GetClientTokenRequest) map[string]any {
	w.T.Helper()
	r := cognitotest.Call(w.World, w.API.GetClientToken, in).ClientAuthenticationResult
	raw, err := base64.RawURLEncoding.DecodeString(strings.Split(*r.AccessToken, ".")[1])
	if err != nil {
		w.T.Fatal(err)
	}
	m := map[string]any{}
	if err := json.Unmarshal(raw, &m); err != nil {
		w.T.Fatal(err)
	}
	if float64(*r.ExpiresIn) != m["exp"].(float64)-m["iat"].(float64) || *r.TokenType != "Bearer" {
		w.T.Errorf("ExpiresIn %d, TokenType %s, claims %v", *r.ExpiresIn, *r.TokenType, m)
	}
	return m
}

func TestGetClientToken(t *testing.T) {
	each(t, func(w *world) {
		m := w.claims(w.request())
		now := float64(w.Clock.Now().Unix())
		want := map[string]any{
			"sub": w.client, "client_id": w.client, "token_use": "access", "scope": "api/read api/write", "version": 2.0,
			"auth_time": now, "iat": now, "exp": now + 300, "iss": "https://id.example.com/" + w.pool, "jti": m["jti"],
		}
		if fmt.Sprint(m) != fmt.Sprint(want) {
			w.T.Errorf("claims\n got %v\nwant %v", m, want)
		}
		if m := w.claims(w.request("api/write", "api/write")); m["scope"] != "api/write" {
			w.T.Errorf("scope %v", m["scope"])
		}
		if len(w.f.events) != 0 {
			w.T.Errorf("a function without a place in the pool was called: %v", w.f.events)
		}
	})
}

func TestRefusals(t *testing.T) {
	each(t, func(w *world) {
		const unproven = "NotAuthorizedException: Invalid client or secret"
		user := w.newClient(w.pool, cognitoidp.ExplicitAuthFlowsTypeAllowUserSrpAuth, "api/read")
		bare := w.newClient(w.pool, cognitoidp.ExplicitAuthFlowsTypeAllowClientTokenAuth)
		public := *cognitotest.Call(w.World, w.API.CreateUserPoolClient, &cognitoidp.CreateUserPoolClientRequest{UserPoolId: w.pool, ClientName: "p"}).UserPoolClient.ClientId
		for _, tc := range []struct {
			client, secret string
			scopes         []string
			want           string
		}{
			{w.client, secret + "x", nil, unproven},
			{w.client, secret[1:], nil, unproven},
			{"0000000000000000000000000z", secret, nil, unproven},
			{public, secret, nil, unproven},
			{public, "", nil, unproven},
			{user, "wrong0wrong0wrong0wrong0", nil, unproven}, // the flow is told only to who proved itself
			{user, secret, nil, "NotAuthorizedException: ALLOW_CLIENT_TOKEN_AUTH flow not enabled for this client"},
			{w.client, secret, []string{"api/admin"}, "InvalidParameterException: Invalid scope requested: api/admin"},
			{w.client, secret, []string{"api/read", "openid"}, "InvalidParameterException: Invalid scope requested: openid"},
			{w.client, secret, []string{"api/read api/write"}, "InvalidParameterException: Invalid scope requested: api/read api/write"},
			{w.client, secret, []string{"aws.cognito.signin.user.admin"}, "InvalidParameterException: Invalid scope requested: aws.cognito.signin.user.admin"},
			{bare, secret, nil, "InvalidParameterException: Client " + bare + " has no custom scopes."},
		} {
			cognitotest.Refused(w.World, tc.want, w.API.GetClientToken, &cognitoidp.GetClientTokenRequest{ClientId: tc.client, Secret: tc.secret, Scopes: tc.scopes})
		}
		cognitotest.Call(w.World, w.API.UpdateResourceServer, &cognitoidp.UpdateResourceServerRequest{UserPoolId: w.pool, Identifier: "api", Name: "API",
			Scopes: []cognitoidp.ResourceServerScopeType{{ScopeName: "read", ScopeDescription: "r"}}})
		cognitotest.Refused(w.World, "InvalidParameterException: Invalid scope requested: api/write", w.API.GetClientToken, w.request("api/write"))
		if m := w.claims(w.request()); m["scope"] != "api/read" {
			w.T.Errorf("a deleted scope is granted: %v", m["scope"])
		}
		if err := w.API.DeleteUserPoolClient(w.Ctx, &cognitoidp.DeleteUserPoolClientRequest{UserPoolId: w.pool, ClientId: w.client}); err != nil {
			w.T.Fatal(err)
		}
		cognitotest.Refused(w.World, unproven, w.API.GetClientToken, w.request())
	})
}

// TestEitherSecret: both active secrets prove the client, a deleted one does not.
func TestEitherSecret(t *testing.T) {
	each(t, func(w *world) {
		added := cognitotest.Call(w.World, w.API.AddUserPoolClientSecret, &cognitoidp.AddUserPoolClientSecretRequest{UserPoolId: w.pool, ClientId: w.client}).ClientSecretDescriptor
		w.claims(w.request())
		w.claims(&cognitoidp.GetClientTokenRequest{ClientId: w.client, Secret: *added.ClientSecretValue})
		cognitotest.Call(w.World, w.API.DeleteUserPoolClientSecret, &cognitoidp.DeleteUserPoolClientSecretRequest{UserPoolId: w.pool, ClientId: w.client, ClientSecretId: *added.ClientSecretId})
		cognitotest.Refused(w.World, "NotAuthorizedException: Invalid client or secret", w.API.GetClientToken,
			&cognitoidp.GetClientTokenRequest{ClientId: w.client, Secret: *added.ClientSecretValue})
		w.claims(w.request())
	})
}

// TestNoUser: a machine token opens nothing that belongs to a user.
func TestNoUser(t *testing.T) {
	each(t, func(w *world) {
		r := cognitotest.Call(w.World, w.API.GetClientToken, w.request()).ClientAuthenticationResult
		cognitotest.Refused(w.World, "NotAuthorizedException: Invalid Access Token", w.API.GetUser, &cognitoidp.GetUserRequest{AccessToken: *r.AccessToken})
		cognitotest.Refused(w.World, "NotAuthorizedException: Invalid Access Token", w.API.GlobalSignOut, &cognitoidp.GlobalSignOutRequest{AccessToken: *r.AccessToken})
	})
}

func TestFunction(t *testing.T) {
	each(t, func(w *world) {
		w.pool = w.newPool(cognitoidp.PreTokenGenerationLambdaVersionTypeV30)
		w.client = w.newClient(w.pool, cognitoidp.ExplicitAuthFlowsTypeAllowClientTokenAuth, "api/read", "api/write")
		w.f.answer = func(event map[string]any) (*lambda.Result, error) {
			event["response"] = json.RawMessage(`{"claimsAndScopeOverrideDetails": {
				"idTokenGeneration": {"claimsToAddOrOverride": {"lost": "x"}},
				"accessTokenGeneration": {"claimsToAddOrOverride": {"tenant": {"id": 7}, "sub": "evil", "client_id": "evil", "Token_Use": "id"},
					"claimsToSuppress": ["exp", "version"], "scopesToAdd": ["extra"], "scopesToSuppress": ["api/write"]},
				"groupOverrideDetails": {"groupsToOverride": ["root"]}}}`)
			payload, err := json.Marshal(event)
			return &lambda.Result{Payload: payload}, err
		}
		in := w.request("api/read", "api/write")
		in.ClientMetadata = map[string]string{"job": "7"}
		m := w.claims(in)
		if m["scope"] != "api/read extra" || fmt.Sprint(m["tenant"]) != "map[id:7]" || m["sub"] != w.client || m["client_id"] != w.client ||
			m["version"] != 2.0 || len(m) != 11 {
			w.T.Errorf("claims %v", m)
		}
		e := w.f.events[0]
		request := e["request"].(map[string]any)
		if e["triggerSource"] != "TokenGeneration_ClientCredentials" || e["userName"] != "ClientCredentials" || e["version"] != "3" ||
			fmt.Sprint(request["clientMetadata"]) != "map[job:7]" || fmt.Sprint(request["scopes"]) != "[api/read api/write]" ||
			fmt.Sprint(request["userAttributes"]) != "map[]" || request["groupConfiguration"] != nil ||
			e["callerContext"].(map[string]any)["clientId"] != w.client {
			w.T.Errorf("event %v", e)
		}
		for _, tc := range []struct {
			answer func(map[string]any) (*lambda.Result, error)
			want   string
		}{
			{func(map[string]any) (*lambda.Result, error) {
				return &lambda.Result{FunctionError: "Unhandled", ErrorMessage: "no"}, nil
			}, "NotAuthorizedException: PreTokenGeneration failed with error no."},
			{func(map[string]any) (*lambda.Result, error) { return &lambda.Result{Payload: []byte(`[]`)}, nil }, "InvalidParameterException: Unrecognizable lambda output"},
			{func(map[string]any) (*lambda.Result, error) { return nil, lambda.ErrTimeout },
				"InvalidParameterException: PreTokenGeneration invocation failed due to error Socket timeout while invoking Lambda function."},
			{func(map[string]any) (*lambda.Result, error) {
				return &lambda.Result{Payload: []byte(`{"response":{"claimsAndScopeOverrideDetails":{"accessTokenGeneration":{"claimsToAddOrOverride":{"l":"` +
					strings.Repeat("x", 70<<10) + `"}}}}}`)}, nil
			}, "InvalidParameterException: Unrecognizable lambda output"},
		} {
			w.f.answer = tc.answer
			cognitotest.Refused(w.World, tc.want, w.API.GetClientToken, in)
		}
	})
}

// TestOlderFunctions: V1 and V2 functions never see machine tokens.
func TestOlderFunctions(t *testing.T) {
	w := newWorld(t, dbtest.SQLite(t, rooms.Migrations()))
	for _, version := range []cognitoidp.PreTokenGenerationLambdaVersionType{cognitoidp.PreTokenGenerationLambdaVersionTypeV10, cognitoidp.PreTokenGenerationLambdaVersionTypeV20} {
		w.pool = w.newPool(version)
		w.client = w.newClient(w.pool, cognitoidp.ExplicitAuthFlowsTypeAllowClientTokenAuth, "api/read")
		w.claims(w.request())
	}
	if len(w.f.events) != 0 {
		t.Errorf("events %v", w.f.events)
	}
}

// TestTwoTenants: a secret of one pool's client is worth nothing to another's, nor are the scopes.
func TestTwoTenants(t *testing.T) {
	each(t, func(w *world) {
		mine := w.client
		other := w.newPool("")
		theirs := *cognitotest.Call(w.World, w.API.CreateUserPoolClient, &cognitoidp.CreateUserPoolClientRequest{
			UserPoolId: other, ClientName: "o", GenerateSecret: new(true), AllowedOAuthScopes: []string{"api/admin"},
			ExplicitAuthFlows: []cognitoidp.ExplicitAuthFlowsType{cognitoidp.ExplicitAuthFlowsTypeAllowClientTokenAuth},
		}).UserPoolClient.ClientId
		cognitotest.Refused(w.World, "NotAuthorizedException: Invalid client or secret", w.API.GetClientToken,
			&cognitoidp.GetClientTokenRequest{ClientId: theirs, Secret: secret})
		w.client = mine
		if err := w.API.DeleteResourceServer(w.Ctx, &cognitoidp.DeleteResourceServerRequest{UserPoolId: other, Identifier: "api"}); err != nil {
			w.T.Fatal(err)
		}
		if m := w.claims(w.request()); m["scope"] != "api/read api/write" {
			w.T.Errorf("another pool's server took the scopes away: %v", m["scope"])
		}
		w.Clock.Advance(time.Hour)
	})
}
