package kms

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"

	"cognate/internal/base/pack"
)

// A ciphertext is: format, length of the key id, key id, salt, nonce, and the
// AES-256-GCM box under a key derived from the key's material and the salt. The
// box authenticates what stands before it and the encryption context.
const (
	format    = 1
	saltSize  = 16
	nonceSize = 12
)

// errCiphertext says that a ciphertext was altered, belongs to another
// encryption context, or is none of ours. The cases are not told apart.
var errCiphertext = errors.New("kms: ciphertext does not open")

func (k *Keys) encrypt(ctx context.Context, row keyRow, plaintext []byte, encryptionContext map[string]string) ([]byte, error) {
	material, err := k.material(ctx, row)
	if err != nil {
		return nil, err
	}
	head := append([]byte{format, byte(len(row.id))}, row.id...)
	random := make([]byte, saltSize+nonceSize)
	if _, err := io.ReadFull(k.deps.Rand, random); err != nil {
		return nil, fmt.Errorf("kms: nonce: %w", err)
	}
	head = append(head, random...)
	gcm, err := box(material, random[:saltSize])
	if err != nil {
		return nil, err
	}
	return gcm.Seal(head, random[saltSize:], plaintext, bound(head, encryptionContext)), nil
}

// splitCiphertext answers the id of the key that made a ciphertext and where
// its box begins.
func splitCiphertext(blob []byte) (keyID string, boxAt int, err error) {
	if len(blob) < 2 || blob[0] != format {
		return "", 0, errCiphertext
	}
	boxAt = 2 + int(blob[1]) + saltSize + nonceSize
	if len(blob) < boxAt || !rowForm.Match(blob[2:2+int(blob[1])]) {
		return "", 0, errCiphertext
	}
	return string(blob[2 : 2+int(blob[1])]), boxAt, nil
}

func (k *Keys) decrypt(ctx context.Context, row keyRow, blob []byte, boxAt int, encryptionContext map[string]string) ([]byte, error) {
	material, err := k.material(ctx, row)
	if err != nil {
		return nil, err
	}
	head := blob[:boxAt]
	random := head[len(head)-saltSize-nonceSize:]
	gcm, err := box(material, random[:saltSize])
	if err != nil {
		return nil, err
	}
	plaintext, err := gcm.Open(nil, random[saltSize:], blob[boxAt:], bound(head, encryptionContext))
	if err != nil {
		return nil, errCiphertext
	}
	return plaintext, nil
}

// box derives the key of one ciphertext, so that the number of encryptions
// under one key is not limited by the length of a nonce.
func box(material, salt []byte) (cipher.AEAD, error) {
	key, err := hkdf.Key(sha256.New, material, salt, "cognate kms", 32)
	if err != nil {
		return nil, fmt.Errorf("kms: derive: %w", err)
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	return cipher.NewGCM(block)
}

// bound is the associated data: head and the pairs in order, each with its
// length, so that no two different contexts give the same bytes.
func bound(head []byte, encryptionContext map[string]string) []byte {
	b := pack.Text(nil, head)
	for _, key := range slices.Sorted(maps.Keys(encryptionContext)) {
		b = pack.Text(pack.Text(b, key), encryptionContext[key])
	}
	return b
}
