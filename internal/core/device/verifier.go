package device

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"

	"cognate/internal/api/cognitoidp"
	"cognate/internal/base/srp"
)

// The bounds of what ConfirmDevice takes, in bytes. Both values are integers in the encoding of Java's BigInteger: a
// sign byte comes before a top bit that is set, and leading zero bytes are left out, so that one salt in 256 is shorter
// than it was drawn. Clients draw salts of 16 bytes, some of 32; the upper bound only keeps rows small. What is shorter
// than the minimum was not drawn at random.
const (
	maxSalt     = 64
	minSalt     = 8
	minVerifier = srp.Size - 8
)

// secret is what a device proves itself against. It is kept sealed.
type secret struct {
	salt     []byte // without leading zero bytes
	verifier []byte // srp.Size bytes
}

var errSecret = errors.New("device: stored verifier is malformed")

func (s secret) marshal() []byte {
	out := append(make([]byte, 0, 1+len(s.salt)+len(s.verifier)), byte(len(s.salt)))
	return append(append(out, s.salt...), s.verifier...)
}

func parseSecret(b []byte) (secret, error) {
	if len(b) == 0 || len(b) != 1+int(b[0])+srp.Size {
		return secret{}, errSecret
	}
	n := 1 + int(b[0])
	return secret{salt: b[1:n], verifier: b[n:]}, nil
}

// readConfig checks a DeviceSecretVerifierConfig: the refusals are InvalidParameterException.
func readConfig(in *cognitoidp.DeviceSecretVerifierConfigType) (secret, error) {
	if in == nil || in.PasswordVerifier == nil || in.Salt == nil {
		return secret{}, cognitoidp.NewInvalidParameter("DeviceSecretVerifierConfig needs PasswordVerifier and Salt.")
	}
	salt, ok := readInteger(*in.Salt, minSalt, maxSalt)
	if !ok {
		return secret{}, cognitoidp.NewInvalidParameter("Salt in DeviceSecretVerifierConfig must be an integer of %d to %d bytes in base64.", minSalt, maxSalt)
	}
	verifier, ok := readInteger(*in.PasswordVerifier, minVerifier, srp.Size)
	if ok {
		_, err := srp.ResumeServer(verifier, make([]byte, srp.EphemeralSize)) // for its check of the range
		ok = err == nil
	}
	if !ok {
		return secret{}, cognitoidp.NewInvalidParameter("PasswordVerifier in DeviceSecretVerifierConfig must be an integer of %d bytes in base64, below the modulus.", srp.Size)
	}
	full := make([]byte, srp.Size)
	copy(full[srp.Size-len(verifier):], verifier)
	return secret{salt: salt, verifier: full}, nil
}

// readInteger decodes base64 of an integer of least to most bytes and at most one sign byte, which it takes off.
func readInteger(text string, least, most int) ([]byte, bool) {
	if len(text) > base64.StdEncoding.EncodedLen(most+1) {
		return nil, false
	}
	raw, err := base64.StdEncoding.DecodeString(text)
	if err != nil || len(raw) > most+1 {
		return nil, false
	}
	for len(raw) > 0 && raw[0] == 0 {
		raw = raw[1:]
	}
	return raw, len(raw) >= least && len(raw) <= most
}

// seal binds the secret to its table, column, pool and row.
func (d *Devices) seal(ctx context.Context, v *Device, s secret) (err error) {
	v.sealed, err = d.Keys.Seal(ctx, v.PoolID, s.marshal(), table, "verifier", v.Sub, v.Key)
	if err != nil {
		return fmt.Errorf("device: seal verifier: %w", err)
	}
	return nil
}

func (d *Devices) open(ctx context.Context, v *Device) (secret, error) {
	plain, err := d.Keys.Open(ctx, v.PoolID, v.sealed, table, "verifier", v.Sub, v.Key)
	if err != nil {
		return secret{}, fmt.Errorf("device: open verifier: %w", err)
	}
	return parseSecret(plain)
}
