package account_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"cognate/internal/api/cognitoidp"
	"cognate/internal/core/password"
	"cognate/internal/core/pool"
	. "cognate/internal/testkit/cognitotest"
)

func TestAdminCreateUser(t *testing.T) {
	Each(t, func(w *World) {
		p := w.Pool(nil)
		c := w.Client(p, nil)
		both := []string{"email", "ana@example.com", "phone_number", "+14155551234"}
		mediums := func(m ...cognitoidp.DeliveryMediumType) []cognitoidp.DeliveryMediumType { return m }
		for i, c2 := range []struct {
			attrs    []string
			mediums  []cognitoidp.DeliveryMediumType
			suppress bool
			sent     string
		}{
			{both, nil, false, "SMS"}, // the default
			{both, mediums("EMAIL"), false, "EMAIL"},
			{both, mediums("SMS"), false, "SMS"},
			{both, mediums("EMAIL", "SMS"), false, "EMAIL SMS"},
			{both, mediums("EMAIL"), true, ""},
			{both[:2], nil, false, ""}, // no phone to send to
			{both[:2], mediums("EMAIL"), false, "EMAIL"},
			{nil, mediums("EMAIL", "SMS"), false, ""},
		} {
			name := fmt.Sprint("user", i)
			in := create(p, name, c2.attrs...)
			in.DesiredDeliveryMediums, in.TemporaryPassword = c2.mediums, new("Temporary-1")
			if c2.suppress {
				in.MessageAction = new(cognitoidp.MessageActionTypeSuppress)
			}
			before := len(w.Inbox(p, ""))
			out := Call(w, w.API.AdminCreateUser, in)
			equal(w.T, name+" status", *out.User.UserStatus, cognitoidp.UserStatusTypeForceChangePassword)
			equal(w.T, name+" enabled", *out.User.Enabled, true)
			var sent []string
			for _, m := range w.Inbox(p, "")[:len(w.Inbox(p, ""))-before] {
				sent = append(sent, string(m.Medium))
				if m.Code != "Temporary-1" || m.Trigger != "CustomMessage_AdminCreateUser" || !strings.Contains(m.Body, name) {
					w.T.Errorf("%s: message %+v", name, m)
				}
			}
			equal(w.T, name+" messages", strings.Join(sent, " "), c2.sent)
			first := Call(w, w.API.InitiateAuth, PasswordAuth(c, name, "Temporary-1"))
			equal(w.T, name+" challenge", *first.ChallengeName, cognitoidp.ChallengeNameTypeNewPasswordRequired)
		}

		in := create(p, "made", "email", "made@example.com")
		in.DesiredDeliveryMediums = mediums("EMAIL")
		Call(w, w.API.AdminCreateUser, in)
		generated := w.Code(p, "made@example.com")
		if err := password.Check(p.PasswordPolicy(), generated); err != nil {
			w.T.Errorf("generated password %q: %v", generated, err)
		}
		Call(w, w.API.InitiateAuth, PasswordAuth(c, "made", generated))

		Refused(w, "UsernameExistsException: User account already exists", w.API.AdminCreateUser, create(p, "made"))
		in = create(p, "weak")
		in.TemporaryPassword = new("weak")
		Refused(w, "InvalidPasswordException: Password did not conform with password policy: Password not long enough", w.API.AdminCreateUser, in)
		Refused(w, "InvalidParameterException: Attributes did not conform to the schema: Type for attribute {custom:x} could not be determined",
			w.API.AdminCreateUser, create(p, "odd", "custom:x", "1"))
		Refused(w, "InvalidParameterException: user.email_verified: Attribute cannot be set to true without a value for email.\n",
			w.API.AdminCreateUser, create(p, "odd", "email_verified", "true"))
		none := create(p, "odd")
		none.UserPoolId = "us-east-1_NoSuchOne"
		Refused(w, "ResourceNotFoundException: User pool us-east-1_NoSuchOne does not exist.", w.API.AdminCreateUser, none)
	})
}

