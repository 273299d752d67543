package factor_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"cognate/internal/api/cognitoidp"
	"cognate/internal/core/directory"
	"cognate/internal/core/factor"
	"cognate/internal/core/pool"
	"cognate/internal/testkit/cognitotest"
)

// aPool makes a pool of an MFA mode (OFF, OPTIONAL, ON) with factors out of "sms totp email passkey", where passkey is
// a passkey that counts as MFA.
func aPool(mode, factors string) *pool.Pool {
	has := func(f string) bool { return slices.Contains(strings.Fields(factors), f) }
	p := &pool.Pool{
		ID: "us-east-1_Test", Config: &cognitoidp.UserPoolType{MfaConfiguration: new(cognitoidp.UserPoolMfaType(mode))},
		MFA: &cognitoidp.GetUserPoolMfaConfigResponse{},
	}
	p.Config.Policies = &cognitoidp.UserPoolPolicyType{SignInPolicy: &cognitoidp.SignInPolicyType{
		AllowedFirstAuthFactors: []cognitoidp.AuthFactorType{"PASSWORD", "EMAIL_OTP", "SMS_OTP", "WEB_AUTHN"},
	}}
	if has("sms") {
		p.MFA.SmsMfaConfiguration = &cognitoidp.SmsMfaConfigType{}
	}
	if has("totp") {
		p.MFA.SoftwareTokenMfaConfiguration = &cognitoidp.SoftwareTokenMfaConfigType{Enabled: new(true)}
	}
	if has("email") {
		p.MFA.EmailMfaConfiguration = &cognitoidp.EmailMfaConfigType{}
	}
	if has("passkey") {
		p.MFA.WebAuthnConfiguration = &cognitoidp.WebAuthnConfigurationType{
			FactorConfiguration: new(cognitoidp.WebAuthnFactorConfigurationTypeMultiFactorWithUserVerification),
		}
	}
	return p
}

// aUser has what "phone mail token passkey" names; enabled are factors by the short names of aPool, the one with a
// star is preferred.
func aUser(has, enabled string) *directory.User {
	u := &directory.User{Sub: "s", Username: "ana", Attributes: map[string]string{}, Status: "CONFIRMED"}
	for _, h := range strings.Fields(has) {
		switch h {
		case "phone":
			u.Attributes["phone_number"] = "+15550100"
		case "mail":
			u.Attributes["email"] = "ana@example.com"
		case "token":
			u.MFA.TOTP = true
		case "passkey":
			u.MFA.Passkeys = 1
		}
	}
	names := map[string]string{"sms": "SMS_MFA", "totp": "SOFTWARE_TOKEN_MFA", "email": "EMAIL_OTP", "passkey": "WEB_AUTHN_MFA"}
	for _, e := range strings.Fields(enabled) {
		name := names[strings.TrimSuffix(e, "*")]
		u.MFA.Enabled = append(u.MFA.Enabled, name)
		if strings.HasSuffix(e, "*") {
			u.MFA.Preferred = name
		}
	}
	return u
}

func show(d factor.Decision) string {
	if d.Blocked {
		return "blocked"
	}
	return strings.TrimSpace(fmt.Sprint(d.Challenge, " ", strings.Join(d.Choices, " ")))
}

