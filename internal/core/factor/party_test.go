package factor

import "testing"

func TestAllowedOrigin(t *testing.T) {
	for _, c := range []struct {
		rp, origin string
		want       bool
	}{
		{"example.com", "https://example.com", true},
		{"example.com", "https://example.com:8443", true},
		{"example.com", "https://app.example.com", true},
		{"example.com", "https://a.b.example.com", true},
		{"app.example.com", "https://example.com", false},
		{"example.com", "http://example.com", false},
		{"example.com", "https://badexample.com", false},
		{"example.com", "https://example.com.evil.test", false},
		{"example.com", "https://example.com@evil.test", false},
		{"example.com", "https://evil.test#example.com", false},
		{"example.com", "https://evil.test/.example.com", false},
		{"example.com", "https://evil.test?.example.com", false},
		{"example.com", "https://evil.test\\.example.com", false},
		{"example.com", "https://example.com/", false},
		{"example.com", "https://example.com:", false},
		{"example.com", "https://example.com.", false},
		{"example.com", "https://EXAMPLE.com", false},
		{"example.com", "HTTPS://example.com", false},
		{"example.com", "https://.example.com ", false},
		{"example.com", "https://user@example.com", false},
		{"example.com", "https://[::1].example.com", false},
		{"example.com", "android:apk-key-hash:abc", false},
		{"example.com", "null", false},
		{"example.com", "", false},
		{"localhost", "http://localhost", true},
		{"localhost", "http://localhost:3000", true},
		{"localhost", "https://localhost:3000", true},
		{"localhost", "http://app.localhost:3000", true},
		{"localhost", "http://localhost.evil.test", false},
		{"demo.auth.us-east-1.localhost", "http://demo.auth.us-east-1.localhost:7654", true},
		{"notlocalhost", "http://notlocalhost", false},
		{"127.0.0.1", "http://127.0.0.1", false},
	} {
		if got := allowedOrigin(c.rp, c.origin); got != c.want {
			t.Errorf("%s for %s: %v", c.origin, c.rp, got)
		}
	}
}

// FuzzAllowedOrigin holds that an allowed origin is of the domain and trustworthy, read in the plainest way.
func FuzzAllowedOrigin(f *testing.F) {
	f.Add("https://example.com")
	f.Add("https://a.example.com:1")
	f.Add("https://example.com@evil.test")
	f.Fuzz(func(t *testing.T, origin string) {
		if !allowedOrigin("example.com", origin) {
			return
		}
		rest := []byte(origin)
		if len(rest) < 8 || string(rest[:8]) != "https://" {
			t.Fatalf("%q is allowed", origin)
		}
		host := rest[8:]
		for i, b := range host {
			if b == ':' {
				for _, d := range host[i+1:] {
					if d < '0' || d > '9' {
						t.Fatalf("%q is allowed", origin)
					}
				}
				host = host[:i]
				break
			}
		}
		const domain = "example.com"
		if n := len(host) - len(domain); n < 0 || string(host[n:]) != domain || n > 0 && host[n-1] != '.' {
			t.Fatalf("%q is allowed", origin)
		}
	})
}

func TestPasskeyMethod(t *testing.T) {
	for _, c := range []struct {
		attachment string
		transports []string
		want       string
	}{
		{"platform", nil, AMRPlatform}, {"cross-platform", nil, AMRRoaming}, {"", nil, AMRPlatform},
		{"", []string{"internal", "hybrid"}, AMRPlatform}, {"", []string{"usb"}, AMRRoaming},
		{"platform", []string{"usb"}, AMRPlatform},
	} {
		if got := passkeyMethod(c.attachment, c.transports); got != c.want {
			t.Errorf("%s %v: %s", c.attachment, c.transports, got)
		}
	}
}
