package signin_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"cognate/internal/api/cognitoidp"
	"cognate/internal/core/pool"
	. "cognate/internal/testkit/cognitotest"
)

func rotating(grace int64) func(*cognitoidp.CreateUserPoolClientRequest) {
	return func(in *cognitoidp.CreateUserPoolClientRequest) {
		in.ExplicitAuthFlows = []cognitoidp.ExplicitAuthFlowsType{cognitoidp.ExplicitAuthFlowsTypeAllowUserPasswordAuth}
		in.RefreshTokenRotation = &cognitoidp.RefreshTokenRotationType{Feature: cognitoidp.FeatureTypeEnabled, RetryGracePeriodSeconds: &grace}
	}
}

func exchange(c *pool.Client, refreshToken string) *cognitoidp.GetTokensFromRefreshTokenRequest {
	in := &cognitoidp.GetTokensFromRefreshTokenRequest{ClientId: c.ID, RefreshToken: refreshToken}
	if c.HasSecret() {
		in.ClientSecret = &c.Secrets[0]
	}
	return in
}

func TestRefresh(t *testing.T) {
	Each(t, func(w *World) {
		p, q := w.Pool(nil), w.Pool(nil)
		c, other, foreign := w.Client(p, nil), w.Client(p, nil), w.Client(q, nil)
		w.User(p, "ana")
		tokens := w.SignIn(c, "ana", Password)
		begun := w.Clock.Now().Unix()
		w.Clock.Advance(10 * time.Minute)
		for _, flow := range []cognitoidp.AuthFlowType{cognitoidp.AuthFlowTypeRefreshToken, cognitoidp.AuthFlowTypeRefreshTokenAuth} {
			in := refreshAuth(c, *tokens.RefreshToken)
			in.AuthFlow = flow
			out := Call(w, w.API.InitiateAuth, in)
			r := out.AuthenticationResult
			if r.RefreshToken != nil || r.IdToken == nil || out.ChallengeParameters == nil {
				w.T.Errorf("%s: %+v", flow, out)
			}
			access, err := w.Tokens.VerifyAccess(w.Ctx, *r.AccessToken)
			if err != nil {
				w.T.Fatal(err)
			}
			equal(w.T, "auth_time", access.AuthTime, begun)
		}
		out := Call(w, w.API.GetTokensFromRefreshToken, exchange(c, *tokens.RefreshToken))
		if out.AuthenticationResult.RefreshToken != nil {
			w.T.Error("a refresh token without rotation")
		}
		Refused(w, missing("REFRESH_TOKEN"), w.API.InitiateAuth, refreshAuth(c, ""))
		for _, bad := range []string{"x", *tokens.AccessToken, *tokens.RefreshToken + "A", strings.Repeat("A", 5000), (*tokens.RefreshToken)[:100]} {
			Refused(w, badRefresh, w.API.InitiateAuth, refreshAuth(c, bad))
		}
		Refused(w, badRefresh, w.API.InitiateAuth, refreshAuth(other, *tokens.RefreshToken))
		Refused(w, badRefresh, w.API.InitiateAuth, refreshAuth(foreign, *tokens.RefreshToken))
		Refused(w, badRefresh, w.API.GetTokensFromRefreshToken, exchange(other, *tokens.RefreshToken))
		w.Clock.Advance(30 * 24 * time.Hour)
		Refused(w, lateRefresh, w.API.InitiateAuth, refreshAuth(c, *tokens.RefreshToken))
	})
}

