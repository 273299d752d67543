package device

import (
	"cognate/internal/api/cognitoidp"
	"cognate/internal/core/pool"
	"cognate/internal/core/token"
)

// Tracking reports whether the pool keeps devices. A sign-in without a known device is then issued one.
func Tracking(p *pool.Pool) bool { return p.Config.DeviceConfiguration != nil }

// Remembered reports whether the device is trusted; false for nil, which stands for no known device.
func Remembered(d *Device) bool {
	return d != nil && d.Status == cognitoidp.DeviceRememberedStatusTypeRemembered
}

// MustProve reports whether DEVICE_SRP_AUTH has to come before tokens: in place of the challenge of a second factor when
// ReplacesMFA, after it otherwise. A known device that is not remembered is not asked, but tokens are bound to it.
func MustProve(p *pool.Pool, d *Device) bool { return Tracking(p) && Remembered(d) }

// ReplacesMFA reports whether proving the device stands in for the challenge of a second factor, which the pool then
// demands of new devices only. It does not stand in for setting a factor up.
func ReplacesMFA(p *pool.Pool, d *Device) bool { return MustProve(p, d) && SparesMFA(p) }

// SparesMFA reports whether the pool asks remembered devices for no second factor.
func SparesMFA(p *pool.Pool) bool {
	return Tracking(p) && on(p.Config.DeviceConfiguration.ChallengeRequiredOnNewDevice)
}

// AskUser reports whether a confirmed device is remembered only once its user says so (UpdateDeviceStatus).
func AskUser(p *pool.Pool) bool {
	return Tracking(p) && on(p.Config.DeviceConfiguration.DeviceOnlyRememberedOnUserPrompt)
}

// CheckRefresh returns token.ErrInvalidRefresh unless a refresh that names deviceKey, "" for none, may use the session.
// While the pool tracks devices, a session that is bound to one is refreshed with its key only. One that came through the
// pages is refreshed without a key too: its device is the browser, whose key the app was never told.
func CheckRefresh(p *pool.Pool, s *token.Session, deviceKey string) error {
	if !Tracking(p) || deviceKey == "" && s.Parent != "" {
		return nil
	}
	return s.CheckDevice(deviceKey)
}

func on(b *bool) bool { return b != nil && *b }
