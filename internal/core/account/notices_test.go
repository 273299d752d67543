package account_test

import (
	"encoding/base64"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/pquerna/otp/totp"

	"cognate/internal/api/cognitoidp"
	"cognate/internal/base/srp"
	"cognate/internal/core/pool"
	. "cognate/internal/testkit/cognitotest"
)

// owner is a person whose account changes, signed in from a device that waits for confirmation.
type owner struct {
	*World
	pool   *pool.Pool
	client *pool.Client
	name   string
	email  string
	phone  string
	access string
	device *cognitoidp.NewDeviceMetadataType
	before int // notices of how the account was made
}

// noticing makes a pool with every factor, with tags, and a client.
func noticing(w *World, tags map[string]string, set func(*cognitoidp.CreateUserPoolRequest)) (*pool.Pool, *pool.Client) {
	p := w.Pool(func(in *cognitoidp.CreateUserPoolRequest) {
		in.UserPoolTags = tags
		in.DeviceConfiguration = &cognitoidp.DeviceConfigurationType{DeviceOnlyRememberedOnUserPrompt: new(false)}
		in.EmailConfiguration = &cognitoidp.EmailConfigurationType{
			EmailSendingAccount: new(cognitoidp.EmailSendingAccountTypeDeveloper), SourceArn: new("arn:aws:ses:us-east-1:000000000000:identity/example.com"),
		}
		in.Policies = &cognitoidp.UserPoolPolicyType{SignInPolicy: &cognitoidp.SignInPolicyType{
			AllowedFirstAuthFactors: []cognitoidp.AuthFactorType{"PASSWORD", "WEB_AUTHN"}}}
		if set != nil {
			set(in)
		}
	})
	Call(w, w.API.SetUserPoolMfaConfig, &cognitoidp.SetUserPoolMfaConfigRequest{
		UserPoolId: p.ID, MfaConfiguration: new(cognitoidp.UserPoolMfaTypeOptional),
		SoftwareTokenMfaConfiguration: &cognitoidp.SoftwareTokenMfaConfigType{Enabled: new(true)},
		SmsMfaConfiguration:           &cognitoidp.SmsMfaConfigType{SmsConfiguration: p.Config.SmsConfiguration},
		EmailMfaConfiguration:         &cognitoidp.EmailMfaConfigType{},
		WebAuthnConfiguration:         &cognitoidp.WebAuthnConfigurationType{RelyingPartyId: new("example.com")},
	})
	p = w.Reload(p.ID)
	return p, w.Client(p, func(in *cognitoidp.CreateUserPoolClientRequest) { in.ClientName = "web shop" })
}

// person makes an owner; verified says whether the e-mail address is.
func person(w *World, p *pool.Pool, c *pool.Client, name string, verified bool) *owner {
	o := &owner{World: w, pool: p, client: c, name: name, email: name + "@example.com", phone: "+15550100"}
	w.User(p, name, "email", o.email, "email_verified", fmt.Sprint(verified), "phone_number", o.phone, "phone_number_verified", "true")
	o.signIn(Password)
	o.before = len(o.told())
	return o
}

func (o *owner) signIn(password string) {
	out := o.SignIn(o.client, o.name, password)
	o.access, o.device = *out.AccessToken, out.NewDeviceMetadata
}

// told lists the notices of changes since the account was made, oldest first: their kind and address.
func (o *owner) told() (list []string) {
	for _, m := range o.Inbox(o.pool, "") {
		if kind, ok := strings.CutPrefix(m.Trigger, "Cognate_"); ok && m.Username == o.name {
			list = append(list, strings.TrimSuffix(kind+" "+m.To, "@example.com"))
		}
	}
	slices.Reverse(list)
	return list[o.before:]
}

// set changes attributes of the owner, by the owner or by an administrator.
func (o *owner) set(attrs ...string) {
	Call(o.World, o.API.UpdateUserAttributes, &cognitoidp.UpdateUserAttributesRequest{AccessToken: o.access, UserAttributes: Attributes(attrs...)})
}

func (o *owner) adminSet(attrs ...string) {
	Call(o.World, o.API.AdminUpdateUserAttributes, &cognitoidp.AdminUpdateUserAttributesRequest{
		UserPoolId: o.pool.ID, Username: o.name, UserAttributes: Attributes(attrs...)})
}

func (o *owner) changePassword(from, to string) string {
	return Refusal(o.World, o.API.ChangePassword, &cognitoidp.ChangePasswordRequest{AccessToken: o.access, PreviousPassword: &from, ProposedPassword: to})
}

