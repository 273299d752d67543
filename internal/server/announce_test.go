package server

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"cognate/internal/api/cognitoidp"
	"cognate/internal/core/pool"
)

func banner(a *app) string {
	var b bytes.Buffer
	a.announce(&b)
	return b.String()
}

// TestBanner: what is printed holds for the server as it is, at every start.
func TestBanner(t *testing.T) {
	s := devSettings()
	s.Ephemeral, s.Data = false, t.TempDir()
	a, _ := started(t, s)
	first := banner(a)
	for _, want := range []string{s.Data, "http://localhost:7654/_cognate/inbox", a.demoPoolID(), demoClientID,
		"http://localhost:7654/us-east-1_DemoPool1", "demo, made with the password Passw0rd!", "--username ana "} {
		if !strings.Contains(first, want) {
			t.Errorf("lacks %q:\n%s", want, first)
		}
	}
	if strings.Contains(first, "CA_BUNDLE") {
		t.Errorf("speaks of certificates:\n%s", first)
	}
	if _, err := a.API.SignUp(t.Context(), &cognitoidp.SignUpRequest{ClientId: demoClientID, Username: "Ana", Password: new("Passw0rd!")}); err != nil {
		t.Fatal(err)
	}
	if err := a.API.AdminDeleteUser(t.Context(), &cognitoidp.AdminDeleteUserRequest{UserPoolId: a.demoPoolID(), Username: demoUser}); err != nil {
		t.Fatal(err)
	}
	a.close()
	s.PublicURL, s.TLSCert = "https://localhost:7654", "cert.pem"
	b, _ := started(t, s)
	again := banner(b)
	if strings.Contains(again, "--username ana ") || !strings.Contains(again, "--username ana2 ") || !strings.Contains(again, "to=ana2@example.com") {
		t.Errorf("commands that do not work at the second start:\n%s", again)
	}
	if strings.Contains(again, "made with the password") {
		t.Errorf("names a user who was deleted:\n%s", again)
	}
	if !strings.Contains(again, "--endpoint-url https://localhost:7654") || !strings.Contains(again, "/cert.pem' CURL_CA_BUNDLE=") {
		t.Errorf("TLS:\n%s", again)
	}
	if err := b.API.DeleteUserPool(t.Context(), &cognitoidp.DeleteUserPoolRequest{UserPoolId: b.demoPoolID()}); err != nil {
		t.Fatal(err)
	}
	if gone := banner(b); strings.Contains(gone, "sign-up") || !strings.Contains(gone, "endpoint") {
		t.Errorf("without the demo pool:\n%s", gone)
	}
}

