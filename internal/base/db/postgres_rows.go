package db

import (
	"context"
	"encoding/binary"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgtype"
)

func (p *pgTx) query(ctx context.Context, sql string, args []any) (rowSource, error) {
	if err := p.note(sql); err != nil {
		return nil, err
	}
	if p.begin == "" {
		rows, err := p.c.Query(ctx, sql, args...)
		if err != nil {
			return nil, pgError(err)
		}
		return &pgRows{c: p.c, rows: rows}, nil
	}
	b := new(pgx.Batch)
	p.queueBegin(b)
	b.Queue(sql, args...)
	res := p.c.SendBatch(ctx, b)
	if _, err := res.Exec(); err != nil {
		_ = res.Close()
		return nil, pgError(err)
	}
	rows, err := res.Query()
	if err != nil {
		_ = res.Close()
		return nil, pgError(err)
	}
	return &pgRows{c: p.c, rows: rows, batch: res}, nil
}

// pgRows decodes the column types of the portable subset itself, so that both
// engines answer the same canonical values.
type pgRows struct {
	c     *pgx.Conn
	rows  pgx.Rows
	batch pgx.BatchResults // of BEGIN and the query, or nil
	vals  []any
}

func (r *pgRows) next() ([]any, error) {
	if !r.rows.Next() {
		return nil, pgError(r.rows.Err())
	}
	raw, fields := r.rows.RawValues(), r.rows.FieldDescriptions()
	if r.vals == nil {
		r.vals = make([]any, len(raw))
	}
	for i, b := range raw {
		v, err := decode(r.c.TypeMap(), &fields[i], b)
		if err != nil {
			return nil, err
		}
		r.vals[i] = v
	}
	return r.vals, nil
}

func (r *pgRows) close() error {
	r.rows.Close()
	err := r.rows.Err()
	if r.batch != nil {
		if e := r.batch.Close(); err == nil {
			err = e
		}
	}
	return pgError(err)
}

func decode(m *pgtype.Map, f *pgconn.FieldDescription, b []byte) (any, error) {
	if b == nil {
		return nil, nil
	}
	bin := f.Format == pgtype.BinaryFormatCode
	switch f.DataTypeOID {
	case pgtype.TextOID, pgtype.VarcharOID, pgtype.NameOID, pgtype.UnknownOID:
		return string(b), nil
	case pgtype.ByteaOID:
		if bin {
			return append([]byte{}, b...), nil
		}
	case pgtype.Int8OID:
		if bin && len(b) == 8 {
			return int64(binary.BigEndian.Uint64(b)), nil
		}
	case pgtype.BoolOID:
		if bin && len(b) == 1 {
			return b[0] != 0, nil
		}
	}
	return decodeAny(m, f, b)
}

// decodeAny handles aggregates (sum of bigint is numeric) and text formats.
func decodeAny(m *pgtype.Map, f *pgconn.FieldDescription, b []byte) (any, error) {
	var err error
	switch f.DataTypeOID {
	case pgtype.ByteaOID:
		v := []byte{}
		err = m.Scan(f.DataTypeOID, f.Format, b, &v)
		return v, err
	case pgtype.BoolOID:
		var v bool
		err = m.Scan(f.DataTypeOID, f.Format, b, &v)
		return v, err
	case pgtype.Int8OID, pgtype.Int4OID, pgtype.Int2OID, pgtype.NumericOID, pgtype.OIDOID:
		var v int64
		if err = m.Scan(f.DataTypeOID, f.Format, b, &v); err == nil {
			return v, nil
		}
	}
	var v float64
	if err = m.Scan(f.DataTypeOID, f.Format, b, &v); err == nil {
		return v, nil
	}
	var s string
	err = m.Scan(f.DataTypeOID, f.Format, b, &s)
	return s, err
}
