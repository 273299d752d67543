package signin_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"cognate/internal/api/cognitoidp"
	"cognate/internal/api/rt"
	. "cognate/internal/testkit/cognitotest"
)

// honest fails the test unless an error is an exception of the API: anything else would be an internal error.
func honest(t *testing.T, err error) {
	t.Helper()
	var e rt.Exception
	if err != nil && !errors.As(err, &e) {
		t.Fatalf("not an exception: %v", err)
	}
}

// FuzzVerifierAnswer feeds hostile PASSWORD_VERIFIER answers: none may fail with anything but an exception, and none may
// yield tokens.
func FuzzVerifierAnswer(f *testing.F) {
	w := Quick(f)
	p := w.Pool(nil)
	c := w.Client(p, Hiding)
	w.User(p, "ana")
	s := w.StartSRP(p, c, "ana")
	good := s.Answer("Wrong-1!")
	r := good.ChallengeResponses
	f.Add("ana", r["PASSWORD_CLAIM_SECRET_BLOCK"], r["PASSWORD_CLAIM_SIGNATURE"], r["TIMESTAMP"], *good.Session)
	f.Add("ana", *good.Session, "eA==", "Wed Jan 7 03:04:05 UTC 2026", r["PASSWORD_CLAIM_SECRET_BLOCK"])
	f.Add("\x00", "AAAA", "", "Wed Jan 07 03:04:05 CEST 2026", "AYABe")
	f.Fuzz(func(t *testing.T, name, block, signature, timestamp, session string) {
		w := w.On(t)
		in := &cognitoidp.RespondToAuthChallengeRequest{
			ClientId: c.ID, ChallengeName: cognitoidp.ChallengeNameTypePasswordVerifier,
			ChallengeResponses: map[string]string{"USERNAME": name, "PASSWORD_CLAIM_SECRET_BLOCK": block,
				"PASSWORD_CLAIM_SIGNATURE": signature, "TIMESTAMP": timestamp},
		}
		if session != "" {
			in.Session = &session
		}
		out, err := w.API.RespondToAuthChallenge(context.Background(), in)
		honest(t, err)
		if out != nil {
			t.Fatalf("accepted: %+v", out)
		}
	})
}

// FuzzFirstHop feeds hostile names and SRP_A values.
func FuzzFirstHop(f *testing.F) {
	w := Quick(f)
	p := w.Pool(nil)
	c := w.Client(p, Hiding)
	w.User(p, "ana")
	f.Add("ana", "ab12", "x")
	f.Add("", "0", "")
	f.Add("a\x00b\x01sha256:", "FFFFFFFF", "pass\x00word")
	f.Fuzz(func(t *testing.T, name, a, password string) {
		name = strings.ToValidUTF8(name, "?") // as the wire does
		_, err := w.API.InitiateAuth(context.Background(), &cognitoidp.InitiateAuthRequest{
			ClientId: c.ID, AuthFlow: cognitoidp.AuthFlowTypeUserSrpAuth, AuthParameters: map[string]string{"USERNAME": name, "SRP_A": a}})
		honest(t, err)
		_, err = w.API.InitiateAuth(context.Background(), PasswordAuth(c, name, password))
		honest(t, err)
	})
}

// FuzzNewPasswordAnswer feeds hostile attribute names and values beside a genuine session.
func FuzzNewPasswordAnswer(f *testing.F) {
	w := Quick(f)
	p := w.Pool(demanding)
	c := w.Client(p, nil)
	temporary(w, p, "ana", "email", "ana@example.com")
	f.Add("userAttributes.given_name", "Ana", "userAttributes.email", "eve@example.com")
	f.Add("userAttributes.", "", "userAttributes.sub", "x")
	f.Add("userAttributes.custom:\x00", "\x00", "userattributes.name", "\xff")
	f.Fuzz(func(t *testing.T, name1, value1, name2, value2 string) {
		w := w.On(t)
		first := Call(w, w.API.InitiateAuth, PasswordAuth(c, "ana", "Temporary-1"))
		in := newPassword(c, first, "ana", "too short", name1, value1, name2, value2) // never set: it has no upper case
		in.ChallengeResponses["NEW_PASSWORD"] = "short"
		out, err := w.API.RespondToAuthChallenge(context.Background(), in)
		honest(t, err)
		if out != nil {
			t.Fatalf("accepted: %+v", out)
		}
	})
}
