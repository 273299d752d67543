package signin_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"cognate/internal/api/cognitoidp"
	"cognate/internal/core/pool"
	. "cognate/internal/testkit/cognitotest"
)

// TestPasswordFlow holds the order of checks and the texts of a plain-password sign-in, for a client that shows users
// and one that hides them.
func TestPasswordFlow(t *testing.T) {
	Each(t, func(w *World) {
		p := w.Pool(nil)
		open, hiding := w.Client(p, nil), w.Client(p, Hiding)
		w.User(p, "ana")
		signUp(w, open, "new")
		w.User(p, "off")
		disable(w, p, "off")
		w.User(p, "reset", "email", "reset@example.com", "email_verified", "true")
		Call(w, w.API.AdminResetUserPassword, &cognitoidp.AdminResetUserPasswordRequest{UserPoolId: p.ID, Username: "reset"})
		temporary(w, p, "old")
		w.Clock.Advance(8 * 24 * time.Hour)

		for _, c := range []struct{ user, password, open, hiding string }{
			{"ana", Password, "", ""},
			{"ana", "Wrong-1!", wrong, wrong},
			{"ana", strings.Repeat("x", 5000), wrong, wrong},
			{"nobody", Password, unknown, wrong},
			{strings.Repeat("n", 5000), Password, unknown, wrong},
			{"a\x00b", Password, unknown, wrong},
			{"new", Password, unready, unready},
			{"new", "Wrong-1!", unready, wrong}, // told before the password is looked at, where users are not hidden
			{"off", Password, disabled, wrong},
			{"off", "Wrong-1!", disabled, wrong},
			{"reset", Password, reset, reset},
			{"reset", "Wrong-1!", wrong, wrong},
			{"old", "Temporary-1", expired, expired},
			{"old", "Wrong-1!", wrong, wrong},
			{"", Password, missing("USERNAME"), missing("USERNAME")},
			{"ana", "", missing("PASSWORD"), missing("PASSWORD")},
		} {
			w.Run(fmt.Sprintf("%.10q %.10q", c.user, c.password), func(w *World) {
				w.Clock.Advance(time.Hour) // forgets failures
				Refused(w, c.open, w.API.InitiateAuth, PasswordAuth(open, c.user, c.password))
				Refused(w, c.hiding, w.API.InitiateAuth, PasswordAuth(hiding, c.user, c.password))
				Refused(w, c.open, w.API.AdminInitiateAuth, adminAuth(open, c.user, c.password))
				Refused(w, c.hiding, w.API.AdminInitiateAuth, adminAuth(hiding, c.user, c.password))
			})
		}
	})
}

// TestAnswer holds the form of a successful answer.
func TestAnswer(t *testing.T) {
	w := Quick(t)
	p := w.Pool(nil)
	c := w.Client(p, nil)
	w.User(p, "ana")
	out := Call(w, w.API.InitiateAuth, PasswordAuth(c, "ana", Password))
	if out.ChallengeName != nil || out.Session != nil || out.ChallengeParameters == nil || len(out.ChallengeParameters) != 0 {
		t.Errorf("challenge %v, session %v, parameters %v", out.ChallengeName, out.Session, out.ChallengeParameters)
	}
	r := out.AuthenticationResult
	if *r.TokenType != "Bearer" || *r.ExpiresIn != 3600 || r.IdToken == nil || r.RefreshToken == nil || r.NewDeviceMetadata != nil {
		t.Errorf("result %+v", r)
	}
	access, err := w.Tokens.VerifyAccess(w.Ctx, *r.AccessToken)
	if err != nil {
		t.Fatal(err)
	}
	equal(t, "amr", strings.Join(access.AMR, " "), "pwd")
	equal(t, "auth_time", access.AuthTime, w.Clock.Now().Unix())
}

