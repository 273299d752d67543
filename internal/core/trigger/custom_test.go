package trigger_test

import (
	"encoding/json"
	"maps"
	"strings"
	"testing"
	"time"

	"cognate/internal/api/cognitoidp"
	"cognate/internal/base/lambda"
	. "cognate/internal/testkit/cognitotest"
)

// The refusals that these tests speak of.
const (
	wrong      = "NotAuthorizedException: Incorrect username or password."
	badSession = "NotAuthorizedException: Invalid session for the user."
	usedOne    = "NotAuthorizedException: Invalid session for the user, session can only be used once."
	lateOne    = "NotAuthorizedException: Invalid session for the user, session is expired."
	notJSON    = "InvalidLambdaResponseException: Unrecognizable lambda output"
	customOff  = "InvalidParameterException: Custom auth lambda trigger is not configured for the user pool."
)

// TestCustomSignIn follows the riddle through the ways it can end.
func TestCustomSignIn(t *testing.T) {
	each(t, func(t *testing.T, w *World, f *fake) {
		r := newRoom(w, f, all, nil, nil)
		riddle(r)
		start := func(w *World) *string { return Call(w, w.API.InitiateAuth, custom(r.c, "ana")).Session }

		w.Run("the answer stays on the server", func(w *World) {
			out := Call(w, w.API.InitiateAuth, custom(r.c, "ana"))
			want := map[string]string{"USERNAME": "ana", "question": "what is it?"}
			if !maps.Equal(out.ChallengeParameters, want) || *out.ChallengeName != "CUSTOM_CHALLENGE" {
				w.T.Errorf("challenge %s with %v", *out.ChallengeName, out.ChallengeParameters)
			}
			if text, _ := json.Marshal(out); strings.Contains(string(text), `"answer"`) || len(*out.Session) > 2048 {
				w.T.Errorf("answer %s", text)
			}
			done := Call(w, w.API.RespondToAuthChallenge, solution(r.c, "ana", out.Session, "42"))
			if done.AuthenticationResult == nil || done.AuthenticationResult.RefreshToken == nil || done.ChallengeName != nil {
				w.T.Errorf("no tokens: %+v", done)
			}
			Refused(w, usedOne, w.API.RespondToAuthChallenge, solution(r.c, "ana", out.Session, "42"))
		})
		w.Run("three wrong answers", func(w *World) {
			session := start(w)
			for range 2 {
				out := Call(w, w.API.RespondToAuthChallenge, solution(r.c, "ana", session, "41"))
				Refused(w, usedOne, w.API.RespondToAuthChallenge, solution(r.c, "ana", session, "42"))
				session = out.Session
			}
			Refused(w, wrong, w.API.RespondToAuthChallenge, solution(r.c, "ana", session, "41"))
			Refused(w, usedOne, w.API.RespondToAuthChallenge, solution(r.c, "ana", session, "42"))
		})
		w.Run("answers at once are one guess", func(w *World) {
			session := start(w)
			f.reset()
			outcomes := Together(w, 8, w.API.RespondToAuthChallenge, func(i int) *cognitoidp.RespondToAuthChallengeRequest {
				return solution(r.c, "ana", session, "42")
			})
			if outcomes[""] != 1 || outcomes[usedOne] != 7 {
				w.T.Errorf("outcomes %v", outcomes)
			}
			n := 0
			for _, line := range f.trace() {
				if strings.HasPrefix(line, "Verify") {
					n++
				}
			}
			if n != 1 {
				w.T.Errorf("the function looked at %d answers", n)
			}
		})
		w.Run("sessions", func(w *World) {
			session := start(w)
			other := r.client(nil)
			elsewhere := newRoom(w, f, all, nil, nil)
			Refused(w, badSession, w.API.RespondToAuthChallenge, solution(other, "ana", session, "42"))
			Refused(w, badSession, w.API.RespondToAuthChallenge, solution(elsewhere.c, "ana", session, "42"))
			Refused(w, badSession, w.API.RespondToAuthChallenge, solution(r.c, "bob", session, "42"))
			Refused(w, badSession, w.API.RespondToAuthChallenge, solution(r.c, "ana", new(strings.Repeat("x", 64)), "42"))
			Refused(w, "InvalidParameterException: Missing required parameter Session", w.API.RespondToAuthChallenge, solution(r.c, "ana", nil, "42"))
			Refused(w, "InvalidParameterException: Missing required parameter ANSWER", w.API.RespondToAuthChallenge, solution(r.c, "ana", session, ""))
			Refused(w, "InvalidParameterException: Missing required parameter USERNAME", w.API.RespondToAuthChallenge, solution(r.c, "", session, "42"))
			in := solution(r.c, "ana", session, "42")
			in.ChallengeName = cognitoidp.ChallengeNameTypeNewPasswordRequired
			in.ChallengeResponses["NEW_PASSWORD"] = Password
			Refused(w, badSession, w.API.RespondToAuthChallenge, in)
			Call(w, w.API.RespondToAuthChallenge, solution(r.c, "ana", session, "42")) // still good
			session = start(w)
			w.Clock.Advance(3*time.Minute + time.Second)
			Refused(w, lateOne, w.API.RespondToAuthChallenge, solution(r.c, "ana", session, "42"))
		})
		w.Run("a function fails in the middle", func(w *World) {
			session := start(w)
			f.fails("VerifyAuthChallengeResponse", "no luck")
			Refused(w, "UserLambdaValidationException: VerifyAuthChallengeResponse failed with error no luck.", w.API.RespondToAuthChallenge, solution(r.c, "ana", session, "42"))
			f.breaks("VerifyAuthChallengeResponse", nil)
			Refused(w, usedOne, w.API.RespondToAuthChallenge, solution(r.c, "ana", session, "42"))
			f.fails("CreateAuthChallenge", "no idea")
			Refused(w, "UserLambdaValidationException: CreateAuthChallenge failed with error no idea.", w.API.InitiateAuth, custom(r.c, "ana"))
			f.breaks("CreateAuthChallenge", func() (*lambda.Result, error) { return nil, lambda.ErrTimeout })
			Refused(w, "UnexpectedLambdaException: CreateAuthChallenge invocation failed due to error Socket timeout while invoking Lambda function.", w.API.InitiateAuth, custom(r.c, "ana"))
			f.breaks("CreateAuthChallenge", nil)
		})
		w.Run("nobody", func(w *World) {
			f.reset()
			Refused(w, "UserNotFoundException: User does not exist.", w.API.InitiateAuth, custom(r.c, "nobody"))
			if got := f.trace(); len(got) > 0 {
				w.T.Errorf("fired for nobody: %v", got)
			}
		})
	})
}

