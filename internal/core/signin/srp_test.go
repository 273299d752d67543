package signin_test

import (
	"encoding/base64"
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"cognate/internal/api/cognitoidp"
	. "cognate/internal/testkit/cognitotest"
)

func TestSRP(t *testing.T) {
	Each(t, func(w *World) {
		p := w.Pool(nil)
		c := w.Client(p, nil)
		w.User(p, "ana")
		s := w.StartSRP(p, c, "ana")
		params := s.First.ChallengeParameters
		equal(w.T, "challenge", *s.First.ChallengeName, cognitoidp.ChallengeNameTypePasswordVerifier)
		equal(w.T, "parameters", len(params), 5)
		equal(w.T, "USERNAME", params["USERNAME"], "ana")
		if !strings.HasPrefix(*s.First.Session, "AYABe") || s.First.AuthenticationResult != nil {
			w.T.Errorf("session %.10s, result %v", *s.First.Session, s.First.AuthenticationResult)
		}
		out := Call(w, w.API.RespondToAuthChallenge, s.Answer(Password))
		if out.AuthenticationResult == nil || out.ChallengeName != nil || out.Session != nil {
			w.T.Errorf("answer %+v", out)
		}
		// Older clients leave the session out: the secret block carries the state.
		bare := w.StartSRP(p, c, "ana").Answer(Password)
		session := bare.Session
		bare.Session = nil
		Refused(w, "", w.API.RespondToAuthChallenge, bare)
		bare.Session = session
		Refused(w, usedOne, w.API.RespondToAuthChallenge, bare)
		// The admin twin.
		a := w.StartSRP(p, c, "ana").Answer(Password)
		Refused(w, "", w.API.AdminRespondToAuthChallenge, &cognitoidp.AdminRespondToAuthChallengeRequest{
			UserPoolId: p.ID, ClientId: c.ID, ChallengeName: a.ChallengeName, Session: a.Session, ChallengeResponses: a.ChallengeResponses,
		})
	})
}

// TestSRPStatus holds what each kind of user is told at the second hop.
func TestSRPStatus(t *testing.T) {
	Each(t, func(w *World) {
		p := w.Pool(nil)
		open, hiding := w.Client(p, nil), w.Client(p, Hiding)
		w.User(p, "ana")
		signUp(w, open, "new")
		w.User(p, "off")
		disable(w, p, "off")
		temporary(w, p, "old")
		w.Clock.Advance(8 * 24 * time.Hour)
		for _, c := range []struct{ user, password, open, hiding string }{
			{"ana", "Wrong-1!", wrong, wrong},
			{"new", Password, unready, unready},
			{"new", "Wrong-1!", unready, wrong},
			{"off", Password, disabled, wrong},
			{"old", "Temporary-1", expired, expired},
			{"old", "Wrong-1!", wrong, wrong},
		} {
			w.Clock.Advance(time.Hour)
			Refused(w, c.open, w.API.RespondToAuthChallenge, w.StartSRP(p, open, c.user).Answer(c.password))
			Refused(w, c.hiding, w.API.RespondToAuthChallenge, w.StartSRP(p, hiding, c.user).Answer(c.password))
		}
		Refused(w, unknown, w.API.InitiateAuth, &cognitoidp.InitiateAuthRequest{
			ClientId: open.ID, AuthFlow: cognitoidp.AuthFlowTypeUserSrpAuth, AuthParameters: map[string]string{"USERNAME": "nobody", "SRP_A": "ab"},
		})
		Refused(w, wrong, w.API.RespondToAuthChallenge, w.StartSRP(p, hiding, "nobody").Answer(Password))
	})
}

