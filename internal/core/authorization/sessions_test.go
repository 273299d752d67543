package authorization_test

import (
	"strings"
	"testing"
	"time"

	"cognate/internal/api/cognitoidp"
	"cognate/internal/core/authorization"
	. "cognate/internal/testkit/cognitotest"
)

// TestTracked follows one sign-in in one browser into two clients (spec/newest-features.md section 4).
func TestTracked(t *testing.T) {
	Each(t, func(cw *World) {
		w := newWorld(cw, nil)
		other := w.client(nil)
		Call(w.World, w.API.SetUserPoolSessionConfiguration, &cognitoidp.SetUserPoolSessionConfigurationRequest{
			UserPoolId: w.p.ID, UserSessionTracking: cognitoidp.UserSessionTrackingTypeEnabled, TokenSession: &cognitoidp.UserPoolTokenSessionConfigType{MaxPerUser: 10},
		})
		w.p = w.Reload(w.p.ID)
		validity := func(minutes int64) {
			Call(w.World, w.API.SetUserPoolClientSessionConfiguration, &cognitoidp.SetUserPoolClientSessionConfigurationRequest{
				UserPoolId: w.p.ID, ClientId: other.ID, SSOSession: &cognitoidp.ClientSSOSessionConfigType{MaxValidityMinutes: minutes},
			})
		}
		answer, session := w.signIn(w.parse())
		first, err := w.redeem(answer.Members[0][1])
		if err != nil {
			w.T.Fatal(err)
		}
		silent := func() (*cognitoidp.AuthenticationResultType, error) {
			q := w.parse("client_id", other.ID)
			answer, err := w.Requests.Silent(w.Ctx, q, w.holder(session))
			if err != nil {
				return nil, err
			}
			return w.Requests.Redeem(w.Ctx, w.p, q.Client, authorization.Redemption{Code: answer.Members[0][1], RedirectURI: callback})
		}
		second, err := silent()
		if err != nil {
			w.T.Fatal(err)
		}
		list := Call(w.World, w.API.AdminListUserSessions, &cognitoidp.AdminListUserSessionsRequest{UserPoolId: w.p.ID, Username: "ana"}).Sessions
		ids := map[string]string{}
		for _, s := range list {
			kind := string(*s.SessionType)
			if s.OriginSessionId != nil && *s.OriginSessionId != session.ID {
				w.T.Errorf("%s came through %s, not %s", *s.SessionId, *s.OriginSessionId, session.ID)
			}
			ids[kind+*s.ClientId] = *s.SessionId
		}
		if len(list) != 3 || ids["SSO"+w.c.ID] != session.ID || ids["TOKEN"+w.c.ID] == "" || ids["TOKEN"+other.ID] == "" {
			w.T.Errorf("%d sessions: %v", len(list), ids)
		}
		alive := func(what string, out *cognitoidp.AuthenticationResultType, want bool) {
			w.T.Helper()
			if _, err := w.Tokens.VerifyToken(w.Ctx, *out.AccessToken); (err == nil) != want {
				w.T.Errorf("%s: %v", what, err)
			}
		}
		Call(w.World, w.API.AdminRevokeUserSession, &cognitoidp.AdminRevokeUserSessionRequest{
			UserPoolId: w.p.ID, Username: "ana", SessionId: ids["TOKEN"+w.c.ID], RevokeAssociatedSessions: new(cognitoidp.RevokeAssociatedSessionsTypeLinked),
		})
		alive("the revoked one", first, false)
		alive("its sibling", second, true)
		if all, err := w.Requests.Holders(w.Ctx, w.p.ID, []authorization.Session{session}); err != nil || len(all) != 0 {
			w.T.Errorf("the session of the browser lives: %v %v", all, err)
		}

		_, session = w.signIn(w.parse())
		third, err := silent()
		if err != nil {
			w.T.Fatal(err)
		}
		validity(0)
		_, err = silent()
		wants(w.T, "a client that wants a sign-in each time", err, authorization.ErrNoSession)
		validity(24 * 60)
		w.Clock.Advance(2 * time.Hour)
		if _, err := silent(); err != nil {
			w.T.Errorf("after two hours of a day: %v", err)
		}
		if _, err := w.Requests.Silent(w.Ctx, w.parse(), w.holder(session)); err == nil {
			w.T.Error("the client of an hour, after two")
		}
		Call(w.World, w.API.AdminRevokeUserSession, &cognitoidp.AdminRevokeUserSessionRequest{
			UserPoolId: w.p.ID, Username: "ana", SessionId: session.ID, RevokeAssociatedSessions: new(cognitoidp.RevokeAssociatedSessionsTypeLinked),
		})
		alive("what came through the session", third, false)
	})
}

