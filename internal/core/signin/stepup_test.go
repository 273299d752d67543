package signin_test

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/descope/virtualwebauthn"

	"cognate/internal/api/cognitoidp"
	"cognate/internal/api/rt"
	"cognate/internal/core/pool"
	. "cognate/internal/testkit/cognitotest"
)

// The refusals of step-up authentication.
const (
	outOfReach = "InvalidParameterException: The user has no factors that satisfy the requested authentication level."
	satisfied  = "InvalidParameterException: The access token already satisfies the requested authentication level."
	noTarget   = "InvalidParameterException: TARGET_ACR_VALUES has no value that is known to the user pool."
	badAge     = "InvalidParameterException: MAX_AGE must be a whole number of seconds."
	badAccess  = "NotAuthorizedException: Invalid Access Token"
	badProof   = "NotAuthorizedException: Could not verify signature for Access Token"
	lateAccess = "NotAuthorizedException: Access Token has expired"
	liteStepUp = "FeatureUnavailableInTierException: The following features need to be disabled for the LITE pricing tier configured: Step-Up Authentication"
)

// loa are the default names of levels.
func loa(levels ...int) string {
	var names []string
	for _, l := range levels {
		names = append(names, fmt.Sprintf("urn:cognito:loa:%d", l))
	}
	return strings.Join(names, " ")
}

// toLevel is a request of USER_AUTH for levels, with an access token unless that is "".
func toLevel(c *pool.Client, name, access, targets string, more ...string) *cognitoidp.InitiateAuthRequest {
	if targets != "" {
		more = append(more, "TARGET_ACR_VALUES", targets)
	}
	if access != "" {
		more = append(more, "ACCESS_TOKEN", access)
	}
	return choose(c, name, "", more...)
}

// byPassword is a request of USER_AUTH for levels that proves the password at once.
func byPassword(c *pool.Client, name, targets string) *cognitoidp.InitiateAuthRequest {
	return toLevel(c, name, "", targets, "PREFERRED_CHALLENGE", "PASSWORD", "PASSWORD", Password)
}

// claimsOf reads a token.
func claimsOf(w *World, text string) map[string]any {
	w.T.Helper()
	raw, err := base64.RawURLEncoding.DecodeString(strings.Split(text, ".")[1])
	if err != nil {
		w.T.Fatal(err)
	}
	var claims map[string]any
	if err := json.Unmarshal(raw, &claims); err != nil {
		w.T.Fatal(err)
	}
	return claims
}

// levelOf is what both tokens say, "acr amr..."; "" when neither says anything.
func levelOf(w *World, t *cognitoidp.AuthenticationResultType) string {
	w.T.Helper()
	if t == nil {
		return "no tokens"
	}
	var said [2]string
	for i, text := range []string{*t.IdToken, *t.AccessToken} {
		c := claimsOf(w, text)
		acr, has := c["acr"].(string)
		amr, _ := c["amr"].([]any)
		said[i] = strings.TrimSpace(acr + " " + strings.Trim(fmt.Sprint(amr), "[]"))
		if !has && c["amr"] != nil {
			said[i] = "amr without acr"
		}
	}
	if said[0] != said[1] {
		w.T.Errorf("the ID token says %q, the access token %q", said[0], said[1])
	}
	return said[1]
}

func codeAnswer(w *World, p *pool.Pool, c *pool.Client, name string, h hop, to string) *cognitoidp.RespondToAuthChallengeRequest {
	w.T.Helper()
	return answer(c, h.Challenge, h.Session, "USERNAME", name, h.Challenge+"_CODE", w.Code(p, to))
}

// optional makes a pool with optional MFA of all kinds and every first factor, a client, and ana with both addresses and
// a software token that she is not asked for. It returns the token's secret.
func optional(w *World) (*pool.Pool, *pool.Client, string) {
	w.T.Helper()
	p := setMFA(w, w.Pool(every), "OPTIONAL", "sms totp email")
	c := w.Client(p, allFlows)
	w.User(p, "ana", "email", anaMail, "email_verified", "true", "phone_number", anaPhone, "phone_number_verified", "true")
	return p, c, token(w, *w.SignIn(c, "ana", Password).AccessToken)
}

