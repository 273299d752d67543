package account_test

import (
	"testing"
	"time"

	"cognate/internal/api/cognitoidp"
	"cognate/internal/base/db"
	"cognate/internal/core/directory"
	"cognate/internal/core/pool"
	. "cognate/internal/testkit/cognitotest"
)

func TestForgotPassword(t *testing.T) {
	Each(t, func(w *World) {
		p := w.Pool(history(3))
		c := w.Client(p, nil)
		w.User(p, "ana", "email", "ana@example.com", "email_verified", "true")
		out := Call(w, w.API.ForgotPassword, forgot(c, "ana"))
		equal(w.T, "delivery", delivery(out.CodeDeliveryDetails), "email EMAIL a***@e***")
		equal(w.T, "trigger", w.Inbox(p, "")[0].Trigger, "CustomMessage_ForgotPassword")
		w.SignIn(c, "ana", Password) // nothing changed so far
		code := w.Code(p, "ana@example.com")
		Refused(w, wrongCode, w.API.ConfirmForgotPassword, recovery(c, "ana", other(code), "Another-1!"))
		Refused(w, tooShort, w.API.ConfirmForgotPassword, recovery(c, "ana", code, "Ab1!"))
		Refused(w, usedBefore, w.API.ConfirmForgotPassword, recovery(c, "ana", code, Password)) // and the code is as good as before
		Refused(w, "", w.API.ConfirmForgotPassword, recovery(c, "ana", code, "Another-1!"))
		w.SignIn(c, "ana", "Another-1!")
		Refused(w, wrong, w.API.InitiateAuth, PasswordAuth(c, "ana", Password))
		Refused(w, noCode, w.API.ConfirmForgotPassword, recovery(c, "ana", code, "Third-Pass-1"))

		Call(w, w.API.ForgotPassword, forgot(c, "ana"))
		code = w.Code(p, "ana@example.com")
		w.Clock.Advance(time.Hour)
		Refused(w, noCode, w.API.ConfirmForgotPassword, recovery(c, "ana", code, "Third-Pass-1"))
		Call(w, w.API.ForgotPassword, forgot(c, "ana"))
		code = w.Code(p, "ana@example.com")
		for range 3 { // the two late codes count too
			Refused(w, wrongCode, w.API.ConfirmForgotPassword, recovery(c, "ana", other(code), "Third-Pass-1"))
		}
		Refused(w, limited, w.API.ConfirmForgotPassword, recovery(c, "ana", code, "Third-Pass-1"))
		w.Clock.Advance(time.Hour)

		for range 20 { // asking for codes does not keep the owner from using one
			Refused(w, "", w.API.ForgotPassword, forgot(c, "ana"))
		}
		Refused(w, limited, w.API.ForgotPassword, forgot(c, "ana"))
		code = w.Code(p, "ana@example.com")
		got := Together(w, 16, w.API.ConfirmForgotPassword, func(int) *cognitoidp.ConfirmForgotPasswordRequest {
			return recovery(c, "ana", code, "Fourth-Pass-1")
		})
		if got[""] != 1 || got[""]+got[noCode]+got[limited] != 16 {
			w.T.Errorf("parallel redemptions: %v", got)
		}
		w.SignIn(c, "ana", "Fourth-Pass-1")
	})
}

// TestForgotPasswordStates: what users in each state are told, where the client shows users.
func TestForgotPasswordStates(t *testing.T) {
	Each(t, func(w *World) {
		p := w.Pool(nil)
		c := w.Client(p, nil)
		people(w, p, c)
		for name, want := range map[string]string{
			"ana": "", "unverified": noContact, "bare": noContact, "off": disabled, "new": cannotReset, "invited": cannotReset, "nobody": noClient,
		} {
			Refused(w, want, w.API.ForgotPassword, forgot(c, name))
		}
		for name, want := range map[string]string{"bare": noCode, "off": disabled, "nobody": noClient} {
			Refused(w, want, w.API.ConfirmForgotPassword, recovery(c, name, "123456", "Another-1!"))
		}
		q := w.Pool(func(in *cognitoidp.CreateUserPoolRequest) {
			in.AccountRecoverySetting = &cognitoidp.AccountRecoverySettingType{
				RecoveryMechanisms: []cognitoidp.RecoveryOptionType{{Name: "admin_only", Priority: 1}}}
		})
		w.User(q, "ana", "email", "ana@example.com", "email_verified", "true")
		for _, client := range []*pool.Client{w.Client(q, nil), w.Client(q, Hiding)} {
			for _, name := range []string{"ana", "nobody"} {
				Refused(w, "NotAuthorizedException: Contact administrator to reset password.", w.API.ForgotPassword, forgot(client, name))
			}
		}
	})
}

