package signin

import (
	"context"
	"errors"

	"cognate/internal/base/db"
	"cognate/internal/base/obs"
	"cognate/internal/core/challenge"
	"cognate/internal/core/device"
	"cognate/internal/core/guard"
	"cognate/internal/core/session"
)

// At the pages the browser is the device. It becomes one with the end of a sign-in, keeps a key and a secret for each of its
// users, and proves itself by the secret as soon as a first factor is proven: what DEVICE_SRP_AUTH does at the API. A
// browser that cannot is a new device.

// held is what the browser keeps for a user, nil for nothing.
func (r *Request) held(sub string) *device.Held {
	for i := range r.Held {
		if r.Door.Browser && r.Held[i].Sub == sub && len(r.Held[i].Key) <= maxDeviceKey {
			return &r.Held[i]
		}
	}
	return nil
}

// proveBrowser judges what a browser keeps for the user, once. It is called after every prover and does nothing until a
// first factor is proven: before that it would tell, and let guess, what only the owner may know. The outcome is counted
// by the commit, before it is told or acted on.
func (e *Engine) proveBrowser(ctx context.Context, s *signIn) error {
	if !s.Door.Browser || !device.Tracking(s.Pool) || s.device != nil || s.user == nil || s.locked || len(s.progress.Proven) == 0 {
		return nil
	}
	held := s.held(s.user.Sub)
	if held == nil {
		return nil
	}
	var found *device.Device
	err := e.DB.Read(ctx, func(tx *db.Tx) (err error) {
		found, err = e.Devices.Find(tx, s.Pool, s.user.Sub, held.Key)
		return err
	})
	if errors.Is(err, device.ErrUnknownDevice) {
		obs.Cause(ctx, "the device that the browser was is forgotten")
		return nil
	}
	if err != nil {
		return err
	}
	right, err := e.Devices.Proves(ctx, found, held.Secret)
	if err != nil {
		return err
	}
	if !right {
		obs.Cause(ctx, "wrong proof of the browser's device")
		guard.Wrong(ctx)
		s.browser = DeviceWrong
		return nil
	}
	s.browser, s.device, s.progress.DeviceProven = DeviceRight, found, true
	return nil
}

// asksToRemember reports whether the user may say that the browser is to be remembered: where the pool asks for that, and
// it is not yet.
func (s *signIn) asksToRemember() bool {
	return s.Door.Browser && device.AskUser(s.Pool) && !device.Remembered(s.device)
}

// newDevice draws the keys of a device that the sign-in did not come from before.
func (e *Engine) newDevice(ctx context.Context, s *signIn) (device.Issued, error) {
	if !s.Door.Browser {
		return e.Devices.Issue(ctx, s.Pool)
	}
	name := session.DeviceType(obs.From(ctx).UserAgent)
	v, held, err := e.Devices.Browser(ctx, s.Pool, s.user.Sub, name, s.Remember || !device.AskUser(s.Pool))
	if err != nil {
		return device.Issued{}, err
	}
	s.enrolled, s.kept = v, &held
	return device.Issued{DeviceKey: v.Key, GroupKey: v.GroupKey}, nil
}

// keepDevice writes what the end of a sign-in means for its device.
func (e *Engine) keepDevice(tx *db.Tx, s *signIn) error {
	if s.enrolled != nil {
		return e.Devices.Add(tx, s.Pool, s.user, s.enrolled)
	}
	if s.device == nil {
		return nil
	}
	err := e.Devices.Touch(tx, s.device, e.now(), obs.From(tx.Context()).ClientIP.String())
	if err == nil && s.Remember && s.asksToRemember() {
		err = e.Devices.Remember(tx, s.Pool, s.user, s.device.Key)
	}
	if errors.Is(err, device.ErrUnknownDevice) && s.Door.Browser { // forgotten since it has proven itself
		obs.Cause(tx.Context(), "%v", err)
		return challenge.Unusable()
	}
	return device.Refusal(err)
}