// TestStepUp is check 6 of spec/newest-features.md section 14.
func TestStepUp(t *testing.T) {
	Each(t, func(w *World) {
		_, c, secret := optional(w)
		low := begin(w, byPassword(c, "ana", loa(1))).Tokens
		equal(w.T, "level", levelOf(w, low), loa(1)+" pwd")
		before := claimsOf(w, *low.AccessToken)

		w.Clock.Advance(time.Minute)
		h := begin(w, toLevel(c, "ana", *low.AccessToken, loa(4)))
		equal(w.T, "asked", h.Challenge+h.Offered, "SOFTWARE_TOKEN_MFA")
		high := respond(w, answer(c, h.Challenge, h.Session, "USERNAME", "ana", "SOFTWARE_TOKEN_MFA_CODE", otp(w, secret))).Tokens
		equal(w.T, "level", levelOf(w, high), loa(4)+" pwd otp mfa")
		after := claimsOf(w, *high.AccessToken)
		equal(w.T, "auth_time", after["auth_time"], any(before["auth_time"].(float64)+60))
		if after["event_id"] == before["event_id"] || after["origin_jti"] == before["origin_jti"] || *high.RefreshToken == *low.RefreshToken {
			w.T.Error("the tokens are not of a session of their own")
		}
		equal(w.T, "life", after["exp"].(float64)-before["exp"].(float64), 60)

		Refused(w, satisfied, w.API.InitiateAuth, toLevel(c, "ana", *high.AccessToken, loa(4)))
		Refused(w, satisfied, w.API.InitiateAuth, toLevel(c, "ana", *high.AccessToken, loa(2)))
		Refused(w, satisfied, w.API.InitiateAuth, toLevel(c, "ana", *high.AccessToken, loa(4, 1)))

		w.Clock.Advance(time.Minute)
		for name, kept := range map[string]*cognitoidp.AuthenticationResultType{loa(1) + " pwd": low, loa(4) + " pwd otp mfa": high} {
			fresh := Call(w, w.API.InitiateAuth, refreshAuth(c, *kept.RefreshToken)).AuthenticationResult
			equal(w.T, "level after a refresh", levelOf(w, fresh), name)
			equal(w.T, "auth_time after a refresh", claimsOf(w, *fresh.IdToken)["auth_time"], claimsOf(w, *kept.IdToken)["auth_time"])
		}

		w.Clock.Advance(2 * time.Second)
		h = begin(w, toLevel(c, "ana", *low.AccessToken, loa(4), "MAX_AGE", "1"))
		equal(w.T, "too old: asked", h.Challenge+" "+h.Offered, "SELECT_CHALLENGE PASSWORD_SRP PASSWORD")
		h = respond(w, answer(c, h.Challenge, h.Session, "USERNAME", "ana", "ANSWER", "PASSWORD", "PASSWORD", Password))
		equal(w.T, "then", h.Challenge, "SOFTWARE_TOKEN_MFA")
		h = respond(w, answer(c, h.Challenge, h.Session, "USERNAME", "ana", "SOFTWARE_TOKEN_MFA_CODE", otp(w, secret)))
		equal(w.T, "level", levelOf(w, h.Tokens), loa(4)+" pwd otp mfa")
		Call(w, w.API.GetUser, &cognitoidp.GetUserRequest{AccessToken: *low.AccessToken}) // too old a token stays valid
	})
}

