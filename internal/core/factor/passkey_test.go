package factor_test

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/descope/virtualwebauthn"
	"github.com/fxamacker/cbor/v2"

	"cognate/internal/api/cognitoidp"
	"cognate/internal/api/rt"
	"cognate/internal/core/factor"
	"cognate/internal/core/pool"
	. "cognate/internal/testkit/cognitotest"
	"cognate/internal/testkit/softkey"
)

// device is a software authenticator with one passkey, and the browser page that uses it.
type device struct {
	party virtualwebauthn.RelyingParty
	auth  virtualwebauthn.Authenticator
	key   virtualwebauthn.Credential
}

func newDevice(rpID, origin string) *device {
	return &device{
		party: virtualwebauthn.RelyingParty{ID: rpID, Origin: origin}, auth: virtualwebauthn.NewAuthenticator(),
		key: softkey.NewPasskey(),
	}
}

// register answers CredentialCreationOptions.
func (d *device) register(t testing.TB, options rt.Document) rt.Document {
	t.Helper()
	o, err := virtualwebauthn.ParseAttestationOptions(string(options))
	if err != nil {
		t.Fatal(err)
	}
	return rt.Document(virtualwebauthn.CreateAttestationResponse(d.party, d.auth, d.key, *o))
}

// answer answers CREDENTIAL_REQUEST_OPTIONS.
func (d *device) answer(t testing.TB, options string) string {
	t.Helper()
	o, err := virtualwebauthn.ParseAssertionOptions(options)
	if err != nil {
		t.Fatal(err)
	}
	return virtualwebauthn.CreateAssertionResponse(d.party, d.auth, d.key, *o)
}

func passkeys(in *cognitoidp.CreateUserPoolRequest) {
	in.Policies = &cognitoidp.UserPoolPolicyType{SignInPolicy: &cognitoidp.SignInPolicyType{
		AllowedFirstAuthFactors: []cognitoidp.AuthFactorType{"PASSWORD", "WEB_AUTHN"},
	}}
}

// passkeyPool makes a pool with passkeys of example.com.
func (w *world) passkeyPool(rpID string) *pool.Pool {
	w.T.Helper()
	return w.mfa(w.Pool(passkeys), cognitoidp.UserPoolMfaTypeOff, func(in *cognitoidp.SetUserPoolMfaConfigRequest) {
		in.WebAuthnConfiguration = &cognitoidp.WebAuthnConfigurationType{RelyingPartyId: &rpID}
	})
}

func (w *world) start(access string) rt.Document {
	w.T.Helper()
	return Call(w.World, w.StartWebAuthnRegistration, &cognitoidp.StartWebAuthnRegistrationRequest{AccessToken: access}).CredentialCreationOptions
}

func completing(access string, credential rt.Document) *cognitoidp.CompleteWebAuthnRegistrationRequest {
	return &cognitoidp.CompleteWebAuthnRegistrationRequest{AccessToken: access, Credential: credential}
}

// enrol registers a passkey.
func (w *world) enrol(access string, d *device) {
	w.T.Helper()
	Call(w.World, w.CompleteWebAuthnRegistration, completing(access, d.register(w.T, w.start(access))))
}

func TestRegistrationOptions(t *testing.T) {
	w := quick(t)
	p := w.passkeyPool("example.com")
	c := w.Client(p, nil)
	w.User(p, "ana")
	access := w.access(p, c, "ana")
	d := newDevice("example.com", "https://example.com")
	w.enrol(access, d)
	var got map[string]any
	w.must(json.Unmarshal(w.start(access), &got))
	challenge, _ := got["challenge"].(string)
	if raw, err := base64.RawURLEncoding.DecodeString(challenge); err != nil || len(raw) != 32 {
		t.Errorf("challenge %q", challenge)
	}
	delete(got, "challenge")
	text, _ := json.Marshal(got)
	want := fmt.Sprintf(`{"authenticatorSelection":{"requireResidentKey":true,"residentKey":"required","userVerification":"preferred"},`+
		`"excludeCredentials":[{"id":"%s","type":"public-key"}],`+
		`"pubKeyCredParams":[{"alg":-7,"type":"public-key"},{"alg":-257,"type":"public-key"}],`+
		`"rp":{"id":"example.com","name":"example.com"},"timeout":60000,`+
		`"user":{"displayName":"ana","id":"%s","name":"ana"}}`,
		base64.RawURLEncoding.EncodeToString(d.key.ID), base64.RawURLEncoding.EncodeToString([]byte(w.Get(p, "ana").Sub)))
	if string(text) != want {
		t.Errorf("options\n%s, want\n%s", text, want)
	}
}

