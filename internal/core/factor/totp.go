package factor

import (
	"io"

	"cognate/internal/base/otp"
)

// The parameters of Cognito's software tokens.
const (
	totpPeriod = otp.Period
	totpDigits = otp.Digits
	totpDrift  = otp.Drift
)

// seedSize is the length of a seed in bytes; in base32 it has 52 characters, like those of Cognito.
const seedSize = 32

func newSeed(random io.Reader) ([]byte, error) {
	seed := make([]byte, seedSize)
	_, err := io.ReadFull(random, seed)
	return seed, err
}

// secretCode is a seed as authenticator apps take it.
func secretCode(seed []byte) string { return otp.Text(seed) }

// totpStep numbers the time step of a moment in seconds since 1970.
func totpStep(unix int64) int64 { return otp.Step(unix) }

// totp is the code of a seed in a time step.
func totp(seed []byte, step int64, digits int) string { return otp.Code(seed, step, digits) }

// matchTOTP returns the time step that a code belongs to, of those that may be used now: the newest that is above used,
// the last one accepted. ErrReplayed when the code is right for steps up to used only, ErrMismatch when for none.
func matchTOTP(seed []byte, text string, unix, used int64) (int64, error) {
	step, replayed := otp.Match(seed, text, unix, used)
	switch {
	case step >= 0:
		return step, nil
	case replayed:
		return 0, ErrReplayed
	}
	return 0, ErrMismatch
}
