package exchange_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"cognate/internal/api/cognitoidp"
	"cognate/internal/core/pool"
	"cognate/internal/core/token"
	"cognate/internal/testkit/cognitotest"
)

func TestAccessFromAccess(t *testing.T) {
	each(t, func(w *world) {
		text := w.access("openid orders/read orders/write")
		was := claims(w.T, text)
		out, c := w.derive(w.request(text))
		if out.IssuedTokenType != "ACCESS_TOKEN" || out.TokenType != "Bearer" || *out.ExpiresIn != 3600 || fmt.Sprint(out.Scopes) != "[openid orders/read]" {
			w.T.Errorf("%+v", out)
		}
		for name, want := range map[string]any{
			"sub": was["sub"], "event_id": was["event_id"], "origin_jti": was["origin_jti"], "auth_time": was["auth_time"], "iss": was["iss"],
			"username": "ana", "client_id": w.backend.ID, "origin_client_id": w.app.ID, "token_use": "access", "scope": "openid orders/read",
			"aud": nil, "act": nil, "exp": was["exp"],
		} {
			if c[name] != want {
				w.T.Errorf("%s is %v, want %v", name, c[name], want)
			}
		}
		if c["jti"] == was["jti"] {
			w.T.Error("it has the jti of its subject")
		}
		access, err := w.Tokens.VerifyToken(w.Ctx, out.IssuedToken)
		if err != nil || access.ClientID != w.backend.ID || !access.Derived || !slices.Equal(access.Scopes, []string{"openid", "orders/read"}) {
			w.T.Errorf("%+v %v", access, err)
		}
	})
}

// TestScopes: what is asked for, what the subject token has and what the client may have, and nothing besides.
func TestScopes(t *testing.T) {
	w := quick(t)
	for _, tc := range []struct {
		have, ask, resource, want string // want "-" for a refusal
	}{
		{"openid orders/read orders/write pay/charge", "", "", "openid orders/read pay/charge"},
		{"openid orders/read orders/write pay/charge", "orders/read", "", "orders/read"},
		{"orders/read", "orders/read orders/write pay/charge", "", "orders/read"},
		{"orders/write", "orders/write", "", "-"},
		{"orders/read", "pay/charge", "", "-"},
		{"orders/read", "nonsense", "", "-"},
		{"orders/write", "", "", ""},
		{"openid orders/read pay/charge", "", "orders", "openid orders/read"},
		{"orders/read pay/charge", "pay/charge", "orders", "-"},
		{"", "", "", "aws.cognito.signin.user.admin"},
		{"orders/read", "aws.cognito.signin.user.admin", "", "-"},
		{"aws.cognito/dcr/register orders/read", "", "", "orders/read"},
		{"aws.cognito/dcr/register", "aws.cognito/dcr/register", "", "-"},
	} {
		in := w.request(w.access(tc.have))
		if in.Scopes = strings.Fields(tc.ask); tc.resource != "" {
			in.Resources = []string{tc.resource}
		}
		if tc.want == "-" {
			w.refused("InvalidParameterException: None of the requested scopes", in)
			continue
		}
		out, c := w.derive(in)
		if got := strings.Join(out.Scopes, " "); got != tc.want || c["scope"] != any(tc.want) && (tc.want != "" || c["scope"] != nil) {
			t.Errorf("%q asked for %q: %q %v, want %q", tc.have, tc.ask, got, c["scope"], tc.want)
		}
	}
}

