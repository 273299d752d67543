package factor_test

import (
	"slices"
	"testing"
	"time"

	"cognate/internal/api/cognitoidp"
	"cognate/internal/base/db"
	"cognate/internal/core/factor"
	. "cognate/internal/testkit/cognitotest"
)

const (
	mismatch = "EnableSoftwareTokenMFAException: Code mismatch and fail enable Software Token MFA"
	tokenOff = "SoftwareTokenMFANotFoundException: Software Token MFA has not been enabled by the userPool"
	noToken  = "SoftwareTokenMFANotFoundException: Software Token MFA does not exist for the user."
)

func TestSoftwareTokenByAccessToken(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		p := w.Pool(nil)
		c := w.Client(p, nil)
		w.User(p, "ana")
		access := w.access(p, c, "ana")
		associate := &cognitoidp.AssociateSoftwareTokenRequest{AccessToken: &access}
		verify := func(code string) *cognitoidp.VerifySoftwareTokenRequest {
			return &cognitoidp.VerifySoftwareTokenRequest{AccessToken: &access, UserCode: code, FriendlyDeviceName: new("phone")}
		}
		Refused(w.World, tokenOff, w.AssociateSoftwareToken, associate)
		Refused(w.World, tokenOff, w.VerifySoftwareToken, verify("123456"))
		p = w.mfa(p, cognitoidp.UserPoolMfaTypeOptional, nil)
		Refused(w.World, noToken, w.VerifySoftwareToken, verify("123456"))
		Refused(w.World, "InvalidParameterException: Either AccessToken or Session must be given.", w.AssociateSoftwareToken,
			&cognitoidp.AssociateSoftwareTokenRequest{})

		first := Call(w.World, w.AssociateSoftwareToken, associate)
		if first.Session != nil || len(*first.SecretCode) != 52 {
			t.Errorf("answer %+v", first)
		}
		second := Call(w.World, w.AssociateSoftwareToken, associate)
		Refused(w.World, mismatch, w.VerifySoftwareToken, verify(w.codeOf(*first.SecretCode, 0))) // replaced
		if w.Get(p, "ana").MFA.TOTP {
			t.Error("the token is set up before its first code")
		}
		out := Call(w.World, w.VerifySoftwareToken, verify(w.codeOf(*second.SecretCode, 0)))
		if *out.Status != "SUCCESS" || out.Session != nil || !w.Get(p, "ana").MFA.TOTP {
			t.Errorf("answer %+v", out)
		}
		// The code is used up, also for verifying once more.
		Refused(w.World, mismatch, w.VerifySoftwareToken, verify(w.codeOf(*second.SecretCode, 0)))
		Call(w.World, w.VerifySoftwareToken, verify(w.codeOf(*second.SecretCode, 1)))

		u := w.Get(p, "ana")
		params := map[string]string{}
		w.must(w.DB.View(w.Ctx, func(tx *db.Tx) (err error) {
			params, err = w.Challenge(w.Ctx, tx, factor.Ask{Pool: p, Client: c, User: u, Challenge: "SOFTWARE_TOKEN_MFA"})
			return err
		}))
		if params["FRIENDLY_DEVICE_NAME"] != "phone" || params["USER_ID_FOR_SRP"] != "ana" {
			t.Errorf("parameters %v", params)
		}

		// A new association leaves the token in use alone until it is verified.
		w.Clock.Advance(2 * time.Minute)
		third := Call(w.World, w.AssociateSoftwareToken, associate)
		w.wants(w.update(func(tx *db.Tx) error { return w.VerifyTOTP(tx, p, u, w.codeOf(*second.SecretCode, 0)) }), nil)
		w.Clock.Advance(2 * time.Minute)
		Call(w.World, w.VerifySoftwareToken, verify(w.codeOf(*third.SecretCode, 0)))
		w.Clock.Advance(2 * time.Minute)
		w.wants(w.update(func(tx *db.Tx) error { return w.VerifyTOTP(tx, p, u, w.codeOf(*second.SecretCode, 0)) }), factor.ErrMismatch)
	})
}

