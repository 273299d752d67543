package server

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"cognate/internal/api/cognitoidp"
	"cognate/internal/base/obs"
	"cognate/internal/config"
	"cognate/internal/core/iam"
	"cognate/internal/core/pool"
)

// devSettings are those of `cognate dev --ephemeral` on a free port.
func devSettings() config.Settings {
	return config.Settings{
		Mode: config.Dev, Listen: "127.0.0.1:0", PublicURL: "http://localhost:7654", Ephemeral: true,
		Region: "us-east-1", Account: "000000000000", LogFormat: "text", LogLevel: "warn",
	}
}

// started is an assembled dev server with its data prepared, behind an HTTP listener.
func started(t *testing.T, s config.Settings) (*app, string) {
	t.Helper()
	a, err := build(t.Context(), s, obs.Discard())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(a.close)
	h, err := a.handler()
	if err != nil {
		t.Fatal(err)
	}
	if err := a.prepareData(t.Context()); err != nil {
		t.Fatal(err)
	}
	web := httptest.NewServer(h)
	t.Cleanup(web.Close)
	return a, web.URL
}

// send makes a request and returns status and body.
func send(t *testing.T, method, url, body string, header ...string) (int, string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(text)
}

// aws calls an operation without credentials.
func aws(t *testing.T, url, operation string, in any) (int, string) {
	t.Helper()
	body, err := json.Marshal(in)
	if err != nil {
		t.Fatal(err)
	}
	return send(t, "POST", url+"/", string(body), "Content-Type", "application/x-amz-json-1.1",
		"X-Amz-Target", "AWSCognitoIdentityProviderService."+operation)
}

func TestRoutes(t *testing.T) {
	_, url := started(t, devSettings())
	for _, c := range []struct {
		method, path string
		status       int
		contains     string
	}{
		{"GET", "/_cognate/health", 200, "ok"},
		{"GET", "/_cognate/ready", 200, "ready"},
		{"GET", "/_cognate/metrics", 200, "go_goroutines"},
		{"GET", "/_cognate/inbox", 200, "<html"},
		{"GET", "/_cognate/", 200, `"path":"/_cognate/clock"`},
		{"GET", "/_cognate", 200, `"path":"/_cognate/clock"`},
		{"GET", "/_cognate/clock", 200, "now"},
		{"GET", "/_cognate/nothing", 404, "nothing here"},
		{"GET", "/us-east-1_DemoPool1/.well-known/openid-configuration", 200, `"issuer":"http://localhost:7654/us-east-1_DemoPool1"`},
		{"GET", "/us-east-1_DemoPool1/.well-known/jwks.json", 200, `"RS256"`},
		{"GET", "/us-east-1_NoSuch/.well-known/jwks.json", 404, ""},
		{"GET", "/us-east-1_DemoPool1/confirmUser/", 400, "This link is not valid"},
		{"GET", "/us-east-1_DemoPool1/recovery-codes", 404, "Recovery codes are off"},
		{"GET", "/us-east-1_DemoPool1/oauth2/nothing", 404, `"error":"not_found"`},
		{"POST", "/us-east-1_DemoPool1/nothing", 404, `"error":"not_found"`},
		{"GET", "/favicon.ico", 404, `"error":"not_found"`},
		{"OPTIONS", "/", 200, ""},
		{"GET", "/", 0, ""},
	} {
		status, body := send(t, c.method, url+c.path, "")
		if c.status != 0 && status != c.status || !strings.Contains(body, c.contains) {
			t.Errorf("%s %s: %d %.200s, want %d with %q", c.method, c.path, status, body, c.status, c.contains)
		}
		if status >= 500 {
			t.Errorf("%s %s: %d", c.method, c.path, status)
		}
	}
	if status, body := send(t, "GET", url+"/nothing", "", "Accept", "text/html"); status != 404 || !strings.Contains(body, "There is no such page.") {
		t.Errorf("a browser that is lost: %d %s", status, body)
	}
	status, body := aws(t, url, "InitiateAuth", map[string]any{"ClientId": demoClientID, "AuthFlow": "USER_PASSWORD_AUTH",
		"AuthParameters": map[string]string{"USERNAME": "nobody", "PASSWORD": "x"}})
	if status != 400 || !strings.Contains(body, "NotFoundException") && !strings.Contains(body, "NotAuthorizedException") {
		t.Errorf("API: %d %s", status, body)
	}
}