// TestStepUpLevels goes to every level, with and without a token, by every way that is offered.
func TestStepUpLevels(t *testing.T) {
	Each(t, func(w *World) {
		p, c, secret := optional(w)
		const all = "PASSWORD_SRP PASSWORD EMAIL_OTP SMS_OTP"
		ordinary := w.SignIn(c, "ana", Password)
		equal(w.T, "no level asked", levelOf(w, ordinary), "")
		equal(w.T, "USER_AUTH without a level", levelOf(w, begin(w, choose(c, "ana", "PASSWORD", "PASSWORD", Password)).Tokens), "")
		equal(w.T, "an age alone", levelOf(w, begin(w, choose(c, "ana", "PASSWORD", "PASSWORD", Password, "MAX_AGE", "5")).Tokens), loa(1)+" pwd")
		coded := func(challenge, to string) *cognitoidp.AuthenticationResultType {
			h := begin(w, toLevel(c, "ana", "", loa(2), "PREFERRED_CHALLENGE", challenge))
			equal(w.T, "challenge", h.Challenge, challenge)
			return respond(w, codeAnswer(w, p, c, "ana", h, to)).Tokens
		}
		mailed, texted := coded("EMAIL_OTP", anaMail), coded("SMS_OTP", anaPhone)
		equal(w.T, "a code", levelOf(w, mailed), loa(2)+" email_otp")
		equal(w.T, "a code", levelOf(w, texted), loa(2)+" sms")

		// The challenges that must be asked, in turn, and what comes of them. P is the password by SELECT_CHALLENGE.
		for _, s := range []struct {
			token, targets, asked, ways, want string
		}{
			{"", loa(1), all, "P", loa(1) + " pwd"},
			{"", loa(1), all, "EMAIL_OTP", loa(2) + " email_otp"},
			{"", loa(2), all, "SMS_OTP", loa(2) + " sms"},
			{"", loa(2), all, "P, SOFTWARE_TOKEN_MFA", loa(4) + " pwd otp mfa"},
			{"", loa(3), all, "P, EMAIL_OTP", loa(3) + " pwd email_otp mfa"},
			{"", loa(3), all, "P, SMS_MFA", loa(3) + " pwd sms mfa"},
			{"", loa(3), all, "P, SOFTWARE_TOKEN_MFA", loa(4) + " pwd otp mfa"}, // what was reached, not what was asked
			{"", loa(3), all, "SMS_OTP, P", loa(3) + " sms pwd mfa"},
			{"", loa(4), "PASSWORD_SRP PASSWORD", "P, SOFTWARE_TOKEN_MFA", loa(4) + " pwd otp mfa"},
			{*ordinary.AccessToken, loa(2), "SMS_MFA SOFTWARE_TOKEN_MFA EMAIL_OTP", "EMAIL_OTP", loa(3) + " pwd email_otp mfa"},
			{*ordinary.AccessToken, loa(3), "SMS_MFA SOFTWARE_TOKEN_MFA EMAIL_OTP", "SMS_MFA", loa(3) + " pwd sms mfa"},
			{*ordinary.AccessToken, loa(4, 3), "SOFTWARE_TOKEN_MFA", "SOFTWARE_TOKEN_MFA", loa(4) + " pwd otp mfa"},
			{*ordinary.AccessToken, "gone " + loa(4) + "  other", "SOFTWARE_TOKEN_MFA", "SOFTWARE_TOKEN_MFA", loa(4) + " pwd otp mfa"},
			{*mailed.AccessToken, loa(3), "PASSWORD_SRP PASSWORD", "P", loa(3) + " email_otp pwd mfa"},
			{*mailed.AccessToken, loa(4), "PASSWORD_SRP PASSWORD SOFTWARE_TOKEN_MFA", "SOFTWARE_TOKEN_MFA, P", loa(4) + " email_otp otp pwd mfa"},
			{*texted.AccessToken, loa(4), "PASSWORD_SRP PASSWORD SOFTWARE_TOKEN_MFA", "P, SOFTWARE_TOKEN_MFA", loa(4) + " sms pwd otp mfa"},
		} {
			w.Clock.Advance(30 * time.Second) // a code of the software token is good once
			where := s.targets + " by " + s.ways
			h := begin(w, toLevel(c, "ana", s.token, s.targets))
			if h.Challenge != "SELECT_CHALLENGE" {
				h.Offered = h.Challenge
			}
			equal(w.T, where+": asked", h.Offered, s.asked)
			for _, way := range strings.Split(s.ways, ", ") {
				h = take(w, p, c, h, way, secret)
			}
			equal(w.T, where, levelOf(w, h.Tokens), s.want)
		}
	})
}

// take proves one factor of ana's: P is the password, others are challenges with codes.
func take(w *World, p *pool.Pool, c *pool.Client, h hop, way, secret string) hop {
	w.T.Helper()
	if way == "P" {
		return respond(w, answer(c, "SELECT_CHALLENGE", h.Session, "USERNAME", "ana", "ANSWER", "PASSWORD", "PASSWORD", Password))
	}
	if h.Challenge == "SELECT_CHALLENGE" {
		h = respond(w, answer(c, h.Challenge, h.Session, "USERNAME", "ana", "ANSWER", way))
	}
	equal(w.T, "challenge", h.Challenge, way)
	switch {
	case way == totpFactor:
		return respond(w, answer(c, way, h.Session, "USERNAME", "ana", way+"_CODE", otp(w, secret)))
	case strings.HasPrefix(way, "EMAIL"):
		return respond(w, codeAnswer(w, p, c, "ana", h, anaMail))
	}
	return respond(w, codeAnswer(w, p, c, "ana", h, anaPhone))
}

