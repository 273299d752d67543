package signin_test

import (
	"context"
	"encoding/base64"
	"maps"
	"strings"
	"time"

	"github.com/pquerna/otp/totp"

	"cognate/internal/api/cognitoidp"
	"cognate/internal/base/srp"
	"cognate/internal/core/pool"
	. "cognate/internal/testkit/cognitotest"
)

// The refusals of factors.
const (
	badCode    = "CodeMismatchException: Invalid code or auth state for the user."
	badToken   = "CodeMismatchException: Invalid code received for user"
	usedToken  = "ExpiredCodeException: Your software token has already been used once."
	badSetUp   = "EnableSoftwareTokenMFAException: Code mismatch and fail enable Software Token MFA"
	noDevice   = "ResourceNotFoundException: Device does not exist."
	anaMail    = "ana@example.com"
	anaPhone   = "+15550100"
	totpFactor = "SOFTWARE_TOKEN_MFA"
)

// allFlows lets a client use every flow.
func allFlows(in *cognitoidp.CreateUserPoolClientRequest) {
	in.ExplicitAuthFlows = []cognitoidp.ExplicitAuthFlowsType{
		"ALLOW_USER_PASSWORD_AUTH", "ALLOW_USER_SRP_AUTH", "ALLOW_ADMIN_USER_PASSWORD_AUTH", "ALLOW_REFRESH_TOKEN_AUTH",
		"ALLOW_USER_AUTH",
	}
}

// firstFactors allows first factors of USER_AUTH.
func firstFactors(names ...cognitoidp.AuthFactorType) func(*cognitoidp.CreateUserPoolRequest) {
	return func(in *cognitoidp.CreateUserPoolRequest) {
		in.Policies = &cognitoidp.UserPoolPolicyType{SignInPolicy: &cognitoidp.SignInPolicyType{AllowedFirstAuthFactors: names}}
	}
}

// every is all of them, with what e-mail MFA needs.
func every(in *cognitoidp.CreateUserPoolRequest) {
	in.EmailConfiguration = &cognitoidp.EmailConfigurationType{
		EmailSendingAccount: new(cognitoidp.EmailSendingAccountTypeDeveloper),
		SourceArn:           new("arn:aws:ses:us-east-1:000000000000:identity/example.com"),
	}
	firstFactors("PASSWORD", "EMAIL_OTP", "SMS_OTP", "WEB_AUTHN")(in)
}

// tracked makes a pool that remembers devices; newOnly lets them replace MFA.
func tracked(newOnly bool) func(*cognitoidp.CreateUserPoolRequest) {
	return func(in *cognitoidp.CreateUserPoolRequest) {
		every(in)
		in.DeviceConfiguration = &cognitoidp.DeviceConfigurationType{
			ChallengeRequiredOnNewDevice: &newOnly, DeviceOnlyRememberedOnUserPrompt: new(false),
		}
	}
}

// setMFA gives a pool an MFA mode with factors out of "sms totp email", and passkeys of example.com.
func setMFA(w *World, p *pool.Pool, mode, factors string) *pool.Pool {
	w.T.Helper()
	in := &cognitoidp.SetUserPoolMfaConfigRequest{
		UserPoolId: p.ID, MfaConfiguration: new(cognitoidp.UserPoolMfaType(mode)),
		WebAuthnConfiguration: &cognitoidp.WebAuthnConfigurationType{RelyingPartyId: new("example.com")},
	}
	for _, f := range strings.Fields(factors) {
		switch f {
		case "sms":
			in.SmsMfaConfiguration = &cognitoidp.SmsMfaConfigType{SmsConfiguration: p.Config.SmsConfiguration}
		case "totp":
			in.SoftwareTokenMfaConfiguration = &cognitoidp.SoftwareTokenMfaConfigType{Enabled: new(true)}
		case "email":
			in.EmailMfaConfiguration = &cognitoidp.EmailMfaConfigType{}
		case "passkey":
			in.WebAuthnConfiguration.FactorConfiguration = new(cognitoidp.WebAuthnFactorConfigurationTypeMultiFactorWithUserVerification)
		}
	}
	Call(w, w.API.SetUserPoolMfaConfig, in)
	return w.Reload(p.ID)
}

