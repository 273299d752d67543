package server

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"cognate/internal/api/cognitoidp"
	"cognate/internal/base/obs"
	"cognate/internal/core/pool"
)

// front is a TLS listener that chooses as the server does.
type front struct {
	t       *testing.T
	app     *app
	dir     string
	log     *output
	domains *domainCerts
	custom  func(context.Context, string) (pool.Domain, error)
	address string
	poolID  string
}

// The serial number of the server's own certificate, which names own.shop.com too, and the ends of two ARNs.
const (
	ownSerial = 1
	firstID   = "11111111-1111-1111-1111-111111111111"
	secondID  = "22222222-2222-2222-2222-222222222222"
)

func newFront(t *testing.T) *front {
	t.Helper()
	s := devSettings()
	s.PublicURL = "https://id.example.com"
	f := &front{t: t, dir: t.TempDir(), log: &output{}}
	f.app, _ = started(t, s)
	f.custom = f.app.Pools.CustomDomain
	own := t.TempDir()
	cert, key := filepath.Join(own, "cert.pem"), filepath.Join(own, "key.pem")
	writePairFor(t, cert, key, ownSerial, time.Hour, "id.example.com", "own.shop.com")
	log := obs.NewLogger(f.log, obs.Text, slog.LevelInfo)
	c, err := newCertificate(cert, key, log)
	if err != nil {
		t.Fatal(err)
	}
	if f.domains, err = newDomainCerts(f.dir, log); err != nil {
		t.Fatal(err)
	}
	h := &handshakes{own: c, domains: f.domains, custom: func(ctx context.Context, host string) (pool.Domain, error) { return f.custom(ctx, host) }}
	l, err := tls.Listen("tcp", "127.0.0.1:0", h.config())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	f.address = l.Addr().String()
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go func() { _ = conn.(*tls.Conn).Handshake(); conn.Close() }()
		}
	}()
	out, err := f.app.API.CreateUserPool(t.Context(), &cognitoidp.CreateUserPoolRequest{PoolName: "shop"})
	if err != nil {
		t.Fatal(err)
	}
	f.poolID = *out.UserPool.Id
	return f
}

// write puts a pair into the folder and lets it be seen.
func (f *front) write(name string, serial int64, life time.Duration, hosts ...string) {
	f.t.Helper()
	writePairFor(f.t, filepath.Join(f.dir, name+".pem"), filepath.Join(f.dir, name+".key"), serial, life, hosts...)
	f.domains.reload(false)
}

// domain makes the custom domain of the pool, or changes it.
func (f *front) domain(host, certificateID string, policy cognitoidp.SecurityPolicyType) {
	f.t.Helper()
	config := &cognitoidp.CustomDomainConfigType{CertificateArn: "arn:aws:acm:us-east-1:000000000000:certificate/" + certificateID}
	if policy != "" {
		config.SecurityPolicy = &policy
	}
	_, err := f.app.API.UpdateUserPoolDomain(f.t.Context(), &cognitoidp.UpdateUserPoolDomainRequest{Domain: host, UserPoolId: f.poolID, CustomDomainConfig: config})
	if err != nil {
		_, err = f.app.API.CreateUserPoolDomain(f.t.Context(), &cognitoidp.CreateUserPoolDomainRequest{Domain: host, UserPoolId: f.poolID, CustomDomainConfig: config})
	}
	if err != nil {
		f.t.Fatal(err)
	}
}

func (f *front) remove(host string) {
	f.t.Helper()
	if _, err := f.app.API.DeleteUserPoolDomain(f.t.Context(), &cognitoidp.DeleteUserPoolDomainRequest{Domain: host, UserPoolId: f.poolID}); err != nil {
		f.t.Fatal(err)
	}
}

// shake is a handshake for a name; the serial number is that of the certificate that came.
func (f *front) shake(host string, change ...func(*tls.Config)) (serial int64, state tls.ConnectionState, err error) {
	config := &tls.Config{ServerName: host, InsecureSkipVerify: true, NextProtos: []string{"h2"}} // the test reads the certificate itself
	for _, c := range change {
		c(config)
	}
	conn, err := tls.Dial("tcp", f.address, config)
	if err != nil {
		return 0, state, err
	}
	defer conn.Close()
	state = conn.ConnectionState()
	return state.PeerCertificates[0].SerialNumber.Int64(), state, nil
}

// gets checks which certificate a name gets.
func (f *front) gets(host string, want int64) {
	f.t.Helper()
	if got, _, err := f.shake(host); err != nil || got != want {
		f.t.Errorf("%s gets certificate %d, want %d (%v)", host, got, want, err)
	}
}