// TestSimulatedSRP holds that the first hop for a name nobody has looks like any other and stays the same, whatever its
// spelling or length.
func TestSimulatedSRP(t *testing.T) {
	w := Quick(t)
	p := w.Pool(func(in *cognitoidp.CreateUserPoolRequest) {
		in.UsernameAttributes = []cognitoidp.UsernameAttributeType{"email"}
		in.UsernameConfiguration = &cognitoidp.UsernameConfigurationType{CaseSensitive: false}
	})
	c := w.Client(p, Hiding)
	w.User(p, "ana@example.com")
	uuid := regexp.MustCompile(`^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$`)
	long := strings.Repeat("n", 3000) + "@example.com"
	for _, spellings := range [][2]string{
		{"ana@example.com", "ANA@Example.COM"}, {"nobody@example.com", "Nobody@EXAMPLE.com"}, {long, strings.ToUpper(long)},
	} {
		one := w.StartSRP(p, c, spellings[0]).First
		two := w.StartSRP(p, c, spellings[1]).First
		a, b := one.ChallengeParameters, two.ChallengeParameters
		if a["SALT"] != b["SALT"] || a["USER_ID_FOR_SRP"] != b["USER_ID_FOR_SRP"] || a["SRP_B"] == b["SRP_B"] {
			t.Errorf("%.20s: two first hops differ: %v, %v", spellings[0], a, b)
		}
		if !uuid.MatchString(a["USER_ID_FOR_SRP"]) || len(a["SALT"]) < 20 || len(a["SALT"]) > 32 || len(a["SRP_B"]) < 700 {
			t.Errorf("%.20s: parameters %v", spellings[0], a)
		}
		equal(t, "length of the secret block", len(a["SECRET_BLOCK"]), len(b["SECRET_BLOCK"]))
		if n := len(*one.Session); n < 250 || n > 700 {
			t.Errorf("session of %d characters", n)
		}
	}
	known := w.StartSRP(p, c, "ana@example.com").First
	ghost := w.StartSRP(p, c, "nobody@example.com").First
	equal(t, "length of the session", len(*ghost.Session)/8, len(*known.Session)/8)
	// A name that is taken in the meantime does not turn the ghost's session into one of the user.
	s := w.StartSRP(p, c, "late@example.com")
	w.User(p, "late@example.com")
	Refused(w, wrong, w.API.RespondToAuthChallenge, s.Answer(Password))
}

func TestSRPParameters(t *testing.T) {
	w := Quick(t)
	p := w.Pool(nil)
	c, secret := w.Client(p, nil), w.Client(p, confidential)
	w.User(p, "ana")
	start := func(params map[string]string) string {
		return Refusal(w, w.API.InitiateAuth, &cognitoidp.InitiateAuthRequest{
			ClientId: c.ID, AuthFlow: cognitoidp.AuthFlowTypeUserSrpAuth, AuthParameters: params})
	}
	equal(t, "no name", start(map[string]string{"SRP_A": "ab"}), missing("USERNAME"))
	equal(t, "no A", start(map[string]string{"USERNAME": "ana"}), missing("SRP_A"))
	for _, a := range []string{"0", "00", "-1", "xyz", "0x12", " 12", strings.Repeat("f", 10000), primeN, twiceN} {
		equal(t, "A "+a[:min(8, len(a))], start(map[string]string{"USERNAME": "ana", "SRP_A": a}), "InvalidParameterException: Invalid SRP_A value.")
	}
	for _, name := range []string{"USERNAME", "PASSWORD_CLAIM_SECRET_BLOCK", "PASSWORD_CLAIM_SIGNATURE", "TIMESTAMP"} {
		Refused(w, missing(name), w.API.RespondToAuthChallenge, with(w.StartSRP(p, c, "ana").Answer(Password), name, "-"))
	}
	for _, stamp := range []string{"now", "2026-01-07T03:04:05Z", "Wed Jan 7 03:04:05 2026", "Mi Jan 7 03:04:05 UTC 2026", "Wed Jan 32 03:04:05 UTC 2026", strings.Repeat("9", 4000)} {
		Refused(w, "InvalidParameterException: TIMESTAMP format should be EEE MMM d HH:mm:ss z yyyy in english.",
			w.API.RespondToAuthChallenge, with(w.StartSRP(p, c, "ana").Answer(Password), "TIMESTAMP", stamp))
	}
	answer := w.StartSRP(p, c, "ana").Answer(Password) // a well-formed one that was not signed
	Refused(w, wrong, w.API.RespondToAuthChallenge, with(answer, "TIMESTAMP", "Thu Jan 8 03:04:05 UTC 2026"))

	first := Call(w, w.API.InitiateAuth, &cognitoidp.InitiateAuthRequest{ClientId: secret.ID, AuthFlow: cognitoidp.AuthFlowTypeUserSrpAuth,
		AuthParameters: map[string]string{"USERNAME": "ana", "SRP_A": "abc123", "SECRET_HASH": SecretHash(secret, "ana")}})
	in := &cognitoidp.RespondToAuthChallengeRequest{ClientId: secret.ID, ChallengeName: *first.ChallengeName, Session: first.Session,
		ChallengeResponses: map[string]string{"USERNAME": "ana", "PASSWORD_CLAIM_SECRET_BLOCK": first.ChallengeParameters["SECRET_BLOCK"],
			"PASSWORD_CLAIM_SIGNATURE": "eA==", "TIMESTAMP": "Wed Jan 7 03:04:05 UTC 2026"}}
	Refused(w, fmt.Sprintf(noHash, secret.ID), w.API.RespondToAuthChallenge, in)
	Refused(w, fmt.Sprintf(badHash, secret.ID), w.API.RespondToAuthChallenge, with(in, "SECRET_HASH", SecretHash(secret, "eve")))
	Refused(w, wrong, w.API.RespondToAuthChallenge, with(in, "SECRET_HASH", SecretHash(secret, "ana")))
}

