package rooms_test

import (
	"encoding/base64"
	"errors"
	"time"

	"github.com/pquerna/otp/totp"

	"cognate/internal/api/cognitoidp"
	"cognate/internal/base/srp"
	"cognate/internal/core/pool"
	. "cognate/internal/testkit/cognitotest"
)

// factorRows are the rows of the matrix in which a second factor, a passkey or a device is proven.
var factorRows = []underWay{
	{name: "session of SOFTWARE_TOKEN_MFA", mfa: byToken, begin: func(s *stage) func() error {
		seed := *Call(s.World, s.API.AssociateSoftwareToken, &cognitoidp.AssociateSoftwareTokenRequest{AccessToken: &s.access}).SecretCode
		Call(s.World, s.API.VerifySoftwareToken, &cognitoidp.VerifySoftwareTokenRequest{AccessToken: &s.access, UserCode: s.totp(seed)})
		Call(s.World, s.API.AdminSetUserMFAPreference, &cognitoidp.AdminSetUserMFAPreferenceRequest{UserPoolId: s.p.ID, Username: s.name,
			SoftwareTokenMfaSettings: &cognitoidp.SoftwareTokenMfaSettingsType{Enabled: new(true), PreferredMfa: new(true)}})
		s.Clock.Advance(time.Minute) // a code is good once
		session := s.auth("USER_PASSWORD_AUTH", "PASSWORD", Password).Session
		return func() error {
			return s.respond("SOFTWARE_TOKEN_MFA", session, "SOFTWARE_TOKEN_MFA_CODE", s.totp(seed))()
		}
	}},
	{name: "session of SMS_MFA, answered by a recovery code", moves: "phone_number", mfa: bySMS, pool: recoverable, begin: func(s *stage) func() error {
		s.preferSMS()
		first := s.auth("USER_PASSWORD_AUTH", "PASSWORD", Password).Session
		done := Call(s.World, s.API.RespondToAuthChallenge, &cognitoidp.RespondToAuthChallengeRequest{
			ClientId: s.c.ID, ChallengeName: "SMS_MFA", Session: first,
			ChallengeResponses: map[string]string{"USERNAME": s.name, "SMS_MFA_CODE": s.Code(s.p, s.phone())},
		})
		codes, err := s.Factors.MakeRecoveryCodes(s.Ctx, s.p.ID, *done.AuthenticationResult.AccessToken)
		if err != nil {
			s.T.Fatal(err)
		}
		return s.respond("SMS_MFA", s.auth("USER_PASSWORD_AUTH", "PASSWORD", Password).Session, "SMS_MFA_CODE", codes[0])
	}},
	{name: "session of WEB_AUTHN", pool: passkeys, mfa: byPasskey, begin: func(s *stage) func() error {
		k := NewAuthenticator("example.com", "https://example.com")
		s.Enrol(s.access, k)
		out := s.auth("USER_AUTH", "PREFERRED_CHALLENGE", "WEB_AUTHN")
		return s.respond("WEB_AUTHN", out.Session, "CREDENTIAL", k.Answer(s.T, out.ChallengeParameters["CREDENTIAL_REQUEST_OPTIONS"]))
	}},
	{name: "session of DEVICE_SRP_AUTH", pool: remembering, begin: func(s *stage) func() error {
		d := s.device()
		session := s.auth("USER_PASSWORD_AUTH", "PASSWORD", Password, "DEVICE_KEY", d.key).Session
		return func() error { return d.prove(s, session)() }
	}},
	{name: "the same, answered without the session", pool: remembering, begin: func(s *stage) func() error {
		d := s.device()
		s.auth("USER_PASSWORD_AUTH", "PASSWORD", Password, "DEVICE_KEY", d.key)
		return func() error { return d.prove(s, nil)() }
	}},
	{name: "session of DEVICE_PASSWORD_VERIFIER", pool: remembering, begin: func(s *stage) func() error {
		d := s.device()
		return d.prove(s, s.auth("USER_PASSWORD_AUTH", "PASSWORD", Password, "DEVICE_KEY", d.key).Session)
	}},
}

func bySMS(p *pool.Pool, in *cognitoidp.SetUserPoolMfaConfigRequest) {
	in.SmsMfaConfiguration = &cognitoidp.SmsMfaConfigType{SmsConfiguration: p.Config.SmsConfiguration}
}

