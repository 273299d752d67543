package exchange_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"cognate/internal/api/cognitoidp"
	"cognate/internal/base/db"
	"cognate/internal/base/lambda"
	"cognate/internal/core/pool"
	"cognate/internal/core/token"
	"cognate/internal/rooms"
	"cognate/internal/testkit/cognitotest"
	"cognate/internal/testkit/dbtest"
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
