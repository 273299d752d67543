package operator

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"cognate/internal/core/message"
)

func withPools() Deps {
	d := dev()
	d.PublicURL, d.BasePath, d.Names = "https://example.com/auth", "/auth", mustNames("example.com")
	d.Pools = func(context.Context) ([]PoolView, bool, error) {
		return []PoolView{{ID: "us-east-1_a", Name: "<b>shop</b>", Region: "us-east-1", Issuer: "https://example.com/auth/us-east-1_a", Clients: []ClientView{
			{ID: "secretive", Name: "api", Secret: true}, {ID: "public", Name: "web", Flows: []string{"ALLOW_USER_SRP_AUTH"}},
		}}}, true, nil
	}
	return d
}

// TestPages: every page links to the others below the path of the public URL, and has nothing inline.
func TestPages(t *testing.T) {
	fns, _ := newFunctions(t)
	d := withPools()
	d.Functions, d.Token = fns, token
	inner, root := Handler(d), Start(d)
	inline := regexp.MustCompile(`<script>|<style|style=|onclick|javascript:`)
	for _, path := range []string{"/", "/_cognate/", "/_cognate/inbox", "/_cognate/inbox?id=2", "/_cognate/functions", "/_cognate/invocations"} {
		h := inner
		if path == "/" {
			h = root
		}
		w := ask(h, "GET", path, "", browser)
		text := w.Body.String()
		for _, other := range []string{"/", "/_cognate/", "/_cognate/inbox", "/_cognate/functions", "/_cognate/invocations"} {
			if !strings.Contains(text, `href="/auth`+other+`"`) {
				t.Errorf("%s does not link to %s", path, other)
			}
		}
		if w.Code != 200 || inline.MatchString(text) || strings.Contains(text, `="/_cognate`) || w.Header().Get("Content-Security-Policy") != pagePolicy {
			t.Errorf("%s: %d %v\n%s", path, w.Code, w.Header(), text)
		}
	}
}

func TestStartPage(t *testing.T) {
	h := Start(withPools())
	text := ask(h, "GET", "/", "", browser).Body.String()
	for _, want := range []string{"&lt;b&gt;shop&lt;/b&gt;", "us-east-1_a", "secretive", "initiate-auth --client-id public", "userPoolClientId: &#34;public&#34;",
		"endpoint_url=&#34;https://example.com/auth&#34;", "More are not shown"} {
		if !strings.Contains(text, want) {
			t.Errorf("no %s in\n%s", want, text)
		}
	}
	if text := ask(h, "GET", "/?client=secretive", "", browser).Body.String(); strings.Contains(text, "Amplify.configure") || !strings.Contains(text, "boto3") {
		t.Error("a client with a secret is shown in a page's code")
	}
	if w := ask(h, "GET", "/", "", func(r *http.Request) { r.Host = "evil.example" }); w.Code != 403 {
		t.Errorf("by a name of a stranger: %d", w.Code)
	}
	broken := withPools()
	broken.Pools = func(context.Context) ([]PoolView, bool, error) { return nil, false, errors.New("no database") }
	if w := ask(Start(broken), "GET", "/", "", browser); w.Code != 500 {
		t.Errorf("broken: %d", w.Code)
	}
}

func TestHealthPage(t *testing.T) {
	for want, err := range map[int]error{200: nil, 503: errors.New("no database at 10.0.0.7")} {
		w := ask(Start(Deps{Ready: func(context.Context) error { return err }}), "GET", "/", "", func(r *http.Request) { r.Host = "whatever.example" })
		if w.Code != want || strings.Contains(w.Body.String(), "10.0.0.7") || strings.Contains(w.Body.String(), "_cognate") || !strings.Contains(w.Body.String(), "<h1>") {
			t.Errorf("%d: %d %s", want, w.Code, w.Body)
		}
	}
}

func TestPageIsForPeople(t *testing.T) {
	for name, c := range map[string]struct {
		method string
		head   []string
		want   bool
	}{
		"browser": {"GET", []string{"Accept", "text/html,*/*"}, true}, "curl": {"GET", []string{"Accept", "*/*"}, false},
		"nothing": {"GET", nil, false}, "post": {"POST", []string{"Accept", "text/html"}, false},
		"signed": {"GET", []string{"Accept", "text/html", "Authorization", "AWS4-HMAC-SHA256 x"}, false},
		"target": {"GET", []string{"Accept", "text/html", "X-Amz-Target", "x"}, false},
	} {
		r := httptest.NewRequest(c.method, "/", nil)
		for i := 0; i+1 < len(c.head); i += 2 {
			r.Header.Set(c.head[i], c.head[i+1])
		}
		if Page(r) != c.want {
			t.Error(name)
		}
	}
}

// TestMailFrame: what somebody else wrote runs nothing and loads nothing that nobody asked for.
func TestMailFrame(t *testing.T) {
	h := Handler(dev())
	policy := ask(h, "GET", "/_cognate/inbox/3/html", "", nil).Header().Get("Content-Security-Policy")
	if !strings.Contains(policy, "default-src 'none'") || !strings.Contains(policy, "img-src data:;") || !strings.Contains(policy, "sandbox allow-popups allow-popups-to-escape-sandbox") ||
		strings.Contains(policy, "script") || !strings.Contains(policy, "form-action 'none'") {
		t.Error(policy)
	}
	if policy := ask(h, "GET", "/_cognate/inbox/3/html?remote=1", "", nil).Header().Get("Content-Security-Policy"); !strings.Contains(policy, "img-src data: https: http:;") || strings.Contains(policy, "script") {
		t.Error(policy)
	}
}

