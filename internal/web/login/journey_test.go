package login

import (
	"encoding/base64"
	"encoding/json"
	"html"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"cognate/internal/api/cognitoidp"
	"cognate/internal/testkit/cognitotest"
)

// TestSignInForCode goes the whole way of an app: from the authorization endpoint over the pages to tokens, and again from
// the session of the browser.
func TestSignInForCode(t *testing.T) {
	cognitotest.Each(t, func(w *cognitotest.World) {
		a := newApp(w, nil, nil)
		w.User(a.p, "ana", "email", "ana@example.com")
		b := a.browser().open("nonce", "n-1")
		b.fill("username", "ana").fill("password", "wrong-Pass1!").says("Name or password is not right")
		password := b.at
		b.fill("password", cognitotest.Password)
		code := b.code()
		if iss := b.left.Query().Get("iss"); iss != addresses.Issuer(a.p) {
			w.T.Errorf("iss %q", iss)
		}
		status, body := a.redeem(code)
		var out struct {
			ID      string `json:"id_token"`
			Access  string `json:"access_token"`
			Refresh string `json:"refresh_token"`
			Type    string `json:"token_type"`
			Expires int    `json:"expires_in"`
		}
		if err := json.Unmarshal([]byte(body), &out); status != 200 || err != nil || out.Refresh == "" || out.Type != "Bearer" || out.Expires != 3600 {
			w.T.Fatalf("%d %s", status, body)
		}
		if claims := payload(w, out.ID); !strings.Contains(claims, `"nonce":"n-1"`) || !strings.Contains(claims, `"at_hash":"`) || !strings.Contains(claims, `"email":`) {
			w.T.Errorf("ID token %s", claims)
		}
		if claims := payload(w, out.Access); !strings.Contains(claims, `"scope":"openid email"`) {
			w.T.Errorf("access token %s", claims)
		}
		b.get(password).says("Choose an account").says("ana@example.com")
		if b.open(); b.code() == code {
			w.T.Error("the same code again")
		}
		if b.open("prompt", "none"); b.code() == "" {
			w.T.Error("no silent answer")
		}
		b.open("prompt", "login").says("Sign in to")
	})
}

func payload(w *cognitotest.World, token string) string {
	w.T.Helper()
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		w.T.Fatalf("no JWT: %s", token)
	}
	claims, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil {
		w.T.Fatal(err)
	}
	return string(claims)
}

// TestSignUpForCode makes an account on the pages, confirms it by the code that was mailed and signs in.
func TestSignUpForCode(t *testing.T) {
	cognitotest.Each(t, func(w *cognitotest.World) {
		a := newApp(w, func(in *cognitoidp.CreateUserPoolRequest) {
			in.AutoVerifiedAttributes = []cognitoidp.VerifiedAttributeType{cognitoidp.VerifiedAttributeTypeEmail}
		}, nil)
		b := a.browser().open()
		b.get(strings.Replace(b.at, "/login", "/signup", 1))
		b.fill("username", "", "requiredAttributes[email]", "", "password", "short").says("Enter a user name").says("Email: This is needed")
		b.fill("username", "bea", "requiredAttributes[email]", "bea", "password", cognitotest.Password).says(`id="f-requiredAttributes-email-error"`)
		b.fill("username", "bea", "requiredAttributes[email]", "bea@example.com", "password", "short").says("at least")
		b.fill("username", "bea", "requiredAttributes[email]", "bea@example.com", "password", cognitotest.Password)
		b.says("b***@e***")
		b.fill("code", "000000").says("That code is not right")
		b.fill("code", w.Code(a.p, "bea@example.com")).says("Your account is confirmed")
		b.fill("username", "bea").fill("password", cognitotest.Password)
		if status, body := a.redeem(b.code()); status != 200 {
			w.T.Errorf("%d %s", status, body)
		}
	})
}

