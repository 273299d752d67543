package pool

import (
	"strings"
	"testing"

	"cognate/internal/api/cognitoidp"
	"cognate/internal/base/arn"
)

func addressed(id string) *Pool {
	region, _, _ := strings.Cut(id, "_")
	return &Pool{ID: id, Region: arn.Region(region), Config: &cognitoidp.UserPoolType{Id: &id}, MFA: &cognitoidp.GetUserPoolMfaConfigResponse{}}
}

func TestAddresses(t *testing.T) {
	p := addressed("us-east-1_a")
	for _, c := range []struct{ public, base, path, origin string }{
		{"https://id.example.com", "https://id.example.com/us-east-1_a", "", "https://id.example.com"},
		{"https://id.example.com/", "https://id.example.com/us-east-1_a", "", "https://id.example.com"},
		{"https://id.example.com/auth//", "https://id.example.com/auth/us-east-1_a", "/auth", "https://id.example.com"},
		{"http://localhost:7654/a%20b", "http://localhost:7654/a%20b/us-east-1_a", "/a%20b", "http://localhost:7654"},
	} {
		a := NewAddresses(c.public)
		if a.Issuer(p) != c.base || a.Base(p.Config) != c.base || a.BasePath() != c.path || a.Origin() != c.origin || !a.Known() {
			t.Errorf("%s: %s %s %s %s", c.public, a.Issuer(p), a.Base(p.Config), a.BasePath(), a.Origin())
		}
		if got := a.Endpoint(p, EndpointToken); got != c.base+"/oauth2/token" {
			t.Error(got)
		}
		if got := a.Document(p, EndpointKeys); got != c.base+"/.well-known/jwks.json" {
			t.Error(got)
		}
		if got := a.ConfirmLink(p.Config, "c1", "a b&c=d", "12"); got != c.base+"/confirmUser/?client_id=c1&user_name=a+b%26c%3Dd&confirmation_code=12" {
			t.Error(got)
		}
	}
	if (Addresses{}).Known() || NewAddresses("").Known() {
		t.Error("no public URL counts as one")
	}
}

// TestLoginHosts: pools with a domain have their pages there, as far as it can lead here.
func TestLoginHosts(t *testing.T) {
	path := NewAddresses("https://id.example.com/auth")
	hosted := NewAddresses("https://id.example.com:8443").WithLoginDomain("Login.Example.com")
	dev := NewAddresses("http://localhost:7654").WithLoginDomain("localhost")
	for _, c := range []struct {
		prefix, custom              string
		path, hosted, dev, passkeys string
	}{
		{"", "", "https://id.example.com/auth/eu-west-1_a", "https://id.example.com:8443/eu-west-1_a", "http://localhost:7654/eu-west-1_a", ""},
		{"shop", "", "https://id.example.com/auth/eu-west-1_a", "https://shop.auth.eu-west-1.login.example.com:8443",
			"http://shop.auth.eu-west-1.localhost:7654", "shop.auth.eu-west-1.login.example.com"},
		{"shop", "auth.shop.com", "https://id.example.com/auth/eu-west-1_a", "https://auth.shop.com:8443",
			"http://shop.auth.eu-west-1.localhost:7654", "auth.shop.com"},
		{"", "auth.shop.localhost", "https://id.example.com/auth/eu-west-1_a", "https://auth.shop.localhost:8443",
			"http://auth.shop.localhost:7654", "auth.shop.localhost"},
	} {
		p := addressed("eu-west-1_a")
		if c.prefix != "" {
			p.Config.Domain = &c.prefix
		}
		if c.custom != "" {
			p.Config.CustomDomain = &c.custom
		}
		if a, b, d := path.Base(p.Config), hosted.Base(p.Config), dev.Base(p.Config); a != c.path || b != c.hosted || d != c.dev {
			t.Errorf("%s %s: %s, %s, %s", c.prefix, c.custom, a, b, d)
		}
		if got := hosted.RelyingParty(p); got != c.passkeys {
			t.Errorf("%s %s: passkeys of %s", c.prefix, c.custom, got)
		}
		if got := hosted.Issuer(p); got != "https://id.example.com:8443/eu-west-1_a" {
			t.Errorf("the issuer left with the pages: %s", got)
		}
	}
}

