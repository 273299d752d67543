// Package db is the one way to the database: SQLite (modernc.org/sqlite) or
// PostgreSQL (pgx) behind a single handle, with one SQL text for both.
//
// The SQL that may pass through it is the portable subset: $n placeholders;
// text, bigint (milliseconds since the epoch for times), boolean and blob;
// ON CONFLICT, RETURNING, keyset paging, byte-wise text order; no FOR UPDATE,
// LIKE, JSON operators, sequences or now(). Columns are NOT NULL unless a
// migration says otherwise.
//
// Writers use Update, readers View (several statements, one snapshot) or Read
// (the cheapest way to run a single SELECT). DESIGN.md tells how group commit
// and the answer to an ambiguous COMMIT work.
package db

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync/atomic"
	"time"
)

// Engine tells which database stands behind a DB.
type Engine int

// The engines.
const (
	SQLite Engine = iota + 1
	Postgres
)

// String is the name used in COGNATE_TEST_ENGINES and in logs.
func (e Engine) String() string {
	switch e {
	case SQLite:
		return "sqlite"
	case Postgres:
		return "postgres"
	}
	return "unknown"
}

// Errors that callers match with errors.Is.
var (
	// ErrNoRows is what Row.Scan returns when the query answered no row.
	ErrNoRows = errors.New("db: no rows")
	// ErrConflict is a violated primary key on INSERT without ON CONFLICT.
	// The transaction cannot go on after it.
	ErrConflict = errors.New("db: row exists already")
	// ErrRetry, returned (also wrapped) by an Update function, rolls back and
	// runs the function again, up to 10 times: a compare-and-swap was lost.
	ErrRetry = errors.New("db: concurrent change, try again")
	// ErrClosed is returned by every method after Close.
	ErrClosed = errors.New("db: closed")
	// ErrNested is an Update or View started with the context of a running
	// transaction; it would wait for itself.
	ErrNested = errors.New("db: transaction inside a transaction")
	// ErrRowsOpen is a statement sent while the Rows of the previous one are
	// neither read to their end nor closed.
	ErrRowsOpen = errors.New("db: previous rows are still open")
	// ErrTxDone is a Tx used after its function returned.
	ErrTxDone = errors.New("db: transaction is over")
	// ErrText is a text argument that is not valid UTF-8 or contains a zero
	// byte; PostgreSQL cannot keep it, so neither engine does.
	ErrText = errors.New("db: text argument is not storable")
	// ErrUnknownOutcome is a COMMIT whose connection broke and whose result
	// could not be found out within the time allowed.
	ErrUnknownOutcome = errors.New("db: outcome of commit unknown")
)

// maxAttempts bounds how often Update runs its function.
const maxAttempts = 10

// Options say which database to open. Exactly one of SQLite and PostgresURL
// is set.
type Options struct {
	// SQLite is a file path, or ":memory:" for a private database that lives
	// as long as the handle and writes nothing to disk.
	SQLite string
	// PostgresURL is a postgres:// URL or keyword string as pgx reads it,
	// including several hosts and target_session_attrs.
	PostgresURL string
	// Serializable runs PostgreSQL transactions at SERIALIZABLE instead of
	// READ COMMITTED. SQLite is always serializable.
	Serializable bool
	// InjectRetry, for tests, is asked once per commit; when it answers true
	// the commit fails as a serialization failure does and Update runs the
	// function again. It must be safe for concurrent use.
	InjectRetry func() bool
	// MaxConns bounds PostgreSQL connections or SQLite readers; 0 chooses.
	MaxConns int
	// Patience is how long the database may keep one request waiting; 0 is
	// seven seconds. See Bounded.
	Patience time.Duration
	// Log is told when the database moves. Default slog.Default().
	Log *slog.Logger
	// NoSync, for tests, gives up durability against power loss on SQLite.
	NoSync bool
}

// DB is a handle to one database, safe for concurrent use.
type DB struct {
	eng    backend
	kind   Engine
	inject func() bool
	schema atomic.Pointer[schema]
	stats  counters

	patience time.Duration
	name     string      // of this handle
	probed   atomic.Bool // its row was written
}

