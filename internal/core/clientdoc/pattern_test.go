package clientdoc

import (
	"strings"
	"testing"
)

func TestMatches(t *testing.T) {
	for _, tc := range []struct {
		pattern, address string
		want             bool
	}{
		{"https://app.example/client.json", "https://app.example/client.json", true},
		{"https://app.example/client.json", "https://app.example/client.jsonx", false},
		{"https://app.example/*", "https://app.example/a/b.json", true},
		{"https://app.example/*", "https://app.example/", true},
		{"https://app.example/*", "https://app.example.evil.example/x", false},
		{"https://app.example/*.json", "https://app.example/a/b.json", true},
		{"https://app.example/*.json", "https://app.example/a/b.xml", false},
		{"https://app.example/a*b*c", "https://app.example/aXbYc", true},
		{"https://app.example/a*b*c", "https://app.example/abc", true},
		{"https://app.example/a*b*c", "https://app.example/acb", false},
		{"https://app.example/ab*ba", "https://app.example/aba", false},
		{"https://*.example/c.json", "https://app.example/c.json", true},
		{"https://*.example/c.json", "https://a.b.example/c.json", false},
		{"https://*.example/c.json", "https://example/c.json", false},
		{"https://*.example/*", "https://evil.test/x.example/y", false},
		{"https://*.example/*", "https://evil.test:443/x.example/", false},
		{"https://*.example/*", "https://a:1.example/", false},
		{"https://app-*.example/*", "https://app-1.example/x", true},
		{"https://app.example/*", "https://app.example:8443/x", false},
		{"https://app.example:8443/*", "https://app.example:8443/x", true},
		{"https://*/agent.json", "https://a.b.c.example/agent.json", true},
		{"https://*/agent.json", "https://a.example:8443/agent.json", false},
		{"https://*", "https://a.b.c.example:8443/x/y", true},
	} {
		if got := matches(tc.pattern, tc.address); got != tc.want {
			t.Errorf("%s and %s: %v", tc.pattern, tc.address, got)
		}
	}
}

func TestGoodURL(t *testing.T) {
	for address, want := range map[string]bool{
		"https://app.example/client.json": true, "https://app.example/": true, "https://app.example:8443/a%20b": true, "https://[2001:db8::1]/x": true,
		"https://app.example": false, "http://app.example/x": false, "HTTPS://app.example/x": false, "https://App.example/x": false,
		"https://app.example/x?y=1": false, "https://app.example/x?": false, "https://app.example/x#y": false, "https://app.example/x#": false,
		"https://u@app.example/x": false, "https://u:p@app.example/x": false, "https://@app.example/x": false, "https://app.example:/x": false,
		"https://app.example/../x": false, "https://app.example/./x": false, "https://app.example/%2e%2e/x": false, `https://app.example\@evil.example/x`: false,
		"https://app.example/a b": false, "https:///xxxxxxxx": false, "https://app.example:08443/x": false, "https://app.example/\x00x": false,
		"https://a.b/": true, "https://a/x": false, "https://app.example/" + strings.Repeat("a", 240): false, "": false, "https://app.example/%": false,
	} {
		if got := goodURL(address); got != want {
			t.Errorf("%q: %v", address, got)
		}
	}
}

func TestCheckPattern(t *testing.T) {
	for pattern, want := range map[string]bool{
		"https://*": true, "https://*/*": true, "https://*.example/*": true, "https://app.example:8443/*": true, "https://app.example/c.json": true,
		"https://app.example": false, "https://app.example*": false, "https://*.example": false, "https:///x": false, "https://u@app.example/*": false,
		"https://app.example:/*": false, "https://app.example:*/*": false, "https://APP.example/*": false,
	} {
		if err := checkPattern(pattern); (err == nil) != want {
			t.Errorf("%s: %v", pattern, err)
		}
	}
}

func FuzzMatches(f *testing.F) {
	f.Add("https://*.example/*", "https://app.example/x")
	f.Add("https://*/a*b", "https://x/ab")
	f.Fuzz(func(t *testing.T, pattern, address string) {
		if checkPattern(pattern) != nil || !goodURL(address) || !matches(pattern, address) || pattern == anywhere {
			return
		}
		wantHost, _ := split(pattern)
		host, _ := split(address)
		if !strings.Contains(wantHost, "*") && host != wantHost {
			t.Errorf("%q fits %q", address, pattern)
		}
	})
}

// TestRead: documents that describe a client that can be used here, and those that do not.
func TestRead(t *testing.T) {
	const address = "https://app.example/client.json"
	good := `"client_id":"` + address + `","token_endpoint_auth_method":"none","redirect_uris":["http://localhost:3334/cb"]`
	for body, want := range map[string]bool{
		`{` + good + `}`: true,
		`{` + good + `,"grant_types":["authorization_code","refresh_token"],"response_types":["code"],"client_name":"x","jwks_uri":"y"}`: true,
		`{` + good + `,"grant_types":["client_credentials"]}`:                                                                            false,
		`{` + good + `,"grant_types":[]}`:                                                                                                false,
		`{` + good + `,"response_types":["token"]}`:                                                                                      false,
		`{` + good + `,"client_secret":"x"}`:                                                                                             false,
		`{` + strings.Replace(good, "none", "private_key_jwt", 1) + `}`:                                                                  false,
		`{` + strings.Replace(good, `"token_endpoint_auth_method":"none",`, "", 1) + `}`:                                                 false,
		`{` + strings.Replace(good, "client.json", "client.json/", 1) + `}`:                                                              false,
		`{` + strings.Replace(good, "http://localhost:3334/cb", "http://evil.example/cb", 1) + `}`:                                       false,
		`{` + strings.Replace(good, "http://localhost:3334/cb", "javascript:alert(1)", 1) + `}`:                                          false,
		`{` + strings.Replace(good, `["http://localhost:3334/cb"]`, "[]", 1) + `}`:                                                       false,
		`{` + strings.Replace(good, `["http://localhost:3334/cb"]`, `"http://localhost:3334/cb"`, 1) + `}`:                               false,
		`[]`: false, `null`: false, `"x"`: false, ``: false, `{` + good: false, `{` + good + `}{}`: false,
	} {
		if _, err := read(address, []byte(body)); (err == nil) != want {
			t.Errorf("%s: %v", body, err)
		}
	}
	for name, want := range map[string]string{
		"": "app.example", "  Agent\n\u202eStudio\t(x) ": "Agent Studio (x)", strings.Repeat("ä", 200): strings.Repeat("ä", 128),
	} {
		if got := (&document{Name: name}).name(address); got != want {
			t.Errorf("%q: %q", name, got)
		}
	}
}
