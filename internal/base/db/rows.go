package db

import "fmt"

// Rows are the answer of a query, read with
//
//	for rows.Next() { rows.Scan(...) }
//	return rows.Err()
//
// Next closes them at the end; Close is needed only when leaving earlier and
// may be called again.
type Rows struct {
	tx     *Tx
	src    rowSource
	sql    string
	vals   []any
	err    error
	closed bool
}

// Next moves to the next row and is false at the end or on an error.
func (r *Rows) Next() bool {
	if r.closed {
		return false
	}
	if err := r.tx.ctx.Err(); err != nil {
		r.err = r.tx.fail(r.sql, err)
		r.Close()
		return false
	}
	vals, err := r.src.next()
	if err != nil {
		r.err = r.tx.fail(r.sql, err)
	}
	r.vals = vals
	if vals == nil {
		r.Close()
		return false
	}
	return true
}

// Scan copies the row into pointers: *string, *[]byte, *int64, *int, *bool,
// *float64, named types of these kinds, *any, or a pointer to a pointer, which
// becomes nil for NULL. Number and kinds must fit.
func (r *Rows) Scan(dest ...any) error {
	if r.vals == nil {
		return fmt.Errorf("db: Scan without Next: %s", r.sql)
	}
	if len(dest) != len(r.vals) {
		return fmt.Errorf("db: %d columns scanned into %d variables: %s", len(r.vals), len(dest), r.sql)
	}
	for i, v := range r.vals {
		if err := assign(dest[i], v); err != nil {
			return fmt.Errorf("db: column %d: %w: %s", i+1, err, r.sql)
		}
	}
	return nil
}

// Err is the error that ended the iteration, or nil.
func (r *Rows) Err() error { return r.err }

// Close ends the iteration early.
func (r *Rows) Close() error {
	if r.closed {
		return nil
	}
	r.closed = true
	r.vals = nil
	r.tx.open = nil
	if err := r.src.close(); err != nil && r.err == nil {
		r.err = r.tx.fail(r.sql, err)
	}
	return r.err
}

// Row is the answer of QueryRow.
type Row struct {
	rows *Rows
	err  error
}

// Scan reads the first row as Rows.Scan does and drops the others; without a
// row it returns ErrNoRows.
func (r *Row) Scan(dest ...any) error {
	if r.err != nil {
		return r.err
	}
	defer r.rows.Close()
	if !r.rows.Next() {
		if err := r.rows.Err(); err != nil {
			return err
		}
		return ErrNoRows
	}
	if err := r.rows.Scan(dest...); err != nil {
		return err
	}
	return r.rows.Close()
}
