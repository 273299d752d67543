package clientdoc_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"cognate/internal/api/cognitoidp"
	"cognate/internal/base/db"
	"cognate/internal/base/httpkit"
	"cognate/internal/base/limit"
	"cognate/internal/core/clientdoc"
	"cognate/internal/core/guard"
	"cognate/internal/core/pool"
	"cognate/internal/rooms"
	"cognate/internal/testkit/cognitotest"
	"cognate/internal/testkit/dbtest"
)

// world is a pool with a public client, and a web server with documents.
type world struct {
	*cognitotest.World
	p      *pool.Pool
	app    *pool.Client
	site   *httptest.Server
	asked  *atomic.Int64
	answer func(w http.ResponseWriter, r *http.Request) // nil: the document of the address
}

func newWorld(t *testing.T, d *db.DB, o cognitotest.Options) *world {
	t.Helper()
	w := &world{asked: new(atomic.Int64)}
	w.site = httptest.NewTLSServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		w.asked.Add(1)
		if w.answer != nil {
			w.answer(rw, r)
			return
		}
		rw.Header().Set("Content-Type", "application/json")
		fmt.Fprint(rw, w.document(r.URL.Path))
	}))
	t.Cleanup(w.site.Close)
	if o.Documents == nil {
		roots := x509.NewCertPool()
		roots.AddCert(w.site.Certificate())
		o.Documents = clientdoc.NewClient(httpkit.ClientOptions{AllowLocal: true, TLS: &tls.Config{RootCAs: roots}})
	}
	w.World = cognitotest.New(t, d, o)
	w.p = w.Pool(nil)
	w.app = w.client("openid email profile")
	return w
}

func (w *world) client(scopes string) *pool.Client {
	return w.Client(w.p, func(in *cognitoidp.CreateUserPoolClientRequest) {
		in.AllowedOAuthFlowsUserPoolClient, in.AllowedOAuthFlows = new(true), []cognitoidp.OAuthFlowType{"code", "implicit"}
		in.AllowedOAuthScopes, in.CallbackURLs = strings.Fields(scopes), []string{"https://own.example/cb"}
		in.SupportedIdentityProviders = []string{"COGNITO"}
	})
}

func quick(t *testing.T) *world {
	return newWorld(t, dbtest.SQLite(t, rooms.Migrations()), cognitotest.Options{})
}

func each(t *testing.T, body func(w *world)) {
	t.Helper()
	dbtest.Each(t, rooms.Migrations(), func(t *testing.T, d *db.DB) { body(newWorld(t, d, cognitotest.Options{})) })
}

// document is a good document of a path.
func (w *world) document(path string) string {
	return `{"client_id":"` + w.site.URL + path + `","client_name":"Agent","token_endpoint_auth_method":"none",
		"redirect_uris":["http://localhost:3334/cb"],"grant_types":["authorization_code","refresh_token"],"scope":"openid email other/x"}`
}

// policy makes a policy for patterns.
func (w *world) policy(patterns ...string) *cognitoidp.CIMDPolicyType {
	w.T.Helper()
	return cognitotest.Call(w.World, w.API.CreateCIMDPolicy, &cognitoidp.CreateCIMDPolicyRequest{
		UserPoolId: w.p.ID, ClientId: w.app.ID, PolicyName: "agents", URLPatterns: patterns,
	}).CIMDPolicy
}

func (w *world) resolve(path string) (*pool.Client, error) {
	return w.ClientDocs.Resolve(w.Ctx, w.p, w.site.URL+path)
}

// fails fails the test unless a path is refused in a way.
func (w *world) fails(name, path string, want error) {
	w.T.Helper()
	if c, err := w.resolve(path); !errors.Is(err, want) {
		w.T.Errorf("%s: %v %v, want %v", name, c, err, want)
	}
}

