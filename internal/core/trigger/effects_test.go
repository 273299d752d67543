package trigger_test

import (
	"encoding/base64"
	"encoding/json"
	"reflect"
	"strings"
	"testing"

	"cognate/internal/api/cognitoidp"
	"cognate/internal/base/lambda"
	"cognate/internal/core/message"
	. "cognate/internal/testkit/cognitotest"
)

func refusedBy(trigger string) string {
	return "UserLambdaValidationException: " + trigger + " failed with error no."
}

// TestPreSignUp holds what PreSignUp decides about a sign-up.
func TestPreSignUp(t *testing.T) {
	each(t, func(t *testing.T, w *World, f *fake) {
		aliases := func(in *cognitoidp.CreateUserPoolRequest) {
			in.AliasAttributes = []cognitoidp.AliasAttributeType{"email", "phone_number"}
		}
		r := newRoom(w, f, all, aliases, nil)
		w.Run("refuses", func(w *World) {
			f.fails("PreSignUp", "no")
			Refused(w, refusedBy("PreSignUp"), w.API.SignUp, signUp(r, "ana"))
			Refused(w, refusedBy("PreSignUp"), w.API.AdminCreateUser, &cognitoidp.AdminCreateUserRequest{UserPoolId: r.p.ID, Username: "ana"})
			f.breaks("PreSignUp", nil)
			Refused(w, "UserNotFoundException: User does not exist.", w.API.AdminGetUser, &cognitoidp.AdminGetUserRequest{UserPoolId: r.p.ID, Username: "ana"})
		})
		w.Run("verifies what is not there", func(w *World) {
			f.sets("PreSignUp", object{"autoVerifyPhone": true})
			if got := Refusal(w, w.API.SignUp, signUp(r, "ana", "email", "a@example.com")); !strings.HasPrefix(got, "InvalidLambdaResponseException: ") {
				w.T.Errorf("refused with %q", got)
			}
		})
		w.Run("moves an alias", func(w *World) {
			w.User(r.p, "old", "email", "shared@example.com", "email_verified", "true")
			f.sets("PreSignUp", object{"autoConfirmUser": true, "autoVerifyEmail": true})
			out := Call(w, w.API.SignUp, signUp(r, "new", "email", "shared@example.com"))
			if !out.UserConfirmed || out.CodeDeliveryDetails != nil || len(w.Inbox(r.p, "")) > 0 {
				w.T.Errorf("confirmed by %+v", out)
			}
			if got := w.Get(r.p, "shared@example.com").Username; got != "new" {
				w.T.Errorf("the alias is %s's", got)
			}
			if got := w.Get(r.p, "old").Attributes["email_verified"]; got != "false" {
				w.T.Errorf("the old holder's address is verified: %s", got)
			}
			w.SignIn(r.c, "new", Password)
		})
		w.Run("verifies without confirming", func(w *World) {
			f.sets("PreSignUp", object{"autoVerifyEmail": true})
			Call(w, w.API.SignUp, signUp(r, "half", "email", "half@example.com"))
			u := w.Get(r.p, "half")
			if u.Status != "UNCONFIRMED" || u.Attributes["email_verified"] != "true" {
				w.T.Errorf("%s with %v", u.Status, u.Attributes)
			}
		})
		w.Run("decides nothing for administrators", func(w *World) {
			f.sets("PreSignUp", object{"autoConfirmUser": true, "autoVerifyEmail": true, "autoVerifyPhone": true})
			out := Call(w, w.API.AdminCreateUser, &cognitoidp.AdminCreateUserRequest{
				UserPoolId: r.p.ID, Username: "made", UserAttributes: Attributes("email", "made@example.com"),
			})
			if u := w.Get(r.p, "made"); *out.User.UserStatus != "FORCE_CHANGE_PASSWORD" || u.Attributes["email_verified"] == "true" {
				w.T.Errorf("%s with %v", *out.User.UserStatus, u.Attributes)
			}
		})
	})
	// In pools that sign in by address nobody's address can be taken over.
	f := newFake()
	w := quick(t, f)
	r := newRoom(w, f, all, func(in *cognitoidp.CreateUserPoolRequest) {
		in.UsernameAttributes = []cognitoidp.UsernameAttributeType{"email"}
	}, nil)
	f.sets("PreSignUp", object{"autoConfirmUser": true, "autoVerifyEmail": true})
	Call(w, w.API.SignUp, signUp(r, "ana@example.com"))
	Refused(w, "UsernameExistsException: An account with the given email already exists.", w.API.SignUp, signUp(r, "ana@example.com"))
}

