package account_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"cognate/internal/api/cognitoidp"
	"cognate/internal/core/guard"
	"cognate/internal/core/pool"
	"cognate/internal/rooms"
	. "cognate/internal/testkit/cognitotest"
	"cognate/internal/testkit/dbtest"
)

// TestRightAndWrongOfOneSource: once a source was wrong too often, the right proof is refused like wrong ones, at every
// operation that takes a secret of a client or a code of somebody who has signed in; not for users who are known from there.
func TestRightAndWrongOfOneSource(t *testing.T) {
	const secret, address = "the0secret0of0the0client0000000000001", "198.51.100.1"
	eachLimited(t, guard.Limits{SourceFailures: perHour(3)}, func(w, _ *World) {
		p := w.Pool(nil)
		Call(w, w.API.SetUserPoolMfaConfig, &cognitoidp.SetUserPoolMfaConfigRequest{UserPoolId: p.ID,
			MfaConfiguration: new(cognitoidp.UserPoolMfaTypeOptional), SoftwareTokenMfaConfiguration: &cognitoidp.SoftwareTokenMfaConfigType{Enabled: new(true)}})
		p = w.Reload(p.ID)
		robot := machine(w, p, secret)
		c := w.Client(p, func(in *cognitoidp.CreateUserPoolClientRequest) { in.ClientSecret = new(secret) })
		open := w.Client(p, nil)
		w.User(p, "ana", "email", "ana@example.com")
		w.User(p, "bob", "email", "bob@example.com")
		signIn := func(w *World, name string) *cognitoidp.AuthenticationResultType {
			in := PasswordAuth(c, name, Password)
			in.AuthParameters["SECRET_HASH"] = SecretHash(c, name)
			return Call(w, w.API.InitiateAuth, in).AuthenticationResult
		}
		stranger, known := signIn(w.From("198.51.100.9"), "ana"), signIn(w.From(address), "bob")
		Call(w, w.API.AssociateSoftwareToken, &cognitoidp.AssociateSoftwareTokenRequest{AccessToken: stranger.AccessToken})
		code := func(tokens *cognitoidp.AuthenticationResultType, to string) string {
			Call(w, w.API.GetUserAttributeVerificationCode, &cognitoidp.GetUserAttributeVerificationCodeRequest{AccessToken: *tokens.AccessToken, AttributeName: "email"})
			return w.Code(p, to)
		}
		ask := func(w *World, what string, right bool) string {
			proof := map[bool]string{true: secret, false: "wrong"}[right]
			return map[string]func() string{
				"GetClientToken": func() string {
					return Refusal(w, Gated(w, w.API.GetClientToken), &cognitoidp.GetClientTokenRequest{ClientId: robot.ID, Secret: proof})
				},
				"GetTokensFromRefreshToken": func() string {
					return Refusal(w, Gated(w, w.API.GetTokensFromRefreshToken), &cognitoidp.GetTokensFromRefreshTokenRequest{
						ClientId: c.ID, ClientSecret: &proof, RefreshToken: *stranger.RefreshToken})
				},
				"GetTokensFromRefreshToken, known": func() string {
					return Refusal(w, Gated(w, w.API.GetTokensFromRefreshToken), &cognitoidp.GetTokensFromRefreshTokenRequest{
						ClientId: c.ID, ClientSecret: &proof, RefreshToken: *known.RefreshToken})
				},
				"VerifyUserAttribute": func() string { return verify(w, stranger, right, code(stranger, "ana@example.com")) },
				"VerifyUserAttribute, known": func() string {
					return verify(w, known, right, code(known, "bob@example.com"))
				},
				"VerifySoftwareToken": func() string {
					return Refusal(w, Gated(w, w.API.VerifySoftwareToken), &cognitoidp.VerifySoftwareTokenRequest{AccessToken: stranger.AccessToken, UserCode: "123456"})
				},
				"RevokeToken": func() string {
					return Refusal(w, Gated(w, w.API.RevokeToken), &cognitoidp.RevokeTokenRequest{ClientId: c.ID, ClientSecret: &proof, Token: *stranger.RefreshToken})
				},
			}[what]()
		}
		source := w.From(address)
		for i := range 3 {
			what := []string{"GetClientToken", "GetTokensFromRefreshToken", "RevokeToken"}[i]
			if got := ask(source, what, false); !strings.Contains(got, "secret") {
				w.T.Errorf("%s, wrong: %q", what, got)
			}
		}
		for _, what := range []string{"GetClientToken", "GetTokensFromRefreshToken", "VerifyUserAttribute", "VerifySoftwareToken", "RevokeToken"} {
			for _, right := range []bool{false, true} {
				if got := ask(source, what, right); got != rate && got != limited {
					w.T.Errorf("%s, right is %t: %q", what, right, got)
				}
			}
		}
		for _, what := range []string{"GetTokensFromRefreshToken, known", "VerifyUserAttribute, known"} {
			if got := ask(source, what, true); got != "" {
				w.T.Errorf("%s: %q", what, got)
			}
		}
		Refused(source, "", Gated(w, w.API.GetTokensFromRefreshToken), &cognitoidp.GetTokensFromRefreshTokenRequest{
			ClientId: open.ID, RefreshToken: *w.From("198.51.100.9").SignIn(open, "ana", Password).RefreshToken})
		w.Later(20 * time.Minute)
		for _, what := range []string{"GetClientToken", "GetTokensFromRefreshToken", "VerifyUserAttribute", "RevokeToken"} {
			if got := ask(source, what, true); got != "" {
				w.T.Errorf("%s, when there is room again: %q", what, got)
			}
		}
	})
}

