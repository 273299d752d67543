package signin_test

import (
	"testing"
	"time"

	"cognate/internal/api/cognitoidp"
	. "cognate/internal/testkit/cognitotest"
)

// TestOwnersWithoutPassword: strangers who ask for codes and guess at them keep nobody out who signed in by a code from where
// they are.
func TestOwnersWithoutPassword(t *testing.T) {
	Each(t, func(w *World) {
		p := w.Pool(firstFactors(cognitoidp.AuthFactorTypePassword, cognitoidp.AuthFactorTypeEmailOtp))
		c := w.Client(p, allFlows)
		w.User(p, "ana", "email", anaMail, "email_verified", "true")
		home, stranger := w.From("192.0.2.1"), w.From("192.0.2.66")
		byCode := func() string {
			h := begin(home, choose(c, "ana", "EMAIL_OTP"))
			return Refusal(home, w.API.RespondToAuthChallenge, answer(c, "EMAIL_OTP", h.Session, "USERNAME", "ana", "EMAIL_OTP_CODE", w.Code(p, anaMail)))
		}
		equal(w.T, "before", byCode(), "")
		for range 19 { // the first sign-in asked for one too
			h := begin(stranger, choose(c, "ana", "EMAIL_OTP"))
			Refusal(stranger, w.API.RespondToAuthChallenge, answer(c, "EMAIL_OTP", h.Session, "USERNAME", "ana", "EMAIL_OTP_CODE", "00000000"))
			w.Clock.Advance(time.Second)
		}
		if Refusal(stranger, w.API.InitiateAuth, choose(c, "ana", "EMAIL_OTP")) == "" {
			w.T.Error("strangers go on")
		}
		equal(w.T, "under siege", byCode(), "")
	})
}

// TestOwnersDevice: a remembered device opens a lock that strangers brought about, from anywhere and by SRP too, and has
// tries of its own. A made-up device does not.
func TestOwnersDevice(t *testing.T) {
	Each(t, func(w *World) {
		p := w.Pool(tracked(true))
		c := w.Client(p, allFlows)
		w.User(p, "ana")
		d := confirmDevice(w, w.SignIn(c, "ana", Password))
		stranger, away := w.From("192.0.2.66"), w.From("192.0.2.99")
		for range 6 {
			Refusal(stranger, w.API.InitiateAuth, PasswordAuth(c, "ana", "Wrong-1!"))
		}
		Refused(away, locked, w.API.InitiateAuth, PasswordAuth(c, "ana", Password))
		Refused(away, locked, w.API.InitiateAuth, keyed(PasswordAuth(c, "ana", Password), "us-east-1_00000000-0000-4000-8000-000000000000"))
		Refused(away, "", w.API.InitiateAuth, keyed(PasswordAuth(c, "ana", Password), d.key))

		other := w.From("192.0.2.100") // away is known by now
		srp := other.StartSRPWith(p, c, &cognitoidp.InitiateAuthRequest{
			ClientId: c.ID, AuthFlow: cognitoidp.AuthFlowTypeUserSrpAuth, AuthParameters: map[string]string{"USERNAME": "ana", "DEVICE_KEY": d.key},
		})
		Refused(other, "", w.API.RespondToAuthChallenge, srp.Answer(Password))
		elsewhere := w.From("192.0.2.101")
		for range 5 {
			Refused(elsewhere, wrong, w.API.InitiateAuth, keyed(PasswordAuth(c, "ana", "Wrong-1!"), d.key))
		}
		Refused(elsewhere, locked, w.API.InitiateAuth, keyed(PasswordAuth(c, "ana", Password), d.key))
	})
}
