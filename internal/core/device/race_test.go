package device_test

import (
	"context"
	"errors"
	"sync"
	"testing"

	"cognate/internal/api/cognitoidp"
	"cognate/internal/base/db"
	"cognate/internal/core/device"
	"cognate/internal/core/token"
)

// TestForgetWhileSigningIn: a sign-in from a device that is forgotten at the same moment leaves no session behind.
func TestForgetWhileSigningIn(t *testing.T) {
	each(t, func(w *world) {
		w.Ctx = context.Background() // each request has its own record
		p := w.tracking(true, false)
		c := w.Client(p, nil)
		w.User(p, "ana")
		for range 8 {
			l := w.device(p, c, "ana")
			v, subject := l.known(), w.Users.Subject(w.Get(p, "ana"), nil)
			subject.DeviceKey = l.DeviceKey
			g, err := w.Tokens.Prepare(w.Ctx, p, c, subject, token.Options{})
			w.must(err)
			l.fresh = *g.Result().RefreshToken
			var signIn, forget error
			var wg sync.WaitGroup
			wg.Go(func() {
				signIn = w.DB.Update(w.Ctx, func(tx *db.Tx) error {
					if err := w.Touch(tx, v, w.Clock.Now(), ""); err != nil {
						return err
					}
					return w.Tokens.Commit(tx, g)
				})
			})
			wg.Go(func() {
				forget = w.AdminForgetDevice(w.Ctx, &cognitoidp.AdminForgetDeviceRequest{
					UserPoolId: p.ID, Username: "ana", DeviceKey: l.DeviceKey,
				})
			})
			wg.Wait()
			w.must(forget)
			if signIn != nil && !errors.Is(signIn, device.ErrUnknownDevice) {
				w.T.Errorf("sign-in: %v", signIn)
			}
			if err := l.redeem(); !errors.Is(err, token.ErrRefreshRevoked) {
				w.T.Errorf("a session outlives its device: %v (sign-in: %v)", err, signIn)
			}
		}
	})
}
