package trigger_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"cognate/internal/api/cognitoidp"
	"cognate/internal/base/lambda"
	. "cognate/internal/testkit/cognitotest"
)

const reset = "PasswordResetRequiredException: Password reset required for the user"

// legacy makes UserMigration a directory that knows every name with one
// password, and answers with these members besides.
func legacy(f *fake, members object) {
	f.answersWith("UserMigration", func(request, response object) {
		if pw, sent := request["password"]; sent && pw != "from there" {
			return // like a function that found nobody
		}
		for k, v := range members {
			response[k] = v
		}
	})
}

// TestMigration holds what becomes of a user whom the function knows.
func TestMigration(t *testing.T) {
	confirmed := object{"userAttributes": object{"email": "old@example.com", "email_verified": "true", "name": "Old"}, "finalUserStatus": "CONFIRMED", "messageAction": "SUPPRESS"}
	each(t, func(t *testing.T, w *World, f *fake) {
		r := newRoom(w, f, withMigration(), nil, nil)
		hiding := r.client(Hiding)
		failed := "UserNotFoundException: Exception migrating user in app client " + r.c.ID

		w.Run("the password is kept", func(w *World) {
			legacy(f, confirmed)
			w.SignIn(r.c, "old", "from there")
			u := w.Get(r.p, "old")
			if u.Status != "CONFIRMED" || u.Attributes["name"] != "Old" || u.Attributes["email_verified"] != "true" {
				w.T.Errorf("%s with %v", u.Status, u.Attributes)
			}
			f.reset()
			w.SignIn(r.c, "old", "from there")
			Refused(w, wrong, w.API.InitiateAuth, PasswordAuth(r.c, "old", "something else"))
			for _, line := range f.trace() {
				if strings.HasPrefix(line, "UserMigration") {
					w.T.Error("asked for a user who is there")
				}
			}
		})
		w.Run("reset required", func(w *World) {
			legacy(f, object{"userAttributes": confirmed["userAttributes"], "messageAction": "SUPPRESS"})
			Refused(w, reset, w.API.InitiateAuth, PasswordAuth(r.c, "reset", "from there"))
			Refused(w, reset, w.API.InitiateAuth, PasswordAuth(hiding, "reset-hidden", "from there"))
			if u := w.Get(r.p, "reset"); u.Status != "RESET_REQUIRED" || u.HasPassword() {
				w.T.Errorf("%s", u.Status)
			}
		})
		w.Run("nobody there", func(w *World) {
			legacy(f, confirmed)
			Refused(w, failed, w.API.InitiateAuth, PasswordAuth(r.c, "nobody", "wrong"))
			Refused(w, wrong, w.API.InitiateAuth, PasswordAuth(hiding, "nobody", "wrong"))
		})
		w.Run("broken function", func(w *World) {
			for _, how := range []func() (*lambda.Result, error){
				gone(lambda.ErrTimeout), answer("null"), answer(`{"response":{"userAttributes":{}}}`), answer(`{"response":{"userAttributes":{"email":1}}}`),
			} {
				f.breaks("UserMigration", how)
				Refused(w, failed, w.API.InitiateAuth, PasswordAuth(r.c, "broken", "x"))
				w.Clock.Advance(1e12)
			}
			f.fails("UserMigration", "Bad password")
			Refused(w, failed, w.API.InitiateAuth, PasswordAuth(r.c, "broken", "x"))
			Refused(w, wrong, w.API.InitiateAuth, PasswordAuth(hiding, "broken2", "x"))
		})
		w.Run("PreSignUp refuses", func(w *World) {
			legacy(f, confirmed)
			f.fails("PreSignUp", "no")
			Refused(w, failed, w.API.InitiateAuth, PasswordAuth(r.c, "unwelcome", "from there"))
			f.breaks("PreSignUp", nil)
			Refused(w, "UserNotFoundException: User does not exist.", w.API.AdminGetUser, &cognitoidp.AdminGetUserRequest{UserPoolId: r.p.ID, Username: "unwelcome"})
		})
		w.Run("flows without a password", func(w *World) {
			legacy(f, confirmed)
			Refused(w, "UserNotFoundException: User does not exist.", w.API.InitiateAuth, custom(r.c, "nobody"))
			Refused(w, "UserNotFoundException: User does not exist.", w.API.InitiateAuth, &cognitoidp.InitiateAuthRequest{
				ClientId: r.c.ID, AuthFlow: "USER_SRP_AUTH", AuthParameters: map[string]string{"USERNAME": "nobody", "SRP_A": "aa"},
			})
		})
		w.Run("guessing is limited", func(w *World) {
			legacy(f, confirmed)
			last := ""
			for range 8 {
				last = Refusal(w, w.API.InitiateAuth, PasswordAuth(r.c, "guessed", "wrong"))
			}
			f.reset()
			if got := Refusal(w, w.API.InitiateAuth, PasswordAuth(r.c, "guessed", "from there")); got != "NotAuthorizedException: Password attempts exceeded" || got != last || len(f.trace()) > 0 {
				w.T.Errorf("refused with %q, then %q after %v", last, got, f.trace())
			}
		})
		w.Run("at once", func(w *World) {
			legacy(f, confirmed) // each is a try until it has proven itself, and five are free
			outcomes := Together(w, 5, w.API.InitiateAuth, func(int) *cognitoidp.InitiateAuthRequest { return PasswordAuth(r.c, "many", "from there") })
			if outcomes[""] != 5 {
				w.T.Errorf("outcomes %v", outcomes)
			}
		})
		w.Run("forgot password", func(w *World) {
			legacy(f, confirmed)
			Call(w, w.API.ForgotPassword, &cognitoidp.ForgotPasswordRequest{ClientId: r.c.ID, Username: "forgetful"})
			if got := w.Get(r.p, "forgetful").Status; got != "RESET_REQUIRED" {
				w.T.Errorf("%s", got)
			}
			Call(w, w.API.ConfirmForgotPassword, &cognitoidp.ConfirmForgotPasswordRequest{
				ClientId: r.c.ID, Username: "forgetful", ConfirmationCode: w.Code(r.p, "old@example.com"), Password: Password,
			})
			w.SignIn(r.c, "forgetful", Password)
			legacy(f, object{"userAttributes": object{"email": "old@example.com"}, "messageAction": "SUPPRESS"}) // not verified
			if got := Refusal(w, w.API.ForgotPassword, &cognitoidp.ForgotPasswordRequest{ClientId: r.c.ID, Username: "unverified"}); !strings.HasPrefix(got, "InvalidParameterException: ") {
				w.T.Errorf("refused with %q", got)
			}
			f.fails("UserMigration", "no")
			Refused(w, failed, w.API.ForgotPassword, &cognitoidp.ForgotPasswordRequest{ClientId: r.c.ID, Username: "nobody"})
			Call(w, w.API.ForgotPassword, &cognitoidp.ForgotPasswordRequest{ClientId: hiding.ID, Username: "nobody"})
		})
		w.Run("second factor", func(w *World) {
			legacy(f, object{"userAttributes": object{"email": "x@example.com"}, "finalUserStatus": "CONFIRMED", "enableSMSMFA": true})
			Refused(w, failed, w.API.InitiateAuth, PasswordAuth(r.c, "phoneless", "from there"))
			legacy(f, object{"userAttributes": object{"phone_number": "+15550100"}, "enableSMSMFA": true, "messageAction": "SUPPRESS"})
			Refused(w, reset, w.API.InitiateAuth, PasswordAuth(r.c, "phone", "from there"))
			if got := w.Get(r.p, "phone").MFA.Enabled; !slices.Equal(got, []string{"SMS_MFA"}) {
				w.T.Errorf("factors %v", got)
			}
		})
	})
}

