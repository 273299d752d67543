package db

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net/url"
	"path/filepath"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	sqlite3 "modernc.org/sqlite/lib"
)

// sqliteDB is the SQLite backend: one writer goroutine that commits in groups
// and a pool of reading connections on WAL snapshots.
type sqliteDB struct {
	w       *writer
	readers chan *sqliteConn
	n       int         // readers opened
	gate    *memGate    // only for :memory:
	file    *sqliteFile // nil for :memory:
	waits   atomic.Int64
	waited  atomic.Int64 // nanoseconds
	closing sync.Once
	closed  chan struct{}
	err     error
}

// openSQLite opens the writer first, because it creates the file and sets WAL.
func openSQLite(_ context.Context, o Options, stats *counters) (*sqliteDB, error) {
	n := o.MaxConns
	if n <= 0 {
		n = max(4, 2*runtime.GOMAXPROCS(0))
	}
	dsn, mem := sqliteDSN(o)
	if !mem {
		if err := private(o.SQLite); err != nil {
			return nil, err
		}
	}
	d := &sqliteDB{readers: make(chan *sqliteConn, n), closed: make(chan struct{})}
	if mem {
		d.gate = newMemGate()
	}
	wc, err := openSQLiteConn(dsn + "&_busy_timeout=100&_pragma=wal_autocheckpoint(2000)&_pragma=journal_size_limit(67108864)")
	if err != nil {
		return nil, err
	}
	if !mem {
		d.file = watchSQLiteFile(o.SQLite, o.Log)
	}
	d.w = newWriter(wc, d.gate, d.file, stats)
	for range n {
		rc, err := openSQLiteConn(dsn + "&_busy_timeout=5000&_pragma=query_only(1)")
		if err != nil {
			return nil, errors.Join(err, d.close())
		}
		d.readers <- rc
		d.n++
	}
	return d, nil
}

// sqliteDSN is the driver's name for the database, and whether it is in memory.
// In memory all connections share one database of the memdb VFS under a name
// nobody else knows.
func sqliteDSN(o Options) (string, bool) {
	q := "&_foreign_keys=0&_pragma=cell_size_check(1)&_pragma=trusted_schema(0)&_pragma=temp_store(memory)"
	if o.SQLite == ":memory:" {
		return "file:/cognate-" + rand.Text() + "?vfs=memdb" + q, true
	}
	sync := "FULL"
	if o.NoSync {
		sync = "OFF"
	}
	path := (&url.URL{Path: filepath.ToSlash(o.SQLite)}).EscapedPath()
	return "file:" + path + "?_journal_mode=WAL&_synchronous=" + sync + q, false
}

func (d *sqliteDB) update(ctx context.Context, fn func(*Tx) error, inject func() bool) error {
	return d.w.do(ctx, fn, inject)
}

// retryable: only what the test hook injects. Waiting for another process is
// bounded by patience and final.
func (d *sqliteDB) retryable(err error) bool { return errors.Is(err, errInjected) }

// unavailable: another process holds the file, the disk is full or failed, or the file is gone.
func (d *sqliteDB) unavailable(err error) bool {
	switch sqliteCode(err) {
	case sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CANTOPEN,
		sqlite3.SQLITE_READONLY, sqlite3.SQLITE_NOMEM:
		return true
	}
	return errors.Is(err, errGone) || errors.Is(err, errMemStuck) || errors.Is(err, errWriter)
}

var errInjected = errors.New("db: injected serialization failure")

func (d *sqliteDB) view(ctx context.Context, fn func(*Tx) error) error {
	return d.reading(ctx, fn, true)
}

func (d *sqliteDB) read(ctx context.Context, fn func(*Tx) error) error {
	return d.reading(ctx, fn, false)
}

func (d *sqliteDB) reading(ctx context.Context, fn func(*Tx) error, snapshot bool) (err error) {
	if err := d.file.gone(); err != nil {
		return err
	}
	c, err := d.acquire(ctx)
	if err != nil {
		return err
	}
	defer func() { d.readers <- c }()
	if d.gate != nil {
		if err := d.gate.enter(); err != nil {
			return err
		}
		defer d.gate.leave()
	}
	if snapshot {
		if err := c.do("BEGIN"); err != nil {
			return err
		}
		defer func() { err = errors.Join(err, c.do("ROLLBACK")) }()
	}
	tx := newTx(ctx, c)
	defer tx.end()
	if err := tx.call(fn); err != nil {
		return err
	}
	if len(tx.later) > 0 {
		return errors.New("db: ExecLater in a read-only transaction")
	}
	tx.committed()
	return nil
}

// acquire takes a reader.
func (d *sqliteDB) acquire(ctx context.Context) (*sqliteConn, error) {
	select {
	case <-d.closed:
		return nil, ErrClosed
	default:
	}
	select {
	case c := <-d.readers:
		return c, nil
	default:
	}
	d.waits.Add(1)
	began := time.Now()
	defer func() { d.waited.Add(int64(time.Since(began))) }()
	select {
	case c := <-d.readers:
		return c, nil
	case <-d.closed:
		return nil, ErrClosed
	case <-ctx.Done():
		return nil, fmt.Errorf("db: waiting for a reader: %w", ctx.Err())
	}
}

// close drains the writer, then waits for every reader. The writer's
// connection goes last: it checkpoints the WAL.
func (d *sqliteDB) close() error {
	d.closing.Do(func() {
		close(d.closed)
		d.file.close()
		d.w.stop()
		for range d.n {
			d.err = errors.Join(d.err, (<-d.readers).close())
		}
		d.err = errors.Join(d.err, d.w.c.close())
	})
	return d.err
}

// fatalAtCommit tells a failed disk from a full one: after a failed write or
// fsync the kernel may have dropped pages, so nothing later can be promised.
func fatalAtCommit(err error) bool {
	c := sqliteCode(err)
	return c == sqlite3.SQLITE_IOERR || c == sqlite3.SQLITE_CORRUPT
}
