package db_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"slices"
	"testing"

	"cognate/internal/base/db"
	"cognate/internal/testkit/dbtest"
)

var schema = []db.Migration{{ID: "test/0001", Steps: []db.Step{
	db.CreateTable{
		Name: "item",
		Columns: []db.Column{
			{Name: "pool_id", Type: db.Text},
			{Name: "name", Type: db.Text},
			{Name: "n", Type: db.Int, Default: 7},
			{Name: "flag", Type: db.Bool, Default: false},
			{Name: "data", Type: db.Blob, Default: []byte{}},
			{Name: "note", Type: db.Text, Null: true},
			{Name: "version", Type: db.Int, Default: 1},
		},
		PrimaryKey: []string{"pool_id", "name"},
	},
	db.CreateTable{
		Name:       "wide",
		Columns:    []db.Column{{Name: "id", Type: db.Text}, {Name: "body", Type: db.Text}},
		PrimaryKey: []string{"id"},
		Wide:       true,
	},
	db.CreateIndex{Name: "item_by_n", Table: "item", Columns: []string{"pool_id", "n"}},
}}}

func each(t *testing.T, body func(t *testing.T, d *db.DB)) {
	t.Helper()
	dbtest.Each(t, schema, body)
	if t.Failed() {
		return
	}
	t.Run("memory", func(t *testing.T) { body(t, dbtest.SQLite(t, schema)) })
}

func update(t testing.TB, d *db.DB, fn func(tx *db.Tx) error) {
	t.Helper()
	if err := d.Update(context.Background(), fn); err != nil {
		t.Fatal(err)
	}
}

func view(t testing.TB, d *db.DB, fn func(tx *db.Tx) error) {
	t.Helper()
	if err := d.View(context.Background(), fn); err != nil {
		t.Fatal(err)
	}
}

func put(t testing.TB, d *db.DB, names ...string) {
	t.Helper()
	update(t, d, func(tx *db.Tx) error {
		for _, n := range names {
			if _, err := tx.Exec("INSERT INTO item (pool_id, name) VALUES ('p', $1)", n); err != nil {
				return err
			}
		}
		return nil
	})
}

func names(t testing.TB, d *db.DB) []string {
	t.Helper()
	var out []string
	view(t, d, func(tx *db.Tx) (err error) {
		out, err = collect(tx, "SELECT name FROM item WHERE pool_id = 'p' ORDER BY name")
		return err
	})
	return out
}

func collect(tx *db.Tx, sql string, args ...any) ([]string, error) {
	rows, err := tx.Query(sql, args...)
	if err != nil {
		return nil, err
	}
	out := []string{}
	for rows.Next() {
		var s string
		if err := rows.Scan(&s); err != nil {
			return nil, err
		}
		out = append(out, s)
	}
	return out, rows.Err()
}

type status string

func TestValues(t *testing.T) {
	each(t, func(t *testing.T, d *db.DB) {
		big := bytes.Repeat([]byte{0, 0xff, 0x80}, 100_000)
		cases := []struct {
			name string
			n    int64
			flag bool
			data []byte
			note *string
		}{
			{"plain", 1, true, []byte("x"), new("note")},
			{"empty blob", 0, false, []byte{}, new("")},
			{"nil blob is empty", 0, false, nil, nil},
			{"zero byte blob", -1, true, []byte{0}, nil},
			{"max", math.MaxInt64, true, big, nil},
			{"min", math.MinInt64, false, []byte("é\xff"), nil},
			{"é ü 漢字 🎈 'quoted' $1", 5, false, nil, new("x\ny")},
			{"", 5, false, nil, nil},
		}
		update(t, d, func(tx *db.Tx) error {
			for _, c := range cases {
				n, err := tx.Exec("INSERT INTO item (pool_id, name, n, flag, data, note) VALUES ($1, $2, $3, $4, $5, $6)",
					"p", c.name, c.n, c.flag, c.data, c.note)
				if err != nil || n != 1 {
					return fmt.Errorf("%q: %d rows, %w", c.name, n, err)
				}
			}
			return nil
		})
		view(t, d, func(tx *db.Tx) error {
			for _, c := range cases {
				got := c
				err := tx.QueryRow("SELECT n, flag, data, note FROM item WHERE pool_id = $1 AND name = $2", "p", c.name).
					Scan(&got.n, &got.flag, &got.data, &got.note)
				if err != nil {
					return err
				}
				if got.n != c.n || got.flag != c.flag || !bytes.Equal(got.data, c.data) || got.data == nil {
					t.Errorf("%q: got %+v", c.name, got)
				}
				if (got.note == nil) != (c.note == nil) || got.note != nil && *got.note != *c.note {
					t.Errorf("%q: note %v, want %v", c.name, got.note, c.note)
				}
			}
			return nil
		})
	})
}

