package db

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"
)

// Errors of Migrate.
var (
	// ErrSchemaNewer is a database that holds a migration this program does
	// not know: a newer version has been at work.
	ErrSchemaNewer = errors.New("db: the database was migrated by a newer version")
	// ErrSchemaChanged is an applied migration whose steps differ from the
	// program's.
	ErrSchemaChanged = errors.New("db: an applied migration was changed")
)

// Migrate brings the schema to the state after ms, in order. Several nodes may
// call it at the same time; a database that is up to date costs one read. It
// refuses a database that knows a migration not in ms.
func (d *DB) Migrate(ctx context.Context, ms []Migration) error {
	s, err := newSchema(ms)
	if err != nil {
		return err
	}
	ctx = Patient(ctx)
	var ddl []string
	for _, st := range ownMigrations[0].Steps {
		ddl = append(ddl, st.render(d.kind))
	}
	if err := d.eng.bootstrap(ctx, ddl); err != nil {
		return fmt.Errorf("db: migrate: %w", err)
	}
	var plan []Migration
	err = d.Read(ctx, func(tx *Tx) (err error) {
		plan, err = missing(tx, ms)
		return err
	})
	if err == nil && len(plan) > 0 {
		err = d.eng.apply(ctx, d, ms)
	}
	if err != nil {
		return fmt.Errorf("db: migrate: %w", err)
	}
	d.schema.Store(s)
	return nil
}

// missing compares the migrations table with ms.
func missing(tx *Tx, ms []Migration) ([]Migration, error) {
	applied := map[string]string{}
	rows, err := tx.Query("SELECT id, checksum FROM db_migration ORDER BY id")
	if err != nil {
		return nil, err
	}
	for rows.Next() {
		var id, sum string
		if err := rows.Scan(&id, &sum); err != nil {
			return nil, err
		}
		applied[id] = sum
	}
	if err := rows.Err(); err != nil {
		return nil, err
	}
	var plan []Migration
	for _, m := range ms {
		sum, ok := applied[m.ID]
		switch {
		case !ok:
			plan = append(plan, m)
		case sum != m.checksum():
			return nil, fmt.Errorf("%w: %s", ErrSchemaChanged, m.ID)
		}
		delete(applied, m.ID)
	}
	if len(applied) > 0 {
		var ids []string
		for id := range applied {
			ids = append(ids, id)
		}
		return nil, fmt.Errorf("%w: %s", ErrSchemaNewer, strings.Join(ids, ", "))
	}
	return plan, nil
}

// record notes an applied migration.
func record(tx *Tx, m Migration) error {
	_, err := tx.Exec("INSERT INTO db_migration (id, checksum, applied_at) VALUES ($1, $2, $3) ON CONFLICT (id) DO NOTHING",
		m.ID, m.checksum(), time.Now().UnixMilli())
	return err
}

func (d *sqliteDB) bootstrap(ctx context.Context, ddl []string) error {
	return d.update(ctx, func(tx *Tx) error {
		for _, sql := range ddl {
			if _, err := tx.Exec(sql); err != nil {
				return err
			}
		}
		return nil
	}, nil)
}

// apply runs all missing migrations in one transaction: DDL is transactional
// and the write lock of the file keeps other processes out.
func (d *sqliteDB) apply(ctx context.Context, _ *DB, ms []Migration) error {
	return d.update(ctx, func(tx *Tx) error {
		plan, err := missing(tx, ms)
		if err != nil {
			return err
		}
		for _, m := range plan {
			for _, st := range m.Steps {
				if _, err := tx.Exec(st.render(SQLite)); err != nil {
					return fmt.Errorf("%s: %w", m.ID, err)
				}
			}
			if err := record(tx, m); err != nil {
				return err
			}
		}
		return nil
	}, nil)
}
