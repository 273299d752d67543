package signin_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"cognate/internal/api/cognitoidp"
	. "cognate/internal/testkit/cognitotest"
)

// TestStepUpRefusals are the requests that start nothing, by users and administrators.
func TestStepUpRefusals(t *testing.T) {
	Each(t, func(w *World) {
		p, c, _ := optional(w)
		w.User(p, "bob")
		low := begin(w, byPassword(c, "ana", loa(1))).Tokens
		bob := begin(w, byPassword(c, "bob", loa(1))).Tokens
		own := *low.AccessToken
		revoked := begin(w, byPassword(c, "ana", loa(1))).Tokens
		Call(w, w.API.RevokeToken, &cognitoidp.RevokeTokenRequest{ClientId: c.ID, Token: *revoked.RefreshToken})
		other := w.SignIn(w.Client(p, allFlows), "ana", Password)
		q := w.Pool(every)
		foreignClient := w.Client(q, allFlows)
		w.User(q, "ana")
		foreign := w.SignIn(foreignClient, "ana", Password)
		lite := w.Pool(func(in *cognitoidp.CreateUserPoolRequest) { in.UserPoolTier = new(cognitoidp.UserPoolTierTypeLite) })
		liteClient := w.Client(lite, allFlows)
		w.User(lite, "ana")
		forged := own[:len(own)-6] + "AAAAAA"

		for what, s := range map[string]struct {
			in   *cognitoidp.InitiateAuthRequest
			want string
		}{
			"a token without a target":    {toLevel(c, "ana", own, ""), "InvalidParameterException: ACCESS_TOKEN needs TARGET_ACR_VALUES."},
			"an unknown name":             {toLevel(c, "ana", "", "urn:cognito:loa:5"), noTarget},
			"unknown names":               {toLevel(c, "ana", own, "loa:4 4 Level4 urn:cognito:loa:44"), noTarget},
			"another case":                {toLevel(c, "ana", "", "URN:COGNITO:LOA:1"), noTarget},
			"no name":                     {toLevel(c, "ana", "", " "), noTarget},
			"an age that is no number":    {toLevel(c, "ana", own, loa(4), "MAX_AGE", "soon"), badAge},
			"a negative age":              {toLevel(c, "ana", "", loa(4), "MAX_AGE", "-1"), badAge},
			"a fraction of an age":        {toLevel(c, "ana", "", loa(4), "MAX_AGE", "1.5"), badAge},
			"an age beyond numbers":       {toLevel(c, "ana", "", loa(4), "MAX_AGE", "99999999999999999999"), badAge},
			"a wrong age without target":  {choose(c, "ana", "", "MAX_AGE", "x"), badAge},
			"rubbish":                     {toLevel(c, "ana", "rubbish", loa(4)), badAccess},
			"a forged token":              {toLevel(c, "ana", forged, loa(4)), badProof},
			"an ID token":                 {toLevel(c, "ana", *low.IdToken, loa(4)), badProof},
			"a refresh token":             {toLevel(c, "ana", *low.RefreshToken, loa(4)), badAccess},
			"a revoked token":             {toLevel(c, "ana", *revoked.AccessToken, loa(4)), revokedAccess},
			"another user's token":        {toLevel(c, "ana", *bob.AccessToken, loa(4)), badAccess},
			"the token of another user":   {toLevel(c, "bob", own, loa(4)), badAccess},
			"a token for nobody":          {toLevel(c, "nobody", own, loa(4)), badAccess},
			"another client's token":      {toLevel(c, "ana", *other.AccessToken, loa(4)), badAccess},
			"another pool's token":        {toLevel(c, "ana", *foreign.AccessToken, loa(4)), badAccess},
			"the pool of another token":   {toLevel(foreignClient, "ana", own, loa(4)), badAccess},
			"no name of a user":           {toLevel(c, "", own, loa(4)), missing("USERNAME")},
			"a level out of reach":        {toLevel(c, "bob", "", loa(4)), outOfReach},
			"all levels out of reach":     {toLevel(c, "bob", *bob.AccessToken, loa(4, 3, 2)), outOfReach},
			"an old token out of reach":   {toLevel(c, "bob", *bob.AccessToken, loa(4), "MAX_AGE", "0"), outOfReach},
			"nobody's level out of reach": {toLevel(c, "nobody", "", loa(4)), outOfReach},
			"the level of the token":      {toLevel(c, "bob", *bob.AccessToken, loa(4, 3, 2, 1)), satisfied},
			"a level on LITE":             {toLevel(liteClient, "ana", "", loa(1)), liteStepUp},
			"an age on LITE":              {choose(liteClient, "ana", "", "MAX_AGE", "1"), liteStepUp},
			"a token on LITE":             {toLevel(liteClient, "ana", own, ""), liteStepUp},
			"a session":                   {&cognitoidp.InitiateAuthRequest{ClientId: c.ID, AuthFlow: "USER_AUTH", Session: new(strings.Repeat("x", 30)), AuthParameters: toLevel(c, "ana", "", loa(1)).AuthParameters}, "InvalidParameterException: TARGET_ACR_VALUES and MAX_AGE cannot be given with a Session."},
		} {
			w.Run(what, func(w *World) {
				Refused(w, s.want, w.API.InitiateAuth, s.in)
				Refused(w, s.want, w.API.AdminInitiateAuth, &cognitoidp.AdminInitiateAuthRequest{
					UserPoolId: map[string]string{c.ID: p.ID, liteClient.ID: lite.ID, foreignClient.ID: q.ID}[s.in.ClientId], ClientId: s.in.ClientId,
					AuthFlow: s.in.AuthFlow, AuthParameters: s.in.AuthParameters, Session: s.in.Session,
				})
			})
		}

		w.Clock.Advance(61 * time.Minute)
		Refused(w, lateAccess, w.API.InitiateAuth, toLevel(c, "ana", own, loa(4)))
		fresh := Call(w, w.API.InitiateAuth, refreshAuth(c, *low.RefreshToken)).AuthenticationResult
		h := begin(w, toLevel(c, "ana", *fresh.AccessToken, loa(4), "MAX_AGE", "3600")) // a refresh does not make the sign-in younger
		equal(w.T, "asked", h.Challenge, "SELECT_CHALLENGE")
		h = begin(w, toLevel(c, "ana", *fresh.AccessToken, loa(4), "MAX_AGE", "3660"))
		equal(w.T, "asked", h.Challenge, totpFactor)
		disable(w, p, "ana")
		Refused(w, disabled, w.API.InitiateAuth, toLevel(c, "ana", *fresh.AccessToken, loa(4)))
	})
}

