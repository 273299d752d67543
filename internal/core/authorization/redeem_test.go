package authorization_test

import (
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"cognate/internal/api/cognitoidp"
	"cognate/internal/core/authorization"
	. "cognate/internal/testkit/cognitotest"
)

func TestRedeem(t *testing.T) {
	Each(t, func(cw *World) {
		w := newWorld(cw, nil)
		code := w.code()
		out, err := w.redeem(code)
		if err != nil || out.RefreshToken == nil || out.IdToken == nil {
			w.T.Fatalf("%+v %v", out, err)
		}
		if _, err := w.Tokens.VerifyToken(w.Ctx, *out.AccessToken); err != nil {
			w.T.Error(err)
		}
		_, err = w.redeem(code)
		wants(w.T, "once more", err, authorization.ErrCode)
		if _, err := w.Tokens.VerifyToken(w.Ctx, *out.AccessToken); err == nil {
			w.T.Error("a replayed code did not end the session")
		}
	})
}

// TestRedeemOnce holds that of parallel redemptions exactly one wins.
func TestRedeemOnce(t *testing.T) {
	Each(t, func(cw *World) {
		w := newWorld(cw, nil)
		code := w.code()
		var won atomic.Int64
		var wg sync.WaitGroup
		for range 50 {
			wg.Go(func() {
				_, err := w.redeem(code)
				if err == nil {
					won.Add(1)
					return
				}
				wants(w.T, "a loser", err, authorization.ErrCode)
			})
		}
		if wg.Wait(); won.Load() != 1 {
			w.T.Errorf("%d redemptions won", won.Load())
		}
	})
}

// TestForeignRedemptions mutates one thing at a time. None of them costs the owner the code.
func TestForeignRedemptions(t *testing.T) {
	Each(t, func(cw *World) {
		w := newWorld(cw, nil)
		other, elsewhere := w.client(nil), newWorld(cw, nil)
		code := w.code("code_challenge", challengeOf(verifier), "code_challenge_method", "S256")
		good := authorization.Redemption{Code: code, RedirectURI: callback, Verifier: verifier}
		edit := func(change func(*authorization.Redemption)) authorization.Redemption {
			in := good
			change(&in)
			return in
		}
		for what, c := range map[string]struct {
			in   authorization.Redemption
			want error
		}{
			"cut":                {edit(func(in *authorization.Redemption) { in.Code = code[:35] }), authorization.ErrCode},
			"longer":             {edit(func(in *authorization.Redemption) { in.Code += "0" }), authorization.ErrCode},
			"none":               {edit(func(in *authorization.Redemption) { in.Code = "" }), authorization.ErrCode},
			"another redirect":   {edit(func(in *authorization.Redemption) { in.RedirectURI = "myapp://done" }), authorization.ErrRedirect},
			"no redirect":        {edit(func(in *authorization.Redemption) { in.RedirectURI = "" }), authorization.ErrRedirect},
			"a slash more":       {edit(func(in *authorization.Redemption) { in.RedirectURI += "/" }), authorization.ErrRedirect},
			"no verifier":        {edit(func(in *authorization.Redemption) { in.Verifier = "" }), authorization.ErrCode},
			"the challenge":      {edit(func(in *authorization.Redemption) { in.Verifier = challengeOf(verifier) }), authorization.ErrCode},
			"another verifier":   {edit(func(in *authorization.Redemption) { in.Verifier = verifier + "1" }), authorization.ErrCode},
			"malformed verifier": {edit(func(in *authorization.Redemption) { in.Verifier = verifier[:42] }), authorization.ErrCode},
		} {
			_, err := w.Requests.Redeem(w.Ctx, w.p, w.c, c.in)
			wants(w.T, what, err, c.want)
		}
		_, err := w.Requests.Redeem(w.Ctx, w.p, other, good)
		wants(w.T, "another client", err, authorization.ErrCode)
		_, err = w.Requests.Redeem(w.Ctx, elsewhere.p, elsewhere.c, good)
		wants(w.T, "another pool", err, authorization.ErrCode)
		if _, err := w.Requests.Redeem(w.Ctx, w.p, w.c, good); err != nil {
			w.T.Errorf("the owner: %v", err)
		}
		plain := w.code()
		_, err = w.Requests.Redeem(w.Ctx, w.p, w.c, authorization.Redemption{Code: plain, RedirectURI: callback, Verifier: verifier})
		wants(w.T, "a verifier without a challenge", err, authorization.ErrCode)
	})
}

