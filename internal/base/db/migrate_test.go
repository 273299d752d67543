package db_test

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"cognate/internal/base/db"
	"cognate/internal/testkit/dbtest"
)

var second = db.Migration{ID: "test/0002", Steps: []db.Step{
	db.AddColumn{Table: "item", Column: db.Column{Name: "extra", Type: db.Text}},
	db.AddColumn{Table: "item", Column: db.Column{Name: "seen", Type: db.Bool, Default: true}},
	db.CreateIndex{Name: "item_by_extra", Table: "item", Columns: []string{"extra", "name"}},
	db.Statement{SQL: "INSERT INTO wide (id, body) VALUES ('seed', 'x') ON CONFLICT (id) DO NOTHING"},
}}

// empty runs body with the options of a new database per engine.
func empty(t *testing.T, body func(t *testing.T, o db.Options)) {
	t.Run("sqlite", func(t *testing.T) {
		body(t, db.Options{SQLite: filepath.Join(t.TempDir(), "a b%20?#é.db"), NoSync: true})
	})
	t.Run("postgres", func(t *testing.T) { body(t, db.Options{PostgresURL: dbtest.PGURL(t), MaxConns: 4}) })
	t.Run("serializable", func(t *testing.T) {
		o := dbtest.Harsh()
		o.PostgresURL, o.MaxConns = dbtest.PGURL(t), 4
		body(t, o)
	})
}

