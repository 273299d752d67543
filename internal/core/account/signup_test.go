package account_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"cognate/internal/api/cognitoidp"
	"cognate/internal/core/pool"
	"cognate/internal/rooms"
	. "cognate/internal/testkit/cognitotest"
	"cognate/internal/testkit/dbtest"
)

func TestSignUpAndConfirm(t *testing.T) {
	Each(t, func(w *World) {
		p := w.Pool(nil)
		c := w.Client(p, nil)
		out := Call(w, w.API.SignUp, signUp(c, "ana", "email", "ana@example.com", "name", "Ana"))
		u := w.Get(p, "ana")
		equal(w.T, "sub", out.UserSub, u.Sub)
		equal(w.T, "confirmed", out.UserConfirmed, false)
		equal(w.T, "delivery", delivery(out.CodeDeliveryDetails), "email EMAIL a***@e***")
		equal(w.T, "status", u.Status, cognitoidp.UserStatusTypeUnconfirmed)
		equal(w.T, "flag", u.Attributes["email_verified"], "false")
		code := w.Code(p, "ana@example.com")
		equal(w.T, "trigger", w.Inbox(p, "ana@example.com")[0].Trigger, "CustomMessage_SignUp")

		Refused(w, wrongCode, w.API.ConfirmSignUp, confirm(c, "ana", other(code)))
		Refused(w, noClient, w.API.ConfirmSignUp, confirm(c, "nobody", code))
		Refused(w, "", w.API.ConfirmSignUp, confirm(c, "ana", code))
		u = w.Get(p, "ana")
		equal(w.T, "status", u.Status, cognitoidp.UserStatusTypeConfirmed)
		equal(w.T, "flag", u.Attributes["email_verified"], "true")
		Refused(w, isConfirmed, w.API.ConfirmSignUp, confirm(c, "ana", code))
		Refused(w, "InvalidParameterException: User is already confirmed.", w.API.ResendConfirmationCode, resend(c, "ana"))
		w.SignIn(c, "ana", Password)
	})
}