// seed begins to set up a software token.
func (o *owner) seed() string {
	return *Call(o.World, o.API.AssociateSoftwareToken, &cognitoidp.AssociateSoftwareTokenRequest{AccessToken: &o.access}).SecretCode
}

// verify gives the first code of a seed, or another one.
func (o *owner) verify(seed string, right bool) string {
	text, err := totp.GenerateCode(seed, o.Clock.Now())
	if err != nil {
		o.T.Fatal(err)
	}
	if !right {
		text = other(text)
	}
	return Refusal(o.World, o.API.VerifySoftwareToken, &cognitoidp.VerifySoftwareTokenRequest{AccessToken: &o.access, UserCode: text})
}

func (o *owner) prefer(sms bool) {
	Call(o.World, o.API.SetUserMFAPreference, &cognitoidp.SetUserMFAPreferenceRequest{
		AccessToken: o.access, SMSMfaSettings: &cognitoidp.SMSMfaSettingsType{Enabled: &sms, PreferredMfa: &sms}})
}

func (o *owner) adminPrefer(in cognitoidp.AdminSetUserMFAPreferenceRequest) {
	in.UserPoolId, in.Username = o.pool.ID, o.name
	Call(o.World, o.API.AdminSetUserMFAPreference, &in)
}

func (o *owner) confirmDevice() {
	salt := []byte("0123456789abcdef")
	verifier := srp.Verifier(*o.device.DeviceGroupKey, *o.device.DeviceKey, "secret", salt)
	Call(o.World, o.API.ConfirmDevice, &cognitoidp.ConfirmDeviceRequest{
		AccessToken: o.access, DeviceKey: *o.device.DeviceKey, DeviceName: new("Click http://evil.example"),
		DeviceSecretVerifierConfig: &cognitoidp.DeviceSecretVerifierConfigType{
			Salt: new(base64.StdEncoding.EncodeToString(salt)), PasswordVerifier: new(base64.StdEncoding.EncodeToString(append([]byte{0}, verifier...))),
		}})
}

func (o *owner) deviceStatus(status cognitoidp.DeviceRememberedStatusType) {
	Call(o.World, o.API.UpdateDeviceStatus, &cognitoidp.UpdateDeviceStatusRequest{
		AccessToken: o.access, DeviceKey: *o.device.DeviceKey, DeviceRememberedStatus: &status})
}

const newPassword = "An0ther-one!"

