package signin_test

import (
	"strings"
	"testing"
	"time"

	"cognate/internal/api/cognitoidp"
	"cognate/internal/base/db"
	"cognate/internal/core/factor"
	"cognate/internal/core/pool"
	"cognate/internal/rooms"
	. "cognate/internal/testkit/cognitotest"
	"cognate/internal/testkit/dbtest"
)

// strange is a recovery code that nobody has.
const strange = "zzzzz-zzzzz"

// recoverable switches recovery codes on in a pool, n for each user.
func recoverable(w *World, p *pool.Pool, n string) *pool.Pool {
	w.T.Helper()
	Call(w, w.API.TagResource, &cognitoidp.TagResourceRequest{ResourceArn: p.ARN, Tags: map[string]string{pool.TagRecoveryCodes: n}})
	return w.Reload(p.ID)
}

// recovery makes the recovery codes of the user whose sign-in has just proven a second factor.
func recovery(w *World, p *pool.Pool, h hop) []string {
	w.T.Helper()
	if h.Tokens == nil {
		w.T.Fatalf("no tokens but %s", h.Challenge)
	}
	list, err := w.Factors.MakeRecoveryCodes(w.Ctx, p.ID, *h.Tokens.AccessToken)
	if err != nil {
		w.T.Fatal(err)
	}
	return list
}

// methods are what the sign-in of some tokens has proven.
func methods(w *World, tokens *cognitoidp.AuthenticationResultType) string {
	w.T.Helper()
	if tokens == nil {
		return "no tokens"
	}
	a, err := w.Tokens.VerifyAccess(w.Ctx, *tokens.AccessToken)
	if err != nil {
		w.T.Fatal(err)
	}
	return strings.Join(a.AMR, " ")
}

// TestRecoveryMatrix holds recovery codes through every challenge of a second factor.
func TestRecoveryMatrix(t *testing.T) {
	Each(t, func(w *World) {
		for _, k := range proofs {
			if k.mfa != "" {
				w.Run(k.challenge, func(w *World) { recoveryMatrix(w, newStage(w, k)) })
			}
		}
	})
}

