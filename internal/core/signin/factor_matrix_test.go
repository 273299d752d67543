package signin_test

import (
	"testing"
	"time"

	"cognate/internal/api/cognitoidp"
	"cognate/internal/core/pool"
	. "cognate/internal/testkit/cognitotest"
)

// proof is one way to give a code in a sign-in.
type proof struct {
	challenge string
	mfa       string // second factor to enable, "" for a first factor of USER_AUTH
	wrong     string // refusal of a wrong code
	digits    int
	to        string // where the code goes, "" for a software token
}

var proofs = []proof{
	{"SMS_MFA", "sms", badCode, 6, anaPhone},
	{"EMAIL_OTP", "email", badCode, 6, anaMail},
	{totpFactor, "totp", badToken, 6, ""},
	{"EMAIL_OTP", "", badCode, 8, anaMail},
	{"SMS_OTP", "", badCode, 6, anaPhone},
}

// stage is a pool in which ana and bob sign in by one kind of proof.
type stage struct {
	proof
	p, q    *pool.Pool
	c, d, o *pool.Client // of p, of q, another one of p
	secret  string
}

func newStage(w *World, k proof) *stage {
	w.T.Helper()
	s := &stage{proof: k, p: w.Pool(every), q: w.Pool(every)}
	s.c, s.o, s.d = w.Client(s.p, allFlows), w.Client(s.p, allFlows), w.Client(s.q, allFlows)
	s.p, s.q = setMFA(w, s.p, "OPTIONAL", "sms totp email"), setMFA(w, s.q, "OPTIONAL", "sms totp email")
	for _, u := range []struct {
		p          *pool.Pool
		c          *pool.Client
		name       string
		phone, box string
	}{{s.p, s.c, "ana", anaPhone, anaMail}, {s.p, s.c, "bob", "+15550111", "bob@example.com"}, {s.q, s.d, "ana", anaPhone, anaMail}} {
		w.User(u.p, u.name, "email", u.box, "email_verified", "true", "phone_number", u.phone)
		if k.mfa == "totp" {
			secret := token(w, *w.SignIn(u.c, u.name, Password).AccessToken)
			if s.secret == "" {
				s.secret = secret
			}
		}
		if k.mfa != "" {
			prefer(w, u.p, u.name, k.mfa)
		}
	}
	return s
}

// start brings a user before the challenge.
func (s *stage) start(w *World, c *pool.Client, name string) hop {
	w.T.Helper()
	in := choose(c, name, s.challenge)
	if s.mfa != "" {
		in = PasswordAuth(c, name, Password)
	}
	h := begin(w, in)
	equal(w.T, "challenge", h.Challenge, s.challenge)
	return h
}

// code is the one that ana has.
func (s *stage) code(w *World) string {
	w.T.Helper()
	if s.to == "" {
		return otp(w, s.secret)
	}
	text := w.Code(s.p, s.to)
	equal(w.T, "digits", len(text), s.digits)
	return text
}

func (s *stage) answer(session *string, code string) *cognitoidp.RespondToAuthChallengeRequest {
	return answer(s.c, s.challenge, session, "USERNAME", "ana", s.challenge+"_CODE", code)
}

// TestFactorMatrix holds every code through the sign-in API: wrong, late, used, another user's, another pool's, another
// step's, guessed and used at once.
func TestFactorMatrix(t *testing.T) {
	Each(t, func(w *World) {
		for _, k := range proofs {
			name := k.challenge + " first"
			if k.mfa != "" {
				name = k.challenge + " second"
			}
			w.Run(name, func(w *World) { matrix(w, newStage(w, k)) })
		}
	})
}

