package account_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"cognate/internal/api/cognitoidp"
	"cognate/internal/core/pool"
	. "cognate/internal/testkit/cognitotest"
)

// TestHidden walks every public operation as an outsider would, for names in every state and for names nobody has, and
// wants the same answer each time. ("new", who signed up and has not confirmed, is told apart by SignUp in any case.)
func TestHidden(t *testing.T) {
	Each(t, func(w *World) {
		p := w.Pool(func(in *cognitoidp.CreateUserPoolRequest) { // by one medium; which one of two is TestTells's
			in.AccountRecoverySetting = &cognitoidp.AccountRecoverySettingType{RecoveryMechanisms: []cognitoidp.RecoveryOptionType{
				{Name: cognitoidp.RecoveryOptionNameTypeVerifiedEmail, Priority: 1}}}
		})
		c := w.Client(p, Hiding)
		people(w, p, c)
		w.User(p, "reset", "email", "reset@example.com", "email_verified", "true")
		Call(w, w.API.AdminResetUserPassword, &cognitoidp.AdminResetUserPasswordRequest{UserPoolId: p.ID, Username: "reset"})
		w.Clock.Advance(2 * time.Hour) // the code of that is dead

		outsider(w, c, "first") // whatever is done once only, such as in the background after a pool was made
		var story []string
		for _, name := range []string{"nobody", "ana", "unverified", "bare", "off", "invited", "reset"} {
			var got []string
			writes := w.Writes(func() { got = outsider(w, c, name) })
			got = append(got, fmt.Sprint("writes ", writes))
			if story == nil {
				story = got
			}
			for i := range got {
				if got[i] != story[i] {
					w.T.Errorf("%s, step %d: %q, nobody: %q", name, i, got[i], story[i])
				}
			}
		}
		for _, m := range w.Inbox(p, "") {
			if m.Username != "ana" && m.Username != "reset" && m.Username != "new" && m.Username != "invited" {
				w.T.Errorf("a message to %s: %s", m.Username, m.Trigger)
			}
		}
	})
}

// outsider tries every public operation on a name and tells what was answered.
func outsider(w *World, c *pool.Client, name string) (story []string) {
	note := func(err string) { story = append(story, err) }
	shape := func(d *cognitoidp.CodeDeliveryDetailsType, err error) string {
		if err != nil {
			return err.Error()
		}
		return fmt.Sprint(*d.AttributeName, *d.DeliveryMedium, len(*d.Destination))
	}
	try := func(n int) {
		for range n {
			note(Refusal(w, w.API.ConfirmSignUp, confirm(c, name, "x")))
			note(Refusal(w, w.API.ConfirmForgotPassword, recovery(c, name, "x", "Another-1!")))
		}
	}
	try(2)
	for range 2 {
		out, err := w.API.ForgotPassword(w.Ctx, forgot(c, name))
		if err != nil {
			note(err.Error())
			continue
		}
		note(shape(out.CodeDeliveryDetails, nil))
	}
	for range 6 {
		out, err := w.API.ResendConfirmationCode(w.Ctx, resend(c, name))
		if err != nil {
			note(err.Error())
			continue
		}
		note(shape(out.CodeDeliveryDetails, nil))
	}
	try(18)
	note(Refusal(w, w.API.ConfirmForgotPassword, recovery(c, name, "x", "short")))
	w.Clock.Advance(61 * time.Minute) // the recovery code is over, the sign-up code is not
	try(1)
	w.Clock.Advance(24 * time.Hour)
	try(1)
	return story
}

// TestGhostDelivery: the made-up destination stays the same for a name, and is a kind that users of the pool have.
func TestGhostDelivery(t *testing.T) {
	w := Quick(t)
	verifying := func(attrs ...cognitoidp.VerifiedAttributeType) func(*cognitoidp.CreateUserPoolRequest) {
		return func(in *cognitoidp.CreateUserPoolRequest) { in.AutoVerifiedAttributes = attrs }
	}
	recovering := func(name cognitoidp.RecoveryOptionNameType) func(*cognitoidp.CreateUserPoolRequest) {
		return func(in *cognitoidp.CreateUserPoolRequest) {
			in.AccountRecoverySetting = &cognitoidp.AccountRecoverySettingType{
				RecoveryMechanisms: []cognitoidp.RecoveryOptionType{{Name: name, Priority: 1}}}
		}
	}
	medium := func(d *cognitoidp.CodeDeliveryDetailsType) string { return string(*d.DeliveryMedium) }
	const mail, sms, either = "EMAIL", "SMS", "EMAIL SMS"
	for _, c := range []struct {
		pool         func(*cognitoidp.CreateUserPoolRequest)
		name         string // with the place of a number
		sent, forgot string // the media of names like it
	}{
		{verifying("email"), "eve%d", mail, either}, {verifying("email"), "eve%d@example.com", mail, either},
		{verifying("phone_number"), "eve%d@example.com", sms, either}, {verifying("phone_number"), "+14155550%d", sms, either},
		{verifying("phone_number", "email"), "eve%d", either, either},
		{recovering("verified_email"), "+14155550%d", mail, mail}, {recovering("verified_phone_number"), "eve%d@example.com", mail, sms},
	} {
		p := w.Pool(c.pool)
		client := w.Client(p, Hiding)
		sent, forgotten := map[string]bool{}, map[string]bool{}
		for i := range 60 {
			name := fmt.Sprintf(c.name, 100+i)
			one := Call(w, w.API.ResendConfirmationCode, resend(client, name)).CodeDeliveryDetails
			two := Call(w, w.API.ResendConfirmationCode, resend(client, name)).CodeDeliveryDetails
			three := Call(w, w.API.ForgotPassword, forgot(client, name)).CodeDeliveryDetails
			equal(t, name+" twice", delivery(one), delivery(two))
			if medium(one) == medium(three) {
				equal(t, name+" by both operations", delivery(three), delivery(one))
			}
			sent[medium(one)], forgotten[medium(three)] = true, true
		}
		for what, media := range map[string][2]string{
			"resend": {strings.Join(slices.Sorted(maps.Keys(sent)), " "), c.sent}, "forgot": {strings.Join(slices.Sorted(maps.Keys(forgotten)), " "), c.forgot},
		} {
			if !strings.Contains(media[1], media[0]) {
				t.Errorf("%s of %s by %s, want %s", what, c.name, media[0], media[1])
			}
		}
	}
}