func TestResolve(t *testing.T) {
	each(t, func(w *world) {
		w.fails("without a policy", "/agent.json", clientdoc.ErrUnknown)
		w.policy(w.site.URL+"/*", "https://*.example/*")
		if w.asked.Load() != 0 {
			w.T.Fatal("asked without a policy")
		}
		for range 3 {
			c, err := w.resolve("/agent.json")
			if err != nil {
				w.T.Fatal(err)
			}
			if c.ID != w.app.ID || c.HasSecret() || !c.Stranger() || c.DocumentURL() != w.site.URL+"/agent.json" || c.Document.Name != "Agent" || !c.Document.Refreshes ||
				!slices.Equal(c.Config.CallbackURLs, []string{"http://localhost:3334/cb"}) || !slices.Equal(c.Config.AllowedOAuthFlows, []cognitoidp.OAuthFlowType{"code"}) ||
				!slices.Equal(c.Scopes, []string{"openid", "email"}) {
				w.T.Errorf("%+v %s", c, c.Config.AppendJSON(nil))
			}
		}
		if n := w.asked.Load(); n != 1 {
			w.T.Errorf("asked %d times", n)
		}
		if _, c, err := w.Pools.PoolClient(w.Ctx, w.p.ID, w.app.ID); err != nil || !slices.Equal(c.Config.CallbackURLs, []string{"https://own.example/cb"}) || c.Stranger() {
			w.T.Errorf("the app client itself has changed: %v %v", c, err)
		}
		w.fails("no path", "", clientdoc.ErrUnknown)
		w.fails("a query", "/agent.json?x", clientdoc.ErrUnknown)
		w.fails("a fragment", "/agent.json#x", clientdoc.ErrUnknown)
	})
}

// TestCaching: documents are kept as long as they say within bounds, else as long as the policy says.
func TestCaching(t *testing.T) {
	w := quick(t)
	p := w.policy(w.site.URL + "/*")
	for header, want := range map[string]time.Duration{
		"": 24 * time.Hour, "max-age=86400": 24 * time.Hour, "public, Max-Age=172800": 48 * time.Hour, "max-age=86399": 24 * time.Hour,
		"max-age=31556952": 31556952 * time.Second, "max-age=31556953": 24 * time.Hour, "max-age=x": 24 * time.Hour, "no-store": 24 * time.Hour,
		`max-age="172800"`: 48 * time.Hour, "max-age=99999999999999999999": 24 * time.Hour,
	} {
		w.answer = func(rw http.ResponseWriter, r *http.Request) {
			rw.Header().Set("Content-Type", "application/json;charset=utf-8")
			if header != "" {
				rw.Header().Set("Cache-Control", header)
			}
			fmt.Fprint(rw, w.document(r.URL.Path))
		}
		before := w.asked.Load()
		for _, step := range []struct {
			wait time.Duration
			asks int64
		}{{0, 1}, {want - time.Second, 1}, {time.Second, 2}} {
			w.Clock.Advance(step.wait)
			if _, err := w.resolve("/kept.json"); err != nil {
				t.Fatal(err)
			}
			if n := w.asked.Load() - before; n != step.asks {
				t.Errorf("%q after %v: asked %d times, want %d", header, step.wait, n, step.asks)
			}
		}
		w.Clock.Advance(400 * 24 * time.Hour)
	}
	cognitotest.Call(w.World, w.API.UpdateCIMDPolicy, &cognitoidp.UpdateCIMDPolicyRequest{
		UserPoolId: w.p.ID, CIMDPolicyId: p.CIMDPolicyId, ClientId: w.app.ID, URLPatterns: p.URLPatterns, CacheDuration: new(int64(172800)),
	})
	w.answer = nil
	if _, err := w.resolve("/policy.json"); err != nil {
		t.Fatal(err)
	}
	list := cognitotest.Call(w.World, w.API.ListClientMetadataURLs, &cognitoidp.ListClientMetadataURLsRequest{UserPoolId: w.p.ID, CIMDPolicyId: p.CIMDPolicyId})
	if len(list.ClientMetadataURLs) != 1 || list.ClientMetadataURLs[0].ExpirationDate.Sub(list.ClientMetadataURLs[0].CachedDate.Time) != 48*time.Hour {
		t.Errorf("%+v", list.ClientMetadataURLs)
	}
}