func matrix(w *World, s *stage) {
	api := w.API.RespondToAuthChallenge
	h := s.start(w, s.c, "ana")
	code := s.code(w)
	right := s.answer(h.Session, code)
	key := s.challenge + "_CODE"

	Refused(w, missing("Session"), api, s.answer(nil, code))
	Refused(w, missing("USERNAME"), api, with(right, "USERNAME", "-"))
	Refused(w, missing(key), api, with(right, key, "-"))
	Refused(w, badSession, api, with(right, "USERNAME", "bob"))
	Refused(w, badSession, api, with(right, "USERNAME", "nobody"))
	Refused(w, badSession, api, s.answer(new((*h.Session)[:len(*h.Session)-4]+"AAAA"), code))
	for _, c := range []*pool.Client{s.o, s.d} {
		foreign := with(right)
		foreign.ClientId = c.ID
		Refused(w, badSession, api, foreign)
	}
	for _, step := range []string{"SMS_MFA", "EMAIL_OTP", "SMS_OTP", totpFactor, "SELECT_MFA_TYPE", "MFA_SETUP", "PASSWORD",
		"NEW_PASSWORD_REQUIRED", "WEB_AUTHN", "DEVICE_SRP_AUTH", "CUSTOM_CHALLENGE", "SELECT_CHALLENGE"} {
		if step == s.challenge {
			continue
		}
		astray := with(right, step+"_CODE", code, "ANSWER", "SMS_MFA", "PASSWORD", Password, "NEW_PASSWORD", Password, "CREDENTIAL", "{}",
			"DEVICE_KEY", "x", "SRP_A", "2")
		astray.ChallengeName = cognitoidp.ChallengeNameType(step)
		Refused(w, badSession, api, astray)
	}
	bobs := s.start(w, s.c, "bob")
	if s.to != "" {
		code = w.Code(s.p, s.to)
	}
	Refused(w, s.wrong, api, with(s.answer(bobs.Session, code), "USERNAME", "bob"))

	// The right one still works, once, also under the other names of ana.
	done := respond(w, with(right, key, code, "USERNAME", w.Get(s.p, "ana").Sub))
	if done.Tokens == nil {
		w.T.Fatalf("no tokens but %s", done.Challenge)
	}
	Refused(w, usedOne, api, right)
	if s.to == "" {
		Refused(w, usedToken, api, s.answer(s.start(w, s.c, "ana").Session, code))
		w.Clock.Advance(time.Minute)
	} else { // a code is good for its session alone
		again := s.start(w, s.c, "ana")
		if fresh := s.code(w); fresh != code {
			Refused(w, s.wrong, api, s.answer(again.Session, code))
		}
	}

	// Late.
	h = s.start(w, s.c, "ana")
	code = s.code(w)
	w.Clock.Advance(3*time.Minute + time.Second)
	Refused(w, lateOne, api, s.answer(h.Session, code))

	// Three wrong answers end a session.
	h = s.start(w, s.c, "ana")
	code = s.code(w)
	for range 3 {
		Refused(w, s.wrong, api, s.answer(h.Session, other(code)))
	}
	Refused(w, usedOne, api, s.answer(h.Session, other(code)))
	Refused(w, usedOne, api, s.answer(h.Session, code))

	// Sessions after another do not make guessing free.
	w.Clock.Advance(20 * time.Minute)
	for range 10 {
		h = s.start(w, s.c, "ana")
		code = s.code(w)
		if Refusal(w, api, s.answer(h.Session, other(code))) == wrong {
			break
		}
	}
	Refused(w, wrong, api, s.answer(h.Session, code))
	w.Clock.Advance(20 * time.Minute)

	// At once.
	h = s.start(w, s.c, "ana")
	code = s.code(w)
	got := Together(w, 6, api, func(int) *cognitoidp.RespondToAuthChallengeRequest { return s.answer(h.Session, code) })
	if got[""] != 1 || got[""]+got[usedOne] != 6 {
		w.T.Errorf("parallel use of one code: %v", got)
	}
	if s.to != "" {
		return
	}
	w.Clock.Advance(time.Minute)
	var sessions []*string
	for range 4 {
		sessions = append(sessions, s.start(w, s.c, "ana").Session)
	}
	code = s.code(w)
	got = Together(w, 4, api, func(i int) *cognitoidp.RespondToAuthChallengeRequest { return s.answer(sessions[i], code) })
	if got[""] != 1 || got[usedToken] != 3 {
		w.T.Errorf("parallel use of one code in several sessions: %v", got)
	}
}

// TestFactorWhileThingsChange holds that what happens to a user between two hops counts.
func TestFactorWhileThingsChange(t *testing.T) {
	Each(t, func(w *World) {
		for _, k := range proofs {
			s := newStage(w, k)
			start := func() *cognitoidp.RespondToAuthChallengeRequest {
				h := s.start(w, s.c, "ana")
				return s.answer(h.Session, s.code(w))
			}
			api := w.API.RespondToAuthChallenge
			last := start()
			w.Clock.Advance(time.Second) // passwords are told apart by when they were set
			w.SetPassword(s.p, "ana", "Changed-1", true)
			if k.mfa != "" {
				Refused(w, badSession, api, last) // the password that was proven is no longer one
			} else {
				Call(w, api, last)
			}
			w.SetPassword(s.p, "ana", Password, true)
			w.Clock.Advance(time.Minute)

			last = start()
			w.SetPassword(s.p, "ana", "Temporary-1", false)
			Refused(w, badSession, api, last)
			w.SetPassword(s.p, "ana", Password, true)
			w.Clock.Advance(time.Minute)

			last = start()
			Call(w, w.API.AdminResetUserPassword, &cognitoidp.AdminResetUserPasswordRequest{UserPoolId: s.p.ID, Username: "ana"})
			Refused(w, reset, api, last)
			w.SetPassword(s.p, "ana", Password, true)
			w.Clock.Advance(time.Minute)

			last = start()
			disable(w, s.p, "ana")
			Refused(w, disabled, api, last)
			Call(w, w.API.AdminEnableUser, &cognitoidp.AdminEnableUserRequest{UserPoolId: s.p.ID, Username: "ana"})

			last = start()
			if err := w.API.AdminDeleteUser(w.Ctx, &cognitoidp.AdminDeleteUserRequest{UserPoolId: s.p.ID, Username: "ana"}); err != nil {
				w.T.Fatal(err)
			}
			if got := Refusal(w, api, last); k.mfa != "" && got != badSession || k.mfa == "" && got == "" {
				w.T.Errorf("%s of a deleted user: %s", k.challenge, got)
			}
		}
	})
}
