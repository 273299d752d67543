//go:build unix

package dbtest

import (
	"context"
	"crypto/rand"
	"net/url"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"cognate/internal/base/db"
	"cognate/internal/testkit/pgproc"
)

// pgServer hands out databases of one server. A database used by a finished
// test is emptied and used again by a later one with the same schema, which
// is many times cheaper than making one.
type pgServer struct {
	url string

	mu    sync.Mutex
	kinds map[string]*kind
}

// kind is what tests with the same migrations share.
type kind struct {
	once     sync.Once
	template string
	initial  []byte // dump of the freshly migrated database
	err      error

	mu   sync.Mutex
	free []string // URLs of used databases
}

var start = sync.OnceValues(func() (*pgServer, error) {
	s := &pgServer{url: os.Getenv(EnvURL), kinds: map[string]*kind{}}
	if s.url == "" {
		p, err := pgproc.Start()
		if err != nil {
			return nil, err
		}
		s.url = p.URL
	}
	return s, nil
})

func server(t testing.TB) *pgServer {
	t.Helper()
	s, err := start()
	if err != nil {
		t.Fatalf("PostgreSQL is needed for this test: %v", err)
	}
	return s
}

// pg is a database with migrations applied, opened with options o.
func pg(t testing.TB, migrations []db.Migration, o db.Options) *db.DB {
	t.Helper()
	s := server(t)
	k := s.kind(migrations)
	k.once.Do(func() { k.err = s.prepare(k, migrations) })
	if k.err != nil {
		t.Fatal(k.err)
	}
	u, used := k.take()
	if !used {
		u = s.create(t, k.template)
	}
	t.Cleanup(func() {
		if !t.Failed() {
			k.give(u)
		}
	})
	o.PostgresURL = u
	if o.MaxConns == 0 {
		o.MaxConns = 8
	}
	d := open(t, o, migrations)
	if used {
		if err := reset(d, k, migrations); err != nil {
			t.Fatal(err)
		}
	}
	return d
}

func (s *pgServer) kind(migrations []db.Migration) *kind {
	key := db.SchemaText(migrations)
	for _, m := range migrations {
		key += "\n" + m.ID
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	k := s.kinds[key]
	if k == nil {
		k = &kind{}
		s.kinds[key] = k
	}
	return k
}

// prepare makes the template database.
func (s *pgServer) prepare(k *kind, migrations []db.Migration) error {
	ctx := context.Background()
	name, u, err := s.createDB(ctx, "")
	if err != nil {
		return err
	}
	d, err := db.Open(ctx, db.Options{PostgresURL: u, MaxConns: 2})
	if err != nil {
		return err
	}
	defer d.Close()
	if err := d.Migrate(ctx, migrations); err != nil {
		return err
	}
	k.template = name
	k.initial, err = d.Dump(ctx)
	return err
}

// reset gives a used database the contents of a new one.
func reset(d *db.DB, k *kind, migrations []db.Migration) error {
	ctx := context.Background()
	err := d.Update(ctx, func(tx *db.Tx) error {
		for _, m := range migrations {
			for _, st := range m.Steps {
				if t, ok := st.(db.CreateTable); ok && t.NoDump {
					if _, err := tx.Exec("DELETE FROM " + t.Name); err != nil {
						return err
					}
				}
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	return d.Restore(ctx, k.initial)
}

func (k *kind) take() (string, bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if len(k.free) == 0 {
		return "", false
	}
	u := k.free[len(k.free)-1]
	k.free = k.free[:len(k.free)-1]
	return u, true
}

func (k *kind) give(u string) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.free = append(k.free, u)
}

func (s *pgServer) create(t testing.TB, template string) string {
	t.Helper()
	_, u, err := s.createDB(context.Background(), template)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

// createDB makes a database and returns its name and URL.
func (s *pgServer) createDB(ctx context.Context, template string) (name, u string, err error) {
	c, err := pgx.Connect(ctx, s.url)
	if err != nil {
		return "", "", err
	}
	defer c.Close(ctx)
	name = "test_" + strings.ToLower(rand.Text())
	sql := "CREATE DATABASE " + name
	if template != "" {
		sql += " TEMPLATE " + template
	}
	// A connection to the template that was just closed may linger on the
	// server for a moment.
	for range 50 {
		if _, err = c.Exec(ctx, sql); err == nil || !strings.Contains(err.Error(), "being accessed") {
			break
		}
		time.Sleep(20 * time.Millisecond)
	}
	if err != nil {
		return "", "", err
	}
	p, err := url.Parse(s.url)
	if err != nil {
		return "", "", err
	}
	p.Path = "/" + name
	return name, p.String(), nil
}
