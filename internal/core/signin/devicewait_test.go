package signin_test

import (
	"context"
	"net/netip"
	"testing"
	"time"

	"cognate/internal/api/cognitoidp"
	"cognate/internal/base/obs"
	. "cognate/internal/testkit/cognitotest"
)

// bare is an answer without its Session, as pycognito sends it.
func bare(in *cognitoidp.RespondToAuthChallengeRequest) *cognitoidp.RespondToAuthChallengeRequest {
	out := *in
	out.Session = nil
	return &out
}

const noSession = "InvalidParameterException: Missing required parameter Session"

// from is a context of a request from an address.
func from(addr string) context.Context {
	return obs.With(context.Background(), &obs.Request{ClientIP: netip.MustParseAddr(addr)})
}

// TestDeviceWithoutSession proves remembered devices by answers that leave the Session out, and tries to take over the
// sign-ins that wait for one.
func TestDeviceWithoutSession(t *testing.T) {
	Each(t, func(w *World) {
		p := w.Pool(tracked(false))
		c, o := w.Client(p, allFlows), w.Client(p, allFlows)
		w.User(p, "ana")
		w.User(p, "bob")
		w.Ctx = from("192.0.2.7")
		d, bobs := confirmDevice(w, w.SignIn(c, "ana", Password)), confirmDevice(w, w.SignIn(c, "bob", Password))
		api := w.API.RespondToAuthChallenge
		start := func() hop { return begin(w, keyed(PasswordAuth(c, "ana", Password), d.key)) }
		first := func(c string, name, key string) *cognitoidp.RespondToAuthChallengeRequest {
			return &cognitoidp.RespondToAuthChallengeRequest{ClientId: c, ChallengeName: "DEVICE_SRP_AUTH",
				ChallengeResponses: map[string]string{"USERNAME": name, "DEVICE_KEY": key, "SRP_A": "2"}}
		}

		Refused(w, noSession, api, first(c.ID, "ana", d.key)) // nothing waits
		h := start()
		for what, in := range map[string]*cognitoidp.RespondToAuthChallengeRequest{
			"another client": first(o.ID, "ana", d.key), "another user": first(c.ID, "bob", d.key), "nobody": first(c.ID, "nobody", d.key),
			"another device": first(c.ID, "ana", bobs.key), "no device": first(c.ID, "ana", ""),
		} {
			if got := Refusal(w, api, in); got != noSession {
				w.T.Errorf("%s: %q", what, got)
			}
		}
		for _, elsewhere := range []string{"192.0.2.8", "2001:db8::7"} {
			w.Ctx = from(elsewhere)
			Refused(w, noSession, api, first(c.ID, "ana", d.key))
		}
		w.Ctx = from("::ffff:192.0.2.7") // the same address in another form

		last := bare(d.prove(w, c, "ana", hop{Challenge: h.Challenge}))
		Refused(w, badSession, api, with(last, "USERNAME", "bob"))
		Refused(w, noDevice, api, with(last, "DEVICE_KEY", bobs.key))
		if tokens := respond(w, last).Tokens; tokens == nil {
			w.T.Fatal("no tokens after the proof of the device")
		}
		Refused(w, usedOne, api, last)
		Refused(w, noSession, api, first(c.ID, "ana", d.key)) // it is taken
		Refused(w, usedOne, api, answer(c, "DEVICE_SRP_AUTH", h.Session, "USERNAME", "ana", "DEVICE_KEY", d.key, "SRP_A", "2"))

		// A session that was sent waits no longer.
		respond(w, d.prove(w, c, "ana", start()))
		Refused(w, noSession, api, first(c.ID, "ana", d.key))

		// A wrong proof ends it.
		wrongly := handset{d.key, d.group, "wrong"}
		begun := start()
		Refused(w, wrong, api, bare(wrongly.prove(w, c, "ana", hop{Challenge: begun.Challenge})))
		Refused(w, noSession, api, first(c.ID, "ana", d.key))

		// Two that wait are taken once each.
		w.Ctx = context.Background() // each request has its own record
		start()
		start()
		if got := Together(w, 6, api, func(int) *cognitoidp.RespondToAuthChallengeRequest { return first(c.ID, "ana", d.key) }); got[""] != 2 || got[noSession] != 4 {
			w.T.Errorf("taken together: %v", got)
		}

		start()
		w.Clock.Advance(3*time.Minute + time.Second)
		Refused(w, noSession, api, first(c.ID, "ana", d.key)) // too late

		// What ends a sign-in ends one that waits.
		for what, end := range ends {
			if what == "deleted and made again" {
				continue
			}
			start()
			end(w, p)
			if got := Refusal(w, api, first(c.ID, "ana", d.key)); got != badSession {
				w.T.Errorf("%s: %q", what, got)
			}
		}
		start()
		ends["deleted and made again"](w, p)
		Refused(w, noSession, api, first(c.ID, "ana", d.key))
	})
}