// TestRefreshEnds: whatever ends a user's sessions ends refreshing.
func TestRefreshEnds(t *testing.T) {
	Each(t, func(w *World) {
		p := w.Pool(nil)
		c := w.Client(p, nil)
		for name, end := range map[string]func(tokens *cognitoidp.AuthenticationResultType, name string){
			"global sign-out": func(tokens *cognitoidp.AuthenticationResultType, _ string) {
				Call(w, w.API.GlobalSignOut, &cognitoidp.GlobalSignOutRequest{AccessToken: *tokens.AccessToken})
				Refused(w, revokedAccess, w.API.GlobalSignOut, &cognitoidp.GlobalSignOutRequest{AccessToken: *tokens.AccessToken})
			},
			"admin sign-out": func(_ *cognitoidp.AuthenticationResultType, name string) {
				Call(w, w.API.AdminUserGlobalSignOut, &cognitoidp.AdminUserGlobalSignOutRequest{UserPoolId: p.ID, Username: name})
			},
			"disabled": func(_ *cognitoidp.AuthenticationResultType, name string) { disable(w, p, name) },
			"deleted": func(_ *cognitoidp.AuthenticationResultType, name string) {
				if err := w.API.AdminDeleteUser(w.Ctx, &cognitoidp.AdminDeleteUserRequest{UserPoolId: p.ID, Username: name}); err != nil {
					w.T.Fatal(err)
				}
			},
			"revoked": func(tokens *cognitoidp.AuthenticationResultType, _ string) {
				Call(w, w.API.RevokeToken, &cognitoidp.RevokeTokenRequest{ClientId: c.ID, Token: *tokens.RefreshToken})
			},
		} {
			w.Run(name, func(w *World) {
				name := strings.ReplaceAll(name, " ", "-")
				w.User(p, name)
				tokens := w.SignIn(c, name, Password)
				end(tokens, name)
				Refused(w, revokedRefresh, w.API.InitiateAuth, refreshAuth(c, *tokens.RefreshToken))
				Refused(w, revokedRefresh, w.API.GetTokensFromRefreshToken, exchange(c, *tokens.RefreshToken))
				if _, err := w.Users.Authorize(w.Ctx, *tokens.AccessToken); err == nil {
					w.T.Error("the access token still works")
				}
			})
		}
		w.User(p, "bob") // a changed password ends nothing
		tokens := w.SignIn(c, "bob", Password)
		w.SetPassword(p, "bob", "Another-1!", true)
		Refused(w, "", w.API.InitiateAuth, refreshAuth(c, *tokens.RefreshToken))
		Refused(w, unknown, w.API.AdminUserGlobalSignOut, &cognitoidp.AdminUserGlobalSignOutRequest{UserPoolId: p.ID, Username: "nobody"})
		Refused(w, "NotAuthorizedException: Invalid Access Token", w.API.GlobalSignOut, &cognitoidp.GlobalSignOutRequest{AccessToken: "x"})
	})
}

// TestRefreshSecret: the hash is made over the stored name or the sub, never over an alias.
func TestRefreshSecret(t *testing.T) {
	Each(t, func(w *World) {
		p := w.Pool(func(in *cognitoidp.CreateUserPoolRequest) {
			in.AliasAttributes = []cognitoidp.AliasAttributeType{"email"}
		})
		c := w.Client(p, confidential)
		w.User(p, "ana", "email", "ana@example.com", "email_verified", "true")
		in := PasswordAuth(c, "ana", Password)
		in.AuthParameters["SECRET_HASH"] = SecretHash(c, "ana")
		token := *Call(w, w.API.InitiateAuth, in).AuthenticationResult.RefreshToken
		for name, want := range map[string]string{
			"": fmt.Sprintf(noHash, c.ID), "ana": "", w.Get(p, "ana").Sub: "",
			"ana@example.com": fmt.Sprintf(badHash, c.ID), "eve": fmt.Sprintf(badHash, c.ID),
		} {
			in := refreshAuth(c, token)
			if name != "" {
				in.AuthParameters["SECRET_HASH"] = SecretHash(c, name)
			}
			Refused(w, want, w.API.InitiateAuth, in)
		}
		Refused(w, "", w.API.GetTokensFromRefreshToken, exchange(c, token))
		for _, secret := range []*string{nil, new(""), new("wrong")} {
			Refused(w, "NotAuthorizedException: Unable to verify secret for client "+c.ID, w.API.GetTokensFromRefreshToken,
				&cognitoidp.GetTokensFromRefreshTokenRequest{ClientId: c.ID, RefreshToken: token, ClientSecret: secret})
		}
	})
}

