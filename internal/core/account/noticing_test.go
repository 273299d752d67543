package account_test

import (
	"errors"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"cognate/internal/api/cognitoidp"
	"cognate/internal/base/db"
	"cognate/internal/base/obs"
	"cognate/internal/core/pool"
	"cognate/internal/rooms"
	. "cognate/internal/testkit/cognitotest"
	"cognate/internal/testkit/dbtest"
)

// noticesOn switches notices on.
var noticesOn = map[string]string{pool.TagChangeNotices: "on"}

// wants compares what the owner was told, in words of changes.
func (o *owner) wants(when string, want ...string) {
	o.T.Helper()
	if got := o.told(); !slices.Equal(got, want) {
		o.T.Errorf("%s: told %q, want %q", when, got, want)
	}
}

// TestNoticeOfHeldAddress: an address that has to be verified first is told of when it becomes active.
func TestNoticeOfHeldAddress(t *testing.T) {
	Each(t, func(w *World) {
		p, c := noticing(w, noticesOn, func(in *cognitoidp.CreateUserPoolRequest) {
			in.UserAttributeUpdateSettings = &cognitoidp.UserAttributeUpdateSettingsType{
				AttributesRequireVerificationBeforeUpdate: []cognitoidp.VerifiedAttributeType{"email"}}
		})
		o := person(w, p, c, "ann", true)
		o.set("email", "new@example.com")
		o.wants("asked for")
		Call(w, w.API.VerifyUserAttribute, &cognitoidp.VerifyUserAttributeRequest{
			AccessToken: o.access, AttributeName: "email", Code: w.Code(p, "new@example.com")})
		o.wants("verified", "EmailChanged ann")
		o.changePassword(Password, newPassword)
		o.wants("after it", "EmailChanged ann", "PasswordChanged new")
	})
}

// TestNoticeOfMovedAlias: whoever loses an address to a new user is told there.
func TestNoticeOfMovedAlias(t *testing.T) {
	Each(t, func(w *World) {
		p, c := noticing(w, noticesOn, aliases)
		o := person(w, p, c, "ann", true)
		in := create(p, "eve", "email", o.email, "email_verified", "true")
		in.ForceAliasCreation, in.MessageAction = new(true), new(cognitoidp.MessageActionTypeSuppress)
		Call(w, w.API.AdminCreateUser, in)
		o.wants("moved", "EmailChanged ann")
		if text := w.Inbox(p, o.email)[0].Body; !strings.Contains(text, "It does not count as verified any more.") {
			t.Error(text)
		}
	})
}

// TestNoticeRolledBack: what was not changed is not told.
func TestNoticeRolledBack(t *testing.T) {
	Each(t, func(w *World) {
		p, c := noticing(w, noticesOn, nil)
		o := person(w, p, c, "ann", true)
		boom := errors.New("boom")
		err := w.DB.Update(w.Ctx, func(tx *db.Tx) error {
			u, err := w.Users.Resolve(tx, p, "ann")
			if err != nil {
				return err
			}
			u.Attributes["phone_number"] = "+15550199"
			return errors.Join(w.Users.Save(tx, p, u), boom)
		})
		if !errors.Is(err, boom) {
			t.Fatal(err)
		}
		o.wants("rolled back")
	})
}

// TestNoticeShows holds what a mail says: the application, the caller's address, and new addresses only masked.
func TestNoticeShows(t *testing.T) {
	w := Quick(t)
	w.Ctx = obs.With(w.Ctx, &obs.Request{ClientIP: netip.MustParseAddr("192.0.2.7")})
	p, c := noticing(w, noticesOn, nil)
	person(w, p, c, "ann", true).set("phone_number", "+15550199", "email", "thief@example.net")
	bob := person(w, p, c, "bob", true)
	bob.confirmDevice()
	bob.prefer(true)
	for i, want := range [][]string{
		{"The second factors of your account were changed. They are now: text message (preferred).", "Account: bob\n"},
		{"A device is remembered now\n", "Application: web shop\n"},
		{"Your password was changed\n"}, // when the account was made
		{"The phone number of your account was changed. It is +*******0199 now.", "Account: ann\n", "Time: 7 January 2026, 03:04:05 UTC\n"},
		{"The e-mail address of your account was changed. It is t***@e*** now.", "Application: web shop\n", "IP address: 192.0.2.7\n"},
	} {
		text := append(notices(w, p, "bob@example.com"), notices(w, p, "ann@example.com")...)[i]
		for _, part := range want {
			if !strings.Contains(text, part) {
				t.Errorf("no %q in %s", part, text)
			}
		}
		for _, part := range []string{"thief", "15550199", "evil"} {
			if strings.Contains(text, part) {
				t.Errorf("%q in %s", part, text)
			}
		}
	}
}

// notices are the texts of the notices to an address, newest first.
func notices(w *World, p *pool.Pool, to string) (texts []string) {
	for _, m := range w.Inbox(p, to) {
		if strings.HasPrefix(m.Trigger, "Cognate_") {
			texts = append(texts, m.Subject+"\n"+m.Body)
		}
	}
	return texts
}

// TestNoticesStop: a change that is made again and again is told five times in an hour, and others still are.
func TestNoticesStop(t *testing.T) {
	Each(t, func(w *World) {
		p, c := noticing(w, noticesOn, nil)
		o := person(w, p, c, "ann", true)
		for i := range 8 {
			o.prefer(i%2 == 0)
		}
		o.set("phone_number", "+15550199")
		one := "MFAPreferenceChanged ann"
		o.wants("a storm", one, one, one, one, one, "PhoneNumberChanged ann")
	})
}

// TestNoticesAreNoObstacle: functions are not asked for them, and a server that cannot send changes all the same.
func TestNoticesAreNoObstacle(t *testing.T) {
	arn := "arn:aws:lambda:us-east-1:000000000000:function:f"
	w := Quick(t) // in which no function answers
	p, c := noticing(w, noticesOn, func(in *cognitoidp.CreateUserPoolRequest) {
		in.LambdaConfig = &cognitoidp.LambdaConfigType{CustomMessage: &arn}
	})
	o := person(w, p, c, "ann", true)
	o.changePassword(Password, newPassword)
	o.wants("with CustomMessage", "PasswordChanged ann")

	w = New(t, dbtest.SQLite(t, rooms.Migrations()), Options{Mute: true})
	p, c = noticing(w, noticesOn, nil)
	o = person(w, p, c, "ann", true)
	if got := o.changePassword(Password, newPassword); got != "" {
		t.Errorf("without a transport: %s", got)
	}
	o.signIn(newPassword)
}

// TestNoticesSwitched: the tag acts at once, both ways.
func TestNoticesSwitched(t *testing.T) {
	w := Quick(t)
	p, c := noticing(w, nil, nil)
	o := person(w, p, c, "ann", true)
	o.prefer(true)
	o.wants("without the tag")
	Call(w, w.API.TagResource, &cognitoidp.TagResourceRequest{ResourceArn: p.ARN, Tags: noticesOn})
	o.prefer(false)
	o.wants("with the tag", "MFAPreferenceChanged ann")
	Call(w, w.API.UntagResource, &cognitoidp.UntagResourceRequest{ResourceArn: p.ARN, TagKeys: []string{pool.TagChangeNotices}})
	o.prefer(true)
	o.wants("untagged", "MFAPreferenceChanged ann")
}