// TestState: administrators refresh and forget documents.
func TestState(t *testing.T) {
	each(t, func(w *world) {
		p := w.policy(w.site.URL + "/*")
		state := func(action cognitoidp.CIMDCacheActionType, path string) string {
			return cognitotest.Refusal(w.World, w.API.UpdateClientMetadataURLState, &cognitoidp.UpdateClientMetadataURLStateRequest{
				UserPoolId: w.p.ID, CIMDPolicyId: p.CIMDPolicyId, URL: w.site.URL + path, Action: action,
			})
		}
		listed := func() int {
			return len(cognitotest.Call(w.World, w.API.ListClientMetadataURLs, &cognitoidp.ListClientMetadataURLsRequest{UserPoolId: w.p.ID, CIMDPolicyId: p.CIMDPolicyId}).ClientMetadataURLs)
		}
		for _, action := range []cognitoidp.CIMDCacheActionType{"REFRESH", "INVALIDATE"} {
			if got := state(action, "/agent.json"); !strings.HasPrefix(got, "CachedCIMDURLDoesNotExistException: ") {
				w.T.Errorf("%s of nothing: %s", action, got)
			}
		}
		if w.asked.Load() != 0 {
			w.T.Error("a document was fetched that nobody has used")
		}
		w.resolve("/agent.json")
		if got := state("REFRESH", "/agent.json"); got != "" || w.asked.Load() != 2 || listed() != 1 {
			w.T.Errorf("refresh: %s, asked %d times, %d kept", got, w.asked.Load(), listed())
		}
		if got := state("INVALIDATE", "/agent.json"); got != "" || listed() != 0 {
			w.T.Errorf("invalidate: %s, %d kept", got, listed())
		}
		w.resolve("/agent.json")
		w.answer = func(rw http.ResponseWriter, r *http.Request) { http.Error(rw, "gone", http.StatusGone) }
		if got := state("REFRESH", "/agent.json"); !strings.HasPrefix(got, "InvalidParameterException: The client metadata document of ") || listed() != 0 {
			w.T.Errorf("refresh of one that is gone: %s, %d kept", got, listed())
		}
		w.fails("gone", "/agent.json", clientdoc.ErrDocument)
	})
}

// TestEnds: without policy, pattern or app client nobody is let in, though the document is kept.
func TestEnds(t *testing.T) {
	each(t, func(w *world) {
		p := w.policy(w.site.URL + "/*")
		ok := func() {
			w.T.Helper()
			if _, err := w.resolve("/agent.json"); err != nil {
				w.T.Fatal(err)
			}
		}
		update := func(clientID string, patterns ...string) {
			cognitotest.Call(w.World, w.API.UpdateCIMDPolicy, &cognitoidp.UpdateCIMDPolicyRequest{
				UserPoolId: w.p.ID, CIMDPolicyId: p.CIMDPolicyId, ClientId: clientID, URLPatterns: patterns,
			})
		}
		ok()
		update(w.app.ID, w.site.URL+"/other/*")
		w.fails("another pattern", "/agent.json", clientdoc.ErrUnknown)
		update(w.app.ID, w.site.URL+"/*")
		ok()
		other := w.Pool(nil)
		if _, err := w.ClientDocs.Resolve(w.Ctx, other, w.site.URL+"/agent.json"); !errors.Is(err, clientdoc.ErrUnknown) {
			w.T.Errorf("another pool: %v", err)
		}
		if err := w.API.DeleteUserPoolClient(w.Ctx, &cognitoidp.DeleteUserPoolClientRequest{UserPoolId: w.p.ID, ClientId: w.app.ID}); err != nil {
			w.T.Fatal(err)
		}
		w.fails("without app client", "/agent.json", clientdoc.ErrUnknown)
		got := cognitotest.Call(w.World, w.API.DescribeCIMDPolicy, &cognitoidp.DescribeCIMDPolicyRequest{UserPoolId: w.p.ID, CIMDPolicyId: p.CIMDPolicyId})
		if got.CIMDPolicy.ClientId != nil {
			w.T.Errorf("the policy names a client that is gone: %v", *got.CIMDPolicy.ClientId)
		}
		w.app = w.client("openid")
		update(w.app.ID, w.site.URL+"/*")
		ok()
		cognitotest.Call(w.World, w.API.DeleteCIMDPolicy, &cognitoidp.DeleteCIMDPolicyRequest{UserPoolId: w.p.ID, CIMDPolicyId: p.CIMDPolicyId})
		w.fails("without policy", "/agent.json", clientdoc.ErrUnknown)
	})
}