// TestAPI: a derived token acts at the API when its scope says so, and not else, and never in a step-up.
func TestAPI(t *testing.T) {
	w := quick(t)
	out, _ := w.derive(w.request(w.access("")))
	if got := cognitotest.Call(w.World, w.API.GetUser, &cognitoidp.GetUserRequest{AccessToken: out.IssuedToken}); got.Username != "ana" {
		t.Errorf("%+v", got)
	}
	in := w.request(w.access("aws.cognito.signin.user.admin orders/read"))
	in.Scopes = []string{"orders/read"}
	out, _ = w.derive(in)
	cognitotest.Refused(w.World, "NotAuthorizedException: Access Token does not have required scopes", w.API.GetUser, &cognitoidp.GetUserRequest{AccessToken: out.IssuedToken})

	level := w.Client(w.p, func(in *cognitoidp.CreateUserPoolClientRequest) {
		in.ExplicitAuthFlows = []cognitoidp.ExplicitAuthFlowsType{impersonate, "ALLOW_USER_AUTH", "ALLOW_USER_PASSWORD_AUTH"}
		in.AllowedOAuthScopes = []string{token.AdminScope}
	})
	out, _ = w.derive(as(level, w.request(*w.signIn(level, "", "").AccessToken)))
	cognitotest.Refused(w.World, "NotAuthorizedException: Invalid Access Token", w.API.InitiateAuth, &cognitoidp.InitiateAuthRequest{
		ClientId: level.ID, AuthFlow: "USER_AUTH",
		AuthParameters: map[string]string{"USERNAME": "ana", "ACCESS_TOKEN": out.IssuedToken, "TARGET_ACR_VALUES": "urn:cognito:loa:4"},
	})
}

// TestLife: a derived token ends with what it comes from, or when its client's would.
func TestLife(t *testing.T) {
	w := quick(t)
	short := w.Client(w.p, func(in *cognitoidp.CreateUserPoolClientRequest) {
		in.ClientSecret = new(secret)
		in.ExplicitAuthFlows = []cognitoidp.ExplicitAuthFlowsType{impersonate, delegate}
		in.AccessTokenValidity, in.TokenValidityUnits = new(int64(5)), &cognitoidp.TokenValidityUnitsType{AccessToken: new(cognitoidp.TimeUnitsTypeMinutes)}
	})
	text := w.access("openid")
	if out, _ := w.derive(as(short, w.request(text))); *out.ExpiresIn != 300 {
		t.Errorf("the client's: %d", *out.ExpiresIn)
	}
	w.Clock.Advance(59 * time.Minute)
	out, _ := w.derive(as(short, w.request(text)))
	if *out.ExpiresIn != 60 {
		t.Errorf("the rest of the subject token: %d", *out.ExpiresIn)
	}
	in := as(w.robot, w.request(w.access("orders/read")))
	in.ActorToken, in.ActorTokenType = new(w.machine()), new(cognitoidp.TokenTypeIdentifierTypeAccessToken)
	w.Clock.Advance(40 * time.Minute)
	if out, _ := w.derive(in); *out.ExpiresIn != 1200 {
		t.Errorf("the rest of the actor token: %d", *out.ExpiresIn)
	}
	w.refused("NotAuthorizedException: Invalid subject token", w.request(text))
	w.refused("NotAuthorizedException: Invalid subject token", w.request(out.IssuedToken))
}

// machine is an access token of the robot itself.
func (w *world) machine() string {
	w.T.Helper()
	out, err := w.Machines.Issue(w.Ctx, w.p, w.robot, []string{"orders/read"}, nil)
	if err != nil {
		w.T.Fatal(err)
	}
	return *out.AccessToken
}

// TestEnds: what ends the session of the subject token ends the derived token, at this server at once.
func TestEnds(t *testing.T) {
	each(t, func(w *world) {
		for name, end := range map[string]func(tokens *cognitoidp.AuthenticationResultType){
			"revoked": func(tokens *cognitoidp.AuthenticationResultType) {
				cognitotest.Call(w.World, w.API.RevokeToken, &cognitoidp.RevokeTokenRequest{Token: *tokens.RefreshToken, ClientId: w.app.ID})
			},
			"signed out": func(*cognitoidp.AuthenticationResultType) {
				cognitotest.Call(w.World, w.API.AdminUserGlobalSignOut, &cognitoidp.AdminUserGlobalSignOutRequest{UserPoolId: w.p.ID, Username: "ana"})
			},
			"disabled": func(*cognitoidp.AuthenticationResultType) {
				cognitotest.Call(w.World, w.API.AdminDisableUser, &cognitoidp.AdminDisableUserRequest{UserPoolId: w.p.ID, Username: "ana"})
			},
			"client deleted": func(*cognitoidp.AuthenticationResultType) {
				if err := w.API.DeleteUserPoolClient(w.Ctx, &cognitoidp.DeleteUserPoolClientRequest{UserPoolId: w.p.ID, ClientId: w.app.ID}); err != nil {
					w.T.Fatal(err)
				}
				w.app = w.client(false, "openid orders/read")
			},
		} {
			tokens := w.signIn(w.app, "openid orders/read", "")
			subject := *tokens.AccessToken
			out, _ := w.derive(w.request(subject))
			again, _ := w.derive(w.request(out.IssuedToken))
			end(tokens)
			for what, text := range map[string]string{"subject": subject, "derived": out.IssuedToken, "derived twice": again.IssuedToken} {
				w.refused("NotAuthorizedException: Invalid subject token", w.request(text))
				if _, err := w.Tokens.VerifyToken(w.Ctx, text); err == nil {
					w.T.Errorf("%s: the %s token lives on", name, what)
				}
			}
			cognitotest.Call(w.World, w.API.AdminEnableUser, &cognitoidp.AdminEnableUserRequest{UserPoolId: w.p.ID, Username: "ana"})
			if _, err := w.Tokens.VerifyToken(w.Ctx, out.IssuedToken); err == nil {
				w.T.Errorf("%s: it lives again", name)
			}
		}
	})
}