func TestRegistrationRefusals(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		p := w.passkeyPool("example.com")
		c, other := w.Client(p, nil), w.Client(p, nil)
		w.User(p, "ana")
		w.User(p, "bob")
		access, bob := w.access(p, c, "ana"), w.access(p, c, "bob")
		const unknown = "WebAuthnChallengeNotFoundException: The challenge of the passkey was not found. Start the registration again."
		const bad = "InvalidParameterException: Credential data is not valid"
		refused := func(want, access string, credential rt.Document) {
			t.Helper()
			Refused(w.World, want, w.CompleteWebAuthnRegistration, completing(access, credential))
		}
		good := func() *device { return newDevice("example.com", "https://example.com") }
		for _, doc := range []string{`{}`, `null`, `[]`, `"x"`, `{"id":"AA","rawId":"AA","type":"public-key","response":{}}`} {
			refused(bad, access, rt.Document(doc))
		}
		refused(unknown, bob, good().register(t, w.start(access))) // bob started none
		old := good().register(t, w.start(access))
		fresh := good().register(t, w.start(access))
		refused(unknown, access, old)
		refused("WebAuthnClientMismatchException: The passkey registration was started by another app client.", w.access(p, other, "ana"), fresh)
		Call(w.World, w.CompleteWebAuthnRegistration, completing(access, fresh))
		refused(unknown, access, fresh)

		evil := newDevice("example.com", "https://example.com.evil.test")
		answer := evil.register(t, w.start(access))
		refused("WebAuthnOriginNotAllowedException: The origin of the passkey is not allowed for the relying party.", access, answer)
		refused(unknown, access, answer) // the challenge is used up
		plain := newDevice("example.com", "http://example.com")
		refused("WebAuthnOriginNotAllowedException: The origin of the passkey is not allowed for the relying party.", access, plain.register(t, w.start(access)))
		party := newDevice("evil.test", "https://example.com")
		refused("WebAuthnRelyingPartyMismatchException: The passkey was made for another relying party.", access, party.register(t, w.start(access)))
		absent := good()
		absent.auth.Options.UserNotPresent = true
		refused(bad, access, absent.register(t, w.start(access)))
		late := good().register(t, w.start(access))
		w.Clock.Advance(5*time.Minute + time.Second)
		refused(unknown, access, late)

		// A credential id belongs to one user of a pool.
		d := good()
		w.enrol(access, d)
		refused(bad, bob, d.register(t, w.start(bob)))
		refused(bad, access, d.register(t, w.start(access)))

		rsa := good()
		rsa.key = virtualwebauthn.NewCredential(virtualwebauthn.KeyTypeRSA)
		sub := newDevice("example.com", "https://app.example.com:8443")
		w.enrol(access, rsa)
		w.enrol(access, sub)
		if n := w.Get(p, "ana").MFA.Passkeys; n != 4 {
			t.Errorf("%d passkeys", n)
		}
	})
}

func TestRegistrationTampered(t *testing.T) {
	w := quick(t)
	p := w.passkeyPool("example.com")
	c := w.Client(p, nil)
	w.User(p, "ana")
	access := w.access(p, c, "ana")
	d := newDevice("example.com", "https://example.com")
	for _, change := range []func(string) string{
		func(s string) string { return flip(s, "attestationObject", -3) },
		func(s string) string { return flip(s, "attestationObject", 100) },
		func(s string) string { return strings.Replace(s, `"type":"public-key"`, `"type":"password"`, 1) },
		func(s string) string { return s + s },
	} {
		doc := change(string(d.register(t, w.start(access))))
		if got := Refusal(w.World, w.CompleteWebAuthnRegistration, completing(access, rt.Document(doc))); got == "" {
			t.Errorf("accepted %s", doc)
		}
	}
	if n := w.Get(p, "ana").MFA.Passkeys; n != 0 {
		t.Errorf("%d passkeys", n)
	}
}

