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

// TestPasswordsByChoice holds PASSWORD and PASSWORD_SRP of USER_AUTH in all their spellings.
func TestPasswordsByChoice(t *testing.T) {
	Each(t, func(w *World) {
		p := w.Pool(every)
		c := w.Client(p, allFlows)
		w.User(p, "ana", "email", anaMail)
		const list = "PASSWORD_SRP PASSWORD EMAIL_OTP"
		for preferred, want := range map[string]string{
			"": "SELECT_CHALLENGE", "WEB_AUTHN": "SELECT_CHALLENGE", "SMS_OTP": "SELECT_CHALLENGE", "nonsense": "SELECT_CHALLENGE",
			"PASSWORD": "PASSWORD", "PASSWORD_SRP": "PASSWORD_SRP", "EMAIL_OTP": "EMAIL_OTP",
		} {
			h := begin(w, choose(c, "ana", preferred))
			if h.Challenge != want || h.Offered != list {
				w.T.Errorf("%q: %s of %s", preferred, h.Challenge, h.Offered)
			}
		}
		api := w.API.RespondToAuthChallenge
		open := begin(w, choose(c, "ana", ""))
		pick := answer(c, "SELECT_CHALLENGE", open.Session, "USERNAME", "ana", "ANSWER", "PASSWORD")
		Refused(w, missing("ANSWER"), api, with(pick, "ANSWER", "-"))
		for _, not := range []string{"WEB_AUTHN", "SMS_OTP", "SMS_MFA", "x"} {
			Refused(w, fmt.Sprintf("InvalidParameterException: Invalid ANSWER: %s is not an available challenge.", not), api, with(pick, "ANSWER", not))
		}
		next := respond(w, pick)
		equal(w.T, "without the password", next.Challenge+" of "+next.Offered, "PASSWORD of "+list)
		Refused(w, usedOne, api, pick)
		last := answer(c, "PASSWORD", next.Session, "USERNAME", "ana", "PASSWORD", "Wrong-1234")
		Refused(w, missing("PASSWORD"), api, with(last, "PASSWORD", "-"))
		Refused(w, wrong, api, last)
		Refused(w, usedOne, api, with(last, "PASSWORD", Password)) // one session is one guess
		open = begin(w, choose(c, "ana", ""))
		Refused(w, wrong, api, answer(c, "SELECT_CHALLENGE", open.Session, "USERNAME", "ana", "ANSWER", "PASSWORD", "PASSWORD", "x"))
		Refused(w, usedOne, api, answer(c, "SELECT_CHALLENGE", open.Session, "USERNAME", "ana", "ANSWER", "PASSWORD", "PASSWORD", Password))
		open = begin(w, choose(c, "ana", ""))
		h := respond(w, answer(c, "SELECT_CHALLENGE", open.Session, "USERNAME", "ana", "ANSWER", "EMAIL_OTP"))
		equal(w.T, "chosen", h.Challenge+" of "+h.Offered, "EMAIL_OTP of "+list)
		if respond(w, answer(c, "EMAIL_OTP", h.Session, "USERNAME", "ana", "EMAIL_OTP_CODE", w.Code(p, anaMail))).Tokens == nil {
			w.T.Error("no tokens after the chosen code")
		}
		open = begin(w, choose(c, "ana", ""))
		got := Together(w, 5, api, func(int) *cognitoidp.RespondToAuthChallengeRequest {
			return answer(c, "SELECT_CHALLENGE", open.Session, "USERNAME", "ana", "ANSWER", "PASSWORD", "PASSWORD", Password)
		})
		if got[""] != 1 || got[usedOne] != 4 {
			w.T.Errorf("parallel answers: %v", got)
		}
		off := w.Client(p, nil)
		Refused(w, "InvalidParameterException: USER_AUTH flow not enabled for this client", w.API.InitiateAuth, choose(off, "ana", ""))
	})
}

// TestChoiceWithSecret holds SECRET_HASH in every hop.
func TestChoiceWithSecret(t *testing.T) {
	w := Quick(t)
	p := w.Pool(every)
	c := w.Client(p, func(in *cognitoidp.CreateUserPoolClientRequest) { allFlows(in); confidential(in) })
	w.User(p, "ana", "email", anaMail)
	without, bad := fmt.Sprintf(noHash, c.ID), fmt.Sprintf(badHash, c.ID)
	hash := SecretHash(c, "ana")
	Refused(w, without, w.API.InitiateAuth, choose(c, "ana", "EMAIL_OTP"))
	Refused(w, bad, w.API.InitiateAuth, choose(c, "ana", "EMAIL_OTP", "SECRET_HASH", SecretHash(c, "bob")))
	h := begin(w, choose(c, "ana", "EMAIL_OTP", "SECRET_HASH", hash))
	last := answer(c, "EMAIL_OTP", h.Session, "USERNAME", "ana", "EMAIL_OTP_CODE", w.Code(p, anaMail))
	Refused(w, without, w.API.RespondToAuthChallenge, last)
	Refused(w, bad, w.API.RespondToAuthChallenge, with(last, "SECRET_HASH", "AAAA"))
	if respond(w, with(last, "SECRET_HASH", hash)).Tokens == nil {
		t.Error("no tokens")
	}
}

