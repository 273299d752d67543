package esdk

import (
	"context"
	"crypto/cipher"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/sha512"
	"encoding/base64"
	"errors"
	"fmt"
	"math/big"
)

var (
	// ErrMalformed says that the bytes are not a message.
	ErrMalformed = errors.New("esdk: malformed message")
	// ErrForged says that a message was altered, cut off or made with another key.
	ErrForged = errors.New("esdk: message is not authentic")
)

// Unwrapper recovers data keys: a key management service's Decrypt.
type Unwrapper interface {
	UnwrapDataKey(ctx context.Context, wrapped WrappedKey, encryptionContext map[string]string) ([]byte, error)
}

// Decrypt returns the plaintext and the encryption context of a message. It
// releases nothing before everything, the signature included, is verified.
// Errors wrap ErrMalformed, ErrSuite, ErrForged or what keys answered.
func Decrypt(ctx context.Context, keys Unwrapper, message []byte) ([]byte, map[string]string, error) {
	r := &reader{rest: message}
	h, err := parseHeader(r)
	if err != nil {
		return nil, nil, err
	}
	body := message[:len(message)-len(r.rest)]
	verifier, err := h.verifier()
	if err != nil {
		return nil, nil, err
	}
	gcm, err := h.unlock(ctx, keys)
	if err != nil {
		return nil, nil, err
	}
	nonce := make([]byte, nonceSize)
	if !h.suite.commits() {
		nonce = r.take(nonceSize)
	}
	tag := r.take(tagSize)
	if r.bad {
		return nil, nil, fmt.Errorf("%w: header tag", ErrMalformed)
	}
	if _, err := gcm.Open(nil, nonce, tag, body); err != nil {
		return nil, nil, fmt.Errorf("%w: header", ErrForged)
	}
	plaintext, err := openFrames(r, gcm, h)
	if err != nil {
		return nil, nil, err
	}
	signed := message[:len(message)-len(r.rest)]
	if verifier != nil {
		digest := sha512.Sum384(signed)
		if signature := r.field(); r.bad || !ecdsa.VerifyASN1(verifier, digest[:], signature) {
			return nil, nil, fmt.Errorf("%w: signature", ErrForged)
		}
	}
	if len(r.rest) != 0 {
		return nil, nil, fmt.Errorf("%w: bytes after the end", ErrMalformed)
	}
	return plaintext, h.context, nil
}

// unlock tries the wrapped keys in turn and derives the content key.
func (h *header) unlock(ctx context.Context, keys Unwrapper) (cipher.AEAD, error) {
	var errs []error
	for _, wrapped := range h.keys {
		dataKey, err := keys.UnwrapDataKey(ctx, wrapped, h.context)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		gcm, commitment, err := h.suite.derive(dataKey, h.messageID)
		if err != nil {
			return nil, err
		}
		if !sameCommitment(commitment, h.commitment) {
			return nil, fmt.Errorf("%w: commitment", ErrForged)
		}
		return gcm, nil
	}
	return nil, fmt.Errorf("esdk: no data key: %w", errors.Join(errs...))
}

// verifier is the public key of signing suites, nil for others.
func (h *header) verifier() (*ecdsa.PublicKey, error) {
	text, there := h.context[PublicKeyContext]
	if there != h.suite.signs() {
		return nil, fmt.Errorf("%w: public key", ErrMalformed)
	}
	if !there {
		return nil, nil
	}
	point, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		return nil, fmt.Errorf("%w: public key", ErrMalformed)
	}
	x, y := elliptic.UnmarshalCompressed(elliptic.P384(), point)
	if x == nil {
		return nil, fmt.Errorf("%w: public key", ErrMalformed)
	}
	return ecdsa.ParseUncompressedPublicKey(elliptic.P384(), uncompressed(x, y))
}

func uncompressed(x, y *big.Int) []byte {
	const half = 48
	b := make([]byte, 1+2*half)
	b[0] = 4
	x.FillBytes(b[1 : 1+half])
	y.FillBytes(b[1+half:])
	return b
}

func openFrames(r *reader, gcm cipher.AEAD, h *header) ([]byte, error) {
	var plaintext []byte
	for want := uint32(1); ; want++ {
		seq, size, final := r.number(4), int(h.frame), false
		if seq == lastFrame {
			seq, final = r.number(4), true
		}
		nonce := r.take(nonceSize)
		if final {
			size = int(r.number(4))
		}
		if r.bad || seq != want || size > int(h.frame) {
			return nil, fmt.Errorf("%w: frame %d", ErrMalformed, want)
		}
		box := r.take(size + tagSize)
		if r.bad {
			return nil, fmt.Errorf("%w: frame %d", ErrMalformed, want)
		}
		part, err := gcm.Open(nil, nonce, box, frameAAD(h.messageID, final, seq, size))
		if err != nil {
			return nil, fmt.Errorf("%w: frame %d", ErrForged, want)
		}
		plaintext = append(plaintext, part...)
		if final {
			return plaintext, nil
		}
	}
}