// TestChangeStands holds that what was committed before a trigger stays when
// the trigger fails.
func TestChangeStands(t *testing.T) {
	each(t, func(t *testing.T, w *World, f *fake) {
		r := newRoom(w, f, all, nil, nil)
		w.Run("confirmation", func(w *World) {
			f.fails("PostConfirmation", "no")
			Call(w, w.API.SignUp, signUp(r, "ana", "email", "ana@example.com"))
			Refused(w, refusedBy("PostConfirmation"), w.API.ConfirmSignUp, &cognitoidp.ConfirmSignUpRequest{
				ClientId: r.c.ID, Username: "ana", ConfirmationCode: w.Code(r.p, "ana@example.com"),
			})
			if u := w.Get(r.p, "ana"); u.Status != "CONFIRMED" || u.Attributes["email_verified"] != "true" {
				w.T.Errorf("%s", u.Status)
			}
			Call(w, w.API.SignUp, signUp(r, "bob"))
			Refused(w, refusedBy("PostConfirmation"), w.API.AdminConfirmSignUp, &cognitoidp.AdminConfirmSignUpRequest{UserPoolId: r.p.ID, Username: "bob"})
			f.sets("PreSignUp", object{"autoConfirmUser": true})
			Refused(w, refusedBy("PostConfirmation"), w.API.SignUp, signUp(r, "cem"))
			if w.Get(r.p, "bob").Status != "CONFIRMED" || w.Get(r.p, "cem").Status != "CONFIRMED" {
				w.T.Error("not confirmed")
			}
		})
		w.Run("recovery", func(w *World) {
			Call(w, w.API.ForgotPassword, &cognitoidp.ForgotPasswordRequest{ClientId: r.c.ID, Username: "ana"})
			Refused(w, refusedBy("PostConfirmation"), w.API.ConfirmForgotPassword, &cognitoidp.ConfirmForgotPasswordRequest{
				ClientId: r.c.ID, Username: "ana", ConfirmationCode: w.Code(r.p, "ana@example.com"), Password: "Brand-new-1",
			})
			w.SignIn(r.c, "ana", "Brand-new-1")
		})
		for _, last := range []string{"PostAuthentication", "PreTokenGeneration"} {
			w.Run("new password before "+last, func(w *World) {
				w.SetPassword(r.p, "ana", "Temporary-1", false)
				out := Call(w, w.API.InitiateAuth, PasswordAuth(r.c, "ana", "Temporary-1"))
				in := &cognitoidp.RespondToAuthChallengeRequest{
					ClientId: r.c.ID, ChallengeName: *out.ChallengeName, Session: out.Session,
					ChallengeResponses: map[string]string{"USERNAME": "ana", "NEW_PASSWORD": "Changed-by-" + last + "-1"},
				}
				f.fails(last, "no")
				Refused(w, refusedBy(last), w.API.RespondToAuthChallenge, in)
				f.breaks(last, nil)
				if got := Refusal(w, w.API.RespondToAuthChallenge, in); got != badSession && got != usedOne {
					w.T.Errorf("the session again: %q", got)
				}
				w.SignIn(r.c, "ana", "Changed-by-"+last+"-1")
				w.SetPassword(r.p, "ana", Password, true)
			})
		}
		w.Run("no tokens", func(w *World) {
			for _, last := range []string{"PreAuthentication", "PostAuthentication", "PreTokenGeneration"} {
				f.fails(last, "no")
				Refused(w, refusedBy(last), w.API.InitiateAuth, PasswordAuth(r.c, "ana", Password))
				if last != "PreAuthentication" {
					answer := func() *cognitoidp.RespondToAuthChallengeRequest {
						return w.StartSRP(r.p, r.c, "ana").Answer(Password)
					}()
					Refused(w, refusedBy(last), w.API.RespondToAuthChallenge, answer)
					Refused(w, usedOne, w.API.RespondToAuthChallenge, answer)
				}
				f.breaks(last, nil)
			}
		})
	})
}