func TestSoftwareTokenBySession(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		p := w.mfa(w.Pool(nil), cognitoidp.UserPoolMfaTypeOn, nil)
		c := w.Client(p, nil)
		w.User(p, "ana")
		u := w.Get(p, "ana")
		start := w.session(p, c, u)
		late := w.session(p, c, u)
		Refused(w.World, "NotAuthorizedException: Invalid session for the user.", w.VerifySoftwareToken,
			&cognitoidp.VerifySoftwareTokenRequest{Session: &start, UserCode: "123456"})
		out := Call(w.World, w.AssociateSoftwareToken, &cognitoidp.AssociateSoftwareTokenRequest{Session: &start})
		Refused(w.World, "NotAuthorizedException: Invalid session for the user, session can only be used once.", w.AssociateSoftwareToken,
			&cognitoidp.AssociateSoftwareTokenRequest{Session: &start})
		lateOut := Call(w.World, w.AssociateSoftwareToken, &cognitoidp.AssociateSoftwareTokenRequest{Session: &late})
		answer := func(code string) *cognitoidp.VerifySoftwareTokenRequest {
			return &cognitoidp.VerifySoftwareTokenRequest{Session: out.Session, UserCode: code}
		}
		code := w.codeOf(*out.SecretCode, 0)
		Refused(w.World, mismatch, w.VerifySoftwareToken, answer(wrong(code)))
		done := Call(w.World, w.VerifySoftwareToken, answer(code))
		st, err := w.Sessions.Open(w.Ctx, p.ID, c.ID, *done.Session)
		w.must(err)
		if !slices.Equal(st.Proven, []string{"pwd", "otp"}) || st.Step != "MFA_SETUP" || st.Sub != u.Sub || len(st.Secret) != 0 {
			t.Errorf("next state %+v", st)
		}
		if d := w.Next(p, c, w.Get(p, "ana"), factor.State{Proven: st.Proven}); !d.Done() {
			t.Errorf("after the set-up: %+v", d)
		}
		if d := w.Next(p, c, w.Get(p, "ana"), factor.State{Proven: []string{"pwd"}}); d.Challenge != "SOFTWARE_TOKEN_MFA" {
			t.Errorf("at the next sign-in: %+v", d)
		}
		// Another set-up that was begun before cannot replace the token.
		Refused(w.World, "NotAuthorizedException: Invalid session for the user.", w.VerifySoftwareToken,
			&cognitoidp.VerifySoftwareTokenRequest{Session: lateOut.Session, UserCode: w.codeOf(*lateOut.SecretCode, 0)})
		w.Clock.Advance(c.AuthSession() + time.Second)
		Refused(w.World, "NotAuthorizedException: Invalid session for the user, session is expired.", w.AssociateSoftwareToken,
			&cognitoidp.AssociateSoftwareTokenRequest{Session: &late})
	})
}

// TestSetUpIsGuessLimited holds that a session allows three codes.
func TestSetUpIsGuessLimited(t *testing.T) {
	w := quick(t)
	p := w.mfa(w.Pool(nil), cognitoidp.UserPoolMfaTypeOn, nil)
	c := w.Client(p, nil)
	w.User(p, "ana")
	start := w.session(p, c, w.Get(p, "ana"))
	out := Call(w.World, w.AssociateSoftwareToken, &cognitoidp.AssociateSoftwareTokenRequest{Session: &start})
	code := w.codeOf(*out.SecretCode, 0)
	for range 3 {
		Refused(w.World, mismatch, w.VerifySoftwareToken, &cognitoidp.VerifySoftwareTokenRequest{Session: out.Session, UserCode: wrong(code)})
	}
	Refused(w.World, "NotAuthorizedException: Invalid session for the user, session can only be used once.", w.VerifySoftwareToken,
		&cognitoidp.VerifySoftwareTokenRequest{Session: out.Session, UserCode: code})
	if w.Get(p, "ana").MFA.TOTP {
		t.Error("the token was set up by a fourth guess")
	}
}

func TestTOTPReplay(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		p := w.mfa(w.Pool(nil), cognitoidp.UserPoolMfaTypeOptional, nil)
		c := w.Client(p, nil)
		w.User(p, "ana")
		w.User(p, "bob")
		u, bob := w.Get(p, "ana"), w.Get(p, "bob")
		w.wants(w.update(func(tx *db.Tx) error { return w.VerifyTOTP(tx, p, u, "123456") }), factor.ErrNotSetUp)
		secret := w.token(w.access(p, c, "ana"))
		w.token(w.access(p, c, "bob"))
		proof := func(code string) func(tx *db.Tx) error {
			return func(tx *db.Tx) error { return w.VerifyTOTP(tx, p, u, code) }
		}
		w.wants(w.update(proof(w.codeOf(secret, 0))), factor.ErrReplayed) // the code of the set-up
		w.Clock.Advance(time.Minute)
		code := w.codeOf(secret, 0)
		w.wants(w.update(func(tx *db.Tx) error { return w.VerifyTOTP(tx, p, bob, code) }), factor.ErrMismatch)
		got := w.together(4, proof(code))
		if got[nil] != 1 || got[factor.ErrReplayed] != 3 {
			t.Errorf("parallel use of one code: %v", got)
		}
		w.wants(w.update(proof(w.codeOf(secret, -1))), factor.ErrReplayed)
		w.wants(w.update(proof(w.codeOf(secret, 1))), nil)
		w.wants(w.update(proof(w.codeOf(secret, 0))), factor.ErrReplayed)
	})
}

