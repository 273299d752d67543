package registration

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"cognate/internal/api/cognitoidp"
)

const (
	code    = cognitoidp.OAuthFlowTypeCode
	machine = cognitoidp.OAuthFlowTypeClientCredentials
)

// TestFlow: what of the grant types that a client asks for it is registered with.
func TestFlow(t *testing.T) {
	type flows = []cognitoidp.OAuthFlowType
	for _, tc := range []struct {
		grants, responses string
		allowed           flows
		want              cognitoidp.OAuthFlowType
	}{
		{"", "", flows{code}, code},
		{"", "", flows{machine}, ""},
		{"authorization_code refresh_token", "code", flows{code, machine}, code},
		{"authorization_code refresh_token urn:ietf:params:oauth:grant-type:device_code", "", flows{code}, code},
		{"implicit authorization_code", "code token", flows{code}, code},
		{"implicit", "token", flows{code, "implicit"}, ""},
		{"refresh_token", "", flows{code}, ""},
		{"password", "", flows{code, machine}, ""},
		{"authorization_code", "token", flows{code}, ""},
		{"client_credentials", "", flows{code, machine}, machine},
		{"client_credentials", "", flows{code}, ""},
		{"authorization_code client_credentials", "", flows{code}, code},
		{"authorization_code client_credentials", "", flows{machine}, machine},
		{"authorization_code client_credentials", "", flows{code, machine}, ""},
		{"authorization_code", "", nil, ""},
	} {
		m := Metadata{GrantTypes: strings.Fields(tc.grants)}
		if tc.responses != "" {
			m.ResponseTypes = strings.Fields(tc.responses)
		}
		got, err := m.flow(tc.allowed)
		var refused *Error
		if got != tc.want || (err == nil) != (tc.want != "") || err != nil && (!errors.As(err, &refused) || refused.Code != CodeMetadata) {
			t.Errorf("%q of %v: %q %v", tc.grants, tc.allowed, got, err)
		}
	}
}

// TestScopes: a client gets what it asks for and may have, and without asking all that it may have.
func TestScopes(t *testing.T) {
	may := []string{"openid", "email", "phone", "profile", "api/read", "aws.cognito.signin.user.admin"}
	many := make([]string, 60)
	for i := range many {
		many[i] = "api/" + strings.Repeat("x", i+1)
	}
	for _, tc := range []struct {
		flow  cognitoidp.OAuthFlowType
		scope string
		may   []string
		want  string // "" for a refusal
	}{
		{code, "", may, strings.Join(may, " ")},
		{code, " openid  api/read openid ", may, "api/read openid"},
		{code, "openid api/write", may, ""},
		{code, "offline_access", may, ""},
		{code, "aws.cognito/dcr/register", may, ""},
		{machine, "", may, "api/read"},
		{machine, "api/read", may, "api/read"},
		{machine, "openid", may, ""},
		{machine, "", may[:4], ""},
		{code, "", many, strings.Join(many[:50], " ")},
	} {
		m := Metadata{Scope: tc.scope}
		got, err := m.scopes(tc.flow, tc.may)
		if strings.Join(got, " ") != tc.want || (err == nil) != (tc.want != "") {
			t.Errorf("%q for %s: %v %v", tc.scope, tc.flow, got, err)
		}
	}
}

// TestName: names come in the characters that app clients may have.
func TestName(t *testing.T) {
	for in, want := range map[string]string{
		"Agent Studio (work)": "Agent Studio work", "": nameless, "   ": nameless, "§§": nameless, "<script>alert(1)</script>": "script alert 1 script",
		"a\r\nb": "a b", "my_app+v=1,.@-": "my_app+v=1,.@-", "Café": "Caf", strings.Repeat("ab ", 100): strings.TrimSpace(strings.Repeat("ab ", 100)[:128]),
	} {
		if got := (&Metadata{Name: in}).name(); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}

// TestRedirects: the rules are those of callback URLs.
func TestRedirects(t *testing.T) {
	for _, u := range []string{
		"http://example.com/cb", "https://a:b@example.com/cb", "https://example.com/cb#x", "javascript:alert(1)", "data:text/html,x", "/cb", "",
		"https://", "https://example.com\\@evil.example/", "https:example.com", "http://localhost.evil.example/", "vbscript:x", "https://exa mple.com",
	} {
		var refused *Error
		if _, err := (&Metadata{RedirectURIs: []string{"https://good.example/cb", u}}).redirects(code); !errors.As(err, &refused) || refused.Code != CodeRedirectURI {
			t.Errorf("%q: %v", u, err)
		}
	}
	good := []string{"http://localhost:3334/oauth/callback", "http://127.0.0.1/cb", "http://[::1]:8080/cb", "https://app.example/cb?x=1", "com.example.app:/cb", "vscode://x/y"}
	if got, err := (&Metadata{RedirectURIs: append(good, good[0])}).redirects(code); err != nil || !slices.Equal(got, good) {
		t.Errorf("%v %v", got, err)
	}
	if got, err := (&Metadata{RedirectURIs: []string{"javascript:x"}}).redirects(machine); got != nil || err != nil {
		t.Errorf("a machine has none: %v %v", got, err)
	}
}