// TestMigrationNames holds under which name a migrated user enters a pool.
func TestMigrationNames(t *testing.T) {
	each(t, func(t *testing.T, w *World, f *fake) {
		byMail := newRoom(w, f, withMigration(), func(in *cognitoidp.CreateUserPoolRequest) {
			in.UsernameAttributes = []cognitoidp.UsernameAttributeType{"email"}
		}, nil)
		aliases := newRoom(w, f, withMigration(), func(in *cognitoidp.CreateUserPoolRequest) {
			in.AliasAttributes = []cognitoidp.AliasAttributeType{"email"}
		}, nil)
		w.User(aliases.p, "holder", "email", "held@example.com", "email_verified", "true")
		for i, c := range []struct {
			r     *room
			typed string
			attrs object
			force bool
			name  string // found under it afterwards, "" when the migration fails
		}{
			{byMail, "a@example.com", object{"name": "A"}, false, "a@example.com"},
			{byMail, "B@example.com", object{"email": "b@example.com", "email_verified": "true"}, false, ""}, // case matters in this pool
			{byMail, "c@example.com", object{"email": "victim@example.com", "email_verified": "true"}, false, ""},
			{byMail, "no-address", object{"email": "d@example.com"}, false, ""},
			{aliases, "e@example.com", object{"email": "e@example.com", "email_verified": "true"}, false, ""},
			{aliases, "f@example.com", object{"username": "eff", "email": "f@example.com", "email_verified": "true"}, false, "eff"},
			{aliases, "g", object{"email": "held@example.com", "email_verified": "true"}, false, ""},
			{aliases, "h", object{"email": "held@example.com", "email_verified": "true"}, true, "held@example.com"},
			{aliases, "i", object{"sub": "11111111-2222-4333-8444-555555555555", "cognito:user_status": "X", "name": "I"}, false, "i"},
			{aliases, "j", object{"custom:unknown": "x"}, false, ""},
		} {
			legacy(f, object{"userAttributes": c.attrs, "finalUserStatus": "CONFIRMED", "forceAliasCreation": c.force})
			got := Refusal(w, w.API.InitiateAuth, PasswordAuth(c.r.c, c.typed, "from there"))
			if c.name == "" {
				if got != "UserNotFoundException: Exception migrating user in app client "+c.r.c.ID {
					t.Errorf("%d %s: %q", i, c.typed, got)
				}
				continue
			}
			if got != "" {
				t.Errorf("%d %s: %q", i, c.typed, got)
				continue
			}
			if u := w.Get(c.r.p, c.name); u.Sub == "11111111-2222-4333-8444-555555555555" || c.force && u.Username != "h" {
				t.Errorf("%d %s: %s %s", i, c.typed, u.Username, u.Sub)
			}
		}
		if got := w.Get(aliases.p, "holder").Attributes["email_verified"]; got != "false" {
			t.Errorf("the alias of the former holder is verified: %s", got)
		}
	})
}