func TestSignUpRefusals(t *testing.T) {
	Each(t, func(w *World) {
		required := func(in *cognitoidp.CreateUserPoolRequest) {
			in.Schema = []cognitoidp.SchemaAttributeType{
				{Name: new("email"), AttributeDataType: new(cognitoidp.AttributeDataTypeString), Required: new(true), Mutable: new(true)},
				{Name: new("name"), AttributeDataType: new(cognitoidp.AttributeDataTypeString), Required: new(true), Mutable: new(true)},
				{Name: new("tier"), AttributeDataType: new(cognitoidp.AttributeDataTypeString), Mutable: new(true)},
			}
		}
		closed := func(in *cognitoidp.CreateUserPoolRequest) {
			in.AdminCreateUserConfig = &cognitoidp.AdminCreateUserConfigType{AllowAdminCreateUserOnly: new(true)}
		}
		mixed := func(in *cognitoidp.CreateUserPoolRequest) {
			in.UsernameAttributes = []cognitoidp.UsernameAttributeType{"email", "phone_number"}
		}
		phones := func(in *cognitoidp.CreateUserPoolRequest) {
			in.UsernameAttributes = []cognitoidp.UsernameAttributeType{"phone_number"}
		}
		const schema = "InvalidParameterException: Attributes did not conform to the schema: "
		invalid := func(text string) string { return "InvalidParameterException: " + text }
		for _, group := range []struct {
			pool  func(*cognitoidp.CreateUserPoolRequest)
			cases []struct{ want, name, password, attr, value string }
		}{
			{nil, []struct{ want, name, password, attr, value string }{
				{"", "ana", Password, "", ""},
				{"UsernameExistsException: User already exists", "ana", Password, "", ""},
				{tooShort, "bob", "Ab1!", "", ""},
				{"InvalidPasswordException: Password did not conform with policy: Password must have lowercase characters", "bob", "PASSW0RD!", "", ""},
				{"InvalidPasswordException: Password did not conform with policy: Password must have uppercase characters", "bob", "passw0rd!", "", ""},
				{"InvalidPasswordException: Password did not conform with policy: Password must have numeric characters", "bob", "Password!", "", ""},
				{"InvalidPasswordException: Password did not conform with policy: Password must have symbol characters", "bob", "Passw0rdd", "", ""},
				{invalid("Missing required parameter Password"), "bob", "", "", ""},
				{invalid("Invalid email address format."), "bob", Password, "email", "nonsense"},
				{invalid("Invalid phone number format."), "bob", Password, "phone_number", "0123"},
				{unwritable, "bob", Password, "email_verified", "true"},
				{schema + "Type for attribute {custom:x} could not be determined", "bob", Password, "custom:x", "1"},
				{schema + "sub: Attribute cannot be updated.", "bob", Password, "sub", "00000000-0000-4000-8000-000000000000"},
			}},
			{required, []struct{ want, name, password, attr, value string }{
				{schema + "name.formatted: The attribute name.formatted is required, emails: The attribute emails is required", "ana", Password, "", ""},
				{schema + "name.formatted: The attribute name.formatted is required", "ana", Password, "email", "ana@example.com"},
			}},
			{closed, []struct{ want, name, password, attr, value string }{
				{"NotAuthorizedException: SignUp is not permitted for this user pool", "ana", Password, "", ""},
			}},
			{byEmail, []struct{ want, name, password, attr, value string }{
				{invalid("Username should be an email."), "ana", Password, "", ""},
				{invalid("Username should be an email."), "+14155550100", Password, "", ""},
				{"", "ana@example.com", Password, "", ""},
				{"UsernameExistsException: An account with the given email already exists.", "ANA@Example.com", Password, "", ""},
			}},
			{phones, []struct{ want, name, password, attr, value string }{
				{invalid("Username should be a phone number."), "ana@example.com", Password, "", ""},
				{"", "+14155550100", Password, "", ""},
				{"UsernameExistsException: An account with the given phone_number already exists.", "+14155550100", Password, "", ""},
			}},
			{mixed, []struct{ want, name, password, attr, value string }{
				{invalid("Username should be either an email or a phone number."), "ana", Password, "", ""},
				{"", "ana@example.com", Password, "", ""},
				{"UsernameExistsException: An account with the given email already exists.", "+14155550100", Password, "email", "ana@example.com"},
			}},
			{aliases, []struct{ want, name, password, attr, value string }{
				{invalid("Username cannot be of email format, since user pool is configured for email alias."), "ana@example.com", Password, "", ""},
				{invalid("Username cannot be of phone number format, since user pool is configured for phone number alias."), "+14155550100", Password, "", ""},
				{invalid("preferred_username can not be provided for unconfirmed account"), "ana", Password, "preferred_username", "anita"},
				{"", "ana", Password, "email", "same@example.com"},
				{"", "bob", Password, "email", "same@example.com"}, // told apart at confirmation only
			}},
		} {
			p := w.Pool(group.pool)
			open, hiding := w.Client(p, nil), w.Client(p, Hiding)
			for _, c := range group.cases {
				for _, client := range []*pool.Client{hiding, open} { // hiding does not matter here
					in := signUp(client, c.name)
					if c.want == "" && client == open {
						continue // once is enough
					}
					if c.attr != "" {
						in.UserAttributes = Attributes(c.attr, c.value)
					}
					if in.Password = &c.password; c.password == "" {
						in.Password = nil
					}
					Refused(w, c.want, w.API.SignUp, in)
				}
			}
		}
	})
}