// prefer enables second factors of a user as an administrator; the one with a star is preferred.
func prefer(w *World, p *pool.Pool, name, factors string) {
	w.T.Helper()
	in := &cognitoidp.AdminSetUserMFAPreferenceRequest{UserPoolId: p.ID, Username: name}
	for _, f := range strings.Fields(factors) {
		star := strings.HasSuffix(f, "*")
		switch strings.TrimSuffix(f, "*") {
		case "sms":
			in.SMSMfaSettings = &cognitoidp.SMSMfaSettingsType{Enabled: new(true), PreferredMfa: &star}
		case "totp":
			in.SoftwareTokenMfaSettings = &cognitoidp.SoftwareTokenMfaSettingsType{Enabled: new(true), PreferredMfa: &star}
		case "email":
			in.EmailMfaSettings = &cognitoidp.EmailMfaSettingsType{Enabled: new(true), PreferredMfa: &star}
		case "passkey":
			in.WebAuthnMfaSettings = &cognitoidp.WebAuthnMfaSettingsType{Enabled: new(true)}
		}
	}
	Call(w, w.API.AdminSetUserMFAPreference, in)
}

// token sets a software token up by an access token and returns its secret. The clock moves on to the next code.
func token(w *World, access string) string {
	w.T.Helper()
	out := Call(w, w.API.AssociateSoftwareToken, &cognitoidp.AssociateSoftwareTokenRequest{AccessToken: &access})
	Call(w, w.API.VerifySoftwareToken, &cognitoidp.VerifySoftwareTokenRequest{AccessToken: &access, UserCode: otp(w, *out.SecretCode)})
	w.Clock.Advance(30 * time.Second)
	return *out.SecretCode
}

// otp is the present code of a software token.
func otp(w *World, secret string) string {
	w.T.Helper()
	text, err := totp.GenerateCode(secret, w.Clock.Now())
	if err != nil {
		w.T.Fatal(err)
	}
	return text
}

// other is a code that differs from text in every digit.
func other(text string) string {
	return strings.Map(func(r rune) rune { return '0' + (r-'0'+1)%10 }, text)
}

// choose is a request of USER_AUTH; preferred may be "", more are name, value pairs.
func choose(c *pool.Client, name, preferred string, more ...string) *cognitoidp.InitiateAuthRequest {
	in := &cognitoidp.InitiateAuthRequest{
		ClientId: c.ID, AuthFlow: cognitoidp.AuthFlowTypeUserAuth, AuthParameters: map[string]string{"USERNAME": name},
	}
	if preferred != "" {
		in.AuthParameters["PREFERRED_CHALLENGE"] = preferred
	}
	for i := 0; i+1 < len(more); i += 2 {
		in.AuthParameters[more[i]] = more[i+1]
	}
	return in
}

// answer is a request that answers a challenge.
func answer(c *pool.Client, challenge string, session *string, pairs ...string) *cognitoidp.RespondToAuthChallengeRequest {
	in := &cognitoidp.RespondToAuthChallengeRequest{
		ClientId: c.ID, ChallengeName: cognitoidp.ChallengeNameType(challenge), Session: session, ChallengeResponses: map[string]string{},
	}
	for i := 0; i+1 < len(pairs); i += 2 {
		in.ChallengeResponses[pairs[i]] = pairs[i+1]
	}
	return in
}

// hop is what both APIs answer.
type hop struct {
	Challenge string
	Params    map[string]string
	Session   *string
	Offered   string
	Tokens    *cognitoidp.AuthenticationResultType
}

func hopOf(name *cognitoidp.ChallengeNameType, params map[string]string, session *string, offered []cognitoidp.ChallengeNameType, tokens *cognitoidp.AuthenticationResultType) hop {
	h := hop{Params: params, Session: session, Tokens: tokens}
	if name != nil {
		h.Challenge = string(*name)
	}
	for _, o := range offered {
		h.Offered = strings.TrimSpace(h.Offered + " " + string(o))
	}
	if (h.Challenge == "") != (tokens != nil) || (h.Session == nil) != (tokens != nil) {
		h.Challenge = "neither challenge nor tokens alone: " + h.Challenge
	}
	return h
}

// begin runs InitiateAuth.
func begin(w *World, in *cognitoidp.InitiateAuthRequest) hop {
	w.T.Helper()
	out := Call(w, w.API.InitiateAuth, in)
	return hopOf(out.ChallengeName, out.ChallengeParameters, out.Session, out.AvailableChallenges, out.AuthenticationResult)
}

// respond runs RespondToAuthChallenge.
func respond(w *World, in *cognitoidp.RespondToAuthChallengeRequest) hop {
	w.T.Helper()
	out := Call(w, w.API.RespondToAuthChallenge, in)
	return hopOf(out.ChallengeName, out.ChallengeParameters, out.Session, out.AvailableChallenges, out.AuthenticationResult)
}

// asAdmin sends what a user would send through the operations of administrators.
type asAdmin struct{ w *World }