// changes are operations and what the owner is told of them.
var changes = []struct {
	what string
	do   func(o *owner)
	want string // kinds and addresses, "" for none; ~ stands for the owner's address
}{
	{"ChangePassword", func(o *owner) { o.changePassword(Password, newPassword) }, "PasswordChanged ~"},
	{"ChangePassword, wrong previous one", func(o *owner) { o.changePassword(newPassword, newPassword) }, ""},
	{"ChangePassword, against the policy", func(o *owner) { o.changePassword(Password, "short") }, ""},
	{"ChangePassword, the same", func(o *owner) { o.changePassword(Password, Password) }, ""},
	{"ForgotPassword", func(o *owner) { Call(o.World, o.API.ForgotPassword, forgot(o.client, o.name)) }, ""},
	{"ConfirmForgotPassword", func(o *owner) {
		Call(o.World, o.API.ForgotPassword, forgot(o.client, o.name))
		Call(o.World, o.API.ConfirmForgotPassword, recovery(o.client, o.name, o.Code(o.pool, o.phone), newPassword))
	}, "PasswordChanged ~"},
	{"ConfirmForgotPassword, wrong code", func(o *owner) {
		Call(o.World, o.API.ForgotPassword, forgot(o.client, o.name))
		Refused(o.World, wrongCode, o.API.ConfirmForgotPassword, recovery(o.client, o.name, other(o.Code(o.pool, o.phone)), newPassword))
	}, ""},
	{"AdminSetUserPassword", func(o *owner) { o.SetPassword(o.pool, o.name, newPassword, true) }, "PasswordChanged ~"},
	{"AdminSetUserPassword, the same", func(o *owner) { o.SetPassword(o.pool, o.name, Password, true) }, ""},
	{"AdminSetUserPassword, temporary", func(o *owner) { o.SetPassword(o.pool, o.name, newPassword, false) }, ""},
	{"NEW_PASSWORD_REQUIRED", func(o *owner) {
		o.SetPassword(o.pool, o.name, "Temporary-2", false)
		first := Call(o.World, o.API.InitiateAuth, PasswordAuth(o.client, o.name, "Temporary-2"))
		Call(o.World, o.API.RespondToAuthChallenge, &cognitoidp.RespondToAuthChallengeRequest{
			ClientId: o.client.ID, ChallengeName: *first.ChallengeName, Session: first.Session,
			ChallengeResponses: map[string]string{"USERNAME": o.name, "NEW_PASSWORD": newPassword}})
	}, "PasswordChanged ~"},
	{"AdminResetUserPassword", func(o *owner) {
		Call(o.World, o.API.AdminResetUserPassword, &cognitoidp.AdminResetUserPasswordRequest{UserPoolId: o.pool.ID, Username: o.name})
	}, ""},

	{"UpdateUserAttributes: email", func(o *owner) { o.set("email", "thief@example.com") }, "EmailChanged ~"},
	{"UpdateUserAttributes: email, the same", func(o *owner) { o.set("email", o.email, "name", "Ann") }, ""},
	{"then more changes", func(o *owner) {
		o.set("email", "thief@example.com")
		o.changePassword(Password, newPassword)
	}, "EmailChanged ~"},
	{"then more changes with the new one verified", func(o *owner) {
		o.adminSet("email", "thief@example.com", "email_verified", "true")
		o.changePassword(Password, newPassword)
	}, "EmailChanged ~, PasswordChanged thief"},
	{"both addresses", func(o *owner) { o.set("email", "thief@example.com", "phone_number", "+15550199") }, "EmailChanged ~, PhoneNumberChanged ~"},
	{"DeleteUserAttributes: email", func(o *owner) {
		Call(o.World, o.API.DeleteUserAttributes, &cognitoidp.DeleteUserAttributesRequest{AccessToken: o.access, UserAttributeNames: []string{"email"}})
	}, "EmailChanged ~"},
	{"AdminUpdateUserAttributes: email_verified", func(o *owner) { o.adminSet("email_verified", "false") }, "EmailChanged ~"},
	{"UpdateUserAttributes: phone_number", func(o *owner) { o.set("phone_number", "+15550199") }, "PhoneNumberChanged ~"},
	{"AdminDeleteUserAttributes: phone_number", func(o *owner) {
		Call(o.World, o.API.AdminDeleteUserAttributes, &cognitoidp.AdminDeleteUserAttributesRequest{
			UserPoolId: o.pool.ID, Username: o.name, UserAttributeNames: []string{"phone_number"}})
	}, "PhoneNumberChanged ~"},

	{"VerifySoftwareToken", func(o *owner) { o.verify(o.seed(), true) }, "SoftwareTokenAdded ~"},
	{"VerifySoftwareToken, wrong code", func(o *owner) { o.verify(o.seed(), false) }, ""},
	{"AssociateSoftwareToken", func(o *owner) { o.seed() }, ""},
	{"VerifySoftwareToken of the token in use", func(o *owner) {
		seed := o.seed()
		o.verify(seed, true)
		o.Clock.Advance(31e9)
		if got := o.verify(seed, true); got != "" {
			o.T.Error(got)
		}
	}, "SoftwareTokenAdded ~"},
	{"VerifySoftwareToken of another token", func(o *owner) {
		o.verify(o.seed(), true)
		o.verify(o.seed(), true)
	}, "SoftwareTokenAdded ~, SoftwareTokenAdded ~"},
	{"AdminDeleteSoftwareToken", func(o *owner) {
		o.verify(o.seed(), true)
		o.adminPrefer(cognitoidp.AdminSetUserMFAPreferenceRequest{SoftwareTokenMfaSettings: &cognitoidp.SoftwareTokenMfaSettingsType{Enabled: new(true)}})
		for range 2 {
			Call(o.World, o.API.AdminDeleteSoftwareToken, &cognitoidp.AdminDeleteSoftwareTokenRequest{UserPoolId: o.pool.ID, Username: o.name})
		}
	}, "SoftwareTokenAdded ~, MFAPreferenceChanged ~, SoftwareTokenRemoved ~"},

	{"SetUserMFAPreference", func(o *owner) { o.prefer(true) }, "MFAPreferenceChanged ~"},
	{"SetUserMFAPreference, the same", func(o *owner) {
		o.prefer(false)
		o.prefer(true)
		o.prefer(true)
	}, "MFAPreferenceChanged ~"},
	{"AdminSetUserMFAPreference", func(o *owner) {
		o.adminPrefer(cognitoidp.AdminSetUserMFAPreferenceRequest{EmailMfaSettings: &cognitoidp.EmailMfaSettingsType{Enabled: new(true)}})
		o.adminPrefer(cognitoidp.AdminSetUserMFAPreferenceRequest{EmailMfaSettings: &cognitoidp.EmailMfaSettingsType{Enabled: new(false)}})
	}, "MFAPreferenceChanged ~, MFAPreferenceChanged ~"},
	{"SetUserSettings", func(o *owner) {
		for range 2 {
			Call(o.World, o.API.SetUserSettings, &cognitoidp.SetUserSettingsRequest{AccessToken: o.access, MFAOptions: byPhone})
		}
	}, "MFAPreferenceChanged ~"},
	{"AdminSetUserSettings", func(o *owner) {
		for _, options := range [][]cognitoidp.MFAOptionType{byPhone, {}} {
			Call(o.World, o.API.AdminSetUserSettings, &cognitoidp.AdminSetUserSettingsRequest{UserPoolId: o.pool.ID, Username: o.name, MFAOptions: options})
		}
	}, "MFAPreferenceChanged ~, MFAPreferenceChanged ~"},

	{"passkeys", func(o *owner) {
		o.Enrol(o.access, NewAuthenticator("example.com", "https://example.com"))
		for _, k := range Call(o.World, o.API.ListWebAuthnCredentials, &cognitoidp.ListWebAuthnCredentialsRequest{AccessToken: o.access}).Credentials {
			Call(o.World, o.API.DeleteWebAuthnCredential, &cognitoidp.DeleteWebAuthnCredentialRequest{AccessToken: o.access, CredentialId: k.CredentialId})
		}
	}, "PasskeyAdded ~, PasskeyRemoved ~"},
	{"StartWebAuthnRegistration", func(o *owner) {
		Call(o.World, o.API.StartWebAuthnRegistration, &cognitoidp.StartWebAuthnRegistrationRequest{AccessToken: o.access})
	}, ""},
	{"ConfirmDevice", func(o *owner) { o.confirmDevice() }, "DeviceRemembered ~"},
	{"device status", func(o *owner) {
		o.confirmDevice()
		o.deviceStatus("remembered")
		o.deviceStatus("not_remembered")
		o.deviceStatus("remembered")
	}, "DeviceRemembered ~, DeviceRemembered ~"},

	{"what proves nothing", func(o *owner) {
		o.set("name", "Ann", "nickname", "Annie")
		id, name := o.pool.ID, o.name
		Call(o.World, o.API.AdminDisableUser, &cognitoidp.AdminDisableUserRequest{UserPoolId: id, Username: name})
		Call(o.World, o.API.AdminEnableUser, &cognitoidp.AdminEnableUserRequest{UserPoolId: id, Username: name})
		Call(o.World, o.API.AdminUserGlobalSignOut, &cognitoidp.AdminUserGlobalSignOutRequest{UserPoolId: id, Username: name})
		o.signIn(Password)
	}, ""},
}

