package signin_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"cognate/internal/api/cognitoidp"
	"cognate/internal/core/pool"
	. "cognate/internal/testkit/cognitotest"
)

// TestSetUp goes through MFA_SETUP with a software token and the ways not to.
func TestSetUp(t *testing.T) {
	Each(t, func(w *World) {
		p := setMFA(w, w.Pool(nil), "ON", "totp sms")
		c, o := w.Client(p, allFlows), w.Client(p, allFlows)
		w.User(p, "ana")
		w.User(p, "bob")
		api := w.API.RespondToAuthChallenge
		h := begin(w, PasswordAuth(c, "ana", Password))
		equal(w.T, "challenge", shown(h), `MFA_SETUP ["SMS_MFA","SOFTWARE_TOKEN_MFA"]`)
		Refused(w, badSession, api, answer(c, "MFA_SETUP", h.Session, "USERNAME", "ana")) // nothing was set up
		Refused(w, badSession, api, answer(c, "MFA_SETUP", h.Session, "USERNAME", "ana", "EMAIL", "eve@example.com"))
		late := begin(w, PasswordAuth(c, "ana", Password))

		made := Call(w, w.API.AssociateSoftwareToken, &cognitoidp.AssociateSoftwareTokenRequest{Session: h.Session})
		Refused(w, usedOne, w.API.AssociateSoftwareToken, &cognitoidp.AssociateSoftwareTokenRequest{Session: h.Session})
		Refused(w, badSession, api, answer(c, "MFA_SETUP", made.Session, "USERNAME", "ana")) // not verified
		verify := &cognitoidp.VerifySoftwareTokenRequest{Session: made.Session, UserCode: otp(w, *made.SecretCode)}
		wrongOne := *verify
		wrongOne.UserCode = other(verify.UserCode)
		Refused(w, badSetUp, w.API.VerifySoftwareToken, &wrongOne)
		done := Call(w, w.API.VerifySoftwareToken, verify)
		Refused(w, badSession, w.API.VerifySoftwareToken, verify)
		last := answer(c, "MFA_SETUP", done.Session, "USERNAME", "ana")
		Refused(w, badSession, api, with(last, "USERNAME", "bob"))
		foreign := with(last)
		foreign.ClientId = o.ID
		Refused(w, badSession, api, foreign)
		if respond(w, last).Tokens == nil {
			w.T.Error("no tokens")
		}
		Refused(w, usedOne, api, last)

		// A set-up that was left open does not go around the factor, nor replace it.
		Refused(w, badSession, w.API.AssociateSoftwareToken, &cognitoidp.AssociateSoftwareTokenRequest{Session: late.Session})
		equal(w.T, "open set-up", respond(w, answer(c, "MFA_SETUP", late.Session, "USERNAME", "ana")).Challenge, totpFactor)

		// The code of the set-up is used; the next one signs in without a preference.
		again := begin(w, PasswordAuth(c, "ana", Password))
		equal(w.T, "next sign-in", again.Challenge, totpFactor)
		Refused(w, usedToken, api, answer(c, totpFactor, again.Session, "USERNAME", "ana", "SOFTWARE_TOKEN_MFA_CODE", verify.UserCode))
		w.Clock.Advance(30 * time.Second)
		if respond(w, answer(c, totpFactor, again.Session, "USERNAME", "ana", "SOFTWARE_TOKEN_MFA_CODE", otp(w, *made.SecretCode))).Tokens == nil {
			w.T.Error("no tokens by the next code")
		}
	})
}

