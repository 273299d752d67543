package operator

import (
	"net/http"
	"testing"

	"cognate/internal/base/clock"
	"cognate/internal/base/httpkit"
)

func mustNames(list ...string) httpkit.Names {
	n, err := httpkit.NewNames(list...)
	if err != nil {
		panic(err)
	}
	return n
}

func named(t *testing.T, list ...string) httpkit.Names {
	t.Helper()
	n, err := httpkit.NewNames(list...)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// TestDevEndpointsWantAnOwnName: a page that lets its own name point to this machine reads no codes and moves no clock.
func TestDevEndpointsWantAnOwnName(t *testing.T) {
	d := dev()
	d.Clock, d.Names = clock.System(), named(t, "id.example.com", "cognate")
	h := Handler(d)
	for host, own := range map[string]bool{
		"localhost:7654": true, "127.0.0.1:7654": true, "[::1]:7654": true, "cognate:7654": true, "id.example.com": true,
		"dev.localhost": true, "evil.example": false, "evil.example:7654": false, "localhost.evil.example": false,
		"127.0.0.1.nip.io": false, "other:7654": false, "192.0.2.7:7654": false, "": false,
	} {
		at := func(r *http.Request) { r.Host = host }
		for _, c := range []struct{ method, target, body string }{
			{"GET", "/_cognate/clock", ""}, {"POST", "/_cognate/clock", `{"reset":true}`}, {"GET", "/_cognate/inbox", ""},
			{"GET", "/_cognate/inbox?format=code", ""}, {"POST", "/_cognate/snapshots/one", ""}, {"GET", "/_cognate/snapshots", ""},
		} {
			if got := ask(h, c.method, c.target, c.body, at).Code; got == 200 != own || !own && got != 403 {
				t.Errorf("%s %s with Host %q: %d", c.method, c.target, host, got)
			}
		}
		for _, target := range []string{"health", "ready", "metrics"} { // probes come by whatever address
			if got := ask(h, "GET", "/_cognate/"+target, "", at).Code; got != 200 {
				t.Errorf("%s with Host %q: %d", target, host, got)
			}
		}
	}
}

// TestWhatPagesLoad: a page elsewhere may link to one of ours, but neither frames nor loads one.
func TestWhatPagesLoad(t *testing.T) {
	h := Handler(dev())
	for _, c := range []struct {
		name string
		head map[string]string
		want int
	}{
		{"link", map[string]string{"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"}, 200},
		{"own page", map[string]string{"Sec-Fetch-Site": "same-origin", "Sec-Fetch-Mode": "cors", "Sec-Fetch-Dest": "empty"}, 200},
		{"frame", map[string]string{"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "iframe"}, 403},
		{"image", map[string]string{"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors", "Sec-Fetch-Dest": "image"}, 403},
		{"script", map[string]string{"Sec-Fetch-Site": "same-site", "Sec-Fetch-Mode": "no-cors", "Sec-Fetch-Dest": "script"}, 403},
		{"fetch", map[string]string{"Origin": "https://evil.example"}, 403},
		{"fetch, sandboxed", map[string]string{"Origin": "null"}, 403},
		{"fetch as a link", map[string]string{"Origin": "https://evil.example", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"}, 403},
	} {
		w := ask(h, "GET", "/_cognate/inbox?format=json", "", func(r *http.Request) {
			for name, value := range c.head {
				r.Header.Set(name, value)
			}
		})
		if w.Code != c.want || w.Header().Get("Cross-Origin-Resource-Policy") != "same-origin" || w.Header().Get("Access-Control-Allow-Origin") != "" {
			t.Errorf("%s: %d %v", c.name, w.Code, w.Header())
		}
	}
}