func TestDefaultsAndKinds(t *testing.T) {
	each(t, func(t *testing.T, d *db.DB) {
		put(t, d, "a")
		update(t, d, func(tx *db.Tx) error {
			_, err := tx.Exec("UPDATE item SET note = $1, n = $2 WHERE name = 'a'", status("OK"), int32(3))
			return err
		})
		view(t, d, func(tx *db.Tx) error {
			var (
				st     status
				raw    json.RawMessage
				small  int
				count  uint8
				flag   bool
				note   any
				optInt *int64
			)
			err := tx.QueryRow(`SELECT note, note, n, version, flag, note, n FROM item WHERE flag = $1 AND NOT flag`, false).
				Scan(&st, &raw, &small, &count, &flag, &note, &optInt)
			if err != nil {
				return err
			}
			if st != "OK" || string(raw) != "OK" || small != 3 || count != 1 || flag || note != "OK" || *optInt != 3 {
				t.Error(st, raw, small, count, flag, note, *optInt)
			}
			var sum, cnt, top int64
			err = tx.QueryRow("SELECT sum(n), count(*), max(n) FROM item").Scan(&sum, &cnt, &top)
			if err != nil || sum != 3 || cnt != 1 || top != 3 {
				t.Error(sum, cnt, top, err)
			}
			return nil
		})
	})
}

func TestScanMismatch(t *testing.T) {
	each(t, func(t *testing.T, d *db.DB) {
		put(t, d, "a")
		view(t, d, func(tx *db.Tx) error {
			var s string
			var n int64
			for _, dest := range [][]any{{&n}, {&s, &n}, {}, {s}, {nil}} {
				if err := tx.QueryRow("SELECT name FROM item").Scan(dest...); err == nil {
					t.Errorf("scan into %T succeeded", dest)
				}
			}
			if err := tx.QueryRow("SELECT note FROM item").Scan(&s); err == nil {
				t.Error("NULL scanned into a string")
			}
			var tiny int8
			if err := tx.QueryRow("SELECT n + 1000 FROM item").Scan(&tiny); err == nil {
				t.Error("overflow not noticed")
			}
			return nil
		})
	})
}

func TestTextThatPostgresCannotKeep(t *testing.T) {
	each(t, func(t *testing.T, d *db.DB) {
		for _, bad := range []string{"a\x00b", "\xff", "\xed\xa0\x80"} {
			err := d.Update(context.Background(), func(tx *db.Tx) error {
				_, err := tx.Exec("INSERT INTO item (pool_id, name) VALUES ('p', $1)", bad)
				return err
			})
			if !errors.Is(err, db.ErrText) {
				t.Errorf("%q: %v", bad, err)
			}
		}
	})
}