// TestCodesEnd holds that a code is worth nothing once what it stands on is over.
func TestCodesEnd(t *testing.T) {
	Each(t, func(cw *World) {
		for what, end := range map[string]func(w *world, s authorization.Session){
			"time": func(w *world, _ authorization.Session) { w.Clock.Advance(5 * time.Minute) },
			"sign-out everywhere": func(w *world, _ authorization.Session) {
				Call(w.World, w.API.AdminUserGlobalSignOut, &cognitoidp.AdminUserGlobalSignOutRequest{UserPoolId: w.p.ID, Username: "ana"})
			},
			"disabled": func(w *world, _ authorization.Session) {
				Call(w.World, w.API.AdminDisableUser, &cognitoidp.AdminDisableUserRequest{UserPoolId: w.p.ID, Username: "ana"})
			},
			"disabled and enabled": func(w *world, _ authorization.Session) {
				Call(w.World, w.API.AdminDisableUser, &cognitoidp.AdminDisableUserRequest{UserPoolId: w.p.ID, Username: "ana"})
				Call(w.World, w.API.AdminEnableUser, &cognitoidp.AdminEnableUserRequest{UserPoolId: w.p.ID, Username: "ana"})
			},
			"another password": func(w *world, _ authorization.Session) { w.SetPassword(w.p, "ana", "Other-Passw0rd!", true) },
			"deleted": func(w *world, _ authorization.Session) {
				if err := w.API.AdminDeleteUser(w.Ctx, &cognitoidp.AdminDeleteUserRequest{UserPoolId: w.p.ID, Username: "ana"}); err != nil {
					w.T.Error(err)
				}
				w.User(w.p, "ana")
			},
			"signed out of the pages": func(w *world, s authorization.Session) {
				if err := w.Requests.SignOut(w.Ctx, w.p.ID, []authorization.Session{s}); err != nil {
					w.T.Error(err)
				}
			},
		} {
			w := newWorld(cw, nil)
			answer, session := w.signIn(w.parse())
			end(w, session)
			_, err := w.redeem(answer.Members[0][1])
			wants(w.T, what, err, authorization.ErrCode)
		}
		w := newWorld(cw, nil)
		code := w.code()
		if err := w.API.DeleteUserPoolClient(w.Ctx, &cognitoidp.DeleteUserPoolClientRequest{UserPoolId: w.p.ID, ClientId: w.c.ID}); err != nil {
			w.T.Fatal(err)
		}
		if _, err := w.redeem(code); err == nil {
			w.T.Error("the client is deleted")
		}
	})
}

// TestSilent answers from a session of the browser as long as that is good for it.
func TestSilent(t *testing.T) {
	Each(t, func(cw *World) {
		w := newWorld(cw, nil)
		_, session := w.signIn(w.parse())
		w.Clock.Advance(10 * time.Second)
		answer, err := w.Requests.Silent(w.Ctx, w.parse("nonce", "n"), w.holder(session))
		if err != nil {
			w.T.Fatal(err)
		}
		if _, err := w.redeem(answer.Members[0][1]); err != nil {
			w.T.Error(err)
		}
		for what, q := range map[string]*authorization.Request{
			"max_age": w.parse("max_age", "9"), "prompt=login": w.parse("prompt", "login"), "level": w.parse("acr_values", "urn:cognito:loa:4"),
		} {
			_, err := w.Requests.Silent(w.Ctx, q, w.holder(session))
			wants(w.T, what, err, authorization.ErrNoSession)
		}
		for what, q := range map[string]*authorization.Request{
			"max_age": w.parse("max_age", "10"), "level": w.parse("acr_values", "urn:cognito:loa:1"),
		} {
			if _, err := w.Requests.Silent(w.Ctx, q, w.holder(session)); err != nil {
				w.T.Errorf("%s: %v", what, err)
			}
		}
		held := w.holder(session)
		Call(w.World, w.API.AdminUserGlobalSignOut, &cognitoidp.AdminUserGlobalSignOutRequest{UserPoolId: w.p.ID, Username: "ana"})
		_, err = w.Requests.Silent(w.Ctx, w.parse(), held)
		wants(w.T, "signed out meanwhile", err, authorization.ErrNoSession)
		_, session = w.signIn(w.parse())
		held = w.holder(session)
		w.Clock.Advance(time.Hour)
		_, err = w.Requests.Silent(w.Ctx, w.parse(), held)
		wants(w.T, "an hour later", err, authorization.ErrNoSession)
		if all, err := w.Requests.Holders(w.Ctx, w.p.ID, []authorization.Session{session, {Sub: w.sub, ID: "sso" + "0000000000000000000000000"}}); err != nil || len(all) != 0 {
			w.T.Errorf("%v %v", all, err)
		}
	})
}