// TestAPIPaths: what says that it is for the API reaches it on every path, and answers in its form.
func TestAPIPaths(t *testing.T) {
	s := devSettings()
	s.PublicURL = "http://localhost:7654/auth"
	_, url := started(t, s)
	target := []string{"X-Amz-Target", "AWSCognitoIdentityProviderService.GetUser", "Content-Type", "application/x-amz-json-1.1"}
	for _, c := range []struct {
		method, path string
		header       []string
		status       int
		contains     string
	}{
		{"POST", "/", target, 400, "__type"}, {"POST", "/auth", target, 400, "__type"}, {"POST", "/auth/", target, 400, "__type"},
		{"POST", "/elsewhere", target, 400, "__type"},
		{"POST", "/elsewhere", []string{"Authorization", "AWS4-HMAC-SHA256 Credential=x"}, 403, "AccessDeniedException"},
		{"GET", "/auth/", nil, 403, "MissingAuthenticationTokenException"},
		{"OPTIONS", "/elsewhere", []string{"Access-Control-Request-Headers", "content-type,X-Amz-Target"}, 200, ""},
		{"OPTIONS", "/elsewhere", []string{"Access-Control-Request-Headers", "authorization"}, 404, "not_found"},
		{"POST", "/elsewhere", []string{"Authorization", "Bearer x"}, 404, "not_found"},
		{"GET", "/auth/us-east-1_DemoPool1/.well-known/jwks.json", nil, 200, "keys"},
		{"GET", "/us-east-1_DemoPool1/.well-known/jwks.json", nil, 200, "keys"},
	} {
		if status, body := send(t, c.method, url+c.path, "{}", c.header...); status != c.status || !strings.Contains(body, c.contains) {
			t.Errorf("%s %s %v: %d %s, want %d with %q", c.method, c.path, c.header, status, body, c.status, c.contains)
		}
	}
}

