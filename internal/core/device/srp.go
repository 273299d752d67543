package device

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"

	"cognate/internal/base/obs"
	"cognate/internal/base/srp"
)

// StartSRP answers DEVICE_SRP_AUTH. It returns SRP_B, SALT and DEVICE_KEY of the DEVICE_PASSWORD_VERIFIER challenge, to
// which sign-in adds USERNAME and SECRET_BLOCK, and the state that FinishSRP needs. The state holds the server's secret
// exponent: it belongs into a sealed session (challenge.State.Secret). A public value that is malformed or a multiple of
// N is srp.ErrBadA. Run it outside transactions.
func (d *Devices) StartSRP(ctx context.Context, v *Device, srpA string) (params map[string]string, state []byte, err error) {
	s, err := d.open(ctx, v)
	if err != nil {
		return nil, nil, err
	}
	server, err := srp.NewServer(s.verifier, d.Rand)
	if err != nil {
		return nil, nil, fmt.Errorf("device: srp: %w", err)
	}
	kept, err := server.Begin(srpA)
	if err != nil {
		return nil, nil, fmt.Errorf("device: srp: %w", err)
	}
	params = map[string]string{"SRP_B": server.B(), "SALT": srp.Hex(s.salt), "DEVICE_KEY": v.Key}
	return params, append(mark(v), kept...), nil
}

// Proof is the answer to DEVICE_PASSWORD_VERIFIER as the client sent it.
type Proof struct {
	Signature   string // PASSWORD_CLAIM_SIGNATURE, standard base64
	SecretBlock string // PASSWORD_CLAIM_SECRET_BLOCK, standard base64
	Timestamp   string // TIMESTAMP
}

// FinishSRP reports whether the proof answers the exchange that StartSRP began for this device, as it is now: find the
// device again before. It does not make a proof good for one use; spending the session does. Errors are failures of the
// machine. Run it outside transactions.
func (d *Devices) FinishSRP(ctx context.Context, v *Device, state []byte, proof Proof) (bool, error) {
	expected := mark(v)
	if len(state) < len(expected) || subtle.ConstantTimeCompare(state[:len(expected)], expected) != 1 {
		obs.Cause(ctx, "the exchange was begun for another device")
		return false, nil
	}
	signature, err := base64.StdEncoding.DecodeString(proof.Signature)
	if err != nil {
		return false, nil
	}
	block, err := base64.StdEncoding.DecodeString(proof.SecretBlock)
	if err != nil {
		return false, nil
	}
	s, err := d.open(ctx, v)
	if err != nil {
		return false, err
	}
	key, err := srp.Finish(s.verifier, state[len(expected):])
	if errors.Is(err, srp.ErrState) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("device: srp: %w", err)
	}
	return srp.Check(signature, key, v.GroupKey, v.Key, block, proof.Timestamp), nil
}

// mark names the device within a state, in a fixed length.
func mark(v *Device) []byte {
	h := sha256.New()
	for _, s := range []string{v.PoolID, v.Sub, v.GroupKey, v.Key} {
		sum := sha256.Sum256([]byte(s))
		h.Write(sum[:])
	}
	return h.Sum(nil)
}