var byPhone = []cognitoidp.MFAOptionType{{DeliveryMedium: new(cognitoidp.DeliveryMediumTypeSms), AttributeName: new("phone_number")}}

// TestNotices runs every change for an owner who is told, and for two who are not: the pool keeps silent, or the
// address is not verified.
func TestNotices(t *testing.T) {
	Each(t, func(w *World) {
		on, onClient := noticing(w, map[string]string{pool.TagChangeNotices: "on"}, nil)
		off, offClient := noticing(w, map[string]string{pool.TagChangeNotices: "off"}, nil)
		for i, c := range changes {
			w.Run(c.what, func(w *World) {
				name := fmt.Sprintf("ann%d", i)
				told, silent, unproven := person(w, on, onClient, name, true), person(w, off, offClient, name, true), person(w, on, onClient, "un"+name, false)
				c.do(told)
				equal(w.T, "told", strings.Join(told.told(), ", "), strings.ReplaceAll(c.want, "~", name))
				c.do(silent)
				equal(w.T, "told by a silent pool", len(silent.told()), 0)
				c.do(unproven)
				if list := unproven.told(); slices.ContainsFunc(list, func(s string) bool { return !strings.HasSuffix(s, " thief") }) {
					w.T.Errorf("told at an unproven address: %v", list)
				}
			})
		}
	})
}
