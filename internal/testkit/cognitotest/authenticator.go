package cognitotest

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"testing"

	"github.com/descope/virtualwebauthn"

	"cognate/internal/api/cognitoidp"
	"cognate/internal/api/rt"
)

// Authenticator is a software authenticator with one passkey, and the browser page that uses it.
type Authenticator struct {
	Party virtualwebauthn.RelyingParty
	Auth  virtualwebauthn.Authenticator
	Key   virtualwebauthn.Credential
}

// NewAuthenticator is an authenticator that a page of origin uses for a relying party.
func NewAuthenticator(rpID, origin string) *Authenticator {
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

// Register answers CredentialCreationOptions.
func (k *Authenticator) Register(t testing.TB, options rt.Document) rt.Document {
	t.Helper()
	o, err := virtualwebauthn.ParseAttestationOptions(string(options))
	if err != nil {
		t.Fatal(err)
	}
	return rt.Document(virtualwebauthn.CreateAttestationResponse(k.Party, k.Auth, k.Key, *o))
}

// Answer answers CREDENTIAL_REQUEST_OPTIONS.
func (k *Authenticator) Answer(t testing.TB, options string) string {
	t.Helper()
	o, err := virtualwebauthn.ParseAssertionOptions(options)
	if err != nil {
		t.Fatal(err)
	}
	return virtualwebauthn.CreateAssertionResponse(k.Party, k.Auth, k.Key, *o)
}

// Enrol registers a passkey for the owner of an access token.
func (w *World) Enrol(access string, k *Authenticator) {
	w.T.Helper()
	start := Call(w, w.API.StartWebAuthnRegistration, &cognitoidp.StartWebAuthnRegistrationRequest{AccessToken: access})
	Call(w, w.API.CompleteWebAuthnRegistration, &cognitoidp.CompleteWebAuthnRegistrationRequest{
		AccessToken: access, Credential: k.Register(w.T, start.CredentialCreationOptions),
	})
}