// TestSetUpByMail gives a user an address to send codes to, and holds that an address on file cannot be replaced.
func TestSetUpByMail(t *testing.T) {
	Each(t, func(w *World) {
		p := w.Pool(func(in *cognitoidp.CreateUserPoolRequest) {
			every(in)
			firstFactors("PASSWORD")(in)
		})
		p = setMFA(w, p, "ON", "totp email")
		c := w.Client(p, allFlows)
		w.User(p, "ana")
		w.User(p, "bob", "email", "bob@example.com", "email_verified", "true")
		api := w.API.RespondToAuthChallenge
		h := begin(w, PasswordAuth(c, "ana", Password))
		open := begin(w, PasswordAuth(c, "ana", Password))
		equal(w.T, "challenge", shown(h), `MFA_SETUP ["SOFTWARE_TOKEN_MFA","EMAIL_OTP"]`)
		if got := Refusal(w, api, answer(c, "MFA_SETUP", h.Session, "USERNAME", "ana", "EMAIL", "nonsense")); !strings.HasPrefix(got, "InvalidParameterException") {
			w.T.Errorf("an address that is none: %s", got)
		}
		code := respond(w, answer(c, "MFA_SETUP", h.Session, "USERNAME", "ana", "EMAIL", anaMail))
		equal(w.T, "challenge", code.Challenge, "EMAIL_OTP")
		Refused(w, badCode, api, answer(c, "EMAIL_OTP", code.Session, "USERNAME", "ana", "EMAIL_OTP_CODE", other(w.Code(p, anaMail))))
		if u := w.Get(p, "ana"); u.Attributes["email_verified"] == "true" || len(u.MFA.Enabled) > 0 {
			w.T.Errorf("set up before the code: %v, %v", u.Attributes, u.MFA)
		}
		if respond(w, answer(c, "EMAIL_OTP", code.Session, "USERNAME", "ana", "EMAIL_MFA_CODE", w.Code(p, anaMail))).Tokens == nil {
			w.T.Error("no tokens")
		}
		if u := w.Get(p, "ana"); u.Attributes["email_verified"] != "true" || !slices.Equal(u.MFA.Enabled, []string{"EMAIL_OTP"}) {
			w.T.Errorf("after the code: %v, %v", u.Attributes, u.MFA)
		}
		equal(w.T, "next sign-in", begin(w, PasswordAuth(c, "ana", Password)).Challenge, "EMAIL_OTP")
		// The other open set-up leads to the factor, not around it.
		equal(w.T, "open set-up", respond(w, answer(c, "MFA_SETUP", open.Session, "USERNAME", "ana", "EMAIL", "eve@example.com")).Challenge, "EMAIL_OTP")
		equal(w.T, "messages to another address", len(w.Inbox(p, "eve@example.com")), 0)

		h = begin(w, PasswordAuth(c, "bob", Password))
		Refused(w, "NotAuthorizedException: Cannot modify an already provided email", api,
			answer(c, "MFA_SETUP", h.Session, "USERNAME", "bob", "EMAIL", "eve@example.com"))
		equal(w.T, "own address", respond(w, answer(c, "MFA_SETUP", h.Session, "USERNAME", "bob", "EMAIL", "bob@example.com")).Challenge, "EMAIL_OTP")
	})
}

// TestSelectType goes through SELECT_MFA_TYPE.
func TestSelectType(t *testing.T) {
	Each(t, func(w *World) {
		p := w.Pool(every)
		c := w.Client(p, allFlows)
		w.User(p, "ana", "email", anaMail, "phone_number", anaPhone)
		p = setMFA(w, p, "OPTIONAL", "sms totp email")
		prefer(w, p, "ana", "sms email")
		api := w.API.RespondToAuthChallenge
		for choice, challenge := range map[string]string{"SMS_MFA": "SMS_MFA", "EMAIL_OTP": "EMAIL_OTP", "EMAIL_MFA": "EMAIL_OTP"} {
			h := begin(w, PasswordAuth(c, "ana", Password))
			equal(w.T, "challenge", shown(h), `SELECT_MFA_TYPE ["SMS_MFA","EMAIL_OTP"]`)
			pick := answer(c, "SELECT_MFA_TYPE", h.Session, "USERNAME", "ana", "ANSWER", choice)
			Refused(w, missing("ANSWER"), api, with(pick, "ANSWER", "-"))
			Refused(w, badSession, api, with(pick, "USERNAME", "bob"))
			Refused(w, "InvalidParameterException: Invalid ANSWER: SOFTWARE_TOKEN_MFA is not among the factors of the user.", api, with(pick, "ANSWER", totpFactor))
			next := respond(w, pick)
			equal(w.T, "chosen", next.Challenge, challenge)
			Refused(w, usedOne, api, pick)
			to := map[string]string{"SMS_MFA": anaPhone, "EMAIL_OTP": anaMail}[challenge]
			if respond(w, answer(c, challenge, next.Session, "USERNAME", "ana", challenge+"_CODE", w.Code(p, to))).Tokens == nil {
				w.T.Errorf("no tokens by %s", choice)
			}
		}
	})
}