func openDB(t *testing.T, o db.Options) *db.DB {
	t.Helper()
	d, err := db.Open(context.Background(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { d.Close() })
	return d
}

func TestMigrate(t *testing.T) {
	empty(t, func(t *testing.T, o db.Options) {
		ctx := context.Background()
		d := openDB(t, o)
		for range 2 {
			if err := d.Migrate(ctx, schema); err != nil {
				t.Fatal(err)
			}
		}
		put(t, d, "a")
		both := append(slices.Clone(schema), second)
		for range 2 {
			if err := d.Migrate(ctx, both); err != nil {
				t.Fatal(err)
			}
		}
		view(t, d, func(tx *db.Tx) error {
			var extra, id string
			var seen bool
			err := tx.QueryRow("SELECT extra, seen FROM item WHERE name = 'a'").Scan(&extra, &seen)
			if err != nil || extra != "" || !seen {
				t.Errorf("existing row got %q, %t, %v", extra, seen, err)
			}
			return tx.QueryRow("SELECT id FROM wide").Scan(&id)
		})
		if err := d.Migrate(ctx, schema); !errors.Is(err, db.ErrSchemaNewer) || !strings.Contains(err.Error(), "test/0002") {
			t.Errorf("older program: %v", err)
		}
		changed := slices.Clone(both)
		changed[1] = db.Migration{ID: "test/0002", Steps: second.Steps[:1]}
		if err := d.Migrate(ctx, changed); !errors.Is(err, db.ErrSchemaChanged) {
			t.Errorf("changed migration: %v", err)
		}
		// The handle still works after the refusals.
		put(t, d, "b")
	})
}

func TestMigrateMistakes(t *testing.T) {
	table := db.CreateTable{Name: "t", Columns: []db.Column{{Name: "a", Type: db.Text}}, PrimaryKey: []string{"a"}}
	cases := map[string][]db.Migration{
		"twice":          {{ID: "x/1"}, {ID: "x/1"}},
		"no id":          {{}},
		"no key":         {{ID: "x/1", Steps: []db.Step{db.CreateTable{Name: "t"}}}},
		"unknown key":    {{ID: "x/1", Steps: []db.Step{db.CreateTable{Name: "t", PrimaryKey: []string{"z"}}}}},
		"table twice":    {{ID: "x/1", Steps: []db.Step{table, table}}},
		"column exists":  {{ID: "x/1", Steps: []db.Step{table, db.AddColumn{Table: "t", Column: db.Column{Name: "a", Type: db.Text}}}}},
		"no such table":  {{ID: "x/1", Steps: []db.Step{db.CreateIndex{Name: "i", Table: "t", Columns: []string{"a"}}}}},
		"no such column": {{ID: "x/1", Steps: []db.Step{table, db.CreateIndex{Name: "i", Table: "t", Columns: []string{"b"}}}}},
	}
	d := dbtest.SQLite(t)
	for name, ms := range cases {
		if err := d.Migrate(context.Background(), ms); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

// A failing migration leaves nothing behind on SQLite and can be finished
// after a repair on both engines.
func TestMigrateResumes(t *testing.T) {
	empty(t, func(t *testing.T, o db.Options) {
		ctx := context.Background()
		d := openDB(t, o)
		broken := slices.Clone(schema)
		broken[0].Steps = append(slices.Clone(broken[0].Steps), db.Statement{SQL: "INSERT INTO missing VALUES (1)"})
		if err := d.Migrate(ctx, broken); err == nil {
			t.Fatal("succeeded")
		}
		if err := d.Migrate(ctx, schema); err != nil {
			t.Fatal(err)
		}
		put(t, d, "a")
	})
}

func TestMigrateTogether(t *testing.T) {
	empty(t, func(t *testing.T, o db.Options) {
		both := append(slices.Clone(schema), second)
		var wg sync.WaitGroup
		for range 5 {
			d := openDB(t, o)
			wg.Go(func() {
				if err := d.Migrate(context.Background(), both); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		d := openDB(t, o)
		if err := d.Migrate(context.Background(), both); err != nil {
			t.Error(err)
		}
		view(t, d, func(tx *db.Tx) error {
			var n int
			err := tx.QueryRow("SELECT count(*) FROM wide").Scan(&n)
			if n != 1 {
				t.Errorf("%d seed rows", n)
			}
			return err
		})
	})
}

// Several processes migrate one SQLite file.
func TestMigrateProcesses(t *testing.T) {
	if path := os.Getenv("DB_TEST_MIGRATE"); path != "" {
		d := openDB(t, db.Options{SQLite: path})
		if err := d.Migrate(context.Background(), schema); err != nil {
			t.Fatal(err)
		}
		return
	}
	path := filepath.Join(t.TempDir(), "x.db")
	var wg sync.WaitGroup
	for range 3 {
		wg.Go(func() {
			c := exec.Command(os.Args[0], "-test.run=^TestMigrateProcesses$")
			c.Env = append(os.Environ(), "DB_TEST_MIGRATE="+path)
			if out, err := c.CombinedOutput(); err != nil {
				t.Errorf("%v\n%s", err, out)
			}
		})
	}
	wg.Wait()
	d := openDB(t, db.Options{SQLite: path})
	if err := d.Migrate(context.Background(), schema); err != nil {
		t.Fatal(err)
	}
	put(t, d, "a")
}

// A lease left by a node that died is taken over when it ends.
func TestMigrateDeadLease(t *testing.T) {
	ctx := context.Background()
	o := db.Options{PostgresURL: dbtest.PGURL(t), MaxConns: 4}
	d := openDB(t, o)
	if err := d.Migrate(ctx, nil); err != nil {
		t.Fatal(err)
	}
	update(t, d, func(tx *db.Tx) error {
		_, err := tx.Exec("INSERT INTO db_lock (name, owner, expires_at) VALUES ('migrate', 'dead', $1)", nowMS()+400)
		return err
	})
	start := nowMS()
	if err := d.Migrate(ctx, schema); err != nil {
		t.Fatal(err)
	}
	if took := nowMS() - start; took < 300 || took > 5000 {
		t.Errorf("took %d ms", took)
	}
}

func TestSchemaText(t *testing.T) {
	const want = `
CREATE TABLE item (
    pool_id text COLLATE "C" NOT NULL,
    name text COLLATE "C" NOT NULL,
    n bigint NOT NULL DEFAULT 7,
    flag boolean NOT NULL DEFAULT false,
    data bytea NOT NULL DEFAULT '\x',
    note text COLLATE "C",
    version bigint NOT NULL DEFAULT 1,
    extra text COLLATE "C" NOT NULL DEFAULT '',
    seen boolean NOT NULL DEFAULT true,
    PRIMARY KEY (pool_id, name)
);
CREATE INDEX item_by_n ON item (pool_id, n);
CREATE INDEX item_by_extra ON item (extra, name);

CREATE TABLE wide (
    id text COLLATE "C" NOT NULL,
    body text COLLATE "C" NOT NULL,
    PRIMARY KEY (id)
);

INSERT INTO wide (id, body) VALUES ('seed', 'x') ON CONFLICT (id) DO NOTHING;
`
	got := db.SchemaText(append(slices.Clone(schema), second))
	if !strings.HasSuffix(got, want) || !strings.Contains(got, "CREATE TABLE db_migration (") {
		t.Errorf("got\n%s", got)
	}
}
