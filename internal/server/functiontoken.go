package server

import (
	"crypto/rand"
	"encoding/base64"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// FunctionTokenFile is what the owner of a dev server proves to be it with, in the data folder.
const FunctionTokenFile = "function-token"

// functionToken is the chosen token, else that of the data folder; a new one where there is none that only the owner
// can read. A server that writes nothing to disk has none.
func functionToken(chosen, dir string) (string, error) {
	if chosen != "" || dir == "" {
		return chosen, nil
	}
	token := newToken()
	file := filepath.Join(dir, FunctionTokenFile)
	info, err := os.Lstat(file)
	if err == nil && info.Mode().IsRegular() && info.Mode().Perm()&0o077 == 0 {
		text, err := os.ReadFile(file)
		if old := strings.TrimSpace(string(text)); err == nil && len(old) == len(token) {
			return old, nil
		}
	}
	part, err := os.CreateTemp(dir, FunctionTokenFile+".") // for this user alone
	if err != nil {
		return "", fmt.Errorf("function token: %w", err)
	}
	_, err = part.WriteString(token + "\n")
	if closed := part.Close(); err == nil {
		err = closed
	}
	if err == nil {
		err = os.Rename(part.Name(), file)
	}
	if err != nil {
		_ = os.Remove(part.Name())
		return "", fmt.Errorf("function token: %w", err)
	}
	return token, nil
}

func newToken() string {
	var b [32]byte
	_, _ = rand.Read(b[:]) // never fails since Go 1.24
	return base64.RawURLEncoding.EncodeToString(b[:])
}