// TestStepUpFailure holds that one failed challenge ends the attempt.
func TestStepUpFailure(t *testing.T) {
	Each(t, func(w *World) {
		p, c, secret := optional(w)
		low := begin(w, byPassword(c, "ana", loa(1))).Tokens
		h := begin(w, toLevel(c, "ana", *low.AccessToken, loa(4)))
		last := answer(c, totpFactor, h.Session, "USERNAME", "ana", "SOFTWARE_TOKEN_MFA_CODE", otp(w, secret))
		Refused(w, badToken, w.API.RespondToAuthChallenge, with(last, "SOFTWARE_TOKEN_MFA_CODE", other(otp(w, secret))))
		Refused(w, usedOne, w.API.RespondToAuthChallenge, last)

		h = begin(w, toLevel(c, "ana", "", loa(2), "PREFERRED_CHALLENGE", "EMAIL_OTP"))
		last = codeAnswer(w, p, c, "ana", h, anaMail)
		Refused(w, badCode, w.API.RespondToAuthChallenge, with(last, "EMAIL_OTP_CODE", other(last.ChallengeResponses["EMAIL_OTP_CODE"])))
		if got := Refusal(w, w.API.RespondToAuthChallenge, last); got == "" {
			w.T.Error("the right code after a wrong one")
		}

		h = begin(w, toLevel(c, "ana", "", loa(4)))
		Refused(w, wrong, w.API.RespondToAuthChallenge, answer(c, h.Challenge, h.Session, "USERNAME", "ana", "ANSWER", "PASSWORD", "PASSWORD", "Wrong-1!"))
		Refused(w, usedOne, w.API.RespondToAuthChallenge, answer(c, h.Challenge, h.Session, "USERNAME", "ana", "ANSWER", "PASSWORD", "PASSWORD", Password))

		// A session does not serve another user, and what was not offered cannot be chosen.
		w.User(p, "bob")
		h = begin(w, toLevel(c, "ana", *low.AccessToken, loa(3)))
		Refused(w, badSession, w.API.RespondToAuthChallenge, answer(c, h.Challenge, h.Session, "USERNAME", "bob", "ANSWER", "EMAIL_OTP"))
		Refused(w, "InvalidParameterException: Invalid ANSWER: PASSWORD is not an available challenge.", w.API.RespondToAuthChallenge,
			answer(c, h.Challenge, h.Session, "USERNAME", "ana", "ANSWER", "PASSWORD", "PASSWORD", Password))
		// A password that was changed since is not credited.
		w.Clock.Advance(time.Minute)
		w.SetPassword(p, "ana", "Changed-1!", true)
		if got := Refusal(w, w.API.RespondToAuthChallenge, answer(c, h.Challenge, h.Session, "USERNAME", "ana", "ANSWER", "EMAIL_OTP")); got == "" {
			w.T.Error("a session goes on after the password it credits has changed")
		}
		h = begin(w, toLevel(c, "ana", *low.AccessToken, loa(4)))
		equal(w.T, "asked", h.Challenge+" "+h.Offered, "SELECT_CHALLENGE PASSWORD_SRP PASSWORD")
		// Nor one that was changed in the moment in which the token was issued.
		w.SetPassword(p, "ana", "Changed-2!", true)
		first := begin(w, toLevel(c, "ana", "", loa(1)))
		fresh := respond(w, answer(c, first.Challenge, first.Session, "USERNAME", "ana", "ANSWER", "PASSWORD", "PASSWORD", "Changed-2!"))
		if fresh.Tokens == nil {
			w.T.Fatalf("no tokens: %+v", fresh)
		}
		w.SetPassword(p, "ana", "Changed-3!", true)
		h = begin(w, toLevel(c, "ana", *fresh.Tokens.AccessToken, loa(4)))
		equal(w.T, "asked", h.Challenge+" "+h.Offered, "SELECT_CHALLENGE PASSWORD_SRP PASSWORD")
	})
}