// TestDeclared holds that every operation with triggers declares what they can
// cause, and tells it.
func TestDeclared(t *testing.T) {
	f := newFake()
	w := quick(t, f)
	r := newRoom(w, f, withMigration(), nil, nil)
	w.User(r.p, "ana", "email", "ana@example.com", "email_verified", "true")
	Call(w, w.API.SignUp, signUp(r, "unready", "email", "u@example.com"))
	tokens := w.SignIn(r.c, "ana", Password)
	rotating := w.Client(r.p, func(in *cognitoidp.CreateUserPoolClientRequest) {
		in.RefreshTokenRotation = &cognitoidp.RefreshTokenRotationType{Feature: cognitoidp.FeatureTypeEnabled}
		in.ExplicitAuthFlows = []cognitoidp.ExplicitAuthFlowsType{cognitoidp.ExplicitAuthFlowsTypeAllowUserPasswordAuth}
	})
	exchanged := *w.SignIn(rotating, "ana", Password).RefreshToken
	calls := []struct {
		trigger string
		call    func() string
	}{
		{"PreSignUp", func() string { return Refusal(w, w.API.SignUp, signUp(r, "new")) }},
		{"CustomMessage", func() string { return Refusal(w, w.API.SignUp, signUp(r, "new", "email", "n@example.com")) }},
		{"CustomMessage", func() string {
			return Refusal(w, w.API.ResendConfirmationCode, &cognitoidp.ResendConfirmationCodeRequest{ClientId: r.c.ID, Username: "unready"})
		}},
		{"PreSignUp", func() string {
			return Refusal(w, w.API.AdminCreateUser, &cognitoidp.AdminCreateUserRequest{UserPoolId: r.p.ID, Username: "new"})
		}},
		{"CustomMessage", func() string {
			return Refusal(w, w.API.AdminCreateUser, &cognitoidp.AdminCreateUserRequest{
				UserPoolId: r.p.ID, Username: "new", UserAttributes: Attributes("email", "n@example.com"),
				DesiredDeliveryMediums: []cognitoidp.DeliveryMediumType{cognitoidp.DeliveryMediumTypeEmail},
			})
		}},
		{"CustomMessage", func() string {
			return Refusal(w, w.API.ForgotPassword, &cognitoidp.ForgotPasswordRequest{ClientId: r.c.ID, Username: "ana"})
		}},
		{"CustomMessage", func() string {
			return Refusal(w, w.API.AdminResetUserPassword, &cognitoidp.AdminResetUserPasswordRequest{UserPoolId: r.p.ID, Username: "ana"})
		}},
		{"CustomMessage", func() string {
			return Refusal(w, w.API.UpdateUserAttributes, &cognitoidp.UpdateUserAttributesRequest{
				AccessToken: *tokens.AccessToken, UserAttributes: Attributes("email", "other@example.com"),
			})
		}},
		{"CustomMessage", func() string {
			return Refusal(w, w.API.AdminUpdateUserAttributes, &cognitoidp.AdminUpdateUserAttributesRequest{
				UserPoolId: r.p.ID, Username: "ana", UserAttributes: Attributes("email", "other@example.com"),
			})
		}},
		{"CustomMessage", func() string {
			return Refusal(w, w.API.GetUserAttributeVerificationCode, &cognitoidp.GetUserAttributeVerificationCodeRequest{
				AccessToken: *tokens.AccessToken, AttributeName: "email",
			})
		}},
		{"PreAuthentication", func() string { return Refusal(w, w.API.InitiateAuth, password(r.c, "ana", Password)) }},
		{"PreAuthentication", func() string { return Refusal(w, w.API.AdminInitiateAuth, adminPassword(r, "ana", Password)) }},
		{"PreAuthentication", func() string { return Refusal(w, w.API.AdminInitiateAuth, adminPassword(r, "ana", "")) }},
		{"PreTokenGeneration", func() string {
			return Refusal(w, w.API.InitiateAuth, &cognitoidp.InitiateAuthRequest{
				ClientId: r.c.ID, AuthFlow: "REFRESH_TOKEN_AUTH", AuthParameters: map[string]string{"REFRESH_TOKEN": *tokens.RefreshToken},
			})
		}},
		{"PreTokenGeneration", func() string {
			return Refusal(w, w.API.GetTokensFromRefreshToken, &cognitoidp.GetTokensFromRefreshTokenRequest{ClientId: rotating.ID, RefreshToken: exchanged})
		}},
	}
	for i, c := range calls {
		before := len(w.Inbox(r.p, ""))
		for name, want := range map[string]struct {
			how  func() (*lambda.Result, error)
			want string
		}{
			"refuses": {func() (*lambda.Result, error) {
				return &lambda.Result{FunctionError: lambda.Handled, ErrorMessage: "no"}, nil
			}, refusedBy(c.trigger)},
			"is slow": {gone(lambda.ErrTimeout), "UnexpectedLambdaException: " + c.trigger + " invocation failed due to error Socket timeout while invoking Lambda function."},
			"lies":    {answer(`{"response":7}`), notJSON},
		} {
			f.breaks(c.trigger, want.how)
			if got := c.call(); got != want.want {
				t.Errorf("%d, %s %s: %q", i, c.trigger, name, got)
			}
			f.breaks(c.trigger, nil)
		}
		if after := len(w.Inbox(r.p, "")); after != before {
			t.Errorf("%d: %d messages left", i, after-before)
		}
	}
	// Nothing changed, and a refresh token that met a failing function is as good as before.
	if u := w.Get(r.p, "ana"); u.Status != "CONFIRMED" || u.Attributes["email"] != "ana@example.com" {
		t.Errorf("%s with %v", u.Status, u.Attributes)
	}
	Call(w, w.API.GetTokensFromRefreshToken, &cognitoidp.GetTokensFromRefreshTokenRequest{ClientId: rotating.ID, RefreshToken: exchanged})
}