func recoveryMatrix(w *World, s *stage) {
	api := w.API.RespondToAuthChallenge
	s.p, s.q = recoverable(w, s.p, "20"), recoverable(w, s.q, "1")
	signIn := func() hop {
		h := s.start(w, s.c, "ana")
		return respond(w, s.answer(h.Session, s.code(w)))
	}
	former := recovery(w, s.p, signIn())
	w.Clock.Advance(time.Minute)
	codes := recovery(w, s.p, signIn())
	next := func() string {
		c := codes[0]
		codes = codes[1:]
		return c
	}

	// Every flow, of users and of administrators.
	for flow, h := range map[string]hop{
		"USER_PASSWORD_AUTH": s.start(w, s.c, "ana"),
		"USER_SRP_AUTH":      respond(w, w.StartSRP(s.p, s.c, "ana").Answer(Password)),
		"USER_AUTH":          begin(w, choose(s.c, "ana", "PASSWORD", "PASSWORD", Password)),
	} {
		equal(w.T, flow, h.Challenge, s.challenge)
		equal(w.T, flow, methods(w, respond(w, s.answer(h.Session, next())).Tokens), "pwd recovery_code")
	}
	admin := asAdmin{w}
	first := Call(w, admin.InitiateAuth, PasswordAuth(s.c, "ana", Password))
	last := Call(w, admin.RespondToAuthChallenge, s.answer(first.Session, strings.ToUpper(next())))
	equal(w.T, "admin API", methods(w, last.AuthenticationResult), "pwd recovery_code")
	if s.challenge == "EMAIL_OTP" {
		other := answer(s.c, s.challenge, s.start(w, s.c, "ana").Session, "USERNAME", "ana", "EMAIL_MFA_CODE", next())
		equal(w.T, "the other name of the member", methods(w, respond(w, other).Tokens), "pwd recovery_code")
	}

	// Wrong in every way, and no way tells which.
	used := next()
	Call(w, api, s.answer(s.start(w, s.c, "ana").Session, used))
	bobs := s.start(w, s.c, "bob")
	foreign := s.start(w, s.d, "ana")
	elsewhere := with(s.answer(foreign.Session, codes[0]))
	elsewhere.ClientId = s.d.ID
	for _, in := range []*cognitoidp.RespondToAuthChallengeRequest{
		s.answer(s.start(w, s.c, "ana").Session, strange), s.answer(s.start(w, s.c, "ana").Session, used),
		s.answer(s.start(w, s.c, "ana").Session, former[0]), with(s.answer(bobs.Session, codes[0]), "USERNAME", "bob"), elsewhere,
	} {
		Refused(w, s.wrong, api, in)
	}
	if s.challenge != totpFactor {
		Refused(w, missing(s.challenge+"_CODE"), api, answer(s.c, s.challenge, s.start(w, s.c, "ana").Session, "USERNAME", "ana", "SOFTWARE_TOKEN_MFA_CODE", codes[0]))
	}

	// A session takes three wrong answers, a user five.
	w.Clock.Advance(time.Hour)
	h := s.start(w, s.c, "ana")
	equal(w.T, "a right code clears the count", methods(w, respond(w, s.answer(h.Session, next())).Tokens), "pwd recovery_code")
	h = s.start(w, s.c, "ana")
	for range 3 {
		Refused(w, s.wrong, api, s.answer(h.Session, strange))
	}
	Refused(w, usedOne, api, s.answer(h.Session, strange))
	Refused(w, usedOne, api, s.answer(h.Session, codes[0])) // which is not used up by it
	h = s.start(w, s.c, "ana")
	Refused(w, s.wrong, api, s.answer(h.Session, strange))
	Refused(w, wrong, api, s.answer(h.Session, codes[0]))
	w.Clock.Advance(2 * time.Second)
	equal(w.T, "after the lock", methods(w, respond(w, s.answer(h.Session, next())).Tokens), "pwd recovery_code")

	recoveryTogether(w, s, next)
	s.p = recoverable(w, s.p, "0")
	Refused(w, s.wrong, api, s.answer(s.start(w, s.c, "ana").Session, codes[0]))
	Call(w, w.API.UntagResource, &cognitoidp.UntagResourceRequest{ResourceArn: s.p.ARN, TagKeys: []string{pool.TagRecoveryCodes}})
	s.p = w.Reload(s.p.ID)
	h = s.start(w, s.c, "ana")
	Refused(w, s.wrong, api, s.answer(h.Session, codes[0]))
	w.Clock.Advance(2 * time.Second) // past a lock
	if respond(w, s.answer(h.Session, s.code(w))).Tokens == nil {
		w.T.Error("no tokens by the code itself")
	}
}

// recoveryTogether uses one code at once, in one session and in several.
func recoveryTogether(w *World, s *stage, next func() string) {
	api, code := w.API.RespondToAuthChallenge, next()
	h := s.start(w, s.c, "ana")
	got := Together(w, 4, api, func(int) *cognitoidp.RespondToAuthChallengeRequest { return s.answer(h.Session, code) })
	if got[""] != 1 || got[""]+got[usedOne] != 4 {
		w.T.Errorf("one code in one session: %v", got)
	}
	w.Clock.Advance(time.Hour)
	var sessions []*string
	for range 4 {
		sessions = append(sessions, s.start(w, s.c, "ana").Session)
	}
	code = next()
	got = Together(w, 4, api, func(i int) *cognitoidp.RespondToAuthChallengeRequest { return s.answer(sessions[i], code) })
	if got[""] != 1 || got[s.wrong] != 3 {
		w.T.Errorf("one code in several sessions: %v", got)
	}
	w.Clock.Advance(time.Hour)
}

// withRecovery is a pool in which ana has a software token and recovery codes, but is not asked for a second factor.
func withRecovery(w *World) (p *pool.Pool, c *pool.Client, secret string, codes []string) {
	w.T.Helper()
	p = recoverable(w, setMFA(w, w.Pool(every), "OPTIONAL", "totp email"), "10")
	c = w.Client(p, allFlows)
	w.User(p, "ana", "email", anaMail, "email_verified", "true", "phone_number", anaPhone)
	secret = token(w, *w.SignIn(c, "ana", Password).AccessToken)
	prefer(w, p, "ana", "totp")
	h := begin(w, PasswordAuth(c, "ana", Password))
	codes = recovery(w, p, respond(w, answer(c, totpFactor, h.Session, "USERNAME", "ana", "SOFTWARE_TOKEN_MFA_CODE", otp(w, secret))))
	w.Clock.Advance(time.Minute)
	Call(w, w.API.AdminSetUserMFAPreference, &cognitoidp.AdminSetUserMFAPreferenceRequest{
		UserPoolId: p.ID, Username: "ana", SoftwareTokenMfaSettings: &cognitoidp.SoftwareTokenMfaSettingsType{Enabled: new(false)},
	})
	return p, c, secret, codes
}