// TestSpecific: of several policies the one counts that says most.
func TestSpecific(t *testing.T) {
	w := quick(t)
	w.policy("https://*")
	first := w.app
	w.app = w.client("openid")
	w.policy(w.site.URL + "/special/*")
	for path, want := range map[string]string{"/special/x": w.app.ID, "/x": first.ID} {
		if c, err := w.resolve(path); err != nil || c.ID != want {
			t.Errorf("%s: %v %v", path, c, err)
		}
	}
}

// TestFetching: answers that are no document.
func TestFetching(t *testing.T) {
	w := quick(t)
	w.policy(w.site.URL + "/*")
	json := func(body string) func(http.ResponseWriter, *http.Request) {
		return func(rw http.ResponseWriter, _ *http.Request) {
			rw.Header().Set("Content-Type", "application/json")
			fmt.Fprint(rw, body)
		}
	}
	for name, answer := range map[string]func(rw http.ResponseWriter, r *http.Request){
		"not found":  http.NotFound,
		"a redirect": func(rw http.ResponseWriter, r *http.Request) { http.Redirect(rw, r, "/good.json", http.StatusFound) },
		"moved": func(rw http.ResponseWriter, r *http.Request) {
			http.Redirect(rw, r, "/good.json", http.StatusPermanentRedirect)
		},
		"no content": func(rw http.ResponseWriter, _ *http.Request) { rw.WriteHeader(http.StatusNoContent) },
		"HTML": func(rw http.ResponseWriter, r *http.Request) {
			rw.Header().Set("Content-Type", "text/html")
			fmt.Fprint(rw, w.document(r.URL.Path))
		},
		"no type": func(rw http.ResponseWriter, r *http.Request) {
			rw.Header()["Content-Type"] = nil
			fmt.Fprint(rw, w.document(r.URL.Path))
		},
		"too large": func(rw http.ResponseWriter, r *http.Request) {
			json(w.document(r.URL.Path)+strings.Repeat(" ", 5<<10))(rw, r)
		},
		"another's": json(w.document("/other.json")),
		"no JSON":   json("<html>"),
		"a failure": func(rw http.ResponseWriter, r *http.Request) {
			rw.WriteHeader(500)
			fmt.Fprint(rw, w.document(r.URL.Path))
		},
		"partial": func(rw http.ResponseWriter, r *http.Request) {
			rw.Header().Set("Content-Type", "application/json")
			rw.WriteHeader(206)
			fmt.Fprint(rw, w.document(r.URL.Path))
		},
		"a broken body": func(rw http.ResponseWriter, r *http.Request) {
			rw.Header().Set("Content-Length", "9999")
			json(w.document(r.URL.Path))(rw, r)
		},
	} {
		w.answer = answer
		w.fails(name, "/"+strings.ReplaceAll(name, " ", "-")+".json", clientdoc.ErrDocument)
	}
	w.answer = func(rw http.ResponseWriter, r *http.Request) {
		rw.Header().Set("Content-Type", "application/cimd+json")
		fmt.Fprint(rw, w.document(r.URL.Path))
	}
	if _, err := w.resolve("/kind.json"); err != nil {
		t.Errorf("a kind of JSON: %v", err)
	}
}

// TestSlow: a document has five seconds.
func TestSlow(t *testing.T) {
	w := quick(t)
	w.policy(w.site.URL + "/*")
	release := make(chan struct{})
	defer close(release)
	w.answer = func(rw http.ResponseWriter, r *http.Request) {
		rw.Header().Set("Content-Type", "application/json")
		fmt.Fprint(rw, "{")
		rw.(http.Flusher).Flush()
		select {
		case <-release:
		case <-r.Context().Done():
		}
	}
	begun := time.Now()
	w.fails("slow", "/slow.json", clientdoc.ErrDocument)
	if took := time.Since(begun); took > 8*time.Second {
		t.Errorf("it took %v", took)
	}
}

// TestFailuresAreRemembered: what was not to be had a moment ago is not asked for again, whoever asks.
func TestFailuresAreRemembered(t *testing.T) {
	w := quick(t)
	w.policy(w.site.URL + "/*")
	w.answer = http.NotFound
	for range 5 {
		w.fails("not there", "/later.json", clientdoc.ErrDocument)
	}
	if n := w.asked.Load(); n != 1 {
		t.Errorf("asked %d times", n)
	}
	w.answer = nil
	w.fails("a moment later", "/later.json", clientdoc.ErrDocument)
	w.Clock.Advance(31 * time.Second)
	if _, err := w.resolve("/later.json"); err != nil {
		t.Error(err)
	}
}

