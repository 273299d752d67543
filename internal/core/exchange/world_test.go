package exchange_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"strings"
	"testing"

	"cognate/internal/api/cognitoidp"
	"cognate/internal/base/db"
	"cognate/internal/base/lambda"
	"cognate/internal/core/pool"
	"cognate/internal/core/token"
	"cognate/internal/testkit/cognitotest"
)

const (
	secret = "chosen0secret0of0this0client0number01"
	fn     = "arn:aws:lambda:us-east-1:000000000000:function:pretoken"

	impersonate = cognitoidp.ExplicitAuthFlowsTypeAllowTokenExchangeImpersonation
	delegate    = cognitoidp.ExplicitAuthFlowsTypeAllowTokenExchangeDelegation
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

// world is ana, an app that she signed in to, a backend that exchanges tokens with a secret, a public client that may too,
// and a robot.
type world struct {
	*cognitotest.World
	f                           *function
	p                           *pool.Pool
	app, backend, public, robot *pool.Client
}

func newWorld(cw *cognitotest.World, f *function, set func(*cognitoidp.CreateUserPoolRequest)) *world {
	w := &world{World: cw, f: f, p: cw.Pool(set)}
	for id, scopes := range map[string][]string{"orders": {"read", "write"}, "pay": {"charge"}} {
		in := &cognitoidp.CreateResourceServerRequest{UserPoolId: w.p.ID, Identifier: id, Name: id}
		for _, s := range scopes {
			in.Scopes = append(in.Scopes, cognitoidp.ResourceServerScopeType{ScopeName: s, ScopeDescription: s})
		}
		cognitotest.Call(cw, cw.API.CreateResourceServer, in)
	}
	w.app = w.client(false, "openid email profile orders/read orders/write pay/charge aws.cognito.signin.user.admin")
	w.backend = w.client(true, "openid email orders/read pay/charge aws.cognito.signin.user.admin aws.cognito/dcr/register", impersonate, delegate)
	w.public = w.client(false, "openid orders/read", impersonate)
	w.robot = w.client(true, "orders/read", impersonate, delegate)
	cw.User(w.p, "ana", "email", "ana@example.com", "email_verified", "true", "name", "Ana")
	return w
}

func (w *world) client(confidential bool, scopes string, flows ...cognitoidp.ExplicitAuthFlowsType) *pool.Client {
	return w.Client(w.p, func(in *cognitoidp.CreateUserPoolClientRequest) {
		in.ExplicitAuthFlows = append(in.ExplicitAuthFlows, flows...)
		in.AllowedOAuthScopes = strings.Fields(scopes)
		if confidential {
			in.ClientSecret = new(secret)
		}
	})
}

func quick(t *testing.T) *world { return newWorld(cognitotest.Quick(t), nil, nil) }

func each(t *testing.T, body func(w *world)) {
	t.Helper()
	cognitotest.Each(t, func(cw *cognitotest.World) { body(newWorld(cw, nil, nil)) })
}

// signIn is a managed-login session of ana at a client with these scopes.
func (w *world) signIn(c *pool.Client, scopes, resource string) *cognitoidp.AuthenticationResultType {
	w.T.Helper()
	o := token.Options{Scope: scopes, Resource: resource}
	if scopes != "" {
		o.Parent = "sso0000000000000000000000000"
	}
	u := w.Get(w.p, "ana")
	grant, err := w.Tokens.Prepare(w.Ctx, w.p, c, w.Users.Subject(u, nil), o)
	if err == nil {
		err = w.DB.Update(w.Ctx, func(tx *db.Tx) error { return w.Tokens.Commit(tx, grant) })
	}
	if err != nil {
		w.T.Fatal(err)
	}
	return grant.Result()
}

// access is an access token of ana at the app.
func (w *world) access(scopes string) string { return *w.signIn(w.app, scopes, "").AccessToken }

// request asks as the backend for a token that is derived from an access token.
func (w *world) request(subject string) *cognitoidp.GetDerivedTokenRequest {
	return &cognitoidp.GetDerivedTokenRequest{
		ClientId: w.backend.ID, ClientSecret: new(secret), SubjectToken: subject, SubjectTokenType: cognitoidp.TokenTypeIdentifierTypeAccessToken,
	}
}

// as makes a request that of another client.
func as(c *pool.Client, in *cognitoidp.GetDerivedTokenRequest) *cognitoidp.GetDerivedTokenRequest {
	if in.ClientId, in.ClientSecret = c.ID, nil; c.HasSecret() {
		in.ClientSecret = new(secret)
	}
	return in
}

func (w *world) derive(in *cognitoidp.GetDerivedTokenRequest) (*cognitoidp.GetDerivedTokenResponse, map[string]any) {
	w.T.Helper()
	out := cognitotest.Call(w.World, w.API.GetDerivedToken, in)
	return out, claims(w.T, out.IssuedToken)
}

func (w *world) refused(want string, in *cognitoidp.GetDerivedTokenRequest) {
	w.T.Helper()
	if got := cognitotest.Refusal(w.World, w.API.GetDerivedToken, in); !strings.HasPrefix(got, want) || got == "" {
		w.T.Errorf("refused with %q, want %q", got, want)
	}
}

// claims are those of a token, which other tests verify.
func claims(t testing.TB, text string) map[string]any {
	t.Helper()
	raw, err := base64.RawURLEncoding.DecodeString(strings.Split(text, ".")[1])
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]any{}
	if err := json.Unmarshal(raw, &out); err != nil {
		t.Fatal(err)
	}
	return out
}
