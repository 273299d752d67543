package db

import (
	"context"
	"fmt"
	"slices"
)

// Fresh reports whether no migration was ever applied to the database: it is empty, or belongs to another program.
func (d *DB) Fresh(ctx context.Context) (bool, error) {
	there := "SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND name = $1"
	if d.kind == Postgres {
		there = "SELECT count(*) FROM pg_catalog.pg_class WHERE oid = to_regclass($1)"
	}
	var n int64
	err := d.Read(ctx, func(tx *Tx) error {
		if err := tx.QueryRow(there, "db_migration").Scan(&n); err != nil || n == 0 {
			return err
		}
		return tx.QueryRow("SELECT count(*) FROM db_migration").Scan(&n)
	})
	if err != nil {
		return false, fmt.Errorf("db: look for migrations: %w", err)
	}
	return n == 0, nil
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