// TestSignUpNames: pools that sign in by address make up the user name, and its attribute needs no write permission.
func TestSignUpNames(t *testing.T) {
	w := Quick(t)
	p := w.Pool(byEmail)
	c := w.Client(p, func(in *cognitoidp.CreateUserPoolClientRequest) { in.WriteAttributes = []string{"nickname"} })
	out := Call(w, w.API.SignUp, signUp(c, "Ana@Example.com"))
	u := w.Get(p, "ana@example.com")
	equal(t, "user name", u.Username, out.UserSub)
	equal(t, "email", u.Attributes["email"], "Ana@Example.com")
	equal(t, "delivery", delivery(out.CodeDeliveryDetails), "email EMAIL A***@E***")
	Refused(w, unwritable, w.API.SignUp, signUp(c, "bob@example.com", "name", "Bob"))
	Refused(w, "", w.API.ConfirmSignUp, confirm(c, out.UserSub, w.Code(p, "ana@example.com")))
	plain := w.Pool(func(in *cognitoidp.CreateUserPoolRequest) {
		in.UsernameConfiguration = &cognitoidp.UsernameConfigurationType{CaseSensitive: false}
	})
	pc := w.Client(plain, nil)
	Call(w, w.API.SignUp, signUp(pc, "Ana"))
	equal(t, "folded name", w.Get(plain, "ANA").Username, "ana")
	Refused(w, "UsernameExistsException: User already exists", w.API.SignUp, signUp(pc, "aNA"))
	strict := w.Pool(nil)
	sc := w.Client(strict, nil)
	Call(w, w.API.SignUp, signUp(sc, "Ana"))
	Refused(w, "", w.API.SignUp, signUp(sc, "ana"))
}

// TestConfirmationDelivery holds where the code goes.
func TestConfirmationDelivery(t *testing.T) {
	w := Quick(t)
	verifying := func(attrs ...cognitoidp.VerifiedAttributeType) *pool.Pool {
		return w.Pool(func(in *cognitoidp.CreateUserPoolRequest) { in.AutoVerifiedAttributes = attrs })
	}
	const mail, phone = "ana@example.com", "+14155551234"
	for i, c := range []struct {
		pool  *pool.Pool
		attrs []string
		want  string
	}{
		{verifying("email", "phone_number"), []string{"email", mail, "phone_number", phone}, "phone_number SMS +*******1234"},
		{verifying("email", "phone_number"), []string{"email", mail}, "email EMAIL a***@e***"},
		{verifying("phone_number"), []string{"email", mail}, ""},
		{verifying(), []string{"email", mail}, ""},
	} {
		out := Call(w, w.API.SignUp, signUp(w.Client(c.pool, nil), "ana", c.attrs...))
		equal(t, fmt.Sprint("delivery ", i), delivery(out.CodeDeliveryDetails), c.want)
		equal(t, fmt.Sprint("messages ", i), len(w.Inbox(c.pool, "")), min(1, len(c.want)))
	}
	p := verifying()
	Call(w, w.API.SignUp, signUp(w.Client(p, nil), "ana"))
	Refused(w, "NotAuthorizedException: Cannot resend codes. Auto verification not turned on.", w.API.ResendConfirmationCode, resend(w.Client(p, nil), "ana"))
	p = verifying("phone_number")
	Call(w, w.API.SignUp, signUp(w.Client(p, nil), "ana", "email", mail))
	Refused(w, "InvalidParameterException: User has no attribute to send a confirmation code to.", w.API.ResendConfirmationCode, resend(w.Client(p, nil), "ana"))
}

