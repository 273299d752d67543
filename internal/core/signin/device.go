package signin

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"cognate/internal/api/cognitoidp"
	"cognate/internal/base/db"
	"cognate/internal/base/obs"
	"cognate/internal/base/srp"
	"cognate/internal/core/challenge"
	"cognate/internal/core/device"
	"cognate/internal/core/token"
)

// recognise looks up the device that the caller says it is, once the first
// factor is proven. Amplify and amazon-cognito-identity-js answer the refusal of
// an unknown one by sending the same proof again without it, so nothing may be
// spent before.
func (e *Engine) recognise(ctx context.Context, a *attempt, key string) error {
	if key == "" {
		return nil
	}
	if !device.Tracking(a.Pool) {
		obs.Cause(ctx, "device key in a pool that tracks no devices")
		return device.Refusal(device.ErrUnknownDevice)
	}
	err := e.DB.Read(ctx, func(tx *db.Tx) (err error) {
		a.device, err = e.Devices.Find(tx, a.Pool, a.account, key)
		return err
	})
	if errors.Is(err, device.ErrUnknownDevice) {
		obs.Cause(ctx, "unknown device key")
	}
	return device.Refusal(err)
}

// maxDeviceKey is the longest device key of the API, in characters.
const maxDeviceKey = 55

// recall looks up the device of a later hop, before anything is spent: the one
// that the session knows, unless it was forgotten since, else the one that the
// answer names.
func (e *Engine) recall(ctx context.Context, a *attempt, step factorStep) error {
	if err := e.remember(ctx, a, step.Device); err != nil {
		return err
	}
	if a.device != nil {
		a.deviceProven = step.Trusted
		return nil
	}
	if undecided(a.Challenge) {
		return nil // a password will be proven first
	}
	return e.recognise(ctx, a, a.Params["DEVICE_KEY"])
}

// remember looks up the device that an earlier hop named. One that is unknown is
// left aside: clients that were told so repeat the answer without it.
func (e *Engine) remember(ctx context.Context, a *attempt, key string) error {
	var unknown *cognitoidp.ResourceNotFoundException
	err := e.recognise(ctx, a, key)
	if errors.As(err, &unknown) {
		a.device = nil
		return nil
	}
	return err
}

// askDevice poses DEVICE_SRP_AUTH: what is proven so far counts once the device
// has proven itself too.
func (e *Engine) askDevice(ctx context.Context, a *attempt, answered *challenge.State, change func(*db.Tx) error) (*Answer, error) {
	_, session, err := e.factorSession(ctx, a, cognitoidp.ChallengeNameTypeDeviceSrpAuth, factorStep{Verified: a.userVerified})
	if err != nil {
		return nil, err
	}
	err = e.DB.Update(ctx, func(tx *db.Tx) error { return e.turn(tx, a, answered, change) })
	if err != nil {
		return nil, e.turned(err)
	}
	return &Answer{
		Challenge: cognitoidp.ChallengeNameTypeDeviceSrpAuth, Session: session,
		Params: map[string]string{"USERNAME": a.user.Username, "DEVICE_KEY": a.device.Key},
	}, nil
}

// respondDeviceSRP answers DEVICE_SRP_AUTH with DEVICE_PASSWORD_VERIFIER.
func (e *Engine) respondDeviceSRP(ctx context.Context, r *Request) (*Answer, error) {
	a, st, step, err := e.answeredFactor(ctx, r, "DEVICE_KEY", "SRP_A")
	if err != nil {
		return nil, err
	}
	if a.device == nil || a.device.Key != r.Params["DEVICE_KEY"] {
		obs.Cause(ctx, "another device than the session's")
		return nil, device.Refusal(device.ErrUnknownDevice)
	}
	params, state, err := e.Devices.StartSRP(ctx, a.device, r.Params["SRP_A"])
	if errors.Is(err, srp.ErrBadA) {
		obs.Cause(ctx, "SRP_A refused: %v", err)
		return nil, errInvalid("Invalid SRP_A value.")
	}
	if err != nil {
		return nil, err
	}
	next := e.newState(r, cognitoidp.ChallengeNameTypeDevicePasswordVerifier)
	next.Sub, next.Username, next.Proven, next.Secret = st.Sub, st.Username, st.Proven, state
	step.Device = a.device.Key
	if next.Data, err = json.Marshal(step); err != nil {
		return nil, fmt.Errorf("device session: %w", err)
	}
	block, err := e.Sessions.SealBlock(ctx, next)
	if err != nil {
		return nil, err
	}
	// The Session need not repeat what only the block is asked for.
	named := *next
	named.Secret = nil
	session, err := e.Sessions.Seal(ctx, &named)
	if err != nil {
		return nil, err
	}
	if err := e.DB.Update(ctx, func(tx *db.Tx) error { return e.spend(tx, st) }); err != nil {
		return nil, err
	}
	params["SECRET_BLOCK"], params["USERNAME"] = block, a.user.Username
	return &Answer{Challenge: cognitoidp.ChallengeNameTypeDevicePasswordVerifier, Params: params, Session: session}, nil
}

// respondDeviceVerifier verifies the proof of a remembered device and ends the
// sign-in. One session is one try.
func (e *Engine) respondDeviceVerifier(ctx context.Context, r *Request) (*Answer, error) {
	a, st, _, err := e.answeredFactor(ctx, r, "DEVICE_KEY", "PASSWORD_CLAIM_SECRET_BLOCK", "PASSWORD_CLAIM_SIGNATURE", "TIMESTAMP")
	if err != nil {
		return nil, err
	}
	if !wellTimed(r.Params["TIMESTAMP"]) {
		return nil, errTimestamp()
	}
	block, err := e.Sessions.OpenBlock(ctx, r.Pool.ID, r.Client.ID, r.Params["PASSWORD_CLAIM_SECRET_BLOCK"])
	if err == nil {
		err = block.Require(string(r.Challenge))
	}
	if err != nil {
		return nil, sessionRefusal(ctx, err)
	}
	if block.ID != st.ID {
		obs.Cause(ctx, "session and secret block are of different sign-ins")
		return nil, errBadSession()
	}
	if a.device == nil || a.device.Key != r.Params["DEVICE_KEY"] {
		obs.Cause(ctx, "another device than the session's")
		return nil, device.Refusal(device.ErrUnknownDevice)
	}
	proven, err := e.Devices.FinishSRP(ctx, a.device, block.Secret, device.Proof{
		Signature: r.Params["PASSWORD_CLAIM_SIGNATURE"], SecretBlock: r.Params["PASSWORD_CLAIM_SECRET_BLOCK"],
		Timestamp: r.Params["TIMESTAMP"],
	})
	if err != nil {
		return nil, err
	}
	if !proven {
		obs.Cause(ctx, "wrong proof of the device")
		return nil, e.refuse(ctx, a, errWrongPassword(), true, st)
	}
	a.deviceProven = true
	return e.finish(ctx, a, st, nil)
}

// bindDevice ties the tokens of a sign-in to its device: the known one, or keys
// that ConfirmDevice will accept, which the answer then carries.
func (e *Engine) bindDevice(ctx context.Context, a *attempt, s *token.Subject) (*cognitoidp.NewDeviceMetadataType, error) {
	if !device.Tracking(a.Pool) {
		return nil, nil
	}
	if a.device != nil {
		s.DeviceKey = a.device.Key
		return nil, nil
	}
	issued, err := e.Devices.Issue(ctx, a.Pool)
	if err != nil {
		return nil, err
	}
	s.DeviceKey = issued.DeviceKey
	return issued.Metadata(), nil
}
