package token

import (
	"errors"
	"testing"
	"time"

	"cognate/internal/api/cognitoidp"
	"cognate/internal/api/rt"
	"cognate/internal/base/db"
	"cognate/internal/core/pool"
)

func (f *fixture) revoke(token, client string, secret *string) error {
	_, err := Ops{f.Tokens}.RevokeToken(f.t.Context(), &cognitoidp.RevokeTokenRequest{
		Token: token, ClientId: client, ClientSecret: secret,
		RevokeAssociatedSessions: new(cognitoidp.RevokeAssociatedSessionsTypeLinked),
	})
	return err
}

func (f *fixture) wantCode(err error, code string) {
	f.t.Helper()
	var x rt.Exception
	if code == "" && err == nil || errors.As(err, &x) && x.ErrorCode() == code {
		return
	}
	f.t.Fatalf("got %v, want %q", err, code)
}

func TestRevokeToken(t *testing.T) {
	each(t, func(f *fixture) {
		c, other := f.newClient(nil), f.newClient(nil)
		off := f.newClient(func(in *cognitoidp.CreateUserPoolClientRequest) { in.EnableTokenRevocation = new(false) })
		secret := f.newClient(func(in *cognitoidp.CreateUserPoolClientRequest) { in.GenerateSecret = new(true) })
		mine, sibling := f.signIn(c, ana()), f.signIn(c, ana())
		refresh, access := *mine.Result().RefreshToken, *mine.Result().AccessToken

		f.wantCode(f.revoke(access, c.ID, nil), "UnsupportedTokenTypeException")
		f.wantCode(f.revoke(*mine.Result().IdToken, c.ID, nil), "UnsupportedTokenTypeException")
		f.wantCode(f.revoke("nonsense", c.ID, nil), "InvalidParameterException")
		f.wantCode(f.revoke(refresh[:len(refresh)-1], c.ID, nil), "InvalidParameterException")
		f.wantCode(f.revoke(refresh, other.ID, nil), "UnauthorizedException")
		f.wantCode(f.revoke(refresh, "unknownclient", nil), "UnauthorizedException")
		f.wantCode(f.revoke(refresh, c.ID, new("a secret it has not")), "UnauthorizedException")
		f.wantCode(f.revoke(*f.signIn(off, ana()).Result().RefreshToken, off.ID, nil), "UnsupportedOperationException")
		f.wantAccess(access, "")

		f.wantCode(f.revoke(refresh, c.ID, nil), "")
		f.wantAccess(access, revoked)
		f.wantRefresh(c, refresh, ErrRefreshRevoked)
		f.wantCode(f.revoke(refresh, c.ID, nil), "")
		f.wantAccess(*sibling.Result().AccessToken, "")

		own := *f.signIn(secret, ana()).Result().RefreshToken
		f.wantCode(f.revoke(own, secret.ID, nil), "UnauthorizedException")
		f.wantCode(f.revoke(own, secret.ID, new("")), "UnauthorizedException")
		f.wantCode(f.revoke(own, secret.ID, new(secret.Secrets[0]+"x")), "UnauthorizedException")
		f.wantCode(f.revoke(own, secret.ID, &secret.Secrets[0]), "")
		f.wantRefresh(secret, own, ErrRefreshRevoked)
	})
}

// TestRevokeAfterRotation: any token of the chain ends the session, expired or not.
func TestRevokeAfterRotation(t *testing.T) {
	each(t, func(f *fixture) {
		c := f.newClient(rotating(0))
		old := *f.signIn(c, ana()).Result().RefreshToken
		r, err := f.refresh(c, old)
		f.must(err)
		f.wantCode(f.revoke(old, c.ID, nil), "")
		f.wantRefresh(c, *r.Result().RefreshToken, ErrRefreshRevoked)
		f.clock.Advance(31 * 24 * time.Hour)
		f.wantCode(f.revoke(old, c.ID, nil), "")
	})
}

// TestRevokeDevice: the sessions of the user's device end, others do not, and no device is not all devices.
func TestRevokeDevice(t *testing.T) {
	each(t, func(f *fixture) {
		c := f.newClient(nil)
		from := func(sub, device string) string {
			subj := ana()
			subj.Sub, subj.DeviceKey = sub, device
			return *f.signIn(c, subj).Result().RefreshToken
		}
		me, other := ana().Sub, "2c5d5d5e-1111-4222-8333-444455557777"
		first, second, bare := from(me, "a"), from(me, "a"), from(me, "")
		elsewhere, theirs := from(me, "b"), from(other, "a")
		lives := func(s *SSO) bool {
			err := f.db.View(f.t.Context(), func(tx *db.Tx) error {
				_, err := f.FindSSO(tx, f.pool, s.Sub, s.ID)
				return err
			})
			return err == nil
		}
		sso := map[string]*SSO{}
		for _, device := range []string{"", "a", "b"} {
			subj := ana()
			subj.DeviceKey = device
			sso[device] = f.NewSSO(f.t.Context(), f.pool, c, subj, "")
			f.update(func(tx *db.Tx) error { return f.OpenSSO(tx, sso[device]) })
		}
		for _, device := range []string{"", "a", "a"} {
			f.update(func(tx *db.Tx) error { return f.RevokeDevice(tx, f.pool.ID, me, device) })
			for _, text := range []string{bare, elsewhere, theirs} {
				f.wantRefresh(c, text, nil)
			}
		}
		f.wantRefresh(c, first, ErrRefreshRevoked)
		f.wantRefresh(c, second, ErrRefreshRevoked)
		if !lives(sso[""]) || lives(sso["a"]) || !lives(sso["b"]) {
			f.t.Error("managed-login sessions do not end with their device alone")
		}
	})
}

func TestRefusalTexts(t *testing.T) {
	for err, want := range map[error]string{
		ErrInvalidRefresh: "NotAuthorizedException Invalid Refresh Token.",
		ErrRefreshRevoked: "NotAuthorizedException Refresh Token has been revoked",
		ErrRefreshExpired: "NotAuthorizedException Refresh Token has expired",
		ErrRefreshReuse:   "RefreshTokenReuseException Refresh token reuse detected",
	} {
		var x rt.Exception
		if !errors.As(Refusal(err), &x) || x.ErrorCode()+" "+x.ErrorMessage() != want {
			t.Errorf("%v becomes %v", err, Refusal(err))
		}
	}
	if got := Refusal(pool.ErrPoolNotFound); !errors.Is(got, pool.ErrPoolNotFound) {
		t.Errorf("another error became %v", got)
	}
}
