package server

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"cognate/internal/base/db"
	"cognate/internal/base/keyring"
	"cognate/internal/config"
	"cognate/internal/core/message"
	"cognate/internal/rooms"
)

// ErrNoMail says that no way of sending e-mail is configured.
var ErrNoMail = errors.New("no e-mail is configured")

// Inspect looks at the database that a server with these settings would open,
// and changes nothing: no file, no schema.
func Inspect(ctx context.Context, s config.Settings) (db.State, error) {
	d, fresh, err := openExisting(ctx, s)
	if err != nil || fresh {
		return db.State{Fresh: fresh}, err
	}
	defer d.Close()
	return d.Inspect(ctx, rooms.Migrations())
}

// openExisting opens the database; fresh says that there is no file yet.
func openExisting(ctx context.Context, s config.Settings) (d *db.DB, fresh bool, err error) {
	o := databaseOptions(s)
	if o.SQLite != "" {
		if _, err := os.Stat(o.SQLite); errors.Is(err, fs.ErrNotExist) {
			return nil, true, nil
		}
	}
	d, err = db.Open(ctx, o)
	return d, false, err
}

// CheckKeys opens the database's keys with the key-encryption key, which proves
// that they belong together. A key that would be made at the first start is no
// fault of a fresh database.
func CheckKeys(ctx context.Context, s config.Settings, fresh bool) error {
	if own := filepath.Join(s.Data, "kek"); s.Key == "" {
		file := s.KeyFile
		if file == "" {
			file = own
		}
		_, err := os.Stat(file)
		if errors.Is(err, fs.ErrNotExist) && fresh && s.Data != "" && file == own {
			return nil
		}
		if err != nil {
			return fmt.Errorf("key file: %w", err)
		}
	}
	kek, err := keyEncryptionKey(s, false)
	if err != nil || fresh {
		return err
	}
	previous, err := previousKeys(s)
	if err != nil {
		return err
	}
	d, fresh, err := openExisting(ctx, s)
	if err != nil || fresh {
		return err
	}
	defer d.Close()
	return keyring.Check(ctx, d, kek, previous...)
}

// SendTestMail sends a mail in the way that the settings say.
func SendTestMail(ctx context.Context, s config.Settings, to string) error {
	sender, err := (&app{settings: s}).emailSender()
	if err != nil {
		return err
	}
	if sender == nil {
		return ErrNoMail
	}
	return sender.Send(ctx, message.Delivery{
		ID: "doctor", Medium: message.Email, To: to, Subject: "Test message of Cognate",
		Text: "cognate doctor sent this message to see whether e-mail arrives. It needs no answer.",
	})
}
