package factor_test

import (
	"errors"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"cognate/internal/api/cognitoidp"
	"cognate/internal/base/db"
	"cognate/internal/core/factor"
	"cognate/internal/core/pool"
	"cognate/internal/core/token"
	"cognate/internal/rooms"
	. "cognate/internal/testkit/cognitotest"
	"cognate/internal/testkit/dbtest"
)

// recovering makes a pool with optional MFA whose users may have n recovery codes.
func (w *world) recovering(n string) *pool.Pool {
	w.T.Helper()
	return w.mfa(w.Pool(func(in *cognitoidp.CreateUserPoolRequest) {
		in.UserPoolTags = map[string]string{pool.TagRecoveryCodes: n}
	}), cognitoidp.UserPoolMfaTypeOptional, nil)
}

// retag sets the tag of recovery codes, or removes it for "".
func (w *world) retag(p *pool.Pool, n string) *pool.Pool {
	w.T.Helper()
	if n == "" {
		Call(w.World, w.API.UntagResource, &cognitoidp.UntagResourceRequest{ResourceArn: p.ARN, TagKeys: []string{pool.TagRecoveryCodes}})
	} else {
		Call(w.World, w.API.TagResource, &cognitoidp.TagResourceRequest{ResourceArn: p.ARN, Tags: map[string]string{pool.TagRecoveryCodes: n}})
	}
	return w.Reload(p.ID)
}

// person makes a user who is asked for codes by SMS.
func (w *world) person(p *pool.Pool, name string) {
	w.T.Helper()
	w.User(p, name, "phone_number", phone)
	Call(w.World, w.API.AdminSetUserMFAPreference, &cognitoidp.AdminSetUserMFAPreferenceRequest{
		UserPoolId: p.ID, Username: name, SMSMfaSettings: &cognitoidp.SMSMfaSettingsType{Enabled: new(true)},
	})
}

// proven returns an access token of a session that proved these methods just now.
func (w *world) proven(p *pool.Pool, c *pool.Client, name string, methods ...string) string {
	w.T.Helper()
	s := w.Users.Subject(w.Get(p, name), nil)
	s.AMR, s.AuthTime = methods, w.Clock.Now().Unix()
	g, err := w.Tokens.Prepare(w.Ctx, p, c, s, token.Options{})
	w.must(err)
	w.must(w.DB.Update(w.Ctx, func(tx *db.Tx) error { return w.Tokens.Commit(tx, g) }))
	return *g.Result().AccessToken
}

// codes makes recovery codes of a user.
func (w *world) codes(p *pool.Pool, c *pool.Client, name string) []string {
	w.T.Helper()
	list, err := w.MakeRecoveryCodes(w.Ctx, p.ID, w.proven(p, c, name, "pwd", "sms"))
	w.must(err)
	return list
}

// asked is a challenge of SMS_MFA to a user, in which recovery codes count.
func (w *world) asked(p *pool.Pool, c *pool.Client, name string) factor.Ask {
	w.T.Helper()
	a := factor.Ask{Pool: p, Client: c, User: w.Get(p, name), Challenge: "SMS_MFA", Recovery: true, Session: "s"}
	w.pose(a)
	return a
}

