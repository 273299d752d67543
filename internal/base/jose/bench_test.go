package jose

import (
	"strings"
	"testing"
)

// benchClaims have the size of a Cognito access token's.
var benchClaims = `{"sub":"` + strings.Repeat("a", 36) + `","iss":"` + strings.Repeat("i", 60) + `","client_id":"` +
	strings.Repeat("c", 26) + `","origin_jti":"` + strings.Repeat("o", 36) + `","event_id":"` + strings.Repeat("e", 36) +
	`","token_use":"access","scope":"aws.cognito.signin.user.admin","auth_time":1767755045,"exp":1767758645,"iat":1767755045,"jti":"` +
	strings.Repeat("j", 36) + `","username":"` + strings.Repeat("u", 36) + `"}`

func BenchmarkSign(b *testing.B) {
	s := testSigner(b)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := SignRS256(s, testKid, []byte(benchClaims)); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkSignPair(b *testing.B) {
	s := testSigner(b)
	job := Job{s, testKid, []byte(benchClaims)}
	b.ReportAllocs()
	for b.Loop() {
		if _, _, err := SignPair(job, job); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkVerify(b *testing.B) {
	token := signed(b, benchClaims)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Verify(token, lookup); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkGenerateKey(b *testing.B) {
	for b.Loop() {
		if _, err := generate(); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkOpenSigner(b *testing.B) {
	der, err := MarshalKey(testKey())
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		key, err := ParseKey(der)
		if err != nil {
			b.Fatal(err)
		}
		if _, err := NewSigner(key); err != nil {
			b.Fatal(err)
		}
	}
}