// TestSnapshots saves the state, changes it and restores it: nothing of what came after is left, cached settings and keys
// included, and sessions of before work again.
func TestSnapshots(t *testing.T) {
	onDisk := devSettings()
	onDisk.Ephemeral, onDisk.Data = false, t.TempDir()
	for name, s := range map[string]config.Settings{"memory": devSettings(), "disk": onDisk} {
		t.Run(name, func(t *testing.T) {
			a, url := started(t, s)
			ctx := t.Context()
			user := func(name string) error {
				_, err := a.API.AdminCreateUser(ctx, &cognitoidp.AdminCreateUserRequest{UserPoolId: a.demoPoolID(), Username: name,
					TemporaryPassword: new("Passw0rd!"), MessageAction: new(cognitoidp.MessageActionTypeSuppress)})
				return err
			}
			rename := func(name string) {
				if _, err := a.API.UpdateUserPoolClient(ctx, &cognitoidp.UpdateUserPoolClientRequest{UserPoolId: a.demoPoolID(),
					ClientId: demoClientID, ClientName: &name, ExplicitAuthFlows: []cognitoidp.ExplicitAuthFlowsType{"ALLOW_USER_PASSWORD_AUTH"}}); err != nil {
					t.Fatal(err)
				}
			}
			if err := user("before"); err != nil {
				t.Fatal(err)
			}
			rename("before")
			if status, body := send(t, "POST", url+"/_cognate/snapshots/one", ""); status != 200 {
				t.Fatalf("save: %d %s", status, body)
			}
			if err := user("after"); err != nil {
				t.Fatal(err)
			}
			rename("after")
			late, err := a.API.CreateUserPool(ctx, &cognitoidp.CreateUserPoolRequest{PoolName: "late"})
			if err != nil {
				t.Fatal(err)
			}
			if status, body := send(t, "POST", url+"/_cognate/snapshots/one/restore", ""); status != 200 {
				t.Fatalf("restore: %d %s", status, body)
			}
			if _, err := a.Pools.Pool(ctx, *late.UserPool.Id); !errors.Is(err, pool.ErrPoolNotFound) {
				t.Errorf("the pool of after: %v", err)
			}
			if _, c, err := a.Pools.Client(ctx, demoClientID); err != nil || *c.Config.ClientName != "before" {
				t.Errorf("cached client: %v", err)
			}
			if err := user("after"); err != nil {
				t.Errorf("the user of after is still there: %v", err)
			}
			var taken *cognitoidp.UsernameExistsException
			if err := user("before"); !errors.As(err, &taken) {
				t.Errorf("the user of before: %v", err)
			}
			if status, body := aws(t, url, "InitiateAuth", map[string]any{"ClientId": demoClientID, "AuthFlow": "USER_PASSWORD_AUTH",
				"AuthParameters": map[string]string{"USERNAME": "before", "PASSWORD": "Passw0rd!"}}); status != 200 {
				t.Errorf("sign-in after the restore: %d %s", status, body)
			}
			if status, body := send(t, "GET", url+"/_cognate/snapshots", ""); status != 200 || !strings.Contains(body, `["one"]`) {
				t.Errorf("list: %d %s", status, body)
			}
			if status, _ := send(t, "POST", url+"/_cognate/snapshots/two/restore", ""); status != 404 {
				t.Errorf("restore of nothing: %d", status)
			}
		})
	}
}

// TestSnapshotClock: the clock is part of a snapshot.
func TestSnapshotClock(t *testing.T) {
	a, url := started(t, devSettings())
	post := func(path, body string) {
		t.Helper()
		if status, answer := send(t, "POST", url+"/_cognate/"+path, body); status != 200 {
			t.Fatalf("%s: %d %s", path, status, answer)
		}
	}
	post("snapshots/now", "")
	post("clock", `{"advance":"25h"}`)
	post("snapshots/tomorrow", "")
	for name, want := range map[string]time.Duration{"now": 0, "tomorrow": 25 * time.Hour} {
		post("clock", `{"reset":true}`)
		post("clock", `{"advance":"1h"}`)
		post("snapshots/"+name+"/restore", "")
		if have := a.clock.Offset(); have != want {
			t.Errorf("%s: the clock is %v ahead, want %v", name, have, want)
		}
	}
}