// TestDomainCertificates: custom domains of pools have the certificate that their ARN or their name leads to, and other
// names never have it.
func TestDomainCertificates(t *testing.T) {
	f := newFront(t)
	f.write(firstID, 2, time.Hour, "auth.shop.com", "login.shop.com")
	f.write("auth.shop.com", 3, time.Hour, "auth.shop.com")
	f.gets("auth.shop.com", ownSerial) // nobody's domain
	f.domain("auth.shop.com", firstID, "")
	for host, want := range map[string]int64{
		"auth.shop.com": 2, "AUTH.Shop.com": 2, "login.shop.com": ownSerial, "x.shop.com": ownSerial, "id.example.com": ownSerial, "": ownSerial, "127.0.0.1": ownSerial,
	} {
		f.gets(host, want)
	}
	if _, state, err := f.shake("auth.shop.com"); err != nil || state.NegotiatedProtocol != "h2" {
		t.Errorf("no HTTP/2: %+v, %v", state.NegotiatedProtocol, err)
	}
	f.domain("auth.shop.com", secondID, "") // there is no such file: the name decides
	f.gets("auth.shop.com", 3)
	f.write(secondID, 4, time.Hour, "elsewhere.shop.com") // a certificate for somebody else is never used
	f.gets("auth.shop.com", 3)
	f.write(secondID, 5, time.Hour, "auth.shop.com")
	f.gets("auth.shop.com", 5)

	f.remove("auth.shop.com")
	f.gets("auth.shop.com", ownSerial)
	f.domain("pay.shop.com", firstID, "") // its certificate does not name the domain
	f.gets("pay.shop.com", ownSerial)
	f.write("any", 6, time.Hour, "*.shop.com") // whatever it is called, it does
	f.gets("pay.shop.com", 6)
	f.gets("deep.pay.shop.com", ownSerial)

	for _, end := range []string{".pem", ".key"} {
		if err := os.Remove(filepath.Join(f.dir, "any"+end)); err != nil {
			t.Fatal(err)
		}
	}
	f.domains.reload(false)
	f.gets("pay.shop.com", ownSerial)
	f.domain("pay.shop.com", "../../own/cert", "") // an ARN names no place outside of the folder
	f.gets("pay.shop.com", ownSerial)
}

// TestDomainCertificatesChange: a pair that cannot be used is logged once and changes nothing.
func TestDomainCertificatesChange(t *testing.T) {
	f := newFront(t)
	f.domain("auth.shop.com", firstID, "")
	f.write("auth.shop.com", 2, time.Hour, "auth.shop.com")
	f.gets("auth.shop.com", 2)
	bad := func(what string, change func()) {
		t.Helper()
		before := strings.Count(f.log.String(), "the old one stays")
		time.Sleep(10 * time.Millisecond) // another modification time
		change()
		for range 3 {
			f.domains.reload(false)
		}
		f.gets("auth.shop.com", 2)
		if n := strings.Count(f.log.String(), "the old one stays") - before; n != 1 {
			t.Errorf("%s: complained %d times\n%s", what, n, f.log)
		}
	}
	pem, key := filepath.Join(f.dir, "auth.shop.com.pem"), filepath.Join(f.dir, "auth.shop.com.key")
	bad("an expired one", func() { writePairFor(t, pem, key, 3, -time.Hour, "auth.shop.com") })
	bad("another name", func() { writePairFor(t, pem, key, 4, time.Hour, "auth.shop.org") })
	bad("another key", func() { writePairFor(t, filepath.Join(t.TempDir(), "pem"), key, 5, time.Hour, "auth.shop.com") })
	bad("no certificate", func() { _ = os.WriteFile(pem, []byte("broken"), 0o600) })
	bad("no key", func() { _ = os.Remove(key) })
	f.write("auth.shop.com", 6, time.Hour, "auth.shop.com")
	f.gets("auth.shop.com", 6)
	f.domains.reload(true)
	f.gets("auth.shop.com", 6)

	f.write("pay.shop.com", 7, -time.Hour, "pay.shop.com") // never one that could be used
	f.domain("auth.shop.com", firstID, "")
	if !strings.Contains(f.log.String(), "the TLS certificate cannot be used") || len(f.domains.naming("pay.shop.com")) > 0 {
		t.Errorf("an expired certificate is loaded\n%s", f.log)
	}
}

