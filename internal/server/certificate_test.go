package server

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

// writePair writes a self-signed certificate with that serial number.
func writePair(t *testing.T, cert, key string, serial int64) {
	t.Helper()
	writePairFor(t, cert, key, serial, time.Hour, "localhost")
}

// writePairFor writes one that names hosts and is valid for a time from now.
func writePairFor(t *testing.T, cert, key string, serial int64, life time.Duration, hosts ...string) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(serial), Subject: pkix.Name{CommonName: hosts[0]}, DNSNames: hosts,
		NotBefore: time.Now().Add(-2 * time.Hour), NotAfter: time.Now().Add(life),
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &private.PublicKey, private)
	if err != nil {
		t.Fatal(err)
	}
	secret, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	for file, block := range map[string]*pem.Block{cert: {Type: "CERTIFICATE", Bytes: der}, key: {Type: "PRIVATE KEY", Bytes: secret}} {
		if err := os.WriteFile(file, pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// TestCertificateIsReloaded: a running server takes a renewed certificate, and keeps the old one when the new pair is
// broken.
func TestCertificateIsReloaded(t *testing.T) {
	s := devSettings()
	s.PublicURL = ""
	dir := t.TempDir()
	s.TLSCert, s.TLSKey = filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	writePair(t, s.TLSCert, s.TLSKey, 1)
	ctx, stop := context.WithCancel(t.Context())
	out, done := &output{}, make(chan error, 1)
	go func() { done <- Run(ctx, s, out) }()
	defer func() { stop(); <-done }()
	var address string
	waitFor(t, "the announcement", func() bool {
		if m := regexp.MustCompile(`endpoint\s+https?://localhost:(\d+)`).FindStringSubmatch(out.String()); m != nil {
			address = "127.0.0.1:" + m[1]
		}
		return address != ""
	})
	serial := func() int64 {
		c, err := tls.Dial("tcp", address, &tls.Config{InsecureSkipVerify: true})
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		return c.ConnectionState().PeerCertificates[0].SerialNumber.Int64()
	}
	if n := serial(); n != 1 {
		t.Fatalf("serial %d", n)
	}
	if err := os.WriteFile(s.TLSKey, []byte("broken"), 0o600); err != nil {
		t.Fatal(err)
	}
	waitFor(t, "the complaint", func() bool { return strings.Contains(out.String(), "the old one stays") })
	if n := serial(); n != 1 {
		t.Errorf("with a broken pair: serial %d", n)
	}
	writePair(t, s.TLSCert, s.TLSKey, 2)
	waitFor(t, "the new certificate", func() bool { return serial() == 2 })
	if n := strings.Count(out.String(), "the old one stays"); n != 1 {
		t.Errorf("complained %d times", n)
	}
}