// TestRightsEnd holds that a client cannot redeem or refresh what it has lost since, and that losing rights gives none.
func TestRightsEnd(t *testing.T) {
	Each(t, func(cw *World) {
		w := newWorld(cw, nil)
		update := func(change func(*cognitoidp.UpdateUserPoolClientRequest)) {
			in := &cognitoidp.UpdateUserPoolClientRequest{
				UserPoolId: w.p.ID, ClientId: w.c.ID, ExplicitAuthFlows: w.c.Config.ExplicitAuthFlows, AllowedOAuthFlowsUserPoolClient: new(true),
				AllowedOAuthFlows: w.c.Config.AllowedOAuthFlows, AllowedOAuthScopes: w.c.Config.AllowedOAuthScopes,
				CallbackURLs: w.c.Config.CallbackURLs, SupportedIdentityProviders: w.c.Config.SupportedIdentityProviders,
			}
			change(in)
			Call(w.World, w.API.UpdateUserPoolClient, in)
			var err error
			if _, w.c, err = w.Pools.Client(w.Ctx, w.c.ID); err != nil {
				w.T.Fatal(err)
			}
		}
		code := w.code("scope", "openid email aws.cognito.signin.user.admin")
		out, err := w.redeem(code)
		if err != nil {
			w.T.Fatal(err)
		}
		code = w.code("scope", "openid email aws.cognito.signin.user.admin")
		update(func(in *cognitoidp.UpdateUserPoolClientRequest) { in.AllowedOAuthScopes = []string{"openid"} })
		_, err = w.redeem(code)
		wants(w.T, "a scope that was taken away", err, authorization.ErrCode)
		again := Call(w.World, w.API.GetTokensFromRefreshToken, &cognitoidp.GetTokensFromRefreshTokenRequest{RefreshToken: *out.RefreshToken, ClientId: w.c.ID})
		if access := claims(w.T, *again.AuthenticationResult.AccessToken); !strings.Contains(access, `"scope":"openid"`) {
			w.T.Errorf("refreshed: %s", access)
		}
		code = w.code()
		update(func(in *cognitoidp.UpdateUserPoolClientRequest) { in.CallbackURLs = []string{"myapp://done"} })
		_, err = w.redeem(code)
		wants(w.T, "a redirect URI that was taken away", err, authorization.ErrCode)

		Call(w.World, w.API.CreateResourceServer, &cognitoidp.CreateResourceServerRequest{
			UserPoolId: w.p.ID, Identifier: "api", Name: "api", Scopes: []cognitoidp.ResourceServerScopeType{{ScopeName: "read", ScopeDescription: "read"}},
		})
		update(func(in *cognitoidp.UpdateUserPoolClientRequest) {
			in.AllowedOAuthScopes, in.CallbackURLs = []string{"api/read"}, []string{callback}
		})
		if err := w.API.DeleteResourceServer(w.Ctx, &cognitoidp.DeleteResourceServerRequest{UserPoolId: w.p.ID, Identifier: "api"}); err != nil {
			w.T.Fatal(err)
		}
		for _, scope := range []string{"", " "} {
			if _, err := w.Requests.Parse(w.Ctx, w.p.ID, w.request("scope", scope)); !strings.Contains(outcome(err), "error_description=invalid_scope") {
				w.T.Errorf("no scope left: %v", err)
			}
		}
	})
}