func TestRecoveryCodes(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		p := w.recovering("3")
		c := w.Client(p, nil)
		w.person(p, "ana")
		access := w.proven(p, c, "ana", "pwd", "sms")
		set := func() factor.RecoverySet {
			t.Helper()
			s, err := w.RecoveryCodes(w.Ctx, p.ID, access)
			w.must(err)
			return s
		}
		if s := set(); s != (factor.RecoverySet{}) {
			t.Errorf("before any: %+v", s)
		}
		old := w.codes(p, c, "ana")
		form := regexp.MustCompile(`^[0-9a-hjkmnp-tv-z]{5}-[0-9a-hjkmnp-tv-z]{5}$`)
		if len(old) != 3 || old[0] == old[1] || slices.ContainsFunc(old, func(s string) bool { return !form.MatchString(s) }) {
			t.Errorf("codes %q", old)
		}
		w.Clock.Advance(time.Minute)
		list := w.codes(p, c, "ana")
		made := w.Clock.Now()
		if s := set(); s.Made != 3 || s.Left != 3 || !s.Created.Equal(time.UnixMilli(made.UnixMilli())) {
			t.Errorf("made: %+v", s)
		}
		a := w.asked(p, c, "ana")
		w.wants(w.verify(a, old[0]), factor.ErrMismatch) // of the former set
		var method string
		w.must(w.update(func(tx *db.Tx) (err error) {
			method, err = w.Verify(tx, a, strings.ToUpper(strings.ReplaceAll(list[1], "-", " ")))
			return err
		}))
		if method != factor.AMRRecovery {
			t.Errorf("proves %s", method)
		}
		if got := w.Get(p, "ana").Attributes["phone_number_verified"]; got == "true" {
			t.Error("a recovery code verified the number")
		}
		w.wants(w.verify(a, list[1]), factor.ErrMismatch)
		if s := set(); s.Made != 3 || s.Left != 2 || s.Created.UnixMilli() != made.UnixMilli() {
			t.Errorf("after one use: %+v", s)
		}
		w.wants(w.verify(a, w.Code(p, phone)), nil) // the code that was sent is as good as ever
		w.must(w.DropRecoveryCodes(w.Ctx, p.ID, access))
		if s := set(); s != (factor.RecoverySet{}) {
			t.Errorf("after deletion: %+v", s)
		}
		w.wants(w.verify(w.asked(p, c, "ana"), list[0]), factor.ErrMismatch)
	})
}

// TestRecoveryCodeElsewhere holds that a code is worth nothing but where it stands in for a second factor of its user.
func TestRecoveryCodeElsewhere(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		p, q := w.recovering("2"), w.recovering("2")
		c, d := w.Client(p, nil), w.Client(q, nil)
		for _, name := range []string{"ana", "bob", "cid"} {
			w.person(p, name)
		}
		w.person(q, "ana")
		code := w.codes(p, c, "ana")[0]
		w.codes(p, c, "bob")
		w.codes(q, d, "ana")
		w.wants(w.verify(w.asked(p, c, "bob"), code), factor.ErrMismatch)
		w.wants(w.verify(w.asked(p, c, "cid"), code), factor.ErrMismatch) // has none, and is told the same
		w.wants(w.verify(w.asked(q, d, "ana"), code), factor.ErrMismatch)
		// A row moved to another user proves nothing there.
		w.must(w.DB.Update(w.Ctx, func(tx *db.Tx) error {
			_, err := tx.Exec(`INSERT INTO factor_recovery (pool_id, sub, hashes, created_at)
				SELECT pool_id, $3, hashes, created_at FROM factor_recovery WHERE pool_id = $1 AND sub = $2`,
				p.ID, w.Get(p, "ana").Sub, w.Get(p, "cid").Sub)
			return err
		}))
		w.wants(w.verify(w.asked(p, c, "cid"), code), factor.ErrMismatch)

		a := w.asked(p, c, "ana")
		denied := a
		denied.Recovery = false
		w.wants(w.verify(denied, code), factor.ErrMismatch)
		first := factor.Ask{Pool: p, Client: c, User: a.User, Challenge: "SMS_OTP", First: true, Recovery: true, Session: "s"}
		w.pose(first)
		w.wants(w.verify(first, code), factor.ErrMismatch)
		nobody := a
		nobody.Pretend = true
		w.wants(w.verify(nobody, code), factor.ErrMismatch)
		for _, kept := range []string{"0", ""} {
			w.Clock.Advance(time.Hour) // past the lock
			w.wants(w.verify(w.asked(w.retag(p, kept), c, "ana"), code), factor.ErrMismatch)
		}
		a = w.asked(w.retag(p, "2"), c, "ana")
		w.wants(w.verify(a, code), nil)

		// Who has lost the software token as such is refused as before.
		missing := factor.Ask{Pool: p, Client: c, User: a.User, Challenge: "SOFTWARE_TOKEN_MFA", Recovery: true, Session: "s"}
		w.wants(w.verify(missing, code), factor.ErrNotSetUp)
	})
}

