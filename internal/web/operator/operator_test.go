package operator

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"cognate/internal/base/clock"
	"cognate/internal/core/message"
)

// letters is an inbox with fixed content.
type letters struct {
	list []message.InboxMessage
	err  error
}

func (l *letters) Inbox(_ context.Context, to, poolID string) (out []message.InboxMessage, _ error) {
	for _, m := range l.list {
		if (to == "" || m.To == to) && (poolID == "" || m.UserPoolID == poolID) {
			out = append(out, m)
		}
	}
	return out, l.err
}

func (l *letters) InboxState(context.Context) (string, error) { return fmt.Sprint(len(l.list)), l.err }

func (l *letters) EmptyInbox(_ context.Context, ids []string) error {
	l.list = slices.DeleteFunc(l.list, func(m message.InboxMessage) bool { return slices.Contains(ids, m.ID) })
	return l.err
}

func (l *letters) InboxCode(ctx context.Context, to, poolID string) (string, error) {
	list, err := l.Inbox(ctx, to, poolID)
	for _, m := range list {
		if m.Code != "" {
			return m.Code, err
		}
	}
	return "", err
}

// shelf keeps names of snapshots.
type shelf map[string]int

func (s shelf) Save(_ context.Context, name string) error { s[name]++; return nil }
func (s shelf) Restore(_ context.Context, name string) error {
	if s[name] == 0 {
		return ErrNoSnapshot
	}
	if name == "broken" {
		return errors.New("disk on fire")
	}
	return nil
}
func (s shelf) Names(context.Context) ([]string, error) {
	var names []string
	for n := range s {
		names = append(names, n)
	}
	return names, nil
}

func ready(context.Context) error { return nil }

var start = time.Date(2026, 1, 7, 3, 4, 5, 0, time.UTC)

func dev() Deps {
	return Deps{
		Ready: ready, Clock: clock.Frozen(start), Snapshots: shelf{"broken": 1},
		Metrics: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("up 1\n")) }),
		Inbox: &letters{list: []message.InboxMessage{
			{ID: "3", To: "ana@example.com", UserPoolID: "p1", Subject: "no code", Body: "<script>alert(1)</script>", HTML: "<p><script>alert(1)</script><img src=https://x.example/y>"},
			{ID: "2", To: "ana@example.com", UserPoolID: "p1", Medium: message.Email, Code: "654321", Body: "Your code is 654321.", Links: []string{"https://a.example/x"}, CreatedAt: start},
			{ID: "1", To: "+14155550100", UserPoolID: "p2", Medium: message.SMS, Code: "111111"},
		}},
	}
}

func TestEndpoints(t *testing.T) {
	h := Handler(dev())
	for _, c := range []struct {
		method, target, body string
		status               int
		contains             string
	}{
		{"GET", "/_cognate/health", "", 200, `{"status":"ok"}`},
		{"GET", "/_cognate/ready", "", 200, `{"status":"ready"}`},
		{"GET", "/_cognate/metrics", "", 200, "up 1"},
		{"POST", "/_cognate/health", "", 404, "nothing here"},
		{"GET", "/_cognate/secret", "", 404, "nothing here"},
		{"GET", "/_cognate/functions", "", 404, "nothing here"},

		{"GET", "/_cognate/inbox?id=3&view=text", "", 200, "&lt;script&gt;"},
		{"GET", "/_cognate/inbox?format=json", "", 200, `"code":"654321"`},
		{"GET", "/_cognate/inbox?format=json&to=nobody", "", 200, `{"messages":[]}`},
		{"GET", "/_cognate/inbox?format=json&userPoolId=p2", "", 200, `"to":"+14155550100"`},
		{"GET", "/_cognate/inbox?format=code&to=ana@example.com", "", 200, "654321\n"},
		{"GET", "/_cognate/inbox?format=code&to=nobody", "", 404, "no message with a code"},

		{"GET", "/_cognate/inbox?format=link", "", 200, "https://a.example/x\n"},
		{"GET", "/_cognate/inbox?format=link&userPoolId=p2", "", 404, "no message with a link"},
		{"GET", "/_cognate/inbox?format=json&q=CODE+IS", "", 200, `"id":"2"`},
		{"GET", "/_cognate/inbox?format=json&q=nothing+of+that", "", 200, `{"messages":[]}`},
		{"GET", "/_cognate/inbox?format=code&q=415555", "", 200, "111111\n"},
		{"GET", "/_cognate/inbox/3/html", "", 200, "<img src=https://x.example/y>"},
		{"GET", "/_cognate/inbox/2/html", "", 404, "no message"},
		{"GET", "/_cognate/inbox?id=3", "", 200, `sandbox="allow-popups allow-popups-to-escape-sandbox" src="/_cognate/inbox/3/html"`},
		{"GET", "/_cognate/inbox?id=3&view=source", "", 200, "Subject: no code"},
		{"DELETE", "/_cognate/inbox/none", "", 404, "no message"},
		{"DELETE", "/_cognate/inbox/3", "", 200, `{"deleted":1}`},
		{"DELETE", "/_cognate/inbox?to=ana@example.com", "", 200, `{"deleted":1}`},
		{"DELETE", "/_cognate/inbox", "", 200, `{"deleted":1}`},
		{"GET", "/_cognate/assets/dev.css", "", 200, ":root"},
		{"GET", "/_cognate/assets/..%2fpages%2flayout.html", "", 404, "nothing here"},
		{"GET", "/_cognate/", "", 200, `"path":"/_cognate/inbox"`},

		{"GET", "/_cognate/clock", "", 200, `{"now":"2026-01-07T03:04:05Z","offset":"0s"}`},
		{"POST", "/_cognate/clock", `{"advance":"31m"}`, 200, `{"now":"2026-01-07T03:35:05Z","offset":"31m0s"}`},
		{"POST", "/_cognate/clock", `{"advance":"1s"}`, 200, `"offset":"31m1s"`},
		{"POST", "/_cognate/clock", `{"advance":"-1h"}`, 400, "positive"},
		{"POST", "/_cognate/clock", `{"advance":"soon"}`, 400, "positive"},
		{"POST", "/_cognate/clock", `{"back":"1h"}`, 400, "want"},
		{"POST", "/_cognate/clock", strings.Repeat(" ", 5000) + `{"reset":true}`, 400, "want"},
		{"POST", "/_cognate/clock", `{"reset":true}`, 200, `"offset":"0s"`},

		{"POST", "/_cognate/snapshots/one", "", 200, `{"snapshot":"one"}`},
		{"GET", "/_cognate/snapshots", "", 200, `"one"`},
		{"POST", "/_cognate/snapshots/one/restore", "", 200, `{"snapshot":"one"}`},
		{"POST", "/_cognate/snapshots/two/restore", "", 404, "no snapshot"},
		{"POST", "/_cognate/snapshots/broken/restore", "", 500, "disk on fire"},
		{"POST", "/_cognate/snapshots/%2e%2e%2fkek", "", 400, "snapshot name"},
		{"POST", "/_cognate/snapshots/.hidden", "", 400, "snapshot name"},
		{"POST", "/_cognate/snapshots/" + strings.Repeat("a", 65), "", 400, "snapshot name"},
	} {
		w := ask(h, c.method, c.target, c.body, nil)
		if w.Code != c.status || !strings.Contains(w.Body.String(), c.contains) {
			t.Errorf("%s %.60s: %d %s, want %d with %s", c.method, c.target, w.Code, w.Body, c.status, c.contains)
		}
		if c.method == "GET" && w.Code == 200 && !strings.Contains(c.target, "/assets/") && !strings.HasSuffix(c.target, "metrics") && w.Header().Get("Cache-Control") != "no-store" {
			t.Errorf("%s may be cached", c.target)
		}
	}
}

