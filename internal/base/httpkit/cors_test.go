package httpkit

import (
	"net/http"
	"strings"
	"testing"
)

func TestCORS(t *testing.T) {
	c := CORS{Methods: "GET, OPTIONS", Headers: "Authorization", Expose: "Date"}
	h := http.Header{}
	c.Allow(h)
	if h.Get("Access-Control-Allow-Origin") != "*" || h.Get("Access-Control-Expose-Headers") != "Date" || h.Get("Access-Control-Allow-Credentials") != "" {
		t.Errorf("%v", h)
	}
	for asked, want := range map[string]string{
		"": "Authorization", "x-mine,x-more": "x-mine,x-more", strings.Repeat("a", 1025): "Authorization", "a\r\nSet-Cookie: b": "a??Set-Cookie: b", "ä": "?",
	} {
		h := http.Header{}
		c.Preflight(h, http.Header{"Access-Control-Request-Headers": {asked}})
		if h.Get("Access-Control-Allow-Headers") != want || h.Get("Access-Control-Allow-Methods") != "GET, OPTIONS" ||
			h.Get("Access-Control-Max-Age") != "172800" || h.Get("Vary") != "Access-Control-Request-Headers" {
			t.Errorf("%.20q: %v", asked, h)
		}
	}
}