// people makes a user in every state: ana, unverified, bare, off, new, invited.
func people(w *World, p *pool.Pool, c *pool.Client) {
	w.T.Helper()
	w.User(p, "ana", "email", "ana@example.com", "email_verified", "true")
	w.User(p, "unverified", "email", "unverified@example.com")
	w.User(p, "bare")
	w.User(p, "off", "email", "off@example.com", "email_verified", "true")
	Call(w, w.API.AdminDisableUser, &cognitoidp.AdminDisableUserRequest{UserPoolId: p.ID, Username: "off"})
	Call(w, w.API.SignUp, signUp(c, "new", "email", "new@example.com"))
	Call(w, w.API.AdminCreateUser, create(p, "invited", "email", "invited@example.com", "email_verified", "true"))
}

// TestRecoveryTarget holds the choice of the address.
func TestRecoveryTarget(t *testing.T) {
	w := Quick(t)
	mechanisms := func(names ...cognitoidp.RecoveryOptionNameType) func(*cognitoidp.CreateUserPoolRequest) {
		return func(in *cognitoidp.CreateUserPoolRequest) {
			in.AccountRecoverySetting = &cognitoidp.AccountRecoverySettingType{}
			for i := len(names) - 1; i >= 0; i-- { // the order of the list does not matter
				in.AccountRecoverySetting.RecoveryMechanisms = append(in.AccountRecoverySetting.RecoveryMechanisms,
					cognitoidp.RecoveryOptionType{Name: names[i], Priority: int64(i + 1)})
			}
		}
	}
	const mail, phone = "email EMAIL a***@e***", "phone_number SMS +*******1234"
	for _, c := range []struct {
		name   string
		pool   func(*cognitoidp.CreateUserPoolRequest)
		factor string   // the second factor
		attrs  []string // besides both values
		want   string
	}{
		{"unset, both", nil, "", []string{"email_verified", "true", "phone_number_verified", "true"}, phone},
		{"unset, e-mail only", nil, "", []string{"email_verified", "true"}, mail},
		{"unset, SMS is the second factor", nil, "SMS_MFA", []string{"email_verified", "true", "phone_number_verified", "true"}, phone},
		{"e-mail first", mechanisms("verified_email", "verified_phone_number"), "", []string{"email_verified", "true", "phone_number_verified", "true"}, mail},
		{"e-mail first, not verified", mechanisms("verified_email", "verified_phone_number"), "", []string{"phone_number_verified", "true"}, phone},
		{"phone first, SMS is the second factor", mechanisms("verified_phone_number", "verified_email"), "SMS_MFA", []string{"email_verified", "true", "phone_number_verified", "true"}, mail},
		{"phone only, SMS is the second factor", mechanisms("verified_phone_number"), "SMS_MFA", []string{"email_verified", "true", "phone_number_verified", "true"}, ""},
		{"phone only, not verified", mechanisms("verified_phone_number"), "", []string{"email_verified", "true"}, ""},
		{"unset, e-mail is the second factor", nil, "EMAIL_OTP", []string{"email_verified", "true"}, mail},
		{"e-mail first, it is the second factor", mechanisms("verified_email", "verified_phone_number"), "EMAIL_OTP", []string{"email_verified", "true", "phone_number_verified", "true"}, phone},
		{"e-mail first, it is the second factor, nothing else", mechanisms("verified_email", "verified_phone_number"), "EMAIL_OTP", []string{"email_verified", "true"}, ""},
		{"phone first, e-mail is the second factor", mechanisms("verified_phone_number", "verified_email"), "EMAIL_OTP", []string{"email_verified", "true", "phone_number_verified", "true"}, phone},
	} {
		w.Run(c.name, func(w *World) {
			p := w.Pool(c.pool)
			client := w.Client(p, nil)
			w.User(p, "ana", append(c.attrs, "email", "ana@example.com", "phone_number", "+14155551234")...)
			if c.factor != "" {
				change(w, p, "ana", func(u *directory.User) { u.MFA.Enabled = []string{c.factor} })
			}
			if c.want == "" {
				Refused(w, noContact, w.API.ForgotPassword, forgot(client, "ana"))
				return
			}
			equal(w.T, "delivery", delivery(Call(w, w.API.ForgotPassword, forgot(client, "ana")).CodeDeliveryDetails), c.want)
		})
	}
}

