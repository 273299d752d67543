package jose

import (
	"crypto/rand"
	"encoding/base64"
	"fmt"
	"io"
	"strings"
)

// A refresh token looks like the compact JWE that Cognito hands out: header, encrypted key (as long as an RSA-2048
// block), 96-bit nonce, ciphertext, 128-bit tag. Clients treat it as opaque and only the server that made it can say
// what it stands for, by the hash of its bytes. So nothing is encrypted, least of all by RSA: every part is random, which
// is far more than the 256 bits that guessing must be held off with.
const (
	// RefreshHeader is the first part of every refresh token: {"cty":"JWT","enc":"A256GCM","alg":"RSA-OAEP"}.
	RefreshHeader = "eyJjdHkiOiJKV1QiLCJlbmMiOiJBMjU2R0NNIiwiYWxnIjoiUlNBLU9BRVAifQ"

	refreshCipher = 300 // bytes of the ciphertext part
)

// refreshParts are the sizes in bytes of the parts behind the header.
var refreshParts = [...]int{KeyBits / 8, 12, refreshCipher, 16}

// RefreshToken returns a new opaque refresh token; a nil source means crypto/rand.
func RefreshToken(source io.Reader) (string, error) {
	if source == nil {
		source = rand.Reader
	}
	var raw [KeyBits/8 + 12 + refreshCipher + 16]byte
	if _, err := io.ReadFull(source, raw[:]); err != nil {
		return "", fmt.Errorf("jose: refresh token: %w", err)
	}
	token := append(make([]byte, 0, 1024), RefreshHeader...)
	rest := raw[:]
	for _, size := range refreshParts {
		token = base64.RawURLEncoding.AppendEncode(append(token, '.'), rest[:size])
		rest = rest[size:]
	}
	return string(token), nil
}

// ParseRefreshToken checks that text has the shape RefreshToken gives and returns the bytes to look it up by, which are
// to be hashed. It returns ErrMalformed for anything else. It allocates little and never more than the text's length.
func ParseRefreshToken(text string) ([]byte, error) {
	if len(text) > MaxToken {
		return nil, ErrMalformed
	}
	rest, ok := strings.CutPrefix(text, RefreshHeader)
	if !ok {
		return nil, ErrMalformed
	}
	var secret [KeyBits/8 + 12 + refreshCipher + 16]byte
	out := secret[:0]
	for _, size := range refreshParts {
		n := 1 + base64.RawURLEncoding.EncodedLen(size)
		if len(rest) < n || rest[0] != '.' || strings.ContainsAny(rest[1:n], "\r\n") {
			return nil, ErrMalformed
		}
		var err error
		if out, err = strict.AppendDecode(out, []byte(rest[1:n])); err != nil {
			return nil, ErrMalformed
		}
		rest = rest[n:]
	}
	if rest != "" {
		return nil, ErrMalformed
	}
	return out, nil
}
