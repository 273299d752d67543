package authorization_test

import (
	"encoding/base64"
	"errors"
	"net/url"
	"strings"
	"testing"

	"cognate/internal/api/cognitoidp"
	"cognate/internal/core/authorization"
	"cognate/internal/core/pool"
	. "cognate/internal/testkit/cognitotest"
)

// outcome is what a request came to: "page <code>", the address of the redirect, or "".
func outcome(err error) string {
	var refused *authorization.Refused
	var denied *authorization.Denied
	switch {
	case errors.As(err, &refused):
		return "page " + refused.Code
	case errors.As(err, &denied):
		to := denied.Answer().URL()
		if i := strings.Index(to, "&iss="); i >= 0 { // of every answer
			to = to[:i]
		}
		return to
	case err != nil:
		return err.Error()
	}
	return ""
}

func TestParse(t *testing.T) {
	w := newWorld(Quick(t), nil)
	machine := w.client(func(in *cognitoidp.CreateUserPoolClientRequest) {
		in.AllowedOAuthFlowsUserPoolClient = new(false)
	})
	lonely := w.client(func(in *cognitoidp.CreateUserPoolClientRequest) { in.SupportedIdentityProviders = nil })
	plain := w.client(func(in *cognitoidp.CreateUserPoolClientRequest) {
		in.AllowedOAuthFlows = []cognitoidp.OAuthFlowType{cognitoidp.OAuthFlowTypeCode}
		in.DefaultRedirectURI = new(callback)
	})
	bad := callback + "?error=invalid_request&state=s"
	object := "e30." + base64.RawURLEncoding.EncodeToString([]byte(`{"response_mode":"fragment","state":"t","redirect_uri":"https://evil.example"}`)) + "."
	for _, c := range []struct {
		what  string
		pairs []string
		want  string
	}{
		{"all is well", nil, ""},
		{"scopes", []string{"scope", "openid email openid"}, ""},
		{"no client", []string{"client_id", ""}, "page Required parameters missing"},
		{"unknown client", []string{"client_id", "0000000000000000000000000a"}, "page invalid_request"},
		{"no redirect", []string{"redirect_uri", ""}, "page Required parameters missing"},
		{"default redirect", []string{"redirect_uri", "", "client_id", plain.ID}, ""},
		{"OAuth is off", []string{"client_id", machine.ID}, "page unauthorized_client"},
		{"no provider", []string{"client_id", lonely.ID}, "page unauthorized_client"},
		{"no response type", []string{"response_type", ""}, bad},
		{"response type", []string{"response_type", "id_token"}, strings.Replace(bad, "invalid_request", "unsupported_response_type", 1)},
		{"no response type, told in a fragment", []string{"response_type", "", "response_mode", "fragment"}, callback + "#error=invalid_request&state=s"},
		{"grant", []string{"response_type", "token", "client_id", plain.ID}, callback + "#error=unauthorized_client&state=s"},
		{"unknown scope", []string{"scope", "openid offline_access"}, callback + "?error_description=invalid_scope&state=s&error=invalid_request"},
		{"scope of others", []string{"scope", "profile"}, callback + "?error_description=invalid_scope&state=s&error=invalid_request"},
		{"no state", []string{"scope", "x", "state", ""}, callback + "?error_description=invalid_scope&error=invalid_request"},
		{"PKCE", []string{"code_challenge", challengeOf(verifier), "code_challenge_method", "S256"}, ""},
		{"PKCE plain", []string{"code_challenge", verifier, "code_challenge_method", "plain"}, bad},
		{"PKCE without a method", []string{"code_challenge", challengeOf(verifier)}, bad},
		{"PKCE method alone", []string{"code_challenge_method", "S256"}, bad},
		{"PKCE too short", []string{"code_challenge", "abc", "code_challenge_method", "S256"}, bad},
		{"prompt", []string{"prompt", "login consent"}, ""},
		{"prompt none and more", []string{"prompt", "none login"}, bad},
		{"unknown prompt", []string{"prompt", "shout"}, bad},
		{"max_age", []string{"max_age", "-1"}, bad},
		{"request object", []string{"request", "e30."}, callback + "?error=request_not_supported&state=s"},
		{"request object with state and mode", []string{"request", object, "state", ""}, callback + "#error=request_not_supported&state=t"},
		{"request object beside a state and a mode", []string{"request", object, "response_mode", "query"}, callback + "?error=request_not_supported&state=s"},
		{"request by reference", []string{"request_uri", "https://app.example.com/r"}, callback + "?error=request_uri_not_supported&state=s"},
		{"resource", []string{"resource", "https://api.example.com/v1"}, ""},
		{"resource of this machine", []string{"resource", "http://localhost:3000"}, ""},
		{"resource of an app", []string{"resource", "myapp://api"}, ""},
		{"resource without TLS", []string{"resource", "http://api.example.com"}, callback + "?error=invalid_target&state=s"},
		{"resource with a fragment", []string{"resource", "https://api.example.com#a"}, callback + "?error=invalid_target&state=s"},
		{"provider", []string{"identity_provider", "COGNITO"}, ""},
		{"unknown provider", []string{"identity_provider", "Google"}, bad},
		{"mode", []string{"response_mode", "form_post"}, ""},
		{"tokens in a query", []string{"response_mode", "query", "response_type", "token"}, callback + "#error=invalid_request&state=s"},
		{"unknown parameters", []string{"ui", "x", "display", "page", "claims", "{}"}, ""},
	} {
		_, err := w.Requests.Parse(w.Ctx, w.p.ID, w.request(c.pairs...))
		if got := outcome(err); got != c.want {
			t.Errorf("%s: %s, want %s", c.what, got, c.want)
		}
	}
	for _, name := range []string{"client_id", "redirect_uri"} {
		in := w.request()
		in.Add(name, "x")
		if _, err := w.Requests.Parse(w.Ctx, w.p.ID, in); outcome(err) != "page invalid_request" {
			t.Errorf("%s twice: %v", name, err)
		}
	}
	for _, name := range []string{"scope", "state", "nonce", "prompt", "code_challenge", "resource"} {
		in := w.request()
		in[name] = []string{"a", "b"}
		if _, err := w.Requests.Parse(w.Ctx, w.p.ID, in); !strings.HasPrefix(outcome(err), callback+"?") || !strings.Contains(outcome(err), "error=invalid_request") {
			t.Errorf("%s twice: %v", name, err)
		}
	}
}

