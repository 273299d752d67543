package trigger_test

import (
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"cognate/internal/api/cognitoidp"
	"cognate/internal/core/pool"
	"cognate/internal/core/trigger"
	"cognate/internal/testkit/cognitotest"
)

// scenario is a flow, what fires in it in which order, and who sees the
// metadata of which call. Its events are testdata/<name>.json.
type scenario struct {
	name     string
	triggers []string // all unless set
	pool     func(*cognitoidp.CreateUserPoolRequest)
	client   func(*cognitoidp.CreateUserPoolClientRequest)
	setUp    func(r *room)
	run      func(r *room)
	want     []string
}

// TestScenarios runs every flow with every trigger configured.
func TestScenarios(t *testing.T) {
	each(t, func(t *testing.T, w *cognitotest.World, f *fake) {
		for _, s := range scenarios {
			t.Run(s.name, func(t *testing.T) {
				f.reset()
				clear(f.answers)
				clear(f.broken)
				if s.triggers == nil {
					s.triggers = all
				}
				r := newRoom(w.On(t), f, s.triggers, s.pool, s.client)
				if s.setUp != nil {
					s.setUp(r)
					f.reset()
				}
				s.run(r)
				r.expect(t, s.want...)
				r.golden(t, s.name)
			})
		}
	})
}

// TestEverySource holds the golden events to the list of sources.
func TestEverySource(t *testing.T) {
	seen := map[string]bool{}
	files, err := filepath.Glob("testdata/*.json")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for dec := json.NewDecoder(strings.NewReader(string(text))); dec.More(); {
			var e object
			if err := dec.Decode(&e); err != nil {
				t.Fatalf("%s: %v", file, err)
			}
			source, _ := e["triggerSource"].(string)
			seen[source] = true
		}
	}
	for _, source := range []string{
		trigger.PreSignUpSignUp, trigger.PreSignUpAdminCreateUser,
		trigger.PostConfirmationSignUp, trigger.PostConfirmationForgotPassword,
		"PreAuthentication_Authentication", "PostAuthentication_Authentication",
		trigger.TokenAuthentication, trigger.TokenNewPassword, trigger.TokenRefresh, trigger.TokenClientCredentials,
		trigger.MigrationAuthentication, trigger.MigrationForgotPassword,
		"CustomMessage_SignUp", "CustomMessage_AdminCreateUser", "CustomMessage_ResendCode", "CustomMessage_ForgotPassword",
		"CustomMessage_UpdateUserAttribute", "CustomMessage_VerifyUserAttribute", "CustomMessage_Authentication",
		"DefineAuthChallenge_Authentication", "CreateAuthChallenge_Authentication", "VerifyAuthChallengeResponse_Authentication",
		"CustomEmailSender_SignUp", "CustomEmailSender_AccountTakeOverNotification", "CustomSMSSender_Authentication",
		"InboundFederation_ExternalProvider",
	} {
		if !seen[source] {
			t.Errorf("no golden event of %s", source)
		}
	}
}

