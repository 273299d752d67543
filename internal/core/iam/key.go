package iam

import (
	"encoding/base32"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
)

// longTerm begins the ids of keys that have no end.
const longTerm = "AKIA"

// generateKey makes a long-term key.
func generateKey(rand io.Reader, account string) (*RootKey, error) {
	id, err := KeyID(rand, account, longTerm)
	if err != nil {
		return nil, err
	}
	var secret [30]byte
	if _, err := io.ReadFull(rand, secret[:]); err != nil {
		return nil, fmt.Errorf("iam: random: %w", err)
	}
	return &RootKey{AccessKeyID: id, Secret: base64.StdEncoding.EncodeToString(secret[:])}, nil
}

// KeyID draws an access key id of AWS's form: the prefix and 16 characters of base32, which carry the account where tools
// expect it (bits 7 to 46 of the first six bytes).
func KeyID(rand io.Reader, account, prefix string) (string, error) {
	var idBytes [10]byte
	if _, err := io.ReadFull(rand, idBytes[:]); err != nil {
		return "", fmt.Errorf("iam: random: %w", err)
	}
	n, err := strconv.ParseUint(account, 10, 40)
	if err != nil {
		return "", fmt.Errorf("iam: account %q: %w", account, err)
	}
	var head uint64
	for _, b := range idBytes[:6] {
		head = head<<8 | uint64(b)
	}
	head = head&^(uint64(1)<<47-1<<7) | n<<7
	for i := 5; i >= 0; i-- {
		idBytes[i] = byte(head)
		head >>= 8
	}
	return prefix + base32.StdEncoding.EncodeToString(idBytes[:]), nil
}

// AccountIn reads the account that the id of an access key carries; false when it has not the form.
func AccountIn(id string) (string, bool) {
	if len(id) != 20 || !strings.HasPrefix(id, longTerm) && !strings.HasPrefix(id, Temporary) {
		return "", false
	}
	raw, err := base32.StdEncoding.DecodeString(id[4:])
	if err != nil {
		return "", false
	}
	var head uint64
	for _, b := range raw[:6] {
		head = head<<8 | uint64(b)
	}
	n := head & (1<<47 - 1) >> 7
	return fmt.Sprintf("%012d", n), n < 1e12
}

// validate checks a key that the operator chose. Its errors never show the secret.
func (k *RootKey) validate() error {
	if k.AccessKeyID == "" || k.Secret == "" {
		return errors.New("iam: root access key id and secret must be given together")
	}
	if len(k.AccessKeyID) < 16 || len(k.AccessKeyID) > 128 {
		return errors.New("iam: root access key id must have 16 to 128 characters")
	}
	for _, c := range k.AccessKeyID {
		if !('a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || c == '_') {
			return errors.New("iam: root access key id may hold only letters, digits and underscores")
		}
	}
	if len(k.Secret) < 16 || len(k.Secret) > 256 {
		return errors.New("iam: root secret must have 16 to 256 characters")
	}
	for i := range len(k.Secret) {
		if k.Secret[i] <= ' ' || k.Secret[i] > '~' {
			return errors.New("iam: root secret may hold only visible ASCII characters")
		}
	}
	return nil
}

func isAccount(s string) bool {
	if len(s) != 12 {
		return false
	}
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return true
}
