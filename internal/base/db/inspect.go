package db

import (
	"context"
	"fmt"
	"time"
)

// State is what Inspect finds.
type State struct {
	Fresh   bool      // no migration has run here
	Pending []string  // migrations that Migrate would run
	Clock   time.Time // of the database server; this machine's for SQLite
}

// Inspect compares the schema with ms and reads the clock of the database. It
// changes nothing; the errors are those of Migrate.
func (d *DB) Inspect(ctx context.Context, ms []Migration) (State, error) {
	var s State
	err := d.Read(ctx, func(tx *Tx) error {
		s = State{}
		there, clock := "SELECT count(*) FROM sqlite_master WHERE name = 'db_migration'", "SELECT CAST(strftime('%s', 'now') AS INTEGER)"
		if d.kind == Postgres {
			there = "SELECT count(*) FROM pg_catalog.pg_class WHERE oid = to_regclass('db_migration')"
			clock = "SELECT CAST(EXTRACT(EPOCH FROM CURRENT_TIMESTAMP) AS BIGINT)"
		}
		var n, seconds int64
		if err := tx.QueryRow(clock).Scan(&seconds); err != nil {
			return err
		}
		s.Clock = time.Unix(seconds, 0)
		if err := tx.QueryRow(there).Scan(&n); err != nil {
			return err
		}
		if n == 0 {
			s.Fresh = true
			for _, m := range ms {
				s.Pending = append(s.Pending, m.ID)
			}
			return nil
		}
		plan, err := missing(tx, ms)
		for _, m := range plan {
			s.Pending = append(s.Pending, m.ID)
		}
		return err
	})
	if err != nil {
		return s, fmt.Errorf("db: inspect: %w", err)
	}
	return s, nil
}