func TestDeleteByForm(t *testing.T) {
	d := withPools()
	h := Handler(d)
	form := func(r *http.Request) { r.Header.Set("Content-Type", "application/x-www-form-urlencoded") }
	w := ask(h, "POST", "/_cognate/inbox/delete", url.Values{"id": {"2"}, "back": {"q=code"}}.Encode(), form)
	if list, _ := d.Inbox.Inbox(t.Context(), "", ""); w.Code != 303 || w.Header().Get("Location") != "/auth/_cognate/inbox?q=code" || len(list) != 2 {
		t.Errorf("%d %v %v", w.Code, w.Header(), list)
	}
	ask(h, "POST", "/_cognate/inbox/delete", "userPoolId=p2", form)
	if list, _ := d.Inbox.Inbox(t.Context(), "", ""); len(list) != 1 || list[0].ID != "3" {
		t.Error(list)
	}
	for _, edit := range []func(*http.Request){
		func(r *http.Request) { form(r); r.Header.Set("Origin", "https://evil.example") },
		func(r *http.Request) { form(r); r.Header.Set("Sec-Fetch-Site", "cross-site") },
		func(r *http.Request) { form(r); r.Host = "evil.example" },
	} {
		if w := ask(h, "POST", "/_cognate/inbox/delete", "", edit); w.Code != 403 {
			t.Errorf("by a foreign page: %d", w.Code)
		}
	}
}

// TestInboxChanges: who watches is told of the state at once and of every change, until the server stops.
func TestInboxChanges(t *testing.T) {
	d := dev()
	leaving := make(chan struct{})
	d.Leaving = leaving
	server := httptest.NewServer(Handler(d))
	defer server.Close()
	resp, err := http.Get(server.URL + "/_cognate/inbox/changes")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	next := func() string {
		b := make([]byte, 1024)
		n, _ := resp.Body.Read(b)
		return string(b[:n])
	}
	if got := next(); !strings.HasPrefix(got, "event: change\nid: 3\n") {
		t.Fatalf("%q", got)
	}
	if err := d.Inbox.(*letters).EmptyInbox(t.Context(), []string{"3"}); err != nil {
		t.Fatal(err)
	}
	if got := next(); !strings.HasPrefix(got, "event: change\nid: 2\n") {
		t.Fatalf("%q", got)
	}
	close(leaving)
	done := make(chan struct{})
	go func() { next(); close(done) }()
	select {
	case <-done:
	case <-time.After(5 * time.Second):
		t.Fatal("the stream holds the server up")
	}
}

// TestUnlock: a browser is let in by the token, to look and no more.
func TestUnlock(t *testing.T) {
	fns, f := newFunctions(t)
	d := Deps{Functions: fns, Token: token, PublicURL: "https://localhost/x", BasePath: "/x"}
	h := Handler(d)
	locked := ask(h, "GET", "/_cognate/invocations", "", func(r *http.Request) { browser(r); r.Header.Del("Authorization") })
	if locked.Code != 401 || !strings.Contains(locked.Body.String(), `action="/x/_cognate/unlock"`) {
		t.Fatalf("%d %s", locked.Code, locked.Body)
	}
	post := func(text string) *httptest.ResponseRecorder {
		return ask(h, "POST", "/_cognate/unlock", url.Values{"token": {text}, "to": {"/_cognate/invocations"}}.Encode(), func(r *http.Request) {
			r.Header.Del("Authorization")
			r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		})
	}
	if w := post("wrong"); w.Code != 401 || len(w.Result().Cookies()) != 0 {
		t.Errorf("wrong: %d", w.Code)
	}
	w := post(token + "\n")
	if w.Code != 303 || w.Header().Get("Location") != "/x/_cognate/invocations" || len(w.Result().Cookies()) != 1 {
		t.Fatalf("%d %v", w.Code, w.Header())
	}
	c := w.Result().Cookies()[0]
	if !c.HttpOnly || !c.Secure || c.SameSite != http.SameSiteStrictMode || c.Path != "/x/_cognate/" || strings.Contains(c.Value, token) {
		t.Error(c)
	}
	with := func(r *http.Request) { r.Header.Del("Authorization"); r.AddCookie(c) }
	if w := ask(h, "GET", "/_cognate/functions", "", with); w.Code != 200 {
		t.Errorf("reads: %d", w.Code)
	}
	for _, c := range []struct{ method, target string }{{"PUT", "/_cognate/functions"}, {"DELETE", "/_cognate/functions?arn=" + f.ARN}, {"POST", "/_cognate/functions/invoke?arn=" + f.ARN}} {
		if w := ask(h, c.method, c.target, "{}", with); w.Code != 401 {
			t.Errorf("%s %s: %d", c.method, c.target, w.Code)
		}
	}
}

func TestFind(t *testing.T) {
	if got := (find{Text: "a b", To: "x@y"}).query("id", "7", "view", ""); got != "id=7&q=a+b&to=x%40y" {
		t.Error(got)
	}
	if s := source(message.InboxMessage{ID: "1", To: "a@b", Body: "text"}); !strings.Contains(s, "text/plain") || !strings.HasSuffix(s, "\n\ntext\n") {
		t.Error(s)
	}
}