// claims reads a token without looking at its signature.
func claims(t testing.TB, token *string) object {
	t.Helper()
	part, err := base64.RawURLEncoding.DecodeString(strings.Split(*token, ".")[1])
	c := object{}
	if err == nil {
		err = json.Unmarshal(part, &c)
	}
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// TestTokens holds what PreTokenGeneration changes in the tokens of sign-in,
// first password and refresh.
func TestTokens(t *testing.T) {
	versions := map[cognitoidp.PreTokenGenerationLambdaVersionType]object{
		v1: {"claimsOverrideDetails": object{
			"claimsToAddOrOverride": object{"plan": "gold", "sub": "somebody", "cognito:username": "root"},
			"claimsToSuppress":      []any{"email"}, "groupOverrideDetails": object{"groupsToOverride": []any{"players"}},
		}},
		v2: {"claimsAndScopeOverrideDetails": object{
			"idTokenGeneration": object{"claimsToAddOrOverride": object{"plan": "gold", "sub": "somebody"}, "claimsToSuppress": []any{"email"}},
			"accessTokenGeneration": object{
				"claimsToAddOrOverride": object{"limits": object{"max": 7}, "client_id": "other"},
				"scopesToAdd":           []any{"files/read"}, "scopesToSuppress": []any{"aws.cognito.signin.user.admin"},
			},
			"groupOverrideDetails": object{"groupsToOverride": []any{"players"}},
		}},
	}
	versions[v3] = versions[v2]
	each(t, func(t *testing.T, w *World, f *fake) {
		for version, members := range versions {
			f.sets("PreTokenGeneration", members)
			r := newRoom(w, f, nil, func(in *cognitoidp.CreateUserPoolRequest) {
				in.LambdaConfig.PreTokenGenerationConfig = &cognitoidp.PreTokenGenerationVersionConfigType{
					LambdaArn: arnOf("PreTokenGeneration"), LambdaVersion: version,
				}
			}, nil)
			sub := w.Get(r.p, w.User(r.p, "ana", "email", "ana@example.com")).Sub
			w.SetPassword(r.p, "ana", "Temporary-1", false)
			out := Call(w, w.API.InitiateAuth, PasswordAuth(r.c, "ana", "Temporary-1"))
			first := Call(w, w.API.RespondToAuthChallenge, &cognitoidp.RespondToAuthChallengeRequest{
				ClientId: r.c.ID, ChallengeName: *out.ChallengeName, Session: out.Session,
				ChallengeResponses: map[string]string{"USERNAME": "ana", "NEW_PASSWORD": Password},
			}).AuthenticationResult
			later := w.SignIn(r.c, "ana", Password)
			refreshed := Call(w, w.API.InitiateAuth, &cognitoidp.InitiateAuthRequest{
				ClientId: r.c.ID, AuthFlow: "REFRESH_TOKEN_AUTH", AuthParameters: map[string]string{"REFRESH_TOKEN": *later.RefreshToken},
			}).AuthenticationResult
			for name, tokens := range map[string]*cognitoidp.AuthenticationResultType{"first": first, "later": later, "refreshed": refreshed} {
				id, access := claims(t, tokens.IdToken), claims(t, tokens.AccessToken)
				groups := []any{"players"}
				if id["plan"] != "gold" || id["email"] != nil || id["sub"] != sub || id["cognito:username"] != "ana" ||
					!reflect.DeepEqual(id["cognito:groups"], groups) || !reflect.DeepEqual(access["cognito:groups"], groups) {
					t.Errorf("%s %s: %v, %v", version, name, id, access)
				}
				scope, limits := "files/read", any(object{"max": 7.0})
				if version == v1 {
					scope, limits = "aws.cognito.signin.user.admin", nil
				}
				if access["scope"] != scope || !reflect.DeepEqual(access["limits"], limits) || access["plan"] != nil || access["client_id"] != r.c.ID || access["sub"] != sub {
					t.Errorf("%s %s: access %v", version, name, access)
				}
			}
		}
	})
}

// TestCustomMessages holds that the text of a function replaces the template of
// every kind of message, and what becomes of a text without its code.
func TestCustomMessages(t *testing.T) {
	f := newFake()
	w := quick(t, f)
	r := newRoom(w, f, []string{"CustomMessage"}, nil, nil)
	f.answersWith("CustomMessage", func(request, response object) {
		code, name := request["codeParameter"].(string), ""
		if request["usernameParameter"] != nil {
			name = request["usernameParameter"].(string)
		}
		response["emailSubject"], response["emailMessage"] = "Hello from us", "Dear "+name+": "+code+" <b>!</b>"
	})
	arrives := func(kind message.Kind, name string) {
		t.Helper()
		list := w.Inbox(r.p, "ana@example.com")
		if len(list) == 0 {
			t.Fatalf("no %s", kind)
		}
		m := list[0]
		if m.Trigger != "CustomMessage_"+string(kind) || m.Subject != "Hello from us" || !strings.Contains(m.Body, "Dear "+name+": "+m.Code) {
			t.Errorf("%s: %q %q", kind, m.Subject, m.Body)
		}
		w.Clock.Advance(1e9)
	}
	Call(w, w.API.SignUp, signUp(r, "ana", "email", "ana@example.com"))
	arrives(message.SignUp, "")
	Call(w, w.API.ResendConfirmationCode, &cognitoidp.ResendConfirmationCodeRequest{ClientId: r.c.ID, Username: "ana"})
	arrives(message.ResendCode, "")
	Call(w, w.API.ConfirmSignUp, &cognitoidp.ConfirmSignUpRequest{ClientId: r.c.ID, Username: "ana", ConfirmationCode: w.Code(r.p, "ana@example.com")})
	Call(w, w.API.ForgotPassword, &cognitoidp.ForgotPasswordRequest{ClientId: r.c.ID, Username: "ana"})
	arrives(message.ForgotPassword, "")
	access := *w.SignIn(r.c, "ana", Password).AccessToken
	Call(w, w.API.GetUserAttributeVerificationCode, &cognitoidp.GetUserAttributeVerificationCodeRequest{AccessToken: access, AttributeName: "email"})
	arrives(message.VerifyUserAttribute, "")
	Call(w, w.API.UpdateUserAttributes, &cognitoidp.UpdateUserAttributesRequest{AccessToken: access, UserAttributes: Attributes("email", "b@example.com")})
	Call(w, w.API.UpdateUserAttributes, &cognitoidp.UpdateUserAttributesRequest{AccessToken: access, UserAttributes: Attributes("email", "ana@example.com")})
	arrives(message.UpdateUserAttribute, "")
	Call(w, w.API.AdminCreateUser, &cognitoidp.AdminCreateUserRequest{
		UserPoolId: r.p.ID, Username: "eve", UserAttributes: Attributes("email", "ana@example.com"),
		DesiredDeliveryMediums: []cognitoidp.DeliveryMediumType{cognitoidp.DeliveryMediumTypeEmail},
	})
	arrives(message.AdminCreateUser, "eve")

	f.sets("CustomMessage", object{"emailMessage": "no code here"})
	got := Refusal(w, w.API.SignUp, signUp(r, "bob", "email", "bob@example.com"))
	if !strings.HasPrefix(got, "InvalidLambdaResponseException: ") {
		t.Errorf("refused with %q", got)
	}
	Refused(w, "UserNotFoundException: User does not exist.", w.API.AdminGetUser, &cognitoidp.AdminGetUserRequest{UserPoolId: r.p.ID, Username: "bob"})
	f.sets("CustomMessage", object{"smsMessage": "of another medium"})
	Call(w, w.API.SignUp, signUp(r, "bob", "email", "bob@example.com"))
}
