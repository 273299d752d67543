package keyring

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// KEK is a key-encryption key: it wraps data keys and never leaves its home. A local one is bytes from a file or from
// the environment; one in a key management service calls out.
type KEK interface {
	// ID names the key. It is stored beside every data key it wrapped, so it must not reveal the key.
	ID() string
	// Wrap encrypts a data key bound to aad.
	Wrap(ctx context.Context, key, aad []byte) ([]byte, error)
	// Unwrap returns what Wrap was given, or an error when key, aad or wrapped do not fit.
	Unwrap(ctx context.Context, wrapped, aad []byte) ([]byte, error)
}

// localKEK is a key-encryption key in memory.
type localKEK struct {
	id string
	xaes
}

// NewKEK returns the key-encryption key that consists of 32 random bytes.
func NewKEK(key []byte) (KEK, error) {
	if len(key) != keySize {
		return nil, fmt.Errorf("keyring: key-encryption key of %d bytes, want %d", len(key), keySize)
	}
	id, err := derive(key, "cognate kek id")
	if err != nil {
		return nil, err
	}
	wrap, err := derive(key, "cognate kek wrap")
	if err != nil {
		return nil, err
	}
	x, err := newXAES(wrap)
	if err != nil {
		return nil, err
	}
	return &localKEK{id: hex.EncodeToString(id[:8]), xaes: x}, nil
}

// ParseKEK reads a key-encryption key from text, the standard base64 of 32 bytes, as an environment variable or a key
// file holds it. White space around it is ignored.
func ParseKEK(text string) (KEK, error) {
	key, err := base64.StdEncoding.DecodeString(string(bytes.TrimSpace([]byte(text))))
	if err != nil {
		return nil, errors.New("keyring: key-encryption key is not base64") // err would quote secret bytes' positions
	}
	return NewKEK(key)
}

// FileKEK reads the key-encryption key in the file at path. When there is none and create is set, it makes one: mode
// 0600, synced with its folder before the call returns, and never replacing a file that another process made meanwhile.
func FileKEK(path string, create bool) (KEK, error) {
	text, err := readKEKFile(path)
	if errors.Is(err, fs.ErrNotExist) && create {
		if err := createKEKFile(path, false); err != nil {
			return nil, fmt.Errorf("keyring: make key file: %w", err)
		}
		text, err = readKEKFile(path)
	}
	if err != nil {
		return nil, fmt.Errorf("keyring: key file: %w", err)
	}
	kek, err := ParseKEK(string(text))
	if err != nil {
		return nil, fmt.Errorf("key file %s: %w", path, err)
	}
	return kek, nil
}

// NewFileKEK makes a key-encryption key in a file that must not exist yet.
func NewFileKEK(path string) (KEK, error) {
	if err := createKEKFile(path, true); err != nil {
		return nil, fmt.Errorf("keyring: make key file: %w", err)
	}
	return FileKEK(path, false)
}

// readKEKFile reads a key file. As ssh does, it refuses one of this user's that others may read; a file of another user
// (a mounted secret) has the modes that whoever mounted it chose.
func readKEKFile(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if mode := info.Mode().Perm(); mode&0o077 != 0 && mine(info) {
		return nil, fmt.Errorf("%s has mode %04o, so that others can use it; run chmod 600 on it", path, mode)
	}
	return io.ReadAll(io.LimitReader(f, 4096))
}

// createKEKFile writes a new key under a temporary name and links it into place, so that the file is whole or absent
// after a crash, and the first of several processes wins. With exclusive set, not to win is an error.
func createKEKFile(path string, exclusive bool) (err error) {
	dir := filepath.Dir(path)
	f, err := os.CreateTemp(dir, ".kek-*") // made with mode 0600
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.Remove(f.Name())) }()
	var key [keySize]byte
	_, _ = rand.Read(key[:]) // never fails
	_, err = f.WriteString(base64.StdEncoding.EncodeToString(key[:]) + "\n")
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	if err := os.Link(f.Name(), path); err != nil && (exclusive || !errors.Is(err, fs.ErrExist)) {
		return err
	}
	return syncDir(dir)
}

// syncDir makes the folder's entries durable.
func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// ID returns eight bytes derived from the key, in hexadecimal.
func (l *localKEK) ID() string { return l.id }

// Wrap encrypts a data key.
func (l *localKEK) Wrap(_ context.Context, key, aad []byte) ([]byte, error) {
	nonce := make([]byte, nonceSize, nonceSize+len(key)+tagSize)
	_, _ = rand.Read(nonce) // never fails
	return l.seal(nonce, nonce, key, aad)
}

// Unwrap decrypts a data key.
func (l *localKEK) Unwrap(_ context.Context, wrapped, aad []byte) ([]byte, error) {
	if len(wrapped) < nonceSize+tagSize {
		return nil, ErrOpen
	}
	return l.open(wrapped[:nonceSize], wrapped[nonceSize:], aad)
}