func TestFlowsOff(t *testing.T) {
	w := Quick(t)
	p := w.Pool(nil)
	w.User(p, "ana")
	only := func(flows ...cognitoidp.ExplicitAuthFlowsType) *pool.Client {
		return w.Client(p, func(in *cognitoidp.CreateUserPoolClientRequest) { in.ExplicitAuthFlows = flows })
	}
	none := only(cognitoidp.ExplicitAuthFlowsTypeAllowRefreshTokenAuth)
	off := func(text string) string { return "InvalidParameterException: " + text }
	for flow, want := range map[cognitoidp.AuthFlowType]string{
		cognitoidp.AuthFlowTypeUserPasswordAuth:      off("USER_PASSWORD_AUTH flow not enabled for this client"),
		cognitoidp.AuthFlowTypeUserSrpAuth:           off("USER_SRP_AUTH is not enabled for the client."),
		cognitoidp.AuthFlowTypeCustomAuth:            off("CUSTOM_AUTH flow not enabled for this client"),
		cognitoidp.AuthFlowTypeUserAuth:              off("USER_AUTH flow not enabled for this client"),
		cognitoidp.AuthFlowTypeAdminUserPasswordAuth: off("Initiate Auth method not supported"),
		cognitoidp.AuthFlowTypeAdminNoSrpAuth:        off("Initiate Auth method not supported"),
		"ANYTHING":                                   off("Initiate Auth method not supported"),
	} {
		// The flow is refused before parameters are looked at.
		Refused(w, want, w.API.InitiateAuth, &cognitoidp.InitiateAuthRequest{ClientId: none.ID, AuthFlow: flow})
	}
	for _, flow := range []cognitoidp.AuthFlowType{cognitoidp.AuthFlowTypeAdminUserPasswordAuth, cognitoidp.AuthFlowTypeAdminNoSrpAuth} {
		Refused(w, off("Auth flow not enabled for this client"), w.API.AdminInitiateAuth,
			&cognitoidp.AdminInitiateAuthRequest{UserPoolId: p.ID, ClientId: none.ID, AuthFlow: flow})
	}
	Refused(w, off("REFRESH_TOKEN_AUTH flow not enabled for this client"), w.API.InitiateAuth,
		refreshAuth(only(cognitoidp.ExplicitAuthFlowsTypeAllowUserPasswordAuth), "x"))
	custom := only(cognitoidp.ExplicitAuthFlowsTypeAllowCustomAuth)
	Refused(w, off("Custom auth lambda trigger is not configured for the user pool."), w.API.InitiateAuth,
		&cognitoidp.InitiateAuthRequest{ClientId: custom.ID, AuthFlow: cognitoidp.AuthFlowTypeCustomAuth, AuthParameters: map[string]string{"USERNAME": "ana"}})
}

func TestUnknownClientAndPool(t *testing.T) {
	w := Quick(t)
	p, q := w.Pool(nil), w.Pool(nil)
	c, foreign := w.Client(p, nil), w.Client(q, nil)
	w.User(p, "ana")
	gone := "ResourceNotFoundException: User pool client %s does not exist."
	Refused(w, fmt.Sprintf(gone, "nosuchclient"), w.API.InitiateAuth,
		&cognitoidp.InitiateAuthRequest{ClientId: "nosuchclient", AuthFlow: cognitoidp.AuthFlowTypeUserPasswordAuth})
	in := adminAuth(c, "ana", Password)
	in.ClientId = foreign.ID
	Refused(w, fmt.Sprintf(gone, foreign.ID), w.API.AdminInitiateAuth, in)
	in = adminAuth(c, "ana", Password)
	in.UserPoolId = "us-east-1_NoSuchOne"
	Refused(w, "ResourceNotFoundException: User pool us-east-1_NoSuchOne does not exist.", w.API.AdminInitiateAuth, in)
}

func TestSecretHash(t *testing.T) {
	Each(t, func(w *World) {
		p := w.Pool(nil)
		c, public := w.Client(p, confidential), w.Client(p, nil)
		w.User(p, "ana")
		try := func(c *pool.Client, name, hash string) string {
			in := PasswordAuth(c, name, Password)
			if hash != "" {
				in.AuthParameters["SECRET_HASH"] = hash
			}
			return Refusal(w, w.API.InitiateAuth, in)
		}
		equal(w.T, "right", try(c, "ana", SecretHash(c, "ana")), "")
		equal(w.T, "missing", try(c, "ana", ""), fmt.Sprintf(noHash, c.ID))
		equal(w.T, "of another name", try(c, "ana", SecretHash(c, "eve")), fmt.Sprintf(badHash, c.ID))
		equal(w.T, "before the user is looked up", try(c, "nobody", "eA=="), fmt.Sprintf(badHash, c.ID))
		equal(w.T, "for a client without secret", try(public, "ana", SecretHash(c, "ana")), fmt.Sprintf(badHash, public.ID))
		in := adminAuth(c, "ana", Password)
		Refused(w, fmt.Sprintf(noHash, c.ID), w.API.AdminInitiateAuth, in)
		in.AuthParameters["SECRET_HASH"] = SecretHash(c, "ana")
		Refused(w, "", w.API.AdminInitiateAuth, in)
	})
}