// TestMigrationWelcome holds when a migrated user is greeted.
func TestMigrationWelcome(t *testing.T) {
	f := newFake()
	w := quick(t, f)
	r := newRoom(w, f, []string{"UserMigration"}, func(in *cognitoidp.CreateUserPoolRequest) {
		in.AdminCreateUserConfig = &cognitoidp.AdminCreateUserConfigType{InviteMessageTemplate: &cognitoidp.MessageTemplateType{
			EmailMessage: new("Welcome {username}!"), EmailSubject: new("Welcome"),
		}}
	}, nil)
	for i, c := range []struct {
		members object
		want    int
	}{
		{object{"desiredDeliveryMediums": []any{"EMAIL"}}, 1},
		{object{"desiredDeliveryMediums": []any{"EMAIL"}, "messageAction": "SUPPRESS"}, 0},
		{object{}, 0}, // by SMS, and there is no number
	} {
		c.members["userAttributes"] = object{"email": fmt.Sprintf("w%d@example.com", i)}
		c.members["finalUserStatus"] = "CONFIRMED"
		legacy(f, c.members)
		w.SignIn(r.c, fmt.Sprintf("w%d", i), "from there")
		if got := w.Inbox(r.p, fmt.Sprintf("w%d@example.com", i)); len(got) != c.want {
			t.Errorf("%v: %d messages", c.members, len(got))
		}
	}
}