// flip changes a bit of a base64url member; negative places count from its end.
func flip(doc, member string, at int) string {
	var top map[string]json.RawMessage
	var response map[string]any
	if json.Unmarshal([]byte(doc), &top) != nil || json.Unmarshal(top["response"], &response) != nil {
		return doc
	}
	raw, _ := base64.RawURLEncoding.DecodeString(response[member].(string))
	if at < 0 {
		at += len(raw)
	}
	raw[at] ^= 1
	response[member] = base64.RawURLEncoding.EncodeToString(raw)
	top["response"], _ = json.Marshal(response)
	out, _ := json.Marshal(top)
	return string(out)
}

// TestBrowserRegistration registers what a browser sends by toJSON(): no attestation, and every optional member.
func TestBrowserRegistration(t *testing.T) {
	w := quick(t)
	p := w.passkeyPool("example.com")
	c := w.Client(p, nil)
	w.User(p, "ana")
	access := w.access(p, c, "ana")
	d := newDevice("example.com", "https://example.com")
	d.auth.Aaguid = [16]byte{0xfb, 0xfc, 0x30, 0x07, 0x15, 0x4e, 0x4e, 0xcc, 0x8c, 0x0b, 0x6e, 0x02, 0x05, 0x57, 0xd7, 0xbd}
	var doc, response map[string]any
	w.must(json.Unmarshal(d.register(t, w.start(access)), &doc))
	response = doc["response"].(map[string]any)
	raw, err := base64.RawURLEncoding.DecodeString(response["attestationObject"].(string))
	w.must(err)
	var object struct {
		AuthData []byte `cbor:"authData"`
	}
	w.must(cbor.Unmarshal(raw, &object))
	raw, err = cbor.Marshal(map[string]any{"fmt": "none", "attStmt": map[string]any{}, "authData": object.AuthData})
	w.must(err)
	response["attestationObject"] = base64.RawURLEncoding.EncodeToString(raw)
	response["authenticatorData"] = base64.RawURLEncoding.EncodeToString(object.AuthData)
	response["publicKey"], response["publicKeyAlgorithm"] = "MFkw", -7
	response["transports"] = []string{"hybrid", "internal"}
	doc["authenticatorAttachment"] = "platform"
	doc["clientExtensionResults"] = map[string]any{"credProps": map[string]any{"rk": true}}
	text, err := json.Marshal(doc)
	w.must(err)
	Call(w.World, w.CompleteWebAuthnRegistration, completing(access, text))
	list := Call(w.World, w.ListWebAuthnCredentials, &cognitoidp.ListWebAuthnCredentialsRequest{AccessToken: access}).Credentials
	if len(list) != 1 || list[0].FriendlyCredentialName != "iCloud Keychain" || *list[0].AuthenticatorAttachment != "platform" ||
		fmt.Sprint(list[0].AuthenticatorTransports) != "[hybrid internal]" {
		t.Errorf("listed %+v", list)
	}
	options, state := w.options(p, "ana")
	if !strings.Contains(options, `"transports":["hybrid","internal"]`) {
		t.Errorf("options %s", options)
	}
	method, _, err := w.assert(p, "ana", state, d.answer(t, options))
	if w.wants(err, nil); method != "swk" {
		t.Errorf("proves %s", method)
	}
}

func TestPasskeySettings(t *testing.T) {
	w := quick(t)
	p := w.Pool(nil)
	c := w.Client(p, nil)
	w.User(p, "ana")
	access := w.access(p, c, "ana")
	Refused(w.World, "WebAuthnNotEnabledException: WebAuthn is not enabled for the user pool.", w.StartWebAuthnRegistration,
		&cognitoidp.StartWebAuthnRegistrationRequest{AccessToken: access})
	Refused(w.World, "WebAuthnNotEnabledException: WebAuthn is not enabled for the user pool.", w.CompleteWebAuthnRegistration,
		completing(access, rt.Document(`{}`)))
	q := w.Pool(passkeys)
	d := w.Client(q, nil)
	w.User(q, "ana")
	Refused(w.World, "WebAuthnConfigurationMissingException: The user pool has neither a relying party id nor a domain.",
		w.StartWebAuthnRegistration, &cognitoidp.StartWebAuthnRegistrationRequest{AccessToken: w.access(q, d, "ana")})
}