// TestScopes holds what tokens of the pages tell, by their scopes, now and after a refresh.
func TestScopes(t *testing.T) {
	w := newWorld(Quick(t), nil)
	api := "https://api.example.com"
	code := w.code("scope", "openid", "resource", api, "nonce", "n-1")
	out, err := w.redeem(code)
	if err != nil {
		t.Fatal(err)
	}
	again := Call(w.World, w.API.GetTokensFromRefreshToken, &cognitoidp.GetTokensFromRefreshTokenRequest{RefreshToken: *out.RefreshToken, ClientId: w.c.ID}).AuthenticationResult
	for what, got := range map[string]*cognitoidp.AuthenticationResultType{"at first": out, "refreshed": again} {
		access, id := claims(t, *got.AccessToken), claims(t, *got.IdToken)
		if !strings.Contains(access, `"aud":"`+api+`"`) || !strings.Contains(access, `"scope":"openid"`) || !strings.Contains(id, `"email":"ana@example.com"`) {
			t.Errorf("%s: %s %s", what, access, id)
		}
		if strings.Contains(id, `"nonce":"n-1"`) != (what == "at first") {
			t.Errorf("%s: %s", what, id)
		}
	}
	if _, err := w.API.GetUser(w.Ctx, &cognitoidp.GetUserRequest{AccessToken: *out.AccessToken}); err == nil {
		t.Error("a token without the scope of the API is taken by it")
	}
	out, err = w.redeem(w.code("scope", "aws.cognito.signin.user.admin"))
	if err != nil || out.IdToken != nil {
		t.Errorf("without openid: %+v %v", out, err)
	}
	again = Call(w.World, w.API.GetTokensFromRefreshToken, &cognitoidp.GetTokensFromRefreshTokenRequest{RefreshToken: *out.RefreshToken, ClientId: w.c.ID}).AuthenticationResult
	if again.IdToken != nil {
		t.Error("an ID token by refresh without openid")
	}
	Call(w.World, w.API.GetUser, &cognitoidp.GetUserRequest{AccessToken: *again.AccessToken})
}

// TestLevels asks for levels of authentication, and credits what the session of the browser has proven.
func TestLevels(t *testing.T) {
	w := newWorld(Quick(t), nil)
	_, session := w.signIn(w.parse())
	q := w.parse("acr_values", "urn:cognito:loa:1 urn:unknown")
	answer, err := w.Requests.Silent(w.Ctx, q, w.holder(session))
	if err != nil {
		t.Fatal(err)
	}
	out, err := w.redeem(answer.Members[0][1])
	if err != nil {
		t.Fatal(err)
	}
	if id := claims(t, *out.IdToken); !strings.Contains(id, `"acr":"urn:cognito:loa:1","amr":["pwd"]`) {
		t.Error(id)
	}
	if len(w.parse("acr_values", "urn:unknown").ACR) != 0 {
		t.Error("an unknown level")
	}
	credit := w.Requests.Credit(w.parse("acr_values", "urn:cognito:loa:4"), w.holder(session))
	if credit == nil || credit.Sub != w.sub || len(credit.AMR) != 1 {
		t.Errorf("%+v", credit)
	}
	w.Clock.Advance(20 * time.Second)
	if w.Requests.Credit(w.parse("max_age", "19"), w.holder(session)) != nil {
		t.Error("credit that is too old")
	}
}