func TestRecoveryCodesTogether(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		p := w.recovering("4")
		c := w.Client(p, nil)
		w.person(p, "ana")
		list := w.codes(p, c, "ana")
		a := w.asked(p, c, "ana")
		got := w.together(5, func(tx *db.Tx) error {
			_, err := w.Verify(tx, a, list[0])
			return err
		})
		if got[nil] != 1 || got[factor.ErrMismatch] != 4 {
			t.Errorf("parallel use of one code: %v", got)
		}
		w.Clock.Advance(time.Minute)
		results := make(chan error, 3)
		for _, text := range list[1:] {
			go func() {
				results <- w.update(func(tx *db.Tx) error {
					_, err := w.Verify(tx, a, text)
					return err
				})
			}()
		}
		for range 3 {
			w.wants(<-results, nil)
		}
		s, err := w.RecoveryCodes(w.Ctx, p.ID, w.access(p, c, "ana"))
		if err != nil || s.Made != 4 || s.Left != 0 {
			t.Errorf("left %+v, %v", s, err)
		}
	})
}

func TestRecoveryCodeGuessing(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		p := w.recovering("1")
		c := w.Client(p, nil)
		w.person(p, "ana")
		code := w.codes(p, c, "ana")[0]
		secret := w.token(w.access(p, c, "ana"))
		w.Clock.Advance(time.Minute)
		a := factor.Ask{Pool: p, Client: c, User: w.Get(p, "ana"), Challenge: "SOFTWARE_TOKEN_MFA", Recovery: true, Session: "s"}
		for i, guess := range []string{"00000-00000", wrong(w.codeOf(secret, 0)), "zzzzz-zzzzz", "00000-00001", "00000-00002"} {
			if err := w.verify(a, guess); !errors.Is(err, factor.ErrMismatch) {
				t.Errorf("guess %d: %v", i, err)
			}
		}
		w.wants(w.verify(a, code), factor.ErrTooMany)
		w.wants(w.verify(a, w.codeOf(secret, 0)), factor.ErrTooMany)
		w.Clock.Advance(time.Second)
		w.wants(w.verify(a, code), nil)
	})
}

func TestRecoveryEnds(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		p := w.recovering("1")
		c := w.Client(p, nil)
		for _, name := range []string{"ana", "bob", "cid"} {
			w.person(p, name)
			w.codes(p, c, name)
		}
		rows := func() (n int) {
			w.must(w.DB.View(w.Ctx, func(tx *db.Tx) error {
				return tx.QueryRow(`SELECT count(*) FROM factor_recovery WHERE pool_id = $1`, p.ID).Scan(&n)
			}))
			return n
		}
		Call(w.World, w.AdminDeleteSoftwareToken, &cognitoidp.AdminDeleteSoftwareTokenRequest{UserPoolId: p.ID, Username: "bob"})
		if rows() != 2 {
			t.Errorf("%d sets after an administrator took one back", rows())
		}
		w.must(w.API.AdminDeleteUser(w.Ctx, &cognitoidp.AdminDeleteUserRequest{UserPoolId: p.ID, Username: "ana"}))
		if rows() != 1 {
			t.Errorf("%d sets after a user was deleted", rows())
		}
		w.must(w.DB.Update(w.Ctx, func(tx *db.Tx) error {
			_, err := w.DropPool(tx, p.ID, 100)
			return err
		}))
		if rows() != 0 {
			t.Errorf("%d sets after the pool was dropped", rows())
		}
	})
}

