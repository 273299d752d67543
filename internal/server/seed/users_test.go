package seed_test

import (
	"encoding/base64"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/pquerna/otp/totp"

	"cognate/internal/api/cognitoidp"
	"cognate/internal/base/srp"
	. "cognate/internal/testkit/cognitotest"
)

// moved is a pool as it comes from another server: passwords as verifiers, software tokens, states of users, domains,
// session settings and two secrets.
var moved = strings.NewReplacer("VALUE", base64.StdEncoding.EncodeToString(srp.Verifier("Moved00001", "ana", "Passw0rd1", []byte("0123456789abcdef"))),
	"SALT", base64.StdEncoding.EncodeToString([]byte("0123456789abcdef")), "SEED", movedSeed).Replace(`
pools:
  - id: us-east-1_Moved00001
    settings: {UserPoolTier: ESSENTIALS, AutoVerifiedAttributes: [email], UserPoolTags: {"cognate:change-notices": "on"}}
    domains:
      - {domain: moved, settings: {ManagedLoginVersion: 2}}
      - domain: auth.example.com
        settings: {CustomDomainConfig: {CertificateArn: "arn:aws:acm:us-east-1:000000000000:certificate/00000000-0000-4000-8000-000000000000"}}
    mfa: {MfaConfiguration: OPTIONAL, SoftwareTokenMfaConfiguration: {Enabled: true}}
    sessions: {UserSessionTracking: ENABLED, TokenSession: {MaxPerUser: 3}}
    clients:
      - id: movedclient1
        settings: {ExplicitAuthFlows: [ALLOW_USER_PASSWORD_AUTH, ALLOW_USER_SRP_AUTH]}
        sessions: {SSOSession: {MaxValidityMinutes: 7}}
      - id: movedclient2
        secrets: [{value: newsecretnewsecretnewsecret, chosen: true}, {value: oldsecretoldsecretoldsecret}]
    users:
      - username: ana
        sub: 00000000-0000-4000-8000-00000000000a
        created: "2020-02-02T02:02:02Z"
        verifier: {salt: SALT, value: VALUE, set: "2025-01-01T00:00:00Z"}
        attributes: {email: ana@example.com, email_verified: true}
        totp: {secret: SEED, name: phone, set: "2025-01-01T00:00:00Z"}
        mfa: {enabled: [SOFTWARE_TOKEN_MFA], preferred: SOFTWARE_TOKEN_MFA}
      - {username: new, status: UNCONFIRMED, password: "Passw0rd!1"}
      - {username: reset, status: RESET_REQUIRED, password: "Passw0rd!1", attributes: {email: r@example.com, email_verified: true}}
      - {username: invited, status: FORCE_CHANGE_PASSWORD, password: "Passw0rd!1", temporary: true}
`)

const movedSeed = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"

// TestMovedUsers: what comes from another server works as it did there, changes nothing the second time, tells nobody,
// and gives way to what users change later.
func TestMovedUsers(t *testing.T) {
	Each(t, func(w *World) {
		if err := apply(w, moved); err != nil {
			w.T.Fatal(err)
		}
		if n := w.Writes(func() {
			if err := apply(w, moved); err != nil {
				w.T.Fatal(err)
			}
		}); n != 0 {
			w.T.Errorf("the second time wrote %d times", n)
		}
		p, c, err := w.Pools.Client(w.Ctx, "movedclient1")
		if err != nil {
			w.T.Fatal(err)
		}
		if n := len(w.Inbox(p, "")); n != 0 {
			w.T.Errorf("%d messages were sent", n)
		}
		movedSignIn(w, "movedclient1", "Passw0rd1")
		for name, status := range map[string]string{"ana": "CONFIRMED", "new": "UNCONFIRMED", "reset": "RESET_REQUIRED", "invited": "FORCE_CHANGE_PASSWORD"} {
			if u := w.Get(p, name); string(u.Status) != status {
				w.T.Errorf("%s is %s", name, u.Status)
			}
		}
		if u := w.Get(p, "ana"); u.Created != time.Date(2020, 2, 2, 2, 2, 2, 0, time.UTC).UnixMilli() {
			w.T.Errorf("created %d", u.Created)
		}
		Refused(w, "PasswordResetRequiredException: Password reset required for the user", w.API.InitiateAuth, PasswordAuth(c, "reset", "Passw0rd!1"))
		if len(p.Domains) != 2 || p.Sessions.MaxPerUser != 3 || !p.Sessions.Tracking || c.SSOValidity != 7*time.Minute {
			w.T.Errorf("domains %v, sessions %+v, %v", p.Domains, p.Sessions, c.SSOValidity)
		}
		_, two, err := w.Pools.Client(w.Ctx, "movedclient2")
		if err != nil || len(two.Secrets) != 2 || two.Secrets[0] != "newsecretnewsecretnewsecret" {
			w.T.Errorf("secrets: %v, %v", two, err)
		}

		w.SetPassword(p, "ana", "Later-0ne", true)
		Call(w, w.API.AdminConfirmSignUp, &cognitoidp.AdminConfirmSignUpRequest{UserPoolId: p.ID, Username: "new"})
		if err := apply(w, moved); err != nil {
			w.T.Fatal(err)
		}
		movedSignIn(w, "movedclient1", "Later-0ne")
		if u := w.Get(p, "new"); u.Status != "CONFIRMED" {
			w.T.Errorf("%s", u.Status)
		}
		// So do edits, but for a token that is older than the user's.
		older := strings.NewReplacer(movedSeed, strings.Repeat("A", 32), `name: phone, set: "2025`, `name: phone, set: "2024`).Replace(moved)
		if err := apply(w, older); err != nil {
			w.T.Fatal(err)
		}
		movedSignIn(w, "movedclient1", "Later-0ne")
		edited := strings.Replace(moved, "preferred: SOFTWARE_TOKEN_MFA", "", 1)
		if err := apply(w, edited); err != nil || w.Get(p, "ana").MFA.Preferred != "" {
			w.T.Errorf("%v, %+v", err, w.Get(p, "ana").MFA)
		}
	})
}

