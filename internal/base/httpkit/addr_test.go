package httpkit

import (
	"errors"
	"net/netip"
	"net/url"
	"testing"
)

// forbidden are spellings of destinations that the strict client must refuse
// without contacting anybody: threats.md class "SSRF by address spelling".
var forbidden = []string{
	// loopback, plainly and by every inet_aton form
	"http://127.0.0.1/", "http://127.0.0.1:80/", "http://127.1/", "http://127.0.1/", "http://127.255.255.254/",
	"http://2130706433/", "http://0x7f000001/", "http://0X7F000001/", "http://0x7f.0x0.0x0.0x1/", "http://0x7f.1/",
	"http://017700000001/", "http://0177.0.0.1/", "http://0177.0.0.01/", "http://00000177.0.0.1/", "http://127.0.0.1./",
	"http://127.0.0.01/", "http://127.0.0.0x1/", "http://0/", "http://0.0.0.0/", "http://0x0/", "http://00/", "http://0.0/",
	// Unicode digits and dots, percent-encoded digits
	"http://①②⑦.⓪.⓪.①/", "http://127。0。0。1/", "http://１２７.0.0.1/", "http://127%2e0%2e0%2e1/", "http://%31%32%37.0.0.1/",
	"http://127.0.0.1\u00ad/", "http://𝟏𝟐𝟕.0.0.1/", "http://ⅼocalhost/",
	// other IPv4 ranges
	"http://10.0.0.1/", "http://172.16.0.1/", "http://172.31.255.255/", "http://192.168.1.1/", "http://100.64.0.1/",
	"http://169.254.169.254/latest/meta-data/", "http://2852039166/", "http://0xa9fea9fe/", "http://0251.0376.0251.0376/",
	"http://169.254.43518/", "http://100.100.100.200/", "http://168.63.129.16/", "http://192.0.0.192/", "http://192.0.2.1/",
	"http://198.18.0.1/", "http://198.51.100.1/", "http://203.0.113.9/", "http://192.88.99.1/", "http://224.0.0.1/",
	"http://239.255.255.250/", "http://240.0.0.1/", "http://255.255.255.255/", "http://256.1.1.1/", "http://1.2.3.4.5/",
	// IPv6
	"http://[::1]/", "http://[0:0:0:0:0:0:0:1]/", "http://[::]/", "http://[::ffff:127.0.0.1]/", "http://[::ffff:7f00:1]/",
	"http://[::ffff:8.8.8.8]/", "http://[0:0:0:0:0:ffff:169.254.169.254]/", "http://[::127.0.0.1]/", "http://[::7f00:1]/",
	"http://[64:ff9b::7f00:1]/", "http://[64:ff9b::10.0.0.1]/", "http://[64:ff9b:1::1]/", "http://[fe80::1]/",
	"http://[fe80::1%25eth0]/", "http://[fc00::1]/", "http://[fd00:ec2::254]/", "http://[fd20:ce::254]/", "http://[fec0::1]/",
	"http://[ff02::1]/", "http://[2001:db8::1]/", "http://[2001::1]/", "http://[2002:7f00:1::]/", "http://[2002:a9fe:a9fe::]/",
	"http://[3fff::1]/", "http://[100::1]/", "http://[5f00::1]/", "http://[4000::1]/", "http://[2606:4700::1%251]/",
	// not a host, not http, or with user information that hides the host
	"http:///", "http://./", "http://../", "http://a..b/", "http://-_-.1/", "http://exa mple/", "file:///etc/passwd",
	"gopher://example.com/", "ftp://example.com/", "http://example.com@127.0.0.1/", "http://user:pw@example.com/",
	"http:127.0.0.1", "//127.0.0.1/", "unix:///run/x.sock", "http://example.com.0x7f/", "http://example.1/",
}

func TestForbiddenSpellings(t *testing.T) {
	c := NewClient(ClientOptions{AllowHTTP: true})
	if len(forbidden) < 60 {
		t.Fatalf("only %d spellings", len(forbidden))
	}
	for _, s := range forbidden {
		u, err := url.Parse(s)
		if err != nil {
			continue // net/url refuses it, so no request can be made of it
		}
		if err := c.CheckURL(u); !errors.Is(err, ErrForbiddenAddress) {
			t.Errorf("%s: %v, want it refused", s, err)
		}
	}
}

func TestAllowedSpellings(t *testing.T) {
	c := NewClient(ClientOptions{AllowHTTP: true})
	for _, s := range []string{
		"https://example.com/", "http://example.com:8080/x?y", "https://1.1.1.1/", "https://8.8.8.8./", "https://[2606:4700::1111]/",
		"https://xn--bcher-kva.example/", "https://a_b.example/", "https://0xabc.example/", "https://1.example.com/",
		"https://[64:ff9b::808:808]/", "https://127.0.0.1.example.com/",
	} {
		u, err := url.Parse(s)
		if err != nil {
			t.Fatal(err)
		}
		if err := c.CheckURL(u); err != nil {
			t.Errorf("%s refused: %v", s, err)
		}
	}
}

func TestSchemeAndOptions(t *testing.T) {
	check := func(o ClientOptions, s string) error {
		u, err := url.Parse(s)
		if err != nil {
			t.Fatal(err)
		}
		return NewClient(o).CheckURL(u)
	}
	local := ClientOptions{AllowHTTP: true, AllowLocal: true}
	for _, c := range []struct {
		o    ClientOptions
		url  string
		good bool
	}{
		{ClientOptions{}, "http://example.com", false},
		{local, "http://127.0.0.1", true},
		{local, "http://[::1]", true},
		{local, "http://192.168.1.1", true},
		{local, "http://[fd12::1]", true},
		{local, "http://169.254.169.254", false},
		{local, "http://[fd00:ec2::254]", false},
		{local, "http://[fe80::1]", false},
		{local, "http://224.0.0.1", false},
		{local, "http://0x7f.1", false},
		{ClientOptions{Allow: prefixes("10.1.0.0/16")}, "https://10.1.2.3", true},
		{ClientOptions{Allow: prefixes("10.1.0.0/16")}, "https://10.2.2.3", false},
	} {
		if err := check(c.o, c.url); (err == nil) != c.good {
			t.Errorf("%+v %s: %v, want allowed=%v", c.o, c.url, err, c.good)
		}
	}
}

func FuzzHostAddr(f *testing.F) {
	for _, s := range forbidden {
		if u, err := url.Parse(s); err == nil {
			f.Add(u.Hostname())
		}
	}
	g := guard{}
	f.Fuzz(func(t *testing.T, host string) {
		a, err := hostAddr(host)
		if err != nil || !a.IsValid() {
			return
		}
		if g.check(a) == nil && (a.IsLoopback() || a.IsPrivate() || a.IsLinkLocalUnicast() || a.IsMulticast() || a.IsUnspecified() || a.Is4In6()) {
			t.Fatalf("%q passed as %v", host, a)
		}
	})
}

func TestGuardInvalid(t *testing.T) {
	if (guard{}).check(netip.Addr{}) == nil {
		t.Fatal("the zero address is allowed")
	}
}