// TestProofKeyRequired holds what the tag of the pool asks for.
func TestProofKeyRequired(t *testing.T) {
	w := newWorld(Quick(t), nil)
	tag := func(value string) error {
		_, err := w.API.TagResource(w.Ctx, &cognitoidp.TagResourceRequest{ResourceArn: *w.p.Config.Arn, Tags: map[string]string{pool.TagProofKey: value}})
		return err
	}
	if tag("maybe") == nil {
		t.Error("a value that is none")
	}
	if err := tag("required"); err != nil {
		t.Fatal(err)
	}
	for _, kind := range []string{"code", "token"} {
		if _, err := w.Requests.Parse(w.Ctx, w.p.ID, w.request("response_type", kind)); !strings.Contains(outcome(err), "error=invalid_request") {
			t.Errorf("%s without a challenge: %v", kind, err)
		}
	}
	w.parse("code_challenge", challengeOf(verifier), "code_challenge_method", "S256")
}

// TestRedirects holds that an address leads nowhere unless it is one of the client's, byte for byte.
func TestRedirects(t *testing.T) {
	w := newWorld(Quick(t), nil)
	hosts := []string{"app.example.com.evil.com", "evil.com", "app.example.com@evil.com", "evil.com#app.example.com", "evil.com?app.example.com",
		"evil.com/app.example.com", "app.example.com:443", "app.example.com:8443", "APP.EXAMPLE.COM", "app.example.com.", "sub.app.example.com",
		"appXexample.com", "app.example.com%2eevil.com", "app.example.com%00.evil.com", "app.example.com\t.evil.com", "app.example.com\\@evil.com",
		"evil.com\\app.example.com", "user:pass@app.example.com", "app.example.com%40evil.com", "аpp.example.com", "[::1]", "127.0.0.1", "localhost"}
	paths := []string{"/callback", "/callback/", "/callback/../callback", "/callback/..;/evil", "/callback/%2e%2e/evil", "/./callback", "//callback", "/Callback",
		"/callback?", "/callback?x=1", "/callback#", "/callback#x", "/callback%20", "/callback ", "/callback;x", "/callback%2f", "/callback\\evil", "/callba%63k", "",
		"/callback%0d%0aSet-Cookie:x=1", "/callback\r\nX: y", "/callback&x=1"}
	schemes := []string{"https://", "http://", "HTTPS://", "https:/", "https:", "//", "javascript:", "data:text/html,", "https://https://", " https://", "\thttps://"}
	n := 0
	try := func(uri string) {
		if uri == callback {
			return
		}
		n++
		_, err := w.Requests.Parse(w.Ctx, w.p.ID, w.request("redirect_uri", uri))
		if got := outcome(err); !strings.HasPrefix(got, "page ") {
			t.Errorf("%q: %s", uri, got)
		}
	}
	for _, scheme := range schemes {
		for _, path := range paths {
			try(scheme + "app.example.com" + path)
		}
		for _, host := range hosts {
			try(scheme + host + "/callback")
		}
	}
	for _, uri := range []string{"myapp://done/", "myapp://DONE", "myapp:done", "MYAPP://done", "myapp://done?x", "myapp://done@evil.com", "*", ".*", "https://*", "null"} {
		try(uri)
	}
	if n < 300 {
		t.Errorf("%d addresses", n)
	}
	if _, err := w.Requests.Parse(w.Ctx, w.p.ID, w.request("redirect_uri", "myapp://done")); err != nil {
		t.Error(err)
	}
}

// TestAnswers holds what clients are told, in its order.
func TestAnswers(t *testing.T) {
	w := newWorld(Quick(t), nil)
	iss := "&iss=" + url.QueryEscape("https://id.example.com/"+w.p.ID)
	for mode, mark := range map[string]string{"": "?", "query": "?", "fragment": "#"} {
		answer, _ := w.signIn(w.parse("response_mode", mode, "state", "a b&c=d"))
		want := callback + mark + "code=" + answer.Members[0][1] + "&state=a+b%26c%3Dd" + iss
		if got := answer.URL(); got != want {
			t.Errorf("%q: %s, want %s", mode, got, want)
		}
	}
	answer, _ := w.signIn(w.parse("response_type", "token", "scope", "openid", "nonce", "n"))
	to := answer.URL()
	for _, part := range []string{callback + "#id_token=", "&access_token=", "&expires_in=3600&token_type=Bearer&state=s" + iss} {
		if !strings.Contains(to, part) {
			t.Errorf("%s lacks %s", to, part)
		}
	}
	if strings.Contains(to, "refresh") {
		t.Error(to)
	}
	answer, _ = w.signIn(w.parse("response_type", "token", "scope", "aws.cognito.signin.user.admin"))
	if strings.Contains(answer.URL(), "id_token") {
		t.Error(answer.URL())
	}
}
