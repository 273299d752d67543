package factor_test

import (
	"testing"
	"time"

	"cognate/internal/api/cognitoidp"
	"cognate/internal/base/db"
	"cognate/internal/core/directory"
	"cognate/internal/core/factor"
	"cognate/internal/rooms"
	"cognate/internal/testkit/cognitotest"
	"cognate/internal/testkit/dbtest"
)

const (
	mail  = "ana@example.com"
	phone = "+15550100"
)

// pose asks a challenge and returns its parameters.
func (w *world) pose(a factor.Ask) map[string]string {
	w.T.Helper()
	var params map[string]string
	w.must(w.DB.Update(w.Ctx, func(tx *db.Tx) (err error) {
		params, err = w.Challenge(w.Ctx, tx, a)
		return err
	}))
	return params
}

func (w *world) verify(a factor.Ask, text string) error {
	w.T.Helper()
	return w.update(func(tx *db.Tx) error {
		_, err := w.Verify(tx, a, text)
		return err
	})
}

func TestCodes(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		p := w.mfa(w.Pool(nil), cognitoidp.UserPoolMfaTypeOptional, nil)
		c := w.Client(p, nil)
		w.User(p, "ana", "email", mail, "phone_number", phone)
		u := w.Get(p, "ana")
		for i, k := range []struct {
			name               cognitoidp.ChallengeNameType
			first              bool
			to, medium, masked string
			digits             int
			method             string
		}{
			{"SMS_MFA", false, phone, "SMS", "+*******0100", 6, "sms"},
			{"EMAIL_OTP", false, mail, "EMAIL", "a***@e***", 6, "email_otp"},
			{"EMAIL_OTP", true, mail, "EMAIL", "a***@e***", 8, "email_otp"},
			{"SMS_OTP", true, phone, "SMS", "+*******0100", 6, "sms"},
		} {
			a := factor.Ask{Pool: p, Client: c, User: u, Challenge: k.name, First: k.first, Session: string(rune('a' + i))}
			params := w.pose(a)
			if params["CODE_DELIVERY_DELIVERY_MEDIUM"] != k.medium || params["CODE_DELIVERY_DESTINATION"] != k.masked {
				t.Errorf("%s: parameters %v", k.name, params)
			}
			if _, has := params["USER_ID_FOR_SRP"]; has == k.first {
				t.Errorf("%s: parameters %v", k.name, params)
			}
			code := w.Code(p, k.to)
			if len(code) != k.digits {
				t.Errorf("%s as first factor %v: code %s", k.name, k.first, code)
			}
			other := a
			other.Session = "another"
			w.wants(w.verify(other, code), factor.ErrExpired)
			stage := a
			stage.First = !k.first
			if k.name == "EMAIL_OTP" {
				w.wants(w.verify(stage, code), factor.ErrExpired)
			}
			w.wants(w.verify(a, wrong(code)), factor.ErrMismatch)
			var method string
			w.must(w.update(func(tx *db.Tx) (err error) {
				method, err = w.Verify(tx, a, code)
				return err
			}))
			if method != k.method {
				t.Errorf("%s proves %s", k.name, method)
			}
			w.wants(w.verify(a, code), factor.ErrExpired)
		}
		if got := w.Get(p, "ana").Attributes; got["phone_number_verified"] != "true" || got["email_verified"] != "true" {
			t.Errorf("attributes after the codes: %v", got)
		}
	})
}

func TestCodesOfSessionsAreApart(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		p := w.Pool(nil)
		c := w.Client(p, nil)
		w.User(p, "ana", "phone_number", phone)
		w.User(p, "bob", "phone_number", "+15550199")
		ask := func(name, session string) factor.Ask {
			return factor.Ask{Pool: p, Client: c, User: w.Get(p, name), Challenge: "SMS_MFA", Session: session}
		}
		w.pose(ask("ana", "one"))
		first := w.Code(p, phone)
		w.pose(ask("ana", "two"))
		w.pose(ask("bob", "one"))
		w.wants(w.verify(ask("ana", "two"), first), factor.ErrMismatch)
		w.wants(w.verify(ask("bob", "one"), first), factor.ErrMismatch)
		got := w.together(4, func(tx *db.Tx) error {
			_, err := w.Verify(tx, ask("ana", "one"), first)
			return err
		})
		if got[nil] != 1 || got[factor.ErrExpired] != 3 {
			t.Errorf("parallel use of one code: %v", got)
		}
		w.pose(ask("ana", "three"))
		w.Clock.Advance(c.AuthSession() + time.Second)
		w.wants(w.verify(ask("ana", "three"), w.Code(p, phone)), factor.ErrExpired)
	})
}

