package db_test

import (
	"testing"

	"github.com/jackc/pgx/v5"

	"cognate/internal/base/db"
	"cognate/internal/testkit/dbtest"
)

// An engine without the collation C gets columns without the clause, as long as it compares bytes by itself. Here it is
// PostgreSQL that has forgotten it; the test's server compares bytes.
func TestWithoutCollationC(t *testing.T) {
	url := dbtest.PGURL(t)
	c, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close(t.Context())
	for _, sql := range []string{"SET allow_system_table_mods = on", "DELETE FROM pg_collation WHERE collname = 'C'"} {
		if _, err := c.Exec(t.Context(), sql); err != nil {
			t.Fatal(err)
		}
	}
	d, err := db.Open(t.Context(), db.Options{PostgresURL: url})
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	table := db.Migration{ID: "t/0001", Steps: []db.Step{
		db.CreateTable{Name: "words", Columns: []db.Column{{Name: "word", Type: db.Text}}, PrimaryKey: []string{"word"}},
	}}
	column := db.Migration{ID: "t/0002", Steps: []db.Step{db.AddColumn{Table: "words", Column: db.Column{Name: "more", Type: db.Text}}}}
	if err := d.Migrate(t.Context(), []db.Migration{table, column}); err != nil {
		t.Fatal(err)
	}
	want := []string{"B", "_", "a", "a b", "aa", "z", "é"}
	err = d.Update(t.Context(), func(tx *db.Tx) error {
		for _, w := range want {
			if _, err := tx.Exec("INSERT INTO words (word) VALUES ($1)", w); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	err = d.Read(t.Context(), func(tx *db.Tx) error {
		got = nil
		rows, err := tx.Query("SELECT word FROM words ORDER BY word")
		if err != nil {
			return err
		}
		for rows.Next() {
			var w string
			if err := rows.Scan(&w); err != nil {
				return err
			}
			got = append(got, w)
		}
		return rows.Err()
	})
	if err != nil {
		t.Fatal(err)
	}
	for i := range want {
		if len(got) != len(want) || got[i] != want[i] {
			t.Fatalf("order %q, want %q", got, want)
		}
	}
}