// TestCustomAfterPassword holds the flow that begins with SRP.
func TestCustomAfterPassword(t *testing.T) {
	each(t, func(t *testing.T, w *World, f *fake) {
		r := newRoom(w, f, all, nil, nil)
		riddle(r)
		w.Run("wrong password", func(w *World) {
			f.reset()
			Refused(w, wrong, w.API.RespondToAuthChallenge, customSRP(r, "ana").Answer("Wrong-password-1"))
			r.expect(w.T.(*testing.T), "PreAuthentication_Authentication v=Initiate", "DefineAuthChallenge_Authentication")
		})
		w.Run("once", func(w *World) {
			answer := customSRP(r, "ana").Answer(Password)
			Call(w, w.API.RespondToAuthChallenge, answer)
			Refused(w, usedOne, w.API.RespondToAuthChallenge, answer)
		})
		w.Run("a temporary password is changed", func(w *World) {
			w.SetPassword(r.p, "ana", "Temporary-1", false)
			out := Call(w, w.API.RespondToAuthChallenge, customSRP(r, "ana").Answer("Temporary-1"))
			out = Call(w, w.API.RespondToAuthChallenge, solution(r.c, "ana", out.Session, "42"))
			if out.ChallengeName == nil || *out.ChallengeName != "NEW_PASSWORD_REQUIRED" {
				w.T.Fatalf("instead of a new password: %+v", out)
			}
			done := Call(w, w.API.RespondToAuthChallenge, &cognitoidp.RespondToAuthChallengeRequest{
				ClientId: r.c.ID, ChallengeName: *out.ChallengeName, Session: out.Session,
				ChallengeResponses: map[string]string{"USERNAME": "ana", "NEW_PASSWORD": Password},
			})
			if done.AuthenticationResult == nil {
				w.T.Error("no tokens")
			}
		})
		w.Run("without SRP_A", func(w *World) {
			in := custom(r.c, "ana")
			in.AuthParameters["CHALLENGE_NAME"] = "SRP_A"
			Refused(w, "InvalidParameterException: Missing required parameter SRP_A", w.API.InitiateAuth, in)
		})
		w.Run("PASSWORD_VERIFIER without SRP_A", func(w *World) {
			f.sets("DefineAuthChallenge", object{"challengeName": "PASSWORD_VERIFIER"})
			Refused(w, notJSON, w.API.InitiateAuth, custom(r.c, "ana"))
		})
	})
}

