package server

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"filippo.io/age"

	"cognate/internal/base/backup"
	"cognate/internal/base/db"
	"cognate/internal/base/keyring"
	"cognate/internal/config"
	"cognate/internal/core/audit"
	"cognate/internal/rooms"
)

// RestoreOptions say which backup is restored and how.
type RestoreOptions struct {
	File       string
	Identities []string // files with age identities, besides the key-encryption key
	Check      bool     // verify only
	Force      bool     // replace a database that holds something
}

// Restore puts a backup into an empty database. The file is read to its end and
// verified before anything is touched.
func Restore(ctx context.Context, s config.Settings, o RestoreOptions, out io.Writer) error {
	r := &restoring{settings: s, options: o}
	if err := r.unlock(); err != nil {
		return err
	}
	b, closer, err := r.open()
	if err != nil {
		return err
	}
	info, err := b.Verify(rooms.Migrations())
	if err = errors.Join(err, closer.Close()); err != nil {
		return err
	}
	r.header = b.Header
	if r.under, err = db.Under(rooms.Migrations(), info.Migrations); err != nil {
		return err
	}
	var rows int64
	for _, n := range info.Rows {
		rows += n
	}
	fmt.Fprintf(out, "%s is whole: %d rows of %s, made %s by %s, under key %s\n", o.File, rows, r.header.Engine,
		r.header.Created.Format(time.RFC3339), r.header.Program, r.header.KEK)
	if o.Check {
		return nil
	}
	if err := r.fits(); err != nil {
		return err
	}
	if s.Database != "" {
		err = r.into(ctx, db.Options{PostgresURL: s.Database})
	} else {
		err = r.intoFolder(ctx)
	}
	if err != nil {
		return err
	}
	fmt.Fprintln(out, "restored; start servers with the key of the backup")
	return r.keepKey(out)
}

// restoring is a restore on its way.
type restoring struct {
	settings   config.Settings
	options    RestoreOptions
	keks       []keyring.KEK
	identities []age.Identity
	header     backup.Header
	under      []db.Migration // those that the backup was made under
}

// unlock gathers the keys that may open the file.
func (r *restoring) unlock() error {
	kek, err := keyEncryptionKey(r.settings, false)
	switch {
	case err == nil:
		r.keks = []keyring.KEK{kek}
	case !errors.Is(err, fs.ErrNotExist):
		return err
	}
	previous, err := previousKeys(r.settings)
	if err != nil {
		return err
	}
	r.keks = append(r.keks, previous...)
	for _, kek := range r.keks {
		r.identities = append(r.identities, backup.ByKEK{KEK: kek})
	}
	for _, file := range r.options.Identities {
		f, err := os.Open(file)
		if err != nil {
			return fmt.Errorf("--identity: %w", err)
		}
		ids, err := age.ParseIdentities(f)
		if err = errors.Join(err, f.Close()); err != nil {
			return fmt.Errorf("--identity %s: %w", file, err)
		}
		r.identities = append(r.identities, ids...)
	}
	if len(r.identities) == 0 {
		return errors.New("neither the key-encryption key nor an age identity is there to open the backup:" +
			" put the key file into the data folder, or give --key-file or --identity")
	}
	return nil
}

func (r *restoring) open() (*backup.Reader, io.Closer, error) {
	f, err := os.Open(r.options.File)
	if err != nil {
		return nil, nil, err
	}
	b, err := backup.Open(f, r.identities...)
	if err != nil {
		return nil, nil, errors.Join(err, f.Close())
	}
	return b, f, nil
}

// fits makes sure that servers will be able to open what is restored.
func (r *restoring) fits() error {
	if r.header.Key != "" {
		kek, err := keyring.ParseKEK(r.header.Key)
		if err != nil {
			return err
		}
		for _, other := range r.keks {
			if other.ID() != kek.ID() && len(r.keks) == 1 {
				return fmt.Errorf("the backup brings key %s, but key %s is configured here", kek.ID(), other.ID())
			}
		}
		r.keks = append(r.keks, kek)
	}
	if len(r.keks) == 0 {
		return fmt.Errorf("the backup does not hold the key-encryption key %s; give its file with --key-file", r.header.KEK)
	}
	return nil
}

// into restores into a database: tables as they were when the backup was made,
// then the rows, then what has been added to the schema since.
func (r *restoring) into(ctx context.Context, o db.Options) (err error) {
	d, err := db.Open(ctx, o)
	if err != nil {
		return fmt.Errorf("open database: %w", err)
	}
	defer func() { err = errors.Join(err, d.Close()) }()
	state, err := d.Inspect(ctx, rooms.Migrations())
	if err != nil {
		return err
	}
	if !state.Fresh && !r.options.Force {
		return errors.New("the database is not empty; --force replaces what it holds")
	}
	if !state.Fresh && len(state.Pending) == 0 && len(r.under) < len(rooms.Migrations()) {
		return errors.New("the backup is of an older schema than the database; restore it into an empty one")
	}
	if err := d.Migrate(ctx, r.under); err != nil {
		return err
	}
	var file io.Closer // of the last attempt
	err = d.ReadDump(ctx, func() (io.Reader, error) {
		if file != nil {
			_ = file.Close()
		}
		b, f, err := r.open()
		file = f
		return b, err
	})
	if file != nil {
		_ = file.Close()
	}
	if err != nil {
		return err
	}
	if err := d.Migrate(ctx, rooms.Migrations()); err != nil {
		return err
	}
	if err := keyring.Check(ctx, d, r.keks[0], r.keks[1:]...); err != nil {
		return fmt.Errorf("the restored database needs another key: %w", err)
	}
	return audit.New(d, 0).Record(ctx, byCommand("restore", "", filepath.Base(r.options.File)))
}

// intoFolder restores beside the database of a data folder and then puts the
// result in its place. What was there is kept under another name.
func (r *restoring) intoFolder(ctx context.Context) error {
	dir := r.settings.Data
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("data folder: %w", err)
	}
	file, part := filepath.Join(dir, "cognate.db"), filepath.Join(dir, "restoring.db")
	_, err := os.Stat(file)
	there := err == nil
	if there && !r.options.Force {
		return fmt.Errorf("%s is there already; --force puts the backup in its place", file)
	}
	for _, old := range []string{part, part + "-wal", part + "-shm"} { // of a restore that was interrupted
		if err := os.Remove(old); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	if err := r.into(ctx, db.Options{SQLite: part}); err != nil {
		return errors.Join(err, os.Remove(part))
	}
	if there {
		aside := filepath.Join(dir, "cognate.db.replaced-"+time.Now().UTC().Format("20060102T150405Z"))
		for _, suffix := range []string{"-wal", "-shm", ""} {
			if err := os.Rename(file+suffix, aside+suffix); err != nil && !errors.Is(err, fs.ErrNotExist) {
				return err
			}
		}
	}
	if err := os.Rename(part, file); err != nil {
		return err
	}
	return syncFolder(dir)
}

// keepKey writes the key that a backup brought where servers look for it.
func (r *restoring) keepKey(out io.Writer) error {
	s := r.settings
	file := s.KeyFile
	if file == "" && s.Data != "" {
		file = filepath.Join(s.Data, "kek")
	}
	if r.header.Key == "" || s.Key != "" || file == "" {
		return nil
	}
	if _, err := os.Stat(file); err == nil {
		return nil
	}
	_, err := writeNew(file, func(w io.Writer) error {
		_, err := io.WriteString(w, r.header.Key+"\n")
		return err
	})
	if err == nil {
		fmt.Fprintf(out, "the key-encryption key is in %s\n", file)
	}
	return err
}
