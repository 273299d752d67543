package db_test

import (
	"context"
	"fmt"
	"path/filepath"
	"sync/atomic"
	"testing"

	"cognate/internal/base/db"
	"cognate/internal/testkit/dbtest"
)

const benchRows = 10_000

// engines runs a benchmark on SQLite with full durability, in memory, and on
// PostgreSQL (without fsync, as all tests).
func engines(b *testing.B, body func(b *testing.B, d *db.DB)) {
	open := map[string]func(b *testing.B) *db.DB{
		"sqlite": func(b *testing.B) *db.DB {
			d, err := db.Open(context.Background(), db.Options{SQLite: filepath.Join(b.TempDir(), "b.db")})
			if err != nil {
				b.Fatal(err)
			}
			b.Cleanup(func() { d.Close() })
			if err := d.Migrate(context.Background(), schema); err != nil {
				b.Fatal(err)
			}
			return d
		},
		"memory":   func(b *testing.B) *db.DB { return dbtest.SQLite(b, schema) },
		"postgres": func(b *testing.B) *db.DB { return dbtest.PG(b, schema) },
	}
	for _, name := range []string{"sqlite", "memory", "postgres"} {
		b.Run(name, func(b *testing.B) {
			d := open[name](b)
			update(b, d, func(tx *db.Tx) error {
				for i := range benchRows {
					if err := insert(tx, fmt.Sprintf("user-%06d", i)); err != nil {
						return err
					}
				}
				return nil
			})
			b.ResetTimer()
			body(b, d)
		})
	}
}

// spread runs op b.N times on n goroutines.
func spread(b *testing.B, d *db.DB, n int, op func(i int64) error) {
	b.Run(fmt.Sprint("goroutines=", n), func(b *testing.B) {
		b.ReportAllocs()
		before := d.Stats()
		var next atomic.Int64
		done := make(chan error, n)
		for range n {
			go func() {
				for {
					i := next.Add(1)
					if i > int64(b.N) {
						done <- nil
						return
					}
					if err := op(i); err != nil {
						done <- err
						return
					}
				}
			}()
		}
		for range n {
			if err := <-done; err != nil {
				b.Fatal(err)
			}
		}
		b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "tx/s")
		if after := d.Stats(); after.Commits > before.Commits {
			b.ReportMetric(float64(after.Updates-before.Updates)/float64(after.Commits-before.Commits), "tx/commit")
		}
	})
}

func rowName(i int64) string { return fmt.Sprintf("user-%06d", i*7919%benchRows) }

func BenchmarkUpdate(b *testing.B) {
	ctx := context.Background()
	engines(b, func(b *testing.B, d *db.DB) {
		for _, n := range []int{1, 8, 64} {
			spread(b, d, n, func(i int64) error {
				return d.Update(ctx, func(tx *db.Tx) error {
					_, err := tx.Exec("UPDATE item SET n = n + 1, version = version + 1 WHERE pool_id = 'p' AND name = $1", rowName(i))
					return err
				})
			})
		}
	})
}

func BenchmarkUpdateLater(b *testing.B) {
	ctx := context.Background()
	engines(b, func(b *testing.B, d *db.DB) {
		for _, n := range []int{1, 8} {
			spread(b, d, n, func(i int64) error {
				return d.Update(ctx, func(tx *db.Tx) error {
					return tx.ExecLater("UPDATE item SET n = n + 1, version = version + 1 WHERE pool_id = 'p' AND name = $1", rowName(i))
				})
			})
		}
	})
}

func readOne(i int64) func(tx *db.Tx) error {
	return func(tx *db.Tx) error {
		var n, version int64
		var note *string
		return tx.QueryRow("SELECT n, version, note FROM item WHERE pool_id = $1 AND name = $2", "p", rowName(i)).Scan(&n, &version, &note)
	}
}

func BenchmarkRead(b *testing.B) {
	ctx := context.Background()
	engines(b, func(b *testing.B, d *db.DB) {
		for _, n := range []int{1, 8} {
			spread(b, d, n, func(i int64) error { return d.Read(ctx, readOne(i)) })
		}
	})
}

func BenchmarkView(b *testing.B) {
	ctx := context.Background()
	engines(b, func(b *testing.B, d *db.DB) {
		for _, n := range []int{1, 8} {
			spread(b, d, n, func(i int64) error { return d.View(ctx, readOne(i)) })
		}
	})
}
