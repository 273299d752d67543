//go:build unix

package token

import (
	"crypto/rsa"
	"syscall"
	"testing"

	"cognate/internal/base/jose"
)

// processor adds the processor time of an operation, which other work on the machine does not lengthen as it does the
// time that passes.
func processor(b *testing.B) func() {
	used := func() int64 {
		var r syscall.Rusage
		must(b, syscall.Getrusage(syscall.RUSAGE_SELF, &r))
		return r.Utime.Nano() + r.Stime.Nano()
	}
	start := used()
	return func() { b.ReportMetric(float64(used()-start)/float64(b.N), "cpu-ns/op") }
}

func BenchmarkPrepare(b *testing.B) {
	f := quick(b)
	c := f.newClient(nil)
	defer processor(b)()
	for b.Loop() {
		if _, err := f.Prepare(b.Context(), f.pool, c, ana(), Options{}); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkTwoSignatures is the floor of Prepare and of a refresh.
func BenchmarkTwoSignatures(b *testing.B) {
	f := quick(b)
	keys, err := f.signers(b.Context(), f.pool.ID)
	must(b, err)
	claims := []byte(part(b, *f.signIn(f.newClient(nil), ana()).Result().AccessToken, 1))
	defer processor(b)()
	for b.Loop() {
		if _, _, err := jose.SignPair(keys.id.job(claims), keys.access.job(claims)); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkClaims(b *testing.B) {
	f := quick(b)
	subj := ana()
	cl := &claims{pool: f.pool, client: f.newClient(nil), subject: &subj, session: &Session{}, issuer: "i", links: true}
	b.ReportAllocs()
	defer processor(b)()
	for b.Loop() {
		cl.id("", membership{})
		cl.access("", membership{})
	}
}

func BenchmarkVerifyAccess(b *testing.B) {
	f := quick(b)
	text := *f.signIn(f.newClient(nil), ana()).Result().AccessToken
	b.ReportAllocs()
	defer processor(b)()
	for b.Loop() {
		if _, err := f.VerifyAccess(b.Context(), text); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkVerifySignatureOnly(b *testing.B) {
	f := quick(b)
	text := *f.signIn(f.newClient(nil), ana()).Result().AccessToken
	keys, err := f.signers(b.Context(), f.pool.ID)
	must(b, err)
	public := keys.access.signer.Public()
	defer processor(b)()
	for b.Loop() {
		if _, err := jose.Verify(text, func(string) *rsa.PublicKey { return public }); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkFindRefresh(b *testing.B) {
	f := quick(b)
	c := f.newClient(nil)
	text := *f.signIn(c, ana()).Result().RefreshToken
	b.ReportAllocs()
	defer processor(b)()
	for b.Loop() {
		if _, err := f.find(c, text); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkRefresh(b *testing.B) {
	f := quick(b)
	c := f.newClient(nil)
	text := *f.signIn(c, ana()).Result().RefreshToken
	defer processor(b)()
	for b.Loop() {
		if _, err := f.refresh(c, text); err != nil {
			b.Fatal(err)
		}
	}
}
