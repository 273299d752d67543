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

// person is a user of the decision table.
type person struct {
	name    string
	has     string // what the user has set up, of "phone mail token"
	enabled string // second factors, see prefer
}

// people have every selection of second factors that users can end up with.
var people = []person{
	{"none", "", ""},
	{"addresses", "phone mail", ""},
	{"sms", "phone mail", "sms"},
	{"email", "phone mail", "email"},
	{"token", "token", ""},
	{"totp", "token mail", "totp"},
	{"two", "phone mail token", "sms totp"},
	{"preferred", "phone mail token", "sms totp*"},
	{"three", "phone mail token", "sms totp email"},
}

// second is the challenge that must follow a proven password, written down from spec/user-pools-auth-flows.md sections
// 3, 10 and 12; "" means tokens. The pool has SMS, TOTP and e-mail MFA.
func second(mode string, u person) string {
	if mode == "OFF" {
		return "" // no MFA even for users who have factors
	}
	switch u.name { // OPTIONAL and ON alike: what the user enabled
	case "sms":
		return "SMS_MFA"
	case "email":
		return "EMAIL_OTP"
	case "totp", "preferred":
		return "SOFTWARE_TOKEN_MFA"
	case "two":
		return `SELECT_MFA_TYPE ["SMS_MFA","SOFTWARE_TOKEN_MFA"]`
	case "three":
		return `SELECT_MFA_TYPE ["SMS_MFA","SOFTWARE_TOKEN_MFA","EMAIL_OTP"]`
	}
	switch {
	case mode == "OPTIONAL":
		return ""
	case u.name == "token": // ON: a verified token is used without a preference
		return "SOFTWARE_TOKEN_MFA"
	}
	return `MFA_SETUP ["SMS_MFA","SOFTWARE_TOKEN_MFA","EMAIL_OTP"]`
}

// offered are the AvailableChallenges that must be told: those of the user, but passwords only where a second factor is
// needed (newest-features.md section 11).
func offered(mode string, u person) string {
	list := "PASSWORD_SRP PASSWORD"
	if mode == "ON" || mode == "OPTIONAL" && u.enabled != "" {
		return list
	}
	if strings.Contains(u.has, "mail") {
		list += " EMAIL_OTP"
	}
	if strings.Contains(u.has, "phone") {
		list += " SMS_OTP"
	}
	return list
}

func shown(h hop) string {
	for _, list := range []string{"MFAS_CAN_CHOOSE", "MFAS_CAN_SETUP"} {
		if v, ok := h.Params[list]; ok {
			return h.Challenge + " " + v
		}
	}
	return h.Challenge
}

// TestDecisions goes through first factor × MFA mode × factors of the user × device × door and asserts which challenge
// comes.
func TestDecisions(t *testing.T) {
	Each(t, func(w *World) {
		for _, mode := range []string{"OFF", "OPTIONAL", "ON"} {
			for _, newOnly := range []bool{true, false} {
				w.Run(fmt.Sprintf("%s device replaces MFA %v", mode, newOnly), func(w *World) { decisions(w, mode, newOnly) })
			}
		}
	})
}

func decisions(w *World, mode string, newOnly bool) {
	p := w.Pool(tracked(newOnly))
	c := w.Client(p, allFlows)
	devices := map[string]handset{}
	p = setMFA(w, p, "OPTIONAL", "sms totp email")
	for i, u := range people {
		var attrs []string
		if strings.Contains(u.has, "phone") {
			attrs = append(attrs, "phone_number", fmt.Sprintf("+1555010%d", i))
		}
		if strings.Contains(u.has, "mail") {
			attrs = append(attrs, "email", u.name+"@example.com")
		}
		w.User(p, u.name, attrs...)
		tokens := w.SignIn(c, u.name, Password)
		devices[u.name] = confirmDevice(w, tokens)
		if strings.Contains(u.has, "token") {
			token(w, *tokens.AccessToken)
		}
		if u.enabled != "" {
			prefer(w, p, u.name, u.enabled)
		}
	}
	switch mode { // one-time codes are not first factors of pools with MFA ON
	case "OFF":
		p = setMFA(w, p, "OFF", "")
	case "ON":
		Call(w, w.API.UpdateUserPool, &cognitoidp.UpdateUserPoolRequest{
			UserPoolId: p.ID, DeviceConfiguration: p.Config.DeviceConfiguration, SmsConfiguration: p.Config.SmsConfiguration, EmailConfiguration: p.Config.EmailConfiguration,
			Policies: &cognitoidp.UserPoolPolicyType{SignInPolicy: &cognitoidp.SignInPolicyType{AllowedFirstAuthFactors: []cognitoidp.AuthFactorType{"PASSWORD"}}},
		})
		p = setMFA(w, p, "ON", "sms totp email")
	}
	for _, u := range people {
		for _, remembered := range []bool{false, true} {
			d := handset{}
			if remembered {
				d = devices[u.name]
			}
			want := second(mode, u)
			if remembered && (want == "" || newOnly && !strings.HasPrefix(want, "MFA_SETUP")) {
				want = "DEVICE_SRP_AUTH"
			}
			for how, got := range firstHops(w, p, c, u, d.key) {
				if got != want {
					w.T.Errorf("%s by %s, remembered %v: %q, want %q", u.name, how, remembered, got, want)
				}
			}
		}
		codes(w, p, c, mode, u, devices[u.name])
	}
}

