//go:build linux

package db_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"testing"
	"time"

	"cognate/internal/base/db"
	"cognate/internal/testkit/dbtest"
	"cognate/internal/testkit/pgproc"
)

func skipWithoutPostgres(t *testing.T) {
	t.Helper()
	if os.Getenv(dbtest.EnvEngines) == "sqlite" {
		t.Skip("PostgreSQL excluded by " + dbtest.EnvEngines)
	}
}

// pair is a primary and its synchronous standby, and a URL that names both.
func pair(t *testing.T) (primary, standby *pgproc.Server, url string) {
	t.Helper()
	skipWithoutPostgres(t)
	primary, err := pgproc.StartTCP()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(primary.Stop)
	standby, err = primary.StartStandby(true)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(standby.Stop)
	return primary, standby, fmt.Sprintf("postgres://postgres@%s,%s/postgres?sslmode=disable", primary.Address(), standby.Address())
}

func openPair(t *testing.T, url string) *db.DB {
	t.Helper()
	d, err := db.Open(t.Context(), db.Options{PostgresURL: url})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = d.Close() })
	err = d.Migrate(t.Context(), []db.Migration{{ID: "t/0001", Steps: []db.Step{db.CreateTable{
		Name: "t", Columns: []db.Column{{Name: "id", Type: db.Int}}, PrimaryKey: []string{"id"},
	}}}})
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func insertID(ctx context.Context, d *db.DB, id int) error {
	return d.Update(ctx, func(tx *db.Tx) error {
		_, err := tx.Exec("INSERT INTO t (id) VALUES ($1)", id)
		return err
	})
}

// A primary that is suspended while requests wait on all connections is left for its promoted standby; what was
// acknowledged is there, and nobody waits longer than the bound.
func TestFrozenPrimaryIsLeft(t *testing.T) {
	primary, standby, url := pair(t)
	d := openPair(t, url)
	ctx := t.Context()
	var acknowledged []int
	for id := range 20 {
		if err := insertID(ctx, d, id); err != nil {
			t.Fatal(err)
		}
		acknowledged = append(acknowledged, id)
	}
	primary.Freeze()
	frozen := time.Now()
	answers := make(chan error, 40)
	for range cap(answers) { // more than there are connections
		go func() {
			began := time.Now()
			err := d.Read(ctx, func(tx *db.Tx) error { var n int; return tx.QueryRow("SELECT count(*) FROM t").Scan(&n) })
			if took := time.Since(began); took > 10*time.Second {
				err = errors.Join(err, fmt.Errorf("waited %v", took))
			}
			answers <- err
		}()
	}
	if err := standby.Promote(); err != nil {
		t.Fatal(err)
	}
	id := 1000
	for ; ; id++ {
		err := insertID(ctx, d, id)
		if err == nil {
			break
		}
		if !errors.Is(err, db.ErrUnavailable) {
			t.Fatalf("while the primary is frozen: %v", err)
		}
		if time.Since(frozen) > 15*time.Second {
			t.Fatalf("not left after %v: %v", time.Since(frozen), err)
		}
	}
	t.Logf("left after %v", time.Since(frozen))
	for range cap(answers) {
		if err := <-answers; err != nil && !errors.Is(err, db.ErrUnavailable) {
			t.Error(err)
		}
	}
	primary.Thaw() // its old connections must not be used again
	for id := 2000; id < 2040; id++ {
		if err := insertID(ctx, d, id); err != nil {
			t.Fatal(err)
		}
		acknowledged = append(acknowledged, id)
	}
	for _, id := range append(acknowledged, id) {
		var n int
		if err := d.Read(ctx, func(tx *db.Tx) error { return tx.QueryRow("SELECT id FROM t WHERE id = $1", id).Scan(&n) }); err != nil {
			t.Errorf("row %d: %v", id, err)
		}
	}
}

// One server that does not answer costs each caller its patience and no more.
func TestFrozenServerIsNotWaitedFor(t *testing.T) {
	skipWithoutPostgres(t)
	primary, err := pgproc.StartTCP()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(primary.Stop)
	d, err := db.Open(t.Context(), db.Options{
		PostgresURL: "postgres://postgres@" + primary.Address() + "/postgres?sslmode=disable", Patience: 700 * time.Millisecond,
	})
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	primary.Freeze()
	budget := db.Budget(t.Context())
	began := time.Now()
	for range 5 { // five transactions of one request
		if err := d.Ping(budget); !errors.Is(err, db.ErrUnavailable) {
			t.Errorf("frozen server answered %v", err)
		}
	}
	if took := time.Since(began); took > 10*time.Second {
		t.Errorf("waited %v", took)
	}
	if d.Stats().Late == 0 {
		t.Error("no deadline was counted")
	}
	primary.Thaw()
	if err := d.Ping(db.Patient(t.Context())); err != nil {
		t.Errorf("after it: %v", err)
	}
}