// TestNewPasswordThenFactor holds that a temporary password does not go around MFA.
func TestNewPasswordThenFactor(t *testing.T) {
	Each(t, func(w *World) {
		p := w.Pool(tracked(true))
		c := w.Client(p, allFlows)
		p = setMFA(w, p, "OPTIONAL", "sms totp")
		w.User(p, "ana", "phone_number", anaPhone)
		d := confirmDevice(w, w.SignIn(c, "ana", Password))
		prefer(w, p, "ana", "sms")
		for _, key := range []string{"-", "DEVICE_KEY"} {
			w.Clock.Advance(time.Second)
			w.SetPassword(p, "ana", "Temporary-1", false)
			h := begin(w, PasswordAuth(c, "ana", "Temporary-1"))
			equal(w.T, "first", h.Challenge, "NEW_PASSWORD_REQUIRED")
			fresh := answer(c, "NEW_PASSWORD_REQUIRED", h.Session, "USERNAME", "ana", "NEW_PASSWORD", Password, key, d.key)
			if key != "-" {
				Refused(w, noDevice, w.API.RespondToAuthChallenge, with(fresh, "DEVICE_KEY", "us-east-1_x"))
				equal(w.T, "second", respond(w, fresh).Challenge, "DEVICE_SRP_AUTH")
				continue
			}
			next := respond(w, fresh)
			equal(w.T, "second", next.Challenge, "SMS_MFA")
			if respond(w, answer(c, "SMS_MFA", next.Session, "USERNAME", "ana", "SMS_MFA_CODE", w.Code(p, anaPhone))).Tokens == nil {
				w.T.Error("no tokens")
			}
		}
	})
}

// passkeyPool makes a pool with passkeys of example.com and a client of it.
func passkeyPool(w *World, mode, factors string) (*pool.Pool, *pool.Client) {
	w.T.Helper()
	p := w.Pool(func(in *cognitoidp.CreateUserPoolRequest) {
		every(in)
		firstFactors("PASSWORD", "WEB_AUTHN")(in)
	})
	return setMFA(w, p, mode, factors), w.Client(p, allFlows)
}

// TestPasskeys signs in by passkey and tries what must not work.
func TestPasskeys(t *testing.T) {
	Each(t, func(w *World) {
		p, c := passkeyPool(w, "OPTIONAL", "totp")
		q, d := passkeyPool(w, "OPTIONAL", "totp")
		keys := map[string]*Authenticator{}
		for name, at := range map[string]struct {
			p *pool.Pool
			c *pool.Client
		}{"ana": {p, c}, "bob": {p, c}, "far": {q, d}} {
			w.User(at.p, name)
			keys[name] = NewAuthenticator("example.com", "https://login.example.com")
			w.Enrol(*w.SignIn(at.c, name, Password).AccessToken, keys[name])
		}
		api := w.API.RespondToAuthChallenge
		start := func() (hop, *cognitoidp.RespondToAuthChallengeRequest) {
			h := begin(w, choose(c, "ana", "WEB_AUTHN"))
			equal(w.T, "challenge", h.Challenge+" of "+h.Offered, "WEB_AUTHN of PASSWORD_SRP PASSWORD WEB_AUTHN")
			keys["ana"].Key.Counter++
			return h, answer(c, "WEB_AUTHN", h.Session, "USERNAME", "ana", "CREDENTIAL", keys["ana"].Answer(w.T, h.Params["CREDENTIAL_REQUEST_OPTIONS"]))
		}
		_, last := start()
		Refused(w, badSession, api, with(last, "USERNAME", "bob"))
		Refused(w, missing("CREDENTIAL"), api, with(last, "CREDENTIAL", "-"))
		for _, client := range []*pool.Client{d, w.Client(p, allFlows)} {
			foreign := with(last)
			foreign.ClientId = client.ID
			Refused(w, badSession, api, foreign)
		}
		if respond(w, last).Tokens == nil {
			w.T.Error("no tokens")
		}
		Refused(w, usedOne, api, last)
		for what, change := range map[string]func(*Authenticator){
			"origin":        func(k *Authenticator) { k.Party.Origin = "https://evil.test" },
			"plain origin":  func(k *Authenticator) { k.Party.Origin = "http://example.com" },
			"relying party": func(k *Authenticator) { k.Party.ID = "evil.test" },
			"other's key":   func(k *Authenticator) { *k = *keys["bob"] },
			"far key":       func(k *Authenticator) { *k = *keys["far"] },
			"absent user":   func(k *Authenticator) { k.Auth.Options.UserNotPresent = true },
			"copy":          func(k *Authenticator) { k.Key.Counter = 1 },
		} {
			h, right := start()
			bad := *keys["ana"]
			change(&bad)
			forged := with(right, "CREDENTIAL", bad.Answer(w.T, h.Params["CREDENTIAL_REQUEST_OPTIONS"]))
			if got := Refusal(w, api, forged); got != wrong {
				w.T.Errorf("%s: %q", what, got)
			}
			Refused(w, usedOne, api, right) // one session is one try
		}
		for _, document := range []string{"x", "{}", "null", strings.Repeat("[", 60_000)} {
			_, right := start()
			Refused(w, wrong, api, with(right, "CREDENTIAL", document))
		}
		_, first := start()
		h, _ := start()
		Refused(w, wrong, api, answer(c, "WEB_AUTHN", h.Session, "USERNAME", "ana", "CREDENTIAL", first.ChallengeResponses["CREDENTIAL"]))
		_, last = start()
		w.Clock.Advance(3*time.Minute + time.Second)
		Refused(w, lateOne, api, last)
		_, last = start()
		got := Together(w, 5, api, func(int) *cognitoidp.RespondToAuthChallengeRequest { return last })
		if got[""] != 1 || got[usedOne] != 4 {
			w.T.Errorf("parallel use: %v", got)
		}
		open := begin(w, choose(c, "ana", ""))
		next := respond(w, answer(c, "SELECT_CHALLENGE", open.Session, "USERNAME", "ana", "ANSWER", "WEB_AUTHN"))
		equal(w.T, "chosen", next.Challenge, "WEB_AUTHN")
	})
}