// firstHops proves the password in every flow and door and returns what follows.
func firstHops(w *World, p *pool.Pool, c *pool.Client, u person, key string) map[string]string {
	w.T.Helper()
	got := map[string]string{}
	admin := asAdmin{w}
	plain := keyed(PasswordAuth(c, u.name, Password), key)
	got["password"] = shown(begin(w, plain))
	out := Call(w, admin.InitiateAuth, plain)
	got["admin password"] = shown(hopOf(out.ChallengeName, out.ChallengeParameters, out.Session, out.AvailableChallenges, out.AuthenticationResult))
	for flow, in := range map[string]*cognitoidp.InitiateAuthRequest{
		"SRP":          {ClientId: c.ID, AuthFlow: cognitoidp.AuthFlowTypeUserSrpAuth, AuthParameters: map[string]string{"USERNAME": u.name}},
		"PASSWORD_SRP": choose(c, u.name, "PASSWORD_SRP"),
	} {
		s := w.StartSRPWith(p, c, in)
		last := s.Answer(Password)
		if key != "" {
			last = with(last, "DEVICE_KEY", key)
		}
		got[flow] = shown(respond(w, last))
	}
	got["PASSWORD"] = shown(begin(w, keyed(choose(c, u.name, "PASSWORD", "PASSWORD", Password), key)))
	open := begin(w, choose(c, u.name, ""))
	pairs := []string{"USERNAME", u.name, "ANSWER", "PASSWORD", "PASSWORD", Password}
	if key != "" {
		pairs = append(pairs, "DEVICE_KEY", key)
	}
	got["SELECT_CHALLENGE"] = shown(respond(w, answer(c, "SELECT_CHALLENGE", open.Session, pairs...)))
	adminOpen := Call(w, admin.InitiateAuth, choose(c, u.name, "PASSWORD"))
	adminOut := Call(w, admin.RespondToAuthChallenge, answer(c, "PASSWORD", adminOpen.Session, append(pairs, "ANSWER", "-")...))
	got["admin PASSWORD"] = shown(hopOf(adminOut.ChallengeName, adminOut.ChallengeParameters, adminOut.Session, nil, adminOut.AuthenticationResult))
	return got
}

// codes asserts what is offered, and where a code is a first factor what follows it.
func codes(w *World, p *pool.Pool, c *pool.Client, mode string, u person, d handset) {
	w.T.Helper()
	list := offered(mode, u)
	h := begin(w, choose(c, u.name, ""))
	if h.Challenge != "SELECT_CHALLENGE" || h.Offered != list {
		w.T.Errorf("%s: %s of %q, want %q", u.name, h.Challenge, h.Offered, list)
	}
	for challenge, attribute := range map[string]string{"EMAIL_OTP": "email", "SMS_OTP": "phone_number"} {
		h := begin(w, choose(c, u.name, challenge))
		if !strings.Contains(list, challenge) {
			if h.Challenge != "SELECT_CHALLENGE" || h.Offered != list {
				w.T.Errorf("%s: %s was not offered and answered %s", u.name, challenge, h.Challenge)
			}
			continue
		}
		if h.Challenge != challenge || h.Offered != list {
			w.T.Errorf("%s: %s of %q instead of %s", u.name, h.Challenge, h.Offered, challenge)
			continue
		}
		to := w.Get(p, u.name).Attributes[attribute]
		last := respond(w, answer(c, challenge, h.Session, "USERNAME", u.name, challenge+"_CODE", w.Code(p, to)))
		if last.Tokens == nil || last.Tokens.NewDeviceMetadata == nil {
			w.T.Errorf("%s: %s after %s", u.name, shown(last), challenge)
		}
		for _, key := range []string{"DEVICE_KEY", "-"} { // in the answer, or in the request before it
			h = begin(w, keyed(choose(c, u.name, challenge), map[string]string{"-": d.key}[key]))
			last = respond(w, answer(c, challenge, h.Session, "USERNAME", u.name, challenge+"_CODE", w.Code(p, to), key, d.key))
			equal(w.T, u.name+": from a remembered device by "+challenge, shown(last), "DEVICE_SRP_AUTH")
		}
	}
	w.Clock.Advance(time.Hour) // beyond the limits per hour
}
