package db_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/url"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"cognate/internal/base/db"
	"cognate/internal/testkit/dbtest"
)

func nowMS() int64 { return time.Now().UnixMilli() }

// cutter is a TCP proxy before PostgreSQL that breaks a connection when it
// sees a COMMIT while armed: before passing it on, or before passing on the
// answer.
type cutter struct {
	l     net.Listener
	to    string
	armed atomic.Int32 // number of commits to cut
	late  atomic.Bool  // let the server see the commit
	cuts  atomic.Int32
}

func newCutter(t *testing.T, pgURL string) (*cutter, string) {
	t.Helper()
	u, err := url.Parse(pgURL)
	if err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	c := &cutter{l: l, to: u.Query().Get("host") + "/.s.PGSQL." + u.Query().Get("port")}
	go c.serve()
	port := l.Addr().(*net.TCPAddr).Port
	return c, fmt.Sprintf("postgres://postgres@127.0.0.1:%d%s?sslmode=disable", port, u.Path)
}

func (c *cutter) serve() {
	for {
		in, err := c.l.Accept()
		if err != nil {
			return
		}
		out, err := net.Dial("unix", c.to)
		if err != nil {
			in.Close()
			continue
		}
		go c.pump(in, out)
	}
}

// pump copies both directions. A commit is known by the marker row sent with
// it: the value "commit" in a bind message, with its length before it.
func (c *cutter) pump(client, server net.Conn) {
	defer client.Close()
	defer server.Close()
	var dropAnswer atomic.Bool
	go func() {
		defer client.Close()
		buf := make([]byte, 64<<10)
		for {
			n, err := server.Read(buf)
			if err != nil || dropAnswer.Load() {
				return
			}
			if _, err := client.Write(buf[:n]); err != nil {
				return
			}
		}
	}()
	buf := make([]byte, 64<<10)
	for {
		n, err := client.Read(buf)
		if err != nil {
			return
		}
		if bytes.Contains(buf[:n], []byte("\x00\x00\x00\x06commit")) {
			if c.armed.Add(-1) >= 0 {
				c.cuts.Add(1)
				if !c.late.Load() {
					return
				}
				dropAnswer.Store(true)
				_, _ = server.Write(buf[:n])
				time.Sleep(50 * time.Millisecond)
				return
			}
		}
		if _, err := server.Write(buf[:n]); err != nil && err != io.EOF {
			return
		}
	}
}

func TestAmbiguousCommit(t *testing.T) {
	for _, late := range []bool{false, true} {
		t.Run(fmt.Sprintf("committed=%t", late), func(t *testing.T) {
			direct := dbtest.PGURL(t)
			cut, via := newCutter(t, direct)
			d := openDB(t, db.Options{PostgresURL: via, MaxConns: 3})
			if err := d.Migrate(context.Background(), schema); err != nil {
				t.Fatal(err)
			}
			put(t, d, "warm")
			runs, hooks := 0, 0
			for i := range 4 {
				cut.late.Store(late)
				cut.armed.Store(1)
				update(t, d, func(tx *db.Tx) error {
					runs++
					tx.AfterCommit(func() { hooks++ })
					if i%2 == 1 {
						return tx.ExecLater("INSERT INTO item (pool_id, name) VALUES ('p', $1)", fmt.Sprint(i))
					}
					return insert(tx, fmt.Sprint(i))
				})
			}
			cut.armed.Store(0)
			wantRuns := 8
			if late {
				wantRuns = 4 // found committed, not run again
			}
			if runs != wantRuns || hooks != 4 || cut.cuts.Load() != 4 {
				t.Errorf("%d runs, %d hooks, %d cuts", runs, hooks, cut.cuts.Load())
			}
			if got := names(t, d); !slices.Equal(got, []string{"0", "1", "2", "3", "warm"}) {
				t.Error(got)
			}
		})
	}
}

// A commit whose packets arrive only after its fate was decided must fail.
func TestFencedCommit(t *testing.T) {
	d := dbtest.PG(t, schema)
	ctx := context.Background()
	const mark = "INSERT INTO db_commit (id, kind, at) VALUES ('m', $1, 0)"
	inside, decided := make(chan bool), make(chan bool)
	done := make(chan error)
	go func() {
		done <- d.Update(ctx, func(tx *db.Tx) error {
			if err := insert(tx, "late"); err != nil {
				return err
			}
			close(inside)
			<-decided
			_, err := tx.Exec(mark, "commit")
			return err
		})
	}()
	<-inside
	update(t, d, func(tx *db.Tx) error {
		_, err := tx.Exec(mark+" ON CONFLICT (id) DO NOTHING", "fence")
		return err
	})
	close(decided)
	if err := <-done; err == nil || len(names(t, d)) != 0 {
		t.Error("fenced transaction committed", err)
	}
}

func TestTerminatedBackends(t *testing.T) {
	d := dbtest.PG(t, schema)
	put(t, d, "a")
	// The transaction's own backend dies in the middle: run again.
	runs := 0
	update(t, d, func(tx *db.Tx) error {
		runs++
		if err := insert(tx, "b"); err != nil {
			return err
		}
		if runs > 1 {
			return nil
		}
		var ok bool
		return tx.QueryRow("SELECT pg_terminate_backend(pg_backend_pid())").Scan(&ok)
	})
	if runs != 2 || !slices.Equal(names(t, d), []string{"a", "b"}) {
		t.Error(runs, names(t, d))
	}
	// All idle connections die: nobody notices.
	for i := range 3 {
		err := d.View(context.Background(), func(tx *db.Tx) error {
			_, err := collect(tx, "SELECT pg_terminate_backend(pid)::text FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()")
			return err
		})
		if err != nil && !strings.Contains(err.Error(), "57P01") {
			t.Fatal(err)
		}
		put(t, d, fmt.Sprint("c", i))
		_ = names(t, d)
	}
}
