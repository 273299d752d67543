package httpkit

import (
	"net/http"
	"strings"
	"testing"
)

func TestWithhold(t *testing.T) {
	c := CORS{Headers: "Authorization"}
	for _, asked := range []http.Header{
		{}, {"Access-Control-Request-Headers": {""}}, {"Access-Control-Request-Headers": {"authorization"}},
		{"Access-Control-Request-Headers": {"content-type,Authorization,x-amz-target"}}, {"Access-Control-Request-Headers": {"*"}},
		{"Access-Control-Request-Headers": {strings.Repeat("a", 1025)}}, {"Access-Control-Request-Headers": {"x-amz-target", "authorization"}},
	} {
		h := http.Header{}
		c.Allow(h)
		if c.Withhold(h, asked, "Authorization") || h.Get("Access-Control-Allow-Origin") != "" || h.Get("Vary") != "Origin" {
			t.Errorf("%v: %v", asked, h)
		}
	}
	h := http.Header{}
	c.Allow(h)
	if !c.Withhold(h, http.Header{"Access-Control-Request-Headers": {"content-type,x-amz-target"}}, "Authorization") || h.Get("Access-Control-Allow-Origin") != "*" {
		t.Errorf("%v", h)
	}
}

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