func TestInvitationResent(t *testing.T) {
	Each(t, func(w *World) {
		p := w.Pool(nil)
		c := w.Client(p, nil)
		in := create(p, "ana", "email", "ana@example.com")
		in.DesiredDeliveryMediums = []cognitoidp.DeliveryMediumType{"EMAIL"}
		Call(w, w.API.AdminCreateUser, in)
		first := w.Code(p, "ana@example.com")
		w.Clock.Advance(8 * 24 * time.Hour)
		Refused(w, "NotAuthorizedException: Temporary password has expired and must be reset by an administrator.",
			w.API.InitiateAuth, PasswordAuth(c, "ana", first))
		again := *in
		again.MessageAction = new(cognitoidp.MessageActionTypeResend)
		Call(w, w.API.AdminCreateUser, &again)
		second := w.Code(p, "ana@example.com")
		if second == first {
			w.T.Error("the temporary password stayed")
		}
		Call(w, w.API.InitiateAuth, PasswordAuth(c, "ana", second))
		again.TemporaryPassword = new("Temporary-3")
		Call(w, w.API.AdminCreateUser, &again)
		equal(w.T, "chosen", w.Code(p, "ana@example.com"), "Temporary-3")

		w.User(p, "done")
		again.Username = "done"
		Refused(w, "UnsupportedUserStateException: Resend not possible. CONFIRMED status is not FORCE_CHANGE_PASSWORD", w.API.AdminCreateUser, &again)
		again.Username = "nobody"
		Refused(w, unknown, w.API.AdminCreateUser, &again)
	})
}

func TestAdminCreateAlias(t *testing.T) {
	Each(t, func(w *World) {
		p := w.Pool(aliases)
		verified := []string{"email", "same@example.com", "email_verified", "True"}
		Call(w, w.API.AdminCreateUser, create(p, "ana", verified...))
		Refused(w, "UsernameExistsException: An account with the given email already exists.", w.API.AdminCreateUser, create(p, "bob", verified...))
		in := create(p, "bob", verified...)
		in.ForceAliasCreation = new(true)
		Call(w, w.API.AdminCreateUser, in)
		equal(w.T, "owner", w.Get(p, "same@example.com").Username, "bob")
		equal(w.T, "flag of the former owner", w.Get(p, "ana").Attributes["email_verified"], "false")
		Call(w, w.API.AdminCreateUser, create(p, "eve", "email", "same@example.com")) // unverified: no claim

		q := w.Pool(byEmail)
		Refused(w, "InvalidParameterException: Username should be an email.", w.API.AdminCreateUser, create(q, "ana"))
		out := Call(w, w.API.AdminCreateUser, create(q, "ana@example.com"))
		equal(w.T, "invited as", w.Get(q, "ana@example.com").Sub, *out.User.Username)
		Refused(w, "UsernameExistsException: An account with the given email already exists.", w.API.AdminCreateUser, create(q, "ANA@example.com"))
		in = create(q, "eva@example.com")
		in.DesiredDeliveryMediums = []cognitoidp.DeliveryMediumType{"EMAIL"}
		Call(w, w.API.AdminCreateUser, in)
		if body := w.Inbox(q, "eva@example.com")[0].Body; !strings.Contains(body, "eva@example.com") {
			w.T.Errorf("the invitation names nobody: %s", body)
		}
	})
}

// TestPasswordless: where one-time codes are a first factor, users may have no password.
func TestPasswordless(t *testing.T) {
	w := Quick(t)
	p := w.Pool(func(in *cognitoidp.CreateUserPoolRequest) {
		in.Policies = &cognitoidp.UserPoolPolicyType{SignInPolicy: &cognitoidp.SignInPolicyType{
			AllowedFirstAuthFactors: []cognitoidp.AuthFactorType{"PASSWORD", "EMAIL_OTP"}}}
	})
	c := w.Client(p, nil)
	out := Call(w, w.API.AdminCreateUser, create(p, "ana", "email", "ana@example.com"))
	equal(t, "status", *out.User.UserStatus, cognitoidp.UserStatusTypeConfirmed)
	Refused(w, wrong, w.API.InitiateAuth, PasswordAuth(c, "ana", Password))
	Refused(w, wrong, w.API.RespondToAuthChallenge, w.StartSRP(p, c, "ana").Answer(Password))
	up := signUp(c, "bob", "email", "bob@example.com")
	up.Password = nil
	Refused(w, "", w.API.SignUp, up)
}

func TestAdminConfirmSignUp(t *testing.T) {
	Each(t, func(w *World) {
		p := w.Pool(nil)
		c := w.Client(p, nil)
		Call(w, w.API.SignUp, signUp(c, "ana", "email", "ana@example.com"))
		in := &cognitoidp.AdminConfirmSignUpRequest{UserPoolId: p.ID, Username: "ana"}
		Refused(w, "", w.API.AdminConfirmSignUp, in)
		equal(w.T, "flag", w.Get(p, "ana").Attributes["email_verified"], "false") // nothing was proven
		Refused(w, isConfirmed, w.API.AdminConfirmSignUp, in)
		in.Username = "nobody"
		Refused(w, unknown, w.API.AdminConfirmSignUp, in)
		w.SignIn(c, "ana", Password)
	})
}