// TestForgottenPassword resets a password on the pages.
func TestForgottenPassword(t *testing.T) {
	cognitotest.Each(t, func(w *cognitotest.World) {
		a := newApp(w, nil, nil)
		w.User(a.p, "ana", "email", "ana@example.com", "email_verified", "true")
		b := a.browser().open()
		b.get(strings.Replace(b.at, "/login", "/forgotPassword", 1))
		b.fill("username", "ana").says("If an account exists")
		b.fill("code", "000000", "password", "New-Pass-123!").says("That code is not right")
		b.fill("code", w.Code(a.p, "ana@example.com"), "password", "New-Pass-123!").says("Your password is changed")
		b.fill("username", "ana").fill("password", "New-Pass-123!")
		if status, body := a.redeem(b.code()); status != 200 {
			w.T.Errorf("%d %s", status, body)
		}
		other := a.browser().open()
		other.get(strings.Replace(other.at, "/login", "/forgotPassword", 1))
		other.fill("username", "nobody").says("If an account exists")
		other.fill("code", "000000", "password", "New-Pass-123!")
		if other.status != 400 {
			w.T.Errorf("%d", other.status)
		}
	})
}

// TestTemporaryPassword replaces the password of a user whom an administrator made.
func TestTemporaryPassword(t *testing.T) {
	cognitotest.Each(t, func(w *cognitotest.World) {
		a := newApp(w, nil, nil)
		cognitotest.Call(w, w.API.AdminCreateUser, &cognitoidp.AdminCreateUserRequest{
			UserPoolId: a.p.ID, Username: "cid", TemporaryPassword: new("Temp-Pass-1!"), MessageAction: new(cognitoidp.MessageActionTypeSuppress),
		})
		b := a.browser().open()
		b.fill("username", "cid").fill("password", "Temp-Pass-1!").says("Set your own password")
		b.fill("password", "weak").says("at least")
		b.fill("password", cognitotest.Password)
		if status, body := a.redeem(b.code()); status != 200 {
			w.T.Errorf("%d %s", status, body)
		}
	})
}

// TestLanguageOfMessages: a page in a language sends its codes in it.
func TestLanguageOfMessages(t *testing.T) {
	w := cognitotest.Quick(t)
	a := newApp(w, nil, nil)
	w.User(a.p, "ana", "email", "ana@example.com", "email_verified", "true")
	w.User(a.p, "bea", "email", "bea@example.com", "email_verified", "true", "locale", "fr_CA")
	b := a.browser().open("lang", "de")
	b.get(strings.Replace(b.at, "/login", "/forgotPassword", 1))
	b.fill("username", "ana")
	if got := w.Inbox(a.p, "ana@example.com")[0].Subject; got != "Ihr Bestätigungscode" {
		t.Errorf("subject %q", got)
	}
	b.get(strings.Replace(a.browser().open("lang", "de").at, "/login", "/forgotPassword", 1))
	b.fill("username", "bea")
	if got := w.Inbox(a.p, "bea@example.com")[0].Subject; got != "Votre code de vérification" {
		t.Errorf("subject %q", got)
	}
}

// TestTwoForms holds that each form of a page that a new browser is shown can be sent.
func TestTwoForms(t *testing.T) {
	w := cognitotest.Quick(t)
	a := newApp(w, func(in *cognitoidp.CreateUserPoolRequest) {
		in.AutoVerifiedAttributes = []cognitoidp.VerifiedAttributeType{cognitoidp.VerifiedAttributeTypeEmail}
	}, nil)
	w.User(a.p, "ana", "email", "ana@example.com", "email_verified", "true")
	b := a.browser().open()
	b.get(strings.Replace(b.at, "/login", "/forgotPassword", 1)).fill("username", "ana")
	for name := range b.jar {
		if strings.HasPrefix(name, "XSRF-TOKEN") {
			delete(b.jar, name)
		}
	}
	b.get(b.at).fill("code", "000000", "password", "New-Pass-123!").says("not right")
	w.Clock.Advance(time.Minute)
	b.get(b.at).fill("resend", "1").says("We sent a new code")
}