// TestSecurityPolicy: every custom domain speaks the versions of TLS that it asks for, also with the certificate of the
// server, and nobody speaks old ones.
func TestSecurityPolicy(t *testing.T) {
	f := newFront(t)
	f.write("auth.shop.com", 2, time.Hour, "auth.shop.com")
	at := func(version uint16) func(*tls.Config) {
		return func(c *tls.Config) { c.MinVersion, c.MaxVersion = version, version }
	}
	cbc := func(c *tls.Config) {
		c.MaxVersion, c.CipherSuites = tls.VersionTLS12, []uint16{tls.TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA}
	}
	for _, test := range []struct {
		policy               cognitoidp.SecurityPolicyType
		tls11, tls12, oldCBC bool
	}{
		{"", false, true, true}, {"TLS_V1", false, true, true}, {"TLS_V1_2_2021", false, true, false}, {"TLS_V1_3_2025", false, false, false},
	} {
		for host, serial := range map[string]int64{"auth.shop.com": 2, "own.shop.com": ownSerial} {
			f.domain(host, firstID, test.policy)
			for _, try := range []struct {
				what string
				how  func(*tls.Config)
				want bool
			}{
				{"TLS 1.1", at(tls.VersionTLS11), test.tls11}, {"TLS 1.2", at(tls.VersionTLS12), test.tls12},
				{"CBC", cbc, test.oldCBC}, {"TLS 1.3", at(tls.VersionTLS13), true},
			} {
				got, _, err := f.shake(host, try.how)
				if (err == nil) != try.want || err == nil && got != serial {
					t.Errorf("%s with %q, %s: certificate %d, %v", host, test.policy, try.what, got, err)
				}
			}
			f.remove(host)
		}
	}
	if _, _, err := f.shake("own.shop.com", at(tls.VersionTLS12)); err != nil {
		t.Errorf("the policy outlives its domain: %v", err)
	}
}

// TestHandshakesAskLittle: the database is asked about no name without a certificate, and while it cannot be asked a
// certificate that fits is used.
func TestHandshakesAskLittle(t *testing.T) {
	f := newFront(t)
	f.write("auth.shop.com", 2, time.Hour, "auth.shop.com")
	var asked []string
	f.custom = func(_ context.Context, host string) (pool.Domain, error) {
		asked = append(asked, host)
		return pool.Domain{}, errors.New("no database")
	}
	for host, want := range map[string]int64{"x.shop.com": ownSerial, "evil.example": ownSerial, "": ownSerial, "auth.shop.com": 2} {
		f.gets(host, want)
	}
	if len(asked) != 1 || asked[0] != "auth.shop.com" {
		t.Errorf("asked about %v", asked)
	}
	f.gets("own.shop.com", ownSerial)
}

// TestRunWithDomainCertificates goes through a whole server: a client that trusts the certificate of the custom domain
// alone reads the keys of its pool there.
func TestRunWithDomainCertificates(t *testing.T) {
	s := devSettings()
	s.PublicURL = ""
	dir := t.TempDir()
	s.TLSCert, s.TLSKey, s.DomainCertificates = filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem"), filepath.Join(dir, "domains")
	s.Seed = filepath.Join(dir, "seed.yaml")
	writePair(t, s.TLSCert, s.TLSKey, 1)
	if err := os.Mkdir(s.DomainCertificates, 0o700); err != nil {
		t.Fatal(err)
	}
	pem := filepath.Join(s.DomainCertificates, "auth.shop.com.pem")
	writePairFor(t, pem, filepath.Join(s.DomainCertificates, "auth.shop.com.key"), 2, time.Hour, "auth.shop.com")
	seed := `pools: [{id: us-east-1_Seeded, domains: [{domain: auth.shop.com, settings: {CustomDomainConfig: {CertificateArn: "arn:aws:acm:us-east-1:000000000000:certificate/` + firstID + `"}}}]}]`
	if err := os.WriteFile(s.Seed, []byte(seed), 0o600); err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	out, done := &output{}, make(chan error, 1)
	go func() { done <- Run(ctx, s, out) }()
	defer func() { stop(); <-done }()
	var port string
	waitFor(t, "the announcement", func() bool {
		if m := regexp.MustCompile(`endpoint\s+https://localhost:(\d+)`).FindStringSubmatch(out.String()); m != nil {
			port = m[1]
		}
		return port != ""
	})
	trusted, err := os.ReadFile(pem)
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(trusted)
	client := &http.Client{Transport: &http.Transport{
		TLSClientConfig: &tls.Config{RootCAs: roots}, ForceAttemptHTTP2: true,
		DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
			return (&net.Dialer{}).DialContext(ctx, network, "127.0.0.1:"+port)
		},
	}}
	defer client.CloseIdleConnections()
	waitFor(t, "the keys of the pool", func() bool {
		resp, err := client.Get("https://auth.shop.com:" + port + "/.well-known/jwks.json")
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		body, _ := io.ReadAll(resp.Body)
		return resp.StatusCode == 200 && resp.ProtoMajor == 2 && strings.Contains(string(body), `"keys"`)
	})
	if _, err := client.Get("https://localhost:" + port + "/"); err == nil {
		t.Error("another host has the certificate of the domain")
	}
}
