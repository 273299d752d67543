//go:build unix

package oauth

import (
	"crypto/rand"
	"crypto/rsa"
	"strings"
	"syscall"
	"testing"

	"cognate/internal/base/jose"
	"cognate/internal/core/pool"
	"cognate/internal/testkit/cognitotest"
)

// used is the processor time of this process so far.
func used(b *testing.B) int64 {
	var r syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &r); err != nil {
		b.Fatal(err)
	}
	return r.Utime.Nano() + r.Stime.Nano()
}

// beside runs a request and what no implementation of it can leave out in turns, because a shared machine changes its
// speed, and reports the processor time of both and their ratio.
func beside(b *testing.B, request, floor func()) {
	const turn = 20
	var cost, least, n int64
	for b.Loop() {
		begun := used(b)
		for range turn {
			request()
		}
		between := used(b)
		for range turn {
			floor()
		}
		cost, least, n = cost+between-begun, least+used(b)-between, n+turn
	}
	b.ReportMetric(float64(cost)/float64(n), "cpu-ns/request")
	b.ReportMetric(float64(least)/float64(n), "cpu-ns/floor")
	b.ReportMetric(float64(cost)/float64(least), "x-floor")
}

func newSigner(b *testing.B) (*jose.Signer, *rsa.PrivateKey) {
	key, err := rsa.GenerateKey(rand.Reader, jose.KeyBits)
	if err != nil {
		b.Fatal(err)
	}
	signer, err := jose.NewSigner(key)
	if err != nil {
		b.Fatal(err)
	}
	return signer, key
}

// verifying checks a signature.
func verifying(b *testing.B) func() {
	signer, key := newSigner(b)
	text, err := jose.SignRS256(signer, "kid", []byte(`{"sub":"`+strings.Repeat("x", 400)+`"}`))
	if err != nil {
		b.Fatal(err)
	}
	return func() {
		if _, err := jose.Verify(text, func(string) *rsa.PublicKey { return &key.PublicKey }); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkClientCredentials is a request of a machine beside one signature.
func BenchmarkClientCredentials(b *testing.B) {
	w := newWorld(cognitotest.Quick(b))
	form, header := values("grant_type", "client_credentials"), basic(w.robot.ID, machine)
	request := func() {
		if status, out, _ := w.ask("POST", pool.EndpointToken, form, "Authorization", header); status != 200 {
			b.Fatalf("%d %v", status, out)
		}
	}
	request()
	signer, _ := newSigner(b)
	claims := []byte(strings.Repeat("x", 400))
	beside(b, request, func() {
		if _, err := jose.SignRS256(signer, "kid", claims); err != nil {
			b.Fatal(err)
		}
	})
}

// BenchmarkUserInfo and BenchmarkIntrospection are requests about the token of a user; the check of its signature is
// the least that they take.
func BenchmarkUserInfo(b *testing.B) {
	w := newWorld(cognitotest.Quick(b))
	text := w.access(w.public, "ana", "openid email profile")
	header := "Bearer " + text
	beside(b, func() {
		if status, out, _ := w.ask("GET", pool.EndpointUserInfo, nil, "Authorization", header); status != 200 {
			b.Fatalf("%d %v", status, out)
		}
	}, verifying(b))
}

// BenchmarkIntrospection is the other one.
func BenchmarkIntrospection(b *testing.B) {
	d := newDesk(cognitotest.Quick(b))
	form, header := values("token", *d.signIn(d.secret).AccessToken), basic(d.secret.ID, secretA)
	beside(b, func() {
		if status, out, _ := d.ask("POST", pool.EndpointIntrospect, form, "Authorization", header); status != 200 || out["active"] != true {
			b.Fatalf("%d %v", status, out)
		}
	}, verifying(b))
}

// BenchmarkRefresh is a refresh at the token endpoint beside two signatures.
func BenchmarkRefresh(b *testing.B) {
	w := newWorld(cognitotest.Quick(b))
	form := values("grant_type", "refresh_token", "refresh_token", *w.signIn(w.secret).RefreshToken)
	header := basic(w.secret.ID, secretA)
	signer, _ := newSigner(b)
	claims := []byte(strings.Repeat("x", 600))
	beside(b, func() {
		if status, out, _ := w.ask("POST", pool.EndpointToken, form, "Authorization", header); status != 200 {
			b.Fatalf("%d %v", status, out)
		}
	}, func() {
		if _, _, err := jose.SignPair(jose.Job{Signer: signer, KeyID: "kid", Claims: claims}, jose.Job{Signer: signer, KeyID: "kid", Claims: claims}); err != nil {
			b.Fatal(err)
		}
	})
}