// TestCodesLeaveTheLockAlone holds that asking for codes neither clears the failures of passwords nor is stopped by
// them, and that nobody without the password can keep a user from the second factor.
func TestCodesLeaveTheLockAlone(t *testing.T) {
	Each(t, func(w *World) {
		p := w.Pool(every)
		c := w.Client(p, allFlows)
		w.User(p, "ana", "email", anaMail, "phone_number", anaPhone)
		for range 5 {
			Refused(w, wrong, w.API.InitiateAuth, PasswordAuth(c, "ana", "Wrong-1234"))
			begin(w, choose(c, "ana", "EMAIL_OTP"))
			begin(w, choose(c, "ana", ""))
		}
		Refused(w, locked, w.API.InitiateAuth, PasswordAuth(c, "ana", Password))
		h := begin(w, choose(c, "ana", "EMAIL_OTP"))
		if respond(w, answer(c, "EMAIL_OTP", h.Session, "USERNAME", "ana", "EMAIL_OTP_CODE", w.Code(p, anaMail))).Tokens == nil {
			w.T.Error("a locked password keeps the owner of the mailbox out")
		}
		Refused(w, locked, w.API.InitiateAuth, PasswordAuth(c, "ana", Password))
		w.Clock.Advance(time.Hour)

		var last error
		for range 25 {
			if _, last = w.API.InitiateAuth(w.Ctx, choose(c, "ana", "EMAIL_OTP")); last != nil {
				break
			}
		}
		if last == nil || !strings.Contains(last.Error(), "Attempt limit exceeded") {
			w.T.Errorf("codes without end: %v", last)
		}
		for range 8 {
			h := begin(w, choose(c, "ana", "SMS_OTP"))
			Refusal(w, w.API.RespondToAuthChallenge, answer(c, "SMS_OTP", h.Session, "USERNAME", "ana", "SMS_OTP_CODE", other(w.Code(p, anaPhone))))
		}
		p = setMFA(w, p, "OPTIONAL", "sms totp email")
		prefer(w, p, "ana", "email")
		h = begin(w, PasswordAuth(c, "ana", Password))
		equal(w.T, "second factor", h.Challenge, "EMAIL_OTP")
		if respond(w, answer(c, "EMAIL_OTP", h.Session, "USERNAME", "ana", "EMAIL_OTP_CODE", w.Code(p, anaMail))).Tokens == nil {
			w.T.Error("no tokens")
		}
	})
}

// TestChoiceHides compares what a hiding client is told of somebody who is unknown, disabled or unconfirmed.
func TestChoiceHides(t *testing.T) {
	Each(t, func(w *World) {
		p := setMFA(w, w.Pool(every), "OFF", "")
		c := w.Client(p, func(in *cognitoidp.CreateUserPoolClientRequest) { allFlows(in); Hiding(in) })
		open := w.Client(p, allFlows)
		w.User(p, "disabled", "email", "d@example.com", "phone_number", "+15550120")
		key := NewAuthenticator("example.com", "https://example.com")
		w.Enrol(*w.SignIn(c, "disabled", Password).AccessToken, key)
		disable(w, p, "disabled")
		signUp(w, c, "unconfirmed", "email", "u@example.com", "phone_number", "+15550121")
		before := len(w.Inbox(p, ""))
		api := w.API.RespondToAuthChallenge
		lists := map[string]bool{}
		for i := range 40 {
			name := []string{"disabled", "unconfirmed"}[i%2]
			if i > 1 {
				name = fmt.Sprintf("nobody%d", i)
			}
			h := begin(w, choose(c, name, ""))
			equal(w.T, name, h.Challenge, "SELECT_CHALLENGE")
			lists[h.Offered] = true
			equal(w.T, "once more for "+name, begin(w, choose(c, name, "")).Offered, h.Offered)
			for _, challenge := range strings.Fields(h.Offered) {
				n := begin(w, choose(c, name, challenge))
				equal(w.T, name+" with "+challenge, n.Challenge+" of "+n.Offered, challenge+" of "+h.Offered)
				switch challenge {
				case "EMAIL_OTP", "SMS_OTP":
					Refused(w, badCode, api, answer(c, challenge, n.Session, "USERNAME", name, challenge+"_CODE", "123456"))
				case "PASSWORD":
					Refused(w, wrong, api, answer(c, challenge, n.Session, "USERNAME", name, "PASSWORD", "Wrong-1234"))
				case "WEB_AUTHN":
					last := answer(c, challenge, n.Session, "USERNAME", name, "CREDENTIAL", key.Answer(w.T, n.Params["CREDENTIAL_REQUEST_OPTIONS"]))
					Refused(w, wrong, api, last)
					Refused(w, usedOne, api, last)
				}
				if strings.HasSuffix(challenge, "OTP") {
					Refused(w, noDevice, api, answer(c, challenge, n.Session, "USERNAME", name, challenge+"_CODE", "1", "DEVICE_KEY", "x"))
				}
			}
			w.Clock.Advance(2 * time.Hour)
		}
		if len(lists) < 4 {
			w.T.Errorf("only these lists are told: %v", lists)
		}
		if n := len(w.Inbox(p, "")); n != before {
			w.T.Errorf("%d messages were sent", n-before)
		}
		// After the right password alone an unconfirmed user is told, in every spelling.
		h := begin(w, choose(c, "unconfirmed", ""))
		Refused(w, unready, api, answer(c, "SELECT_CHALLENGE", h.Session, "USERNAME", "unconfirmed", "ANSWER", "PASSWORD", "PASSWORD", Password))
		Refused(w, unready, w.API.InitiateAuth, choose(c, "unconfirmed", "PASSWORD", "PASSWORD", Password))
		Refused(w, wrong, w.API.InitiateAuth, choose(c, "disabled", "PASSWORD", "PASSWORD", Password))
		// A client that hides nobody says so at once; unknown names are simulated all the same.
		Refused(w, disabled, w.API.InitiateAuth, choose(open, "disabled", ""))
		Refused(w, unready, w.API.InitiateAuth, choose(open, "unconfirmed", "EMAIL_OTP"))
		equal(w.T, "nobody", begin(w, choose(open, "nobody", "")).Challenge, "SELECT_CHALLENGE")
	})
}