func byToken(_ *pool.Pool, in *cognitoidp.SetUserPoolMfaConfigRequest) {
	in.SoftwareTokenMfaConfiguration = &cognitoidp.SoftwareTokenMfaConfigType{Enabled: new(true)}
}

func byPasskey(_ *pool.Pool, in *cognitoidp.SetUserPoolMfaConfigRequest) {
	in.MfaConfiguration = new(cognitoidp.UserPoolMfaTypeOff)
	in.WebAuthnConfiguration = &cognitoidp.WebAuthnConfigurationType{RelyingPartyId: new("example.com")}
}

func recoverable(in *cognitoidp.CreateUserPoolRequest) {
	in.UserPoolTags = map[string]string{pool.TagRecoveryCodes: "2"}
}

func passkeys(in *cognitoidp.CreateUserPoolRequest) {
	in.Policies.SignInPolicy.AllowedFirstAuthFactors = []cognitoidp.AuthFactorType{"PASSWORD", "WEB_AUTHN"}
}

func remembering(in *cognitoidp.CreateUserPoolRequest) {
	in.DeviceConfiguration = &cognitoidp.DeviceConfigurationType{
		ChallengeRequiredOnNewDevice: new(false), DeviceOnlyRememberedOnUserPrompt: new(false),
	}
}

func (s *stage) preferSMS() {
	Call(s.World, s.API.AdminSetUserMFAPreference, &cognitoidp.AdminSetUserMFAPreferenceRequest{
		UserPoolId: s.p.ID, Username: s.name, SMSMfaSettings: &cognitoidp.SMSMfaSettingsType{Enabled: new(true), PreferredMfa: new(true)},
	})
}

// totp is the code of a seed at this time.
func (s *stage) totp(seed string) string {
	s.T.Helper()
	text, err := totp.GenerateCode(seed, s.Clock.Now())
	if err != nil {
		s.T.Fatal(err)
	}
	return text
}

// handset is a remembered device.
type handset struct{ key, group string }

const devicePassword = "device password"

// device signs the user in once more and confirms the device that this issues.
func (s *stage) device() handset {
	s.T.Helper()
	tokens := s.SignIn(s.c, s.name, Password)
	d := handset{*tokens.NewDeviceMetadata.DeviceKey, *tokens.NewDeviceMetadata.DeviceGroupKey}
	salt := []byte("0123456789abcdef")
	verifier := append([]byte{0}, srp.Verifier(d.group, d.key, devicePassword, salt)...)
	Call(s.World, s.API.ConfirmDevice, &cognitoidp.ConfirmDeviceRequest{AccessToken: *tokens.AccessToken, DeviceKey: d.key,
		DeviceSecretVerifierConfig: &cognitoidp.DeviceSecretVerifierConfigType{
			Salt: new(base64.StdEncoding.EncodeToString(salt)), PasswordVerifier: new(base64.StdEncoding.EncodeToString(verifier)),
		}})
	return d
}

// prove answers DEVICE_SRP_AUTH and returns the answer to DEVICE_PASSWORD_VERIFIER, which is not yet sent, or the refusal.
func (d handset) prove(s *stage, session *string) func() error {
	client, err := srp.NewShortClient(nil, 32)
	if err != nil {
		s.T.Fatal(err)
	}
	next, err := s.API.RespondToAuthChallenge(s.Ctx, &cognitoidp.RespondToAuthChallengeRequest{
		ClientId: s.c.ID, ChallengeName: "DEVICE_SRP_AUTH", Session: session,
		ChallengeResponses: map[string]string{"USERNAME": s.name, "DEVICE_KEY": d.key, "SRP_A": client.A()},
	})
	if err == nil && next.ChallengeName == nil {
		err = errors.New("no further challenge")
	}
	if err != nil {
		return func() error { return err }
	}
	signature, timestamp, err := client.Answer(d.group, devicePassword, srp.Challenge{
		B: next.ChallengeParameters["SRP_B"], Salt: next.ChallengeParameters["SALT"],
		SecretBlock: next.ChallengeParameters["SECRET_BLOCK"], Identity: d.key,
	}, s.Clock.Now())
	if err != nil {
		s.T.Fatal(err)
	}
	return s.respond("DEVICE_PASSWORD_VERIFIER", next.Session, "DEVICE_KEY", d.key, "TIMESTAMP", timestamp,
		"PASSWORD_CLAIM_SECRET_BLOCK", next.ChallengeParameters["SECRET_BLOCK"], "PASSWORD_CLAIM_SIGNATURE", signature)
}