// TestCustomUsers holds who gets through and what the others hear.
func TestCustomUsers(t *testing.T) {
	each(t, func(t *testing.T, w *World, f *fake) {
		r := newRoom(w, f, all, nil, nil)
		riddle(r)
		hiding := r.client(Hiding)
		for _, name := range []string{"disabled", "reset", "forced"} {
			w.User(r.p, name, "email", name+"@example.com", "email_verified", "true")
		}
		Call(w, w.API.AdminDisableUser, &cognitoidp.AdminDisableUserRequest{UserPoolId: r.p.ID, Username: "disabled"})
		Call(w, w.API.AdminResetUserPassword, &cognitoidp.AdminResetUserPasswordRequest{UserPoolId: r.p.ID, Username: "reset"})
		w.SetPassword(r.p, "forced", "Temporary-1", false)
		Call(w, w.API.SignUp, signUp(r, "unready", "email", "u@example.com"))
		const (
			unready = "UserNotConfirmedException: User is not confirmed."
			reset   = "PasswordResetRequiredException: Password reset required for the user"
		)
		for name, want := range map[string]struct{ first, hidden string }{
			"disabled": {"NotAuthorizedException: User is disabled.", wrong},
			"unready":  {unready, unready},
			"reset":    {reset, reset},
			"forced":   {"", ""},
			"nobody":   {"UserNotFoundException: User does not exist.", wrong},
		} {
			if got := through(w, custom(r.c, name)); got != want.first {
				t.Errorf("%s: %q, want %q", name, got, want.first)
			}
			if got := through(w, custom(hiding, name)); got != want.hidden {
				t.Errorf("%s, hidden: %q, want %q", name, got, want.hidden)
			}
		}
	})
}

// through runs a riddle to its end and returns what refused it.
func through(w *World, in *cognitoidp.InitiateAuthRequest) string {
	out, err := w.API.InitiateAuth(w.Ctx, in)
	if err != nil {
		return text(err)
	}
	answer := &cognitoidp.RespondToAuthChallengeRequest{
		ClientId: in.ClientId, ChallengeName: *out.ChallengeName, Session: out.Session,
		ChallengeResponses: map[string]string{"USERNAME": in.AuthParameters["USERNAME"], "ANSWER": "42"},
	}
	return Refusal(w, w.API.RespondToAuthChallenge, answer)
}

