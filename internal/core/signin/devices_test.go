package signin_test

import (
	"strings"
	"testing"
	"time"

	"cognate/internal/api/cognitoidp"
	. "cognate/internal/testkit/cognitotest"
)

// TestDevices signs in from a remembered device, and tries to without being it.
func TestDevices(t *testing.T) {
	Each(t, func(w *World) {
		p, q := w.Pool(tracked(true)), w.Pool(tracked(true))
		c, o, far := w.Client(p, allFlows), w.Client(p, allFlows), w.Client(q, allFlows)
		p = setMFA(w, p, "OPTIONAL", "sms totp")
		w.User(p, "ana", "phone_number", anaPhone)
		w.User(p, "bob")
		w.User(q, "ana")
		d, bobs, fars := confirmDevice(w, w.SignIn(c, "ana", Password)), confirmDevice(w, w.SignIn(c, "bob", Password)), confirmDevice(w, w.SignIn(far, "ana", Password))
		prefer(w, p, "ana", "sms")
		api := w.API.RespondToAuthChallenge
		start := func() hop { return begin(w, keyed(PasswordAuth(c, "ana", Password), d.key)) }

		for what, key := range map[string]string{"bob's": bobs.key, "another pool's": fars.key, "unknown": "us-east-1_00000000-0000-4000-8000-000000000000"} {
			if got := Refusal(w, w.API.InitiateAuth, keyed(PasswordAuth(c, "ana", Password), key)); got != noDevice {
				w.T.Errorf("%s device: %q", what, got)
			}
			// Nothing is told before the password is proven.
			Refused(w, wrong, w.API.InitiateAuth, keyed(PasswordAuth(c, "ana", "Wrong-1234"), key))
		}
		// SRP clients send the same proof again without the device.
		s := w.StartSRP(p, c, "ana")
		last := s.Answer(Password)
		Refused(w, noDevice, api, with(last, "DEVICE_KEY", bobs.key))
		equal(w.T, "retry", respond(w, last).Challenge, "SMS_MFA")

		// Named in the first hop alone it is recognised too, and left aside when it is not the user's.
		first := func(key string) string {
			return respond(w, w.StartSRPWith(p, c, &cognitoidp.InitiateAuthRequest{
				ClientId: c.ID, AuthFlow: cognitoidp.AuthFlowTypeUserSrpAuth, AuthParameters: map[string]string{"USERNAME": "ana", "DEVICE_KEY": key},
			}).Answer(Password)).Challenge
		}
		equal(w.T, "first hop", first(d.key), "DEVICE_SRP_AUTH")
		equal(w.T, "first hop with bob's device", first(bobs.key), "SMS_MFA")
		equal(w.T, "first hop with nonsense", first(strings.Repeat("x", 4000)), "SMS_MFA")

		h := start()
		equal(w.T, "parameters", h.Params["DEVICE_KEY"], d.key)
		proof := d.prove(w, c, "ana", h)
		Refused(w, badSession, api, with(proof, "USERNAME", "bob"))
		Refused(w, noDevice, api, with(proof, "DEVICE_KEY", bobs.key))
		foreign := with(proof)
		foreign.ClientId = o.ID
		Refused(w, badSession, api, foreign)
		done := respond(w, proof)
		if done.Tokens == nil || done.Tokens.NewDeviceMetadata != nil {
			w.T.Fatalf("after the proof: %+v", done)
		}
		Refused(w, usedOne, api, proof)
		Refused(w, usedOne, api, answer(c, "DEVICE_SRP_AUTH", h.Session, "USERNAME", "ana", "DEVICE_KEY", d.key, "SRP_A", "2"))

		// A wrong proof ends the session and gives no tokens.
		proof = handset{d.key, d.group, "wrong"}.prove(w, c, "ana", start())
		Refused(w, wrong, api, proof)
		Refused(w, usedOne, api, proof)
		proof = d.prove(w, c, "ana", start())
		again := d.prove(w, c, "ana", start())
		Refused(w, badSession, api, with(proof, "PASSWORD_CLAIM_SECRET_BLOCK", again.ChallengeResponses["PASSWORD_CLAIM_SECRET_BLOCK"]))
		Refused(w, wrong, api, with(proof, "PASSWORD_CLAIM_SIGNATURE", again.ChallengeResponses["PASSWORD_CLAIM_SIGNATURE"]))
		Refused(w, "InvalidParameterException: Invalid SRP_A value.", api, answer(c, "DEVICE_SRP_AUTH", start().Session, "USERNAME", "ana", "DEVICE_KEY", d.key, "SRP_A", "0"))
		got := Together(w, 5, api, func(int) *cognitoidp.RespondToAuthChallengeRequest { return again })
		if got[""] != 1 || got[usedOne] != 4 {
			w.T.Errorf("parallel use: %v", got)
		}
		proof = d.prove(w, c, "ana", start())
		w.Clock.Advance(3*time.Minute + time.Second)
		Refused(w, lateOne, api, proof)

		// The password that was proven before the device must still be the user's.
		h = start()
		w.Clock.Advance(time.Second)
		w.SetPassword(p, "ana", "Changed-1", true)
		Refused(w, badSession, api, answer(c, "DEVICE_SRP_AUTH", h.Session, "USERNAME", "ana", "DEVICE_KEY", d.key, "SRP_A", "2"))
		w.SetPassword(p, "ana", Password, true)

		// Not remembered: MFA again, and tokens are bound to the device all the same.
		access := *done.Tokens.AccessToken
		Call(w, w.API.UpdateDeviceStatus, &cognitoidp.UpdateDeviceStatusRequest{
			AccessToken: access, DeviceKey: d.key, DeviceRememberedStatus: new(cognitoidp.DeviceRememberedStatusTypeNotRemembered),
		})
		h = start()
		equal(w.T, "not remembered", h.Challenge, "SMS_MFA")
		code := answer(c, "SMS_MFA", h.Session, "USERNAME", "ana", "SMS_MFA_CODE", w.Code(p, anaPhone))
		Refused(w, noDevice, api, answer(c, "SMS_MFA", begin(w, PasswordAuth(c, "ana", Password)).Session, "USERNAME", "ana", "SMS_MFA_CODE", "1", "DEVICE_KEY", bobs.key))
		if tokens := respond(w, code).Tokens; tokens == nil || tokens.NewDeviceMetadata != nil {
			w.T.Errorf("from a known device: %+v", tokens)
		}
		Call(w, w.API.UpdateDeviceStatus, &cognitoidp.UpdateDeviceStatusRequest{
			AccessToken: access, DeviceKey: d.key, DeviceRememberedStatus: new(cognitoidp.DeviceRememberedStatusTypeRemembered),
		})

		// Forgotten in the middle: nothing of the device is left to prove or to stand in for MFA.
		h = start()
		proof = d.prove(w, c, "ana", start())
		if err := w.API.ForgetDevice(w.Ctx, &cognitoidp.ForgetDeviceRequest{AccessToken: &access, DeviceKey: d.key}); err != nil {
			w.T.Fatal(err)
		}
		Refused(w, noDevice, api, proof)
		Refused(w, noDevice, api, answer(c, "DEVICE_SRP_AUTH", h.Session, "USERNAME", "ana", "DEVICE_KEY", d.key, "SRP_A", "2"))
		Refused(w, noDevice, w.API.InitiateAuth, keyed(PasswordAuth(c, "ana", Password), d.key))
		Refused(w, revokedRefresh, w.API.InitiateAuth, keyed(refreshAuth(c, *done.Tokens.RefreshToken), d.key))
	})
}