// TestReset: after a reset a server is as after its first start, on both kinds of data and with its root key.
func TestReset(t *testing.T) {
	seeded := devSettings()
	seeded.Seed = filepath.Join(t.TempDir(), "seed.yaml")
	text := "keys: [{id: alias/sender}]\npools: [{id: us-east-1_DemoPool1, clients: [{id: " + demoClientID + ", settings: {ExplicitAuthFlows: [ALLOW_USER_PASSWORD_AUTH]}}], users: [{username: demo, password: Passw0rd!}]}]"
	if err := os.WriteFile(seeded.Seed, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, s := range map[string]config.Settings{"demo pool": devSettings(), "seed file": seeded} {
		t.Run(name, func(t *testing.T) {
			a, url := started(t, s)
			ctx := t.Context()
			if err := a.IAM.EnsureRoot(ctx, func(iam.RootKey) (func(bool) error, error) { return func(bool) error { return nil }, nil }); err != nil {
				t.Fatal(err)
			}
			root, err := a.IAM.RootAccessKeyID(ctx)
			if err != nil || root == "" {
				t.Fatal(root, err)
			}
			signIn := func() (int, string) {
				return aws(t, url, "InitiateAuth", map[string]any{"ClientId": demoClientID, "AuthFlow": "USER_PASSWORD_AUTH",
					"AuthParameters": map[string]string{"USERNAME": "demo", "PASSWORD": "Passw0rd!"}})
			}
			status, body := signIn()
			var before struct {
				AuthenticationResult struct{ AccessToken string }
			}
			if err := json.Unmarshal([]byte(body), &before); status != 200 || err != nil {
				t.Fatalf("%d %s", status, body)
			}
			late, err := a.API.CreateUserPool(ctx, &cognitoidp.CreateUserPoolRequest{PoolName: "late"})
			if err != nil {
				t.Fatal(err)
			}
			if _, err := a.API.SignUp(ctx, &cognitoidp.SignUpRequest{ClientId: demoClientID, Username: "ana", Password: new("Passw0rd!"),
				UserAttributes: []cognitoidp.AttributeType{{Name: "email", Value: new("ana@example.com")}}}); err != nil {
				t.Fatal(err)
			}
			a.clock.Advance(time.Hour)
			for range 2 {
				if status, body := send(t, "POST", url+"/_cognate/reset", ""); status != 200 {
					t.Fatalf("%d %s", status, body)
				}
			}
			if _, err := a.Pools.Pool(ctx, *late.UserPool.Id); !errors.Is(err, pool.ErrPoolNotFound) {
				t.Errorf("the pool that was made later: %v", err)
			}
			if status, _ := aws(t, url, "GetUser", map[string]any{"AccessToken": before.AuthenticationResult.AccessToken}); status == 200 {
				t.Error("a token of before is good")
			}
			if a.clock.Offset() != 0 {
				t.Errorf("the clock is %v ahead", a.clock.Offset())
			}
			if _, body := send(t, "GET", url+"/_cognate/inbox?format=json", ""); !strings.Contains(body, `"messages":[]`) {
				t.Errorf("inbox: %s", body)
			}
			if status, body := signIn(); status != 200 {
				t.Errorf("sign-in: %d %s", status, body)
			}
			users, err := a.API.ListUsers(ctx, &cognitoidp.ListUsersRequest{UserPoolId: a.demoPoolID()})
			if err != nil || len(users.Users) != 1 {
				t.Errorf("users: %+v, %v", users, err)
			}
			if err := a.IAM.EnsureRoot(ctx, nil); err != nil {
				t.Error(err)
			}
			if now, err := a.IAM.RootAccessKeyID(ctx); err != nil || now != root {
				t.Errorf("the root key was not kept: %q, %v", now, err)
			}
		})
	}
}

// output is what a running server prints.
type output struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (o *output) Write(b []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.Write(b)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.String()
}

// waitFor polls until the condition holds.
func waitFor(t *testing.T, what string, done func() bool) {
	t.Helper()
	for end := time.Now().Add(10 * time.Second); !done(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("%s did not happen", what)
		}
	}
}

