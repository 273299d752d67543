package clientdoc_test

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"cognate/internal/api/cognitoidp"
	"cognate/internal/core/clientdoc"
	"cognate/internal/testkit/cognitotest"
)

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