// backend is what an engine does for DB. A commit that did not happen and may
// be tried again returns an error for which retryable is true.
type backend interface {
	update(ctx context.Context, fn func(*Tx) error, inject func() bool) error
	view(ctx context.Context, fn func(*Tx) error) error
	read(ctx context.Context, fn func(*Tx) error) error
	bootstrap(ctx context.Context, ddl []string) error
	apply(ctx context.Context, d *DB, plan []Migration) error
	retryable(err error) bool
	// unavailable tells errors that say nothing about the statement: the
	// database is full, stuck or shutting down.
	unavailable(err error) bool
	pool() Pool
	close() error
}

// Open connects to the database that o names; a SQLite file is created when
// missing. The schema is not touched: call Migrate.
func Open(ctx context.Context, o Options) (*DB, error) {
	d := &DB{inject: o.InjectRetry, patience: o.Patience, name: rand.Text()}
	if d.patience <= 0 {
		d.patience = patience
	}
	if o.Log == nil {
		o.Log = slog.Default()
	}
	var err error
	switch {
	case o.SQLite != "" && o.PostgresURL != "":
		return nil, errors.New("db: both SQLite and PostgreSQL configured")
	case o.SQLite != "":
		d.kind = SQLite
		d.eng, err = openSQLite(ctx, o, &d.stats)
	case o.PostgresURL != "":
		d.kind = Postgres
		d.eng, err = openPostgres(ctx, o, &d.stats)
	default:
		return nil, errors.New("db: no database configured")
	}
	if err != nil {
		return nil, fmt.Errorf("db: open %s: %w", d.kind, err)
	}
	return d, nil
}

// Close waits for running transactions and releases everything.
func (d *DB) Close() error {
	d.unprobe()
	return d.eng.close()
}

// Engine tells which database this is.
func (d *DB) Engine() Engine { return d.kind }

// Update runs fn in one write transaction and returns nil only after the
// commit is durable. When fn returns an error, everything it did is rolled
// back and that error is returned. fn may run several times (serialization
// failures, ErrRetry), so it has no other side effects and sets captured
// variables anew on each run; it does no slow work, because on SQLite all
// writers share one connection. It must not use d. Once fn has returned nil
// the commit is no longer stopped by ctx.
func (d *DB) Update(ctx context.Context, fn func(tx *Tx) error) error {
	if err := startable(ctx); err != nil {
		return err
	}
	ctx, done := d.Bounded(ctx)
	fn = accompanied(ctx, fn)
	err := d.attempts(ctx, func() error { return d.eng.update(ctx, fn, d.inject) })
	if err == nil {
		d.stats.updates.Add(1)
	}
	return done(err)
}

// attempts calls run until it succeeds or another attempt is of no use.
func (d *DB) attempts(ctx context.Context, run func() error) error {
	began := time.Now()
	for attempt := 1; ; attempt++ {
		err := run()
		if err == nil {
			return nil
		}
		if more, err := d.again(ctx, err, attempt, began); !more {
			return err
		}
	}
}

// View runs fn in one read-only snapshot: all its statements see the same
// state. On PostgreSQL it costs one round trip per statement and a final one
// that the caller does not wait for.
func (d *DB) View(ctx context.Context, fn func(tx *Tx) error) error {
	return d.reading(ctx, fn, d.eng.view)
}

// Read is View without the promise that several statements see the same
// state. A function that runs one SELECT costs exactly that statement.
func (d *DB) Read(ctx context.Context, fn func(tx *Tx) error) error {
	return d.reading(ctx, fn, d.eng.read)
}

func (d *DB) reading(ctx context.Context, fn func(*Tx) error, run func(context.Context, func(*Tx) error) error) error {
	if err := startable(ctx); err != nil {
		return err
	}
	ctx, done := d.Bounded(ctx)
	return done(d.attempts(ctx, func() error { return run(ctx, fn) }))
}

type txKey struct{}

// startable refuses a context that is over or belongs to a transaction.
func startable(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("db: not started: %w", err)
	}
	if ctx.Value(txKey{}) != nil {
		return ErrNested
	}
	return nil
}

// readsOnly tells a plain SELECT from a statement that may write.
func readsOnly(sql string) bool { return startsWith(sql, "select") }

// startsWith looks at the first word of a statement.
func startsWith(sql, word string) bool {
	sql = strings.TrimLeft(sql, " \t\r\n(")
	return len(sql) >= len(word) && strings.EqualFold(sql[:len(word)], word)
}
