package device_test

import (
	"testing"

	"cognate/internal/base/db"
	"cognate/internal/base/srp"
	"cognate/internal/core/device"
)

// TestBrowser holds that the secret of a browser proves its device and no other, and that the device is one like others:
// an SRP client that knew the secret would prove it too.
func TestBrowser(t *testing.T) {
	each(t, func(w *world) {
		p := w.tracking(true, false)
		w.User(p, "ana")
		w.User(p, "bob")
		make := func(name string, remembered bool) (*device.Device, device.Held) {
			u := w.Get(p, name)
			v, held, err := w.Browser(w.Ctx, p, u.Sub, "Chrome 140 / Linux", remembered)
			w.must(err)
			w.must(w.update(func(tx *db.Tx) error { return w.Add(tx, p, u, v) }))
			var found *device.Device
			w.must(w.DB.View(w.Ctx, func(tx *db.Tx) (err error) {
				found, err = w.Find(tx, p, u.Sub, held.Key)
				return err
			}))
			return found, held
		}
		ana, mine := make("ana", true)
		bob, his := make("bob", false)
		other, second := make("ana", true)
		if !device.Remembered(ana) || device.Remembered(bob) || ana.Name != "Chrome 140 / Linux" || ana.IP != "192.0.2.7" || mine.Sub != ana.Sub {
			w.T.Errorf("kept %+v, %+v", ana, bob)
		}
		if len(mine.Secret) != 43 || mine.Secret == his.Secret || mine.Secret == second.Secret || mine.Key == second.Key {
			w.T.Errorf("drawn %+v, %+v, %+v", mine, his, second)
		}
		for what, c := range map[string]struct {
			v      *device.Device
			secret string
			want   bool
		}{
			"its own":          {ana, mine.Secret, true},
			"its own, too":     {bob, his.Secret, true},
			"another device's": {ana, second.Secret, false},
			"and back":         {other, mine.Secret, false},
			"another user's":   {ana, his.Secret, false},
			"cut short":        {ana, mine.Secret[:42], false},
			"longer":           {ana, mine.Secret + "A", false},
			"nothing":          {ana, "", false},
		} {
			got, err := w.Proves(w.Ctx, c.v, c.secret)
			w.must(err)
			if got != c.want {
				w.T.Errorf("%s: %v", what, got)
			}
		}
		moved := *ana
		moved.Sub = bob.Sub
		if ok, err := w.Proves(w.Ctx, &moved, mine.Secret); ok || err == nil {
			w.T.Errorf("the row of another user: %v, %v", ok, err)
		}

		client, err := srp.NewClient(nil)
		w.must(err)
		params, state, err := w.Ops.StartSRP(w.Ctx, ana, client.A())
		w.must(err)
		block := "c2VjcmV0"
		signature, at, err := client.Answer(ana.GroupKey, mine.Secret, srp.Challenge{
			Identity: ana.Key, Salt: params["SALT"], B: params["SRP_B"], SecretBlock: block,
		}, w.Clock.Now())
		w.must(err)
		w.wantProof("by SRP", ana, state, device.Proof{Signature: signature, SecretBlock: block, Timestamp: at}, true)
	})
}
