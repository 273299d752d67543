package factor_test

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/descope/virtualwebauthn"

	"cognate/internal/api/cognitoidp"
	"cognate/internal/api/rt"
	"cognate/internal/base/db"
	"cognate/internal/core/factor"
	"cognate/internal/core/pool"
	. "cognate/internal/testkit/cognitotest"
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
		key: virtualwebauthn.NewCredential(virtualwebauthn.KeyTypeEC2),
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

func (w *world) options(p *pool.Pool, name string) (options string, state []byte) {
	w.T.Helper()
	u := w.Get(p, name)
	w.must(w.DB.View(w.Ctx, func(tx *db.Tx) (err error) {
		options, state, err = w.WebAuthnOptions(tx, p, u)
		return err
	}))
	return options, state
}

func (w *world) assert(p *pool.Pool, name string, state []byte, credential string) (method string, verified bool, err error) {
	w.T.Helper()
	u := w.Get(p, name)
	err = w.update(func(tx *db.Tx) (err error) {
		method, verified, err = w.VerifyWebAuthn(tx, p, u, state, credential)
		return err
	})
	return method, verified, err
}

func TestPasskeySignIn(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		p, q := w.passkeyPool("example.com"), w.passkeyPool("example.com")
		c, qc := w.Client(p, nil), w.Client(q, nil)
		w.User(p, "ana")
		w.User(p, "bob")
		w.User(q, "ana")
		d, e := newDevice("example.com", "https://example.com"), newDevice("example.com", "https://example.com")
		far := newDevice("example.com", "https://example.com")
		w.wants(w.DB.View(w.Ctx, func(tx *db.Tx) error {
			u, err := w.Users.Resolve(tx, p, "ana")
			if err == nil {
				_, _, err = w.WebAuthnOptions(tx, p, u)
			}
			return err
		}), factor.ErrNotSetUp)
		w.enrol(w.access(p, c, "ana"), d)
		w.enrol(w.access(p, c, "bob"), e)
		w.enrol(w.access(q, qc, "ana"), far)

		options, state := w.options(p, "ana")
		var shown map[string]any
		w.must(json.Unmarshal([]byte(options), &shown))
		if shown["rpId"] != "example.com" || shown["timeout"] != 180000.0 || shown["userVerification"] != "preferred" ||
			fmt.Sprint(shown["allowCredentials"]) != fmt.Sprintf("[map[id:%s type:public-key]]", base64.RawURLEncoding.EncodeToString(d.key.ID)) {
			t.Errorf("options %s", options)
		}
		d.key.Counter = 1
		answer := d.answer(t, options)
		method, verified, err := w.assert(p, "ana", state, answer)
		if w.wants(err, nil); method != "swk" || !verified {
			t.Errorf("proves %s, verified %v", method, verified)
		}
		_, _, err = w.assert(p, "ana", state, answer)
		w.wants(err, factor.ErrReplayed)

		// Foreign users, pools, challenges, origins and parties.
		refused := func(name string, why error, state []byte, answer string) {
			t.Helper()
			if _, _, err := w.assert(p, name, state, answer); !errors.Is(err, why) {
				t.Errorf("%v, want %v", err, why)
			}
		}
		options, state = w.options(p, "ana")
		d.key.Counter = 2
		refused("bob", factor.ErrMismatch, state, d.answer(t, options))
		refused("ana", factor.ErrMismatch, state, e.answer(t, options))
		refused("ana", factor.ErrMismatch, state, far.answer(t, options))
		_, stale := w.options(p, "ana")
		refused("ana", factor.ErrMismatch, stale, d.answer(t, options))
		wrongOrigin, wrongParty := *d, *d
		wrongOrigin.party.Origin = "https://evil.test"
		wrongParty.party.ID = "evil.test"
		refused("ana", factor.ErrMismatch, state, wrongOrigin.answer(t, options))
		refused("ana", factor.ErrMismatch, state, wrongParty.answer(t, options))
		absent := *d
		absent.auth.Options.UserNotPresent = true
		refused("ana", factor.ErrMismatch, state, absent.answer(t, options))
		handle := *d
		handle.auth.Options.UserHandle = []byte(w.Get(p, "bob").Sub)
		refused("ana", factor.ErrMismatch, state, handle.answer(t, options))
		for _, member := range []string{"signature", "authenticatorData", "clientDataJSON"} {
			refused("ana", factor.ErrMismatch, state, flip(d.answer(t, options), member, -2))
		}
		for _, doc := range []string{"", "{}", "null", strings.Repeat("x", 70_000)} {
			refused("ana", factor.ErrMismatch, state, doc)
		}
		refused("ana", factor.ErrMismatch, nil, d.answer(t, options))
		d.auth.Options.UserHandle = []byte(w.Get(p, "ana").Sub)
		_, _, err = w.assert(p, "ana", state, d.answer(t, options))
		w.wants(err, nil)

		// A counter that does not grow belongs to a copy.
		for _, counter := range []uint32{2, 1, 0} {
			options, state = w.options(p, "ana")
			d.key.Counter = counter
			refused("ana", factor.ErrCloned, state, d.answer(t, options))
		}
		options, state = w.options(p, "ana")
		d.key.Counter = 9
		answer = d.answer(t, options)
		u := w.Get(p, "ana")
		got := w.together(4, func(tx *db.Tx) error {
			_, _, err := w.VerifyWebAuthn(tx, p, u, state, answer)
			return err
		})
		if got[nil] != 1 || got[factor.ErrReplayed] != 3 {
			t.Errorf("parallel use of one answer: %v", got)
		}
	})
}

// TestPasskeyWithoutCounter holds that synchronised passkeys, whose counter stays zero, can sign in again and again but
// not twice by one challenge.
func TestPasskeyWithoutCounter(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		p := w.passkeyPool("localhost")
		c := w.Client(p, nil)
		w.User(p, "ana")
		d := newDevice("localhost", "http://localhost:3000")
		d.auth.Options.BackupEligible, d.auth.Options.BackupState = true, true
		w.enrol(w.access(p, c, "ana"), d)
		for range 2 {
			options, state := w.options(p, "ana")
			answer := d.answer(t, options)
			u := w.Get(p, "ana")
			got := w.together(3, func(tx *db.Tx) error {
				_, _, err := w.VerifyWebAuthn(tx, p, u, state, answer)
				return err
			})
			if got[nil] != 1 || got[factor.ErrReplayed] != 2 {
				t.Errorf("parallel use of one answer: %v", got)
			}
		}
	})
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

func BenchmarkVerifyWebAuthn(b *testing.B) {
	w := quick(b)
	p := w.passkeyPool("example.com")
	c := w.Client(p, nil)
	w.User(p, "ana")
	d := newDevice("example.com", "https://example.com")
	w.enrol(w.access(p, c, "ana"), d)
	u := w.Get(p, "ana")
	for b.Loop() {
		b.StopTimer()
		options, state := w.options(p, "ana")
		answer := d.answer(b, options)
		b.StartTimer()
		if err := w.update(func(tx *db.Tx) error {
			_, _, err := w.VerifyWebAuthn(tx, p, u, state, answer)
			return err
		}); err != nil {
			b.Fatal(err)
		}
	}
}