func (a asAdmin) InitiateAuth(ctx context.Context, in *cognitoidp.InitiateAuthRequest) (*cognitoidp.InitiateAuthResponse, error) {
	_, c, err := a.w.Pools.Client(ctx, in.ClientId)
	if err != nil {
		return nil, err
	}
	flow := in.AuthFlow
	if flow == cognitoidp.AuthFlowTypeUserPasswordAuth {
		flow = cognitoidp.AuthFlowTypeAdminUserPasswordAuth
	}
	out, err := a.w.API.AdminInitiateAuth(ctx, &cognitoidp.AdminInitiateAuthRequest{
		UserPoolId: c.PoolID, ClientId: c.ID, AuthFlow: flow, AuthParameters: in.AuthParameters, Session: in.Session,
	})
	if err != nil {
		return nil, err
	}
	return (*cognitoidp.InitiateAuthResponse)(out), nil
}

func (a asAdmin) RespondToAuthChallenge(ctx context.Context, in *cognitoidp.RespondToAuthChallengeRequest) (*cognitoidp.RespondToAuthChallengeResponse, error) {
	_, c, err := a.w.Pools.Client(ctx, in.ClientId)
	if err != nil {
		return nil, err
	}
	out, err := a.w.API.AdminRespondToAuthChallenge(ctx, &cognitoidp.AdminRespondToAuthChallengeRequest{
		UserPoolId: c.PoolID, ClientId: c.ID, ChallengeName: in.ChallengeName, ChallengeResponses: in.ChallengeResponses, Session: in.Session,
	})
	if err != nil {
		return nil, err
	}
	return (*cognitoidp.RespondToAuthChallengeResponse)(out), nil
}

// handset is a device that its user has confirmed.
type handset struct {
	key, group, password string
}

// confirmDevice confirms the device that a sign-in was issued.
func confirmDevice(w *World, tokens *cognitoidp.AuthenticationResultType) handset {
	w.T.Helper()
	if tokens.NewDeviceMetadata == nil {
		w.T.Fatal("no device was issued")
	}
	h := handset{*tokens.NewDeviceMetadata.DeviceKey, *tokens.NewDeviceMetadata.DeviceGroupKey, "device password"}
	salt := []byte("0123456789abcdef")
	Call(w, w.API.ConfirmDevice, &cognitoidp.ConfirmDeviceRequest{
		AccessToken: *tokens.AccessToken, DeviceKey: h.key, DeviceName: new("phone"),
		DeviceSecretVerifierConfig: &cognitoidp.DeviceSecretVerifierConfigType{
			Salt:             new(base64.StdEncoding.EncodeToString(salt)),
			PasswordVerifier: new(base64.StdEncoding.EncodeToString(append([]byte{0}, srp.Verifier(h.group, h.key, h.password, salt)...))),
		},
	})
	return h
}

// prove answers DEVICE_SRP_AUTH and returns the answer to DEVICE_PASSWORD_VERIFIER, not yet sent.
func (d handset) prove(w *World, c *pool.Client, name string, first hop) *cognitoidp.RespondToAuthChallengeRequest {
	w.T.Helper()
	equal(w.T, "challenge", first.Challenge, "DEVICE_SRP_AUTH")
	client, err := srp.NewShortClient(nil, 32)
	if err != nil {
		w.T.Fatal(err)
	}
	next := respond(w, answer(c, "DEVICE_SRP_AUTH", first.Session, "USERNAME", name, "DEVICE_KEY", d.key, "SRP_A", client.A()))
	equal(w.T, "challenge", next.Challenge, "DEVICE_PASSWORD_VERIFIER")
	signature, timestamp, err := client.Answer(d.group, d.password, srp.Challenge{
		B: next.Params["SRP_B"], Salt: next.Params["SALT"], SecretBlock: next.Params["SECRET_BLOCK"], Identity: d.key,
	}, w.Clock.Now())
	if err != nil {
		w.T.Fatal(err)
	}
	return answer(c, "DEVICE_PASSWORD_VERIFIER", next.Session, "USERNAME", name, "DEVICE_KEY", d.key, "TIMESTAMP", timestamp,
		"PASSWORD_CLAIM_SECRET_BLOCK", next.Params["SECRET_BLOCK"], "PASSWORD_CLAIM_SIGNATURE", signature)
}

// keyed is a request with a device key.
func keyed(in *cognitoidp.InitiateAuthRequest, key string) *cognitoidp.InitiateAuthRequest {
	out := *in
	out.AuthParameters = maps.Clone(in.AuthParameters)
	if key != "" {
		out.AuthParameters["DEVICE_KEY"] = key
	}
	return &out
}
