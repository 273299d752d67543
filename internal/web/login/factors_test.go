package login

import (
	"html"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/pquerna/otp/totp"

	"cognate/internal/api/cognitoidp"
	"cognate/internal/testkit/cognitotest"
)

// choosing lets users begin with any first factor.
func choosing(in *cognitoidp.CreateUserPoolRequest) {
	in.Policies = &cognitoidp.UserPoolPolicyType{SignInPolicy: &cognitoidp.SignInPolicyType{AllowedFirstAuthFactors: []cognitoidp.AuthFactorType{
		cognitoidp.AuthFactorTypePassword, cognitoidp.AuthFactorTypeEmailOtp, cognitoidp.AuthFactorTypeWebAuthn,
	}}}
}

func userAuth(in *cognitoidp.CreateUserPoolClientRequest) {
	in.ExplicitAuthFlows = append(in.ExplicitAuthFlows, cognitoidp.ExplicitAuthFlowsTypeAllowUserAuth)
}

var keyPattern = regexp.MustCompile(`<code[^>]*>([A-Z2-7 ]{16,})</code>`)

// TestTOTP sets an authenticator app up while signing in, and signs in with it.
func TestTOTP(t *testing.T) {
	cognitotest.Each(t, func(w *cognitotest.World) {
		a := newApp(w, nil, nil)
		cognitotest.Call(w, w.API.SetUserPoolMfaConfig, &cognitoidp.SetUserPoolMfaConfigRequest{
			UserPoolId: a.p.ID, MfaConfiguration: new(cognitoidp.UserPoolMfaTypeOn), SoftwareTokenMfaConfiguration: &cognitoidp.SoftwareTokenMfaConfigType{Enabled: new(true)},
		})
		w.User(a.p, "ana")
		b := a.browser().open()
		b.fill("username", "ana").fill("password", cognitotest.Password).says("Set up your authenticator app")
		m := keyPattern.FindStringSubmatch(html.UnescapeString(b.body))
		if m == nil {
			w.T.Fatalf("no key: %s", readable(b.body))
		}
		seed := strings.ReplaceAll(m[1], " ", "")
		now := func() string {
			code, err := totp.GenerateCode(seed, w.Clock.Now())
			if err != nil {
				w.T.Fatal(err)
			}
			return code
		}
		b.fill("code", "000000").says("not right")
		b.fill("code", now())
		if status, body := a.redeem(b.code()); status != 200 {
			w.T.Fatalf("%d %s", status, body)
		}
		w.Clock.Advance(time.Minute)
		other := a.browser().open()
		other.fill("username", "ana").fill("password", cognitotest.Password)
		code := now()
		other.fill("code", " "+code[:3]+" "+code[3:]+" ")
		if status, body := a.redeem(other.code()); status != 200 {
			w.T.Errorf("%d %s", status, body)
		}
		replay := a.browser().open()
		replay.fill("username", "ana").fill("password", cognitotest.Password).fill("code", code)
		if replay.left != nil || replay.status != 400 {
			w.T.Errorf("the same code again: %d %v", replay.status, replay.left)
		}
	})
}

// TestCodeByMail signs in by a code that is mailed, sent twice, and by the password instead.
func TestCodeByMail(t *testing.T) {
	cognitotest.Each(t, func(w *cognitotest.World) {
		a := newApp(w, choosing, userAuth)
		w.User(a.p, "ana", "email", "ana@example.com", "email_verified", "true")
		b := a.browser().open()
		b.fill("username", "ana").says("How do you want to sign in")
		b.fill("factor", "EMAIL_OTP").says("the 8-digit code we sent to a***@e***")
		b.fill("code", "00000000").says("That code is not right").says("the 8-digit code").says("Password")
		first := w.Code(a.p, "ana@example.com")
		w.Clock.Advance(31 * time.Second)
		b.fill("resend", "1").says("We sent a new code")
		second := w.Code(a.p, "ana@example.com")
		b.fill("code", first)
		if b.left != nil && first != second {
			w.T.Error("the first code is good after the second was sent")
		}
		b.fill("code", second)
		if status, body := a.redeem(b.code()); status != 200 {
			w.T.Errorf("%d %s", status, body)
		}
		other := a.browser().open()
		other.fill("username", "ana").fill("factor", "EMAIL_OTP").fill("factor", "PASSWORD")
		other.fill("password", "wrong-Pass1!").says("Name or password is not right").says("Email me a code")
		other.fill("password", cognitotest.Password).code()
		direct := a.browser().open()
		direct.fill("username", "ana").fill("factor", "PASSWORD")
		direct.fill("password", "wrong-Pass1!").says("Name or password is not right")
		direct.fill("password", cognitotest.Password).code()
		ghost := a.browser().open()
		ghost.fill("username", "nobody")
		if ghost.status != 200 || ghost.left != nil {
			w.T.Errorf("nobody: %d", ghost.status)
		}
	})
}

