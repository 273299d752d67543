//go:build linux

package db_test

import (
	"fmt"
	"sync"
	"testing"

	"cognate/internal/base/db"
	"cognate/internal/testkit/pgproc"
)

// Behind PgBouncer in transaction mode each transaction may get another connection: two handles migrate, write, read
// and conflict through three of them. Statements prepared by name break there, which shows that it is noticed.
func TestPgBouncer(t *testing.T) {
	skipWithoutPostgres(t)
	pg, err := pgproc.StartTCP()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(pg.Stop)
	bouncer, err := pg.StartBouncer(3)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(bouncer.Stop)
	url := fmt.Sprintf("postgres://postgres@%s/postgres?sslmode=disable", bouncer.Address)
	if failed := throughBouncer(t, url); len(failed) > 0 {
		t.Errorf("%d transactions failed: %v", len(failed), failed[0])
	}
	if failed := throughBouncer(t, url+"&default_query_exec_mode=cache_statement"); len(failed) == 0 {
		t.Log("this PgBouncer keeps prepared statements")
	}
}

// throughBouncer returns the errors of transactions of two handles.
func throughBouncer(t *testing.T, url string) (failed []error) {
	var mu sync.Mutex
	var wg sync.WaitGroup
	for handle := range 2 {
		d, err := db.Open(t.Context(), db.Options{PostgresURL: url, MaxConns: 8})
		if err != nil {
			t.Fatal(err)
		}
		defer d.Close()
		err = d.Migrate(t.Context(), []db.Migration{{ID: "b/0001", Steps: []db.Step{
			db.CreateTable{Name: "b", Columns: []db.Column{
				{Name: "id", Type: db.Text}, {Name: "n", Type: db.Int}, {Name: "body", Type: db.Blob}, {Name: "on_", Type: db.Bool},
			}, PrimaryKey: []string{"id"}},
			db.CreateIndex{Name: "b_n", Table: "b", Columns: []string{"n"}},
		}}})
		if err != nil {
			return []error{err}
		}
		for worker := range 6 {
			wg.Go(func() {
				for i := range 30 {
					if err := bounced(t, d, fmt.Sprintf("%d-%d-%d", handle, worker, i), i); err != nil {
						mu.Lock()
						failed = append(failed, err)
						mu.Unlock()
					}
				}
			})
		}
	}
	wg.Wait()
	return failed
}

// bounced writes a row and reads it in all ways.
func bounced(t *testing.T, d *db.DB, id string, n int) error {
	err := d.Update(t.Context(), func(tx *db.Tx) error {
		var was int
		if err := tx.QueryRow("SELECT count(*) FROM b WHERE id = $1", id).Scan(&was); err != nil {
			return err
		}
		if _, err := tx.Exec("INSERT INTO b (id, n, body, on_) VALUES ($1, $2, $3, $4) ON CONFLICT (id) DO UPDATE SET n = excluded.n",
			id, n, []byte{0, 255, byte(n)}, n%2 == 0); err != nil {
			return err
		}
		return tx.ExecLater("UPDATE b SET n = n + $2 WHERE id = $1", id, 1000)
	})
	if err != nil {
		return err
	}
	read := func(tx *db.Tx) error {
		var got int
		var body []byte
		var on bool
		if err := tx.QueryRow("SELECT n, body, on_ FROM b WHERE id = $1", id).Scan(&got, &body, &on); err != nil {
			return err
		}
		if got != n+1000 || len(body) != 3 || body[2] != byte(n) || on != (n%2 == 0) {
			return fmt.Errorf("read %d %v %v of %d", got, body, on, n)
		}
		return nil
	}
	if err := d.View(t.Context(), read); err != nil {
		return err
	}
	return d.Read(t.Context(), read)
}
