package lambda

import (
	"archive/zip"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"strings"
)

// Limits of a deployment package; the size is that of AWS.
const (
	maxUnpacked = 250 << 20
	maxEntries  = 50_000
	maxName     = 1024
)

// errArchive is wrapped by everything that is wrong with a zip file.
var errArchive = errors.New("bad deployment package")

// unzip extracts file, up to limit bytes, into the empty folder dir. Names and links that lead out
// of it, special files, duplicates and more than the limits are errors; what
// was extracted until then stays for the caller to delete. All writing goes
// through an os.Root, so that no link can lead it outside.
func unzip(file, dir string, limit int64) error {
	archive, err := zip.OpenReader(file)
	if err != nil {
		return fmt.Errorf("%w: %w", errArchive, err)
	}
	defer archive.Close()
	root, err := os.OpenRoot(dir)
	if err != nil {
		return err
	}
	defer root.Close()
	if len(archive.File) > maxEntries {
		return fmt.Errorf("%w: more than %d entries", errArchive, maxEntries)
	}
	left := limit
	for _, entry := range archive.File {
		if err := extract(root, entry, &left); err != nil {
			return fmt.Errorf("%w: %.200q: %w", errArchive, entry.Name, err)
		}
	}
	return nil
}

func extract(root *os.Root, entry *zip.File, left *int64) error {
	name := strings.TrimSuffix(entry.Name, "/")
	if name == "." || name == "" {
		return nil
	}
	clean := path.Clean(name)
	if !fs.ValidPath(clean) || len(name) > maxName || strings.ContainsAny(name, "\\\x00") {
		return errors.New("the name leads out of the package")
	}
	mode := entry.Mode()
	if mode.IsDir() || strings.HasSuffix(entry.Name, "/") {
		return root.MkdirAll(clean, 0o755)
	}
	if err := root.MkdirAll(path.Dir(clean), 0o755); err != nil {
		return err
	}
	switch {
	case mode&fs.ModeSymlink != 0:
		return link(root, clean, entry)
	case !mode.IsRegular():
		return errors.New("neither file, folder nor link")
	}
	permissions := fs.FileMode(0o644)
	if mode&0o111 != 0 {
		permissions = 0o755
	}
	from, err := entry.Open()
	if err != nil {
		return err
	}
	defer from.Close()
	to, err := root.OpenFile(clean, os.O_WRONLY|os.O_CREATE|os.O_EXCL, permissions)
	if err != nil {
		return err
	}
	defer to.Close()
	n, err := io.Copy(to, io.LimitReader(from, *left+1))
	if *left -= n; *left < 0 {
		return errors.New("the package is too large unpacked")
	}
	if err != nil {
		return err
	}
	return to.Close()
}

// link makes a symbolic link whose target, taken literally, lies in the package.
func link(root *os.Root, name string, entry *zip.File) error {
	from, err := entry.Open()
	if err != nil {
		return err
	}
	defer from.Close()
	target, err := io.ReadAll(io.LimitReader(from, maxName+1))
	if err != nil {
		return err
	}
	t := string(target)
	if len(t) > maxName || path.IsAbs(t) || strings.ContainsAny(t, "\\\x00") || !fs.ValidPath(path.Join(path.Dir(name), t)) {
		return errors.New("the link leads out of the package")
	}
	return root.Symlink(t, name)
}