// TestWidening: a derived token is worth no more when it is derived from again.
func TestWidening(t *testing.T) {
	w := quick(t)
	in := w.request(w.access("openid orders/read pay/charge"))
	in.Scopes, in.Audiences = []string{"orders/read"}, []string{"https://orders.example"}
	out, c := w.derive(in)
	if c["aud"] != "https://orders.example" {
		t.Fatal(c)
	}
	again, c := w.derive(w.request(out.IssuedToken))
	if c["scope"] != "orders/read" || c["aud"] != "https://orders.example" || fmt.Sprint(again.Scopes) != "[orders/read]" || c["origin_client_id"] != w.app.ID {
		t.Errorf("without asking: %v", c)
	}
	same := w.request(out.IssuedToken)
	same.Audiences = []string{"https://orders.example"}
	w.derive(same)
	for _, change := range []func(*cognitoidp.GetDerivedTokenRequest){
		func(in *cognitoidp.GetDerivedTokenRequest) { in.Audiences = []string{"https://pay.example"} },
		func(in *cognitoidp.GetDerivedTokenRequest) { in.Audiences = []string{w.backend.ID} },
		func(in *cognitoidp.GetDerivedTokenRequest) { in.Resources = []string{"orders"} },
		func(in *cognitoidp.GetDerivedTokenRequest) { in.Scopes = []string{"openid"} },
		func(in *cognitoidp.GetDerivedTokenRequest) {
			in.RequestedTokenType = new(cognitoidp.IssuedTokenTypeIdentifierTypeIdToken)
		},
	} {
		in := w.request(out.IssuedToken)
		change(in)
		w.refused("InvalidParameterException: ", in)
	}
	// Whom it is meant for may pass it on.
	tag := map[string]string{pool.TagIntrospection + w.backend.ID: "https://orders.example"}
	cognitotest.Call(w.World, w.API.TagResource, &cognitoidp.TagResourceRequest{ResourceArn: w.p.ARN, Tags: tag})
	on := w.request(out.IssuedToken)
	on.Audiences = []string{"https://stock.example"}
	if _, c := w.derive(on); c["aud"] != "https://stock.example" || c["scope"] != "orders/read" {
		t.Errorf("passed on: %v", c)
	}
	toMe := as(w.robot, w.request(w.access("orders/read")))
	toMe.Audiences = []string{w.backend.ID}
	out, _ = w.derive(toMe)
	if _, c := w.derive(w.request(out.IssuedToken)); c["aud"] != w.backend.ID {
		t.Errorf("the audience is lost: %v", c)
	}
}

// TestBoundSessions: tokens of a session that is bound to a resource stay so, whichever of them is handed in.
func TestBoundSessions(t *testing.T) {
	w := quick(t)
	tokens := w.signIn(w.backend, "openid orders/read", "https://orders.example")
	if _, c := w.derive(w.request(*tokens.AccessToken)); c["aud"] != "https://orders.example" {
		t.Errorf("access token: %v", c)
	}
	in := w.request(*tokens.IdToken)
	in.SubjectTokenType = "ID_TOKEN"
	if _, c := w.derive(in); c["aud"] != "https://orders.example" || c["scope"] != "openid orders/read" {
		t.Errorf("ID token: %v", c)
	}
}