// TestRun starts a dev server as the command does, signs a user up through it, edits its seed file and stops it.
func TestRun(t *testing.T) {
	s := devSettings()
	s.PublicURL = ""
	s.Seed = filepath.Join(t.TempDir(), "seed.yaml")
	write := func(text string) {
		if err := os.WriteFile(s.Seed, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	seed := `pools: [{id: us-east-1_Seeded, clients: [{id: seededclient, settings: {ExplicitAuthFlows: [ALLOW_USER_PASSWORD_AUTH]}}], users: [{username: ana, password: Passw0rd!}]}]`
	write(seed)
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	out, done := &output{}, make(chan error, 1)
	go func() { done <- Run(ctx, s, out) }()
	var url string
	waitFor(t, "the announcement", func() bool {
		if m := regexp.MustCompile(`endpoint\s+(http://localhost:\d+)`).FindStringSubmatch(out.String()); m != nil {
			url = m[1]
		}
		return url != ""
	})
	signIn := func(password string) int {
		status, _ := aws(t, url, "InitiateAuth", map[string]any{"ClientId": "seededclient", "AuthFlow": "USER_PASSWORD_AUTH",
			"AuthParameters": map[string]string{"USERNAME": "ana", "PASSWORD": password}})
		return status
	}
	if status := signIn("Passw0rd!"); status != 200 {
		t.Errorf("sign-in: %d", status)
	}
	time.Sleep(20 * time.Millisecond) // another modification time
	write("pools: {")                 // a broken edit leaves everything as it is
	time.Sleep(watchEvery + 200*time.Millisecond)
	write(strings.Replace(seed, "Passw0rd!", "Another-1!", 1))
	waitFor(t, "the edit", func() bool { return signIn("Another-1!") == 200 })
	stop()
	select {
	case err := <-done:
		if err != nil {
			t.Errorf("stopped with %v", err)
		}
	case <-time.After(10 * time.Second):
		t.Fatal("the server does not stop")
	}
}

// TestRunRefuses: what is wrong is said before anything is made.
func TestRunRefuses(t *testing.T) {
	s := devSettings()
	s.Region, s.Account = "x", "y"
	if err := Run(t.Context(), s, io.Discard); err == nil || !strings.Contains(err.Error(), "--region") || !strings.Contains(err.Error(), "--account") {
		t.Errorf("bad settings: %v", err)
	}
	s = devSettings()
	s.Seed = filepath.Join(t.TempDir(), "none.yaml")
	if err := Run(t.Context(), s, io.Discard); err == nil || !strings.Contains(err.Error(), "seed file") {
		t.Errorf("no seed file: %v", err)
	}
	s = devSettings()
	s.Mode, s.Ephemeral, s.Data = config.Serve, false, t.TempDir()
	s.PublicURL = ""
	if err := Run(t.Context(), s, io.Discard); err == nil || !strings.Contains(err.Error(), "--public-url") {
		t.Errorf("serve without a public URL: %v", err)
	}
}

// TestServeMode: production has no dev endpoints and asks for signatures.
func TestServeMode(t *testing.T) {
	s := devSettings()
	s.Mode, s.Ephemeral, s.Data = config.Serve, false, t.TempDir()
	s.KeyFile = filepath.Join(s.Data, "kek")
	a, url := started(t, s)
	for _, path := range []string{"/_cognate/inbox", "/_cognate/clock", "/_cognate/snapshots", "/_cognate/metrics"} {
		if status, _ := send(t, "GET", url+path, ""); status != 404 {
			t.Errorf("%s: %d", path, status)
		}
	}
	if status, body := aws(t, url, "ListUserPools", map[string]any{"MaxResults": 1}); status != 400 && status != 403 || strings.Contains(body, "UserPools") {
		t.Errorf("unsigned call: %d %s", status, body)
	}
	if _, _, err := a.Pools.Client(t.Context(), demoClientID); !errors.Is(err, pool.ErrClientNotFound) {
		t.Errorf("a demo pool in production: %v", err)
	}
}

// TestRestart: what was acknowledged is there after a restart on the same folder.
func TestRestart(t *testing.T) {
	s := devSettings()
	s.Ephemeral, s.Data = false, t.TempDir()
	a, err := build(t.Context(), s, obs.Discard())
	if err != nil {
		t.Fatal(err)
	}
	if err := a.prepareData(t.Context()); err != nil {
		t.Fatal(err)
	}
	in := &cognitoidp.SignUpRequest{ClientId: demoClientID, Username: "ana", Password: new("Passw0rd!")}
	if _, err := a.API.SignUp(t.Context(), in); err != nil {
		t.Fatal(err)
	}
	a.close()
	b, _ := started(t, s)
	var taken *cognitoidp.UsernameExistsException
	if _, err := b.API.SignUp(t.Context(), in); !errors.As(err, &taken) {
		t.Errorf("after the restart: %v", err)
	}
	s.KeyFile = filepath.Join(t.TempDir(), "other")
	if _, err := build(t.Context(), s, obs.Discard()); err == nil {
		t.Error("the folder opens under another key")
	}
}
