package signin_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"cognate/internal/api/cognitoidp"
	. "cognate/internal/testkit/cognitotest"
)

// codesOf are the challenges that can follow a proven password toward a level, written down from
// spec/newest-features.md section 5.1 and docs/step-up.md: the second factors that are switched on; else what is set up,
// which where MFA is required is a software token only.
func codesOf(mode string, u person) (list []string) {
	add := func(where, what, challenge string) {
		if strings.Contains(where, what) {
			list = append(list, challenge)
		}
	}
	switch {
	case mode != "OFF" && u.enabled != "":
		add(u.enabled, "sms", "SMS_MFA")
		add(u.enabled, "totp", totpFactor)
		add(u.enabled, "email", "EMAIL_OTP")
	case mode == "ON":
		add(u.has, "token", totpFactor)
	case mode == "OPTIONAL":
		add(u.has, "phone", "SMS_MFA")
		add(u.has, "token", totpFactor)
		add(u.has, "mail", "EMAIL_OTP")
	default: // no codes for MFA, but those of first factors
		add(u.has, "mail", "EMAIL_OTP")
		add(u.has, "phone", "SMS_OTP")
		add(u.has, "token", totpFactor)
	}
	return list
}

// codeAlone reports whether a code does it without the password, and nothing else does: a sign-in can begin with codes,
// and no software token needs the password.
func codeAlone(mode string, u person, level int) bool {
	return level == 2 && strings.Contains(offered(mode, u), "_OTP") && !strings.Contains(u.has, "token")
}

// passwordHop is what must be answered to a USER_AUTH request that proves the password toward a level.
func passwordHop(mode string, u person, level int) string {
	codes := codesOf(mode, u)
	token := strings.Contains(strings.Join(codes, " "), totpFactor)
	switch {
	case level == 1:
		return second(mode, u)
	case codeAlone(mode, u, level):
		return "SELECT_CHALLENGE" + strings.TrimPrefix(offered(mode, u), "PASSWORD_SRP PASSWORD")
	case len(codes) == 0, level == 4 && !token:
		return outOfReach
	case level == 4:
		return totpFactor
	case len(codes) == 1:
		return codes[0]
	}
	return "SELECT_CHALLENGE " + strings.Join(codes, " ")
}

// TestStepUpDecisions goes through MFA mode × factors of the user × level, and every way on from there.
func TestStepUpDecisions(t *testing.T) {
	Each(t, func(w *World) {
		for _, mode := range []string{"OFF", "OPTIONAL", "ON"} {
			w.Run(mode, func(w *World) { stepUpDecisions(w, mode) })
		}
	})
}

func stepUpDecisions(w *World, mode string) {
	p := setMFA(w, w.Pool(every), "OPTIONAL", "sms totp email")
	c := w.Client(p, allFlows)
	secrets, phones := map[string]string{}, map[string]string{}
	for i, u := range people {
		var attrs []string
		if strings.Contains(u.has, "phone") {
			phones[u.name] = fmt.Sprintf("+1555010%d", i)
			attrs = append(attrs, "phone_number", phones[u.name], "phone_number_verified", "true")
		}
		if strings.Contains(u.has, "mail") {
			attrs = append(attrs, "email", u.name+"@example.com", "email_verified", "true")
		}
		w.User(p, u.name, attrs...)
		if strings.Contains(u.has, "token") {
			secrets[u.name] = token(w, *w.SignIn(c, u.name, Password).AccessToken)
		}
		if u.enabled != "" {
			prefer(w, p, u.name, u.enabled)
		}
	}
	switch mode {
	case "OFF":
		p = setMFA(w, p, "OFF", "")
	case "ON": // one-time codes are not first factors of pools with MFA ON
		Call(w, w.API.UpdateUserPool, &cognitoidp.UpdateUserPoolRequest{
			UserPoolId: p.ID, SmsConfiguration: p.Config.SmsConfiguration, EmailConfiguration: p.Config.EmailConfiguration,
			Policies: &cognitoidp.UserPoolPolicyType{SignInPolicy: &cognitoidp.SignInPolicyType{AllowedFirstAuthFactors: []cognitoidp.AuthFactorType{"PASSWORD"}}},
		})
		p = setMFA(w, p, "ON", "sms totp email")
	}
	for _, u := range people {
		for level := 1; level <= 4; level++ {
			w.Clock.Advance(30 * time.Minute) // the codes of an hour are limited
			where, want := fmt.Sprintf("%s, level %d", u.name, level), passwordHop(mode, u, level)
			in := byPassword(c, u.name, loa(level))
			if want == outOfReach {
				Refused(w, want, w.API.InitiateAuth, in)
				continue
			}
			h := begin(w, in)
			if got := strings.TrimSpace(shown(h) + " " + h.Offered); got != want {
				w.T.Errorf("%s: %q, want %q", where, got, want)
				continue
			}
			if level == 1 {
				if h.Tokens != nil {
					equal(w.T, where, levelOf(w, h.Tokens), loa(1)+" pwd")
				}
				continue
			}
			ways := []string{h.Challenge}
			if h.Offered != "" {
				ways = strings.Fields(h.Offered)
			}
			for _, way := range ways {
				w.Clock.Advance(30 * time.Second)
				h := begin(w, in)
				if h.Challenge == "SELECT_CHALLENGE" {
					h = respond(w, answer(c, h.Challenge, h.Session, "USERNAME", u.name, "ANSWER", way))
				}
				text := ""
				switch {
				case way == totpFactor:
					text = otp(w, secrets[u.name])
				case way == "EMAIL_OTP":
					text = w.Code(p, u.name+"@example.com")
				default:
					text = w.Code(p, phones[u.name])
				}
				end := respond(w, answer(c, way, h.Session, "USERNAME", u.name, way+"_CODE", text))
				method := map[string]string{totpFactor: "otp", "EMAIL_OTP": "email_otp", "SMS_OTP": "sms", "SMS_MFA": "sms"}[way]
				reached := loa(3) + " pwd " + method + " mfa"
				switch {
				case way == totpFactor:
					reached = loa(4) + " pwd otp mfa"
				case codeAlone(mode, u, level):
					reached = loa(2) + " " + method
				}
				equal(w.T, where+" by "+way, levelOf(w, end.Tokens), reached)
			}
		}
	}
}