// TestSignUpChain follows SignUp, ConfirmSignUp and InitiateAuth by their sessions.
func TestSignUpChain(t *testing.T) {
	Each(t, func(w *World) {
		p := w.Pool(every)
		c, o := w.Client(p, func(in *cognitoidp.CreateUserPoolClientRequest) { allFlows(in); Hiding(in) }), w.Client(p, allFlows)
		confirmed := func(w *World, name string) *string {
			w.T.Helper()
			up := Call(w, w.API.SignUp, &cognitoidp.SignUpRequest{ClientId: c.ID, Username: name, UserAttributes: Attributes("email", name+"@example.com")})
			out := Call(w, w.API.ConfirmSignUp, &cognitoidp.ConfirmSignUpRequest{
				ClientId: c.ID, Username: name, ConfirmationCode: w.Code(p, name+"@example.com"), Session: up.Session,
			})
			if up.Session == nil || out.Session == nil || *up.Session == *out.Session {
				w.T.Fatalf("sessions %v and %v", up.Session, out.Session)
			}
			Refused(w, badSession, w.API.InitiateAuth, chained(c, name, up.Session))
			return out.Session
		}
		s := confirmed(w, "ana")
		w.User(p, "bob")
		Refused(w, badSession, w.API.InitiateAuth, chained(c, "bob", s))
		Refused(w, badSession, w.API.InitiateAuth, chained(c, "nobody", s))
		Refused(w, badSession, w.API.InitiateAuth, chained(o, "ana", s))
		if begin(w, chained(c, "ana", s)).Tokens == nil {
			w.T.Error("no tokens")
		}
		Refused(w, usedOne, w.API.InitiateAuth, chained(c, "ana", s))
		s = confirmed(w, "late")
		w.Clock.Advance(3*time.Minute + time.Second)
		Refused(w, lateOne, w.API.InitiateAuth, chained(c, "late", s))
		s = confirmed(w, "gone")
		disable(w, p, "gone")
		Refused(w, badSession, w.API.InitiateAuth, chained(c, "gone", s))
		s = confirmed(w, "once")
		got := Together(w, 5, w.API.InitiateAuth, func(int) *cognitoidp.InitiateAuthRequest { return chained(c, "once", s) })
		if got[""] != 1 || got[usedOne] != 4 {
			w.T.Errorf("parallel use: %v", got)
		}
		// A second factor that the pool wants is asked for here too.
		s = confirmed(w, "mfa")
		Call(w, w.API.UpdateUserPool, &cognitoidp.UpdateUserPoolRequest{
			UserPoolId: p.ID, EmailConfiguration: p.Config.EmailConfiguration, SmsConfiguration: p.Config.SmsConfiguration,
			AutoVerifiedAttributes: p.Config.AutoVerifiedAttributes,
			Policies:               &cognitoidp.UserPoolPolicyType{SignInPolicy: &cognitoidp.SignInPolicyType{AllowedFirstAuthFactors: []cognitoidp.AuthFactorType{"PASSWORD"}}},
		})
		setMFA(w, w.Reload(p.ID), "ON", "totp")
		equal(w.T, "in a pool with MFA", begin(w, chained(c, "mfa", s)).Challenge, "MFA_SETUP")
	})
}

func chained(c *pool.Client, name string, session *string) *cognitoidp.InitiateAuthRequest {
	in := choose(c, name, "")
	in.Session = session
	return in
}