// TestBudget: a source can have only so many documents fetched.
func TestBudget(t *testing.T) {
	limits := guard.Limits{SourceSignUps: limit.Rate{Max: 2, Per: time.Hour}}
	w := newWorld(t, dbtest.SQLite(t, rooms.Migrations()), cognitotest.Options{Limits: limits})
	w.policy(w.site.URL + "/*")
	here := w.From("198.51.100.1")
	for i := range 4 {
		_, err := w.ClientDocs.Resolve(here.Ctx, w.p, fmt.Sprintf("%s/%d.json", w.site.URL, i))
		var over *limit.Over
		if errors.As(err, &over) != (i >= 2) {
			t.Errorf("%d: %v", i, err)
		}
	}
	if _, err := w.ClientDocs.Resolve(here.Ctx, w.p, w.site.URL+"/0.json"); err != nil {
		t.Errorf("one that is kept: %v", err)
	}
	if _, err := w.ClientDocs.Resolve(w.From("198.51.100.2").Ctx, w.p, w.site.URL+"/9.json"); err != nil {
		t.Errorf("another source: %v", err)
	}
}

// names answers for names with addresses that a stranger chose.
type names map[string][]string

func (n names) LookupNetIP(_ context.Context, _, host string) (out []netip.Addr, err error) {
	for _, a := range n[host] {
		out = append(out, netip.MustParseAddr(a))
	}
	return out, nil
}

// TestGuarded: the strict client never reaches what is not on the Internet, by whatever name, and nobody is told what is there.
func TestGuarded(t *testing.T) {
	resolver := names{
		"loop.example": {"127.0.0.1"}, "loop6.example": {"::1"}, "private.example": {"10.0.0.1"}, "private2.example": {"192.168.1.1"}, "cgnat.example": {"100.64.0.1"},
		"metadata.example": {"169.254.169.254"}, "link6.example": {"fe80::1"}, "ula.example": {"fd00::1"}, "mapped.example": {"::ffff:127.0.0.1"}, "any.example": {"0.0.0.0"},
		"both.example": {"93.184.216.34", "127.0.0.1"}, "nat64.example": {"64:ff9b::7f00:1"}, "multi.example": {"224.0.0.1"}, "none.example": nil, "sixtofour.example": {"2002:7f00:1::1"},
	}
	w := newWorld(t, dbtest.SQLite(t, rooms.Migrations()), cognitotest.Options{Documents: clientdoc.NewClient(httpkit.ClientOptions{Resolver: resolver})})
	w.policy("https://*")
	port := w.site.URL[strings.LastIndexByte(w.site.URL, ':')+1:]
	for host := range resolver {
		address := "https://" + host + ":" + port + "/client.json"
		if _, err := w.ClientDocs.Resolve(w.Ctx, w.p, address); !errors.Is(err, clientdoc.ErrDocument) || host != "none.example" && !errors.Is(err, httpkit.ErrForbiddenAddress) {
			t.Errorf("%s: %v", host, err)
		}
	}
	for _, address := range []string{
		"https://127.0.0.1:" + port + "/client.json", "https://[::1]:" + port + "/client.json", "https://127.1:" + port + "/c.json", "https://2130706433:" + port + "/c",
		"https://0x7f000001/client.json", "https://0177.0.0.1/client.json", "https://[::ffff:127.0.0.1]/c", "https://169.254.169.254/latest/meta-data", "https://127.0.0.1./client.json",
	} {
		if _, err := w.ClientDocs.Resolve(w.Ctx, w.p, address); err == nil || !errors.Is(err, httpkit.ErrForbiddenAddress) && !errors.Is(err, clientdoc.ErrUnknown) {
			t.Errorf("%s: %v", address, err)
		}
	}
	if n := w.asked.Load(); n != 0 {
		t.Errorf("the server on this machine was asked %d times", n)
	}
}