// TestPasskeyForBothFactors holds when a passkey stands for two factors.
func TestPasskeyForBothFactors(t *testing.T) {
	Each(t, func(w *World) {
		p, c := passkeyPool(w, "OPTIONAL", "totp passkey")
		w.User(p, "ana")
		key := NewAuthenticator("example.com", "https://example.com")
		access := *w.SignIn(c, "ana", Password).AccessToken
		w.Enrol(access, key)
		token(w, access)
		prefer(w, p, "ana", "totp")
		equal(w.T, "as one factor", begin(w, choose(c, "ana", "WEB_AUTHN")).Offered, "PASSWORD_SRP PASSWORD")
		prefer(w, p, "ana", "totp passkey")
		setMFA(w, p, "ON", "totp passkey")
		h := begin(w, choose(c, "ana", "WEB_AUTHN"))
		key.Key.Counter++
		if respond(w, answer(c, "WEB_AUTHN", h.Session, "USERNAME", "ana", "CREDENTIAL", key.Answer(w.T, h.Params["CREDENTIAL_REQUEST_OPTIONS"]))).Tokens == nil {
			w.T.Error("no tokens by a passkey that verified its user")
		}
		h = begin(w, choose(c, "ana", "WEB_AUTHN"))
		key.Key.Counter++
		key.Auth.Options.UserNotVerified = true
		last := answer(c, "WEB_AUTHN", h.Session, "USERNAME", "ana", "CREDENTIAL", key.Answer(w.T, h.Params["CREDENTIAL_REQUEST_OPTIONS"]))
		if got := Refusal(w, w.API.RespondToAuthChallenge, last); got == "" {
			again := begin(w, choose(c, "ana", "WEB_AUTHN"))
			key.Key.Counter++
			equal(w.T, "without user verification", respond(w, answer(c, "WEB_AUTHN", again.Session, "USERNAME", "ana", "CREDENTIAL",
				key.Answer(w.T, again.Params["CREDENTIAL_REQUEST_OPTIONS"]))).Challenge, totpFactor)
		} else {
			equal(w.T, "without user verification", got, wrong)
		}
		equal(w.T, "a password", begin(w, PasswordAuth(c, "ana", Password)).Challenge, totpFactor)
	})
}
