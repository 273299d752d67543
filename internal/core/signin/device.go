package signin

import (
	"context"
	"errors"

	"cognate/internal/api/cognitoidp"
	"cognate/internal/base/db"
	"cognate/internal/base/obs"
	"cognate/internal/core/device"
)

// maxDeviceKey is the longest device key of the API, in characters.
const maxDeviceKey = 55

// recognise looks up the device that the caller says it is, if any, and reports whether it is unknown. Amplify and
// amazon-cognito-identity-js answer the refusal of an unknown one by sending the same proof again without it.
func (e *Engine) recognise(ctx context.Context, s *signIn, key string) (unknown bool, err error) {
	if key == "" {
		return false, nil
	}
	if !device.Tracking(s.Pool) {
		return true, nil
	}
	var found *device.Device
	err = e.DB.Read(ctx, func(tx *db.Tx) (err error) {
		found, err = e.Devices.Find(tx, s.Pool, s.sub, key)
		return err
	})
	if errors.Is(err, device.ErrUnknownDevice) {
		return true, nil
	}
	if err == nil {
		s.device = found
	}
	return false, err
}

// recall looks up the device of a later hop, before anything is spent: the one that the session knows, unless it was
// forgotten since, else the one that the answer names, which has to be known. Where a password will be proven first it
// is too early to say that.
func (e *Engine) recall(ctx context.Context, s *signIn) error {
	if _, err := e.recognise(ctx, s, s.progress.Device); err != nil {
		return err
	}
	if s.device == nil {
		s.progress.DeviceProven = false
	}
	if s.device != nil || undecided(s.Challenge) {
		return nil
	}
	return e.mustRecognise(ctx, s)
}

// mustRecognise refuses an answer that names an unknown device.
func (e *Engine) mustRecognise(ctx context.Context, s *signIn) error {
	unknown, err := e.recognise(ctx, s, s.Params["DEVICE_KEY"])
	if err == nil && unknown {
		obs.Cause(ctx, "unknown device key")
		err = device.Refusal(device.ErrUnknownDevice)
	}
	return err
}

// sameDevice refuses an answer for another device than the session's.
func (s *signIn) sameDevice(ctx context.Context) error {
	if s.device == nil || s.device.Key != s.Params["DEVICE_KEY"] {
		obs.Cause(ctx, "another device than the session's")
		return device.Refusal(device.ErrUnknownDevice)
	}
	return nil
}

// beginDevice answers DEVICE_SRP_AUTH with what DEVICE_PASSWORD_VERIFIER needs.
func (e *Engine) beginDevice(ctx context.Context, r *Request) (_ *signIn, err error) {
	if r.Session == "" {
		if r.Session, err = e.waiting(ctx, r); err != nil {
			return nil, err
		}
	}
	s, err := e.resume(ctx, r, "DEVICE_KEY", "SRP_A")
	if err != nil {
		return nil, err
	}
	if err := s.sameDevice(ctx); err != nil {
		return nil, err
	}
	params, state, err := e.Devices.StartSRP(ctx, s.device, r.Params["SRP_A"])
	if err != nil {
		return nil, errSRPA(ctx, err)
	}
	params["USERNAME"] = s.user.Username
	s.ready = posing{params: params, secret: state, block: true}
	s.proof.Wants = cognitoidp.ChallengeNameTypeDevicePasswordVerifier
	return s, nil
}

// proveDevice verifies the proof of a remembered device. One session is one try. The state travels in SECRET_BLOCK, as
// with a password.
func (e *Engine) proveDevice(ctx context.Context, r *Request) (*signIn, error) {
	block, err := e.answeredBlock(ctx, r, "DEVICE_KEY")
	if err != nil {
		return nil, err
	}
	s, err := e.goOn(ctx, r, block)
	if err != nil {
		return nil, err
	}
	if err := s.sameDevice(ctx); err != nil {
		return nil, err
	}
	s.proof.Claim = ClaimDevice
	s.proof.Right, err = e.Devices.FinishSRP(ctx, s.device, block.Secret, device.Proof{
		Signature: r.Params["PASSWORD_CLAIM_SIGNATURE"], SecretBlock: r.Params["PASSWORD_CLAIM_SECRET_BLOCK"],
		Timestamp: r.Params["TIMESTAMP"],
	})
	s.progress.DeviceProven = s.proof.Right
	return s, err
}