func TestRotation(t *testing.T) {
	Each(t, func(w *World) {
		const reuse = "RefreshTokenReuseException: Refresh token reuse detected"
		p := w.Pool(nil)
		strict, kind := w.Client(p, rotating(0)), w.Client(p, rotating(30))
		w.User(p, "ana")

		one := *w.SignIn(strict, "ana", Password).RefreshToken
		two := *Call(w, w.API.GetTokensFromRefreshToken, exchange(strict, one)).AuthenticationResult.RefreshToken
		Refused(w, reuse, w.API.GetTokensFromRefreshToken, exchange(strict, one))
		Refused(w, revokedRefresh, w.API.GetTokensFromRefreshToken, exchange(strict, two)) // the thief's or the owner's: both are out

		one = *w.SignIn(kind, "ana", Password).RefreshToken
		two = *Call(w, w.API.GetTokensFromRefreshToken, exchange(kind, one)).AuthenticationResult.RefreshToken
		again := *Call(w, w.API.GetTokensFromRefreshToken, exchange(kind, one)).AuthenticationResult.RefreshToken
		equal(w.T, "successor within the grace period", again, two)
		w.Clock.Advance(31 * time.Second)
		Refused(w, reuse, w.API.GetTokensFromRefreshToken, exchange(kind, one))

		one = *w.SignIn(strict, "ana", Password).RefreshToken
		got := Together(w, 64, w.API.GetTokensFromRefreshToken, func(int) *cognitoidp.GetTokensFromRefreshTokenRequest {
			return exchange(strict, one)
		})
		if got[""] != 1 || got[""]+got[reuse]+got[revokedRefresh] != 64 {
			w.T.Errorf("parallel redemptions: %v", got)
		}
		Refused(w, "InvalidParameterException: REFRESH_TOKEN_AUTH flow not enabled for this client", w.API.InitiateAuth, refreshAuth(strict, one))

		// Tokens of the time when the client rotated: InitiateAuth declares no RefreshTokenReuseException.
		one = *w.SignIn(strict, "ana", Password).RefreshToken
		Call(w, w.API.GetTokensFromRefreshToken, exchange(strict, one))
		Call(w, w.API.UpdateUserPoolClient, &cognitoidp.UpdateUserPoolClientRequest{
			UserPoolId: p.ID, ClientId: strict.ID, ExplicitAuthFlows: []cognitoidp.ExplicitAuthFlowsType{cognitoidp.ExplicitAuthFlowsTypeAllowRefreshTokenAuth},
			RefreshTokenRotation: &cognitoidp.RefreshTokenRotationType{Feature: cognitoidp.FeatureTypeDisabled},
		})
		Refused(w, badRefresh, w.API.InitiateAuth, refreshAuth(strict, one))
	})
}

// TestTenants holds that nothing of one pool works in another that looks the same.
func TestTenants(t *testing.T) {
	Each(t, func(w *World) {
		p, q := w.Pool(nil), w.Pool(nil)
		pc, qc := w.Client(p, nil), w.Client(q, nil)
		w.User(p, "ana")
		w.User(q, "bob")
		Refused(w, unknown, w.API.InitiateAuth, PasswordAuth(qc, "ana", Password))
		w.User(q, "ana")
		w.SetPassword(q, "ana", "Another-1!", true)
		Refused(w, wrong, w.API.InitiateAuth, PasswordAuth(qc, "ana", Password))
		for range 7 { // a lock in one pool is none in the other
			Refusal(w, w.API.InitiateAuth, PasswordAuth(pc, "ana", "Wrong-1!"))
		}
		w.SignIn(qc, "ana", "Another-1!")
		w.Clock.Advance(time.Hour)

		tokens := w.SignIn(pc, "ana", Password)
		Call(w, w.API.AdminUserGlobalSignOut, &cognitoidp.AdminUserGlobalSignOutRequest{UserPoolId: q.ID, Username: "ana"})
		Refused(w, "", w.API.InitiateAuth, refreshAuth(pc, *tokens.RefreshToken))
		Refused(w, badRefresh, w.API.InitiateAuth, refreshAuth(qc, *tokens.RefreshToken))
		access, err := w.Tokens.VerifyAccess(w.Ctx, *tokens.AccessToken)
		if err != nil || access.Pool.ID != p.ID {
			w.T.Errorf("access token of pool %v: %v", access, err)
		}
		in := adminAuth(pc, "ana", Password)
		in.UserPoolId = q.ID
		Refused(w, "ResourceNotFoundException: User pool client "+pc.ID+" does not exist.", w.API.AdminInitiateAuth, in)

		answer := w.StartSRP(p, pc, "ana").Answer(Password)
		answer.ClientId = qc.ID
		Refused(w, badSession, w.API.RespondToAuthChallenge, answer)
	})
}