var scenarios = []scenario{
	{
		name: "sign-up",
		run: func(r *room) {
			cognitotest.Call(r.World, r.API.SignUp, signUp(r, "ana", "email", "ana@example.com", "name", "Ana"))
			cognitotest.Call(r.World, r.API.ResendConfirmationCode, &cognitoidp.ResendConfirmationCodeRequest{
				ClientId: r.c.ID, Username: "ana", ClientMetadata: from("Resend"),
			})
			cognitotest.Call(r.World, r.API.ConfirmSignUp, &cognitoidp.ConfirmSignUpRequest{
				ClientId: r.c.ID, Username: "ana", ConfirmationCode: r.Code(r.p, "ana@example.com"), ClientMetadata: from("Confirm"),
			})
		},
		want: []string{
			"PreSignUp_SignUp v=Validation c=SignUp", "CustomMessage_SignUp c=SignUp", "CustomMessage_ResendCode c=Resend",
			"PostConfirmation_ConfirmSignUp c=Confirm",
		},
	},
	{
		name: "sign-up-confirmed-at-once",
		setUp: func(r *room) {
			r.f.sets("PreSignUp", object{"autoConfirmUser": true, "autoVerifyEmail": true})
		},
		run: func(r *room) {
			cognitotest.Call(r.World, r.API.SignUp, signUp(r, "ana", "email", "ana@example.com"))
		},
		want: []string{"PreSignUp_SignUp v=Validation c=SignUp", "PostConfirmation_ConfirmSignUp c=SignUp"},
	},
	{
		name: "sign-up-confirmed-by-admin",
		run: func(r *room) {
			in := signUp(r, "ana", "email", "ana@example.com")
			in.ValidationData, in.ClientMetadata = nil, nil
			cognitotest.Call(r.World, r.API.SignUp, in)
			cognitotest.Call(r.World, r.API.AdminConfirmSignUp, &cognitoidp.AdminConfirmSignUpRequest{
				UserPoolId: r.p.ID, Username: "ana", ClientMetadata: from("AdminConfirm"),
			})
		},
		want: []string{"PreSignUp_SignUp", "CustomMessage_SignUp", "PostConfirmation_ConfirmSignUp c=AdminConfirm"},
	},
	{
		name: "sign-up-by-address",
		pool: func(in *cognitoidp.CreateUserPoolRequest) {
			in.UsernameAttributes = []cognitoidp.UsernameAttributeType{cognitoidp.UsernameAttributeTypeEmail}
		},
		run: func(r *room) {
			cognitotest.Call(r.World, r.API.SignUp, signUp(r, "ana@example.com"))
		},
		want: []string{"PreSignUp_SignUp v=Validation c=SignUp", "CustomMessage_SignUp c=SignUp"},
	},
	{
		name: "invitation",
		run: func(r *room) {
			in := &cognitoidp.AdminCreateUserRequest{
				UserPoolId: r.p.ID, Username: "ana", TemporaryPassword: new("Temporary-1"),
				UserAttributes:         cognitotest.Attributes("email", "ana@example.com"),
				DesiredDeliveryMediums: []cognitoidp.DeliveryMediumType{cognitoidp.DeliveryMediumTypeEmail},
				ValidationData:         cognitotest.Attributes("from", "Validation"), ClientMetadata: from("AdminCreate"),
			}
			cognitotest.Call(r.World, r.API.AdminCreateUser, in)
			in.MessageAction, in.ClientMetadata = new(cognitoidp.MessageActionTypeResend), from("Again")
			cognitotest.Call(r.World, r.API.AdminCreateUser, in)
			out := cognitotest.Call(r.World, r.API.InitiateAuth, password(r.c, "ana", "Temporary-1"))
			cognitotest.Call(r.World, r.API.RespondToAuthChallenge, &cognitoidp.RespondToAuthChallengeRequest{
				ClientId: r.c.ID, ChallengeName: *out.ChallengeName, Session: out.Session, ClientMetadata: from("Respond"),
				ChallengeResponses: map[string]string{"USERNAME": "ana", "NEW_PASSWORD": cognitotest.Password},
			})
		},
		want: []string{
			"PreSignUp_AdminCreateUser v=Validation c=AdminCreate", "CustomMessage_AdminCreateUser c=AdminCreate",
			"CustomMessage_AdminCreateUser c=Again", "PreAuthentication_Authentication v=Initiate",
			"PostAuthentication_Authentication c=Respond", "TokenGeneration_NewPasswordChallenge c=Respond",
		},
	},
	{
		name:  "password",
		setUp: func(r *room) { r.User(r.p, "ana", "email", "ana@example.com", "email_verified", "true") },
		run: func(r *room) {
			out := cognitotest.Call(r.World, r.API.InitiateAuth, password(r.c, "ana", cognitotest.Password))
			cognitotest.Call(r.World, r.API.InitiateAuth, &cognitoidp.InitiateAuthRequest{
				ClientId: r.c.ID, AuthFlow: cognitoidp.AuthFlowTypeRefreshTokenAuth, ClientMetadata: from("Refresh"),
				AuthParameters: map[string]string{"REFRESH_TOKEN": *out.AuthenticationResult.RefreshToken},
			})
			cognitotest.Refusal(r.World, r.API.InitiateAuth, password(r.c, "ana", "Wrong-password-1"))
			cognitotest.Refusal(r.World, r.API.InitiateAuth, password(r.c, "nobody", "Wrong-password-1"))
		},
		want: []string{
			"PreAuthentication_Authentication v=Initiate", "PostAuthentication_Authentication", "TokenGeneration_Authentication",
			"TokenGeneration_RefreshTokens", "PreAuthentication_Authentication v=Initiate",
		},
	},
	{
		name: "password-of-nobody-hidden", client: cognitotest.Hiding,
		run: func(r *room) {
			cognitotest.Refusal(r.World, r.API.InitiateAuth, password(r.c, "Nobody", "Wrong-password-1"))
		},
		want: []string{"PreAuthentication_Authentication v=Initiate"},
	},
	{
		name: "exchange",
		client: func(in *cognitoidp.CreateUserPoolClientRequest) {
			in.RefreshTokenRotation = &cognitoidp.RefreshTokenRotationType{Feature: cognitoidp.FeatureTypeEnabled}
			in.ExplicitAuthFlows = []cognitoidp.ExplicitAuthFlowsType{cognitoidp.ExplicitAuthFlowsTypeAllowUserPasswordAuth}
		},
		setUp: func(r *room) { r.User(r.p, "ana") },
		run: func(r *room) {
			out := r.SignIn(r.c, "ana", cognitotest.Password)
			cognitotest.Call(r.World, r.API.GetTokensFromRefreshToken, &cognitoidp.GetTokensFromRefreshTokenRequest{
				ClientId: r.c.ID, RefreshToken: *out.RefreshToken, ClientMetadata: from("Exchange"),
			})
		},
		want: []string{
			"PreAuthentication_Authentication", "PostAuthentication_Authentication", "TokenGeneration_Authentication",
			"TokenGeneration_RefreshTokens c=Exchange",
		},
	},
	{
		name:  "srp",
		setUp: func(r *room) { r.User(r.p, "ana", "email", "ana@example.com") },
		run: func(r *room) {
			answer := r.StartSRP(r.p, r.c, "ana").Answer(cognitotest.Password)
			answer.ClientMetadata = from("Respond")
			cognitotest.Call(r.World, r.API.RespondToAuthChallenge, answer)
		},
		want: []string{
			"PreAuthentication_Authentication", "PostAuthentication_Authentication c=Respond", "TokenGeneration_Authentication c=Respond",
		},
	},
	{
		name:  "admin-password",
		setUp: func(r *room) { r.User(r.p, "ana") },
		run: func(r *room) {
			cognitotest.Call(r.World, r.API.AdminInitiateAuth, adminPassword(r, "ana", cognitotest.Password))
			out := cognitotest.Call(r.World, r.API.AdminInitiateAuth, adminPassword(r, "ana", ""))
			cognitotest.Call(r.World, r.API.AdminRespondToAuthChallenge, adminAnswer(r, "ana", out.Session))
		},
		want: []string{
			"PreAuthentication_Authentication v=AdminInitiate", "PostAuthentication_Authentication", "TokenGeneration_Authentication",
			"PreAuthentication_Authentication v=AdminInitiate", "PostAuthentication_Authentication c=AdminRespond",
			"TokenGeneration_Authentication c=AdminRespond",
		},
	},
	{
		name: "recovery",
		setUp: func(r *room) {
			r.User(r.p, "ana", "email", "ana@example.com", "email_verified", "true")
		},
		run: func(r *room) {
			cognitotest.Call(r.World, r.API.ForgotPassword, &cognitoidp.ForgotPasswordRequest{
				ClientId: r.c.ID, Username: "ana", ClientMetadata: from("Forgot"),
			})
			cognitotest.Call(r.World, r.API.ConfirmForgotPassword, &cognitoidp.ConfirmForgotPasswordRequest{
				ClientId: r.c.ID, Username: "ana", ConfirmationCode: r.Code(r.p, "ana@example.com"), Password: "Brand-new-1",
				ClientMetadata: from("ConfirmForgot"),
			})
			cognitotest.Call(r.World, r.API.AdminResetUserPassword, &cognitoidp.AdminResetUserPasswordRequest{
				UserPoolId: r.p.ID, Username: "ana", ClientMetadata: from("AdminReset"),
			})
		},
		want: []string{
			"CustomMessage_ForgotPassword c=Forgot", "PostConfirmation_ConfirmForgotPassword c=ConfirmForgot",
			"CustomMessage_ForgotPassword c=AdminReset",
		},
	},
	{
		name: "attributes",
		setUp: func(r *room) {
			r.User(r.p, "ana", "email", "ana@example.com", "email_verified", "true")
		},
		run: func(r *room) {
			access := *r.SignIn(r.c, "ana", cognitotest.Password).AccessToken
			r.f.reset()
			cognitotest.Call(r.World, r.API.UpdateUserAttributes, &cognitoidp.UpdateUserAttributesRequest{
				AccessToken: access, UserAttributes: cognitotest.Attributes("email", "new@example.com"), ClientMetadata: from("Update"),
			})
			cognitotest.Call(r.World, r.API.GetUserAttributeVerificationCode, &cognitoidp.GetUserAttributeVerificationCodeRequest{
				AccessToken: access, AttributeName: "email", ClientMetadata: from("GetCode"),
			})
			cognitotest.Call(r.World, r.API.AdminUpdateUserAttributes, &cognitoidp.AdminUpdateUserAttributesRequest{
				UserPoolId: r.p.ID, Username: "ana", UserAttributes: cognitotest.Attributes("email", "third@example.com"),
				ClientMetadata: from("AdminUpdate"),
			})
		},
		want: []string{
			"CustomMessage_UpdateUserAttribute c=Update", "CustomMessage_VerifyUserAttribute c=GetCode",
			"CustomMessage_UpdateUserAttribute c=AdminUpdate",
		},
	},
	{
		name: "custom", setUp: riddle,
		run: func(r *room) {
			first := cognitotest.Call(r.World, r.API.InitiateAuth, custom(r.c, "ana"))
			second := cognitotest.Call(r.World, r.API.RespondToAuthChallenge, solution(r.c, "ana", first.Session, "wrong"))
			cognitotest.Call(r.World, r.API.RespondToAuthChallenge, solution(r.c, "ana", second.Session, "42"))
		},
		want: []string{
			"PreAuthentication_Authentication v=Initiate", "DefineAuthChallenge_Authentication", "CreateAuthChallenge_Authentication",
			"VerifyAuthChallengeResponse_Authentication c=Respond", "DefineAuthChallenge_Authentication c=Respond",
			"CreateAuthChallenge_Authentication c=Respond",
			"VerifyAuthChallengeResponse_Authentication c=Respond", "DefineAuthChallenge_Authentication c=Respond",
			"PostAuthentication_Authentication c=Respond", "TokenGeneration_Authentication c=Respond",
		},
	},
	{
		name: "custom-after-srp", setUp: riddle,
		run: func(r *room) {
			first := customSRP(r, "ana")
			answer := first.Answer(cognitotest.Password)
			answer.ClientMetadata = from("Proof")
			second := cognitotest.Call(r.World, r.API.RespondToAuthChallenge, answer)
			cognitotest.Call(r.World, r.API.RespondToAuthChallenge, solution(r.c, "ana", second.Session, "42"))
		},
		want: []string{
			"PreAuthentication_Authentication v=Initiate", "DefineAuthChallenge_Authentication",
			"DefineAuthChallenge_Authentication c=Proof", "CreateAuthChallenge_Authentication c=Proof",
			"VerifyAuthChallengeResponse_Authentication c=Respond", "DefineAuthChallenge_Authentication c=Respond",
			"PostAuthentication_Authentication c=Respond", "TokenGeneration_Authentication c=Respond",
		},
	},
	{
		name: "custom-by-admin", setUp: riddle,
		run: func(r *room) {
			first := cognitotest.Call(r.World, r.API.AdminInitiateAuth, &cognitoidp.AdminInitiateAuthRequest{
				UserPoolId: r.p.ID, ClientId: r.c.ID, AuthFlow: cognitoidp.AuthFlowTypeCustomAuth,
				AuthParameters: map[string]string{"USERNAME": "ana"}, ClientMetadata: from("AdminInitiate"),
			})
			cognitotest.Call(r.World, r.API.AdminRespondToAuthChallenge, &cognitoidp.AdminRespondToAuthChallengeRequest{
				UserPoolId: r.p.ID, ClientId: r.c.ID, ChallengeName: *first.ChallengeName, Session: first.Session,
				ChallengeResponses: map[string]string{"USERNAME": "ana", "ANSWER": "42"}, ClientMetadata: from("AdminRespond"),
			})
		},
		want: []string{
			"PreAuthentication_Authentication v=AdminInitiate", "DefineAuthChallenge_Authentication", "CreateAuthChallenge_Authentication",
			"VerifyAuthChallengeResponse_Authentication c=AdminRespond", "DefineAuthChallenge_Authentication c=AdminRespond",
			"PostAuthentication_Authentication c=AdminRespond", "TokenGeneration_Authentication c=AdminRespond",
		},
	},
	{
		name: "custom-hidden", setUp: riddle, client: cognitotest.Hiding,
		run: func(r *room) {
			first := cognitotest.Call(r.World, r.API.InitiateAuth, custom(r.c, "ana"))
			cognitotest.Call(r.World, r.API.RespondToAuthChallenge, solution(r.c, "ana", first.Session, "42"))
		},
		want: []string{
			"PreAuthentication_Authentication v=Initiate", "DefineAuthChallenge_Authentication", "CreateAuthChallenge_Authentication",
			"VerifyAuthChallengeResponse_Authentication c=Respond", "DefineAuthChallenge_Authentication c=Respond",
			"PostAuthentication_Authentication c=Respond", "TokenGeneration_Authentication c=Respond",
		},
	},
	{
		name: "custom-of-nobody-hidden", setUp: riddle, client: cognitotest.Hiding,
		run: func(r *room) {
			first := cognitotest.Call(r.World, r.API.InitiateAuth, custom(r.c, "nobody"))
			cognitotest.Refusal(r.World, r.API.RespondToAuthChallenge, solution(r.c, "nobody", first.Session, "42"))
		},
		want: []string{
			"PreAuthentication_Authentication v=Initiate", "DefineAuthChallenge_Authentication", "CreateAuthChallenge_Authentication",
			"VerifyAuthChallengeResponse_Authentication c=Respond", "DefineAuthChallenge_Authentication c=Respond",
		},
	},
	{
		name: "migration", triggers: withMigration(),
		setUp: func(r *room) {
			r.f.sets("UserMigration", object{
				"userAttributes": object{"email": "old@example.com", "email_verified": "true"}, "finalUserStatus": "CONFIRMED", "messageAction": "SUPPRESS",
			})
		},
		run: func(r *room) {
			cognitotest.Call(r.World, r.API.InitiateAuth, password(r.c, "Old", "from there"))
			out := cognitotest.Call(r.World, r.API.AdminInitiateAuth, adminPassword(r, "other", ""))
			r.f.sets("UserMigration", object{"userAttributes": object{"name": "Other"}, "finalUserStatus": "CONFIRMED"})
			cognitotest.Call(r.World, r.API.AdminRespondToAuthChallenge, adminAnswer(r, "other", out.Session))
		},
		want: []string{
			"UserMigration_Authentication v=Initiate", "PreSignUp_AdminCreateUser v=Initiate c=Initiate",
			"PreAuthentication_Authentication v=Initiate", "PostAuthentication_Authentication",
			"TokenGeneration_Authentication",
			"UserMigration_Authentication c=AdminRespond", "PreSignUp_AdminCreateUser", "PreAuthentication_Authentication",
			"PostAuthentication_Authentication c=AdminRespond", "TokenGeneration_Authentication c=AdminRespond",
		},
	},
	{
		name: "migration-of-the-forgetful", triggers: withMigration(),
		setUp: func(r *room) {
			r.f.sets("UserMigration", object{
				"userAttributes": object{"email": "old@example.com", "email_verified": "true"}, "messageAction": "SUPPRESS",
			})
		},
		run: func(r *room) {
			cognitotest.Call(r.World, r.API.ForgotPassword, &cognitoidp.ForgotPasswordRequest{
				ClientId: r.c.ID, Username: "old", ClientMetadata: from("Forgot"),
			})
		},
		want: []string{"UserMigration_ForgotPassword c=Forgot", "PreSignUp_AdminCreateUser c=Forgot", "CustomMessage_ForgotPassword c=Forgot"},
	},
}