// TestNames signs in by every name of a user, and holds that all of them share one counter.
func TestNames(t *testing.T) {
	Each(t, func(w *World) {
		p := w.Pool(func(in *cognitoidp.CreateUserPoolRequest) {
			in.AliasAttributes = []cognitoidp.AliasAttributeType{"email", "phone_number", "preferred_username"}
			in.UsernameConfiguration = &cognitoidp.UsernameConfigurationType{CaseSensitive: false}
		})
		c := w.Client(p, nil)
		w.User(p, "Ana", "email", "Ana@Example.com", "email_verified", "true", "phone_number", "+14155550100",
			"phone_number_verified", "true", "preferred_username", "Anita")
		w.User(p, "bob", "email", "bob@example.com") // not verified: no name
		names := []string{"ana", "ANA", "ana@example.com", "ANA@EXAMPLE.COM", "+14155550100", "anita", "ANITA"}
		for _, name := range names {
			w.SignIn(c, name, Password)
		}
		Refused(w, unknown, w.API.InitiateAuth, PasswordAuth(c, "bob@example.com", Password))
		for i := range 5 {
			Refused(w, wrong, w.API.InitiateAuth, PasswordAuth(c, names[i], "Wrong-1!"))
		}
		for _, name := range names {
			Refused(w, locked, w.API.InitiateAuth, PasswordAuth(c, name, Password))
		}

		mail := w.Pool(func(in *cognitoidp.CreateUserPoolRequest) {
			in.UsernameAttributes = []cognitoidp.UsernameAttributeType{"email"}
		})
		mc := w.Client(mail, nil)
		sub := w.User(mail, "eva@example.com")
		w.SignIn(mc, "eva@example.com", Password)
		w.SignIn(mc, sub, Password)
		first := w.StartSRP(mail, mc, "eva@example.com").First
		equal(w.T, "USER_ID_FOR_SRP", first.ChallengeParameters["USER_ID_FOR_SRP"], sub)
	})
}

// TestAdminNoSRP is the legacy form, in which the password may come in a second step.
func TestAdminNoSRP(t *testing.T) {
	Each(t, func(w *World) {
		p := w.Pool(nil)
		c, hiding := w.Client(p, nil), w.Client(p, Hiding)
		w.User(p, "ana")
		start := func(c *pool.Client, name string) *cognitoidp.AdminRespondToAuthChallengeRequest {
			in := adminAuth(c, name, "")
			in.AuthFlow = cognitoidp.AuthFlowTypeAdminNoSrpAuth
			first := Call(w, w.API.AdminInitiateAuth, in)
			equal(w.T, "challenge", *first.ChallengeName, cognitoidp.ChallengeNameTypeAdminNoSrpAuth)
			return &cognitoidp.AdminRespondToAuthChallengeRequest{
				UserPoolId: p.ID, ClientId: c.ID, ChallengeName: *first.ChallengeName, Session: first.Session,
				ChallengeResponses: map[string]string{"USERNAME": name, "PASSWORD": Password},
			}
		}
		answer := start(c, "ana")
		Refused(w, "", w.API.AdminRespondToAuthChallenge, answer)
		Refused(w, usedOne, w.API.AdminRespondToAuthChallenge, answer)

		answer = start(c, "ana")
		answer.ChallengeResponses["PASSWORD"] = "Wrong-1!"
		Refused(w, wrong, w.API.AdminRespondToAuthChallenge, answer)
		answer.ChallengeResponses["PASSWORD"] = Password
		Refused(w, usedOne, w.API.AdminRespondToAuthChallenge, answer)

		answer = start(c, "ana")
		answer.ChallengeResponses["USERNAME"] = "eve"
		Refused(w, badSession, w.API.AdminRespondToAuthChallenge, answer)
		Refused(w, unknown, w.API.AdminRespondToAuthChallenge, start(c, "nobody"))
		Refused(w, wrong, w.API.AdminRespondToAuthChallenge, start(hiding, strings.Repeat("n", 5000)))

		answer = start(c, "ana") // not for callers whom nobody authorised
		Refused(w, badSession, w.API.RespondToAuthChallenge, &cognitoidp.RespondToAuthChallengeRequest{
			ClientId: c.ID, ChallengeName: answer.ChallengeName, Session: answer.Session, ChallengeResponses: answer.ChallengeResponses,
		})
	})
}

// TestUnknownDeviceKey holds what the client libraries rely on: the refusal names the device, and the same proof may be
// sent again without it.
func TestUnknownDeviceKey(t *testing.T) {
	Each(t, func(w *World) {
		const device = "ResourceNotFoundException: Device does not exist."
		p := w.Pool(nil)
		c := w.Client(p, nil)
		w.User(p, "ana")
		answer := w.StartSRP(p, c, "ana").Answer(Password)
		Refused(w, device, w.API.RespondToAuthChallenge, with(answer, "DEVICE_KEY", "us-east-1_0b5c1d3e"))
		Refused(w, "", w.API.RespondToAuthChallenge, answer)
		Refused(w, usedOne, w.API.RespondToAuthChallenge, answer)
		bad := w.StartSRP(p, c, "ana").Answer("Wrong-1!") // says nothing about the device without the password
		Refused(w, wrong, w.API.RespondToAuthChallenge, with(bad, "DEVICE_KEY", "us-east-1_0b5c1d3e"))
		in := PasswordAuth(c, "ana", Password)
		in.AuthParameters["DEVICE_KEY"] = "us-east-1_0b5c1d3e"
		Refused(w, device, w.API.InitiateAuth, in)
	})
}
