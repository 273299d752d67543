// Package otp is the arithmetic of time-based one-time passwords (RFC 6238 with its defaults, as authenticator apps
// know them): SHA-1 and steps of 30 seconds.
package otp

import (
	"crypto/hmac"
	"crypto/sha1"
	"crypto/subtle"
	"encoding/base32"
	"encoding/binary"
	"fmt"
)

// The parameters, and the steps of tolerance in both directions.
const (
	Period = 30
	Digits = 6
	Drift  = 1
)

// Text is a seed as authenticator apps take it.
func Text(seed []byte) string {
	return base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(seed)
}

// Step numbers the time step of a moment in seconds since 1970.
func Step(unix int64) int64 { return unix / Period }

// Code is the code of a seed in a time step: HOTP (RFC 4226 section 5.3) with the step as counter.
func Code(seed []byte, step int64, digits int) string {
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

// Match returns the newest time step within the tolerance that a code belongs to and that is above used, the last one
// accepted; -1 for none. replayed says that the code is right for steps up to used. Every step is computed and compared,
// whatever the code.
func Match(seed []byte, text string, unix, used int64) (step int64, replayed bool) {
	now, found, again := Step(unix), int64(-1), 0
	for step := now - Drift; step <= now+Drift; step++ {
		same := subtle.ConstantTimeCompare([]byte(Code(seed, step, Digits)), []byte(text))
		if step > used {
			found = int64(subtle.ConstantTimeSelect(same, int(step), int(found)))
		} else {
			again |= same
		}
	}
	return found, again == 1
}