// TestTogether: many who come at once for one document get it, and the policy that goes meanwhile keeps nothing.
func TestTogether(t *testing.T) {
	each(t, func(w *world) {
		p := w.policy(w.site.URL + "/*")
		var wg sync.WaitGroup
		w.answer = func(rw http.ResponseWriter, r *http.Request) {
			time.Sleep(200 * time.Millisecond)
			rw.Header().Set("Content-Type", "application/json")
			fmt.Fprint(rw, w.document(r.URL.Path))
		}
		for range 20 {
			wg.Go(func() {
				if c, err := w.resolve("/agent.json"); err != nil || c.Document == nil {
					w.T.Errorf("%v %v", c, err)
				}
			})
		}
		wg.Wait()
		if n := w.asked.Load(); n > 2 {
			w.T.Errorf("20 who came together asked %d times", n)
		}
		w.answer = func(rw http.ResponseWriter, r *http.Request) {
			cognitotest.Call(w.World, w.API.DeleteCIMDPolicy, &cognitoidp.DeleteCIMDPolicyRequest{UserPoolId: w.p.ID, CIMDPolicyId: p.CIMDPolicyId})
			rw.Header().Set("Content-Type", "application/json")
			fmt.Fprint(rw, w.document(r.URL.Path))
		}
		w.resolve("/late.json")
		w.answer = nil
		w.fails("after the policy", "/late.json", clientdoc.ErrUnknown)
	})
}

// TestPolicies: making, changing, listing and deleting policies.
func TestPolicies(t *testing.T) {
	each(t, func(w *world) {
		made := w.policy("https://a.example/*")
		if len(made.CIMDPolicyId) == 0 || *made.ClientId != w.app.ID || *made.CacheDuration != 86400 || made.UserPoolId != w.p.ID || made.CreationDate == nil {
			w.T.Errorf("%+v", made)
		}
		w.Clock.Advance(time.Minute)
		changed := cognitotest.Call(w.World, w.API.UpdateCIMDPolicy, &cognitoidp.UpdateCIMDPolicyRequest{
			UserPoolId: w.p.ID, CIMDPolicyId: made.CIMDPolicyId, ClientId: w.app.ID, URLPatterns: []string{"https://b.example/*"}, PolicyName: new("others"),
		}).CIMDPolicy
		if changed.PolicyName != "others" || *changed.CacheDuration != 86400 || !changed.CreationDate.Equal(made.CreationDate.Time) || !changed.LastModifiedDate.After(made.CreationDate.Time) {
			w.T.Errorf("%+v", changed)
		}
		for i := range 49 {
			w.policy(fmt.Sprintf("https://c%d.example/*", i))
		}
		in := &cognitoidp.CreateCIMDPolicyRequest{UserPoolId: w.p.ID, ClientId: w.app.ID, PolicyName: "x", URLPatterns: []string{"https://d.example/*"}}
		if got := cognitotest.Refusal(w.World, w.API.CreateCIMDPolicy, in); !strings.HasPrefix(got, "LimitExceededException") {
			w.T.Errorf("too many: %s", got)
		}
		seen, token := map[string]bool{}, (*string)(nil)
		for {
			page := cognitotest.Call(w.World, w.API.ListCIMDPolicies, &cognitoidp.ListCIMDPoliciesRequest{UserPoolId: w.p.ID, MaxResults: new(int64(20)), NextToken: token})
			for _, p := range page.CIMDPolicies {
				seen[p.CIMDPolicyId] = true
			}
			if token = page.NextToken; token == nil {
				break
			}
		}
		if len(seen) != 50 || !seen[made.CIMDPolicyId] {
			w.T.Errorf("listed %d", len(seen))
		}
	})
}