// TestUserVerificationRequired holds that a pool can insist, and that passkeys which count as MFA always do.
func TestUserVerificationRequired(t *testing.T) {
	w := quick(t)
	for _, set := range []func(*cognitoidp.WebAuthnConfigurationType){
		func(c *cognitoidp.WebAuthnConfigurationType) {
			c.UserVerification = new(cognitoidp.UserVerificationTypeRequired)
		},
		func(c *cognitoidp.WebAuthnConfigurationType) {
			c.FactorConfiguration = new(cognitoidp.WebAuthnFactorConfigurationTypeMultiFactorWithUserVerification)
		},
	} {
		p := w.mfa(w.Pool(passkeys), cognitoidp.UserPoolMfaTypeOptional, func(in *cognitoidp.SetUserPoolMfaConfigRequest) {
			in.WebAuthnConfiguration = &cognitoidp.WebAuthnConfigurationType{RelyingPartyId: new("example.com")}
			set(in.WebAuthnConfiguration)
		})
		c := w.Client(p, nil)
		w.User(p, "ana")
		access := w.access(p, c, "ana")
		d := newDevice("example.com", "https://example.com")
		w.enrol(access, d)
		lazy := newDevice("example.com", "https://example.com")
		lazy.auth.Options.UserNotVerified = true
		Refused(w.World, "WebAuthnCredentialNotSupportedException: The passkey is not supported: lack of user verification.",
			w.CompleteWebAuthnRegistration, completing(access, lazy.register(t, w.start(access))))
		options, state := w.options(p, "ana")
		if !strings.Contains(options, `"userVerification":"required"`) {
			t.Errorf("options %s", options)
		}
		d.auth.Options.UserNotVerified = true
		_, _, err := w.assert(p, "ana", state, d.answer(t, options))
		w.wants(err, factor.ErrMismatch)
	}
}

func TestPasskeyList(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		p := w.passkeyPool("example.com")
		c := w.Client(p, nil)
		w.User(p, "ana")
		w.User(p, "bob")
		access := w.access(p, c, "ana")
		var ids []string
		for range 3 {
			d := newDevice("example.com", "https://example.com")
			w.enrol(access, d)
			w.Clock.Advance(time.Second)
			ids = append(ids, base64.RawURLEncoding.EncodeToString(d.key.ID))
		}
		page := Call(w.World, w.ListWebAuthnCredentials, &cognitoidp.ListWebAuthnCredentialsRequest{AccessToken: access, MaxResults: new(int64(2))})
		if len(page.Credentials) != 2 || page.Credentials[0].CredentialId != ids[0] || page.NextToken == nil {
			t.Fatalf("first page %+v", page)
		}
		if one := page.Credentials[0]; one.RelyingPartyId != "example.com" || one.FriendlyCredentialName != "Passkey" || one.AuthenticatorTransports == nil {
			t.Errorf("passkey %+v", one)
		}
		next := &cognitoidp.ListWebAuthnCredentialsRequest{AccessToken: access, NextToken: page.NextToken}
		rest := Call(w.World, w.ListWebAuthnCredentials, next)
		if len(rest.Credentials) != 1 || rest.Credentials[0].CredentialId != ids[2] || rest.NextToken != nil {
			t.Errorf("second page %+v", rest)
		}
		next.AccessToken = w.access(p, c, "bob")
		Refused(w.World, "InvalidParameterException: Invalid NextToken.", w.ListWebAuthnCredentials, next)
		remove := &cognitoidp.DeleteWebAuthnCredentialRequest{AccessToken: next.AccessToken, CredentialId: ids[0]}
		const gone = "ResourceNotFoundException: WebAuthn credential does not exist."
		Refused(w.World, gone, w.DeleteWebAuthnCredential, remove)
		remove.AccessToken = access
		Call(w.World, w.DeleteWebAuthnCredential, remove)
		Refused(w.World, gone, w.DeleteWebAuthnCredential, remove)
		if n := w.Get(p, "ana").MFA.Passkeys; n != 2 {
			t.Errorf("%d passkeys", n)
		}
	})
}

