package server

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
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
	if s.Data != "" && !s.Ephemeral && !a.existing {
		if err := os.MkdirAll(s.Data, 0o700); err != nil {
			return fmt.Errorf("data folder: %w", err)
		}
	}
	a.tighten()
	if err := a.openDatabase(ctx); err != nil {
		return err
	}
	if err := a.db.Migrate(ctx, rooms.Migrations()); err != nil {
		return fmt.Errorf("bring the schema up to date: %w", err)
	}
	return a.openKeys(ctx)
}

// tighten closes what Cognate made in the data folder to other users, where a
// copy or an older version left it open. The key file is no part of it: one
// that was open may have been read, and is refused.
func (a *app) tighten() {
	dir := a.privateDir()
	if dir == "" {
		return
	}
	for _, pattern := range []string{"cognate.db*", "functions.json*", "function-token*", rootKeyFile, "snapshots", "snapshots/*"} {
		files, _ := filepath.Glob(filepath.Join(dir, pattern)) // the patterns are well formed
		for _, file := range files {
			info, err := os.Stat(file)
			if err != nil || info.Mode().Perm()&0o077 == 0 {
				continue
			}
			if err := db.Private(file); err != nil {
				a.log.Warn("a file is open to other users", "file", file, "error", err)
				continue
			}
			a.log.Warn("a file was open to other users and is not any more", "file", file, "mode", info.Mode().Perm())
		}
	}
}

// openDatabase opens the database that the settings name. With existing set it
// makes none: a command that works on a database does nothing useful to a new
// one, and a wrong name must not look like success.
func (a *app) openDatabase(ctx context.Context) error {
	options := databaseOptions(a.settings)
	if a.existing && options.SQLite != "" {
		if _, err := os.Stat(options.SQLite); err != nil {
			return fmt.Errorf("there is no database in %s: %w", a.settings.Data, err)
		}
	}
	var err error
	if a.db, err = db.Open(ctx, options); err != nil {
		return fmt.Errorf("open database: %w", err)
	}
	if !a.existing {
		return nil
	}
	state, err := a.db.Inspect(ctx, rooms.Migrations())
	if err == nil && state.Fresh {
		err = errors.New("the database is empty; no server was started on it yet")
	}
	return err
}

func databaseOptions(s config.Settings) db.Options {
	switch {
	case s.Database != "":
		return db.Options{PostgresURL: s.Database}
	case s.Ephemeral:
		return db.Options{SQLite: ":memory:"}
	}
	return db.Options{SQLite: filepath.Join(s.Data, "cognate.db")}
}

// openKeys opens the keyring. A key is made only for a database that has none.
func (a *app) openKeys(ctx context.Context) error {
	id, used, err := keyring.Used(ctx, a.db)
	if err != nil {
		return err
	}
	kek, err := keyEncryptionKey(a.settings, !used && !a.existing)
	if errors.Is(err, fs.ErrNotExist) && used {
		return fmt.Errorf("the key file is missing, but the database holds secrets that are sealed under key %s;"+
			" put back a copy of that file or say with --key-file where it is (a new key could not open them): %w", id, err)
	}
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%w; `cognate keys new FILE` makes one", err)
	}
	if err != nil {
		return err
	}
	previous, err := previousKeys(a.settings)
	if err != nil {
		return err
	}
	if a.keys, err = keyring.Open(ctx, a.db, kek, previous...); err != nil {
		return fmt.Errorf("open keys: %w", err)
	}
	a.kek = kek
	return nil
}

// keyEncryptionKey finds the node's own key-encryption key. One is made, where
// create permits, only by a server that keeps its data in a folder of its own.
func keyEncryptionKey(s config.Settings, create bool) (keyring.KEK, error) {
	own := filepath.Join(s.Data, "kek")
	switch {
	case s.Key != "":
		return keyring.ParseKEK(s.Key)
	case s.KeyFile != "":
		return keyring.FileKEK(s.KeyFile, create && s.Data != "" && s.KeyFile == own)
	case s.Ephemeral && s.Database == "":
		key := make([]byte, 32)
		_, _ = rand.Read(key) // never fails since Go 1.24
		return keyring.NewKEK(key)
	}
	return keyring.FileKEK(own, create)
}

func previousKeys(s config.Settings) ([]keyring.KEK, error) {
	var keys []keyring.KEK
	for _, file := range s.PreviousKeyFiles {
		kek, err := keyring.FileKEK(file, false)
		if err != nil {
			return nil, fmt.Errorf("--previous-key-file: %w", err)
		}
		keys = append(keys, kek)
	}
	return keys, nil
}