// TestStepUpSRP proves the password by SRP, as the first factor and as a further one.
func TestStepUpSRP(t *testing.T) {
	Each(t, func(w *World) {
		p, c, secret := optional(w)
		s := w.StartSRPWith(p, c, toLevel(c, "ana", "", loa(4), "PREFERRED_CHALLENGE", "PASSWORD_SRP"))
		bare := s.Answer(Password)
		bare.Session = nil // as older clients answer
		h := respond(w, bare)
		equal(w.T, "then", h.Challenge, totpFactor)
		equal(w.T, "level", levelOf(w, take(w, p, c, h, totpFactor, secret).Tokens), loa(4)+" pwd otp mfa")

		h = begin(w, toLevel(c, "ana", "", loa(2), "PREFERRED_CHALLENGE", "EMAIL_OTP"))
		mailed := respond(w, codeAnswer(w, p, c, "ana", h, anaMail)).Tokens
		s = w.StartSRPWith(p, c, toLevel(c, "ana", *mailed.AccessToken, loa(3), "PREFERRED_CHALLENGE", "PASSWORD_SRP"))
		equal(w.T, "level", levelOf(w, respond(w, s.Answer(Password)).Tokens), loa(3)+" email_otp pwd mfa")
	})
}

// TestStepUpMFA holds that what the pool or the user demands is asked whatever the target, and that a level is no way
// around it.
func TestStepUpMFA(t *testing.T) {
	Each(t, func(w *World) {
		p, c, secret := optional(w)
		prefer(w, p, "ana", "totp*")
		h := begin(w, byPassword(c, "ana", loa(1)))
		equal(w.T, "asked", h.Challenge, totpFactor)
		equal(w.T, "level", levelOf(w, take(w, p, c, h, totpFactor, secret).Tokens), loa(4)+" pwd otp mfa")
		h = begin(w, byPassword(c, "ana", loa(3))) // with verified addresses that she does not use for MFA
		equal(w.T, "asked", h.Challenge, totpFactor)
		h = begin(w, toLevel(c, "ana", "", loa(2)))
		equal(w.T, "offered", h.Offered, "PASSWORD_SRP PASSWORD")

		// Several second factors: a choice, also where one is preferred.
		prefer(w, p, "ana", "totp* sms")
		h = begin(w, byPassword(c, "ana", loa(3)))
		equal(w.T, "offered", h.Challenge+" "+h.Offered, "SELECT_CHALLENGE SMS_MFA SOFTWARE_TOKEN_MFA")
		equal(w.T, "level", levelOf(w, take(w, p, c, h, "SMS_MFA", secret).Tokens), loa(3)+" pwd sms mfa")

		// MFA required and none set up: nothing is set up for a level, but for the pool.
		q := setMFA(w, w.Pool(nil), "ON", "totp")
		d := w.Client(q, allFlows)
		w.User(q, "bob")
		Refused(w, outOfReach, w.API.InitiateAuth, byPassword(d, "bob", loa(4)))
		equal(w.T, "asked", begin(w, byPassword(d, "bob", loa(1))).Challenge, "MFA_SETUP")
	})
}

// TestStepUpNames is about names that a pool chose, and tokens from before.
func TestStepUpNames(t *testing.T) {
	w := Quick(t)
	p, c, _ := optional(w)
	old := begin(w, byPassword(c, "ana", loa(1))).Tokens
	Call(w, w.API.UpdateUserPool, &cognitoidp.UpdateUserPoolRequest{
		UserPoolId: p.ID, MfaConfiguration: new(cognitoidp.UserPoolMfaTypeOptional), SmsConfiguration: p.Config.SmsConfiguration,
		EmailConfiguration: p.Config.EmailConfiguration,
		AcrConfiguration:   map[string]cognitoidp.AcrLevelConfigType{"Level1": {AcrValue: "low"}, "Level4": {AcrValue: "high!"}},
	})
	p = w.Reload(p.ID)
	equal(t, "merged", p.ACR(2)+p.ACR(4), "urn:cognito:loa:2high!")
	Refused(w, noTarget, w.API.InitiateAuth, toLevel(c, "ana", "", loa(1, 4)))
	equal(t, "level", levelOf(w, begin(w, byPassword(c, "ana", "low")).Tokens), "low pwd")
	Refused(w, satisfied, w.API.InitiateAuth, toLevel(c, "ana", *old.AccessToken, "low")) // its name is gone, its amr counts
	equal(t, "asked", begin(w, toLevel(c, "ana", *old.AccessToken, "high! low")).Challenge, totpFactor)
}

// TestStepUpTemporary takes a new password on the way to a level, and does not credit the token of a user who has to
// choose one.
func TestStepUpTemporary(t *testing.T) {
	Each(t, func(w *World) {
		p, c, secret := optional(w)
		low := w.SignIn(c, "ana", Password)
		w.SetPassword(p, "ana", "Temporary-1", false)
		in := toLevel(c, "ana", *low.AccessToken, loa(3), "PREFERRED_CHALLENGE", "PASSWORD", "PASSWORD", "Temporary-1")
		h := begin(w, in)
		equal(w.T, "asked", h.Challenge, "NEW_PASSWORD_REQUIRED")
		h = respond(w, answer(c, h.Challenge, h.Session, "USERNAME", "ana", "NEW_PASSWORD", "Brand-new-1!"))
		equal(w.T, "asked", h.Challenge+" "+h.Offered, "SELECT_CHALLENGE SMS_MFA SOFTWARE_TOKEN_MFA EMAIL_OTP")
		equal(w.T, "level", levelOf(w, take(w, p, c, h, "EMAIL_OTP", secret).Tokens), loa(3)+" pwd email_otp mfa")
		w.SignIn(c, "ana", "Brand-new-1!")
	})
}