// TestHiddenRecovery: real users of a hiding client still get their code, and the code still works.
func TestHiddenRecovery(t *testing.T) {
	Each(t, func(w *World) {
		p := w.Pool(func(in *cognitoidp.CreateUserPoolRequest) {
			history(3)(in)
			aliases(in)
		})
		c := w.Client(p, Hiding)
		w.User(p, "ana", "email", "ana@example.com", "email_verified", "true")
		Call(w, w.API.ForgotPassword, forgot(c, "ana@example.com"))
		code := w.Code(p, "ana@example.com")
		Refused(w, wrongCode, w.API.ConfirmForgotPassword, recovery(c, "ana", other(code), Password)) // not: used before
		Refused(w, usedBefore, w.API.ConfirmForgotPassword, recovery(c, "ana", code, Password))
		Refused(w, "", w.API.ConfirmForgotPassword, recovery(c, "ana", code, "Another-1!"))

		Call(w, w.API.SignUp, signUp(c, "bob", "email", "bob@example.com"))
		Call(w, w.API.ResendConfirmationCode, resend(c, "bob"))
		Refused(w, "", w.API.ConfirmSignUp, confirm(c, "bob", w.Code(p, "bob@example.com")))

		Call(w, w.API.ForgotPassword, forgot(c, "ana"))
		code = w.Code(p, "ana@example.com")
		Call(w, w.API.AdminDisableUser, &cognitoidp.AdminDisableUserRequest{UserPoolId: p.ID, Username: "ana"})
		Refused(w, noCode, w.API.ConfirmForgotPassword, recovery(c, "ana", code, "Third-Pass-1")) // disabling ended the code
	})
}

// TestTenants: codes and users of one pool are nothing in another.
func TestTenants(t *testing.T) {
	Each(t, func(w *World) {
		p, q := w.Pool(nil), w.Pool(nil)
		pc, qc := w.Client(p, nil), w.Client(q, nil)
		for _, c := range []*pool.Client{pc, qc} {
			Call(w, w.API.SignUp, signUp(c, "ana", "email", "ana@example.com"))
		}
		code := w.Code(p, "ana@example.com")
		if code != w.Code(q, "ana@example.com") {
			Refused(w, wrongCode, w.API.ConfirmSignUp, confirm(qc, "ana", code))
		}
		Refused(w, "", w.API.ConfirmSignUp, confirm(pc, "ana", code))
		equal(w.T, "the twin", w.Get(q, "ana").Status, cognitoidp.UserStatusTypeUnconfirmed)
		Refused(w, "", w.API.ConfirmSignUp, confirm(qc, "ana", w.Code(q, "ana@example.com")))
		Call(w, w.API.ForgotPassword, forgot(pc, "ana"))
		Refused(w, noCode, w.API.ConfirmForgotPassword, recovery(qc, "ana", w.Code(p, "ana@example.com"), "Another-1!"))
		for range 19 { // a limit reached here is none there
			Refusal(w, w.API.ForgotPassword, forgot(pc, "ana"))
		}
		Refused(w, limited, w.API.ForgotPassword, forgot(pc, "ana"))
		Refused(w, "", w.API.ForgotPassword, forgot(qc, "ana"))
		w.User(p, "only")
		Refused(w, noClient, w.API.ForgotPassword, forgot(qc, "only"))
		Refused(w, unknown, w.API.AdminSetUserPassword, &cognitoidp.AdminSetUserPasswordRequest{UserPoolId: q.ID, Username: w.Get(p, "only").Sub, Password: Password})
	})
}
