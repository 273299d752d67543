package server

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"cognate/internal/base/clock"
	"cognate/internal/base/db"
	"cognate/internal/web/operator"
)

// snapshots keeps dumps of the whole state by name, with how far the clock was
// moved: in a folder beside the database, or in memory for servers that write
// nothing to disk.
type snapshots struct {
	db     *db.DB
	clock  *clock.Clock
	dir    string // "" keeps them in memory
	forget func() // drops every cache, after a restore

	mu     sync.Mutex
	memory map[string][]byte
}

const snapshotSuffix = ".snapshot"

// snapshotMagic names the format: after it come the offset of the clock in nanoseconds, eight bytes, and a dump of the
// database.
const snapshotMagic = "cognate-snapshot 1\n"

// Save implements operator.Snapshots.
func (s *snapshots) Save(ctx context.Context, name string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	dump, err := s.db.Dump(ctx)
	if err != nil {
		return fmt.Errorf("dump: %w", err)
	}
	dump = append(binary.BigEndian.AppendUint64([]byte(snapshotMagic), uint64(s.clock.Offset())), dump...)
	if s.dir == "" {
		if s.memory == nil {
			s.memory = map[string][]byte{}
		}
		s.memory[name] = dump
		return nil
	}
	if err := os.MkdirAll(s.dir, 0o700); err != nil {
		return err
	}
	part := filepath.Join(s.dir, name+".part")
	if err := os.WriteFile(part, dump, 0o600); err != nil {
		return err
	}
	return os.Rename(part, filepath.Join(s.dir, name+snapshotSuffix))
}

// Restore implements operator.Snapshots.
func (s *snapshots) Restore(ctx context.Context, name string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	dump, err := s.load(name)
	if err != nil {
		return err
	}
	offset := s.clock.Offset()
	if body, dated := bytes.CutPrefix(dump, []byte(snapshotMagic)); dated && len(body) >= 8 {
		offset, dump = time.Duration(binary.BigEndian.Uint64(body)), body[8:]
	} // those of earlier versions have no clock
	if err := s.db.Restore(ctx, dump); err != nil {
		return fmt.Errorf("restore: %w", err)
	}
	s.clock.SetOffset(offset)
	s.forget()
	return nil
}

func (s *snapshots) load(name string) ([]byte, error) {
	if s.dir == "" {
		dump, ok := s.memory[name]
		if !ok {
			return nil, operator.ErrNoSnapshot
		}
		return dump, nil
	}
	dump, err := os.ReadFile(filepath.Join(s.dir, name+snapshotSuffix))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, operator.ErrNoSnapshot
	}
	return dump, err
}

// Names implements operator.Snapshots.
func (s *snapshots) Names(context.Context) ([]string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var names []string
	for name := range s.memory {
		names = append(names, name)
	}
	if s.dir != "" {
		files, err := filepath.Glob(filepath.Join(s.dir, "*"+snapshotSuffix))
		if err != nil {
			return nil, err
		}
		for _, f := range files {
			names = append(names, strings.TrimSuffix(filepath.Base(f), snapshotSuffix))
		}
	}
	slices.Sort(names)
	return names, nil
}