// TestPolicyRefusals: policies that there cannot be.
func TestPolicyRefusals(t *testing.T) {
	w := quick(t)
	w.policy("https://taken.example/*")
	confidential := w.Client(w.p, func(in *cognitoidp.CreateUserPoolClientRequest) { in.GenerateSecret = new(true) })
	other := w.Pool(nil)
	foreign := w.Client(other, nil)
	for name, tc := range map[string]struct {
		change func(in *cognitoidp.CreateCIMDPolicyRequest)
		want   string
	}{
		"a pool that is not there":   {func(in *cognitoidp.CreateCIMDPolicyRequest) { in.UserPoolId = "us-east-1_none" }, "ResourceNotFoundException: User pool us-east-1_none"},
		"a client that is not there": {func(in *cognitoidp.CreateCIMDPolicyRequest) { in.ClientId = "none" }, "ResourceNotFoundException: User pool client none"},
		"another pool's client":      {func(in *cognitoidp.CreateCIMDPolicyRequest) { in.ClientId = foreign.ID }, "ResourceNotFoundException: User pool client"},
		"a client with a secret":     {func(in *cognitoidp.CreateCIMDPolicyRequest) { in.ClientId = confidential.ID }, "InvalidParameterException: Client " + confidential.ID},
		"a pattern without a path":   {func(in *cognitoidp.CreateCIMDPolicyRequest) { in.URLPatterns = []string{"https://a.example*"} }, "InvalidParameterException: The URL pattern https://a.example* has no path"},
		"a pattern twice": {func(in *cognitoidp.CreateCIMDPolicyRequest) {
			in.URLPatterns = []string{"https://a.example/*", "https://a.example/*"}
		}, "InvalidParameterException: The URL pattern https://a.example/* is listed twice."},
		"another policy's pattern": {func(in *cognitoidp.CreateCIMDPolicyRequest) { in.URLPatterns = []string{"https://taken.example/*"} }, "InvalidParameterException: The URL pattern https://taken.example/* belongs to"},
		"too short":                {func(in *cognitoidp.CreateCIMDPolicyRequest) { in.CacheDuration = new(int64(86399)) }, "InvalidParameterException: CacheDuration"},
		"too long":                 {func(in *cognitoidp.CreateCIMDPolicyRequest) { in.CacheDuration = new(int64(31556953)) }, "InvalidParameterException: CacheDuration"},
	} {
		in := &cognitoidp.CreateCIMDPolicyRequest{UserPoolId: w.p.ID, ClientId: w.app.ID, PolicyName: "x", URLPatterns: []string{"https://b.example/*"}}
		tc.change(in)
		if got := cognitotest.Refusal(w.World, w.API.CreateCIMDPolicy, in); !strings.HasPrefix(got, tc.want) {
			t.Errorf("%s: %s", name, got)
		}
	}
	none := "ResourceNotFoundException: CIMD policy none does not exist."
	cognitotest.Refused(w.World, none, w.API.DescribeCIMDPolicy, &cognitoidp.DescribeCIMDPolicyRequest{UserPoolId: w.p.ID, CIMDPolicyId: "none"})
	cognitotest.Refused(w.World, none, w.API.DeleteCIMDPolicy, &cognitoidp.DeleteCIMDPolicyRequest{UserPoolId: w.p.ID, CIMDPolicyId: "none"})
	cognitotest.Refused(w.World, none, w.API.ListClientMetadataURLs, &cognitoidp.ListClientMetadataURLsRequest{UserPoolId: w.p.ID, CIMDPolicyId: "none"})
	cognitotest.Refused(w.World, "InvalidParameterException: Invalid NextToken.", w.API.ListCIMDPolicies, &cognitoidp.ListCIMDPoliciesRequest{UserPoolId: w.p.ID, NextToken: new("x")})

	lite := func(id string) string {
		return cognitotest.Refusal(w.World, w.API.UpdateUserPool, &cognitoidp.UpdateUserPoolRequest{UserPoolId: id, UserPoolTier: new(cognitoidp.UserPoolTierTypeLite)})
	}
	if got := lite(w.p.ID); got != "TierChangeNotAllowedException: The following features need to be disabled for the LITE pricing tier configured: Client ID Metadata Documents" {
		t.Errorf("down to LITE: %s", got)
	}
	if got := lite(other.ID); got != "" {
		t.Errorf("another pool: %s", got)
	}
	in := &cognitoidp.CreateCIMDPolicyRequest{UserPoolId: other.ID, ClientId: foreign.ID, PolicyName: "x", URLPatterns: []string{"https://b.example/*"}}
	if got := cognitotest.Refusal(w.World, w.API.CreateCIMDPolicy, in); !strings.HasPrefix(got, "FeatureUnavailableInTierException: ") {
		t.Errorf("on LITE: %s", got)
	}
}