// TestNext is the table of spec/user-pools-auth-flows.md section 10 and newest-features.md section 11.
func TestNext(t *testing.T) {
	pwd := factor.State{Proven: []string{"pwd"}}
	for _, c := range []struct {
		mode, pool, has, enabled string
		have                     factor.State
		want                     string
	}{
		// No MFA in the pool, whatever users have.
		{"OFF", "", "phone token", "sms totp*", pwd, ""},
		{"OFF", "sms totp", "phone token", "totp", pwd, ""},
		// OPTIONAL: only users who enabled a factor.
		{"OPTIONAL", "sms totp email", "phone mail token", "", pwd, ""},
		{"OPTIONAL", "sms totp", "phone", "sms", pwd, "SMS_MFA"},
		{"OPTIONAL", "sms totp", "token", "totp", pwd, "SOFTWARE_TOKEN_MFA"},
		{"OPTIONAL", "totp email", "mail", "email", pwd, "EMAIL_OTP"},
		{"OPTIONAL", "sms totp", "phone token", "sms totp", pwd, "SELECT_MFA_TYPE SMS_MFA SOFTWARE_TOKEN_MFA"},
		{"OPTIONAL", "sms totp email", "phone mail token", "sms totp email", pwd, "SELECT_MFA_TYPE SMS_MFA SOFTWARE_TOKEN_MFA EMAIL_OTP"},
		{"OPTIONAL", "sms totp", "phone token", "sms totp*", pwd, "SOFTWARE_TOKEN_MFA"},
		{"OPTIONAL", "sms totp", "phone token", "sms* totp", pwd, "SMS_MFA"},
		// A preference that cannot be used is none.
		{"OPTIONAL", "sms totp", "token", "sms* totp", pwd, "SOFTWARE_TOKEN_MFA"},
		{"OPTIONAL", "totp", "phone token", "sms* totp", pwd, "SOFTWARE_TOKEN_MFA"},
		{"OPTIONAL", "sms", "mail", "email", pwd, ""},
		// Verified tokens outlive the switch of the pool.
		{"OPTIONAL", "sms", "token", "totp", pwd, "SOFTWARE_TOKEN_MFA"},
		{"ON", "sms", "token", "", pwd, "SOFTWARE_TOKEN_MFA"},
		// ON: a verified token needs no preference.
		{"ON", "totp", "token", "", pwd, "SOFTWARE_TOKEN_MFA"},
		{"ON", "sms totp", "phone token", "", pwd, "SOFTWARE_TOKEN_MFA"},
		{"ON", "sms totp", "phone token", "sms", pwd, "SMS_MFA"},
		{"ON", "sms totp", "phone token", "sms totp", pwd, "SELECT_MFA_TYPE SMS_MFA SOFTWARE_TOKEN_MFA"},
		{"ON", "sms totp", "phone token", "sms totp*", pwd, "SOFTWARE_TOKEN_MFA"},
		// ON and none set up.
		{"ON", "sms", "phone", "", pwd, "SMS_MFA"},
		{"ON", "email", "mail", "", pwd, "EMAIL_OTP"},
		{"ON", "sms", "", "", pwd, "MFA_SETUP SMS_MFA"},
		{"ON", "totp", "", "", pwd, "MFA_SETUP SOFTWARE_TOKEN_MFA"},
		{"ON", "sms totp", "phone", "", pwd, "MFA_SETUP SMS_MFA SOFTWARE_TOKEN_MFA"},
		{"ON", "sms totp email", "phone mail", "", pwd, "MFA_SETUP SMS_MFA SOFTWARE_TOKEN_MFA EMAIL_OTP"},
		// What was proven counts.
		{"ON", "totp", "token", "", factor.State{Proven: []string{"pwd", "otp"}}, ""},
		{"ON", "sms totp", "phone", "", factor.State{Proven: []string{"pwd", "sms"}}, ""},
		{"ON", "email", "mail", "", factor.State{Proven: []string{"pwd", "pwd"}}, "EMAIL_OTP"},
		{"ON", "totp", "token", "", factor.State{}, "SOFTWARE_TOKEN_MFA"},
		// One code is not two factors.
		{"OPTIONAL", "email totp", "mail", "", factor.State{Proven: []string{"email_otp"}}, ""},
		{"OPTIONAL", "email totp", "mail token", "email totp", factor.State{Proven: []string{"email_otp"}}, "SOFTWARE_TOKEN_MFA"},
		{"OPTIONAL", "email", "mail", "email", factor.State{Proven: []string{"email_otp"}}, "blocked"},
		{"OPTIONAL", "sms", "phone", "sms*", factor.State{Proven: []string{"sms"}}, "blocked"},
		// Remembered devices stand in for the challenge, not for the set-up.
		{"ON", "totp", "token", "", factor.State{Proven: []string{"pwd"}, Remembered: true}, ""},
		{"OPTIONAL", "sms totp", "phone token", "sms totp", factor.State{Proven: []string{"pwd"}, Remembered: true}, ""},
		{"ON", "totp", "", "", factor.State{Proven: []string{"pwd"}, Remembered: true}, "MFA_SETUP SOFTWARE_TOKEN_MFA"},
		// Passkeys count for two only where pool and user say so and the user was verified.
		{"ON", "totp passkey", "token passkey", "totp passkey", factor.State{Proven: []string{"swk"}, UserVerified: true}, ""},
		{"ON", "totp passkey", "token passkey", "totp passkey", factor.State{Proven: []string{"hwk"}, UserVerified: true}, ""},
		{"ON", "totp passkey", "token passkey", "totp passkey", factor.State{Proven: []string{"swk"}}, "SOFTWARE_TOKEN_MFA"},
		{"ON", "totp passkey", "token passkey", "totp", factor.State{Proven: []string{"swk"}, UserVerified: true}, "SOFTWARE_TOKEN_MFA"},
		{"ON", "totp", "token passkey", "totp passkey", factor.State{Proven: []string{"swk"}, UserVerified: true}, "SOFTWARE_TOKEN_MFA"},
		{"OPTIONAL", "totp", "passkey", "", factor.State{Proven: []string{"swk"}}, ""},
		{"OPTIONAL", "totp passkey", "token passkey", "totp passkey", pwd, "SOFTWARE_TOKEN_MFA"},
		// A second factor that threat protection or step-up demands.
		{"OPTIONAL", "totp", "token", "totp", factor.State{Proven: []string{"pwd"}, Remembered: true, Demanded: true}, "SOFTWARE_TOKEN_MFA"},
		{"OPTIONAL", "totp", "", "", factor.State{Proven: []string{"pwd"}, Demanded: true}, "blocked"},
		{"OFF", "", "phone", "sms", factor.State{Proven: []string{"pwd"}, Demanded: true}, "blocked"},
		{"ON", "totp", "", "", factor.State{Proven: []string{"pwd"}, Demanded: true}, "MFA_SETUP SOFTWARE_TOKEN_MFA"},
	} {
		got := (*factor.Factors)(nil).Next(aPool(c.mode, c.pool), nil, aUser(c.has, c.enabled), c.have)
		if show(got) != c.want {
			t.Errorf("%s with [%s], user has [%s] and enabled [%s], %+v: %q, want %q",
				c.mode, c.pool, c.has, c.enabled, c.have, show(got), c.want)
		}
	}
}

