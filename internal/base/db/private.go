package db

import (
	"errors"
	"io/fs"
	"os"
)

// private makes the database file when it is missing, and sees to it that only its user may read it and what SQLite keeps
// beside it. SQLite itself would make the file with the modes that the umask leaves, and gives those to the WAL.
func private(path string) error {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return err
	}
	if err := f.Close(); err != nil {
		return err
	}
	for _, file := range []string{path, path + "-wal", path + "-shm", path + "-journal"} {
		if err := Private(file); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}

// Private takes from a file or folder what group and others may do. What belongs to another user stays as it is.
func Private(path string) error {
	info, err := os.Stat(path)
	if err != nil {
		return err
	}
	mode := info.Mode().Perm()
	if mode&0o077 == 0 {
		return nil
	}
	if err := os.Chmod(path, mode&^0o077); err != nil && !errors.Is(err, fs.ErrPermission) {
		return err
	}
	return nil
}