func signUp(r *room, name string, attrs ...string) *cognitoidp.SignUpRequest {
	return &cognitoidp.SignUpRequest{
		ClientId: r.c.ID, Username: name, Password: new(cognitotest.Password), UserAttributes: cognitotest.Attributes(attrs...),
		ValidationData: cognitotest.Attributes("from", "Validation"), ClientMetadata: from("SignUp"),
	}
}

func password(c *pool.Client, name, pw string) *cognitoidp.InitiateAuthRequest {
	in := cognitotest.PasswordAuth(c, name, pw)
	in.ClientMetadata = from("Initiate")
	return in
}

func adminPassword(r *room, name, pw string) *cognitoidp.AdminInitiateAuthRequest {
	params := map[string]string{"USERNAME": name}
	flow := cognitoidp.AuthFlowTypeAdminNoSrpAuth
	if pw != "" {
		params["PASSWORD"] = pw
		flow = cognitoidp.AuthFlowTypeAdminUserPasswordAuth
	}
	return &cognitoidp.AdminInitiateAuthRequest{
		UserPoolId: r.p.ID, ClientId: r.c.ID, AuthFlow: flow, AuthParameters: params, ClientMetadata: from("AdminInitiate"),
	}
}

func adminAnswer(r *room, name string, session *string) *cognitoidp.AdminRespondToAuthChallengeRequest {
	return &cognitoidp.AdminRespondToAuthChallengeRequest{
		UserPoolId: r.p.ID, ClientId: r.c.ID, ChallengeName: cognitoidp.ChallengeNameTypeAdminNoSrpAuth, Session: session,
		ChallengeResponses: map[string]string{"USERNAME": name, "PASSWORD": cognitotest.Password}, ClientMetadata: from("AdminRespond"),
	}
}

