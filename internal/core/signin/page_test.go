package signin_test

import (
	"strings"
	"testing"
	"time"

	"cognate/internal/api/cognitoidp"
	"cognate/internal/core/pool"
	"cognate/internal/core/signin"
	. "cognate/internal/testkit/cognitotest"
)

// keyPool is a pool with passkeys, and a client that lets users choose.
func keyPool(w *World) (*pool.Pool, *pool.Client) {
	p := w.Pool(firstFactors("PASSWORD", "WEB_AUTHN", "EMAIL_OTP"))
	Call(w, w.API.SetUserPoolMfaConfig, &cognitoidp.SetUserPoolMfaConfigRequest{
		UserPoolId: p.ID, WebAuthnConfiguration: &cognitoidp.WebAuthnConfigurationType{RelyingPartyId: new("example.com")},
	})
	p = w.Reload(p.ID)
	return p, w.Client(p, allFlows)
}

// TestSignInByPasskey signs in by a passkey without a name, and in none of the ways that are not that.
func TestSignInByPasskey(t *testing.T) {
	Each(t, func(w *World) {
		p, c := keyPool(w)
		q, foreign := keyPool(w)
		other := w.Client(p, allFlows)
		w.User(p, "ana")
		w.User(p, "bob")
		ana, bob := NewAuthenticator("example.com", "https://example.com"), NewAuthenticator("example.com", "https://example.com")
		w.Enrol(*w.SignIn(c, "ana", Password).AccessToken, ana)
		w.Enrol(*w.SignIn(c, "bob", Password).AccessToken, bob)
		ana.Auth.Options.UserHandle, bob.Auth.Options.UserHandle = []byte(w.Get(p, "ana").Sub), []byte(w.Get(p, "bob").Sub)
		ending := &recorder{}
		door := signin.Hosted(ending)
		at := func(p *pool.Pool, c *pool.Client) *signin.Request {
			return &signin.Request{Door: door, Pool: p, Client: c}
		}
		offer := func() (options, session string) {
			options, session, err := w.Engine.OfferPasskey(w.Ctx, at(p, c))
			if err != nil {
				w.T.Fatal(err)
			}
			return options, session
		}
		answer := func(r *signin.Request, session, credential string) error {
			r.Session, r.Params = session, map[string]string{"CREDENTIAL": credential}
			_, err := w.Engine.SignInByPasskey(w.Ctx, r)
			return err
		}
		options, session := offer()
		good := ana.Answer(w.T, options)
		for what, r := range map[string]*signin.Request{"another client": at(p, other), "another pool": at(q, foreign)} {
			if answer(r, session, good) == nil {
				w.T.Errorf("at %s", what)
			}
		}
		if answer(&signin.Request{Door: page(ending), Pool: p, Client: c}, session, good) == nil {
			w.T.Error("at another door")
		}
		refused(w.T, "at its own door", answer(at(p, c), session, good), "")
		if a := ending.admitted; a.Subject.Sub != w.Get(p, "ana").Sub || ending.committed != 1 {
			w.T.Errorf("admitted %+v, committed %d times", a, ending.committed)
		}
		if answer(at(p, c), session, good) == nil {
			w.T.Error("once more")
		}
		_, second := offer()
		if answer(at(p, c), second, good) == nil {
			w.T.Error("the answer to another challenge")
		}
		options, _ = offer()
		for what, credential := range map[string]string{
			"nobody's": strings.Replace(bob.Answer(w.T, options), `"userHandle":"`, `"userHandle":"AAAA`, 1),
			"nothing":  "{}",
			"no JSON":  "x",
			"of a user who is gone": func() string {
				text := bob.Answer(w.T, options)
				if err := w.API.AdminDeleteUser(w.Ctx, &cognitoidp.AdminDeleteUserRequest{UserPoolId: p.ID, Username: "bob"}); err != nil {
					w.T.Fatal(err)
				}
				return text
			}(),
		} {
			options, session = offer()
			if answer(at(p, c), session, credential) == nil {
				w.T.Errorf("%s", what)
			}
		}
		options, session = offer()
		late := ana.Answer(w.T, options)
		w.Clock.Advance(16 * time.Minute)
		if answer(at(p, c), session, late) == nil {
			w.T.Error("16 minutes later")
		}
		options, session = offer()
		Call(w, w.API.AdminDisableUser, &cognitoidp.AdminDisableUserRequest{UserPoolId: p.ID, Username: "ana"})
		if answer(at(p, c), session, ana.Answer(w.T, options)) == nil {
			w.T.Error("a disabled user")
		}
		if ending.committed != 1 {
			w.T.Errorf("committed %d times", ending.committed)
		}
	})
}

// TestAgain has codes sent again: the old session is used up, the tries at one user's codes are counted on.
func TestAgain(t *testing.T) {
	Each(t, func(w *World) {
		p, c := keyPool(w)
		w.User(p, "ana", "email", "ana@example.com", "email_verified", "true")
		door := signin.Hosted(&recorder{})
		start := func() *signin.Answer {
			a, err := w.Engine.Start(w.Ctx, &signin.Request{
				Door: door, Pool: p, Client: c, Flow: cognitoidp.AuthFlowTypeUserAuth,
				Params: map[string]string{"USERNAME": "ana", "PREFERRED_CHALLENGE": "EMAIL_OTP"},
			})
			if err != nil {
				w.T.Fatal(err)
			}
			return a
		}
		hop := func(run func(*signin.Request) (*signin.Answer, error), session, code string) (*signin.Answer, error) {
			return run(&signin.Request{
				Door: door, Pool: p, Client: c, Challenge: cognitoidp.ChallengeNameTypeEmailOtp, Session: session,
				Params: map[string]string{"USERNAME": "ana", "EMAIL_OTP_CODE": code},
			})
		}
		again := func(r *signin.Request) (*signin.Answer, error) { return w.Engine.Again(w.Ctx, r) }
		respond := func(r *signin.Request) (*signin.Answer, error) { return w.Engine.Respond(w.Ctx, r) }
		first := start()
		old := w.Code(p, "ana@example.com")
		second, err := hop(again, first.Session, "")
		refused(w.T, "sent again", err, "")
		code := w.Code(p, "ana@example.com")
		if _, err := hop(respond, first.Session, old); err == nil {
			w.T.Error("the first session is good")
		}
		if _, err := hop(again, first.Session, ""); err == nil {
			w.T.Error("the first session sends another code")
		}
		if old != code {
			if _, err := hop(respond, second.Session, old); err == nil {
				w.T.Error("the first code is good")
			}
		}
		_, err = hop(respond, second.Session, code)
		refused(w.T, "the second code", err, "")

		wrong, locked := other(code), 0
		session := start().Session
		for range 30 {
			for range 2 {
				if _, err := hop(respond, session, wrong); err != nil && strings.Contains(err.Error(), "Attempt limit") {
					locked++
				}
			}
			a, err := hop(again, session, "")
			if err != nil {
				locked++
				break
			}
			session = a.Session
		}
		if locked == 0 {
			w.T.Error("sending again gives guesses without a limit")
		}
	})
}
