package server

import (
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"cognate/internal/base/sigv4"
	"cognate/internal/config"
)

const listPools = "AWSCognitoIdentityProviderService.ListUserPools"

// anyKey is a signature in a name that Cognate did not issue.
const anyKey = "AWS4-HMAC-SHA256 Credential=anything/20260107/us-east-1/cognito-idp/aws4_request, SignedHeaders=host, Signature=00"

// from asks for the pools in the name of any key, as a page of the origins does.
func from(t *testing.T, url, authorization string, head http.Header) (int, string) {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), "POST", url+"/", strings.NewReader(`{"MaxResults":1}`))
	r.RequestURI = ""
	r.Header = head.Clone()
	r.Header.Set("Content-Type", "application/x-amz-json-1.1")
	r.Header.Set("X-Amz-Target", listPools)
	r.Header.Set("Authorization", authorization)
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	return resp.StatusCode, resp.Header.Get("X-Amzn-Errortype")
}

// TestPagesThatUseAnyKey: any key is good in dev, but not in the hands of somebody else's page.
func TestPagesThatUseAnyKey(t *testing.T) {
	s := devSettings()
	s.AllowedHosts = []string{"app.example.com"}
	a, url := started(t, s)
	if err := a.IAM.EnsureRoot(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		head http.Header
		good bool
	}{
		"a program":          {http.Header{}, true},
		"localhost":          {http.Header{"Origin": {"http://localhost:3000"}}, true},
		"an allowed host":    {http.Header{"Origin": {"https://app.example.com"}}, true},
		"elsewhere":          {http.Header{"Origin": {"https://evil.example"}}, false},
		"sandboxed":          {http.Header{"Origin": {"null"}}, false},
		"begins well":        {http.Header{"Origin": {"http://localhost.evil.example"}}, false},
		"two":                {http.Header{"Origin": {"http://localhost", "https://evil.example"}}, false},
		"no origin, foreign": {http.Header{"Sec-Fetch-Site": {"cross-site"}}, false},
	} {
		status, kind := from(t, url, anyKey, c.head)
		if c.good && status != 200 || !c.good && (status != 400 || kind != "UnrecognizedClientException:") {
			t.Errorf("%s: %d %s", name, status, kind)
		}
	}
}