func custom(c *pool.Client, name string) *cognitoidp.InitiateAuthRequest {
	return &cognitoidp.InitiateAuthRequest{
		ClientId: c.ID, AuthFlow: cognitoidp.AuthFlowTypeCustomAuth,
		AuthParameters: map[string]string{"USERNAME": name}, ClientMetadata: from("Initiate"),
	}
}

func solution(c *pool.Client, name string, session *string, answer string) *cognitoidp.RespondToAuthChallengeRequest {
	return &cognitoidp.RespondToAuthChallengeRequest{
		ClientId: c.ID, ChallengeName: cognitoidp.ChallengeNameTypeCustomChallenge, Session: session,
		ChallengeResponses: map[string]string{"USERNAME": name, "ANSWER": answer}, ClientMetadata: from("Respond"),
	}
}

// customSRP is the first hop of CUSTOM_AUTH that begins with the password.
func customSRP(r *room, name string) *cognitotest.SRP {
	return r.StartSRPWith(r.p, r.c, &cognitoidp.InitiateAuthRequest{
		ClientId: r.c.ID, AuthFlow: cognitoidp.AuthFlowTypeCustomAuth,
		AuthParameters: map[string]string{"USERNAME": name, "CHALLENGE_NAME": "SRP_A"}, ClientMetadata: from("Initiate"),
	})
}

