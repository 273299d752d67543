package db

import (
	"bufio"
	"compress/flate"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
)

// DumpInfo tells what a dump holds.
type DumpInfo struct {
	Migrations []string         // under which it was made, with their checksums
	Rows       map[string]int64 // by table
}

// errSnapshotLost ends a dump whose snapshot broke after something was written: the rest would be of another moment.
var errSnapshotLost = errors.New("db: the connection broke during the dump; begin again")

// WriteDump writes the tables of the schema to w as Dump does, without holding them in memory and without a checksum.
func (d *DB) WriteDump(ctx context.Context, w io.Writer) error {
	s := d.schema.Load()
	if s == nil {
		return errors.New("db: WriteDump before Migrate")
	}
	begun := false
	err := d.View(Patient(ctx), func(tx *Tx) error {
		if begun {
			return errSnapshotLost
		}
		begun = true
		z, err := flate.NewWriter(w, flate.BestSpeed)
		if err != nil {
			return err
		}
		return errors.Join(s.write(tx, z), z.Close())
	})
	if err != nil {
		return fmt.Errorf("db: dump: %w", err)
	}
	return nil
}

// ReadDump replaces the contents of all tables by what WriteDump wrote, in one transaction. The reader is asked for once
// more when the transaction has to be run again.
func (d *DB) ReadDump(ctx context.Context, open func() (io.Reader, error)) error {
	s := d.schema.Load()
	if s == nil {
		return errors.New("db: ReadDump before Migrate")
	}
	return d.Update(Patient(ctx), func(tx *Tx) error {
		r, err := open()
		if err != nil {
			return err
		}
		return s.replace(tx, flate.NewReader(byteReader(r)))
	})
}

// CheckDump reads what WriteDump wrote to its end. It returns ErrDump unless all of it makes sense under those of ms that
// it was made under, and leaves r behind the last byte of the dump.
func CheckDump(r io.Reader, ms []Migration) (DumpInfo, error) {
	info := DumpInfo{Rows: map[string]int64{}}
	d := &dumpReader{r: bufio.NewReader(flate.NewReader(byteReader(r)))}
	var err error
	if info.Migrations, err = d.strings(); err != nil {
		return info, err
	}
	known, err := Under(ms, info.Migrations)
	if err != nil {
		return info, err
	}
	s, err := newSchema(known)
	if err != nil {
		return info, err
	}
	for {
		more, err := d.table(s, func(table string, inserts []Stmt) error {
			info.Rows[table] += int64(len(inserts))
			for _, i := range inserts {
				if _, err := bindArgs(i.Args); err != nil {
					return damaged(err)
				}
			}
			return nil
		})
		if err != nil {
			return info, err
		}
		if !more {
			break
		}
	}
	if _, err := d.r.ReadByte(); !errors.Is(err, io.EOF) {
		return info, fmt.Errorf("%w: something follows its end", ErrDump)
	}
	return info, nil
}

// Under returns those of ms that a dump was made under. It refuses a dump of a newer program, and of one whose migrations
// differ.
func Under(ms []Migration, ids []string) ([]Migration, error) {
	var known []Migration
	for _, m := range ms {
		if slices.Contains(ids, m.ID+" "+m.checksum()) {
			known = append(known, m)
		}
	}
	if len(known) != len(ids) {
		return nil, fmt.Errorf("%w: it was made under migrations that this program does not know, by a newer version", ErrDump)
	}
	return known, nil
}

// byteReader keeps flate from reading behind its end.
func byteReader(r io.Reader) io.Reader {
	if _, ok := r.(io.ByteReader); ok {
		return r
	}
	return bufio.NewReader(r)
}

// write writes the migrations and all tables.
func (s *schema) write(tx *Tx, to io.Writer) error {
	w := &dumpWriter{w: bufio.NewWriter(to)}
	w.strings(s.ids)
	for _, t := range s.dumped() {
		if err := w.table(tx, t); err != nil {
			return err
		}
	}
	w.text("")
	return w.w.Flush()
}

// replace puts what write wrote in place of all rows.
func (s *schema) replace(tx *Tx, from io.Reader) error {
	r := &dumpReader{r: bufio.NewReader(from)}
	ids, err := r.strings()
	if err != nil {
		return err
	}
	if !slices.Equal(ids, s.ids) {
		return fmt.Errorf("%w: it was made under other migrations", ErrDump)
	}
	for _, t := range s.dumped() {
		if _, err := tx.Exec("DELETE FROM " + t.Name); err != nil {
			return err
		}
	}
	for {
		more, err := r.table(s, func(_ string, inserts []Stmt) error {
			_, err := tx.ExecBatch(inserts...)
			return err
		})
		if err != nil || !more {
			return err
		}
	}
}
