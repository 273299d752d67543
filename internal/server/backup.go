package server

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"filippo.io/age"

	"cognate/internal/base/backup"
	"cognate/internal/base/keyring"
	"cognate/internal/base/obs"
	"cognate/internal/config"
	"cognate/internal/rooms"
)

// BackupOptions say what a backup is and who can read it.
type BackupOptions struct {
	File       string
	Recipients []string // age recipients; without any, who has the key-encryption key
	IncludeKey bool     // the key-encryption key goes into the backup
	Program    string   // version that makes it
}

// Backup writes the whole database into a file, from one snapshot, while
// servers run on it. The schema stays as it is.
func Backup(ctx context.Context, s config.Settings, o BackupOptions, out io.Writer) error {
	if o.IncludeKey && len(o.Recipients) == 0 {
		return errors.New("--include-key needs a --recipient: a backup that the key itself encrypts cannot bring it back")
	}
	a := &app{settings: s, log: obs.Discard(), existing: true}
	if err := a.openDatabase(ctx); err != nil {
		return err
	}
	defer a.db.Close()
	if err := a.db.Adopt(ctx, rooms.Migrations()); err != nil {
		return err
	}
	kek, err := keyEncryptionKey(s, false)
	if err != nil {
		return err
	}
	previous, err := previousKeys(s)
	if err != nil {
		return err
	}
	if err := keyring.Check(ctx, a.db, kek, previous...); err != nil {
		return fmt.Errorf("a backup that this key does not fit would be of no use: %w", err)
	}
	h := backup.Header{Created: time.Now().UTC(), Program: o.Program, Engine: a.db.Engine().String(), Migrations: a.db.Schema(), KEK: kek.ID()}
	recipients := []age.Recipient{backup.ForKEK{KEK: kek}}
	if len(o.Recipients) > 0 {
		if recipients, err = age.ParseRecipients(strings.NewReader(strings.Join(o.Recipients, "\n"))); err != nil {
			return fmt.Errorf("--recipient: %w", err)
		}
	}
	if o.IncludeKey {
		if h.Key, err = keyText(s); err != nil {
			return err
		}
	}
	size, err := writeNew(o.File, func(w io.Writer) error { return backup.Write(ctx, w, a.db, h, recipients...) })
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "%s: %d bytes, of %s, under key %s\n", o.File, size, h.Created.Format(time.RFC3339), h.KEK)
	return nil
}

// keyText is the key-encryption key as a key file holds it.
func keyText(s config.Settings) (string, error) {
	if s.Key != "" {
		return strings.TrimSpace(s.Key), nil
	}
	file := s.KeyFile
	if file == "" {
		file = filepath.Join(s.Data, "kek")
	}
	text, err := os.ReadFile(file)
	return strings.TrimSpace(string(text)), err
}

// writeNew makes a private file of what write writes, whole or not at all. It
// replaces none.
func writeNew(file string, write func(io.Writer) error) (size int64, err error) {
	if _, err := os.Lstat(file); err == nil {
		return 0, fmt.Errorf("%s: %w", file, fs.ErrExist)
	}
	f, err := os.CreateTemp(filepath.Dir(file), "."+filepath.Base(file)+".part-*") // made with mode 0600
	if err != nil {
		return 0, err
	}
	err = write(f)
	if info, e := f.Stat(); e == nil {
		size = info.Size()
	}
	if err = errors.Join(err, f.Sync(), f.Close()); err == nil {
		err = os.Rename(f.Name(), file)
	}
	if err != nil {
		return 0, errors.Join(err, os.Remove(f.Name()))
	}
	return size, syncFolder(filepath.Dir(file))
}

// syncFolder makes a folder's entries durable.
func syncFolder(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
