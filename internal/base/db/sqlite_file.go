package db

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"cognate/internal/base/background"
)

// errGone is a database file that was deleted or replaced below a running server. The files that are still open have no
// name any more: what is written there is lost at the end of the process, so nothing is read or written.
var errGone = errors.New("db: the database file was deleted or replaced, restart to recover")

// lookEvery is how often the files are looked at while nobody writes.
const lookEvery = time.Second

// sqliteFile notices that the database is not where it was opened.
type sqliteFile struct {
	path string
	log  *slog.Logger
	stop context.CancelFunc
	err  atomic.Pointer[error] // set once it is gone

	mu    sync.Mutex
	known map[string]os.FileInfo
}

func watchSQLiteFile(path string, log *slog.Logger) *sqliteFile {
	f := &sqliteFile{path: path, log: log, known: map[string]os.FileInfo{}}
	var ctx context.Context
	ctx, f.stop = context.WithCancel(context.Background())
	background.Start(ctx, "watch database file", func(ctx context.Context) {
		tick := time.NewTicker(lookEvery)
		defer tick.Stop()
		for {
			_ = f.look()
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
			}
		}
	})
	return f
}

// gone is nil while the files are there; nil, too, for a database in memory.
func (f *sqliteFile) gone() error {
	if f == nil {
		return nil
	}
	if err := f.err.Load(); err != nil {
		return *err
	}
	return nil
}

// look compares the files with those that were opened. It costs microseconds, so each commit can afford it.
func (f *sqliteFile) look() error {
	if f == nil {
		return nil
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if err := f.gone(); err != nil {
		return err
	}
	for _, path := range []string{f.path, f.path + "-wal"} {
		info, err := os.Stat(path)
		known := f.known[path]
		switch {
		case known == nil && err == nil:
			f.known[path] = info
		case known != nil && (errors.Is(err, os.ErrNotExist) || err == nil && !os.SameFile(known, info)):
			err := fmt.Errorf("%w: %s", errGone, path)
			f.err.Store(&err)
			f.log.Error("the database file was deleted or replaced; everything is refused until a restart", "file", path)
			return err
		}
	}
	return nil
}

func (f *sqliteFile) close() {
	if f != nil {
		f.stop()
	}
}