// TestSRPForgery moves, damages and reuses every part of an answer. Each refusal must cost the guess it is.
func TestSRPForgery(t *testing.T) {
	Each(t, func(w *World) {
		p, q := w.Pool(nil), w.Pool(nil)
		c, other, foreign := w.Client(p, nil), w.Client(p, nil), w.Client(q, nil)
		w.User(p, "ana")
		w.User(p, "eve")
		w.User(q, "ana")
		respond := w.API.RespondToAuthChallenge
		fresh := func() *cognitoidp.RespondToAuthChallengeRequest {
			w.Clock.Advance(time.Hour)
			return w.StartSRP(p, c, "ana").Answer(Password)
		}

		a := fresh()
		Refused(w, wrong, respond, with(a, "PASSWORD_CLAIM_SIGNATURE", base64.StdEncoding.EncodeToString(make([]byte, 32))))
		Refused(w, usedOne, respond, a) // one session is one guess
		for _, sig := range []string{"=", "eA==", "not base64", strings.Repeat("QUJD", 1000)} {
			Refused(w, wrong, respond, with(fresh(), "PASSWORD_CLAIM_SIGNATURE", sig))
		}

		a = fresh()
		eve := w.StartSRP(p, c, "eve").Answer(Password)
		mixed := with(a, "PASSWORD_CLAIM_SECRET_BLOCK", eve.ChallengeResponses["PASSWORD_CLAIM_SECRET_BLOCK"])
		mixed.Session = nil
		Refused(w, badSession, respond, mixed) // eve's block is not ana's
		Refused(w, badSession, respond, with(a, "USERNAME", "eve"))
		second := *w.StartSRP(p, c, "ana").Answer(Password)
		second.Session = a.Session // of another sign-in of the same user
		Refused(w, badSession, respond, &second)
		Refused(w, "", respond, a) // none of that spent it

		a = fresh()
		block := a.ChallengeResponses["PASSWORD_CLAIM_SECRET_BLOCK"]
		for i := 0; i < len(block); i += 7 {
			damaged := block[:i] + string(rune('A'+(block[i]+1)%26)) + block[i+1:]
			if damaged != block {
				Refused(w, badSession, respond, with(a, "PASSWORD_CLAIM_SECRET_BLOCK", damaged))
			}
		}
		for _, s := range []string{block[:len(block)-4], block + "AAAA", block + "\n", *a.Session, "AAAA"} {
			Refused(w, badSession, respond, with(a, "PASSWORD_CLAIM_SECRET_BLOCK", s))
		}
		for _, s := range []string{(*a.Session)[:30], *a.Session + "A", "AYABe" + strings.Repeat("A", 40), block} {
			in := *a
			in.Session = &s
			Refused(w, badSession, respond, &in)
		}
		for _, id := range []string{other.ID, foreign.ID} { // another client, another pool
			in := *a
			in.ClientId = id
			Refused(w, badSession, respond, &in)
			in.Session = nil
			Refused(w, badSession, respond, &in)
		}
		Refused(w, "", respond, a)

		a = fresh()
		in := *a
		in.ChallengeName = cognitoidp.ChallengeNameTypeNewPasswordRequired
		Refused(w, badSession, respond, with(&in, "NEW_PASSWORD", "Fresh-Password-1"))
		w.Clock.Advance(c.AuthSession())
		Refused(w, lateOne, respond, a)
		a.Session = nil
		Refused(w, lateOne, respond, a)

		a = fresh()
		w.SetPassword(p, "ana", "Another-1!", true) // voids proofs of the old password
		Refused(w, wrong, respond, a)
	})
}