// TestCustomHidden holds that the answer for nobody looks like the one for
// somebody, also where the stored name is another than the typed one.
func TestCustomHidden(t *testing.T) {
	each(t, func(t *testing.T, w *World, f *fake) {
		for _, set := range []func(*cognitoidp.CreateUserPoolRequest){nil, func(in *cognitoidp.CreateUserPoolRequest) {
			in.UsernameAttributes = []cognitoidp.UsernameAttributeType{"email"}
		}} {
			kind := "names"
			r := newRoom(w, f, all, set, Hiding)
			somebody, nobody := "ana", "nobody"
			if set != nil {
				kind, somebody, nobody = "addresses", "ana@example.com", "nobody@example.com"
				w.User(r.p, somebody)
			} else {
				riddle(r)
			}
			shown := func(name string) string {
				out := Call(w, w.API.InitiateAuth, custom(r.c, name))
				again := Call(w, w.API.InitiateAuth, custom(r.c, name))
				if out.ChallengeParameters["USERNAME"] != again.ChallengeParameters["USERNAME"] {
					t.Errorf("%s: the name of %s changes", kind, name)
				}
				return string(uuids.ReplaceAll([]byte(out.ChallengeParameters["USERNAME"]), []byte("<sub>")))
			}
			a, b := shown(somebody), shown(nobody)
			if set == nil && (a != "ana" || b != "nobody") || set != nil && (a != "<sub>" || b != "<sub>") {
				t.Errorf("%s: shown as %q and %q", kind, a, b)
			}
			e := f.last(t, "DefineAuthChallenge_Authentication")["request"].(object)
			if e["userNotFound"] != true || len(e["userAttributes"].(object)) != 0 {
				t.Errorf("%s: event of nobody: %v", kind, e)
			}
		}
	})
}

// TestDefine holds what DefineAuthChallenge may answer.
func TestDefine(t *testing.T) {
	each(t, func(t *testing.T, w *World, f *fake) {
		r := newRoom(w, f, all, nil, nil)
		riddle(r)
		for name, c := range map[string]struct {
			members object
			want    string
		}{
			"nothing":           {object{}, notJSON},
			"no and no":         {object{"issueTokens": false, "failAuthentication": false}, notJSON},
			"unknown name":      {object{"challengeName": "MAGIC"}, notJSON},
			"a factor":          {object{"challengeName": "SOFTWARE_TOKEN_MFA"}, notJSON},
			"an empty name":     {object{"challengeName": ""}, notJSON},
			"fail":              {object{"failAuthentication": true}, wrong},
			"fail and tokens":   {object{"failAuthentication": true, "issueTokens": true}, wrong},
			"tokens at once":    {object{"issueTokens": true}, ""},
			"tokens, with name": {object{"issueTokens": true, "challengeName": "CUSTOM_CHALLENGE"}, ""},
		} {
			f.sets("DefineAuthChallenge", c.members)
			if got := Refusal(w, w.API.InitiateAuth, custom(r.c, "ana")); got != c.want {
				t.Errorf("%s: %q, want %q", name, got, c.want)
			}
		}
	})
}

// TestCustomEndless holds that a function that never gives up is stopped.
func TestCustomEndless(t *testing.T) {
	f := newFake()
	w := quick(t, f)
	r := newRoom(w, f, all, nil, nil)
	riddle(r)
	f.sets("DefineAuthChallenge", object{"challengeName": "CUSTOM_CHALLENGE"})
	session := Call(w, w.API.InitiateAuth, custom(r.c, "ana")).Session
	for i := range 200 {
		out, err := w.API.RespondToAuthChallenge(w.Ctx, solution(r.c, "ana", session, "42"))
		if err != nil {
			if text(err) != wrong || i < 50 {
				t.Errorf("step %d: %v", i, err)
			}
			return
		}
		session = out.Session
	}
	t.Error("200 steps in one sign-in")
}

// TestCustomNotConfigured holds pools that lack functions of the flow.
func TestCustomNotConfigured(t *testing.T) {
	f := newFake()
	w := quick(t, f)
	for _, triggers := range [][]string{
		nil, {"CreateAuthChallenge", "VerifyAuthChallengeResponse"},
		{"DefineAuthChallenge", "VerifyAuthChallengeResponse"}, {"DefineAuthChallenge", "CreateAuthChallenge"},
	} {
		r := newRoom(w, f, triggers, nil, nil)
		riddle(r)
		Refused(w, customOff, w.API.InitiateAuth, custom(r.c, "ana"))
	}
	r := newRoom(w, f, all, nil, nil)
	in := custom(r.c, "ana")
	in.ClientId = w.Client(r.p, nil).ID
	Refused(w, "InvalidParameterException: CUSTOM_AUTH flow not enabled for this client", w.API.InitiateAuth, in)
}