func TestNoRowsAndCounts(t *testing.T) {
	each(t, func(t *testing.T, d *db.DB) {
		put(t, d, "a", "b", "c")
		update(t, d, func(tx *db.Tx) error {
			var s string
			if err := tx.QueryRow("SELECT name FROM item WHERE name = 'zz'").Scan(&s); !errors.Is(err, db.ErrNoRows) {
				t.Errorf("got %v", err)
			}
			// ErrNoRows leaves the transaction usable.
			for sql, want := range map[string]int64{
				"UPDATE item SET n = 1 WHERE name > 'a'":                                   2,
				"UPDATE item SET n = 1 WHERE name = 'zz'":                                  0,
				"INSERT INTO item (pool_id, name) VALUES ('p','a') ON CONFLICT DO NOTHING": 0,
			} {
				if n, err := tx.Exec(sql); err != nil || n != want {
					t.Errorf("%s: %d, %v", sql, n, err)
				}
			}
			if n, err := tx.Exec("DELETE FROM item WHERE name < 'c'"); err != nil || n != 2 {
				t.Error(n, err)
			}
			return nil
		})
	})
}

func TestUpsertReturning(t *testing.T) {
	each(t, func(t *testing.T, d *db.DB) {
		for want := int64(1); want <= 3; want++ {
			var got int64
			update(t, d, func(tx *db.Tx) error {
				return tx.QueryRow(`INSERT INTO item (pool_id, name, n) VALUES ($1, $2, 1)
					ON CONFLICT (pool_id, name) DO UPDATE SET n = item.n + excluded.n RETURNING n`, "p", "a").Scan(&got)
			})
			if got != want {
				t.Fatalf("got %d, want %d", got, want)
			}
		}
		var gone []string
		update(t, d, func(tx *db.Tx) (err error) {
			gone, err = collect(tx, "DELETE FROM item WHERE pool_id = $1 RETURNING name", "p")
			return err
		})
		if !slices.Equal(gone, []string{"a"}) || len(names(t, d)) != 0 {
			t.Error(gone, names(t, d))
		}
	})
}

func TestConflict(t *testing.T) {
	each(t, func(t *testing.T, d *db.DB) {
		put(t, d, "a")
		insert := func(tx *db.Tx) error {
			_, err := tx.Exec("INSERT INTO item (pool_id, name) VALUES ('p', 'a')")
			return err
		}
		if err := d.Update(context.Background(), insert); !errors.Is(err, db.ErrConflict) {
			t.Errorf("Exec: %v", err)
		}
		err := d.Update(context.Background(), func(tx *db.Tx) error {
			var s string
			return tx.QueryRow("INSERT INTO item (pool_id, name) VALUES ('p', 'a') RETURNING name").Scan(&s)
		})
		if !errors.Is(err, db.ErrConflict) {
			t.Errorf("QueryRow: %v", err)
		}
		err = d.Update(context.Background(), func(tx *db.Tx) error {
			return tx.ExecLater("INSERT INTO item (pool_id, name) VALUES ('p', 'a')")
		})
		if !errors.Is(err, db.ErrConflict) {
			t.Errorf("ExecLater: %v", err)
		}
		// Swallowing the error does not save the transaction, on any engine.
		err = d.Update(context.Background(), func(tx *db.Tx) error {
			if _, err := tx.Exec("INSERT INTO item (pool_id, name) VALUES ('p', 'b')"); err != nil {
				return err
			}
			_ = insert(tx)
			if _, err := tx.Exec("INSERT INTO item (pool_id, name) VALUES ('p', 'c')"); !errors.Is(err, db.ErrConflict) {
				t.Errorf("statement after a failed one: %v", err)
			}
			return nil
		})
		if !errors.Is(err, db.ErrConflict) {
			t.Errorf("swallowed: %v", err)
		}
		if got := names(t, d); !slices.Equal(got, []string{"a"}) {
			t.Error(got)
		}
	})
}