// TestUsernameOfAnswer: clients send back the typed name, the id for SRP or the sub.
func TestUsernameOfAnswer(t *testing.T) {
	w := Quick(t)
	p := w.Pool(func(in *cognitoidp.CreateUserPoolRequest) {
		in.AliasAttributes = []cognitoidp.AliasAttributeType{"email"}
		in.UsernameConfiguration = &cognitoidp.UsernameConfigurationType{CaseSensitive: false}
	})
	c := w.Client(p, nil)
	w.User(p, "ana", "email", "ana@example.com", "email_verified", "true")
	for _, name := range []string{"ana", "ana@example.com", "ANA@example.com", w.Get(p, "ana").Sub} {
		answer := w.StartSRP(p, c, "Ana@example.com").Answer(Password)
		Refused(w, "", w.API.RespondToAuthChallenge, with(answer, "USERNAME", name))
	}
	answer := w.StartSRP(p, c, "ana@example.com").Answer(Password)
	Refused(w, badSession, w.API.RespondToAuthChallenge, with(answer, "USERNAME", "bob"))
}

// TestSRPProperty signs in with arbitrary names and passwords against an independent client side: the right password
// opens, any other does not.
func TestSRPProperty(t *testing.T) {
	w := Quick(t)
	p := w.Pool(func(in *cognitoidp.CreateUserPoolRequest) {
		in.Policies = &cognitoidp.UserPoolPolicyType{PasswordPolicy: &cognitoidp.PasswordPolicyType{MinimumLength: new(int64(6))}}
	})
	c := w.Client(p, Hiding)
	n := 0
	rapid.Check(t, func(t *rapid.T) {
		n++
		name := fmt.Sprint(n, rapid.StringMatching(`[\p{L}\p{N}:_.@-]{1,30}`).Draw(t, "name"))
		text := rapid.StringMatching(`[!-~\p{L}][ -~\p{L}\p{So}]{4,30}[!-~\p{L}]`)
		password, guess := text.Draw(t, "password"), text.Draw(t, "guess")
		w.User(p, name)
		w.SetPassword(p, name, password, true)
		if got := Refusal(w, w.API.RespondToAuthChallenge, w.StartSRP(p, c, name).Answer(password)); got != "" {
			t.Fatalf("right password refused: %s", got)
		}
		w.SignIn(c, name, password)
		if guess == password {
			return
		}
		if got := Refusal(w, w.API.RespondToAuthChallenge, w.StartSRP(p, c, name).Answer(guess)); got != wrong {
			t.Fatalf("wrong password: %q", got)
		}
	})
}