// change edits a user behind the operations.
func change(w *World, p *pool.Pool, name string, edit func(*directory.User)) {
	w.T.Helper()
	err := w.DB.Update(w.Ctx, func(tx *db.Tx) error {
		u, err := w.Users.Resolve(tx, p, name)
		if err != nil {
			return err
		}
		edit(u)
		return w.Users.Save(tx, p, u)
	})
	if err != nil {
		w.T.Fatal(err)
	}
}

func TestChangePassword(t *testing.T) {
	Each(t, func(w *World) {
		p := w.Pool(history(3))
		c := w.Client(p, nil)
		w.User(p, "ana")
		tokens := w.SignIn(c, "ana", Password)
		ask := func(previous, proposed string) *cognitoidp.ChangePasswordRequest {
			in := &cognitoidp.ChangePasswordRequest{AccessToken: *tokens.AccessToken, ProposedPassword: proposed}
			if previous != "" {
				in.PreviousPassword = &previous
			}
			return in
		}
		Refused(w, wrong, w.API.ChangePassword, ask("Wrong-1!", "Another-1!"))
		Refused(w, "InvalidParameterException: Missing required parameter PreviousPassword", w.API.ChangePassword, ask("", "Another-1!"))
		Refused(w, tooShort, w.API.ChangePassword, ask(Password, "Ab1!"))
		Refused(w, usedBefore, w.API.ChangePassword, ask(Password, Password))
		Refused(w, "", w.API.ChangePassword, ask(Password, "Another-1!"))
		Refused(w, usedBefore, w.API.ChangePassword, ask("Another-1!", Password))
		Refused(w, "", w.API.ChangePassword, ask("Another-1!", "Third-Pass-1"))
		Refused(w, usedBefore, w.API.ChangePassword, ask("Third-Pass-1", Password))
		Refused(w, "", w.API.ChangePassword, ask("Third-Pass-1", "Fourth-Pass-1"))
		Refused(w, "", w.API.ChangePassword, ask("Fourth-Pass-1", Password)) // three others in between
		w.SignIn(c, "ana", Password)

		got := Together(w, 16, w.API.ChangePassword, func(int) *cognitoidp.ChangePasswordRequest { return ask("Wrong-1!", "Another-9!") })
		if got[wrong] != 4 || got[limited] != 12 { // one was made above
			w.T.Errorf("parallel guesses: %v", got)
		}
		Refused(w, limited, w.API.ChangePassword, ask(Password, "Another-9!"))
		w.Clock.Advance(59 * time.Minute)
		Refused(w, limited, w.API.ChangePassword, ask("Wrong-1!", "Another-9!"))
		w.Clock.Advance(30 * time.Second)
		tokens = w.SignIn(c, "ana", Password)
		w.Clock.Advance(time.Minute)
		Refused(w, "", w.API.ChangePassword, ask(Password, "Another-9!"))

		Refused(w, "NotAuthorizedException: Invalid Access Token", w.API.ChangePassword,
			&cognitoidp.ChangePasswordRequest{AccessToken: "x", ProposedPassword: Password})
		Call(w, w.API.AdminDisableUser, &cognitoidp.AdminDisableUserRequest{UserPoolId: p.ID, Username: "ana"})
		Refused(w, "NotAuthorizedException: Access Token has been revoked", w.API.ChangePassword, ask("Another-9!", Password))
	})
}

// TestParallelChanges: of several changes at once each sees the one before.
func TestParallelChanges(t *testing.T) {
	Each(t, func(w *World) {
		p := w.Pool(nil)
		c := w.Client(p, nil)
		w.User(p, "ana")
		tokens := w.SignIn(c, "ana", Password)
		got := Together(w, 8, w.API.ChangePassword, func(i int) *cognitoidp.ChangePasswordRequest {
			return &cognitoidp.ChangePasswordRequest{AccessToken: *tokens.AccessToken, PreviousPassword: new(Password),
				ProposedPassword: "Another-1!" + string(rune('a'+i))}
		})
		if got[""] != 1 || got[""]+got[wrong]+got[limited]+got["NotAuthorizedException: Password attempts exceeded"] != 8 {
			w.T.Errorf("outcomes %v", got)
		}
	})
}