// subsets are all selections of words, in order.
func subsets(words ...string) []string {
	out := []string{""}
	for _, w := range words {
		for _, s := range out[:len(out):len(out)] {
			out = append(out, strings.TrimSpace(s+" "+w))
		}
	}
	return out
}

// TestNextNeverSkips goes through every combination and holds what must hold in all of them.
func TestNextNeverSkips(t *testing.T) {
	f := (*factor.Factors)(nil)
	n := 0
	for _, mode := range []string{"OFF", "OPTIONAL", "ON"} {
		for _, offered := range subsets("sms", "totp", "email", "passkey") {
			for _, has := range subsets("phone", "mail", "token", "passkey") {
				for _, enabled := range append(subsets("sms", "totp", "email", "passkey"), "sms* totp", "sms totp*", "totp email*") {
					for _, proven := range []string{"", "pwd", "email_otp", "sms", "swk", "pwd otp"} {
						for i := range 4 {
							p, u := aPool(mode, offered), aUser(has, enabled)
							have := factor.State{Proven: strings.Fields(proven), Remembered: i&1 != 0, UserVerified: i&2 != 0}
							check(t, f, p, u, have, fmt.Sprintf("%s [%s] [%s] [%s] %+v", mode, offered, has, enabled, have))
							n++
						}
					}
				}
			}
		}
	}
	t.Logf("%d combinations", n)
}

func check(t *testing.T, f *factor.Factors, p *pool.Pool, u *directory.User, have factor.State, name string) {
	d := f.Next(p, nil, u, have)
	usable := f.SecondFactors(p, u)
	distinct := slices.Compact(slices.Sorted(slices.Values(have.Proven)))
	passkey := slices.Contains(have.Proven, "swk") && have.UserVerified && slices.Contains(u.MFA.Enabled, "WEB_AUTHN_MFA") &&
		p.MFA.WebAuthnConfiguration != nil
	two := len(distinct) > 1 || passkey
	switch {
	case p.MFARequired() && d.Done() && !two && !(have.Remembered && len(usable) > 0):
		t.Errorf("%s: the second factor is skipped", name)
	case len(usable) > 0 && d.Done() && !two && !have.Remembered:
		t.Errorf("%s: the user's second factor is skipped", name)
	case two && !d.Done():
		t.Errorf("%s: %s asked of a user who proved two factors", name, show(d))
	case d.Challenge == "SELECT_MFA_TYPE" && len(d.Choices) < 2:
		t.Errorf("%s: a choice of %v", name, d.Choices)
	case !p.MFARequired() && d.Challenge == "MFA_SETUP":
		t.Errorf("%s: set-up in a pool that does not require MFA", name)
	}
	if c := string(d.Challenge); c != "" && c != "SELECT_MFA_TYPE" && c != "MFA_SETUP" && !slices.Contains(usable, c) {
		t.Errorf("%s: %s cannot be answered", name, c)
	}
	if !two && len(distinct) == 1 && (distinct[0] == "sms" && d.Challenge == "SMS_MFA" || distinct[0] == "email_otp" && d.Challenge == "EMAIL_OTP") {
		t.Errorf("%s: the same factor twice", name)
	}
}