func TestAdminSetUserPassword(t *testing.T) {
	Each(t, func(w *World) {
		p := w.Pool(history(2))
		c := w.Client(p, nil)
		set := func(name, pw string, permanent bool) *cognitoidp.AdminSetUserPasswordRequest {
			return &cognitoidp.AdminSetUserPasswordRequest{UserPoolId: p.ID, Username: name, Password: pw, Permanent: &permanent}
		}
		Call(w, w.API.SignUp, signUp(c, "ana", "email", "ana@example.com"))
		code := w.Code(p, "ana@example.com")
		Refused(w, "", w.API.AdminSetUserPassword, set("ana", "Another-1!", true))
		equal(w.T, "status", w.Get(p, "ana").Status, cognitoidp.UserStatusTypeConfirmed)
		Refused(w, isConfirmed, w.API.ConfirmSignUp, confirm(c, "ana", code))
		Refused(w, tooShort, w.API.AdminSetUserPassword, set("ana", "Ab1!", true))
		Refused(w, usedBefore, w.API.AdminSetUserPassword, set("ana", Password, true))
		Refused(w, usedBefore, w.API.AdminSetUserPassword, set("ana", "Another-1!", true))
		Refused(w, unknown, w.API.AdminSetUserPassword, set("nobody", Password, true))
		Refused(w, "", w.API.AdminSetUserPassword, set("ana", "Temporary-1", false))
		equal(w.T, "status", w.Get(p, "ana").Status, cognitoidp.UserStatusTypeForceChangePassword)
		w.Clock.Advance(48*time.Hour - time.Second)
		Call(w, w.API.InitiateAuth, PasswordAuth(c, "ana", "Temporary-1"))
		w.Clock.Advance(time.Second)
		Refused(w, "NotAuthorizedException: Temporary password has expired and must be reset by an administrator.",
			w.API.InitiateAuth, PasswordAuth(c, "ana", "Temporary-1"))
		Refused(w, "", w.API.AdminSetUserPassword, set("ana", "Third-Pass-1", true))
		w.SignIn(c, "ana", "Third-Pass-1")
	})
}

func TestAdminResetUserPassword(t *testing.T) {
	Each(t, func(w *World) {
		adminOnly := func(in *cognitoidp.CreateUserPoolRequest) {
			in.AccountRecoverySetting = &cognitoidp.AccountRecoverySettingType{
				RecoveryMechanisms: []cognitoidp.RecoveryOptionType{{Name: "admin_only", Priority: 1}}}
		}
		for _, p := range []*pool.Pool{w.Pool(nil), w.Pool(adminOnly)} {
			c := w.Client(p, nil)
			reset := func(name string) *cognitoidp.AdminResetUserPasswordRequest {
				return &cognitoidp.AdminResetUserPasswordRequest{UserPoolId: p.ID, Username: name}
			}
			w.User(p, "ana", "email", "ana@example.com", "email_verified", "true")
			Refused(w, "", w.API.AdminResetUserPassword, reset("ana"))
			equal(w.T, "status", w.Get(p, "ana").Status, cognitoidp.UserStatusTypeResetRequired)
			Refused(w, "PasswordResetRequiredException: Password reset required for the user", w.API.InitiateAuth, PasswordAuth(c, "ana", Password))
			Refused(w, "", w.API.ConfirmForgotPassword, recovery(c, "ana", w.Code(p, "ana@example.com"), "Another-1!"))
			equal(w.T, "status", w.Get(p, "ana").Status, cognitoidp.UserStatusTypeConfirmed)
			w.SignIn(c, "ana", "Another-1!")

			w.User(p, "bob")
			Refused(w, noContact, w.API.AdminResetUserPassword, reset("bob"))
			Call(w, w.API.SignUp, signUp(c, "new", "email", "new@example.com"))
			Refused(w, cannotReset, w.API.AdminResetUserPassword, reset("new"))
			Refused(w, unknown, w.API.AdminResetUserPassword, reset("nobody"))
			Call(w, w.API.AdminDisableUser, &cognitoidp.AdminDisableUserRequest{UserPoolId: p.ID, Username: "bob"})
			Refused(w, disabled, w.API.AdminResetUserPassword, reset("bob"))
		}
	})
}