// TestCodeOfAnOldNumber holds that a code proves nothing once the user has another number.
func TestCodeOfAnOldNumber(t *testing.T) {
	w := quick(t)
	p := w.Pool(nil)
	c := w.Client(p, nil)
	w.User(p, "ana", "phone_number", phone)
	a := factor.Ask{Pool: p, Client: c, User: w.Get(p, "ana"), Challenge: "SMS_MFA", Session: "s"}
	w.pose(a)
	cognitotest.Call(w.World, w.API.AdminUpdateUserAttributes, &cognitoidp.AdminUpdateUserAttributesRequest{
		UserPoolId: p.ID, Username: "ana", UserAttributes: cognitotest.Attributes("phone_number", "+15550111"),
	})
	w.wants(w.verify(a, w.Code(p, phone)), factor.ErrExpired)
	if w.Get(p, "ana").Attributes["phone_number_verified"] == "true" {
		t.Error("the new number was verified by a code to the old one")
	}
}

// TestCodeDoesNotTakeAnAlias holds that receiving a code does not make an address that is somebody's alias this user's.
func TestCodeDoesNotTakeAnAlias(t *testing.T) {
	w := quick(t)
	p := w.Pool(func(in *cognitoidp.CreateUserPoolRequest) {
		in.AliasAttributes = []cognitoidp.AliasAttributeType{"email"}
	})
	c := w.Client(p, nil)
	w.User(p, "ana", "email", mail, "email_verified", "true")
	w.User(p, "bob", "email", mail)
	a := factor.Ask{Pool: p, Client: c, User: w.Get(p, "bob"), Challenge: "EMAIL_OTP", Session: "s"}
	w.pose(a)
	w.wants(w.verify(a, w.Code(p, mail)), nil)
	if w.Get(p, "bob").Attributes["email_verified"] == "true" || w.Get(p, mail).Username != "ana" {
		t.Error("the alias changed hands")
	}
}

func TestCodeLimits(t *testing.T) {
	w := quick(t)
	p := w.Pool(nil)
	c := w.Client(p, nil)
	w.User(p, "ana", "phone_number", phone)
	u := w.Get(p, "ana")
	pose := func(session string) error {
		return w.DB.Update(w.Ctx, func(tx *db.Tx) error {
			_, err := w.Challenge(w.Ctx, tx, factor.Ask{Pool: p, Client: c, User: u, Challenge: "SMS_MFA", Session: session})
			return err
		})
	}
	for range 20 {
		w.wants(pose("s"), nil)
	}
	w.wants(pose("s"), factor.ErrLimited)
	w.Clock.Advance(time.Hour + time.Second)
	w.wants(pose("s"), nil)
	w.wants(w.DB.Update(w.Ctx, func(tx *db.Tx) error {
		_, err := w.Challenge(w.Ctx, tx, factor.Ask{Pool: p, Client: c, User: u, Challenge: "EMAIL_OTP", Session: "s"})
		return err
	}), factor.ErrNotSetUp)

	mute := newWorld(t, dbtest.SQLite(t, rooms.Migrations()), cognitotest.Options{Mute: true})
	q := mute.Pool(nil)
	d := mute.Client(q, nil)
	mute.User(q, "ana", "phone_number", phone)
	muted := mute.Get(q, "ana")
	mute.wants(mute.DB.Update(mute.Ctx, func(tx *db.Tx) error {
		_, err := mute.Challenge(mute.Ctx, tx, factor.Ask{Pool: q, Client: d, User: muted, Challenge: "SMS_MFA", Session: "s"})
		return err
	}), factor.ErrUndeliverable)
}