// TestStepUpHidden holds that a hiding client does not learn before the first factor who exists, or lacks a factor.
func TestStepUpHidden(t *testing.T) {
	Each(t, func(w *World) {
		p := setMFA(w, w.Pool(nil), "OPTIONAL", "totp")
		c := w.Client(p, func(in *cognitoidp.CreateUserPoolClientRequest) { allFlows(in); Hiding(in) })
		w.User(p, "ana")
		w.User(p, "bob")
		token(w, *w.SignIn(c, "ana", Password).AccessToken)
		for _, name := range []string{"ana", "bob", "nobody"} {
			h := begin(w, toLevel(c, name, "", loa(4)))
			equal(w.T, name, h.Challenge+" "+h.Offered, "SELECT_CHALLENGE PASSWORD_SRP PASSWORD")
			Refused(w, wrong, w.API.RespondToAuthChallenge, answer(c, h.Challenge, h.Session, "USERNAME", name, "ANSWER", "PASSWORD", "PASSWORD", "Wrong-1!"))
		}
		Refused(w, outOfReach, w.API.InitiateAuth, byPassword(c, "bob", loa(4)))
		Refused(w, wrong, w.API.InitiateAuth, byPassword(c, "nobody", loa(4)))
		Refused(w, badAccess, w.API.InitiateAuth, toLevel(c, "nobody", *w.SignIn(c, "bob", Password).AccessToken, loa(4)))
	})
}

// TestStepUpLostFactor holds that a token is not worth a factor that the user has no more, or has replaced.
func TestStepUpLostFactor(t *testing.T) {
	Each(t, func(w *World) {
		p, c, secret := optional(w)
		h := begin(w, toLevel(c, "ana", "", loa(2), "PREFERRED_CHALLENGE", "EMAIL_OTP"))
		mailed := respond(w, codeAnswer(w, p, c, "ana", h, anaMail)).Tokens
		prefer(w, p, "ana", "totp")
		h = begin(w, toLevel(c, "ana", *mailed.AccessToken, loa(3), "PREFERRED_CHALLENGE", "PASSWORD", "PASSWORD", Password))
		equal(w.T, "asked", h.Challenge, totpFactor) // not tokens for e-mail and password
		high := take(w, p, c, h, totpFactor, secret).Tokens
		equal(w.T, "level", levelOf(w, high), loa(4)+" pwd otp mfa")
		Call(w, w.API.AdminDeleteSoftwareToken, &cognitoidp.AdminDeleteSoftwareTokenRequest{UserPoolId: p.ID, Username: "ana"})
		Refused(w, satisfied, w.API.InitiateAuth, toLevel(c, "ana", *high.AccessToken, loa(4)))
		Refused(w, outOfReach, w.API.InitiateAuth, toLevel(c, "ana", *high.AccessToken, loa(4), "MAX_AGE", "0"))
	})
}

// FuzzStepUp feeds hostile parameters: none may fail with anything but an exception, and none may yield tokens.
func FuzzStepUp(f *testing.F) {
	w := Quick(f)
	p := w.Pool(every)
	c := w.Client(p, allFlows)
	w.User(p, "ana")
	access := *w.SignIn(c, "ana", Password).AccessToken
	f.Add("ana", loa(1), "own", "0")
	f.Add("ana", loa(4, 3), "own", "")
	f.Add("nobody", " \t"+loa(2)+"\x00", "a.b.c", "-1")
	f.Add("ana", "", "", "9223372036854775807")
	f.Fuzz(func(t *testing.T, name, targets, shown, age string) {
		w := w.On(t)
		name = strings.ToValidUTF8(name, "?") // as the wire does
		if shown == "own" {
			shown = access
		}
		out, err := w.API.InitiateAuth(w.Ctx, choose(c, name, "", "TARGET_ACR_VALUES", targets, "ACCESS_TOKEN", shown, "MAX_AGE", age))
		honest(t, err)
		if out != nil && out.AuthenticationResult != nil {
			t.Fatalf("tokens for nothing: %+v", out)
		}
	})
}

// TestStepUpTogether lets one session of a step-up be answered by several at once: one wins.
func TestStepUpTogether(t *testing.T) {
	Each(t, func(w *World) {
		_, c, secret := optional(w)
		low := w.SignIn(c, "ana", Password)
		h := begin(w, toLevel(c, "ana", *low.AccessToken, loa(4)))
		last := answer(c, h.Challenge, h.Session, "USERNAME", "ana", "SOFTWARE_TOKEN_MFA_CODE", otp(w, secret))
		outcomes := Together(w, 5, w.API.RespondToAuthChallenge, func(int) *cognitoidp.RespondToAuthChallengeRequest { return last })
		equal(w.T, fmt.Sprint("winners of ", outcomes), outcomes[""], 1)
	})
}
