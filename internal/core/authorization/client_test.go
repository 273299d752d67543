package authorization_test

import (
	"testing"

	"cognate/internal/api/cognitoidp"
	"cognate/internal/core/authorization"
	. "cognate/internal/testkit/cognitotest"
)

// TestRegisteredAsks holds that nobody is signed in by a mere click to a client that a stranger has registered: the pages ask.
func TestRegisteredAsks(t *testing.T) {
	w := newWorld(Quick(t), nil)
	Call(w.World, w.API.UpdateUserPool, &cognitoidp.UpdateUserPoolRequest{
		UserPoolId: w.p.ID, DcrConfiguration: &cognitoidp.DcrConfigurationType{OpenDcrEnabled: new(true)},
	})
	made, err := w.Pools.Register(w.Ctx, true, &cognitoidp.CreateUserPoolClientRequest{
		UserPoolId: w.p.ID, ClientName: "stranger", AllowedOAuthFlowsUserPoolClient: new(true), AllowedOAuthScopes: []string{"openid"},
		AllowedOAuthFlows: []cognitoidp.OAuthFlowType{cognitoidp.OAuthFlowTypeCode}, CallbackURLs: []string{callback}, SupportedIdentityProviders: []string{"COGNITO"},
	})
	if err != nil {
		t.Fatal(err)
	}
	pairs := []string{"client_id", *made.ClientId, "code_challenge", challengeOf(verifier), "code_challenge_method", "S256"}
	for _, prompt := range []string{"", "consent", "login"} {
		if q := w.parse(append(pairs, "prompt", prompt)...); !q.Select {
			t.Errorf("prompt %q: nobody is asked", prompt)
		}
	}
	_, err = w.Requests.Parse(w.Ctx, w.p.ID, w.request(append(pairs, "prompt", "none")...))
	if got := outcome(err); got != callback+"?error=login_required&state=s" {
		t.Errorf("prompt none: %s", got)
	}
}

// TestNoScopeLeft holds that a client whose scopes are gone gets nothing, least of all the scope of the API.
func TestNoScopeLeft(t *testing.T) {
	w := newWorld(Quick(t), nil)
	server := &cognitoidp.DeleteResourceServerRequest{UserPoolId: w.p.ID, Identifier: "orders"}
	Call(w.World, w.API.CreateResourceServer, &cognitoidp.CreateResourceServerRequest{
		UserPoolId: w.p.ID, Identifier: "orders", Name: "orders", Scopes: []cognitoidp.ResourceServerScopeType{{ScopeName: "read", ScopeDescription: "r"}},
	})
	c := w.client(func(in *cognitoidp.CreateUserPoolClientRequest) { in.AllowedOAuthScopes = []string{"orders/read"} })
	if q := w.parse("client_id", c.ID); len(q.Scopes) != 1 {
		t.Errorf("%v", q.Scopes)
	}
	if err := w.API.DeleteResourceServer(w.Ctx, server); err != nil {
		t.Fatal(err)
	}
	for _, scope := range []string{"", " "} {
		_, err := w.Requests.Parse(w.Ctx, w.p.ID, w.request("client_id", c.ID, "scope", scope))
		if got, want := outcome(err), callback+"?error_description=invalid_scope&state=s&error=invalid_request"; got != want {
			t.Errorf("scope %q: %s, want %s", scope, got, want)
		}
	}
}

// TestTakenFromClient holds that a code is worth nothing once its address or one of its scopes was taken from the client.
func TestTakenFromClient(t *testing.T) {
	Each(t, func(cw *World) {
		for what, change := range map[string]func(*cognitoidp.UpdateUserPoolClientRequest){
			"the address": func(in *cognitoidp.UpdateUserPoolClientRequest) { in.CallbackURLs = []string{"myapp://done"} },
			"a scope":     func(in *cognitoidp.UpdateUserPoolClientRequest) { in.AllowedOAuthScopes = []string{"openid"} },
			"nothing":     func(*cognitoidp.UpdateUserPoolClientRequest) {},
		} {
			w := newWorld(cw, nil)
			code := w.code("scope", "openid email")
			in := &cognitoidp.UpdateUserPoolClientRequest{
				UserPoolId: w.p.ID, ClientId: w.c.ID, AllowedOAuthFlowsUserPoolClient: new(true), AllowedOAuthFlows: w.c.Config.AllowedOAuthFlows,
				AllowedOAuthScopes: w.c.Config.AllowedOAuthScopes, CallbackURLs: w.c.Config.CallbackURLs, SupportedIdentityProviders: []string{"COGNITO"},
			}
			change(in)
			Call(w.World, w.API.UpdateUserPoolClient, in)
			_, c, err := w.Pools.PoolClient(w.Ctx, w.p.ID, w.c.ID)
			if err != nil {
				w.T.Fatal(err)
			}
			_, err = w.Requests.Redeem(w.Ctx, w.p, c, authorization.Redemption{Code: code, RedirectURI: callback})
			if what == "nothing" {
				wants(w.T, what, err, nil)
				continue
			}
			wants(w.T, what, err, authorization.ErrCode)
		}
	})
}
