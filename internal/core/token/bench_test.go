package token

import (
	"crypto/rsa"
	"testing"

	"cognate/internal/base/jose"
)

func BenchmarkPrepare(b *testing.B) {
	f := quick(b)
	c := f.newClient(nil)
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
	for b.Loop() {
		cl.id("", nil)
		cl.access("", nil)
	}
}

func BenchmarkVerifyAccess(b *testing.B) {
	f := quick(b)
	text := *f.signIn(f.newClient(nil), ana()).Result().AccessToken
	b.ReportAllocs()
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
	for b.Loop() {
		if _, err := f.refresh(c, text); err != nil {
			b.Fatal(err)
		}
	}
}
