package factor_test

import (
	"context"
	"fmt"
	"testing"

	"cognate/internal/api/cognitoidp"
	. "cognate/internal/testkit/cognitotest"
)

// answering is RespondToAuthChallenge refused with err.
func answering(err error) func(context.Context, *cognitoidp.RespondToAuthChallengeRequest) (*cognitoidp.RespondToAuthChallengeResponse, error) {
	return func(context.Context, *cognitoidp.RespondToAuthChallengeRequest) (*cognitoidp.RespondToAuthChallengeResponse, error) {
		return nil, err
	}
}

// set builds a request from wishes like "sms", "-sms", "sms*".
func set(access string, wishes ...string) *cognitoidp.SetUserMFAPreferenceRequest {
	in := &cognitoidp.SetUserMFAPreferenceRequest{AccessToken: access}
	for _, w := range wishes {
		on, preferred := w[0] != '-', w[len(w)-1] == '*'
		name := w
		if !on {
			name = w[1:]
		}
		if preferred {
			name = name[:len(name)-1]
		}
		switch name {
		case "sms":
			in.SMSMfaSettings = &cognitoidp.SMSMfaSettingsType{Enabled: &on, PreferredMfa: &preferred}
		case "totp":
			in.SoftwareTokenMfaSettings = &cognitoidp.SoftwareTokenMfaSettingsType{Enabled: &on, PreferredMfa: &preferred}
		case "email":
			in.EmailMfaSettings = &cognitoidp.EmailMfaSettingsType{Enabled: &on, PreferredMfa: &preferred}
		case "passkey":
			in.WebAuthnMfaSettings = &cognitoidp.WebAuthnMfaSettingsType{Enabled: &on}
		}
	}
	return in
}

func asAdmin(poolID, name string, in *cognitoidp.SetUserMFAPreferenceRequest) *cognitoidp.AdminSetUserMFAPreferenceRequest {
	return &cognitoidp.AdminSetUserMFAPreferenceRequest{
		UserPoolId: poolID, Username: name, SMSMfaSettings: in.SMSMfaSettings, EmailMfaSettings: in.EmailMfaSettings,
		SoftwareTokenMfaSettings: in.SoftwareTokenMfaSettings, WebAuthnMfaSettings: in.WebAuthnMfaSettings,
	}
}

func TestPreference(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		p := w.mfa(w.Pool(nil), cognitoidp.UserPoolMfaTypeOptional, nil)
		c := w.Client(p, nil)
		w.User(p, "ana")
		access := w.access(p, c, "ana")
		refused := func(want string, wishes ...string) {
			t.Helper()
			Refused(w.World, "InvalidParameterException: "+want, w.SetUserMFAPreference, set(access, wishes...))
		}
		refused("User does not have a phone_number set to turn on SMS MFA", "sms")
		refused("User does not have an email set to turn on email MFA", "email")
		refused("User has not set up software token mfa", "totp")
		for _, name := range []string{"SMS_MFA sms", "SOFTWARE_TOKEN_MFA totp", "EMAIL_OTP email"} {
			var factor, wish string
			_, _ = fmt.Sscan(name, &factor, &wish)
			Refused(w.World, "InvalidParameterException: User does not have delivery config set to turn on "+factor,
				w.AdminSetUserMFAPreference, asAdmin(p.ID, "ana", set(access, wish)))
		}
		Call(w.World, w.AssociateSoftwareToken, &cognitoidp.AssociateSoftwareTokenRequest{AccessToken: &access})
		refused("User has not verified software token mfa", "totp")
		w.token(access)
		Call(w.World, w.API.AdminUpdateUserAttributes, &cognitoidp.AdminUpdateUserAttributesRequest{
			UserPoolId: p.ID, Username: "ana", UserAttributes: Attributes("phone_number", phone, "email", mail),
		})
		refused("Only one MFA method can be preferred.", "sms*", "totp*")
		refused("SMS_MFA must be enabled to be the preferred MFA method.", "-sms*")
		refused("User pool does not have email MFA enabled.", "email")

		for _, step := range []struct {
			wishes    []string
			list      string
			preferred string
		}{
			{[]string{"totp"}, "[SOFTWARE_TOKEN_MFA]", ""},
			{[]string{"sms*"}, "[SMS_MFA SOFTWARE_TOKEN_MFA]", "SMS_MFA"},
			{[]string{"totp*"}, "[SMS_MFA SOFTWARE_TOKEN_MFA]", "SOFTWARE_TOKEN_MFA"},
			{[]string{"totp"}, "[SMS_MFA SOFTWARE_TOKEN_MFA]", ""},
			{[]string{}, "[SMS_MFA SOFTWARE_TOKEN_MFA]", ""},
			{[]string{"sms*", "-totp"}, "[SMS_MFA]", "SMS_MFA"},
			{[]string{"-sms"}, "[]", ""},
		} {
			Call(w.World, w.SetUserMFAPreference, set(access, step.wishes...))
			got := Call(w.World, w.API.AdminGetUser, &cognitoidp.AdminGetUserRequest{UserPoolId: p.ID, Username: "ana"})
			preferred := ""
			if got.PreferredMfaSetting != nil {
				preferred = *got.PreferredMfaSetting
			}
			if fmt.Sprint(got.UserMFASettingList) != step.list || preferred != step.preferred {
				t.Errorf("after %v: %v, preferred %q", step.wishes, got.UserMFASettingList, preferred)
			}
			if len(got.UserMFASettingList) == 0 && got.UserMFASettingList != nil {
				t.Error("an empty list is absent")
			}
		}
		Call(w.World, w.AdminSetUserMFAPreference, asAdmin(p.ID, "ana", set("", "sms*")))
		if w.Get(p, "ana").MFA.Preferred != "SMS_MFA" {
			t.Error("the administrator's preference is lost")
		}
	})
}