// TestStepUpDevice holds that a remembered device earns no level, and is asked for all the same.
func TestStepUpDevice(t *testing.T) {
	Each(t, func(w *World) {
		p := setMFA(w, w.Pool(tracked(true)), "OPTIONAL", "totp")
		c := w.Client(p, allFlows)
		w.User(p, "ana")
		tokens := w.SignIn(c, "ana", Password)
		d, secret := confirmDevice(w, tokens), token(w, *tokens.AccessToken)
		prefer(w, p, "ana", "totp")
		h := begin(w, keyed(byPassword(c, "ana", loa(1)), d.key))
		low := respond(w, d.prove(w, c, "ana", h)).Tokens
		equal(w.T, "level", levelOf(w, low), loa(1)+" pwd")
		h = begin(w, toLevel(c, "ana", *low.AccessToken, loa(4)))
		equal(w.T, "asked", h.Challenge, totpFactor)
		h = begin(w, keyed(byPassword(c, "ana", loa(4)), d.key))
		equal(w.T, "asked", h.Challenge, totpFactor)
		h = take(w, p, c, h, totpFactor, secret)
		equal(w.T, "level", levelOf(w, respond(w, d.prove(w, c, "ana", h)).Tokens), loa(4)+" pwd otp mfa")
	})
}

// TestStepUpPasskey reaches level 3 by a passkey alone and by one after a password.
func TestStepUpPasskey(t *testing.T) {
	Each(t, func(w *World) {
		p := setMFA(w, w.Pool(every), "OPTIONAL", "totp")
		c := w.Client(p, allFlows)
		w.User(p, "ana")
		low := w.SignIn(c, "ana", Password)
		party := virtualwebauthn.RelyingParty{ID: "example.com", Origin: "https://example.com"}
		authenticator, key := virtualwebauthn.NewAuthenticator(), virtualwebauthn.NewCredential(virtualwebauthn.KeyTypeEC2)
		options := Call(w, w.API.StartWebAuthnRegistration, &cognitoidp.StartWebAuthnRegistrationRequest{AccessToken: *low.AccessToken}).CredentialCreationOptions
		create, err := virtualwebauthn.ParseAttestationOptions(string(options))
		if err != nil {
			w.T.Fatal(err)
		}
		Call(w, w.API.CompleteWebAuthnRegistration, &cognitoidp.CompleteWebAuthnRegistrationRequest{
			AccessToken: *low.AccessToken, Credential: rt.Document(virtualwebauthn.CreateAttestationResponse(party, authenticator, key, *create)),
		})
		authenticator.AddCredential(key)
		signed := func(h hop) hop {
			w.T.Helper()
			equal(w.T, "asked", h.Challenge, "WEB_AUTHN")
			get, err := virtualwebauthn.ParseAssertionOptions(h.Params["CREDENTIAL_REQUEST_OPTIONS"])
			if err != nil {
				w.T.Fatal(err)
			}
			key.Counter++
			return respond(w, answer(c, h.Challenge, h.Session, "USERNAME", "ana", "CREDENTIAL", virtualwebauthn.CreateAssertionResponse(party, authenticator, key, *get)))
		}
		alone := signed(begin(w, toLevel(c, "ana", "", loa(3), "PREFERRED_CHALLENGE", "WEB_AUTHN"))).Tokens
		kind := strings.TrimPrefix(levelOf(w, alone), loa(3)+" ")
		if kind != "swk" && kind != "hwk" {
			w.T.Errorf("a passkey alone: %s", levelOf(w, alone))
		}
		after := signed(begin(w, toLevel(c, "ana", *low.AccessToken, loa(2)))).Tokens
		equal(w.T, "level", levelOf(w, after), loa(3)+" pwd "+kind+" mfa")
		Refused(w, satisfied, w.API.InitiateAuth, toLevel(c, "ana", *alone.AccessToken, loa(3)))
		Refused(w, outOfReach, w.API.InitiateAuth, toLevel(c, "ana", *alone.AccessToken, loa(4)))
	})
}