// TestMayRecover holds that codes are made by a session alone that has proven enough a short while ago.
func TestMayRecover(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		p, q := w.recovering("1"), w.recovering("1")
		c := w.Client(p, nil)
		w.User(p, "ana", "phone_number", phone)
		try := func(access string) error {
			_, err := w.MakeRecoveryCodes(w.Ctx, p.ID, access)
			return err
		}
		w.wants(try(w.proven(p, c, "ana", "pwd", "sms")), factor.ErrNoSecondFactor)
		Call(w.World, w.API.AdminSetUserMFAPreference, &cognitoidp.AdminSetUserMFAPreferenceRequest{
			UserPoolId: p.ID, Username: "ana", SMSMfaSettings: &cognitoidp.SMSMfaSettingsType{Enabled: new(true)},
		})
		var weak *factor.Weak
		for _, methods := range [][]string{nil, {"pwd"}, {"sms"}, {"pwd", "otp"}, {"pwd", "email_otp"}, {"swk"}, {"pwd", "recovery_code"}, {"sms", "recovery_code"}, {"pwd", "mfa"}} {
			if err := try(w.proven(p, c, "ana", methods...)); !errors.As(err, &weak) {
				t.Errorf("%q: %v", methods, err)
			}
		}
		if !slices.Equal(weak.ACR, []string{"urn:cognito:loa:3", "urn:cognito:loa:4"}) || weak.MaxAge != 15*time.Minute {
			t.Errorf("refusal %+v", weak)
		}
		access := w.proven(p, c, "ana", "pwd", "sms")
		w.Clock.Advance(15 * time.Minute)
		w.wants(try(access), nil)
		w.Clock.Advance(time.Second)
		if err := try(access); !errors.As(err, &weak) {
			t.Errorf("after a quarter of an hour: %v", err)
		}
		access = w.proven(p, c, "ana", "pwd", "sms")
		w.SetPassword(p, "ana", "Changed-1", true) // in the same moment
		if err := try(access); !errors.As(err, &weak) {
			t.Errorf("after a new password: %v", err)
		}
		w.SetPassword(p, "ana", "Changed-2", false)
		if err := try(w.proven(p, c, "ana", "pwd", "sms")); !errors.As(err, &weak) {
			t.Errorf("by a temporary password: %v", err)
		}
		w.SetPassword(p, "ana", Password, true)
		access = w.proven(p, c, "ana", "pwd", "sms")
		w.wants(try(access), nil)

		const invalid = "Invalid Access Token"
		var refused *cognitoidp.NotAuthorizedException
		for _, text := range []string{"", "x", access + "x", access[:len(access)-8] + "AAAAAAAA"} {
			if err := try(text); !errors.As(err, &refused) {
				t.Errorf("token %.20q: %v", text, err)
			}
		}
		if _, err := w.RecoveryCodes(w.Ctx, q.ID, access); !errors.As(err, &refused) || refused.Message != invalid {
			t.Errorf("at another pool: %v", err)
		}
		_, err := w.RecoveryCodes(w.Ctx, w.Pool(nil).ID, access)
		w.wants(err, factor.ErrRecoveryOff)
		w.wants(w.DropRecoveryCodes(w.Ctx, "us-east-1_000000000", access), pool.ErrPoolNotFound)
		Call(w.World, w.API.AdminDisableUser, &cognitoidp.AdminDisableUserRequest{UserPoolId: p.ID, Username: "ana"})
		if err := w.DropRecoveryCodes(w.Ctx, p.ID, access); !errors.As(err, &refused) {
			t.Errorf("a disabled user: %v", err)
		}
	})
}

// TestWeakOnLite holds that a pool without step-up names no levels.
func TestWeakOnLite(t *testing.T) {
	w := newWorld(t, dbtest.SQLite(t, rooms.Migrations()), Options{})
	p := w.mfa(w.Pool(func(in *cognitoidp.CreateUserPoolRequest) {
		in.UserPoolTier = new(cognitoidp.UserPoolTierTypeLite)
		in.UserPoolTags = map[string]string{pool.TagRecoveryCodes: "1"}
	}), cognitoidp.UserPoolMfaTypeOptional, nil)
	c := w.Client(p, nil)
	w.person(p, "ana")
	_, err := w.MakeRecoveryCodes(w.Ctx, p.ID, w.proven(p, c, "ana", "pwd"))
	var weak *factor.Weak
	if !errors.As(err, &weak) || len(weak.ACR) != 0 {
		t.Errorf("%v, %+v", err, weak)
	}
}
