package db

import (
	"context"
	"fmt"
	"slices"
)

// Schema lists the migrations that the schema consists of, with their checksums.
func (d *DB) Schema() []string {
	if s := d.schema.Load(); s != nil {
		return slices.Clone(s.ids)
	}
	return nil
}

// Adopt takes the schema of a database as it is, without bringing it up to date: of ms, those migrations that were
// applied. It refuses what Migrate refuses. Dump works after it.
func (d *DB) Adopt(ctx context.Context, ms []Migration) error {
	var plan []Migration
	err := d.Read(ctx, func(tx *Tx) (err error) {
		plan, err = missing(tx, ms)
		return err
	})
	if err != nil {
		return fmt.Errorf("db: adopt: %w", err)
	}
	applied := slices.DeleteFunc(slices.Clone(ms), func(m Migration) bool {
		return slices.ContainsFunc(plan, func(p Migration) bool { return p.ID == m.ID })
	})
	s, err := newSchema(applied)
	if err != nil {
		return err
	}
	d.schema.Store(s)
	return nil
}
