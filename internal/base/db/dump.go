package db

import (
	"bufio"
	"bytes"
	"compress/flate"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"math"
	"slices"
	"strings"
)

// ErrDump is a dump that Restore refuses: damaged, of another format, or of
// another schema.
var ErrDump = errors.New("db: dump cannot be restored here")

// dumpMagic names the format. After it come the CRC-32 of the rest and a
// deflate stream of: the migration list, then per table its name, columns and
// rows, then an empty name.
const dumpMagic = "cognate-dump 1\n"

// Value tags of a dump. tagEnd stands in place of a row's first value.
const (
	tagEnd byte = iota
	tagNull
	tagInt
	tagFloat
	tagFalse
	tagTrue
	tagText
	tagBlob
)

// restoreBatch is how many rows Restore inserts per round trip.
const restoreBatch = 200

// Dump writes all tables of the migrations given to Migrate, from one
// snapshot. The result can be restored on either engine.
func (d *DB) Dump(ctx context.Context) ([]byte, error) {
	s := d.schema.Load()
	if s == nil {
		return nil, errors.New("db: Dump before Migrate")
	}
	var out bytes.Buffer
	err := d.View(Patient(ctx), func(tx *Tx) error {
		out.Reset()
		out.WriteString(dumpMagic + "\x00\x00\x00\x00")
		z, err := flate.NewWriter(&out, flate.BestSpeed)
		if err != nil {
			return err
		}
		return errors.Join(s.write(tx, z), z.Close())
	})
	if err != nil {
		return nil, fmt.Errorf("db: dump: %w", err)
	}
	return seal(out.Bytes()), nil
}

// seal fills in the checksum of a dump.
func seal(dump []byte) []byte {
	body := dump[len(dumpMagic)+4:]
	binary.BigEndian.PutUint32(dump[len(dumpMagic):], crc32.ChecksumIEEE(body))
	return dump
}

// unseal returns the deflate stream of a dump.
func unseal(dump []byte) ([]byte, error) {
	body, ok := bytes.CutPrefix(dump, []byte(dumpMagic))
	if !ok || len(body) < 4 {
		return nil, fmt.Errorf("%w: not a dump of this format", ErrDump)
	}
	if sum := binary.BigEndian.Uint32(body); sum != crc32.ChecksumIEEE(body[4:]) {
		return nil, fmt.Errorf("%w: damaged", ErrDump)
	}
	return body[4:], nil
}

// Restore replaces the contents of all tables by a dump, in one transaction.
func (d *DB) Restore(ctx context.Context, dump []byte) error {
	s := d.schema.Load()
	if s == nil {
		return errors.New("db: Restore before Migrate")
	}
	body, err := unseal(dump)
	if err != nil {
		return err
	}
	return d.Update(Patient(ctx), func(tx *Tx) error {
		return s.replace(tx, flate.NewReader(bytes.NewReader(body)))
	})
}

// Clear empties all tables but those named, in the transaction. It is for servers that begin again.
func (d *DB) Clear(tx *Tx, keep ...string) error {
	s := d.schema.Load()
	if s == nil {
		return errors.New("db: Clear before Migrate")
	}
	for _, t := range s.dumped() {
		if slices.Contains(keep, t.Name) {
			continue
		}
		if _, err := tx.Exec("DELETE FROM " + t.Name); err != nil {
			return err
		}
	}
	return nil
}

func (s *schema) dumped() []CreateTable {
	return slices.DeleteFunc(slices.Clone(s.tables), func(t CreateTable) bool { return t.NoDump })
}

func (t *CreateTable) columns() []string {
	var names []string
	for _, c := range t.Columns {
		names = append(names, c.Name)
	}
	return names
}

// dumpWriter's bufio.Writer keeps the first error for Flush.
type dumpWriter struct{ w *bufio.Writer }

func (d *dumpWriter) uvarint(n uint64) {
	_, _ = d.w.Write(binary.AppendUvarint(d.w.AvailableBuffer(), n))
}

func (d *dumpWriter) text(s string) {
	d.uvarint(uint64(len(s)))
	_, _ = d.w.WriteString(s)
}

func (d *dumpWriter) strings(list []string) {
	d.uvarint(uint64(len(list)))
	for _, s := range list {
		d.text(s)
	}
}

func (d *dumpWriter) table(tx *Tx, t CreateTable) error {
	cols := t.columns()
	d.text(t.Name)
	d.strings(cols)
	rows, err := tx.Query(fmt.Sprintf("SELECT %s FROM %s ORDER BY %s",
		strings.Join(cols, ", "), t.Name, strings.Join(t.PrimaryKey, ", ")))
	if err != nil {
		return err
	}
	for rows.Next() {
		for i, v := range rows.vals {
			if n, ok := v.(int64); ok && t.Columns[i].Type == Bool {
				v = n != 0 // SQLite keeps booleans as integers
			}
			d.value(v)
		}
	}
	_ = d.w.WriteByte(tagEnd)
	return rows.Err()
}