// TestInboxForms: JSON by Accept, and a page that runs no script.
func TestInboxForms(t *testing.T) {
	h := Handler(dev())
	w := ask(h, "GET", "/_cognate/inbox?to=%2B14155550100", "", func(r *http.Request) { r.Header.Set("Accept", "application/json") })
	var body struct {
		Messages []map[string]any `json:"messages"`
	}
	if err := json.Unmarshal(w.Body.Bytes(), &body); err != nil || len(body.Messages) != 1 {
		t.Fatalf("%s: %v", w.Body, err)
	}
	for _, member := range []string{"id", "medium", "to", "subject", "body", "code", "trigger", "userPoolId", "username", "createdAt"} {
		if _, there := body.Messages[0][member]; !there {
			t.Errorf("no %s in %v", member, body.Messages[0])
		}
	}
	w = ask(h, "GET", "/_cognate/inbox", "", nil)
	if !strings.HasPrefix(w.Header().Get("Content-Security-Policy"), "default-src 'none'") || strings.Contains(w.Body.String(), "<script>") {
		t.Errorf("page: %v\n%s", w.Header(), w.Body)
	}
	broken := dev()
	broken.Inbox = &letters{err: errors.New("no database")}
	if w := ask(Handler(broken), "GET", "/_cognate/inbox", "", nil); w.Code != 500 {
		t.Errorf("broken inbox: %d", w.Code)
	}
}

// TestForeignPages: a page elsewhere must not move the clock or restore a snapshot of a server on the reader's machine.
func TestForeignPages(t *testing.T) {
	h := Handler(dev())
	for _, target := range []string{"/_cognate/clock", "/_cognate/snapshots/one", "/_cognate/snapshots/one/restore"} {
		for name, edit := range map[string]func(*http.Request){
			"fetch metadata": func(r *http.Request) { r.Header.Set("Sec-Fetch-Site", "cross-site") },
			"same site":      func(r *http.Request) { r.Header.Set("Sec-Fetch-Site", "same-site") },
			"origin":         func(r *http.Request) { r.Header.Set("Origin", "https://evil.example.com") },
			"no origin":      func(r *http.Request) { r.Header.Set("Origin", "null") },
		} {
			if w := ask(h, "POST", target, `{"advance":"1h"}`, edit); w.Code != 403 {
				t.Errorf("%s by %s: %d", target, name, w.Code)
			}
		}
	}
	w := ask(h, "POST", "/_cognate/clock", `{"advance":"1h"}`, func(r *http.Request) { r.Header.Set("Sec-Fetch-Site", "same-origin") })
	if w.Code != 200 {
		t.Errorf("own page: %d", w.Code)
	}
}

// TestServe: outside dev there is nothing but health and readiness.
func TestServe(t *testing.T) {
	failing := errors.New("no database")
	h := Handler(Deps{Ready: func(context.Context) error { return failing }})
	if w := ask(h, "GET", "/_cognate/ready", "", nil); w.Code != 503 || strings.Contains(w.Body.String(), "database") {
		t.Errorf("ready: %d %s", w.Code, w.Body)
	}
	if w := ask(h, "GET", "/_cognate/health", "", nil); w.Code != 200 {
		t.Errorf("health: %d", w.Code)
	}
	for _, target := range []string{"/_cognate/metrics", "/_cognate/inbox", "/_cognate/clock", "/_cognate/snapshots", "/_cognate/"} {
		if w := ask(h, "GET", target, "", nil); w.Code != 404 {
			t.Errorf("%s: %d", target, w.Code)
		}
	}
}
