package db

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"time"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

// maxCached bounds the prepared statements of one connection. Rooms use a few
// hundred fixed texts; the bound only guards against generated ones.
const maxCached = 512

// sqliteConn is one SQLite connection with its prepared statements. It is used
// by one goroutine at a time and speaks to the driver directly: database/sql
// would add a pool and a conversion layer that are not needed here.
type sqliteConn struct {
	c     driver.Conn
	stmts map[string]driver.Stmt
	named []driver.NamedValue // reused between statements
}

// openPatience bounds how long opening waits for another process. Switching to
// WAL and recovering it answer BUSY at once, whatever the busy timeout.
const openPatience = 10 * time.Second

func openSQLiteConn(dsn string) (*sqliteConn, error) {
	for began := time.Now(); ; time.Sleep(5 * time.Millisecond) {
		c, err := new(sqlite.Driver).Open(dsn)
		if err == nil {
			return &sqliteConn{c: c, stmts: make(map[string]driver.Stmt)}, nil
		}
		if sqliteCode(err) != sqlite3.SQLITE_BUSY || time.Since(began) > openPatience {
			return nil, err
		}
	}
}

func (s *sqliteConn) close() error {
	s.forget()
	return s.c.Close()
}

// forget closes all prepared statements.
func (s *sqliteConn) forget() {
	for sql, st := range s.stmts {
		_ = st.Close()
		delete(s.stmts, sql)
	}
}

func (s *sqliteConn) prepare(sql string) (driver.Stmt, error) {
	if st, ok := s.stmts[sql]; ok {
		return st, nil
	}
	if len(s.stmts) >= maxCached {
		s.forget()
	}
	st, err := s.c.Prepare(sql)
	if err != nil {
		return nil, sqliteError(err)
	}
	s.stmts[sql] = st
	return st, nil
}

func (s *sqliteConn) bind(args []any) []driver.NamedValue {
	s.named = s.named[:0]
	for i, a := range args {
		s.named = append(s.named, driver.NamedValue{Ordinal: i + 1, Value: a})
	}
	return s.named
}

// exec implements runner. The driver is not given the context: it would start
// a goroutine per statement, and Tx checks the context between statements.
func (s *sqliteConn) exec(_ context.Context, sql string, args []any) (int64, error) {
	st, err := s.prepare(sql)
	if err != nil {
		return 0, err
	}
	res, err := st.(driver.StmtExecContext).ExecContext(context.Background(), s.bind(args))
	if err != nil {
		return 0, sqliteError(err)
	}
	if readsOnly(sql) {
		return 0, nil
	}
	return res.RowsAffected()
}

func (s *sqliteConn) execBatch(ctx context.Context, stmts []Stmt) ([]int64, error) {
	out := make([]int64, len(stmts))
	for i, st := range stmts {
		n, err := s.exec(ctx, st.SQL, st.Args)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", st.SQL, err)
		}
		out[i] = n
	}
	return out, nil
}

// do runs a statement of the package itself.
func (s *sqliteConn) do(sql string) error {
	_, err := s.exec(context.Background(), sql, nil)
	return err
}

func (s *sqliteConn) query(_ context.Context, sql string, args []any) (rowSource, error) {
	st, err := s.prepare(sql)
	if err != nil {
		return nil, err
	}
	rows, err := st.(driver.StmtQueryContext).QueryContext(context.Background(), s.bind(args))
	if err != nil {
		return nil, sqliteError(err)
	}
	n := len(rows.Columns())
	return &sqliteRows{rows: rows, raw: make([]driver.Value, n), vals: make([]any, n)}, nil
}

// sqliteRows turns driver rows into canonical values.
type sqliteRows struct {
	rows driver.Rows
	raw  []driver.Value
	vals []any
}

func (r *sqliteRows) next() ([]any, error) {
	err := r.rows.Next(r.raw)
	if errors.Is(err, io.EOF) {
		return nil, nil
	}
	if err != nil {
		return nil, sqliteError(err)
	}
	for i, v := range r.raw {
		if b, ok := v.([]byte); ok && b == nil {
			v = []byte{} // the driver answers an empty blob as nil
		}
		r.vals[i] = v
	}
	return r.vals, nil
}

func (r *sqliteRows) close() error { return sqliteError(r.rows.Close()) }

// sqliteError marks what callers distinguish.
func sqliteError(err error) error {
	var e *sqlite.Error
	if !errors.As(err, &e) {
		return err
	}
	switch e.Code() {
	case sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY, sqlite3.SQLITE_CONSTRAINT_UNIQUE, sqlite3.SQLITE_CONSTRAINT_ROWID:
		return fmt.Errorf("%w: %w", ErrConflict, err)
	}
	return err
}

// sqliteCode is the primary result code of err, or 0.
func sqliteCode(err error) int {
	var e *sqlite.Error
	if errors.As(err, &e) {
		return e.Code() & 0xff
	}
	return 0
}