func TestByteWiseOrder(t *testing.T) {
	each(t, func(t *testing.T, d *db.DB) {
		in := []string{"b", "a", "B", "A", "a_", "aB", "ab", "é", "z", "Z", "e", "ÿ", "漢", "🎈", "", " a", "a-b", "ﬀ"}
		put(t, d, in...)
		want := slices.Clone(in)
		slices.Sort(want)
		if got := names(t, d); !slices.Equal(got, want) {
			t.Errorf("got  %q\nwant %q", got, want)
		}
		view(t, d, func(tx *db.Tx) error {
			got, err := collect(tx, "SELECT name FROM item WHERE name >= $1 AND name < $2 ORDER BY name", "a", "b")
			if err != nil || !slices.Equal(got, []string{"a", "a-b", "aB", "a_", "ab"}) {
				t.Errorf("prefix range: %q %v", got, err)
			}
			got, err = collect(tx, "SELECT name FROM item WHERE name = $1", "A")
			if err != nil || !slices.Equal(got, []string{"A"}) {
				t.Errorf("equality folds case: %q %v", got, err)
			}
			return nil
		})
	})
}

func TestKeysetPaging(t *testing.T) {
	each(t, func(t *testing.T, d *db.DB) {
		var want []string
		update(t, d, func(tx *db.Tx) error {
			want = nil
			for p := range 3 {
				for i := range 17 {
					pool, name := fmt.Sprintf("p%d", p), fmt.Sprintf("n%02d", i)
					want = append(want, pool+name)
					if _, err := tx.Exec("INSERT INTO item (pool_id, name) VALUES ($1, $2)", pool, name); err != nil {
						return err
					}
				}
			}
			return nil
		})
		var got []string
		view(t, d, func(tx *db.Tx) error {
			pool, name := "", ""
			for {
				rows, err := tx.Query("SELECT pool_id, name FROM item WHERE (pool_id, name) > ($1, $2) ORDER BY pool_id, name LIMIT $3", pool, name, 5)
				if err != nil {
					return err
				}
				n := 0
				for rows.Next() {
					if err := rows.Scan(&pool, &name); err != nil {
						return err
					}
					got = append(got, pool+name)
					n++
				}
				if err := rows.Err(); err != nil || n == 0 {
					return err
				}
			}
		})
		if !slices.Equal(got, want) {
			t.Errorf("got %q", got)
		}
	})
}

func TestBatch(t *testing.T) {
	each(t, func(t *testing.T, d *db.DB) {
		update(t, d, func(tx *db.Tx) error {
			n, err := tx.ExecBatch(
				db.Stmt{SQL: "INSERT INTO item (pool_id, name) VALUES ('p', $1)", Args: []any{"a"}},
				db.Stmt{SQL: "INSERT INTO item (pool_id, name) VALUES ('p', $1)", Args: []any{"b"}},
				db.Stmt{SQL: "UPDATE item SET n = 1"},
				db.Stmt{SQL: "UPDATE item SET n = 1 WHERE name = 'x'"},
			)
			if !slices.Equal(n, []int64{1, 1, 2, 0}) {
				t.Error(n, err)
			}
			return err
		})
		err := d.Update(context.Background(), func(tx *db.Tx) error {
			_, err := tx.ExecBatch(
				db.Stmt{SQL: "INSERT INTO item (pool_id, name) VALUES ('p', 'c')"},
				db.Stmt{SQL: "INSERT INTO item (pool_id, name) VALUES ('p', 'a')"},
			)
			return err
		})
		if !errors.Is(err, db.ErrConflict) || !slices.Equal(names(t, d), []string{"a", "b"}) {
			t.Error(err, names(t, d))
		}
	})
}

func TestCommonTableExpression(t *testing.T) {
	each(t, func(t *testing.T, d *db.DB) {
		put(t, d, "a", "b")
		for _, run := range []func(context.Context, func(*db.Tx) error) error{d.View, d.Read, d.Update} {
			err := run(context.Background(), func(tx *db.Tx) error {
				got, err := collect(tx, "WITH x AS (SELECT name FROM item) SELECT name FROM x ORDER BY name")
				if !slices.Equal(got, []string{"a", "b"}) {
					t.Error(got)
				}
				return err
			})
			if err != nil {
				t.Error(err)
			}
		}
	})
}
