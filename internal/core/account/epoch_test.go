package account_test

import (
	"testing"

	"cognate/internal/api/cognitoidp"
	"cognate/internal/core/pool"
	. "cognate/internal/testkit/cognitotest"
)

// ends are the events that end a pending code, each done to ana.
var ends = map[string]func(w *World, p *pool.Pool, tokens *cognitoidp.AuthenticationResultType){
	"the owner moves the address": func(w *World, _ *pool.Pool, tokens *cognitoidp.AuthenticationResultType) {
		Call(w, w.API.UpdateUserAttributes, &cognitoidp.UpdateUserAttributesRequest{
			AccessToken: *tokens.AccessToken, UserAttributes: Attributes("email", "moved@example.com"),
		})
	},
	"an administrator moves the address": func(w *World, p *pool.Pool, _ *cognitoidp.AuthenticationResultType) {
		update(w, p, "ana", "email", "moved@example.com", "email_verified", "true")
	},
	"an administrator unverifies the address": func(w *World, p *pool.Pool, _ *cognitoidp.AuthenticationResultType) {
		update(w, p, "ana", "email_verified", "false")
	},
	"the owner changes the password": func(w *World, _ *pool.Pool, tokens *cognitoidp.AuthenticationResultType) {
		Call(w, w.API.ChangePassword, &cognitoidp.ChangePasswordRequest{
			AccessToken: *tokens.AccessToken, PreviousPassword: new(Password), ProposedPassword: "Changed-1!",
		})
	},
	"an administrator sets the password": func(w *World, p *pool.Pool, _ *cognitoidp.AuthenticationResultType) {
		w.SetPassword(p, "ana", "Changed-1!", true)
	},
	"disabled and enabled": func(w *World, p *pool.Pool, _ *cognitoidp.AuthenticationResultType) {
		Call(w, w.API.AdminDisableUser, &cognitoidp.AdminDisableUserRequest{UserPoolId: p.ID, Username: "ana"})
		Call(w, w.API.AdminEnableUser, &cognitoidp.AdminEnableUserRequest{UserPoolId: p.ID, Username: "ana"})
	},
	"signed out everywhere": func(w *World, p *pool.Pool, _ *cognitoidp.AuthenticationResultType) {
		Call(w, w.API.AdminUserGlobalSignOut, &cognitoidp.AdminUserGlobalSignOutRequest{UserPoolId: p.ID, Username: "ana"})
	},
	"deleted and made again": func(w *World, p *pool.Pool, _ *cognitoidp.AuthenticationResultType) {
		if err := w.API.AdminDeleteUser(w.Ctx, &cognitoidp.AdminDeleteUserRequest{UserPoolId: p.ID, Username: "ana"}); err != nil {
			w.T.Fatal(err)
		}
		w.User(p, "ana", "email", "ana@example.com", "email_verified", "true")
	},
}

// TestRecoveryCodesEnd holds that a code for a forgotten password is worth nothing once what it was issued for is no
// more, whether the user or an administrator asked for it, and that a new one works.
func TestRecoveryCodesEnd(t *testing.T) {
	Each(t, func(w *World) {
		for what, end := range ends {
			for who, ask := range map[string]func(*World, *pool.Pool, *pool.Client){
				"user": func(w *World, _ *pool.Pool, c *pool.Client) { Call(w, w.API.ForgotPassword, forgot(c, "ana")) },
				"administrator": func(w *World, p *pool.Pool, _ *pool.Client) {
					Call(w, w.API.AdminResetUserPassword, &cognitoidp.AdminResetUserPasswordRequest{UserPoolId: p.ID, Username: "ana"})
				},
			} {
				if who == "administrator" && what == "the owner changes the password" {
					continue // who has to reset it cannot change it
				}
				w.Run(what+", asked by "+who, func(w *World) {
					p := w.Pool(nil)
					c := w.Client(p, nil)
					w.User(p, "ana", "email", "ana@example.com", "email_verified", "true")
					tokens := w.SignIn(c, "ana", Password)
					ask(w, p, c)
					code := w.Code(p, "ana@example.com")
					end(w, p, tokens)
					Refused(w, noCode, w.API.ConfirmForgotPassword, recovery(c, "ana", code, "Stolen-1!"))
					update(w, p, "ana", "email", "ana@example.com", "email_verified", "true")
					Call(w, w.API.ForgotPassword, forgot(c, "ana"))
					Refused(w, "", w.API.ConfirmForgotPassword, recovery(c, "ana", w.Code(p, "ana@example.com"), "Fresh-Pass-1"))
				})
			}
		}
	})
}

