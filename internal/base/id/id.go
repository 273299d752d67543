// Package id makes the identifiers that Cognate hands out: user pool ids, client ids and secrets, session ids, UUIDs
// and numeric codes.
//
// Every character is drawn without modulo bias from a cryptographic source, so that an identifier used as a secret has
// exactly the entropy that its length and alphabet promise.
package id

import (
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"io"
)

// The alphabets that Cognito's identifiers are drawn from.
const (
	digits     = "0123456789"
	lowerAlnum = digits + "abcdefghijklmnopqrstuvwxyz"
	mixedAlnum = lowerAlnum + "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
)

// Source draws identifiers from Rand; a nil Rand means crypto/rand. Methods panic when an injected Rand fails, because
// no identifier can be made without randomness and crypto/rand itself never fails.
type Source struct{ Rand io.Reader }

// UUID returns a random (version 4) UUID in lower-case text form, RFC 9562 section 5.4.
func (s Source) UUID() string {
	var u [16]byte
	s.read(u[:])
	u[6] = u[6]&0x0f | 0x40
	u[8] = u[8]&0x3f | 0x80
	var text [36]byte
	hex.Encode(text[0:8], u[0:4])
	hex.Encode(text[9:13], u[4:6])
	hex.Encode(text[14:18], u[6:8])
	hex.Encode(text[19:23], u[8:10])
	hex.Encode(text[24:36], u[10:16])
	text[8], text[13], text[18], text[23] = '-', '-', '-', '-'
	return string(text[:])
}

// PoolID returns a user pool id: the region, an underscore and nine letters or digits. The part after the underscore
// is the pool's name in the SRP protocol.
func (s Source) PoolID(region string) string { return region + "_" + s.String(9, mixedAlnum) }

// ClientID returns an app client id: 26 lower-case letters or digits (134 bits).
func (s Source) ClientID() string { return s.String(26, lowerAlnum) }

// ClientSecret returns an app client secret: 52 lower-case letters or digits (268 bits).
func (s Source) ClientSecret() string { return s.String(52, lowerAlnum) }

// TokenSession returns the id of a token session: "tkn" and 25 lower-case letters or digits.
func (s Source) TokenSession() string { return "tkn" + s.String(25, lowerAlnum) }

// SSOSession returns the id of a managed-login session: "sso" and 25 lower-case letters or digits.
func (s Source) SSOSession() string { return "sso" + s.String(25, lowerAlnum) }

// Digits returns n decimal digits, each value equally likely, leading zeros included.
func (s Source) Digits(n int) string { return s.String(n, digits) }

// String returns n characters, each drawn evenly from alphabet, which holds 1 to 256 single-byte characters.
func (s Source) String(n int, alphabet string) string {
	return string(s.draw(make([]byte, 0, n), n, alphabet))
}

// draw appends n characters of alphabet to out. Bytes at or above the largest multiple of the alphabet's size are
// thrown away: taking them modulo the size would favour the first characters.
func (s Source) draw(out []byte, n int, alphabet string) []byte {
	if len(alphabet) == 0 || len(alphabet) > 256 {
		panic("id: alphabet must hold 1 to 256 characters")
	}
	limit := 256 - 256%len(alphabet)
	var buf [64]byte
	for n > 0 {
		chunk := buf[:min(len(buf), n+n/4+1)]
		s.read(chunk)
		for _, b := range chunk {
			if int(b) < limit && n > 0 {
				out = append(out, alphabet[int(b)%len(alphabet)])
				n--
			}
		}
	}
	return out
}

// read fills b with randomness.
func (s Source) read(b []byte) {
	src := s.Rand
	if src == nil {
		src = rand.Reader
	}
	if _, err := io.ReadFull(src, b); err != nil {
		panic(fmt.Sprintf("id: random source: %v", err))
	}
}

// UUID returns a random UUID drawn from crypto/rand.
func UUID() string { return Source{}.UUID() }

// PoolID returns a user pool id in region drawn from crypto/rand.
func PoolID(region string) string { return Source{}.PoolID(region) }

// ClientID returns an app client id drawn from crypto/rand.
func ClientID() string { return Source{}.ClientID() }

// ClientSecret returns an app client secret drawn from crypto/rand.
func ClientSecret() string { return Source{}.ClientSecret() }

// TokenSession returns a token session id drawn from crypto/rand.
func TokenSession() string { return Source{}.TokenSession() }

// SSOSession returns a managed-login session id drawn from crypto/rand.
func SSOSession() string { return Source{}.SSOSession() }

// Digits returns n decimal digits drawn from crypto/rand.
func Digits(n int) string { return Source{}.Digits(n) }
