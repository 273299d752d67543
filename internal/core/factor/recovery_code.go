package factor

import (
	"io"
	"strings"
	"unicode"
)

// recoveryAlphabet are the digits of recovery codes, five bits each: those of Crockford's base 32, in which no two look
// alike. recoveryLength makes 50 bits, guessed five times before the lock.
const (
	recoveryAlphabet = "0123456789abcdefghjkmnpqrstvwxyz"
	recoveryLength   = 10
	// maxRecoveryInput is the longest text that is read as a code, in bytes.
	maxRecoveryInput = 64
)

func newRecoveryCode(random io.Reader) (string, error) {
	code := make([]byte, recoveryLength)
	if _, err := io.ReadFull(random, code); err != nil {
		return "", err
	}
	for i := range code {
		code[i] = recoveryAlphabet[code[i]%byte(len(recoveryAlphabet))]
	}
	return string(code), nil
}

// readRecoveryCode brings what a person typed into the form of a code: case, white space and dashes do not count, and
// the letters that are none of the alphabet are the digits they look like. It reports false for what cannot be a code.
func readRecoveryCode(text string) (string, bool) {
	if len(text) > maxRecoveryInput {
		return "", false
	}
	var b strings.Builder
	for _, r := range text {
		switch r = unicode.ToLower(r); {
		case unicode.IsSpace(r), unicode.Is(unicode.Pd, r):
			continue
		case r == 'o':
			r = '0'
		case r == 'i', r == 'l':
			r = '1'
		case !strings.ContainsRune(recoveryAlphabet, r):
			return "", false
		}
		b.WriteRune(r)
	}
	return b.String(), b.Len() == recoveryLength
}
