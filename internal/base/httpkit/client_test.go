package httpkit

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"cognate/internal/base/version"
)

// fakeDNS answers the n-th question for a name with the n-th list, the last
// list for ever.
type fakeDNS struct {
	answers map[string][][]string
	asked   atomic.Int32
}

func (d *fakeDNS) LookupNetIP(_ context.Context, _, host string) ([]netip.Addr, error) {
	n := int(d.asked.Add(1)) - 1
	lists := d.answers[host]
	if len(lists) == 0 {
		return nil, errors.New("no such host")
	}
	var out []netip.Addr
	for _, s := range lists[min(n, len(lists)-1)] {
		out = append(out, netip.MustParseAddr(s))
	}
	return out, nil
}

func get(t *testing.T, c *Client, url string) (*Response, error) {
	t.Helper()
	req, err := http.NewRequest(http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	return c.Do(req)
}

func port(srv *httptest.Server) string { return srv.URL[strings.LastIndexByte(srv.URL, ':'):] }

func TestNamesAreCheckedAfterResolving(t *testing.T) {
	var hits atomic.Int32
	srv := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { hits.Add(1) }))
	defer srv.Close()
	for _, answer := range [][]string{
		{"127.0.0.1"}, {"::1"}, {"::ffff:127.0.0.1"}, {"169.254.169.254"}, {"10.0.0.8"}, {"fd00::1"},
		{"8.8.8.8", "127.0.0.1"}, {"127.0.0.1", "8.8.8.8"}, {"64:ff9b::7f00:1"}, {"0.0.0.0"},
	} {
		dns := &fakeDNS{answers: map[string][][]string{"evil.example": {answer}}}
		c := NewClient(ClientOptions{AllowHTTP: true, Resolver: dns})
		if _, err := get(t, c, "http://evil.example"+port(srv)); !errors.Is(err, ErrForbiddenAddress) {
			t.Errorf("%v: %v", answer, err)
		}
	}
	if hits.Load() != 0 {
		t.Fatalf("the server was reached %d times", hits.Load())
	}
}

// TestRebinding: the name is asked once per connection and the checked answer
// is the one connected to, so a second answer never counts.
func TestRebinding(t *testing.T) {
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "ok") }))
	defer srv.Close()
	dns := &fakeDNS{answers: map[string][][]string{"flip.example": {{"127.0.0.1"}, {"127.0.0.2"}, {"10.0.0.1"}}}}
	c := NewClient(ClientOptions{AllowHTTP: true, Resolver: dns, Allow: prefixes("127.0.0.1/32")})
	resp, err := get(t, c, "http://flip.example"+port(srv))
	if err != nil || string(resp.Body) != "ok" {
		t.Fatalf("%v %v", resp, err)
	}
	if n := dns.asked.Load(); n != 1 {
		t.Fatalf("resolved %d times", n)
	}
	c.Close()
	if _, err := get(t, c, "http://flip.example"+port(srv)); !errors.Is(err, ErrForbiddenAddress) {
		t.Fatalf("the second connection was not checked: %v", err)
	}
}

func TestRedirects(t *testing.T) {
	var hits atomic.Int32
	inner := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { hits.Add(1) }))
	defer inner.Close()
	target := inner.URL
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/self" {
			http.Redirect(w, r, "/ok", http.StatusTemporaryRedirect)
			return
		}
		if r.URL.Path == "/" {
			http.Redirect(w, r, target, http.StatusFound)
		}
	}))
	defer srv.Close()
	dns := &fakeDNS{answers: map[string][][]string{"hook.example": {{"127.0.0.1"}}}}
	only := ClientOptions{AllowHTTP: true, Resolver: dns, Allow: prefixes("127.0.0.1/32")}
	if _, err := get(t, NewClient(only), "http://hook.example"+port(srv)); !errors.Is(err, ErrRedirect) {
		t.Errorf("redirect followed by default: %v", err)
	}
	only.MaxRedirects = 2
	target = strings.Replace(inner.URL, "127.0.0.1", "127.0.0.9", 1)
	if _, err := get(t, NewClient(only), "http://hook.example"+port(srv)); !errors.Is(err, ErrForbiddenAddress) {
		t.Errorf("redirect to another address: %v", err)
	}
	for _, target = range []string{"file:///etc/passwd", "http://0x7f.1/", "http://169.254.169.254/"} {
		if _, err := get(t, NewClient(only), "http://hook.example"+port(srv)); !errors.Is(err, ErrForbiddenAddress) {
			t.Errorf("redirect to %s: %v", target, err)
		}
	}
	if resp, err := get(t, NewClient(only), "http://hook.example"+port(srv)+"/self"); err != nil || resp.Status != 200 {
		t.Errorf("harmless redirect: %v %v", resp, err)
	}
	target = "http://hook.example" + port(srv) + "/"
	if _, err := get(t, NewClient(only), "http://hook.example"+port(srv)); !errors.Is(err, ErrRedirect) {
		t.Errorf("redirect loop: %v", err)
	}
	if hits.Load() != 0 {
		t.Error("the inner server was reached")
	}
}