func TestUserSettings(t *testing.T) {
	w := quick(t)
	p := w.Pool(nil)
	c := w.Client(p, nil)
	w.User(p, "ana", "phone_number", phone)
	access := w.access(p, c, "ana")
	sms := []cognitoidp.MFAOptionType{{DeliveryMedium: new(cognitoidp.DeliveryMediumTypeSms), AttributeName: new("phone_number")}}
	list := func(want string) {
		t.Helper()
		if got := fmt.Sprint(w.Get(p, "ana").MFA.Enabled); got != want {
			t.Errorf("enabled %s, want %s", got, want)
		}
	}
	Call(w.World, w.SetUserSettings, &cognitoidp.SetUserSettingsRequest{AccessToken: access, MFAOptions: sms})
	list("[SMS_MFA]")
	Call(w.World, w.SetUserSettings, &cognitoidp.SetUserSettingsRequest{AccessToken: access, MFAOptions: []cognitoidp.MFAOptionType{}})
	list("[]")
	Call(w.World, w.AdminSetUserSettings, &cognitoidp.AdminSetUserSettingsRequest{UserPoolId: p.ID, Username: "ana", MFAOptions: sms})
	list("[SMS_MFA]")
	mailOption := []cognitoidp.MFAOptionType{{DeliveryMedium: new(cognitoidp.DeliveryMediumTypeEmail), AttributeName: new("email")}}
	Refused(w.World, "InvalidParameterException: MFAOptions can hold only the delivery medium SMS with the attribute phone_number.",
		w.SetUserSettings, &cognitoidp.SetUserSettingsRequest{AccessToken: access, MFAOptions: mailOption})
}

func TestAuthFactors(t *testing.T) {
	w := quick(t)
	p := w.mfa(w.Pool(nil), cognitoidp.UserPoolMfaTypeOptional, nil)
	c := w.Client(p, nil)
	w.User(p, "ana", "phone_number", phone, "email", mail)
	access := w.access(p, c, "ana")
	factors := func(want string) {
		t.Helper()
		own := Call(w.World, w.GetUserAuthFactors, &cognitoidp.GetUserAuthFactorsRequest{AccessToken: access})
		admin := Call(w.World, w.AdminGetUserAuthFactors, &cognitoidp.AdminGetUserAuthFactorsRequest{UserPoolId: p.ID, Username: "ana"})
		for _, got := range []any{own, (*cognitoidp.GetUserAuthFactorsResponse)(admin)} {
			o := got.(*cognitoidp.GetUserAuthFactorsResponse)
			if fmt.Sprint(o.ConfiguredUserAuthFactors) != want || o.Username != "ana" {
				t.Errorf("%+v, want %s", o, want)
			}
		}
	}
	factors("[PASSWORD SMS_OTP]") // the pool sends no e-mail codes
	w.token(access)
	factors("[PASSWORD SMS_OTP SOFTWARE_TOKEN]")
	Refused(w.World, "UserNotFoundException: User does not exist.", w.AdminGetUserAuthFactors,
		&cognitoidp.AdminGetUserAuthFactorsRequest{UserPoolId: p.ID, Username: "nobody"})
	Call(w.World, w.API.AdminDisableUser, &cognitoidp.AdminDisableUserRequest{UserPoolId: p.ID, Username: "ana"})
	Refused(w.World, "NotAuthorizedException: Access Token has been revoked", w.GetUserAuthFactors,
		&cognitoidp.GetUserAuthFactorsRequest{AccessToken: access})
}