func (d *dumpWriter) value(v any) {
	switch v := v.(type) {
	case nil:
		_ = d.w.WriteByte(tagNull)
	case int64:
		_ = d.w.WriteByte(tagInt)
		_, _ = d.w.Write(binary.AppendVarint(d.w.AvailableBuffer(), v))
	case float64:
		_ = d.w.WriteByte(tagFloat)
		_, _ = d.w.Write(binary.BigEndian.AppendUint64(d.w.AvailableBuffer(), math.Float64bits(v)))
	case bool:
		tag := tagFalse
		if v {
			tag = tagTrue
		}
		_ = d.w.WriteByte(tag)
	case string:
		_ = d.w.WriteByte(tagText)
		d.text(v)
	case []byte:
		_ = d.w.WriteByte(tagBlob)
		d.text(string(v))
	}
}

type dumpReader struct{ r *bufio.Reader }

// damaged wraps what a broken stream answers.
func damaged(err error) error { return fmt.Errorf("%w: %w", ErrDump, err) }

func (d *dumpReader) text() (string, error) {
	n, err := binary.ReadUvarint(d.r)
	if err != nil {
		return "", damaged(err)
	}
	if n > math.MaxInt32 {
		return "", fmt.Errorf("%w: value of %d bytes", ErrDump, n)
	}
	var b strings.Builder // grows with what is really there
	if _, err := io.CopyN(&b, d.r, int64(n)); err != nil {
		return "", damaged(err)
	}
	return b.String(), nil
}

func (d *dumpReader) strings() ([]string, error) {
	n, err := binary.ReadUvarint(d.r)
	if err != nil {
		return nil, damaged(err)
	}
	var list []string
	for range n {
		s, err := d.text()
		if err != nil {
			return nil, err
		}
		list = append(list, s)
	}
	return list, nil
}

// table hands the next table's rows to sink, batch by batch; false at the end of the dump.
func (d *dumpReader) table(s *schema, sink func(table string, inserts []Stmt) error) (bool, error) {
	name, err := d.text()
	if err != nil || name == "" {
		return false, err
	}
	cols, err := d.strings()
	if err != nil {
		return false, err
	}
	t := s.table(name)
	if t == nil || t.NoDump || !slices.Equal(cols, t.columns()) {
		return false, fmt.Errorf("%w: unknown table %s", ErrDump, name)
	}
	marks := make([]string, len(cols))
	for i := range marks {
		marks[i] = fmt.Sprintf("$%d", i+1)
	}
	insert := fmt.Sprintf("INSERT INTO %s (%s) VALUES (%s)", name, strings.Join(cols, ", "), strings.Join(marks, ", "))
	var batch []Stmt
	for {
		row, err := d.row(len(cols))
		if err != nil {
			return false, err
		}
		if row != nil {
			batch = append(batch, Stmt{SQL: insert, Args: row})
		}
		if row == nil || len(batch) == restoreBatch {
			if err := sink(name, batch); err != nil {
				return false, err
			}
			batch = batch[:0]
		}
		if row == nil {
			return true, nil
		}
	}
}

// row is nil at the end of the table.
func (d *dumpReader) row(n int) ([]any, error) {
	row := make([]any, n)
	for i := range row {
		tag, err := d.r.ReadByte()
		if err != nil {
			return nil, damaged(err)
		}
		if tag == tagEnd && i == 0 {
			return nil, nil
		}
		if row[i], err = d.value(tag); err != nil {
			return nil, err
		}
	}
	return row, nil
}

func (d *dumpReader) value(tag byte) (any, error) {
	switch tag {
	case tagNull:
		return nil, nil
	case tagInt:
		n, err := binary.ReadVarint(d.r)
		if err != nil {
			return nil, damaged(err)
		}
		return n, nil
	case tagFloat:
		var b [8]byte
		if _, err := io.ReadFull(d.r, b[:]); err != nil {
			return nil, damaged(err)
		}
		return math.Float64frombits(binary.BigEndian.Uint64(b[:])), nil
	case tagFalse, tagTrue:
		return tag == tagTrue, nil
	case tagText:
		return d.text()
	case tagBlob:
		s, err := d.text()
		return []byte(s), err
	}
	return nil, fmt.Errorf("%w: unknown value kind %d", ErrDump, tag)
}
