package httpkit

import (
	"net/http"
	"testing"
)

func names(t *testing.T, list ...string) Names {
	t.Helper()
	n, err := NewNames(list...)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func TestNames(t *testing.T) {
	n := names(t, "id.example.com", "cognate", "*.dev.example", "192.168.1.7", "Upper.Example.", "2001:db8::7")
	for host, want := range map[string]bool{
		"localhost": true, "localhost:7654": true, "LOCALHOST": true, "localhost.": true, "app.localhost:1": true,
		"127.0.0.1": true, "127.0.0.1:7654": true, "127.8.9.10": true, "[::1]": true, "[::1]:7654": true, "[::ffff:127.0.0.1]:1": true,
		"id.example.com": true, "ID.example.com:443": true, "id.example.com.:443": true, "cognate:7654": true, "a.dev.example": true,
		"a.b.dev.example": true, "192.168.1.7:7654": true, "upper.example": true, "[2001:db8::7]:80": true,

		"": false, ":7654": false, "localhost:port": false, "localhost:1:2": false, "[::1": false, "::1": false, "[localhost]": false,
		"localhost.evil.com": false, "evil-localhost": false, "127.0.0.1.nip.io": false, "127.0.0.1.evil.com": false,
		"evil.com": false, "evil.com:7654": false, "dev.example": false, "xdev.example": false, "id.example.com.evil.com": false,
		"www.id.example.com": false, "0.0.0.0": false, "[::]:1": false, "10.0.0.1": false, "2130706433": false, "0x7f.1": false, "127.1": false,
		"[fe80::1%25lo]": false, "localhost@evil.com": false, "evil.com/localhost": false, "ⅼocalhost": false, "a..localhost": false, "..": false,
	} {
		if got := n.Has(host); got != want {
			t.Errorf("%q: %v", host, got)
		}
	}
	if !ThisMachine("a.localhost:1") || !ThisMachine("127.0.0.1:1") || ThisMachine("id.example.com") || ThisMachine("") {
		t.Error("ThisMachine")
	}
	for _, bad := range []string{"", "*", "*.", "a b", "http://x", "cognate:7654", "*.::1", "a/b", "0x7f.1"} {
		if _, err := NewNames(bad); err == nil {
			t.Errorf("%q was taken for a name", bad)
		}
	}
	if !(Names{}).Has("localhost") || (Names{}).Has("id.example.com") {
		t.Error("the zero value")
	}
}

func TestOwnPage(t *testing.T) {
	n := names(t, "id.example.com")
	type h = http.Header
	for name, c := range map[string]struct {
		h    h
		want bool
	}{
		"a program":               {h{}, true},
		"localhost":               {h{"Origin": {"http://localhost:3000"}}, true},
		"no port":                 {h{"Origin": {"http://localhost"}}, true},
		"upper case":              {h{"Origin": {"HTTP://LocalHost:3000"}}, true},
		"trailing dot":            {h{"Origin": {"http://localhost.:3000"}}, true},
		"loopback 4":              {h{"Origin": {"https://127.0.0.1:3000"}}, true},
		"loopback 6":              {h{"Origin": {"http://[::1]:3000"}}, true},
		"an app's own scheme":     {h{"Origin": {"capacitor://localhost"}}, true},
		"the public name":         {h{"Origin": {"https://id.example.com"}}, true},
		"localhost to 127.0.0.1":  {h{"Origin": {"http://localhost:3000"}, "Sec-Fetch-Site": {"cross-site"}}, true},
		"own page, no origin":     {h{"Sec-Fetch-Site": {"same-origin"}}, true},
		"typed":                   {h{"Sec-Fetch-Site": {"none"}}, true},
		"null":                    {h{"Origin": {"null"}}, false},
		"empty":                   {h{"Origin": {""}}, false},
		"foreign":                 {h{"Origin": {"https://evil.com"}}, false},
		"foreign, says its own":   {h{"Origin": {"https://evil.com"}, "Sec-Fetch-Site": {"same-origin"}}, false},
		"begins like localhost":   {h{"Origin": {"https://localhost.evil.com"}}, false},
		"begins like an address":  {h{"Origin": {"http://127.0.0.1.nip.io"}}, false},
		"below the public name":   {h{"Origin": {"https://x.id.example.com"}}, false},
		"user information":        {h{"Origin": {"http://localhost@evil.com"}}, false},
		"user information, ours":  {h{"Origin": {"http://evil@localhost"}}, false},
		"path":                    {h{"Origin": {"http://localhost/"}}, false},
		"query":                   {h{"Origin": {"http://localhost?x"}}, false},
		"list":                    {h{"Origin": {"http://localhost, https://evil.com"}}, false},
		"two, one foreign":        {h{"Origin": {"http://localhost", "https://evil.com"}}, false},
		"two, other order":        {h{"Origin": {"https://evil.com", "http://localhost"}}, false},
		"no scheme":               {h{"Origin": {"localhost"}}, false},
		"only a host":             {h{"Origin": {"//localhost"}}, false},
		"extension":               {h{"Origin": {"chrome-extension://abcdefghijklmnop"}}, false},
		"cross-site, no origin":   {h{"Sec-Fetch-Site": {"cross-site"}}, false},
		"same-site, no origin":    {h{"Sec-Fetch-Site": {"same-site"}}, false},
		"a value of tomorrow":     {h{"Sec-Fetch-Site": {"elsewhere"}}, false},
		"decimal address":         {h{"Origin": {"http://2130706433"}}, false},
		"all addresses, not ours": {h{"Origin": {"http://0.0.0.0:7654"}}, false},
	} {
		if got := n.OwnPage(c.h); got != c.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}

func FuzzNames(f *testing.F) {
	for _, s := range []string{"http://localhost:1", "null", "http://[::1]", "http://127.0.0.1.nip.io", "a://b@localhost"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, origin string) {
		if (Names{}).OwnPage(http.Header{"Origin": {origin}}) && !ThisMachine(origin[indexAfterScheme(origin):]) {
			t.Fatalf("%q is taken for this machine", origin)
		}
	})
}

func indexAfterScheme(s string) int {
	for i := range len(s) - 2 {
		if s[i:i+3] == "://" {
			return i + 3
		}
	}
	return 0
}