// TestPagesWithAKeyOfOurs: whoever has the root key may use it from any page.
func TestPagesWithAKeyOfOurs(t *testing.T) {
	s := devSettings()
	s.RootAccessKeyID, s.RootSecretAccessKey = "AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
	a, url := started(t, s)
	if err := a.IAM.EnsureRoot(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	body := `{"MaxResults":1}`
	r, err := http.NewRequestWithContext(t.Context(), "POST", url+"/", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-amz-json-1.1")
	r.Header.Set("X-Amz-Target", listPools)
	r.Header.Set("Origin", "https://console.example.com")
	signer := sigv4.Signer{AccessKeyID: s.RootAccessKeyID, Secret: s.RootSecretAccessKey, Region: s.Region, Service: "cognito-idp"}
	signer.Sign(r, sigv4.HashBody([]byte(body)), a.clock.Now())
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if resp.StatusCode != 200 {
		t.Error(resp.Status)
	}
}

// TestPreflight: the unsigned API is open to every page, as on AWS; signatures are offered in dev to own pages alone.
func TestPreflight(t *testing.T) {
	dev := devSettings()
	serve := config.Settings{
		Mode: config.Serve, Listen: "127.0.0.1:0", PublicURL: "https://id.example.com", Region: "us-east-1", Account: "000000000000",
		Data: t.TempDir(), LogFormat: "text", LogLevel: "warn",
	}
	_, devURL := started(t, dev)
	_, serveURL := started(t, serve)
	for _, c := range []struct {
		name, url, origin, asked string
		good                     bool
	}{
		{"unsigned", devURL, "https://app.example", "content-type,x-amz-target", true},
		{"signed", devURL, "https://app.example", "authorization,content-type,x-amz-target", false},
		{"signed, upper case", devURL, "https://app.example", "X-Amz-Target,AUTHORIZATION", false},
		{"names none, which browsers keep", devURL, "https://app.example", "", false},
		{"sandboxed", devURL, "null", "authorization,x-amz-target", false},
		{"own page", devURL, "http://localhost:3000", "authorization,content-type,x-amz-target", true},
		{"serve", serveURL, "https://app.example", "authorization,content-type,x-amz-target", true},
		{"serve, names none", serveURL, "https://app.example", "", true},
	} {
		r, err := http.NewRequestWithContext(t.Context(), "OPTIONS", c.url+"/", nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Origin", c.origin)
		r.Header.Set("Access-Control-Request-Method", "POST")
		if c.asked != "" {
			r.Header.Set("Access-Control-Request-Headers", c.asked)
		}
		resp, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		allowed := resp.Header.Get("Access-Control-Allow-Origin") == "*"
		if allowed != c.good || !c.good && resp.Header.Get("Access-Control-Allow-Headers") != "" {
			t.Errorf("%s: %d %v", c.name, resp.StatusCode, resp.Header)
		}
	}
}

// TestBasePath: a proxy may hand on a path with the prefix of the public URL or without.
func TestBasePath(t *testing.T) {
	s := devSettings()
	s.PublicURL = "https://example.com/auth"
	_, url := started(t, s)
	for _, path := range []string{"/_cognate/health", "/auth/_cognate/health", "/auth/_cognate/inbox?format=json", "/_cognate/inbox?format=json"} {
		if status, body := send(t, "GET", url+path, ""); status != 200 {
			t.Errorf("%s: %d %s", path, status, body)
		}
	}
	if status, _ := send(t, "GET", url+"/authx/_cognate/health", ""); status != 404 {
		t.Errorf("another prefix: %d", status)
	}
}

// TestRoot: people get a page, programs AWS's answer.
func TestRoot(t *testing.T) {
	s := devSettings()
	s.PublicURL = "https://example.com/auth"
	_, url := started(t, s)
	for _, path := range []string{"/", "/auth", "/auth/"} {
		status, body := send(t, "GET", url+path, "", "Accept", "text/html,*/*;q=0.8")
		if status != 200 || !strings.Contains(body, "us-east-1_DemoPool1") || !strings.Contains(body, `href="/auth/_cognate/inbox"`) ||
			!strings.Contains(body, "democlientforlocaltesting1") {
			t.Errorf("%s: %d %s", path, status, body)
		}
		if status, body := send(t, "GET", url+path, ""); status != 403 || !strings.Contains(body, "MissingAuthenticationToken") {
			t.Errorf("%s, a program: %d %s", path, status, body)
		}
	}
}

func TestFunctionToken(t *testing.T) {
	dir := t.TempDir()
	one, err := functionToken("", dir)
	if err != nil || len(one) < 40 {
		t.Fatal(one, err)
	}
	file := filepath.Join(dir, FunctionTokenFile)
	if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o600 {
		t.Fatal(info.Mode(), err)
	}
	if again, err := functionToken("", dir); err != nil || again != one {
		t.Errorf("%q, %v", again, err)
	}
	if err := os.Chmod(file, 0o644); err != nil { // others may have read it
		t.Fatal(err)
	}
	if fresh, err := functionToken("", dir); err != nil || fresh == one {
		t.Errorf("a token that others could read stays: %v", err)
	}
	if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o600 {
		t.Fatal(info.Mode(), err)
	}
	if err := os.WriteFile(file, []byte("short\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if fresh, err := functionToken("", dir); err != nil || len(fresh) != len(one) {
		t.Errorf("%q, %v", fresh, err)
	}
	if chosen, err := functionToken("of the operator", ""); err != nil || chosen != "of the operator" {
		t.Error(chosen, err)
	}
	if none, err := functionToken("", ""); err != nil || none != "" {
		t.Error(none, err)
	}
	if _, err := functionToken("", filepath.Join(dir, "nowhere")); err == nil {
		t.Error("no folder")
	}
	if left, _ := filepath.Glob(file + ".*"); len(left) > 0 {
		t.Error(left)
	}
}
