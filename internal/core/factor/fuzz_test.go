package factor

import (
	"encoding/base64"
	"strings"
	"testing"

	"github.com/descope/virtualwebauthn"
)

const fuzzChallenge = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8"

// samples are what a software authenticator sends for a registration and a sign-in.
func samples() (registered, signed string) {
	party := virtualwebauthn.RelyingParty{ID: "example.com", Origin: "https://example.com"}
	auth, key := virtualwebauthn.NewAuthenticator(), virtualwebauthn.NewCredential(virtualwebauthn.KeyTypeEC2)
	for len(key.Key.AttestationData()) != 77 { // the library leaves out leading zeros of coordinates
		key = virtualwebauthn.NewCredential(virtualwebauthn.KeyTypeEC2)
	}
	challenge, _ := base64.RawURLEncoding.DecodeString(fuzzChallenge)
	registered = virtualwebauthn.CreateAttestationResponse(party, auth, key, virtualwebauthn.AttestationOptions{Challenge: challenge})
	signed = virtualwebauthn.CreateAssertionResponse(party, auth, key, virtualwebauthn.AssertionOptions{Challenge: challenge})
	return registered, signed
}

// FuzzRegistration holds that hostile registrations are refused without harm, and that an accepted one is of the
// relying party.
func FuzzRegistration(f *testing.F) {
	registered, _ := samples()
	f.Add(registered)
	f.Add(strings.Replace(registered, `"type":"public-key"`, `"type":"public-key","clientExtensionResults":{"credProps":{"rk":true}}`, 1))
	f.Add(`{"id":"AA","rawId":"AA","type":"public-key","response":{"clientDataJSON":"e30","attestationObject":"oA"}}`)
	f.Fuzz(func(t *testing.T, doc string) {
		got, err := parseRegistration([]byte(doc))
		if err != nil {
			return
		}
		supported(got)
		k, err := ceremony{rpID: "example.com", verification: "required", sub: "s"}.register(got)
		if err == nil && (!rightParty(&got.Response.AttestationObject.AuthData, "example.com") || k.id == "" || len(k.record.Key) == 0) {
			t.Fatalf("accepted %s", doc)
		}
	})
}

// FuzzAssertion holds that no answer but the authenticator's own is accepted.
func FuzzAssertion(f *testing.F) {
	registered, signed := samples()
	made, err := parseRegistration([]byte(registered))
	if err != nil {
		f.Fatal(err)
	}
	c := ceremony{rpID: "example.com", verification: "preferred", sub: "s"}
	k, err := c.register(made)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(signed)
	f.Add(`{"id":"AA","rawId":"AA","type":"public-key","response":{"clientDataJSON":"e30","authenticatorData":"AA","signature":"AA"}}`)
	f.Fuzz(func(t *testing.T, doc string) {
		got, err := parseAssertion([]byte(doc))
		if err != nil {
			return
		}
		if _, err := c.check(got, fuzzChallenge, k); err != nil {
			return
		}
		if client := got.Response.CollectedClientData; client.Challenge != fuzzChallenge || client.Type != "webauthn.get" || client.Origin != "https://example.com" {
			t.Fatalf("accepted %s", doc)
		}
	})
}