// TestRecoveryIsNoFirstFactor holds that a recovery code begins no sign-in, confirms nothing and resets no password.
func TestRecoveryIsNoFirstFactor(t *testing.T) {
	Each(t, func(w *World) {
		p, c, _, codes := withRecovery(w)
		api := w.API.RespondToAuthChallenge
		for _, name := range []string{"ana", "nobody"} { // who are answered alike
			for _, challenge := range []string{"EMAIL_OTP", "SMS_OTP"} {
				h := begin(w, choose(c, name, challenge))
				if h.Challenge == challenge { // not every ghost has a phone number
					Refused(w, badCode, api, answer(c, challenge, h.Session, "USERNAME", name, challenge+"_CODE", codes[0]))
				}
			}
		}
		Refused(w, wrong, w.API.InitiateAuth, PasswordAuth(c, "ana", codes[0]))
		Call(w, w.API.ForgotPassword, &cognitoidp.ForgotPasswordRequest{ClientId: c.ID, Username: "ana"})
		Refused(w, "CodeMismatchException: Invalid verification code provided, please try again.", w.API.ConfirmForgotPassword,
			&cognitoidp.ConfirmForgotPasswordRequest{ClientId: c.ID, Username: "ana", Password: "Changed-1", ConfirmationCode: codes[0]})
		access := w.SignIn(c, "ana", Password).AccessToken
		Refused(w, badSetUp, w.API.VerifySoftwareToken, &cognitoidp.VerifySoftwareTokenRequest{AccessToken: access, UserCode: codes[0]})
		prefer(w, p, "ana", "totp")
		w.Clock.Advance(time.Hour)
		h := begin(w, PasswordAuth(c, "ana", Password))
		equal(w.T, "still good", methods(w, respond(w, answer(c, totpFactor, h.Session, "USERNAME", "ana", "SOFTWARE_TOKEN_MFA_CODE", codes[0])).Tokens),
			"pwd recovery_code")
	})
}

// TestRecoverySetsUpNothing holds that the code of a set-up is one that was sent.
func TestRecoverySetsUpNothing(t *testing.T) {
	Each(t, func(w *World) {
		p := w.Pool(func(in *cognitoidp.CreateUserPoolRequest) {
			every(in)
			firstFactors("PASSWORD")(in)
		})
		p = recoverable(w, setMFA(w, p, "ON", "sms email"), "1")
		c := w.Client(p, allFlows)
		w.User(p, "ana", "email", anaMail, "phone_number", anaPhone)
		prefer(w, p, "ana", "sms")
		h := begin(w, PasswordAuth(c, "ana", Password))
		code := recovery(w, p, respond(w, answer(c, "SMS_MFA", h.Session, "USERNAME", "ana", "SMS_MFA_CODE", w.Code(p, anaPhone))))[0]
		Call(w, w.API.AdminSetUserMFAPreference, &cognitoidp.AdminSetUserMFAPreferenceRequest{
			UserPoolId: p.ID, Username: "ana", SMSMfaSettings: &cognitoidp.SMSMfaSettingsType{Enabled: new(false)},
		})
		h = begin(w, PasswordAuth(c, "ana", Password))
		equal(w.T, "challenge", h.Challenge, "MFA_SETUP")
		h = respond(w, answer(c, "MFA_SETUP", h.Session, "USERNAME", "ana", "EMAIL", anaMail))
		equal(w.T, "challenge", h.Challenge, "EMAIL_OTP")
		Refused(w, badCode, w.API.RespondToAuthChallenge, answer(c, "EMAIL_OTP", h.Session, "USERNAME", "ana", "EMAIL_OTP_CODE", code))
		if u := w.Get(p, "ana"); len(u.MFA.Enabled) > 0 {
			w.T.Errorf("enabled by a recovery code: %v", u.MFA.Enabled)
		}
	})
}

