package jose

import (
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"math/big"
)

// JWK is a public RSA signing key as Cognito publishes it, members in Cognito's order.
type JWK struct {
	Alg string `json:"alg"`
	E   string `json:"e"`
	Kid string `json:"kid"`
	Kty string `json:"kty"`
	N   string `json:"n"`
	Use string `json:"use"`
}

// PublicJWK describes an RS256 signing key.
func PublicJWK(kid string, key *rsa.PublicKey) JWK {
	enc := base64.RawURLEncoding
	return JWK{
		Alg: "RS256", Kid: kid, Kty: "RSA", Use: "sig",
		E: enc.EncodeToString(big.NewInt(int64(key.E)).Bytes()),
		N: enc.EncodeToString(key.N.Bytes()),
	}
}

// Key returns the public key that k describes, or an error when k is not an RS256 signing key of 2048 to 8192 bits.
func (k JWK) Key() (*rsa.PublicKey, error) {
	if k.Kty != "RSA" || k.Alg != "" && k.Alg != "RS256" || k.Use != "" && k.Use != "sig" {
		return nil, errors.New("jose: not an RS256 signing key")
	}
	n, err := strict.DecodeString(k.N)
	if err != nil {
		return nil, fmt.Errorf("jose: modulus: %w", err)
	}
	e, err := strict.DecodeString(k.E)
	if err != nil {
		return nil, fmt.Errorf("jose: exponent: %w", err)
	}
	key := &rsa.PublicKey{N: new(big.Int).SetBytes(n)}
	if bits := key.N.BitLen(); bits < KeyBits || bits > 4*KeyBits {
		return nil, fmt.Errorf("jose: modulus of %d bits", bits)
	}
	if len(e) == 0 || len(e) > 4 {
		return nil, errors.New("jose: exponent out of range")
	}
	key.E = int(new(big.Int).SetBytes(e).Int64())
	if key.E < 3 || key.E%2 == 0 || key.E > 1<<31-1 {
		return nil, errors.New("jose: exponent out of range")
	}
	return key, nil
}

// JWKS returns the JSON text of a key set.
func JWKS(keys []JWK) []byte {
	if keys == nil {
		keys = []JWK{}
	}
	// Strings in a struct always encode.
	text, _ := json.Marshal(struct {
		Keys []JWK `json:"keys"`
	}{keys})
	return text
}

// ParseJWKS reads a key set and returns its RS256 signing keys by key id. Keys of other kinds are skipped, as RFC 7517
// section 5 asks.
func ParseJWKS(text []byte) (map[string]*rsa.PublicKey, error) {
	var set struct {
		Keys []JWK `json:"keys"`
	}
	if err := json.Unmarshal(text, &set); err != nil {
		return nil, fmt.Errorf("jose: key set: %w", err)
	}
	keys := make(map[string]*rsa.PublicKey, len(set.Keys))
	for _, k := range set.Keys {
		if key, err := k.Key(); err == nil && k.Kid != "" {
			keys[k.Kid] = key
		}
	}
	return keys, nil
}

// MarshalKey returns the PKCS #8 form of a private key, to be sealed and stored.
func MarshalKey(key *rsa.PrivateKey) ([]byte, error) {
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, fmt.Errorf("jose: encode key: %w", err)
	}
	return der, nil
}

// ParseKey reads what MarshalKey wrote.
func ParseKey(der []byte) (*rsa.PrivateKey, error) {
	key, err := x509.ParsePKCS8PrivateKey(der)
	if err != nil {
		return nil, fmt.Errorf("jose: decode key: %w", err)
	}
	private, ok := key.(*rsa.PrivateKey)
	if !ok {
		return nil, fmt.Errorf("jose: stored key is a %T", key)
	}
	return private, nil
}
