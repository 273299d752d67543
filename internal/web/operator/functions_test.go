package operator

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"cognate/internal/base/lambda"
)

const functionARN = "arn:aws:lambda:eu-west-1:123456789012:function:trigger"

// routed is a real router behind the interface; the far side is a webhook.
type routed struct{ *lambda.Router }

func (r routed) Put(f lambda.Function) error { return r.Router.Put("test", f) }

func newFunctions(t *testing.T) (routed, lambda.Function) {
	t.Helper()
	far := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = w.Write([]byte(`{"text":"<script>alert(1)</script>","userName":"ana"}`))
	}))
	t.Cleanup(far.Close)
	r := lambda.NewRouter(lambda.Options{History: 10})
	t.Cleanup(r.Close)
	return routed{r}, lambda.Function{ARN: functionARN, Webhook: &lambda.Webhook{URL: far.URL, Secret: "0123456789abcdef", AllowPrivate: true}}
}

const token = "the-token-of-the-data-folder"

func ask(h http.Handler, method, target, body string, edit func(*http.Request)) *httptest.ResponseRecorder {
	r := httptest.NewRequestWithContext(context.Background(), method, target, strings.NewReader(body))
	r.Host, r.RemoteAddr = "localhost:7654", "127.0.0.1:40000"
	r.Header.Set("Authorization", "Bearer "+token)
	if edit != nil {
		edit(r)
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

func TestFunctions(t *testing.T) {
	fns, f := newFunctions(t)
	h := Handler(Deps{Functions: fns, Token: token})
	text, err := json.Marshal(f)
	if err != nil {
		t.Fatal(err)
	}
	for _, step := range []struct {
		method, target, body string
		status               int
		contains             string
	}{
		{"GET", "/_cognate/functions", "", 200, `{"functions":[]}`},
		{"POST", "/_cognate/functions/invoke?arn=" + functionARN, "{}", 404, "not configured"},
		{"PUT", "/_cognate/functions", string(text), 200, `"secret":"***"`},
		{"PUT", "/_cognate/functions", `{"arn":"x"}`, 400, "exactly one"},
		{"PUT", "/_cognate/functions", `{"arn":"x","other":1}`, 400, "unknown field"},
		{"PUT", "/_cognate/functions", `{"arn":"` + functionARN + `","local":{"path":"/x","runtime":"go"}}`, 400, "not permitted"},
		{"GET", "/_cognate/functions", "", 200, functionARN},
		{"POST", "/_cognate/functions/invoke?arn=" + functionARN, `{"userName":"ana"}`, 200, `"payload":{"text":"<script>`},
		{"POST", "/_cognate/functions/invoke?arn=" + functionARN, `{`, 400, "JSON"},
		{"GET", "/_cognate/functions/logs?arn=" + functionARN, "", 200, `{"lines":[]}`},
		{"GET", "/_cognate/functions/logs?arn=none", "", 404, "no such function"},
		{"GET", "/_cognate/invocations?format=json", "", 200, `"event":{"userName":"ana"}`},
		{"DELETE", "/_cognate/functions?arn=" + functionARN, "", 200, functionARN},
		{"DELETE", "/_cognate/functions?arn=" + functionARN, "", 404, "no such function"},
	} {
		w := ask(h, step.method, step.target, step.body, nil)
		if w.Code != step.status || !strings.Contains(w.Body.String(), step.contains) {
			t.Errorf("%s %s: %d %s, want %d %s", step.method, step.target, w.Code, w.Body, step.status, step.contains)
		}
	}
}

func TestInvocationsPage(t *testing.T) {
	fns, f := newFunctions(t)
	if err := fns.Put(f); err != nil {
		t.Fatal(err)
	}
	event := `{"userName":"</pre><script>alert(2)</script>"}`
	if _, err := fns.Invoke(context.Background(), lambda.Invocation{ARN: functionARN, Payload: []byte(event)}); err != nil {
		t.Fatal(err)
	}
	if _, err := fns.Invoke(context.Background(), lambda.Invocation{ARN: `"><script>alert(3)</script>`, Payload: []byte(`{}`)}); err == nil {
		t.Fatal("invoked nothing")
	}
	w := ask(Handler(Deps{Functions: fns, Token: token}), "GET", `/_cognate/invocations`, "", browser)
	page := w.Body.String()
	if w.Code != 200 || strings.Contains(page, "<script>") || !strings.Contains(page, functionARN) || !strings.Contains(page, "not configured") {
		t.Errorf("%d %s", w.Code, page)
	}
	csp := w.Header().Get("Content-Security-Policy")
	if !strings.Contains(csp, "default-src 'none'") || strings.Contains(csp, "unsafe") {
		t.Errorf("policy %q", csp)
	}
	w = ask(Handler(Deps{Functions: fns, Token: token}), "GET", `/_cognate/invocations?arn=%22%3E%3Cscript%3E`, "", browser)
	if strings.Contains(w.Body.String(), "<script>") {
		t.Error(w.Body)
	}
}

// TestFunctionGuard: to put a function is to run a program, and events hold
// passwords, so no web page, no other machine and no other user may.
func TestFunctionGuard(t *testing.T) {
	fns, f := newFunctions(t)
	text, err := json.Marshal(f)
	if err != nil {
		t.Fatal(err)
	}
	names := named(t, "auth.example.com", "cognate")
	host := func(name string) func(*http.Request) { return func(r *http.Request) { r.Host = name } }
	header := func(name, value string) func(*http.Request) {
		return func(r *http.Request) { r.Header.Set(name, value) }
	}
	for _, c := range []struct {
		name   string
		method string
		remote bool
		edit   func(*http.Request)
		want   int
	}{
		{"plain", "PUT", false, nil, 200},
		{"no token", "PUT", false, func(r *http.Request) { r.Header.Del("Authorization") }, 401},
		{"no token, reads", "GET", false, func(r *http.Request) { r.Header.Del("Authorization") }, 401},
		{"wrong token", "GET", false, header("Authorization", "Bearer the-token-of-the-data-foldeR"), 401},
		{"empty token", "GET", false, header("Authorization", "Bearer "), 401},
		{"token as a password", "GET", false, header("Authorization", "Basic "+token), 401},
		{"by address", "PUT", false, host("127.0.0.1:7654"), 200},
		{"by address, version 6", "PUT", false, host("[::1]:7654"), 200},
		{"by public name", "PUT", false, host("Auth.Example.com"), 200},
		{"below localhost", "PUT", false, host("x.localhost:1"), 200},
		{"name that was allowed", "PUT", false, host("cognate:7654"), 200},
		{"name without dots", "PUT", false, host("other:7654"), 403},
		{"rebound name", "PUT", false, host("evil.example:7654"), 403},
		{"rebound name reads", "GET", false, host("evil.example:7654"), 403},
		{"name that begins well", "GET", false, host("localhost.evil.example"), 403},
		{"no host", "GET", false, host(""), 403},
		{"foreign origin", "PUT", false, header("Origin", "https://evil.example"), 403},
		{"foreign page", "PUT", false, header("Sec-Fetch-Site", "cross-site"), 403},
		{"another machine", "PUT", false, func(r *http.Request) { r.RemoteAddr = "192.0.2.1:1" }, 403},
		{"another machine reads", "GET", false, func(r *http.Request) { r.RemoteAddr = "192.0.2.1:1" }, 200},
		{"another machine, permitted", "PUT", true, func(r *http.Request) { r.RemoteAddr = "192.0.2.1:1" }, 200},
		{"proxy here", "PUT", false, header("X-Forwarded-For", "192.0.2.1"), 403},
		{"mapped loopback", "PUT", false, func(r *http.Request) { r.RemoteAddr = "[::ffff:127.0.0.1]:1" }, 200},
	} {
		h := Handler(Deps{Functions: fns, Token: token, Names: names, RemoteFunctions: c.remote})
		if w := ask(h, c.method, "/_cognate/functions", string(text), c.edit); w.Code != c.want {
			t.Errorf("%s: %d %s, want %d", c.name, w.Code, w.Body, c.want)
		}
	}
	for _, target := range []string{"/_cognate/functions", "/_cognate/functions/logs?arn=x", "/_cognate/invocations", "/_cognate/invocations?format=json"} {
		h := Handler(Deps{Functions: fns}) // a server without a token takes none
		if w := ask(h, "GET", target, "", header("Authorization", "Bearer ")); w.Code != 401 || w.Header().Get("WWW-Authenticate") == "" {
			t.Errorf("%s: %d", target, w.Code)
		}
	}
	if w := ask(Handler(Deps{}), "GET", "/_cognate/functions", "", nil); w.Code != 404 {
		t.Errorf("outside dev: %d", w.Code)
	}
}

// browser asks as one that shows a page to a person.
func browser(r *http.Request) { r.Header.Set("Accept", "text/html,application/xhtml+xml") }