func TestBannerOfSeed(t *testing.T) {
	s := devSettings()
	s.Seed = filepath.Join(t.TempDir(), "seed.yaml")
	text := "pools:\n- {id: eu-west-1_Shop, name: shop, clients: [{id: shopweb1, name: web}, {id: shopapi1}]}\n- {id: us-east-1_Staff}\n"
	if err := os.WriteFile(s.Seed, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	a, _ := started(t, s)
	have := banner(a)
	for _, want := range []string{s.Seed, "in memory", "eu-west-1_Shop (shop)", "shopweb1 (web)", "shopapi1\n", "us-east-1_Staff\n",
		"http://localhost:7654/eu-west-1_Shop", "--region eu-west-1 list-users --user-pool-id eu-west-1_Shop"} {
		if !strings.Contains(have, want) {
			t.Errorf("lacks %q:\n%s", want, have)
		}
	}
	if strings.Contains(have, demoClientID) {
		t.Errorf("speaks of the demo pool:\n%s", have)
	}
}

// TestDemoPool: everything that the demo pool promises can be done with it.
func TestDemoPool(t *testing.T) {
	a, url := started(t, devSettings())
	start := func(flow string, more map[string]string) (int, string) {
		params := map[string]string{"USERNAME": demoUser}
		for k, v := range more {
			params[k] = v
		}
		return aws(t, url, "InitiateAuth", map[string]any{"ClientId": demoClientID, "AuthFlow": flow, "AuthParameters": params})
	}
	status, body := start("USER_PASSWORD_AUTH", map[string]string{"PASSWORD": demoPassword})
	var signedIn struct {
		AuthenticationResult struct{ AccessToken string }
	}
	if err := json.Unmarshal([]byte(body), &signedIn); status != 200 || err != nil {
		t.Fatalf("%d %s", status, body)
	}
	token := map[string]any{"AccessToken": signedIn.AuthenticationResult.AccessToken}
	for operation, want := range map[string]string{
		"AssociateSoftwareToken": "SecretCode", "StartWebAuthnRegistration": `"id":"localhost"`, "GetUser": `"email_verified","Value":"true"`,
	} {
		if status, body := aws(t, url, operation, token); status != 200 || !strings.Contains(body, want) {
			t.Errorf("%s: %d %s", operation, status, body)
		}
	}
	if status, body := start("USER_AUTH", nil); status != 200 || !strings.Contains(body, "EMAIL_OTP") || !strings.Contains(body, "PASSWORD_SRP") {
		t.Errorf("USER_AUTH: %d %s", status, body)
	}
	if status, body := start("USER_SRP_AUTH", map[string]string{"SRP_A": strings.Repeat("7f", 384)}); status != 200 {
		t.Errorf("SRP: %d %s", status, body)
	}
	if _, c, err := a.Pools.Client(t.Context(), demoClientID); err != nil || len(c.Config.ExplicitAuthFlows) != 6 {
		t.Errorf("flows of the client: %v", err)
	}
}

// TestDiscoveryAnswers asks for everything that discovery names.
func TestDiscoveryAnswers(t *testing.T) {
	s := devSettings()
	a, url := started(t, s)
	for _, doc := range []pool.Endpoint{pool.EndpointOpenID, pool.EndpointOAuthServer} {
		status, body := send(t, "GET", url+"/"+a.demoPoolID()+string(doc), "")
		var members map[string]any
		if err := json.Unmarshal([]byte(body), &members); status != 200 || err != nil {
			t.Fatalf("%d %s", status, body)
		}
		asked := 0
		for name, value := range members {
			if at, is := value.(string); is && (strings.HasSuffix(name, "_endpoint") || strings.HasSuffix(name, "_uri")) {
				asked++
				if status, body := send(t, "GET", url+strings.TrimPrefix(at, s.PublicURL), ""); status == 404 {
					t.Errorf("%s: %s answers %d %s", name, at, status, body)
				}
			}
		}
		if asked == 0 {
			t.Errorf("%s names nothing: %s", doc, body)
		}
	}
}

// TestUnknownRegion: a typing error in the Region of a request makes no pools.
func TestUnknownRegion(t *testing.T) {
	k := signer{"anything", "goes"}
	_, url := started(t, devSettings())
	if status, out := k.in(t, "eu-wst-9", url, "ListUserPools", object{"MaxResults": 1}); status == 200 {
		t.Errorf("%d %v", status, out)
	}
	s := devSettings()
	s.Regions = []string{"us-east-1", "xx-moon-1"}
	a, url := started(t, s)
	if err := a.IAM.EnsureRoot(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	if status, out := k.in(t, "xx-moon-1", url, "CreateUserPool", object{"PoolName": "m"}); status != 200 {
		t.Errorf("a region that --regions names: %d %v", status, out)
	}
	if unknown := s.UnknownRegions(); len(unknown) != 1 || unknown[0] != "xx-moon-1" {
		t.Errorf("warned of %v", unknown)
	}
}

// TestDemoPoolElsewhere starts dev under the names that containers and proxies know it by.
func TestDemoPoolElsewhere(t *testing.T) {
	for public, want := range map[string]string{
		"http://cognate:7654": "http://localhost:", "https://id.example.com/auth": "https://id.example.com/auth/_cognate/callback", "http://[::1]:7654": "http://[::1]:7654/_cognate/callback",
	} {
		s := devSettings()
		s.PublicURL = public
		a, _ := started(t, s)
		_, c, err := a.Pools.Client(t.Context(), demoClientID)
		if err != nil || !strings.HasPrefix(c.Config.CallbackURLs[0], want) {
			t.Errorf("%s: %v %v", public, c, err)
		}
	}
}