// movedSignIn signs ana in by password and software token.
func movedSignIn(w *World, clientID, password string) {
	w.T.Helper()
	_, c, err := w.Pools.Client(w.Ctx, clientID)
	if err != nil {
		w.T.Fatal(err)
	}
	w.Clock.Advance(time.Minute) // a code is good once
	first := Call(w, w.API.InitiateAuth, PasswordAuth(c, "ana", password))
	if first.ChallengeName == nil || *first.ChallengeName != cognitoidp.ChallengeNameTypeSoftwareTokenMfa {
		w.T.Fatalf("no challenge of a software token: %+v", first)
	}
	code, err := totp.GenerateCode(movedSeed, w.Clock.Now())
	if err != nil {
		w.T.Fatal(err)
	}
	out := Call(w, w.API.RespondToAuthChallenge, &cognitoidp.RespondToAuthChallengeRequest{
		ClientId: clientID, ChallengeName: *first.ChallengeName, Session: first.Session,
		ChallengeResponses: map[string]string{"USERNAME": "ana", "SOFTWARE_TOKEN_MFA_CODE": code},
	})
	if out.AuthenticationResult == nil {
		w.T.Fatal("no tokens")
	}
}

// TestBadUsers: mistakes in what comes from other servers have lines and quote no secret.
func TestBadUsers(t *testing.T) {
	for member, want := range map[string]string{
		`verifier: {salt: "no base64", value: AAAA}`:                  "seed.yaml:4: salt: need base64",
		`verifier: {salt: AAAAAAAAAAAAAAAA, value: AAAA}`:             "user ana: a verifier has a salt of 8 to 64 bytes",
		`verifier: {salt: AAAA, valu: AAAA}`:                          "seed.yaml:4: verifier has no member valu; is value meant?",
		`totp: {secret: "0189"}`:                                      "seed.yaml:4: secret: need base 32",
		`totp: {secret: GEZDGNBV}`:                                    "user ana: the seed of a software token has 16 to 64 bytes",
		`status: COMPROMISED`:                                         "seed.yaml:4: status: need one of",
		`created: yesterday`:                                          "seed.yaml:4: created: need a time such as",
		`mfa: {enabled: [SOFTWARE_TOKEN_MFA]}`:                        "user ana: SOFTWARE_TOKEN_MFA needs",
		`mfa: {enabled: [WEB_AUTHN_MFA]}`:                             "user ana: WEB_AUTHN_MFA is no second factor",
		`mfa: {preferred: SMS_MFA}`:                                   "user ana: SMS_MFA is preferred and not enabled",
		`password: "Passw0rd!1", verifier: {salt: AAAA, value: AAAA}`: "users[0]: password and verifier exclude each other",
	} {
		w := Quick(t)
		err := apply(w, fmt.Sprintf("pools:\n- id: us-east-1_X\n  users:\n  - {username: ana, %s}\n", member))
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want it to say %q", member, err, want)
		}
	}
}
