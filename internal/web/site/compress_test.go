package site

import (
	"compress/gzip"
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"cognate/internal/core/pool"
)

func TestCompressed(t *testing.T) {
	text := strings.Repeat("a page of some length, ", 100)
	page := func(reply func() Reply) http.Handler {
		return New(Deps{Addresses: pool.NewAddresses("https://id.example.com")}, Route{Path: "/p", Methods: map[string]Endpoint{
			http.MethodGet: {Handle: func(context.Context, *Request) Reply { return reply() }},
		}})
	}
	long := func() Reply { return HTML(200, []byte(text), "default-src 'none'").Compressed() }
	for _, c := range []struct {
		what, accept string
		reply        func() Reply
		squeezed     bool
	}{
		{"gzip", "gzip, deflate, br", long, true}, {"with a weight", "br;q=1.0, GZIP;q=0.5", long, true}, {"nothing", "", long, false},
		{"never", "gzip;q=0", long, false}, {"never, at length", "gzip; q=0.000", long, false}, {"another", "br", long, false},
		{"not offered", "gzip", func() Reply { return HTML(200, []byte(text), "x") }, false},
		{"short", "gzip", func() Reply { return HTML(200, []byte("short"), "x").Compressed() }, false},
	} {
		r := httptest.NewRequest(http.MethodGet, "https://id.example.com/"+poolID+"/p", nil)
		if c.accept != "" {
			r.Header.Set("Accept-Encoding", c.accept)
		}
		rec := httptest.NewRecorder()
		page(c.reply).ServeHTTP(rec, r)
		if got := rec.Header().Get("Content-Encoding") == "gzip"; got != c.squeezed {
			t.Errorf("%s: %v", c.what, rec.Header())
		}
		if c.squeezed {
			z, err := gzip.NewReader(rec.Body)
			if err != nil {
				t.Fatal(err)
			}
			body, err := io.ReadAll(z)
			if err != nil || string(body) != text || !strings.Contains(strings.Join(rec.Header().Values("Vary"), ","), "Accept-Encoding") {
				t.Errorf("%s: %v %d bytes", c.what, err, len(body))
			}
		}
	}
}