// TestIssuers: AWS's forms are named when the pool asks for them, and known as the pool's own whatever it asks for.
func TestIssuers(t *testing.T) {
	a := NewAddresses("https://id.example.com")
	for _, c := range []struct {
		id   string
		form cognitoidp.IssuerType
		want string
	}{
		{"eu-west-1_a", cognitoidp.IssuerTypeOriginal, "https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_a"},
		{"eu-west-1_a", cognitoidp.IssuerTypeUpdated, "https://issuer-cognito-idp.eu-west-1.amazonaws.com/eu-west-1_a"},
		{"cn-north-1_a", cognitoidp.IssuerTypeOriginal, "https://cognito-idp.cn-north-1.amazonaws.com.cn/cn-north-1_a"},
		{"cn-north-1_a", cognitoidp.IssuerTypeUpdated, "https://issuer-cognito-idp.cn-north-1.amazonaws.com.cn/cn-north-1_a"},
	} {
		p := addressed(c.id)
		if !a.Issues(p, c.want) || !a.Issues(p, "https://id.example.com/"+c.id) || a.Issues(p, "") || a.Issues(p, "https://evil.example/"+c.id) {
			t.Errorf("%s: the pool's issuers are not known", c.id)
		}
		p.Config.IssuerConfiguration = &cognitoidp.IssuerConfigurationType{Type: &c.form}
		if got := a.Issuer(p); got != c.want || !a.Issues(p, got) || a.Issues(p, "https://id.example.com/"+c.id) {
			t.Errorf("%s %s: %s", c.id, c.form, got)
		}
		if got := a.Endpoint(p, EndpointAuthorize); got != "https://id.example.com/"+c.id+"/oauth2/authorize" {
			t.Errorf("the endpoints left with the issuer: %s", got)
		}
	}
}

func TestRelyingParty(t *testing.T) {
	p := addressed("eu-west-1_a")
	for _, c := range []struct {
		set  func()
		want string
	}{
		{func() {}, ""},
		{func() { p.Config.Domain = new("shop") }, "shop.auth.eu-west-1.amazoncognito.com"},
		{func() { p.Config.CustomDomain = new("login.example.com") }, "login.example.com"},
		{func() { p.MFA.WebAuthnConfiguration = &cognitoidp.WebAuthnConfigurationType{} }, "login.example.com"},
		{func() { p.MFA.WebAuthnConfiguration.RelyingPartyId = new("example.com") }, "example.com"},
	} {
		c.set()
		if got := (Addresses{}).RelyingParty(p); got != c.want {
			t.Errorf("%q, want %q", got, c.want)
		}
	}
}

func TestTrim(t *testing.T) {
	for _, c := range []struct{ public, path, want string }{
		{"https://e.example", "/p/login", "/p/login"}, {"https://e.example/auth", "/auth/p/login", "/p/login"},
		{"https://e.example/auth", "/p/login", "/p/login"}, {"https://e.example/auth", "/authp/login", "/authp/login"},
		{"https://e.example/auth", "/auth", ""}, {"https://e.example/a%20b", "/a b/p", "/p"},
	} {
		if got := NewAddresses(c.public).Trim(c.path); got != c.want {
			t.Errorf("%s below %s: %q", c.path, c.public, got)
		}
	}
}

func TestLocal(t *testing.T) {
	for public, want := range map[string]bool{
		"http://localhost:7654": true, "http://a.localhost": true, "http://127.0.0.2": true, "http://[::1]:1": true,
		"https://localhost": false, "http://id.example.com": false, "http://localhost.example.com": false, "http://10.0.0.1": false, "": false,
	} {
		if NewAddresses(public).Local() != want {
			t.Errorf("%s: %v", public, !want)
		}
	}
}

func TestIsID(t *testing.T) {
	for text, want := range map[string]bool{
		"us-east-1_AbCdEf123": true, "a_b": true, "eu_x-1_9": true, "": false, "_a": false, "a_": false, "ab": false,
		"us-east-1_a-b": false, "us-east-1_a/b": false, "us-east-1_\x00": false, "ü_a": false, "../x_a": false,
		strings.Repeat("a", 54) + "_b": false,
	} {
		if IsID(text) != want {
			t.Errorf("%q: %v", text, !want)
		}
	}
}