// TestTimedOut keeps the identifier of a sign-in that took too long.
func TestTimedOut(t *testing.T) {
	w := cognitotest.Quick(t)
	a := newApp(w, choosing, userAuth)
	w.User(a.p, "ana", "email", "ana@example.com", "email_verified", "true")
	b := a.browser().open()
	b.fill("username", "ana").fill("factor", "EMAIL_OTP")
	w.Clock.Advance(4 * time.Minute)
	b.fill("code", w.Code(a.p, "ana@example.com")).says("please start again").says(`value="ana"`)
}

// TestTwoTabs holds that two sign-ins of one browser do not meet.
func TestTwoTabs(t *testing.T) {
	w := cognitotest.Quick(t)
	a := newApp(w, nil, nil)
	w.User(a.p, "ana")
	w.User(a.p, "bob")
	one := a.browser().open()
	two := &browser{app: a, jar: one.jar}
	two.open("state", "st-2")
	one.fill("username", "ana")
	two.fill("username", "bob")
	if !strings.Contains(one.body, "ana") || !strings.Contains(two.body, "bob") {
		t.Fatal("the names are mixed up")
	}
	one.fill("password", cognitotest.Password)
	one.code()
	two.fill("password", cognitotest.Password)
	if two.left == nil || two.left.Query().Get("state") != "st-2" {
		t.Errorf("the second tab: %v, %d at %s", two.left, two.status, two.at)
	}
	b := a.browser()
	b.jar = one.jar
	b.open("prompt", "select_account").says("ana").says("bob")
}

// TestTooManyTries says when to try again, by page and by header.
func TestTooManyTries(t *testing.T) {
	cognitotest.Each(t, func(w *cognitotest.World) {
		a := newApp(w, nil, nil)
		w.User(a.p, "ana")
		for _, name := range []string{"ana", "nobody"} {
			b := a.browser().open()
			b.fill("username", name)
			for range 7 {
				b.fill("password", "wrong-Pass1!")
			}
			b.says("Too many tries. Try again in ")
			if wait := b.header.Get("Retry-After"); b.status != 429 || wait == "" || wait == "0" {
				w.T.Errorf("%s: %d, Retry-After %q", name, b.status, wait)
			}
		}
	})
}

// TestAddPasskey: whoever is not signed in yet signs in and comes back, also where the app asked for a new sign-in.
func TestAddPasskey(t *testing.T) {
	cognitotest.Each(t, func(w *cognitotest.World) {
		a := newApp(w, choosing, userAuth)
		cognitotest.Call(w, w.API.SetUserPoolMfaConfig, &cognitoidp.SetUserPoolMfaConfigRequest{
			UserPoolId: a.p.ID, WebAuthnConfiguration: &cognitoidp.WebAuthnConfigurationType{RelyingPartyId: new("id.example.com")},
		})
		w.User(a.p, "ana", "email", "ana@example.com", "email_verified", "true")
		for _, prompt := range []string{"", "login"} {
			b := a.browser()
			b.get(addresses.Base(b.p.Config) + "/passkeys/add?" + b.query("prompt", prompt)).says("Sign in to")
			b.fill("username", "ana").fill("factor", "PASSWORD").fill("password", "wrong-Pass1!").fill("password", cognitotest.Password)
			if b.says("Add a passkey"); !strings.Contains(b.at, "/passkeys/add?") {
				w.T.Errorf("at %s", b.at)
			}
			b.fill("credential", "{}").says("The passkey was not added")
		}
	})
}

// TestSentTwice answers a form that was sent twice, after the first one has signed in, as the first.
func TestSentTwice(t *testing.T) {
	w := cognitotest.Quick(t)
	a := newApp(w, nil, nil)
	w.User(a.p, "ana")
	b := a.browser().open()
	b.fill("username", "ana")
	action, values := b.form("password")
	values.Set("password", cognitotest.Password)
	b.post(action, values)
	first := b.code()
	b.post(action, values)
	if b.code() == first {
		t.Error("the same code twice")
	}
}

// TestManyTabs keeps the newest sign-ins of a browser that has begun many.
func TestManyTabs(t *testing.T) {
	w := cognitotest.Quick(t)
	a := newApp(w, nil, nil)
	w.User(a.p, "ana")
	b := a.browser()
	var pages []string
	for range 7 {
		w.Clock.Advance(time.Second)
		b.open().fill("username", "ana")
		pages = append(pages, b.at)
	}
	for i, page := range pages {
		b.get(page)
		if got, want := strings.Contains(b.body, "Enter your password"), i >= len(pages)-maxFlows; got != want {
			t.Errorf("tab %d: %v", i, got)
		}
	}
}
