package esdk

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/sha512"
	"crypto/subtle"
	"encoding/binary"
	"errors"
	"fmt"
)

// Suite is an algorithm suite by its number in the message format.
type Suite uint16

// The suites. Readers of any commitment policy take the first two; SignedOnly
// is for SDK versions before 2.0 and is refused by readers that require
// commitment.
const (
	CommittedSigned Suite = 0x0578 // key commitment, HKDF-SHA512, ECDSA P-384
	Committed       Suite = 0x0478 // key commitment, HKDF-SHA512
	SignedOnly      Suite = 0x0378 // HKDF-SHA384, ECDSA P-384
)

const (
	keySize    = 32
	nonceSize  = 12
	tagSize    = 16
	commitSize = 32
	// PublicKeyContext is the encryption-context key under which signing suites
	// carry their public key; callers must not use it.
	PublicKeyContext = "aws-crypto-public-key"
)

// ErrSuite says that a suite number is not one of those supported.
var ErrSuite = errors.New("esdk: algorithm suite is not supported")

// ParseSuite reads a suite as four hexadecimal digits, such as 0578.
func ParseSuite(text string) (Suite, error) {
	for _, s := range []Suite{CommittedSigned, Committed, SignedOnly} {
		if fmt.Sprintf("%04x", uint16(s)) == text {
			return s, nil
		}
	}
	return 0, fmt.Errorf("%w: %.16q", ErrSuite, text)
}

func (s Suite) known() bool   { return s == CommittedSigned || s == Committed || s == SignedOnly }
func (s Suite) commits() bool { return s == CommittedSigned || s == Committed }
func (s Suite) signs() bool   { return s == CommittedSigned || s == SignedOnly }

// idSize is the length of a message id.
func (s Suite) idSize() int {
	if s.commits() {
		return 32
	}
	return 16
}

// derive makes the content key of one message and, for committing suites, the
// value that binds the message to its data key.
func (s Suite) derive(dataKey, messageID []byte) (gcm cipher.AEAD, commitment []byte, err error) {
	if len(dataKey) != keySize {
		return nil, nil, fmt.Errorf("esdk: data key of %d bytes, want %d", len(dataKey), keySize)
	}
	number := binary.BigEndian.AppendUint16(nil, uint16(s))
	var key []byte
	if s.commits() {
		var prk []byte
		if prk, err = hkdf.Extract(sha512.New, dataKey, messageID); err == nil {
			key, err = hkdf.Expand(sha512.New, prk, string(number)+"DERIVEKEY", keySize)
		}
		if err == nil {
			commitment, err = hkdf.Expand(sha512.New, prk, "COMMITKEY", commitSize)
		}
	} else {
		key, err = hkdf.Key(sha512.New384, dataKey, nil, string(number)+string(messageID), keySize)
	}
	if err != nil {
		return nil, nil, fmt.Errorf("esdk: derive key: %w", err)
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, nil, err
	}
	gcm, err = cipher.NewGCM(block)
	return gcm, commitment, err
}

// sameCommitment compares without telling by its time where they differ.
func sameCommitment(a, b []byte) bool { return subtle.ConstantTimeCompare(a, b) == 1 }
