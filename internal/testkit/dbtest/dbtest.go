//go:build unix

// Package dbtest gives tests a database per engine.
//
// Each runs a test body on SQLite, on PostgreSQL, and on PostgreSQL at
// SERIALIZABLE with injected serialization failures. The server comes from
// COGNATE_TEST_PG_URL or is started once per test process; when it cannot be
// started the test fails. COGNATE_TEST_ENGINES=sqlite or postgres limits the
// engines.
package dbtest

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"sync/atomic"
	"testing"

	"cognate/internal/base/db"
)

// Environment variables that steer the tests.
const (
	// EnvEngines is sqlite, postgres or all (the default).
	EnvEngines = "COGNATE_TEST_ENGINES"
	// EnvURL is the URL of a server on which databases may be created.
	EnvURL = "COGNATE_TEST_PG_URL"
)

// Each runs body in one subtest per engine, on an empty database with the
// given migrations applied.
func Each(t *testing.T, migrations []db.Migration, body func(t *testing.T, d *db.DB)) {
	t.Helper()
	if wants(t, db.SQLite) {
		t.Run("sqlite", func(t *testing.T) { body(t, sqliteFile(t, migrations)) })
	}
	if wants(t, db.Postgres) {
		t.Run("postgres", func(t *testing.T) { body(t, pg(t, migrations, db.Options{})) })
		t.Run("serializable", func(t *testing.T) { body(t, pg(t, migrations, Harsh())) })
	}
}

// Harsh are options for SERIALIZABLE with every third commit failing.
func Harsh() db.Options {
	var n atomic.Int64
	return db.Options{Serializable: true, InjectRetry: func() bool { return n.Add(1)%3 == 1 }}
}

// SQLite is an in-memory database for quick tests.
func SQLite(t testing.TB, migrations ...[]db.Migration) *db.DB {
	t.Helper()
	return open(t, db.Options{SQLite: ":memory:"}, slices.Concat(migrations...))
}

// PG is a PostgreSQL database; the test is skipped when COGNATE_TEST_ENGINES
// excludes it.
func PG(t testing.TB, migrations ...[]db.Migration) *db.DB {
	t.Helper()
	if !wants(t, db.Postgres) {
		t.Skip("PostgreSQL excluded by " + EnvEngines)
	}
	return pg(t, slices.Concat(migrations...), db.Options{})
}

// PGURL is the URL of a new empty PostgreSQL database, for tests that start
// a program with it; skipped as PG is.
func PGURL(t testing.TB) string {
	t.Helper()
	if !wants(t, db.Postgres) {
		t.Skip("PostgreSQL excluded by " + EnvEngines)
	}
	return server(t).create(t, "")
}

func wants(t testing.TB, e db.Engine) bool {
	t.Helper()
	switch v := os.Getenv(EnvEngines); v {
	case "", "all":
		return true
	case "sqlite", "postgres":
		return v == e.String()
	default:
		t.Fatalf("%s=%q: want sqlite, postgres or all", EnvEngines, v)
		return false
	}
}

func sqliteFile(t testing.TB, migrations []db.Migration) *db.DB {
	return open(t, db.Options{SQLite: filepath.Join(t.TempDir(), "test.db"), NoSync: true}, migrations)
}

// open opens and migrates a database that is closed with the test.
func open(t testing.TB, o db.Options, migrations []db.Migration) *db.DB {
	t.Helper()
	d, err := db.Open(context.Background(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := d.Close(); err != nil {
			t.Errorf("close database: %v", err)
		}
	})
	if err := d.Migrate(context.Background(), migrations); err != nil {
		t.Fatal(err)
	}
	return d
}
