package keyring

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/sha256"
	"crypto/subtle"
	"fmt"
)

// Sizes of data keys and nonces in bytes.
const (
	keySize   = 32
	nonceSize = 24
)

// dataKey seals under one data key.
type dataKey struct {
	id uint32
	xaes
}

// newDataKey derives the sealing key from a data key's secret.
func newDataKey(id uint32, secret []byte) (*dataKey, error) {
	key, err := derive(secret, "cognate keyring seal")
	if err != nil {
		return nil, err
	}
	x, err := newXAES(key)
	if err != nil {
		return nil, err
	}
	return &dataKey{id: id, xaes: x}, nil
}

// derive returns the subkey of a data key for one use, so that sealing and hashing never share a key.
func derive(secret []byte, use string) ([]byte, error) {
	key, err := hkdf.Key(sha256.New, secret, nil, use, keySize)
	if err != nil {
		return nil, fmt.Errorf("keyring: derive: %w", err)
	}
	return key, nil
}

// xaes is XAES-256-GCM (C2SP, version 1.0.0): the first half of the nonce derives a key of its own for each message by
// the CMAC-based KDF of NIST SP 800-108, the second half is the nonce of AES-256-GCM under that key.
type xaes struct {
	block cipher.Block
	k1    [aes.BlockSize]byte
}

func newXAES(key []byte) (xaes, error) {
	block, err := aes.NewCipher(key)
	if err != nil {
		return xaes{}, fmt.Errorf("keyring: %w", err)
	}
	x := xaes{block: block}
	block.Encrypt(x.k1[:], x.k1[:])
	var top byte
	for i := len(x.k1) - 1; i >= 0; i-- {
		x.k1[i], top = x.k1[i]<<1|top, x.k1[i]>>7
	}
	x.k1[len(x.k1)-1] ^= top * 0x87 // no branch on the secret bit
	return x, nil
}

// gcm returns the AES-256-GCM of one message.
func (x *xaes) gcm(nonce []byte) (cipher.AEAD, error) {
	var key [keySize]byte
	for half := range 2 {
		block := key[half*aes.BlockSize:][:aes.BlockSize]
		block[1], block[2] = byte(half+1), 'X'
		copy(block[4:], nonce[:12])
		subtle.XORBytes(block, block, x.k1[:])
		x.block.Encrypt(block, block)
	}
	block, err := aes.NewCipher(key[:])
	if err != nil {
		return nil, fmt.Errorf("keyring: %w", err)
	}
	aead, err := cipher.NewGCM(block)
	if err != nil {
		return nil, fmt.Errorf("keyring: %w", err)
	}
	return aead, nil
}

// seal appends ciphertext and tag to dst.
func (x *xaes) seal(dst, nonce, plaintext, aad []byte) ([]byte, error) {
	aead, err := x.gcm(nonce)
	if err != nil {
		return nil, err
	}
	return aead.Seal(dst, nonce[12:], plaintext, aad), nil
}

// open returns the plaintext, or ErrOpen.
func (x *xaes) open(nonce, box, aad []byte) ([]byte, error) {
	aead, err := x.gcm(nonce)
	if err != nil {
		return nil, err
	}
	plaintext, err := aead.Open(nil, nonce[12:], box, aad)
	if err != nil {
		return nil, ErrOpen
	}
	return plaintext, nil
}
