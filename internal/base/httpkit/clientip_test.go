package httpkit

import (
	"net/http"
	"testing"
)

func TestClientIP(t *testing.T) {
	trusted, err := ParseProxies([]string{"10.0.0.0/8", "192.0.2.7", "fd00::/8"})
	if err != nil {
		t.Fatal(err)
	}
	real := trusted
	real.Header = "X-Real-Ip"
	for _, c := range []struct {
		name    string
		p       Proxies
		peer    string
		forward []string
		realIP  string
		want    string
	}{
		{"no proxy trusted", Proxies{}, "10.0.0.1:99", []string{"1.1.1.1"}, "", "10.0.0.1"},
		{"peer not trusted", trusted, "203.0.113.5:99", []string{"1.1.1.1"}, "", "203.0.113.5"},
		{"one hop", trusted, "10.0.0.1:99", []string{"198.51.100.4"}, "", "198.51.100.4"},
		{"spoofed left part", trusted, "10.0.0.1:99", []string{"127.0.0.1, 198.51.100.4"}, "", "198.51.100.4"},
		{"two proxies", trusted, "10.0.0.1:99", []string{"198.51.100.4, 192.0.2.7"}, "", "198.51.100.4"},
		{"two lines", trusted, "10.0.0.1:99", []string{"8.8.8.8", "198.51.100.4", "10.2.3.4"}, "", "198.51.100.4"},
		{"all trusted", trusted, "10.0.0.1:99", []string{"10.0.0.9, 10.0.0.8"}, "", "10.0.0.9"},
		{"garbage", trusted, "10.0.0.1:99", []string{"198.51.100.4, unknown"}, "", "10.0.0.1"},
		{"garbage behind proxy", trusted, "10.0.0.1:99", []string{"_hidden, 10.0.0.3"}, "", "10.0.0.3"},
		{"empty", trusted, "10.0.0.1:99", []string{""}, "", "10.0.0.1"},
		{"none", trusted, "10.0.0.1:99", nil, "", "10.0.0.1"},
		{"ports and brackets", trusted, "[fd00::1]:99", []string{"[2001:db8::5]:1234"}, "", "2001:db8::5"},
		{"mapped", trusted, "[::ffff:10.0.0.1]:99", []string{"::ffff:198.51.100.4"}, "", "198.51.100.4"},
		{"real ip header", real, "10.0.0.1:99", []string{"8.8.8.8"}, "198.51.100.4", "198.51.100.4"},
		{"real ip from stranger", real, "198.51.100.9:99", nil, "198.51.100.4", "198.51.100.9"},
		{"unix socket", trusted, "@", nil, "", "invalid IP"},
	} {
		r := &http.Request{RemoteAddr: c.peer, Header: http.Header{}}
		for _, f := range c.forward {
			r.Header.Add("X-Forwarded-For", f)
		}
		if c.realIP != "" {
			r.Header.Set("X-Real-Ip", c.realIP)
		}
		if got := c.p.ClientIP(r).String(); got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
	if _, err := ParseProxies([]string{"proxy.example"}); err == nil {
		t.Error("a name was accepted as a proxy")
	}
}

func FuzzClientIP(f *testing.F) {
	f.Add("10.0.0.1:1", "1.1.1.1, 10.0.0.2")
	f.Add("[::1]:1", "[fe80::1%eth0]:5,,")
	p, err := ParseProxies([]string{"10.0.0.0/8", "::1"})
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, peer, forwarded string) {
		r := &http.Request{RemoteAddr: peer, Header: http.Header{"X-Forwarded-For": {forwarded}}}
		if a := p.ClientIP(r); a.Is4In6() || a.Zone() != "" {
			t.Fatalf("%v is not canonical", a)
		}
	})
}
