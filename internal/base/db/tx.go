package db

import (
	"context"
	"errors"
	"fmt"
)

// Tx is a running transaction. It belongs to the function it was handed to and
// must not be used by other goroutines. After a failed statement only
// rollback is possible, on every engine: later statements and the commit
// return the same error.
type Tx struct {
	ctx   context.Context
	run   runner
	after []func()
	later []Stmt
	open  *Rows
	err   error
	over  bool
}

// runner executes statements of one transaction on one engine. Arguments are
// already normalised by bindArgs.
type runner interface {
	exec(ctx context.Context, sql string, args []any) (int64, error)
	query(ctx context.Context, sql string, args []any) (rowSource, error)
	execBatch(ctx context.Context, stmts []Stmt) ([]int64, error)
}

// rowSource yields rows as canonical values: nil, int64, float64, bool,
// string, []byte.
type rowSource interface {
	next() ([]any, error) // nil, nil at the end
	close() error
}

// Stmt is one statement with its arguments.
type Stmt struct {
	SQL  string
	Args []any
}

func newTx(ctx context.Context, run runner) *Tx {
	t := &Tx{run: run}
	t.ctx = context.WithValue(ctx, txKey{}, t)
	return t
}

// Context is the context of the transaction. Update and View refuse it.
func (t *Tx) Context() context.Context { return t.ctx }

// AfterCommit registers f to run once in the goroutine that called Update,
// after the commit succeeded and before Update returns. A rolled back or
// repeated run forgets it. In View it runs at the end.
func (t *Tx) AfterCommit(f func()) { t.after = append(t.after, f) }

// Exec runs a statement and returns how many rows it changed.
func (t *Tx) Exec(sql string, args ...any) (int64, error) {
	args, err := t.ready(sql, args)
	if err != nil {
		return 0, err
	}
	n, err := t.run.exec(t.ctx, sql, args)
	if err != nil {
		return 0, t.fail(sql, err)
	}
	return n, nil
}

// ExecBatch runs statements in order and returns the changed rows of each. On
// PostgreSQL all of them cost one round trip.
func (t *Tx) ExecBatch(stmts ...Stmt) ([]int64, error) {
	bound := make([]Stmt, len(stmts))
	for i, s := range stmts {
		args, err := t.ready(s.SQL, s.Args)
		if err != nil {
			return nil, err
		}
		bound[i] = Stmt{SQL: s.SQL, Args: args}
	}
	if len(bound) == 0 {
		return nil, nil
	}
	n, err := t.run.execBatch(t.ctx, bound)
	if err != nil {
		return nil, t.fail("batch", err)
	}
	return n, nil
}

// ExecLater runs a write just before the commit, in the round trip of the
// commit on PostgreSQL. Its error becomes the error of Update; how many rows
// it changed is not told, and later statements of fn do not see it.
func (t *Tx) ExecLater(sql string, args ...any) error {
	args, err := t.ready(sql, args)
	if err != nil {
		return err
	}
	t.later = append(t.later, Stmt{SQL: sql, Args: args})
	return nil
}

// Query runs a statement that answers rows: a SELECT or a write with
// RETURNING. The rows are read to the end or closed before the next statement.
func (t *Tx) Query(sql string, args ...any) (*Rows, error) {
	args, err := t.ready(sql, args)
	if err != nil {
		return nil, err
	}
	src, err := t.run.query(t.ctx, sql, args)
	if err != nil {
		return nil, t.fail(sql, err)
	}
	t.open = &Rows{tx: t, src: src, sql: sql}
	return t.open, nil
}

// QueryRow runs a statement that answers at most one row of interest. Errors
// are kept for Scan, which must be called.
func (t *Tx) QueryRow(sql string, args ...any) *Row {
	rows, err := t.Query(sql, args...)
	return &Row{rows: rows, err: err}
}

// ready checks that a statement may run now and normalises its arguments.
func (t *Tx) ready(sql string, args []any) ([]any, error) {
	switch {
	case t.over:
		return nil, ErrTxDone
	case t.err != nil:
		return nil, t.err
	case t.open != nil:
		return nil, fmt.Errorf("%w: %s", ErrRowsOpen, t.open.sql)
	}
	if err := t.ctx.Err(); err != nil {
		return nil, t.fail(sql, err)
	}
	bound, err := bindArgs(args)
	if err != nil {
		return nil, fmt.Errorf("%w in %s", err, sql)
	}
	return bound, nil
}

// fail remembers the first failed statement.
func (t *Tx) fail(sql string, err error) error {
	if t.err == nil {
		t.err = fmt.Errorf("db: %s: %w", sql, err)
	}
	return t.err
}

// call runs fn and says whether the transaction may commit. Rows left open
// are closed.
func (t *Tx) call(fn func(*Tx) error) error {
	err := fn(t)
	if t.open != nil {
		err = errors.Join(err, t.open.Close())
	}
	if err == nil {
		err = t.err
	}
	return err
}

// committed runs the AfterCommit functions.
func (t *Tx) committed() {
	for _, f := range t.after {
		f()
	}
	t.after = nil
}

// end makes the transaction unusable, also when fn panicked.
func (t *Tx) end() {
	if t.open != nil {
		_ = t.open.Close()
	}
	t.over = true
}