// TestScriptedLogin signs in as programs do that were written for Cognito's classic form: with the XSRF-TOKEN cookie, the
// names of its fields, and nothing read out of the page.
func TestScriptedLogin(t *testing.T) {
	w := cognitotest.Quick(t)
	a := newApp(w, nil, nil)
	cognitotest.Call(w, w.API.CreateUserPoolDomain, &cognitoidp.CreateUserPoolDomainRequest{UserPoolId: a.p.ID, Domain: "scripted"})
	w.User(a.p, "ana")
	b := a.browser().open().says("Sign in")
	token := ""
	for _, c := range b.jar {
		if c.Name == "XSRF-TOKEN" {
			token = c.Value
		}
	}
	b.post(strings.TrimPrefix(b.at, addresses.Origin()), url.Values{
		"_csrf": {token}, "username": {"ana"}, "password": {cognitotest.Password}, "cognitoAsfData": {""}, "signInSubmitButton": {"Sign in"},
	})
	if status, body := a.redeem(b.code()); status != 200 {
		t.Errorf("%d %s", status, body)
	}
}

// TestFormsThatCannotBeTaken: a page says why its form was refused, and where to begin again.
func TestFormsThatCannotBeTaken(t *testing.T) {
	w := cognitotest.Quick(t)
	a := newApp(w, nil, nil)
	w.User(a.p, "ana")
	b := a.browser().open()
	b.jar = map[string]*http.Cookie{}
	if b.fill("username", "ana").says("keeps no cookies").says("Start again"); b.status != http.StatusForbidden {
		t.Errorf("%d", b.status)
	}
	b.open().fill("username", "ana")
	w.Clock.Advance(59 * time.Minute)
	b.fill("password", "wrong-Pass1!").says("Name or password is not right")
	w.Clock.Advance(61 * time.Minute)
	b.fill("password", cognitotest.Password).says("open for too long")
}

// TestSignUpByLink: where a pool confirms by links, the pages ask for no code.
func TestSignUpByLink(t *testing.T) {
	w := cognitotest.Quick(t)
	a := newApp(w, cognitotest.Linking, nil)
	b := a.browser().open()
	b.get(strings.Replace(b.at, "/login", "/signup", 1))
	b.fill("username", "bea", "requiredAttributes[email]", "bea@example.com", "password", cognitotest.Password)
	b.says("Open the link we sent to b***@e***")
	if strings.Contains(b.body, `name="code"`) {
		t.Error("it asks for a code")
	}
	w.Clock.Advance(31 * time.Second)
	b.fill("resend", "1").says("We sent a new link")
	m := regexp.MustCompile(`<a class="btn first" href="([^"]*)" id="sign-in"`).FindStringSubmatch(b.body)
	if m == nil {
		t.Fatalf("no way on: %s", b.body)
	}
	b.get(addresses.Origin() + html.UnescapeString(m[1])).says(`value="bea"`)
	b.fill("username", "bea").fill("password", cognitotest.Password).says("Open the link we sent to you, or send a new one")
	b.get(w.Link(a.p, "bea@example.com")).says("Your account is confirmed")
	b.open().fill("username", "bea").fill("password", cognitotest.Password).code()
}

// TestSignedInAlready: who is signed in and has to sign in again is not asked who it is; the name is one that the pool takes.
func TestSignedInAlready(t *testing.T) {
	cognitotest.Each(t, func(w *cognitotest.World) {
		for want, edit := range map[string]func(*cognitoidp.CreateUserPoolRequest){
			"ana": nil,
			"ana@example.com": func(in *cognitoidp.CreateUserPoolRequest) {
				in.AliasAttributes = []cognitoidp.AliasAttributeType{cognitoidp.AliasAttributeTypeEmail}
			},
		} {
			a := newApp(w, edit, nil)
			w.User(a.p, "ana", "email", "ana@example.com", "email_verified", "true")
			b := a.browser().open()
			b.fill("username", "ana").fill("password", cognitotest.Password).code()
			w.Clock.Advance(2 * time.Minute)
			b.open("max_age", "60").says("Sign in again to continue").says(`value="` + want + `"`)
			b.fill("username", want).fill("password", cognitotest.Password).code()
			w.Clock.Advance(2 * time.Minute)
			b.open("max_age", "60", "prompt", "select_account").says(`value="` + want + `"`)
			b.open("acr_values", "urn:cognito:loa:4").says("asks for a stronger way").says(`value="` + want + `"`)
			if b.open("prompt", "login"); strings.Contains(b.body, `value="`+want+`"`) {
				w.T.Error("prompt=login fills in the name")
			}
		}
	})
}
