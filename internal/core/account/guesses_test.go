package account_test

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"cognate/internal/api/cognitoidp"
	"cognate/internal/core/pool"
	. "cognate/internal/testkit/cognitotest"
)

var rewrite = flag.Bool("update", false, "rewrite the table of guesses in docs/security.md")

// attack is one guess at a proof of ana by a stranger, who does what keeps the guessing going. It reports whether the guess
// was judged, rather than refused.
type attack func(w *World, p *pool.Pool, c *pool.Client) bool

const codeFlow = "EMAIL_OTP"

// attacks are the proofs of a user that can be guessed, as the documentation names them.
var attacks = []struct {
	name string
	make func(w *World, p *pool.Pool, c *pool.Client) attack
}{
	{"password", func(*World, *pool.Pool, *pool.Client) attack {
		return func(w *World, _ *pool.Pool, c *pool.Client) bool {
			return Refusal(w, w.API.InitiateAuth, PasswordAuth(c, "ana", "Wrong-1!")) == wrong
		}
	}},
	{"present password, with an access token (ChangePassword)", func(*World, *pool.Pool, *pool.Client) attack {
		tokens, at := (*cognitoidp.AuthenticationResultType)(nil), time.Time{}
		return func(w *World, p *pool.Pool, c *pool.Client) bool {
			if tokens == nil || w.Clock.Now().Sub(at) > 50*time.Minute {
				tokens, at = stolen(w, c), w.Clock.Now()
			}
			if tokens == nil {
				return false
			}
			return Refusal(w, w.API.ChangePassword, &cognitoidp.ChangePasswordRequest{
				AccessToken: *tokens.AccessToken, PreviousPassword: new("Wrong-1!"), ProposedPassword: "Another-1!",
			}) == wrong
		}
	}},
	{"sign-up code", func(w *World, p *pool.Pool, c *pool.Client) attack {
		Call(w, w.API.SignUp, signUp(c, "eve", "email", "eve@example.com"))
		return func(w *World, _ *pool.Pool, c *pool.Client) bool {
			got := Refusal(w, w.API.ConfirmSignUp, confirm(c, "eve", "000000"))
			if got == tooMany || got == noCode {
				_, _ = w.API.ResendConfirmationCode(w.Ctx, resend(c, "eve"))
			}
			return got == wrongCode
		}
	}},
	{"code for a forgotten password", func(*World, *pool.Pool, *pool.Client) attack {
		return func(w *World, _ *pool.Pool, c *pool.Client) bool {
			got := Refusal(w, w.API.ConfirmForgotPassword, recovery(c, "ana", "000000", "Another-1!"))
			if got == tooMany || got == noCode {
				_, _ = w.API.ForgotPassword(w.Ctx, forgot(c, "ana"))
			}
			return got == wrongCode
		}
	}},
	{"code by e-mail as first factor", func(*World, *pool.Pool, *pool.Client) attack {
		var session *string
		return func(w *World, _ *pool.Pool, c *pool.Client) bool {
			if session == nil {
				out, err := w.API.InitiateAuth(w.Ctx, &cognitoidp.InitiateAuthRequest{
					ClientId: c.ID, AuthFlow: cognitoidp.AuthFlowTypeUserAuth,
					AuthParameters: map[string]string{"USERNAME": "ana", "PREFERRED_CHALLENGE": codeFlow},
				})
				if err != nil {
					return false
				}
				session = out.Session
			}
			_, err := w.API.RespondToAuthChallenge(w.Ctx, &cognitoidp.RespondToAuthChallengeRequest{
				ClientId: c.ID, ChallengeName: codeFlow, Session: session,
				ChallengeResponses: map[string]string{"USERNAME": "ana", "EMAIL_OTP_CODE": "00000000"},
			})
			if err != nil && strings.Contains(err.Error(), "Invalid code or auth state") {
				return true
			}
			session = nil
			return false
		}
	}},
	{"code as second factor, with the password", func(w *World, p *pool.Pool, c *pool.Client) attack {
		session := (*string)(nil)
		return func(w *World, p *pool.Pool, c *pool.Client) bool {
			if session == nil {
				out, err := w.API.InitiateAuth(w.Ctx, PasswordAuth(c, "second", Password))
				if err != nil || out.Session == nil {
					return false
				}
				session = out.Session
			}
			_, err := w.API.RespondToAuthChallenge(w.Ctx, &cognitoidp.RespondToAuthChallengeRequest{
				ClientId: c.ID, ChallengeName: "SMS_MFA", Session: session,
				ChallengeResponses: map[string]string{"USERNAME": "second", "SMS_MFA_CODE": "000000"},
			})
			if err != nil && strings.Contains(err.Error(), "Invalid code or auth state") {
				return true
			}
			session = nil
			return false
		}
	}},
	{"code for a changed address, with an access token", func(*World, *pool.Pool, *pool.Client) attack {
		tokens, at := (*cognitoidp.AuthenticationResultType)(nil), time.Time{}
		return func(w *World, p *pool.Pool, c *pool.Client) bool {
			if tokens == nil || w.Clock.Now().Sub(at) > 50*time.Minute {
				tokens, at = stolen(w, c), w.Clock.Now()
			}
			_, err := w.API.VerifyUserAttribute(w.Ctx, &cognitoidp.VerifyUserAttributeRequest{AccessToken: *tokens.AccessToken, AttributeName: "email", Code: "000000"})
			if err != nil && strings.Contains(err.Error(), "Invalid verification code") {
				return true
			}
			_, _ = w.API.GetUserAttributeVerificationCode(w.Ctx, &cognitoidp.GetUserAttributeVerificationCodeRequest{AccessToken: *tokens.AccessToken, AttributeName: "email"})
			return false
		}
	}},
}