func verify(w *World, tokens *cognitoidp.AuthenticationResultType, right bool, text string) string {
	if !right {
		text = "000000"
	}
	return Refusal(w, Gated(w, w.API.VerifyUserAttribute), &cognitoidp.VerifyUserAttributeRequest{
		AccessToken: *tokens.AccessToken, AttributeName: "email", Code: text})
}

// machine is a client that gets tokens for itself.
func machine(w *World, p *pool.Pool, secret string) *pool.Client {
	Call(w, w.API.CreateResourceServer, &cognitoidp.CreateResourceServerRequest{
		UserPoolId: p.ID, Identifier: "api", Name: "API", Scopes: []cognitoidp.ResourceServerScopeType{{ScopeName: "read", ScopeDescription: "r"}}})
	return w.Client(p, func(in *cognitoidp.CreateUserPoolClientRequest) {
		in.ClientSecret, in.AllowedOAuthScopes = &secret, []string{"api/read"}
		in.ExplicitAuthFlows = []cognitoidp.ExplicitAuthFlowsType{cognitoidp.ExplicitAuthFlowsTypeAllowClientTokenAuth}
	})
}

// TestSecretsInParallel: of guesses that come at once no more are judged than the budget of the source.
func TestSecretsInParallel(t *testing.T) {
	eachLimited(t, guard.Limits{SourceFailures: perHour(20)}, func(w, _ *World) {
		p := w.Pool(nil)
		robot := machine(w, p, "the0secret0of0the0client0000000000001")
		outcomes := Together(w.From("198.51.100.1"), 60, func(ctx context.Context, in *cognitoidp.GetClientTokenRequest) (*cognitoidp.GetClientTokenResponse, error) {
			return Gated(w, w.API.GetClientToken)(ctx, in)
		}, func(int) *cognitoidp.GetClientTokenRequest {
			return &cognitoidp.GetClientTokenRequest{ClientId: robot.ID, Secret: "wrong"}
		})
		if outcomes[rate] < 40 {
			w.T.Errorf("%v", outcomes)
		}
	})
}

// TestRefusalsAreCounted: those of locks and limits of one user apart from those of budgets.
func TestRefusalsAreCounted(t *testing.T) {
	counts := map[string]int{}
	w := New(t, dbtest.SQLite(t, rooms.Migrations()), Options{
		Limits: guard.Limits{SourceFailures: perHour(50)}, Refused: func(scope string) { counts[scope]++ },
	})
	p := w.Pool(nil)
	c := w.Client(p, nil)
	w.User(p, "ana", "email", "ana@example.com", "email_verified", "true")
	source := w.From("198.51.100.1")
	for range 7 {
		Refusal(source, Gated(w, w.API.InitiateAuth), PasswordAuth(c, "ana", "Wrong-1!"))
	}
	if counts["user"] != 2 || counts["source"] != 0 {
		t.Errorf("a locked password: %v", counts)
	}
	for range 100 {
		Refusal(source, Gated(w, w.API.InitiateAuth), PasswordAuth(c, "nobody", "Wrong-1!"))
	}
	if counts["source"] == 0 {
		t.Errorf("a source over its budget: %v", counts)
	}
}