func TestConfirmationCodes(t *testing.T) {
	Each(t, func(w *World) {
		p := w.Pool(nil)
		c := w.Client(p, nil)
		begin := func(name string) (mail string) {
			mail = name + "@example.com"
			Call(w, w.API.SignUp, signUp(c, name, "email", mail))
			return mail
		}
		mail := begin("late")
		w.Clock.Advance(24 * time.Hour)
		Refused(w, noCode, w.API.ConfirmSignUp, confirm(c, "late", w.Code(p, mail)))
		Call(w, w.API.ResendConfirmationCode, resend(c, "late"))
		equal(w.T, "trigger", w.Inbox(p, mail)[0].Trigger, "CustomMessage_ResendCode")
		Refused(w, "", w.API.ConfirmSignUp, confirm(c, "late", w.Code(p, mail)))

		mail = begin("newest")
		first := w.Code(p, mail)
		for first == w.Code(p, mail) {
			Call(w, w.API.ResendConfirmationCode, resend(c, "newest"))
		}
		Refused(w, wrongCode, w.API.ConfirmSignUp, confirm(c, "newest", first))
		Refused(w, "", w.API.ConfirmSignUp, confirm(c, "newest", w.Code(p, mail)))

		mail = begin("guessed")
		right := w.Code(p, mail)
		for range 5 {
			Refused(w, wrongCode, w.API.ConfirmSignUp, confirm(c, "guessed", other(right)))
		}
		for lock := time.Second; lock <= 512*time.Second; lock *= 2 {
			Refused(w, limited, w.API.ConfirmSignUp, confirm(c, "guessed", right))
			w.Clock.Advance(lock - time.Millisecond)
			Refused(w, limited, w.API.ConfirmSignUp, confirm(c, "guessed", right)) // which did not extend the lock
			w.Clock.Advance(time.Millisecond)
			Refused(w, tooMany, w.API.ConfirmSignUp, confirm(c, "guessed", right)) // the code is dead
		}
		Call(w, w.API.ResendConfirmationCode, resend(c, "guessed"))
		right = w.Code(p, mail)
		Refused(w, limited, w.API.ConfirmSignUp, confirm(c, "guessed", right)) // a new code is no new count
		w.Clock.Advance(time.Hour)
		Refused(w, "", w.API.ConfirmSignUp, confirm(c, "guessed", right))

		begin("flooded")
		for range 5 {
			Call(w, w.API.ResendConfirmationCode, resend(c, "flooded"))
		}
		Refused(w, limited, w.API.ResendConfirmationCode, resend(c, "flooded"))
		w.Clock.Advance(time.Hour)
		Refused(w, "", w.API.ResendConfirmationCode, resend(c, "flooded"))
		Refused(w, noClient, w.API.ResendConfirmationCode, resend(c, "nobody"))

		mail = begin("raced")
		right = w.Code(p, mail)
		got := Together(w, 15, w.API.ConfirmSignUp, func(int) *cognitoidp.ConfirmSignUpRequest { return confirm(c, "raced", right) })
		if got[""] != 1 || got[""]+got[isConfirmed]+got[noCode] != 15 {
			w.T.Errorf("parallel confirmations: %v", got)
		}
		mail = begin("brute")
		right = w.Code(p, mail)
		got = Together(w, 15, w.API.ConfirmSignUp, func(int) *cognitoidp.ConfirmSignUpRequest { return confirm(c, "brute", other(right)) })
		if got[wrongCode] != 5 || got[limited] != 10 {
			w.T.Errorf("parallel guesses: %v", got)
		}
		got = Together(w, 32, w.API.SignUp, func(int) *cognitoidp.SignUpRequest { return signUp(c, "rush", "email", "rush@example.com") })
		if got[""] != 1 || got["UsernameExistsException: User already exists"] != 31 {
			w.T.Errorf("parallel sign-ups: %v", got)
		}
	})
}

// TestConfirmAlias: a verified address belongs to one user; ForceAliasCreation moves it.
func TestConfirmAlias(t *testing.T) {
	Each(t, func(w *World) {
		p := w.Pool(aliases)
		c := w.Client(p, nil)
		const mail = "same@example.com"
		for _, name := range []string{"ana", "bob"} {
			Call(w, w.API.SignUp, signUp(c, name, "email", mail))
			if name == "ana" {
				Refused(w, "", w.API.ConfirmSignUp, confirm(c, name, w.Code(p, mail)))
			}
		}
		equal(w.T, "owner", w.Get(p, mail).Username, "ana")
		in := confirm(c, "bob", w.Code(p, mail))
		Refused(w, "AliasExistsException: An account with the email already exists.", w.API.ConfirmSignUp, in)
		equal(w.T, "status", w.Get(p, "bob").Status, cognitoidp.UserStatusTypeUnconfirmed)
		in.ForceAliasCreation = new(true) // with the same code: the refusal did not use it up
		Refused(w, "", w.API.ConfirmSignUp, in)
		equal(w.T, "owner", w.Get(p, mail).Username, "bob")
		equal(w.T, "flag of the former owner", w.Get(p, "ana").Attributes["email_verified"], "false")
		w.SignIn(c, mail, Password)
		w.SignIn(c, "ana", Password)
	})
}

