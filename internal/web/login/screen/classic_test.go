package screen

import (
	"strings"
	"testing"
)

// TestClassicNames: what scripts and stored styles look for stands on the classic pages.
func TestClassicNames(t *testing.T) {
	d := drawer(t)
	look := NewLook(Style{Generation: Classic, CSS: `.banner-customizable{background:red}</style><script>alert(1)</script>`, Logo: "/assets/logo.png"})
	byName := map[string]string{}
	for _, s := range Samples() {
		byName[s.Name] = string(draw(t, d, look, "de", s.Screen).HTML)
	}
	login := byName["login-all"]
	for text, times := range map[string]int{
		`name="cognitoSignInForm"`: 2, `id="signInFormUsername"`: 2, `id="signInFormPassword"`: 2, `name="username"`: 2, `name="password"`: 2,
		`name="cognitoAsfData"`: 2, `name="_csrf"`: 2, `name="signInSubmitButton" value="Sign in"`: 2, `<html lang="en">`: 1,
		`class="logo-customizable" src="/assets/logo.png"`: 2, `banner-customizable"`: 2, "background-customizable ": 2, "label-customizable\"": 4,
		"inputField-customizable\"": 4, "submitButton-customizable\"": 2, "socialButton-customizable\"": 8, "idpButton-customizable\"": 2,
		"idpDescription-customizable\"": 2, "legalText-customizable\"": 2, "redirect-customizable\"": 4, "<script>": 0, "</style>": 1,
	} {
		if n := strings.Count(login, text); n != times {
			t.Errorf("%s stands %d times, want %d", text, n, times)
		}
	}
	for page, text := range map[string]string{
		"login-wrong": `class="errorMessage-customizable"`, "signup": `name="requiredAttributes[email]"`, "reset": `class="passwordCheck-notValid-customizable"`,
		"confirm": `name="cognitoAsfData"`, "forgot": `class="textDescription-customizable"`,
	} {
		if !strings.Contains(byName[page], text) {
			t.Errorf("%s lacks %s", page, text)
		}
	}
}
