package factor

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"cognate/internal/api/cognitoidp"
	"cognate/internal/core/directory"
	"cognate/internal/core/pool"
)

// TestLevelOf is the table of spec/newest-features.md section 5.1, then what follows from "highest level fully satisfied".
func TestLevelOf(t *testing.T) {
	for _, c := range []struct {
		methods string
		want    Level
	}{
		{"pwd", 1},
		{"sms", 2}, {"email_otp", 2},
		{"swk", 3}, {"hwk", 3}, {"pwd sms", 3}, {"pwd email_otp", 3}, {"email_otp pwd", 3},
		{"pwd otp", 4}, {"otp pwd mfa", 4},

		{"", 0}, {"otp", 0}, {"fed", 0}, {"mfa", 0}, {"fed mfa", 0}, {"PWD", 0},
		{"sms email_otp", 2}, {"sms otp", 2}, {"swk pwd", 3}, {"swk hwk", 3}, {"swk otp", 3}, {"pwd fed", 1},
		{"swk pwd otp", 4}, {"pwd sms email_otp otp mfa", 4},
	} {
		if got := LevelOf(strings.Fields(c.methods)); got != c.want {
			t.Errorf("%q: level %d, want %d", c.methods, got, c.want)
		}
	}
}

func TestClaim(t *testing.T) {
	for methods, want := range map[string]string{
		"pwd": "pwd", "pwd otp": "pwd otp mfa", "pwd otp mfa": "pwd otp mfa", "swk": "swk", "swk hwk": "swk", "pwd pwd": "pwd",
		"": "", "fed": "", "mfa": "", "email_otp pwd": "email_otp pwd mfa", "pwd otp unknown": "pwd otp mfa",
	} {
		if got := strings.Join(Claim(strings.Fields(methods)), " "); got != want {
			t.Errorf("%q: %q, want %q", methods, got, want)
		}
	}
}

// challenges turns the letters of the tests below into challenges: P password, e and s codes as first factors, W passkey,
// S, T and E second factors.
func challenges(letters string) (out []cognitoidp.ChallengeNameType) {
	for _, l := range letters {
		switch l {
		case 'P':
			out = append(out, "PASSWORD_SRP", "PASSWORD")
		default:
			out = append(out, map[rune]cognitoidp.ChallengeNameType{
				'e': "EMAIL_OTP", 's': "SMS_OTP", 'W': "WEB_AUTHN", 'S': "SMS_MFA", 'T': "SOFTWARE_TOKEN_MFA", 'E': "EMAIL_OTP",
			}[l])
		}
	}
	return out
}

func names(list []cognitoidp.ChallengeNameType) (out []string) {
	for _, c := range list {
		out = append(out, string(c))
	}
	return out
}

// TestToward says which challenges come next, built from the table of levels: a password alone, a code alone, a passkey
// alone, a password and a code, a password and a software token.
func TestToward(t *testing.T) {
	for _, c := range []struct {
		first, second, have string
		target              Level
		want                string
	}{
		// No MFA: the factors of USER_AUTH, in any order.
		{"P", "", "", 1, "P"},
		{"PesW", "", "", 1, "PesW"},
		{"PesW", "", "", 2, "esW"},
		{"P", "", "", 2, ""},
		{"PW", "", "", 3, "W"},
		{"PeW", "", "", 3, "PeW"},
		{"Pe", "", "", 3, "Pe"},
		{"es", "", "", 3, ""},
		{"es", "", "", 1, "es"},
		{"PesW", "", "", 4, ""},
		{"", "", "", 1, ""},
		{"Pe", "", "pwd", 3, "e"},
		{"Pes", "", "pwd", 2, "es"},
		{"PesW", "", "pwd", 3, "esW"},
		{"Pes", "", "email_otp", 3, "P"},
		{"PesW", "", "email_otp", 3, "PW"},
		{"PesW", "", "swk", 4, ""},
		{"PesW", "", "pwd", 4, ""},
		// Second factors.
		{"P", "T", "", 4, "P"},
		{"P", "T", "pwd", 4, "T"},
		{"P", "T", "pwd sms", 4, "T"},
		{"P", "T", "otp", 4, "P"},
		{"P", "T", "sms", 4, "PT"},
		{"P", "T", "swk", 4, "PT"},
		{"P", "T", "", 2, "P"},
		{"P", "T", "pwd", 3, "T"},
		{"P", "STE", "", 3, "P"},
		{"P", "STE", "pwd", 3, "STE"},
		{"P", "STE", "pwd", 4, "T"},
		{"P", "STE", "pwd sms", 4, "T"},
		{"P", "STE", "sms", 3, "P"},
		{"P", "SE", "pwd", 4, ""},
		{"P", "SE", "", 4, ""},
		{"P", "S", "", 2, "P"}, // the code is a second factor here, so the password comes first
		{"Pe", "E", "pwd", 3, "E"},
		{"PW", "T", "", 3, "PW"},
		{"PW", "T", "", 4, "P"},
		{"PW", "T", "pwd", 3, "WT"},
		{"W", "T", "", 4, ""},
		{"W", "T", "", 3, "W"},
		// Reached.
		{"P", "T", "pwd otp", 4, ""},
		{"PesW", "", "swk", 3, ""},
		{"PesW", "", "swk", 2, ""},
		{"PesW", "", "", 0, ""},
	} {
		got := names(toward(challenges(c.first), names(challenges(c.second)), strings.Fields(c.have), c.target))
		if want := names(challenges(c.want)); !slices.Equal(got, want) {
			t.Errorf("first %q, second %q, proven %q, level %d: %s, want %s", c.first, c.second, c.have, c.target, got, want)
		}
	}
}