func TestTOTPGuessing(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		p := w.mfa(w.Pool(nil), cognitoidp.UserPoolMfaTypeOptional, nil)
		c := w.Client(p, nil)
		w.User(p, "ana")
		u := w.Get(p, "ana")
		secret := w.token(w.access(p, c, "ana"))
		w.Clock.Advance(time.Minute)
		code := w.codeOf(secret, 0)
		guess := func(text string) error {
			return w.update(func(tx *db.Tx) error { return w.VerifyTOTP(tx, p, u, text) })
		}
		for range 5 {
			w.wants(guess(wrong(code)), factor.ErrMismatch)
		}
		w.wants(guess(code), factor.ErrTooMany)
		// Codes by message share the lock.
		w.wants(w.update(func(tx *db.Tx) error {
			_, err := w.Verify(tx, factor.Ask{Pool: p, Client: c, User: u, Challenge: "SMS_MFA", Session: "s"}, "123456")
			return err
		}), factor.ErrTooMany)
		w.Clock.Advance(time.Second)
		w.wants(guess(wrong(code)), factor.ErrMismatch)
		w.wants(guess(code), factor.ErrTooMany)
		w.Clock.Advance(2 * time.Second)
		w.wants(guess(code), nil)
		w.Clock.Advance(time.Minute)
		for range 4 { // a success starts anew
			w.wants(guess(wrong(w.codeOf(secret, 0))), factor.ErrMismatch)
		}
		w.wants(guess(w.codeOf(secret, 0)), nil)
		// Parallel guesses cannot exceed the limit.
		w.Clock.Advance(time.Minute)
		bad := wrong(w.codeOf(secret, 0))
		got := w.together(12, func(tx *db.Tx) error { return w.VerifyTOTP(tx, p, u, bad) })
		if got[factor.ErrMismatch] != 5 || got[factor.ErrTooMany] != 7 {
			t.Errorf("parallel guesses: %v", got)
		}
	})
}

func TestAdminDeleteSoftwareToken(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		p := w.mfa(w.Pool(nil), cognitoidp.UserPoolMfaTypeOptional, nil)
		c := w.Client(p, nil)
		w.User(p, "ana", "phone_number", "+15550100")
		access := w.access(p, c, "ana")
		secret := w.token(access)
		Call(w.World, w.SetUserMFAPreference, &cognitoidp.SetUserMFAPreferenceRequest{
			AccessToken: access, SMSMfaSettings: &cognitoidp.SMSMfaSettingsType{Enabled: new(true)},
			SoftwareTokenMfaSettings: &cognitoidp.SoftwareTokenMfaSettingsType{Enabled: new(true), PreferredMfa: new(true)},
		})
		in := &cognitoidp.AdminDeleteSoftwareTokenRequest{UserPoolId: p.ID, Username: "ana"}
		Call(w.World, w.AdminDeleteSoftwareToken, in)
		Call(w.World, w.AdminDeleteSoftwareToken, in)
		u := w.Get(p, "ana")
		if u.MFA.TOTP || u.MFA.Preferred != "" || !slices.Equal(u.MFA.Enabled, []string{"SMS_MFA"}) {
			t.Errorf("left: %+v", u.MFA)
		}
		w.Clock.Advance(time.Minute)
		w.wants(w.update(func(tx *db.Tx) error { return w.VerifyTOTP(tx, p, u, w.codeOf(secret, 0)) }), factor.ErrNotSetUp)
		w.token(access)
		Refused(w.World, "UserNotFoundException: User does not exist.", w.AdminDeleteSoftwareToken,
			&cognitoidp.AdminDeleteSoftwareTokenRequest{UserPoolId: p.ID, Username: "nobody"})
		Refused(w.World, "ResourceNotFoundException: User pool us-east-1_000000000 does not exist.", w.AdminDeleteSoftwareToken,
			&cognitoidp.AdminDeleteSoftwareTokenRequest{UserPoolId: "us-east-1_000000000", Username: "ana"})
	})
}

func TestForget(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		p := w.mfa(w.Pool(nil), cognitoidp.UserPoolMfaTypeOptional, nil)
		c := w.Client(p, nil)
		for _, name := range []string{"ana", "bob"} {
			w.User(p, name)
			w.token(w.access(p, c, name))
		}
		w.must(w.API.AdminDeleteUser(w.Ctx, &cognitoidp.AdminDeleteUserRequest{UserPoolId: p.ID, Username: "ana"}))
		rows := func() (n int) {
			w.must(w.DB.View(w.Ctx, func(tx *db.Tx) error {
				return tx.QueryRow(`SELECT count(*) FROM factor_totp WHERE pool_id = $1`, p.ID).Scan(&n)
			}))
			return n
		}
		if rows() != 1 {
			t.Errorf("%d tokens after one of two users was deleted", rows())
		}
		w.must(w.DB.Update(w.Ctx, func(tx *db.Tx) error {
			_, err := w.DropPool(tx, p.ID, 100)
			return err
		}))
		if rows() != 0 {
			t.Errorf("%d tokens after the pool was dropped", rows())
		}
	})
}

func BenchmarkVerifyTOTP(b *testing.B) {
	w := quick(b)
	p := w.mfa(w.Pool(nil), cognitoidp.UserPoolMfaTypeOptional, nil)
	c := w.Client(p, nil)
	w.User(p, "ana")
	u := w.Get(p, "ana")
	secret := w.token(w.access(p, c, "ana"))
	for b.Loop() {
		w.Clock.Advance(30 * time.Second)
		if err := w.update(func(tx *db.Tx) error { return w.VerifyTOTP(tx, p, u, w.codeOf(secret, 0)) }); err != nil {
			b.Fatal(err)
		}
	}
}
