package factor

import (
	"crypto/hmac"
	"crypto/sha1"
	"crypto/subtle"
	"encoding/base32"
	"encoding/binary"
	"fmt"
	"io"
)

// The parameters of Cognito's software tokens (RFC 6238 with its defaults): SHA-1, 30 seconds, 6 digits, and one step
// of tolerance in both directions.
const (
	totpPeriod = 30
	totpDigits = 6
	totpDrift  = 1
)

// seedSize is the length of a seed in bytes; in base32 it has 52 characters, like those of Cognito.
const seedSize = 32

func newSeed(random io.Reader) ([]byte, error) {
	seed := make([]byte, seedSize)
	_, err := io.ReadFull(random, seed)
	return seed, err
}

// secretCode is a seed as authenticator apps take it.
func secretCode(seed []byte) string {
	return base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(seed)
}

// totpStep numbers the time step of a moment in seconds since 1970.
func totpStep(unix int64) int64 { return unix / totpPeriod }

// totp is the code of a seed in a time step: HOTP (RFC 4226 section 5.3) with the step as counter.
func totp(seed []byte, step int64, digits int) string {
	mac := hmac.New(sha1.New, seed)
	mac.Write(binary.BigEndian.AppendUint64(nil, uint64(step)))
	sum := mac.Sum(nil)
	at := sum[len(sum)-1] & 0xf
	n := binary.BigEndian.Uint32(sum[at:]) & 0x7fffffff
	mod := uint32(1)
	for range digits {
		mod *= 10
	}
	return fmt.Sprintf("%0*d", digits, n%mod)
}

// matchTOTP returns the time step that a code belongs to, of those that may be used now: the newest that is above used,
// the last one accepted. ErrReplayed when the code is right for steps up to used only, ErrMismatch when for none. Every
// step is computed and compared, whatever the code.
func matchTOTP(seed []byte, text string, unix, used int64) (int64, error) {
	now := totpStep(unix)
	found, replayed := int64(-1), 0
	for step := now - totpDrift; step <= now+totpDrift; step++ {
		same := subtle.ConstantTimeCompare([]byte(totp(seed, step, totpDigits)), []byte(text))
		if step > used {
			found = int64(subtle.ConstantTimeSelect(same, int(step), int(found)))
		} else {
			replayed |= same
		}
	}
	switch {
	case found >= 0:
		return found, nil
	case replayed == 1:
		return 0, ErrReplayed
	}
	return 0, ErrMismatch
}