// TestCredited holds that a method counts while the user has its factor.
func TestCredited(t *testing.T) {
	for _, c := range []struct{ first, second, amr, want string }{
		{"Pe", "", "pwd", "pwd"},
		{"Pe", "", "email_otp pwd mfa", "email_otp pwd"},
		{"P", "T", "email_otp", ""}, // a second factor was set up since
		{"P", "T", "pwd email_otp mfa", "pwd"},
		{"P", "TE", "pwd email_otp mfa", "pwd email_otp"},
		{"P", "", "pwd otp mfa", "pwd"}, // the token was taken away
		{"P", "T", "pwd otp mfa", "pwd otp"},
		{"PW", "", "hwk", "hwk"},
		{"PW", "", "swk", "swk"},
		{"P", "", "swk", ""},
		{"P", "S", "pwd sms mfa", "pwd sms"},
		{"es", "", "pwd sms", "sms"},
		{"P", "", "fed mfa", ""},
	} {
		got := strings.Join(credited(challenges(c.first), names(challenges(c.second)), strings.Fields(c.amr)), " ")
		if got != c.want {
			t.Errorf("first %q, second %q: %q is worth %q, want %q", c.first, c.second, c.amr, got, c.want)
		}
	}
}

// TestTowardEnds goes every way that toward offers, for every set of factors: each challenge is about something new, and
// each way ends at the level.
func TestTowardEnds(t *testing.T) {
	var walk func(where string, next func([]string) []cognitoidp.ChallengeNameType, have []string, target Level)
	walk = func(where string, next func([]string) []cognitoidp.ChallengeNameType, have []string, target Level) {
		for _, c := range next(have) {
			now := append(slices.Clone(have), proves(c))
			switch {
			case slices.Contains(have, proves(c)):
				t.Fatalf("%s: %s after %v", where, c, have)
			case LevelOf(now) < target && len(next(now)) == 0:
				t.Errorf("%s: %v leads nowhere", where, now)
			}
			walk(where, next, now, target)
		}
	}
	subsets := func(letters string) (out []string) {
		for bits := range 1 << len(letters) {
			set := ""
			for i, l := range letters {
				if bits&(1<<i) != 0 {
					set += string(l)
				}
			}
			out = append(out, set)
		}
		return out
	}
	for _, first := range subsets("PesW") {
		for _, second := range subsets("STE") {
			for target := range Level(5) {
				for _, start := range []string{"", "pwd", "sms", "email_otp", "swk", "otp", "sms email_otp"} {
					next := func(have []string) []cognitoidp.ChallengeNameType {
						return toward(challenges(first), names(challenges(second)), have, target)
					}
					walk(fmt.Sprintf("%q %q %d", first, second, target), next, strings.Fields(start), target)
				}
			}
		}
	}
}

// TestFurtherFactors holds that a level is no way around the second factor that a user or a pool chose.
func TestFurtherFactors(t *testing.T) {
	for _, c := range []struct {
		mode cognitoidp.UserPoolMfaType
		u    directory.User
		want string
	}{
		{"OFF", directory.User{MFA: directory.MFA{TOTP: true}}, "SOFTWARE_TOKEN_MFA"},
		{"OFF", directory.User{Attributes: map[string]string{"email": "a@b.c", "email_verified": "true"}}, ""}, // no codes for MFA
		{"OPTIONAL", directory.User{}, ""},
		{"OPTIONAL", directory.User{MFA: directory.MFA{TOTP: true}, Attributes: map[string]string{"email": "a@b.c", "email_verified": "true"}}, "SOFTWARE_TOKEN_MFA EMAIL_OTP"},
		{"OPTIONAL", directory.User{Attributes: map[string]string{"email": "a@b.c", "email_verified": "false"}}, ""},
		{"OPTIONAL", directory.User{Attributes: map[string]string{"phone_number": "+15550100", "phone_number_verified": "true"}}, ""}, // the pool has no SMS
		{"OPTIONAL", directory.User{MFA: directory.MFA{TOTP: true, Enabled: []string{"SOFTWARE_TOKEN_MFA"}}, Attributes: map[string]string{"email": "a@b.c", "email_verified": "true"}}, "SOFTWARE_TOKEN_MFA"},
		{"ON", directory.User{MFA: directory.MFA{TOTP: true}, Attributes: map[string]string{"email": "a@b.c", "email_verified": "true"}}, "SOFTWARE_TOKEN_MFA"},
		{"ON", directory.User{Attributes: map[string]string{"email": "a@b.c", "email_verified": "true"}}, ""},
	} {
		p := &pool.Pool{
			Config: &cognitoidp.UserPoolType{MfaConfiguration: &c.mode},
			MFA: &cognitoidp.GetUserPoolMfaConfigResponse{
				SoftwareTokenMfaConfiguration: &cognitoidp.SoftwareTokenMfaConfigType{Enabled: new(true)},
				EmailMfaConfiguration:         &cognitoidp.EmailMfaConfigType{},
			},
		}
		if got := strings.Join((&Factors{}).furtherFactors(p, &c.u), " "); got != c.want {
			t.Errorf("%s, %+v: %q, want %q", c.mode, c.u, got, c.want)
		}
	}
}
