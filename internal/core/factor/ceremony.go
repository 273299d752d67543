package factor

import (
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"

	"github.com/go-webauthn/webauthn/protocol"
	"github.com/go-webauthn/webauthn/protocol/webauthncbor"
	"github.com/go-webauthn/webauthn/protocol/webauthncose"
	"github.com/go-webauthn/webauthn/webauthn"
)

// This file is the only one that knows the WebAuthn library: it parses what browsers send and has it verified.

const (
	// maxDocument bounds a credential document; real ones have a few kilobytes.
	maxDocument = 64 << 10
	// maxCredentialID is the limit of WebAuthn in bytes.
	maxCredentialID = 1023
)

// algorithms are the signatures that passkeys may use, best first: ES256 and RS256.
var algorithms = []protocol.CredentialParameter{
	{Type: protocol.PublicKeyCredentialType, Algorithm: webauthncose.AlgES256},
	{Type: protocol.PublicKeyCredentialType, Algorithm: webauthncose.AlgRS256},
}

// ceremony is what a registration or an assertion is verified against.
type ceremony struct {
	rpID         string
	verification string // required or preferred
	sub          string // the user handle
}

// registration is a parsed RegistrationResponseJSON, assertion a parsed AuthenticationResponseJSON.
type (
	registration = protocol.ParsedCredentialCreationData
	assertion    = protocol.ParsedCredentialAssertionData
)

func parseRegistration(doc []byte) (*registration, error) {
	if len(doc) > maxDocument {
		return nil, fmt.Errorf("factor: credential of %d bytes", len(doc))
	}
	parsed, err := protocol.ParseCredentialCreationResponseBytes(doc)
	if err != nil {
		return nil, explain(err)
	}
	if n := len(parsed.RawID); n == 0 || n > maxCredentialID {
		return nil, fmt.Errorf("factor: credential id of %d bytes", n)
	}
	return parsed, nil
}

func parseAssertion(doc []byte) (*assertion, error) {
	if len(doc) > maxDocument {
		return nil, fmt.Errorf("factor: credential of %d bytes", len(doc))
	}
	parsed, err := protocol.ParseCredentialRequestResponseBytes(doc)
	if err != nil {
		return nil, explain(err)
	}
	return parsed, nil
}

// rightParty reports whether the authenticator signed for the relying party.
func rightParty(data *protocol.AuthenticatorData, rpID string) bool {
	sum := sha256.Sum256([]byte(rpID))
	return string(data.RPIDHash) == string(sum[:])
}

// supported reports whether the key of a registration is of one of the algorithms.
func supported(r *registration) bool {
	var key webauthncose.PublicKeyData
	if webauthncbor.Unmarshal(r.Response.AttestationObject.AuthData.AttData.CredentialPublicKey, &key) != nil {
		return false
	}
	for _, a := range algorithms {
		if int64(a.Algorithm) == key.Algorithm {
			return true
		}
	}
	return false
}

// register verifies a registration whose origin and challenge the caller has recognised, and returns the passkey.
func (c ceremony) register(r *registration) (passkey, error) {
	made, err := c.party(r.Response.CollectedClientData.Origin).CreateCredential(person{sub: c.sub}, c.session(r.Response.CollectedClientData.Challenge), r)
	if err != nil {
		return passkey{}, explain(err)
	}
	k := passkey{
		id: encodeID(made.ID), rpID: c.rpID, counter: int64(made.Authenticator.SignCount),
		record: record{
			Key: made.PublicKey, AAGUID: made.Authenticator.AAGUID, Flags: made.Flags.MsgpByte(), Format: made.AttestationFormat,
			Attachment: string(made.Authenticator.Attachment),
		},
	}
	for _, t := range made.Transport {
		k.record.Transports = append(k.record.Transports, string(t))
	}
	return k, nil
}

// check verifies an assertion whose origin the caller has recognised, by one of the user's passkeys. It returns the new
// signature counter; whether that has grown is the caller's to check where it is stored.
func (c ceremony) check(a *assertion, challenge string, k passkey) (counter int64, err error) {
	id, err := base64.RawURLEncoding.DecodeString(k.id)
	if err != nil {
		return 0, fmt.Errorf("factor: stored credential id: %w", err)
	}
	known := webauthn.Credential{
		ID: id, PublicKey: k.record.Key, AttestationFormat: k.record.Format, Flags: webauthn.CredentialFlagsFromMsgpByte(k.record.Flags),
		Authenticator: webauthn.Authenticator{AAGUID: k.record.AAGUID, SignCount: uint32(k.counter)},
	}
	u := person{sub: c.sub, credentials: []webauthn.Credential{known}}
	if _, err := c.party(a.Response.CollectedClientData.Origin).ValidateLogin(u, c.session(challenge), a); err != nil {
		return 0, explain(err)
	}
	return int64(a.Response.AuthenticatorData.Counter), nil
}

// party is the library's view of the relying party. The origin was checked before (allowedOrigin), because the library
// compares with a list and knows no subdomains.
func (c ceremony) party(origin string) *webauthn.WebAuthn {
	return &webauthn.WebAuthn{Config: &webauthn.Config{
		RPID: c.rpID, RPDisplayName: c.rpID, RPOrigins: []string{origin},
		RPTopOriginVerificationMode: protocol.TopOriginExplicitVerificationMode,
		// Password managers answer extensions that nobody asked for; none of them is acted upon.
		ExtensionsUnsolicitedOutputPolicy: protocol.UnsolicitedOutputPolicyIgnore,
	}}
}

func (c ceremony) session(challenge string) webauthn.SessionData {
	return webauthn.SessionData{
		Challenge: challenge, RelyingPartyID: c.rpID, UserID: []byte(c.sub), CredParams: algorithms,
		UserVerification: protocol.UserVerificationRequirement(c.verification),
	}
}

// person is a user as the library wants it. The user handle is the text of the sub.
type person struct {
	sub         string
	credentials []webauthn.Credential
}

// WebAuthnID is the user handle.
func (p person) WebAuthnID() []byte { return []byte(p.sub) }

// WebAuthnName and the next are not verified.
func (p person) WebAuthnName() string { return p.sub }

// WebAuthnDisplayName is required by the library's interface.
func (p person) WebAuthnDisplayName() string { return p.sub }

// WebAuthnCredentials are the passkeys that may answer.
func (p person) WebAuthnCredentials() []webauthn.Credential { return p.credentials }

// explain brings the library's details to the error text, for the event log.
func explain(err error) error {
	if e := new(protocol.Error); errors.As(err, &e) {
		return fmt.Errorf("factor: %s: %s: %w", e.Details, e.DevInfo, err)
	}
	return err
}

func encodeID(id []byte) string { return base64.RawURLEncoding.EncodeToString(id) }

// digest is what is kept of a challenge.
func digest(challenge string) string {
	sum := sha256.Sum256([]byte(challenge))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}