// TestIDTokens: as subject and as result.
func TestIDTokens(t *testing.T) {
	w := quick(t)
	wantID := new(cognitoidp.IssuedTokenTypeIdentifierTypeIdToken)
	in := w.request(w.access("openid email orders/read"))
	in.RequestedTokenType = wantID
	out, c := w.derive(in)
	if out.IssuedTokenType != "ID_TOKEN" || out.TokenType != "N_A" || c["token_use"] != "id" || c["aud"] != w.backend.ID || c["azp"] != w.backend.ID ||
		c["cognito:username"] != "ana" || c["email"] != "ana@example.com" || c["name"] != nil || c["scope"] != nil {
		t.Errorf("%+v %v", out, c)
	}
	in.Audiences = []string{"https://other.example"}
	if _, c := w.derive(in); c["aud"] != "https://other.example" || c["azp"] != w.backend.ID {
		t.Errorf("another audience: %v", c)
	}
	in.Audiences = []string{w.app.ID}
	w.refused("InvalidParameterException: An ID token for another app client", in)
	nobody := w.request(w.access("orders/read"))
	nobody.RequestedTokenType = wantID
	w.refused("InvalidParameterException: The subject token does not tell", nobody)

	fromID := func(c *pool.Client, text string) *cognitoidp.GetDerivedTokenRequest {
		in := as(c, w.request(text))
		in.SubjectTokenType = "ID_TOKEN"
		return in
	}
	own := *w.signIn(w.backend, "openid email orders/read aws.cognito.signin.user.admin", "").IdToken
	if out, _ := w.derive(fromID(w.backend, own)); fmt.Sprint(out.Scopes) != "[openid email orders/read]" {
		t.Errorf("from an ID token: %v", out.Scopes)
	}
	api := *w.signIn(w.backend, "", "").IdToken
	if out, c := w.derive(fromID(w.backend, api)); len(out.Scopes) != 0 || c["scope"] != nil {
		t.Errorf("from an ID token of the API: %v %v", out.Scopes, c)
	}
	in = fromID(w.backend, api)
	in.RequestedTokenType = wantID
	if _, c := w.derive(in); c["name"] != "Ana" {
		t.Errorf("an ID token of one of the API: %v", c)
	}
	w.refused("NotAuthorizedException: Invalid subject token", fromID(w.backend, *w.signIn(w.app, "openid", "").IdToken)) // meant for the app
	w.refused("NotAuthorizedException: Invalid subject token", fromID(w.robot, own))
	w.refused("NotAuthorizedException: Invalid subject token", fromID(w.backend, w.access("openid"))) // no ID token
	w.refused("NotAuthorizedException: Invalid subject token", w.request(own))                        // no access token
}

// TestReadable: a derived ID token shows nothing that the client of its subject could not read.
func TestReadable(t *testing.T) {
	w := quick(t)
	blind := w.Client(w.p, func(in *cognitoidp.CreateUserPoolClientRequest) { in.ReadAttributes = []string{"name"} })
	in := w.request(*w.signIn(blind, "openid", "").AccessToken)
	in.RequestedTokenType = new(cognitoidp.IssuedTokenTypeIdentifierTypeIdToken)
	if _, c := w.derive(in); c["name"] != "Ana" || c["email"] != nil {
		t.Errorf("%v", c)
	}
	out, _ := w.derive(w.request(*w.signIn(blind, "openid aws.cognito.signin.user.admin", "").AccessToken))
	if _, got, err := w.Users.UserInfo(w.Ctx, w.p.ID, out.IssuedToken); err != nil || len(got) != 2 {
		t.Errorf("userInfo: %v %v", got, err)
	}
	if got := cognitotest.Call(w.World, w.API.GetUser, &cognitoidp.GetUserRequest{AccessToken: out.IssuedToken}); len(got.UserAttributes) != 2 {
		t.Errorf("GetUser: %v", got.UserAttributes)
	}
	twice := w.request(out.IssuedToken)
	twice.RequestedTokenType = new(cognitoidp.IssuedTokenTypeIdentifierTypeIdToken)
	if _, c := w.derive(twice); c["name"] != "Ana" || c["email"] != nil {
		t.Errorf("twice: %v", c)
	}
}