// stolen are tokens of the user; nil while the lock of passwords keeps them from being made.
func stolen(w *World, c *pool.Client) *cognitoidp.AuthenticationResultType {
	out, err := w.API.InitiateAuth(w.Ctx, PasswordAuth(c, "ana", Password))
	if err != nil {
		return nil
	}
	return out.AuthenticationResult
}

// measure lets an attacker guess for a day and returns how many guesses were judged in the first hour and in all. After
// pause guesses the attacker waits until the count is forgotten; never for 0.
func measure(t *testing.T, set func(w *World, p *pool.Pool, c *pool.Client) attack, pause int) (hour, day int) {
	w := Quick(t)
	p := w.Pool(func(in *cognitoidp.CreateUserPoolRequest) {
		in.Policies = &cognitoidp.UserPoolPolicyType{SignInPolicy: &cognitoidp.SignInPolicyType{
			AllowedFirstAuthFactors: []cognitoidp.AuthFactorType{cognitoidp.AuthFactorTypePassword, cognitoidp.AuthFactorTypeEmailOtp},
		}}
		in.UserPoolTier = new(cognitoidp.UserPoolTierTypeEssentials)
	})
	c := w.Client(p, func(in *cognitoidp.CreateUserPoolClientRequest) {
		in.ExplicitAuthFlows = append(in.ExplicitAuthFlows, cognitoidp.ExplicitAuthFlowsTypeAllowUserAuth)
	})
	Call(w, w.API.SetUserPoolMfaConfig, &cognitoidp.SetUserPoolMfaConfigRequest{
		UserPoolId: p.ID, MfaConfiguration: new(cognitoidp.UserPoolMfaTypeOptional),
		SmsMfaConfiguration: &cognitoidp.SmsMfaConfigType{SmsConfiguration: p.Config.SmsConfiguration},
	})
	p = w.Reload(p.ID)
	w.User(p, "ana", "email", "ana@example.com", "email_verified", "true")
	w.User(p, "second", "phone_number", "+15550100", "phone_number_verified", "true")
	Call(w, w.API.AdminSetUserMFAPreference, &cognitoidp.AdminSetUserMFAPreferenceRequest{
		UserPoolId: p.ID, Username: "second", SMSMfaSettings: &cognitoidp.SMSMfaSettingsType{Enabled: new(true), PreferredMfa: new(true)},
	})
	guess := set(w, p, c)
	began, step, row := w.Clock.Now(), time.Second, 0
	for {
		past := w.Clock.Now().Sub(began)
		if past >= 24*time.Hour {
			return hour, day
		}
		if guess(w, p, c) {
			day++
			if past < time.Hour {
				hour++
			}
			step = time.Second
			if row++; row >= 5 { // the lock that this guess brings is known
				w.Clock.Advance(min(time.Second<<min(row-5, 20), 15*time.Minute))
			}
			if row == pause {
				row = 0
				w.Clock.Advance(15*time.Minute + time.Second)
			}
			continue
		}
		w.Clock.Advance(step)
		step = min(2*step, time.Minute)
	}
}

// TestGuessesPerDay measures what docs/security.md says of every proof, and holds that no code is guessed more often than
// 150 times a day.
func TestGuessesPerDay(t *testing.T) {
	var b strings.Builder
	b.WriteString("| proof | first hour | first day |\n| --- | --- | --- |\n")
	for _, a := range attacks {
		hour, day := measure(t, a.make, 0)
		if a.name == "password" {
			pausedHour, pausedDay := measure(t, a.make, 11)
			hour, day = max(hour, pausedHour), max(day, pausedDay)
		} else if day > 150 || day == 0 {
			t.Errorf("%s: %d guesses a day", a.name, day)
		}
		fmt.Fprintf(&b, "| %s | %d | %d |\n", a.name, hour, day)
	}
	const file = "../../../docs/security.md"
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if *rewrite {
		head, rest, _ := strings.Cut(string(text), "| proof |")
		_, tail, _ := strings.Cut(rest, "\n\n")
		if err := os.WriteFile(file, []byte(head+b.String()+"\n"+tail), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if !strings.Contains(string(text), b.String()) {
		t.Errorf("docs/security.md does not say what was measured; go test ./internal/core/account -run TestGuessesPerDay -update\n%s", &b)
	}
}