func TestSecretHash(t *testing.T) {
	w := Quick(t)
	p := w.Pool(nil)
	c := w.Client(p, func(in *cognitoidp.CreateUserPoolClientRequest) { in.GenerateSecret = new(true) })
	w.User(p, "ana", "email", "ana@example.com", "email_verified", "true")
	for hash, want := range map[string]string{
		"":                   "NotAuthorizedException: Client " + c.ID + " is configured with secret but SECRET_HASH was not received",
		SecretHash(c, "eve"): "NotAuthorizedException: Unable to verify secret hash for client " + c.ID,
	} {
		var sent *string
		if hash != "" {
			sent = &hash
		}
		up := signUp(c, "ana")
		up.SecretHash = sent
		Refused(w, want, w.API.SignUp, up)
		cf := confirm(c, "ana", "123456")
		cf.SecretHash = sent
		Refused(w, want, w.API.ConfirmSignUp, cf)
		rs := resend(c, "ana")
		rs.SecretHash = sent
		Refused(w, want, w.API.ResendConfirmationCode, rs)
		fp := forgot(c, "ana")
		fp.SecretHash = sent
		Refused(w, want, w.API.ForgotPassword, fp)
		cp := recovery(c, "ana", "123456", "x")
		cp.SecretHash = sent
		Refused(w, want, w.API.ConfirmForgotPassword, cp)
	}
	fp := forgot(c, "ana")
	fp.SecretHash = new(SecretHash(c, "ana"))
	Refused(w, "", w.API.ForgotPassword, fp)
	gone := "ResourceNotFoundException: User pool client nosuchclient does not exist."
	Refused(w, gone, w.API.SignUp, &cognitoidp.SignUpRequest{ClientId: "nosuchclient", Username: "ana"})
	Refused(w, gone, w.API.ForgotPassword, &cognitoidp.ForgotPasswordRequest{ClientId: "nosuchclient", Username: "ana"})
}

// TestUndeliverable: without a transport users are told with a declared exception, and sign-up keeps the user.
func TestUndeliverable(t *testing.T) {
	const failed = "CodeDeliveryFailureException: Invalid email provided/Unable to send the email"
	w := New(t, dbtest.SQLite(t, rooms.Migrations()), Options{Mute: true})
	p := w.Pool(nil)
	c, hiding := w.Client(p, nil), w.Client(p, Hiding)
	Refused(w, failed, w.API.SignUp, signUp(c, "ana", "email", "ana@example.com"))
	equal(t, "status", w.Get(p, "ana").Status, cognitoidp.UserStatusTypeUnconfirmed)
	Refused(w, failed, w.API.ResendConfirmationCode, resend(c, "ana"))
	w.User(p, "bob", "email", "bob@example.com", "email_verified", "true")
	Refused(w, failed, w.API.ForgotPassword, forgot(c, "bob"))
	for _, got := range []string{ // of nobody, who may seem to have a number
		Refusal(w, w.API.ForgotPassword, forgot(hiding, "nobody")),
		Refusal(w, w.API.ResendConfirmationCode, resend(hiding, "nobody")),
	} {
		if !strings.HasPrefix(got, "CodeDeliveryFailureException: Invalid ") {
			t.Errorf("nobody: %s", got)
		}
	}
	Refused(w, "InvalidParameterException: Invalid email provided/Unable to send the email", w.API.AdminResetUserPassword,
		&cognitoidp.AdminResetUserPasswordRequest{UserPoolId: p.ID, Username: "bob"})
	w.SignIn(c, "bob", Password) // the reset did not happen
	in := create(p, "eve", "phone_number", "+14155550100")
	Refused(w, "CodeDeliveryFailureException: Invalid phone number provided/Unable to send the message. User pool does not have SMS configuration to send messages.",
		w.API.AdminCreateUser, in)
	in.MessageAction = new(cognitoidp.MessageActionTypeSuppress)
	Refused(w, "", w.API.AdminCreateUser, in) // nor was the user made
}
