package jose

import (
	"crypto"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"

	"cognate/internal/base/background"
)

// KeyBits is the size of the RSA keys that pools sign with.
const KeyBits = 2048

// Signer makes RS256 signatures. It is the one type that RSA signing stands behind, so that another implementation can
// take its place. It is safe for concurrent use.
type Signer struct{ key *rsa.PrivateKey }

// NewSigner checks the key once, keeps what can be computed ahead with it, and refuses keys of fewer than 2048 bits.
func NewSigner(key *rsa.PrivateKey) (*Signer, error) {
	if key == nil || key.N == nil {
		return nil, errors.New("jose: no key")
	}
	if bits := key.N.BitLen(); bits < KeyBits {
		return nil, fmt.Errorf("jose: RSA key of %d bits is too short for RS256", bits)
	}
	if err := key.Validate(); err != nil {
		return nil, fmt.Errorf("jose: RSA key: %w", err)
	}
	key.Precompute()
	return &Signer{key: key}, nil
}

// Public returns the public half of the key.
func (s *Signer) Public() *rsa.PublicKey { return &s.key.PublicKey }

// sign returns the signature of data by RSASSA-PKCS1-v1_5 with SHA-256. The operation is deterministic and takes
// constant time in the key; crypto/rsa checks its own result, so a fault of the machine cannot leak the key.
func (s *Signer) sign(data []byte) ([]byte, error) {
	digest := sha256.Sum256(data)
	signature, err := rsa.SignPKCS1v15(nil, s.key, crypto.SHA256, digest[:])
	if err != nil {
		return nil, fmt.Errorf("jose: sign: %w", err)
	}
	return signature, nil
}

// SignRS256 returns the compact JWS of claims, which are a JSON text. The header holds exactly kid and alg, as
// Cognito's does. kid is written as it is: it must not need escaping in JSON.
func SignRS256(s *Signer, kid string, claims []byte) (string, error) {
	if !plainKeyID(kid) {
		return "", fmt.Errorf("jose: key id %q needs escaping", kid)
	}
	enc := base64.RawURLEncoding
	header := make([]byte, 0, len(headStart)+len(kid)+len(headEnd))
	header = append(append(append(header, headStart...), kid...), headEnd...)
	size := enc.EncodedLen(len(header)) + enc.EncodedLen(len(claims)) + enc.EncodedLen(s.key.Size()) + 2
	token := make([]byte, 0, size)
	token = append(enc.AppendEncode(token, header), '.')
	token = enc.AppendEncode(token, claims)
	signature, err := s.sign(token)
	if err != nil {
		return "", err
	}
	return string(enc.AppendEncode(append(token, '.'), signature)), nil
}

// Job is one token to be signed.
type Job struct {
	Signer *Signer
	KeyID  string
	Claims []byte
}

// SignPair signs two tokens of one answer at the same time, so that the caller waits for one RSA operation instead of
// two when a second core is free.
func SignPair(a, b Job) (first, second string, err error) {
	type result struct {
		token string
		err   error
	}
	other := make(chan result, 1)
	background.Go("sign", func() {
		var r result
		r.err = background.Try("sign", func() (err error) {
			r.token, err = SignRS256(b.Signer, b.KeyID, b.Claims)
			return err
		})
		other <- r
	})
	first, err = SignRS256(a.Signer, a.KeyID, a.Claims)
	got := <-other
	if err = errors.Join(err, got.err); err != nil {
		return "", "", err
	}
	return first, got.token, nil
}