// TestFirstFactors is the table of spec/user-pools-auth-flows.md section 4 and newest-features.md section 11.
func TestFirstFactors(t *testing.T) {
	w := cognitotest.Quick(t)
	p := w.Pool(nil)
	w.User(p, "ana")
	withPassword := w.Get(p, "ana")
	const all = "PASSWORD_SRP PASSWORD EMAIL_OTP SMS_OTP WEB_AUTHN"
	for _, c := range []struct {
		mode, pool, has, enabled, status string
		password                         bool
		want                             string
	}{
		{"OFF", "", "phone mail passkey", "", "", true, all},
		{"OPTIONAL", "sms", "phone mail passkey", "", "", true, all},
		{"OFF", "", "phone mail passkey", "", "", false, "EMAIL_OTP SMS_OTP WEB_AUTHN"},
		{"OFF", "", "mail", "", "", true, "PASSWORD_SRP PASSWORD EMAIL_OTP"},
		{"OFF", "", "phone", "", "", true, "PASSWORD_SRP PASSWORD SMS_OTP"},
		{"OFF", "", "", "", "", true, "PASSWORD_SRP PASSWORD"},
		{"OFF", "", "", "", "", false, ""},
		{"OFF", "", "phone mail passkey", "", "FORCE_CHANGE_PASSWORD", true, "PASSWORD_SRP PASSWORD"},
		// MFA required: passwords, and passkeys that count as MFA for users who turned that on.
		{"ON", "sms", "phone mail passkey", "", "", true, "PASSWORD_SRP PASSWORD"},
		{"ON", "sms passkey", "phone mail passkey", "", "", true, "PASSWORD_SRP PASSWORD"},
		{"ON", "sms passkey", "phone mail passkey", "sms passkey", "", true, "PASSWORD_SRP PASSWORD WEB_AUTHN"},
		{"ON", "sms", "phone mail passkey", "sms passkey", "", true, "PASSWORD_SRP PASSWORD"},
		{"ON", "sms passkey", "phone mail", "sms passkey", "", true, "PASSWORD_SRP PASSWORD"},
		// MFA optional: likewise for users who have a second factor.
		{"OPTIONAL", "sms", "phone mail passkey", "sms", "", true, "PASSWORD_SRP PASSWORD"},
		{"OPTIONAL", "totp passkey", "token mail passkey", "totp passkey", "", true, "PASSWORD_SRP PASSWORD WEB_AUTHN"},
		{"OPTIONAL", "totp", "token mail passkey", "", "", true, "PASSWORD_SRP PASSWORD EMAIL_OTP WEB_AUTHN"},
		{"OFF", "", "token phone mail passkey", "totp sms", "", true, all},
	} {
		u := aUser(c.has, c.enabled)
		if c.password {
			made := withPassword.Clone()
			made.Attributes, made.MFA, made.Status = u.Attributes, u.MFA, u.Status
			u = made
		}
		if c.status != "" {
			u.Status = cognitoidp.UserStatusType(c.status)
		}
		if got := words((*factor.Factors)(nil).FirstFactors(aPool(c.mode, c.pool), u)); got != c.want {
			t.Errorf("%+v: %q", c, got)
		}
	}
	for password, want := range map[bool]string{true: all, false: strings.TrimPrefix(all, "PASSWORD_SRP PASSWORD ")} {
		ghost := words((*factor.Factors)(nil).PretendFirstFactors(aPool("OFF", ""), aUser("phone mail passkey", ""), password))
		if ghost != want {
			t.Errorf("an unknown user with password %v is offered %s", password, ghost)
		}
	}
}

func words(list []cognitoidp.ChallengeNameType) string {
	var out []string
	for _, c := range list {
		out = append(out, string(c))
	}
	return strings.Join(out, " ")
}