// TestPasskeyLimit holds that parallel registrations do not exceed 20 passkeys.
func TestPasskeyLimit(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		p := w.passkeyPool("example.com")
		c := w.Client(p, nil)
		w.User(p, "ana")
		access := w.access(p, c, "ana")
		for range 19 {
			w.enrol(access, newDevice("example.com", "https://example.com"))
		}
		options := w.start(access)
		got := Together(w.World, 4, w.CompleteWebAuthnRegistration, func(int) *cognitoidp.CompleteWebAuthnRegistrationRequest {
			return completing(access, newDevice("example.com", "https://example.com").register(t, options))
		})
		if got[""] != 1 {
			t.Errorf("parallel completions of one registration: %v", got)
		}
		Refused(w.World, "LimitExceededException: A user can have at most 20 passkeys.", w.StartWebAuthnRegistration,
			&cognitoidp.StartWebAuthnRegistrationRequest{AccessToken: access})
	})
}

func TestPasskeyAsMFA(t *testing.T) {
	w := quick(t)
	p := w.mfa(w.Pool(passkeys), cognitoidp.UserPoolMfaTypeOptional, func(in *cognitoidp.SetUserPoolMfaConfigRequest) {
		in.WebAuthnConfiguration = &cognitoidp.WebAuthnConfigurationType{RelyingPartyId: new("example.com")}
	})
	c := w.Client(p, nil)
	w.User(p, "ana", "phone_number", phone)
	access := w.access(p, c, "ana")
	refused := func(want string, wishes ...string) {
		t.Helper()
		Refused(w.World, "InvalidParameterException: "+want, w.SetUserMFAPreference, set(access, wishes...))
	}
	refused("User pool does not have WebAuthn MFA enabled.", "sms", "passkey")
	p = w.mfa(p, cognitoidp.UserPoolMfaTypeOptional, func(in *cognitoidp.SetUserPoolMfaConfigRequest) {
		in.WebAuthnConfiguration = &cognitoidp.WebAuthnConfigurationType{
			RelyingPartyId:      new("example.com"),
			FactorConfiguration: new(cognitoidp.WebAuthnFactorConfigurationTypeMultiFactorWithUserVerification),
		}
	})
	refused("WebAuthn MFA requires enabling an additional MFA setting.", "passkey")
	refused("User does not have applicable WebAuthn credentials to enable WebAuthn MFA.", "sms", "passkey")
	d := newDevice("example.com", "https://example.com")
	w.enrol(access, d)
	Call(w.World, w.SetUserMFAPreference, set(access, "sms", "passkey"))
	if got := fmt.Sprint(w.Get(p, "ana").MFA.Enabled); got != "[SMS_MFA WEB_AUTHN_MFA]" {
		t.Errorf("enabled %s", got)
	}
	refused("WebAuthn MFA requires enabling an additional MFA setting.", "-sms")
	options, state := w.options(p, "ana")
	method, verified, err := w.assert(p, "ana", state, d.answer(t, options))
	w.wants(err, nil)
	if next := w.Next(p, c, w.Get(p, "ana"), factor.State{Proven: []string{method}, UserVerified: verified}); !next.Done() {
		t.Errorf("after a passkey that counts as MFA: %+v", next)
	}
	Call(w.World, w.DeleteWebAuthnCredential, &cognitoidp.DeleteWebAuthnCredentialRequest{
		AccessToken: access, CredentialId: base64.RawURLEncoding.EncodeToString(d.key.ID),
	})
	if got := fmt.Sprint(w.Get(p, "ana").MFA.Enabled); got != "[SMS_MFA]" {
		t.Errorf("enabled %s without a passkey", got)
	}
}
