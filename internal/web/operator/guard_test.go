package operator

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"cognate/internal/base/clock"
)

// TestDevEndpointsWantAnOwnName: a page that lets its own name point to this machine reads no codes and moves no clock.
func TestDevEndpointsWantAnOwnName(t *testing.T) {
	h := Handler(Deps{Clock: clock.System(), PublicURL: "https://id.example.com"})
	for host, want := range map[string]int{
		"localhost:7654": 200, "127.0.0.1:7654": 200, "[::1]:7654": 200, "cognate:7654": 200, "id.example.com": 200,
		"dev.localhost": 200, "evil.example": 403, "evil.example:7654": 403, "localhost.evil.example": 403, "": 403,
	} {
		for _, method := range []string{http.MethodGet, http.MethodPost} {
			r := httptest.NewRequest(method, "/_cognate/clock", http.NoBody)
			r.Host = host
			w := httptest.NewRecorder()
			h.ServeHTTP(w, r)
			if got := w.Code; got != want && (method == http.MethodGet || got == 200 || want == 403) {
				t.Errorf("%s with Host %q: %d, want %d", method, host, got, want)
			}
		}
	}
}