// TestPretend holds that a challenge to nobody looks like one and cannot be answered.
func TestPretend(t *testing.T) {
	w := quick(t)
	p := w.Pool(nil)
	c := w.Client(p, nil)
	ghost := &directory.User{PoolID: p.ID, Sub: "5f0c7e3a-7e0c-4b5e-9a51-000000000000", Username: "nobody",
		Attributes: map[string]string{"email": "nobody@example.com"}}
	a := factor.Ask{Pool: p, Client: c, User: ghost, Challenge: "EMAIL_OTP", First: true, Session: "s", Pretend: true}
	if params := w.pose(a); params["CODE_DELIVERY_DESTINATION"] != "n***@e***" {
		t.Errorf("parameters %v", params)
	}
	if n := len(w.Inbox(p, "")); n != 0 {
		t.Errorf("%d messages were sent", n)
	}
	w.wants(w.verify(a, "12345678"), factor.ErrMismatch)
}

func TestAnswerOf(t *testing.T) {
	for _, c := range []struct {
		name cognitoidp.ChallengeNameType
		key  string
		want string
	}{
		{"SMS_MFA", "SMS_MFA_CODE", "1"}, {"SOFTWARE_TOKEN_MFA", "SOFTWARE_TOKEN_MFA_CODE", "1"},
		{"EMAIL_OTP", "EMAIL_OTP_CODE", "1"}, {"EMAIL_OTP", "EMAIL_MFA_CODE", "1"}, {"SMS_OTP", "SMS_OTP_CODE", "1"},
		{"SMS_MFA", "SMS_OTP_CODE", ""},
	} {
		if got := factor.AnswerOf(c.name, map[string]string{c.key: "1"}); got != c.want {
			t.Errorf("%s with %s: %q", c.name, c.key, got)
		}
	}
}

func TestRefusal(t *testing.T) {
	for _, c := range []struct {
		name cognitoidp.ChallengeNameType
		err  error
		want string
	}{
		{"SMS_MFA", factor.ErrMismatch, "CodeMismatchException: Invalid code or auth state for the user."},
		{"EMAIL_OTP", factor.ErrMismatch, "CodeMismatchException: Invalid code or auth state for the user."},
		{"SOFTWARE_TOKEN_MFA", factor.ErrMismatch, "CodeMismatchException: Invalid code received for user"},
		{"SOFTWARE_TOKEN_MFA", factor.ErrReplayed, "ExpiredCodeException: Your software token has already been used once."},
		{"SOFTWARE_TOKEN_MFA", factor.ErrNotSetUp, "SoftwareTokenMFANotFoundException: Software Token MFA does not exist for the user."},
		{"WEB_AUTHN", factor.ErrMismatch, "NotAuthorizedException: Incorrect username or password."},
		{"WEB_AUTHN", factor.ErrCloned, "NotAuthorizedException: Incorrect username or password."},
		{"WEB_AUTHN", factor.ErrNotSetUp, "NotAuthorizedException: Incorrect username or password."},
		{"WEB_AUTHN", factor.ErrReplayed, "NotAuthorizedException: Invalid session for the user, session can only be used once."},
		{"SMS_MFA", factor.ErrTooMany, "NotAuthorizedException: Incorrect username or password."},
		{"SMS_MFA", factor.ErrExpired, "ExpiredCodeException: Invalid code provided, please request a code again."},
		{"SMS_MFA", factor.ErrLimited, "TooManyRequestsException: Attempt limit exceeded, please try after some time."},
	} {
		w := cognitotest.World{T: t, Ctx: t.Context()}
		got := cognitotest.Refusal(&w, answering(factor.Refusal(t.Context(), c.name, c.err)), &cognitoidp.RespondToAuthChallengeRequest{})
		if got != c.want {
			t.Errorf("%s, %v: %q", c.name, c.err, got)
		}
	}
}