// riddle makes the user ana and the three functions of a sign-in by a riddle:
// three guesses at 42, after the password when the client begins with it.
func riddle(r *room) {
	r.User(r.p, "ana", "email", "ana@example.com", "email_verified", "true")
	r.f.answersWith("DefineAuthChallenge", func(request, response object) {
		session := request["session"].([]any)
		response["issueTokens"], response["failAuthentication"] = false, false
		if len(session) == 0 {
			response["challengeName"] = "CUSTOM_CHALLENGE"
			return
		}
		last, wrong := session[len(session)-1].(object), 0
		for _, step := range session {
			if step.(object)["challengeResult"] == false {
				wrong++
			}
		}
		switch {
		case last["challengeName"] == "SRP_A":
			response["challengeName"] = "PASSWORD_VERIFIER"
		case last["challengeName"] == "CUSTOM_CHALLENGE" && last["challengeResult"] == true:
			response["issueTokens"] = true
		case wrong >= 3:
			response["failAuthentication"] = true
		default:
			response["challengeName"] = "CUSTOM_CHALLENGE"
		}
	})
	r.f.answersWith("CreateAuthChallenge", func(_, response object) {
		maps.Copy(response, object{
			"publicChallengeParameters":  object{"question": "what is it?", "USERNAME": "somebody else"},
			"privateChallengeParameters": object{"answer": "42"}, "challengeMetadata": "RIDDLE",
		})
	})
	r.f.answersWith("VerifyAuthChallengeResponse", func(request, response object) {
		private, _ := request["privateChallengeParameters"].(object)
		response["answerCorrect"] = private["answer"] == request["challengeAnswer"]
	})
}