// TestCustomSecondFactor holds that the second factor follows the password and
// is told to DefineAuthChallenge, and that there is none without a password.
func TestCustomSecondFactor(t *testing.T) {
	each(t, func(t *testing.T, w *World, f *fake) {
		r := newRoom(w, f, all, nil, nil)
		riddle(r)
		Call(w, w.API.SetUserPoolMfaConfig, &cognitoidp.SetUserPoolMfaConfigRequest{
			UserPoolId: r.p.ID, MfaConfiguration: new(cognitoidp.UserPoolMfaTypeOptional),
			SmsMfaConfiguration: &cognitoidp.SmsMfaConfigType{SmsConfiguration: &cognitoidp.SmsConfigurationType{SnsCallerArn: new("arn:aws:iam::000000000000:role/sms")}},
		})
		r.p = w.Reload(r.p.ID)
		Call(w, w.API.AdminUpdateUserAttributes, &cognitoidp.AdminUpdateUserAttributesRequest{
			UserPoolId: r.p.ID, Username: "ana", UserAttributes: Attributes("phone_number", "+15550100", "phone_number_verified", "true"),
		})
		Call(w, w.API.AdminSetUserMFAPreference, &cognitoidp.AdminSetUserMFAPreferenceRequest{
			UserPoolId: r.p.ID, Username: "ana", SMSMfaSettings: &cognitoidp.SMSMfaSettingsType{Enabled: new(true), PreferredMfa: new(true)},
		})
		f.reset()
		out := Call(w, w.API.RespondToAuthChallenge, customSRP(r, "ana").Answer(Password))
		if out.ChallengeName == nil || *out.ChallengeName != "SMS_MFA" {
			t.Fatalf("after the password: %+v", out)
		}
		sms := func(code string) *cognitoidp.RespondToAuthChallengeRequest {
			return &cognitoidp.RespondToAuthChallengeRequest{
				ClientId: r.c.ID, ChallengeName: "SMS_MFA", Session: out.Session, ClientMetadata: from("Code"),
				ChallengeResponses: map[string]string{"USERNAME": "ana", "SMS_MFA_CODE": code},
			}
		}
		Refused(w, "CodeMismatchException: Invalid code or auth state for the user.", w.API.RespondToAuthChallenge, sms("000000"))
		code := sms(w.Code(r.p, "+15550100"))
		next := Call(w, w.API.RespondToAuthChallenge, code)
		if next.ChallengeName == nil || *next.ChallengeName != "CUSTOM_CHALLENGE" {
			t.Fatalf("after the code: %+v", next)
		}
		Refused(w, usedOne, w.API.RespondToAuthChallenge, code)
		done := Call(w, w.API.RespondToAuthChallenge, solution(r.c, "ana", next.Session, "42"))
		if done.AuthenticationResult == nil {
			t.Errorf("no tokens: %+v", done)
		}
		r.expect(t,
			"PreAuthentication_Authentication v=Initiate", "DefineAuthChallenge_Authentication", "CustomMessage_Authentication",
			"DefineAuthChallenge_Authentication c=Code", "CreateAuthChallenge_Authentication c=Code",
			"VerifyAuthChallengeResponse_Authentication c=Respond", "DefineAuthChallenge_Authentication c=Respond",
			"PostAuthentication_Authentication c=Respond", "TokenGeneration_Authentication c=Respond",
		)
		r.golden(t, "custom-with-second-factor")

		plain := Call(w, w.API.InitiateAuth, custom(r.c, "ana"))
		if Call(w, w.API.RespondToAuthChallenge, solution(r.c, "ana", plain.Session, "42")).AuthenticationResult == nil {
			t.Error("a second factor without a first")
		}
	})
}
