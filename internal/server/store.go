package server

import (
	"context"
	"crypto/rand"
	"fmt"
	"os"
	"path/filepath"

	"cognate/internal/base/db"
	"cognate/internal/base/keyring"
	"cognate/internal/config"
	"cognate/internal/rooms"
)

// openStore opens the database, brings its schema up to date and opens the
// keyring under the key-encryption key.
func (a *app) openStore(ctx context.Context) error {
	s := a.settings
	if s.Data != "" && !s.Ephemeral {
		if err := os.MkdirAll(s.Data, 0o700); err != nil {
			return fmt.Errorf("data folder: %w", err)
		}
	}
	options := db.Options{PostgresURL: s.Database}
	switch {
	case s.Database != "":
	case s.Ephemeral:
		options.SQLite = ":memory:"
	default:
		options.SQLite = filepath.Join(s.Data, "cognate.db")
	}
	var err error
	if a.db, err = db.Open(ctx, options); err != nil {
		return fmt.Errorf("open database: %w", err)
	}
	if err := a.db.Migrate(ctx, rooms.Migrations()); err != nil {
		return fmt.Errorf("bring the schema up to date: %w", err)
	}
	kek, err := keyEncryptionKey(s)
	if err != nil {
		return err
	}
	if a.keys, err = keyring.Open(ctx, a.db, kek); err != nil {
		return fmt.Errorf("open keys: %w", err)
	}
	return nil
}

// keyEncryptionKey finds the key that wraps all data keys. Only a server that
// keeps its data in a folder of its own makes one when there is none.
func keyEncryptionKey(s config.Settings) (keyring.KEK, error) {
	own := filepath.Join(s.Data, "kek")
	switch {
	case s.Key != "":
		return keyring.ParseKEK(s.Key)
	case s.KeyFile != "":
		return keyring.FileKEK(s.KeyFile, s.Data != "" && s.KeyFile == own)
	case s.Ephemeral && s.Database == "":
		key := make([]byte, 32)
		_, _ = rand.Read(key) // never fails since Go 1.24
		return keyring.NewKEK(key)
	}
	return keyring.FileKEK(own, true)
}
