package lambda

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

const webhookSecret = "a secret of some length"

func hook(url string) Function {
	return Function{ARN: testARN, Webhook: &Webhook{URL: url, Secret: webhookSecret, AllowPrivate: true}}
}

func TestWebhook(t *testing.T) {
	now := time.Unix(1_800_000_000, 0)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		mac := hmac.New(sha256.New, []byte(webhookSecret))
		mac.Write([]byte("1800000000."))
		mac.Write(body)
		for name, want := range map[string]string{
			"Cognate-Timestamp": "1800000000", "Cognate-Signature": "v1=" + hex.EncodeToString(mac.Sum(nil)),
			"Cognate-Request-Id": "request-1", "Cognate-Function-Arn": testARN, "Content-Type": "application/json",
		} {
			if r.Method != http.MethodPost || r.Header.Get(name) != want {
				t.Errorf("%s: %q, want %q", name, r.Header.Get(name), want)
			}
		}
		_, _ = w.Write(body)
	}))
	defer server.Close()
	r := router(t, Options{Now: func() time.Time { return now }}, hook(server.URL+"/path?key=1"))
	result, err := r.Invoke(context.Background(), Invocation{ARN: testARN, Payload: []byte(`{"userName":"ana"}`), RequestID: "request-1"})
	if err != nil || string(result.Payload) != `{"userName":"ana"}` {
		t.Fatal(result, err)
	}
}

func TestWebhookStatuses(t *testing.T) {
	for _, c := range []struct {
		status int
		body   string
		kind   string // type of the function's error
		want   error
	}{
		{201, `{}`, "", nil},
		{204, ``, "", nil},
		{400, `{"errorMessage":"no bad users","errorType":"Denied"}`, "Denied", nil},
		{500, `{"errorMessage":"","errorType":"Odd"}`, "Odd", nil},
		{403, `{"errorMessage":"no","errorType":"Denied"}`, "Denied", nil},
		{400, `{"error":"x"}`, "", ErrService},
		{403, `nothing`, "", ErrAccessDenied},
		{404, ``, "", ErrNotFound},
		{429, `{"errorMessage":"slow"}`, "", ErrThrottled},
		{503, ``, "", ErrService},
		{302, ``, "", ErrAccessDenied},
	} {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			if c.status == 302 {
				w.Header().Set("Location", "http://127.0.0.1:1/")
			}
			w.WriteHeader(c.status)
			_, _ = io.WriteString(w, c.body)
		}))
		result, err := call(t, router(t, Options{Attempts: 1}, hook(server.URL)), `{}`)
		server.Close()
		switch {
		case c.want != nil:
			if !errors.Is(err, c.want) {
				t.Errorf("%d %s: %v", c.status, c.body, err)
			}
		case err != nil || result.ErrorType != c.kind || (result.FunctionError != "") != (c.kind != ""):
			t.Errorf("%d %s: %+v %v", c.status, c.body, result, err)
		}
	}
}

// TestWebhookForgery: what a webhook may not reach is refused when it is
// configured where the URL tells, and at the connection where only the address does.
func TestWebhookForgery(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("reached") }))
	defer server.Close()
	for _, url := range []string{
		server.URL, "http://example.com", "https://127.0.0.1", "https://10.0.0.1", "https://[::1]", "https://2130706433", "https://0x7f.1",
		"https://169.254.169.254/latest", "https://user:pass@example.com", "ftp://example.com", "https://", "", "file:///etc/passwd",
	} {
		f := hook(url)
		f.Webhook.AllowPrivate = false
		if err := NewRouter(Options{}).Put("test", f); err == nil {
			t.Errorf("%q was accepted", url)
		}
	}
	for _, url := range []string{"https://169.254.169.254/", "http://[fd00:ec2::254]/"} {
		if err := NewRouter(Options{}).Put("test", hook(url)); err == nil {
			t.Errorf("%q was accepted although private ones are allowed", url)
		}
	}
	f := hook(strings.Replace(server.URL, "http://127.0.0.1", "https://localhost", 1))
	f.Webhook.AllowPrivate = false
	if _, err := call(t, router(t, Options{}, f), `{}`); !errors.Is(err, ErrAccessDenied) {
		t.Errorf("a name that resolves to loopback: %v", err)
	}
}