// TestRecoveryIsNoStepUp holds that a recovery code neither earns a level nor counts toward one, and makes no further ones.
func TestRecoveryIsNoStepUp(t *testing.T) {
	Each(t, func(w *World) {
		p, c, secret, codes := withRecovery(w)
		api := w.API.RespondToAuthChallenge
		prefer(w, p, "ana", "totp")
		h := begin(w, choose(c, "ana", "PASSWORD", "PASSWORD", Password, "TARGET_ACR_VALUES", loa(4)))
		equal(w.T, "challenge", h.Challenge, totpFactor)
		in := answer(c, totpFactor, h.Session, "USERNAME", "ana", "SOFTWARE_TOKEN_MFA_CODE", codes[0])
		Refused(w, badToken, api, in)
		Refused(w, usedOne, api, in)

		h = begin(w, PasswordAuth(c, "ana", Password))
		in.Session = h.Session
		done := respond(w, in)
		equal(w.T, "without a level", methods(w, done.Tokens), "pwd recovery_code")
		if claims := claimsOf(w, *done.Tokens.AccessToken); claims["amr"] != nil || claims["acr"] != nil {
			w.T.Errorf("claims %v", claims)
		}
		if _, err := w.Factors.MakeRecoveryCodes(w.Ctx, p.ID, *done.Tokens.AccessToken); err == nil {
			w.T.Error("codes by a code")
		}
		h = begin(w, toLevel(c, "ana", *done.Tokens.AccessToken, loa(4)))
		equal(w.T, "step-up", h.Challenge, totpFactor)
		done = respond(w, answer(c, totpFactor, h.Session, "USERNAME", "ana", "SOFTWARE_TOKEN_MFA_CODE", otp(w, secret)))
		equal(w.T, "after the step-up", levelOf(w, done.Tokens), loa(4)+" pwd otp mfa")
		if _, err := w.Factors.MakeRecoveryCodes(w.Ctx, p.ID, *done.Tokens.AccessToken); err != nil {
			w.T.Errorf("after the step-up: %v", err)
		}
	})
}

// TestRecoveryCustom holds that a recovery code stands in within a custom sign-in too, whose functions see the challenge.
func TestRecoveryCustom(t *testing.T) {
	dbtest.Each(t, rooms.Migrations(), func(t *testing.T, d *db.DB) {
		g := &gate{}
		w := New(t, d, Options{Functions: g})
		p := w.Pool(func(in *cognitoidp.CreateUserPoolRequest) {
			in.LambdaConfig = &cognitoidp.LambdaConfigType{
				DefineAuthChallenge: new(gateARN), CreateAuthChallenge: new(gateARN), VerifyAuthChallengeResponse: new(gateARN),
			}
		})
		c := w.Client(p, func(in *cognitoidp.CreateUserPoolClientRequest) {
			allFlows(in)
			in.ExplicitAuthFlows = append(in.ExplicitAuthFlows, cognitoidp.ExplicitAuthFlowsTypeAllowCustomAuth)
		})
		p = recoverable(w, setMFA(w, p, "OPTIONAL", "sms"), "2")
		w.User(p, "ana", "phone_number", anaPhone)
		prefer(w, p, "ana", "sms")
		h := begin(w, PasswordAuth(c, "ana", Password))
		codes := recovery(w, p, respond(w, answer(c, "SMS_MFA", h.Session, "USERNAME", "ana", "SMS_MFA_CODE", w.Code(p, anaPhone))))
		h = respond(w, w.StartSRPWith(p, c, &cognitoidp.InitiateAuthRequest{
			ClientId: c.ID, AuthFlow: cognitoidp.AuthFlowTypeCustomAuth, AuthParameters: map[string]string{"USERNAME": "ana", "CHALLENGE_NAME": "SRP_A"},
		}).Answer(Password))
		equal(t, "challenge", h.Challenge, "SMS_MFA")
		h = respond(w, answer(c, "SMS_MFA", h.Session, "USERNAME", "ana", "SMS_MFA_CODE", codes[1]))
		h = respond(w, answer(c, "CUSTOM_CHALLENGE", h.Session, "USERNAME", "ana", "ANSWER", "42"))
		equal(t, "methods", methods(w, h.Tokens), "pwd "+factor.AMRRecovery)
		equal(t, "the functions saw", g.seen[len(g.seen)-1], "SRP_A PASSWORD_VERIFIER SMS_MFA CUSTOM_CHALLENGE")
	})
}
