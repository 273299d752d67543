package lambda

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/fnv"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"
)

// watchShare is which part of the time may be spent on looking for edits: after
// a look that took t there is none for the next watchShare times t.
const watchShare = 20

// maxWatched bounds how many files are looked at for edits.
const maxWatched = 5000

// code is the program of a function on disk. A zip file is unpacked once per
// version of it.
type code struct {
	path string // as configured
	temp string // where unpacked versions go

	mu      sync.Mutex
	version uint64    // fingerprint of what is in use
	root    string    // folder or file in use
	looked  time.Time // when and how long the last look for edits took
	cost    time.Duration
}

// current returns the folder (or executable file) to run and its version. With
// look false an unchanged answer is given once there is one.
func (c *code) current(look bool) (root string, version uint64, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	now := time.Now()
	if c.root != "" && (!look || now.Sub(c.looked) < watchShare*c.cost) {
		return c.root, c.version, nil
	}
	info, err := os.Stat(c.path)
	if errors.Is(err, fs.ErrNotExist) {
		return "", 0, fmt.Errorf("%w: %s", ErrNotFound, c.path)
	}
	if err != nil {
		return "", 0, fmt.Errorf("%w: %w", ErrNotConfigured, err)
	}
	version, err = fingerprint(c.path, info)
	if err != nil {
		return "", 0, fmt.Errorf("%w: %w", ErrNotConfigured, err)
	}
	c.looked, c.cost = now, time.Since(now)
	if c.root != "" && version == c.version {
		return c.root, version, nil
	}
	root = c.path
	if isZip(c.path, info) {
		if root, err = c.unpack(); err != nil {
			return "", 0, fmt.Errorf("%w: %w", ErrNotConfigured, err)
		}
	}
	c.root, c.version = root, version
	return root, version, nil
}

func isZip(path string, info fs.FileInfo) bool {
	return info.Mode().IsRegular() && strings.EqualFold(filepath.Ext(path), ".zip")
}

// unpack extracts the zip file into a new folder. The folder of the version
// before stays until the host is closed: processes may still read from it.
func (c *code) unpack() (string, error) {
	dir, err := os.MkdirTemp(c.temp, "code-")
	if err != nil {
		return "", err
	}
	if err := unzip(c.path, dir, maxUnpacked); err != nil {
		_ = os.RemoveAll(dir)
		return "", err
	}
	return dir, nil
}

// fingerprint changes when a file below path is edited, added, replaced or
// removed. Installed packages and version control are not looked at.
func fingerprint(path string, info fs.FileInfo) (uint64, error) {
	h := fnv.New64a()
	add := func(name string, info fs.FileInfo) {
		var b [16]byte
		binary.LittleEndian.PutUint64(b[:], uint64(info.ModTime().UnixNano()))
		binary.LittleEndian.PutUint64(b[8:], uint64(info.Size()))
		_, _ = h.Write([]byte(name))
		_, _ = h.Write(b[:])
	}
	if !info.IsDir() {
		add("", info)
		return h.Sum64(), nil
	}
	seen := 0
	err := filepath.WalkDir(path, func(name string, d fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) {
			return nil // deleted while looking
		}
		if err != nil {
			return err
		}
		if d.IsDir() {
			if n := d.Name(); n == "node_modules" || n == "__pycache__" || n == "site-packages" || name != path && strings.HasPrefix(n, ".") {
				return filepath.SkipDir
			}
			return nil
		}
		if seen++; seen > maxWatched {
			return filepath.SkipAll
		}
		if info, err := d.Info(); err == nil {
			add(name, info)
		}
		return nil
	})
	return h.Sum64(), err
}
