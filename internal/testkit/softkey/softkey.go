// Package softkey is a software authenticator with one ES256 passkey, and the browser page that uses it: it answers the
// options that Cognito hands out as a browser would. Tests and the load program sign in with it.
package softkey

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"

	"github.com/descope/virtualwebauthn"
)

// Authenticator holds the passkey of one user at one relying party.
type Authenticator struct {
	Party virtualwebauthn.RelyingParty
	Auth  virtualwebauthn.Authenticator
	Key   virtualwebauthn.Credential
}

// New is an authenticator that a page of origin uses for a relying party.
func New(rpID, origin string) *Authenticator {
	return &Authenticator{
		Party: virtualwebauthn.RelyingParty{ID: rpID, Origin: origin}, Auth: virtualwebauthn.NewAuthenticator(), Key: NewPasskey(),
	}
}

// NewPasskey draws a key whose coordinates need all their bytes: the library drops leading zeros, which no
// authenticator does.
func NewPasskey() virtualwebauthn.Credential {
	for {
		key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		if err != nil {
			panic(err)
		}
		point, err := key.PublicKey.Bytes()
		if err != nil {
			panic(err)
		}
		if point[1] == 0 || point[33] == 0 {
			continue
		}
		raw, err := x509.MarshalPKCS8PrivateKey(key)
		if err != nil {
			panic(err)
		}
		return virtualwebauthn.NewCredentialWithImportedKey(virtualwebauthn.KeyTypeEC2, raw)
	}
}

// Register answers CredentialCreationOptions with a RegistrationResponseJSON.
func (k *Authenticator) Register(options string) (string, error) {
	o, err := virtualwebauthn.ParseAttestationOptions(options)
	if err != nil {
		return "", err
	}
	return virtualwebauthn.CreateAttestationResponse(k.Party, k.Auth, k.Key, *o), nil
}

// Answer answers CREDENTIAL_REQUEST_OPTIONS with an AuthenticationResponseJSON. The signature counter is Key.Counter, which
// stays as it is: 0 is that of authenticators that do not count.
func (k *Authenticator) Answer(options string) (string, error) {
	o, err := virtualwebauthn.ParseAssertionOptions(options)
	if err != nil {
		return "", err
	}
	return virtualwebauthn.CreateAssertionResponse(k.Party, k.Auth, k.Key, *o), nil
}