func TestDowngradeRefused(t *testing.T) {
	plain := httptest.NewServer(http.NotFoundHandler())
	defer plain.Close()
	srv := httptest.NewTLSServer(http.RedirectHandler(plain.URL, http.StatusFound))
	defer srv.Close()
	c := NewClient(ClientOptions{AllowHTTP: true, AllowLocal: true, MaxRedirects: 1, TLS: trust(srv)})
	if _, err := get(t, c, srv.URL); !errors.Is(err, ErrRedirect) {
		t.Fatalf("https to http followed: %v", err)
	}
}

func trust(srv *httptest.Server) *tls.Config {
	pool := x509.NewCertPool()
	pool.AddCert(srv.Certificate())
	return &tls.Config{RootCAs: pool}
}

func TestLimits(t *testing.T) {
	slow := make(chan struct{})
	srv := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/exact":
			io.WriteString(w, strings.Repeat("x", 100))
		case "/slow":
			<-slow
		default:
			io.WriteString(w, strings.Repeat("x", 101))
		}
	}))
	defer srv.Close()
	defer close(slow)
	c := NewClient(ClientOptions{AllowLocal: true, MaxBody: 100, TLS: trust(srv), Timeout: 300 * time.Millisecond})
	if resp, err := get(t, c, srv.URL+"/exact"); err != nil || len(resp.Body) != 100 {
		t.Errorf("body of exactly the limit: %v", err)
	}
	if _, err := get(t, c, srv.URL+"/big"); !errors.Is(err, ErrBodyTooLarge) {
		t.Errorf("body above the limit: %v", err)
	}
	start := time.Now()
	if _, err := get(t, c, srv.URL+"/slow"); err == nil || time.Since(start) > 3*time.Second {
		t.Errorf("slow server: %v after %v", err, time.Since(start))
	}
	if _, err := get(t, NewClient(ClientOptions{AllowLocal: true}), srv.URL); err == nil {
		t.Error("an unknown certificate was accepted")
	}
}

func TestErrorsHideURL(t *testing.T) {
	c := NewClient(ClientOptions{})
	_, err := get(t, c, "https://127.0.0.1/hook/secret-token?key=secret-token")
	if err == nil || strings.Contains(err.Error(), "secret-token") {
		t.Fatalf("error %v", err)
	}
}

func TestEnvironmentProxyIsIgnored(t *testing.T) {
	t.Setenv("HTTP_PROXY", "http://127.0.0.1:1")
	t.Setenv("HTTPS_PROXY", "http://127.0.0.1:1")
	srv := httptest.NewServer(http.NotFoundHandler())
	defer srv.Close()
	dns := &fakeDNS{answers: map[string][][]string{"a.example": {{"127.0.0.1"}}}}
	c := NewClient(ClientOptions{AllowHTTP: true, Resolver: dns, Allow: prefixes("127.0.0.1/32")})
	if resp, err := get(t, c, "http://a.example"+port(srv)); err != nil || resp.Status != 404 {
		t.Fatalf("%v %v", resp, err)
	}
}

// TestUserAgent: whoever is called can see which program and version calls.
func TestUserAgent(t *testing.T) {
	seen := make(chan string, 1)
	far := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { seen <- r.UserAgent() }))
	defer far.Close()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, far.URL, nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := NewClient(ClientOptions{AllowHTTP: true, AllowLocal: true}).Do(req); err != nil {
		t.Fatal(err)
	}
	if got := <-seen; got != version.UserAgent() || !strings.HasPrefix(got, "cognate/") {
		t.Errorf("user agent %q", got)
	}
}
