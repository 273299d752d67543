package cognitotest

import (
	"testing"

	"cognate/internal/api/cognitoidp"
	"cognate/internal/api/rt"
	"cognate/internal/testkit/softkey"
)

// Authenticator is a software authenticator with one passkey, and the browser page that uses it.
type Authenticator struct{ softkey.Authenticator }

// NewAuthenticator is an authenticator that a page of origin uses for a relying party.
func NewAuthenticator(rpID, origin string) *Authenticator {
	return &Authenticator{*softkey.New(rpID, origin)}
}

// Register answers CredentialCreationOptions.
func (k *Authenticator) Register(t testing.TB, options rt.Document) rt.Document {
	t.Helper()
	doc, err := k.Authenticator.Register(string(options))
	if err != nil {
		t.Fatal(err)
	}
	return rt.Document(doc)
}

// Answer answers CREDENTIAL_REQUEST_OPTIONS.
func (k *Authenticator) Answer(t testing.TB, options string) string {
	t.Helper()
	doc, err := k.Authenticator.Answer(options)
	if err != nil {
		t.Fatal(err)
	}
	return doc
}

// Enrol registers a passkey for the owner of an access token.
func (w *World) Enrol(access string, k *Authenticator) {
	w.T.Helper()
	start := Call(w, w.API.StartWebAuthnRegistration, &cognitoidp.StartWebAuthnRegistrationRequest{AccessToken: access})
	Call(w, w.API.CompleteWebAuthnRegistration, &cognitoidp.CompleteWebAuthnRegistrationRequest{
		AccessToken: access, Credential: k.Register(w.T, start.CredentialCreationOptions),
	})
}