// TestSignUpCodesEnd holds that a sign-up code proves the address it was sent to, and no other.
func TestSignUpCodesEnd(t *testing.T) {
	Each(t, func(w *World) {
		for what, end := range map[string]func(w *World, p *pool.Pool){
			"replaced address":     func(w *World, p *pool.Pool) { update(w, p, "ana", "email", "moved@example.com") },
			"disabled and enabled": func(w *World, p *pool.Pool) { ends["disabled and enabled"](w, p, nil) },
		} {
			w.Run(what, func(w *World) {
				p := w.Pool(func(in *cognitoidp.CreateUserPoolRequest) {
					in.AutoVerifiedAttributes = []cognitoidp.VerifiedAttributeType{"email"}
				})
				c := w.Client(p, nil)
				Call(w, w.API.SignUp, signUp(c, "ana", "email", "ana@example.com"))
				code := w.Code(p, "ana@example.com")
				end(w, p)
				Refused(w, noCode, w.API.ConfirmSignUp, confirm(c, "ana", code))
				Call(w, w.API.ResendConfirmationCode, resend(c, "ana"))
				Refused(w, "", w.API.ConfirmSignUp, confirm(c, "ana", w.Code(p, w.Get(p, "ana").Attributes["email"])))
			})
		}
	})
}

// TestChangePasswordIsNoOracle holds that after the limit a right password is answered like a wrong one, whatever the
// proposed one is, and that tries count where a sign-in counts them.
func TestChangePasswordIsNoOracle(t *testing.T) {
	Each(t, func(w *World) {
		p := w.Pool(nil)
		c := w.Client(p, nil)
		w.User(p, "ana")
		tokens := w.SignIn(c, "ana", Password)
		ask := func(previous, proposed string) *cognitoidp.ChangePasswordRequest {
			return &cognitoidp.ChangePasswordRequest{AccessToken: *tokens.AccessToken, PreviousPassword: &previous, ProposedPassword: proposed}
		}
		for range 20 { // a right password costs nothing
			Refused(w, tooShort, w.API.ChangePassword, ask(Password, "Ab1!"))
		}
		for range 4 {
			Refused(w, wrong, w.API.ChangePassword, ask("Wrong-1!", "Ab1!"))
		}
		Refused(w, tooShort, w.API.ChangePassword, ask(Password, "Ab1!")) // the fifth try was right
		for range 4 {
			Refused(w, wrong, w.API.InitiateAuth, PasswordAuth(c, "ana", "Wrong-1!"))
		}
		Refused(w, wrong, w.API.ChangePassword, ask("Wrong-1!", "Ab1!"))
		Refused(w, "NotAuthorizedException: Password attempts exceeded", w.API.InitiateAuth, PasswordAuth(c, "ana", Password))
		for _, previous := range []string{Password, "Wrong-1!"} {
			for _, proposed := range []string{"Ab1!", "Another-1!"} {
				Refused(w, limited, w.API.ChangePassword, ask(previous, proposed))
			}
		}
	})
}

// update sets attributes as an administrator.
func update(w *World, p *pool.Pool, name string, attrs ...string) {
	w.T.Helper()
	Call(w, w.API.AdminUpdateUserAttributes, &cognitoidp.AdminUpdateUserAttributesRequest{
		UserPoolId: p.ID, Username: name, UserAttributes: Attributes(attrs...),
	})
}