// TestRefusals: tokens that are worth nothing, or not to this client, and requests that are none.
func TestRefusals(t *testing.T) {
	each(t, func(w *world) {
		good := w.access("openid orders/read")
		other := newWorld(w.World, nil, nil)
		with := func(change func(*cognitoidp.GetDerivedTokenRequest)) *cognitoidp.GetDerivedTokenRequest {
			in := w.request(good)
			change(in)
			return in
		}
		const invalid, unproven = "NotAuthorizedException: Invalid subject token", "NotAuthorizedException: Invalid client or secret"
		for _, tc := range []struct {
			name, want string
			in         *cognitoidp.GetDerivedTokenRequest
		}{
			{"another pool's token", invalid, w.request(other.access("openid"))},
			{"another pool's client", invalid, as(other.backend, w.request(good))},
			{"garbage", invalid, w.request("garbage")},
			{"changed", invalid, w.request(good + "x")},
			{"a refresh token", invalid, w.request(*w.signIn(w.app, "openid", "").RefreshToken)},
			{"a machine's", invalid, w.request(w.machine())},
			{"another client's, without a secret", invalid, as(w.public, w.request(good))},
			{"no secret", unproven, with(func(in *cognitoidp.GetDerivedTokenRequest) { in.ClientSecret = nil })},
			{"wrong secret", unproven, with(func(in *cognitoidp.GetDerivedTokenRequest) { in.ClientSecret = new(secret + "x") })},
			{"unknown client", unproven, with(func(in *cognitoidp.GetDerivedTokenRequest) { in.ClientId = "nobody" })},
			{"a secret of a public client", unproven, with(func(in *cognitoidp.GetDerivedTokenRequest) { in.ClientId = w.public.ID })},
			{"without the flow", "NotAuthorizedException: ALLOW_TOKEN_EXCHANGE_IMPERSONATION flow not enabled", as(w.app, w.request(good))},
			{"an actor without the flow", "NotAuthorizedException: ALLOW_TOKEN_EXCHANGE_DELEGATION flow not enabled", as(w.public, with(func(in *cognitoidp.GetDerivedTokenRequest) {
				in.ActorToken, in.ActorTokenType = new(w.machine()), new(cognitoidp.TokenTypeIdentifierTypeAccessToken)
			}))},
			{"an actor without a type", "InvalidParameterException: Missing required parameter ActorTokenType", with(func(in *cognitoidp.GetDerivedTokenRequest) { in.ActorToken = new(w.machine()) })},
			{"a type without an actor", "InvalidParameterException: Missing required parameter ActorToken", with(func(in *cognitoidp.GetDerivedTokenRequest) {
				in.ActorTokenType = new(cognitoidp.TokenTypeIdentifierTypeAccessToken)
			})},
			{"a provider's", "ResourceNotFoundException: The provider Corp does not exist", with(func(in *cognitoidp.GetDerivedTokenRequest) { in.SubjectTokenProviderName = new("Corp") })},
			{"SAML without a provider", "InvalidParameterException: A token of this type needs", with(func(in *cognitoidp.GetDerivedTokenRequest) { in.SubjectTokenType = "SAML2" })},
			{"audience and resource", "InvalidParameterException: Audiences and Resources", with(func(in *cognitoidp.GetDerivedTokenRequest) {
				in.Audiences, in.Resources = []string{"a"}, []string{"orders"}
			})},
			{"an unknown resource", "ResourceNotFoundException: Resource server nothing does not exist.", with(func(in *cognitoidp.GetDerivedTokenRequest) { in.Resources = []string{"nothing"} })},
		} {
			if got := cognitotest.Refusal(w.World, w.API.GetDerivedToken, tc.in); !strings.HasPrefix(got, tc.want) || got == "" {
				w.T.Errorf("%s: %q, want %q", tc.name, got, tc.want)
			}
		}
		if out, _ := w.derive(as(w.public, w.request(*w.signIn(w.public, "openid orders/read", "").AccessToken))); fmt.Sprint(out.Scopes) != "[openid orders/read]" {
			w.T.Errorf("a public client's own: %v", out.Scopes)
		}
	})
}
