package db

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"cognate/internal/base/background"
)

// The migration lease: who holds the row may change the schema.
const (
	lockLife = 30 * time.Second
	lockPoll = 100 * time.Millisecond
)

// bootstrap makes the package's own tables, each statement by itself. Two
// nodes doing it at once can meet in the system catalogs, IF NOT EXISTS or
// not; the second then finds the work done.
func (d *pgDB) bootstrap(ctx context.Context, ddl []string) error {
	if err := d.collation(ctx); err != nil {
		return err
	}
	var there bool
	err := d.conns.QueryRow(ctx, "SELECT to_regclass('db_commit') IS NOT NULL").Scan(&there)
	if err != nil {
		return err
	}
	if !there {
		for _, sql := range ddl {
			if err := d.ddl(ctx, sql); err != nil {
				return err
			}
		}
	}
	d.marks.start()
	return nil
}

// ddl runs one schema statement in its own transaction.
func (d *pgDB) ddl(ctx context.Context, sql string) error {
	for attempt := 1; ; attempt++ {
		_, err := d.conns.Exec(ctx, d.schema(sql))
		if err == nil || attempt == maxAttempts || !(d.retryable(err) || catalogRace(err)) {
			return err
		}
		if err := pause(ctx, attempt, Postgres); err != nil {
			return err
		}
	}
}

func catalogRace(err error) bool {
	var e *pgconn.PgError
	if !errors.As(err, &e) {
		return false
	}
	switch e.Code {
	case "23505", "42P07", "42710", "XX000":
		return true
	}
	return false
}

// apply takes the lease and runs what is still missing, one statement per
// transaction. Steps can be run again, so a node that died half way is
// finished by the next one.
func (d *pgDB) apply(ctx context.Context, h *DB, ms []Migration) error {
	owner := rand.Text()
	if err := d.lock(ctx, h, owner); err != nil {
		return err
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	done := make(chan struct{})
	background.Go("migration lease", func() {
		defer close(done)
		// A schema is not changed while nobody renews the lease.
		if err := background.Try("migration lease", func() error { d.keepLock(ctx, h, owner, cancel); return nil }); err != nil {
			cancel(err)
		}
	})
	err := d.steps(ctx, h, ms)
	if cause := context.Cause(ctx); err != nil && cause != nil {
		err = fmt.Errorf("%w (%w)", err, cause)
	}
	cancel(nil)
	<-done
	return errors.Join(err, d.unlock(context.WithoutCancel(ctx), h, owner))
}

func (d *pgDB) steps(ctx context.Context, h *DB, ms []Migration) error {
	var plan []Migration
	err := h.Read(ctx, func(tx *Tx) (err error) {
		plan, err = missing(tx, ms)
		return err
	})
	if err != nil {
		return err
	}
	for _, m := range plan {
		fresh := map[string]bool{}
		for _, st := range m.Steps {
			if t, ok := st.(CreateTable); ok {
				fresh[t.Name] = true
			}
			if err := d.step(ctx, h, st, fresh); err != nil {
				return fmt.Errorf("%s: %w", m.ID, err)
			}
		}
		if err := h.Update(ctx, func(tx *Tx) error { return record(tx, m) }); err != nil {
			return err
		}
	}
	return nil
}

// step runs one step. An index on a table that may hold rows is built without
// blocking writers; a broken remainder of an earlier try is removed first.
func (d *pgDB) step(ctx context.Context, h *DB, st Step, fresh map[string]bool) error {
	switch st := st.(type) {
	case Statement:
		return h.Update(ctx, func(tx *Tx) error {
			_, err := tx.Exec(st.SQL)
			return err
		})
	case CreateIndex:
		if fresh[st.Table] {
			break
		}
		var invalid bool
		err := d.conns.QueryRow(ctx, "SELECT count(*) > 0 FROM pg_index WHERE indexrelid = to_regclass($1) AND NOT indisvalid", st.Name).Scan(&invalid)
		if err != nil {
			return err
		}
		if invalid {
			if err := d.ddl(ctx, "DROP INDEX CONCURRENTLY IF EXISTS "+st.Name); err != nil {
				return err
			}
		}
		return d.ddl(ctx, st.concurrently())
	}
	return d.ddl(ctx, st.render(Postgres))
}

// lock waits for the lease.
func (d *pgDB) lock(ctx context.Context, h *DB, owner string) error {
	for {
		got := false
		err := h.Update(ctx, func(tx *Tx) error {
			now := time.Now()
			n, err := tx.Exec(`INSERT INTO db_lock (name, owner, expires_at) VALUES ('migrate', $1, $2)
				ON CONFLICT (name) DO UPDATE SET owner = excluded.owner, expires_at = excluded.expires_at
				WHERE db_lock.expires_at < $3`, owner, now.Add(lockLife).UnixMilli(), now.UnixMilli())
			got = n == 1
			return err
		})
		if err != nil || got {
			return err
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("waiting for another node's migration: %w", ctx.Err())
		case <-time.After(lockPoll):
		}
	}
}

// keepLock renews the lease and stops the migration when it was lost.
func (d *pgDB) keepLock(ctx context.Context, h *DB, owner string, cancel context.CancelCauseFunc) {
	tick := time.NewTicker(lockLife / 3)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		kept := false
		err := h.Update(ctx, func(tx *Tx) error {
			n, err := tx.Exec("UPDATE db_lock SET expires_at = $2 WHERE name = 'migrate' AND owner = $1",
				owner, time.Now().Add(lockLife).UnixMilli())
			kept = n == 1
			return err
		})
		if err != nil || !kept {
			cancel(errors.Join(errors.New("db: migration lease lost"), err))
			return
		}
	}
}

func (d *pgDB) unlock(ctx context.Context, h *DB, owner string) error {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	return h.Update(ctx, func(tx *Tx) error {
		_, err := tx.Exec("DELETE FROM db_lock WHERE name = 'migrate' AND owner = $1", owner)
		return err
	})
}
