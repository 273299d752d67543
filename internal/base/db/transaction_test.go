package db_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"cognate/internal/base/db"
	"cognate/internal/testkit/dbtest"
)

var errBoom = errors.New("boom")

func insert(tx *db.Tx, name string) error {
	_, err := tx.Exec("INSERT INTO item (pool_id, name) VALUES ('p', $1)", name)
	return err
}

func TestRollback(t *testing.T) {
	each(t, func(t *testing.T, d *db.DB) {
		hooks := 0
		err := d.Update(context.Background(), func(tx *db.Tx) error {
			tx.AfterCommit(func() { hooks++ })
			if err := insert(tx, "a"); err != nil {
				return err
			}
			return errBoom
		})
		if !errors.Is(err, errBoom) || hooks != 0 || len(names(t, d)) != 0 {
			t.Error(err, hooks, names(t, d))
		}
	})
}

func TestAfterCommit(t *testing.T) {
	each(t, func(t *testing.T, d *db.DB) {
		seen := 0
		update(t, d, func(tx *db.Tx) error {
			tx.AfterCommit(func() {
				seen++
				if got := names(t, d); !slices.Equal(got, []string{"a"}) {
					t.Errorf("hook sees %q", got)
				}
			})
			return insert(tx, "a")
		})
		if seen != 1 {
			t.Errorf("hook ran %d times", seen)
		}
	})
}

func TestLater(t *testing.T) {
	each(t, func(t *testing.T, d *db.DB) {
		update(t, d, func(tx *db.Tx) error {
			return tx.ExecLater("INSERT INTO item (pool_id, name) VALUES ('p', $1)", "only")
		})
		update(t, d, func(tx *db.Tx) error {
			if err := tx.ExecLater("UPDATE item SET n = n + 1 WHERE name = $1", "early"); err != nil {
				return err
			}
			return insert(tx, "early")
		})
		if got := names(t, d); !slices.Equal(got, []string{"early", "only"}) {
			t.Error(got)
		}
		err := d.View(context.Background(), func(tx *db.Tx) error {
			return tx.ExecLater("DELETE FROM item")
		})
		if err == nil {
			t.Error("ExecLater in a View")
		}
	})
}

func TestPanic(t *testing.T) {
	each(t, func(t *testing.T, d *db.DB) {
		var wg sync.WaitGroup
		for i := range 20 {
			wg.Go(func() {
				defer func() {
					if v := recover(); (v != nil) != (i%4 == 0) {
						t.Errorf("%d: recovered %v", i, v)
					} else if p, ok := v.(*db.Panic); ok && (p.Value != any(errBoom) || !strings.Contains(p.Error(), "TestPanic")) {
						t.Errorf("panic lost its value or stack: %v", p)
					}
				}()
				err := d.Update(context.Background(), func(tx *db.Tx) error {
					if err := insert(tx, fmt.Sprint(i)); err != nil {
						return err
					}
					if i%4 == 0 {
						panic(errBoom)
					}
					return nil
				})
				if err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if got := names(t, d); len(got) != 15 {
			t.Errorf("%d rows: %q", len(got), got)
		}
		func() {
			defer func() { _ = recover() }()
			_ = d.View(context.Background(), func(*db.Tx) error { panic(errBoom) })
		}()
		put(t, d, "still works")
	})
}

// A test that fails inside Update ends its goroutine; the writer goes on.
func TestGoexit(t *testing.T) {
	each(t, func(t *testing.T, d *db.DB) {
		for range 3 {
			var wg sync.WaitGroup
			for i := range 8 {
				wg.Go(func() {
					_ = d.Update(context.Background(), func(tx *db.Tx) error {
						_ = insert(tx, "gone")
						if i%2 == 0 {
							runtime.Goexit()
						}
						return errBoom
					})
					if i%2 == 0 {
						t.Error("came back from Goexit")
					}
				})
			}
			wg.Wait()
		}
		put(t, d, "a")
		if got := names(t, d); !slices.Equal(got, []string{"a"}) {
			t.Error(got)
		}
	})
}

func TestContext(t *testing.T) {
	each(t, func(t *testing.T, d *db.DB) {
		over, cancel := context.WithCancel(context.Background())
		cancel()
		ran := false
		body := func(*db.Tx) error { ran = true; return nil }
		for _, err := range []error{d.Update(over, body), d.View(over, body), d.Read(over, body)} {
			if !errors.Is(err, context.Canceled) || ran {
				t.Error(err, ran)
			}
		}
		// Cancelled while it runs: the next statement fails, nothing stays.
		ctx, cancel := context.WithCancel(context.Background())
		err := d.Update(ctx, func(tx *db.Tx) error {
			if err := insert(tx, "a"); err != nil {
				return err
			}
			cancel()
			return insert(tx, "b")
		})
		if !errors.Is(err, context.Canceled) || len(names(t, d)) != 0 {
			t.Error(err, names(t, d))
		}
		// Cancelled after fn is done: committed.
		ctx, cancel = context.WithCancel(context.Background())
		err = d.Update(ctx, func(tx *db.Tx) error {
			defer cancel()
			return insert(tx, "c")
		})
		want := []string{"c"}
		if errors.Is(err, context.Canceled) {
			want = nil // a failed commit is not tried again for a cancelled caller
		} else if err != nil {
			t.Error(err)
		}
		if got := names(t, d); !slices.Equal(got, want) {
			t.Errorf("got %q, want %q", got, want)
		}
		put(t, d, "works")
	})
}

// Waiting behind a slow writer ends with the context.
func TestCancelWhileQueued(t *testing.T) {
	d := dbtest.SQLite(t, schema)
	busy, release := make(chan bool), make(chan bool)
	done := make(chan error)
	go func() {
		done <- d.Update(context.Background(), func(tx *db.Tx) error {
			close(busy)
			<-release
			return nil
		})
	}()
	<-busy
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Millisecond)
	defer cancel()
	err := d.Update(ctx, func(tx *db.Tx) error {
		t.Error("ran")
		return nil
	})
	if !errors.Is(err, context.DeadlineExceeded) {
		t.Error(err)
	}
	close(release)
	if err := <-done; err != nil {
		t.Error(err)
	}
}

func TestMisuse(t *testing.T) {
	each(t, func(t *testing.T, d *db.DB) {
		put(t, d, "a", "b")
		var kept *db.Tx
		update(t, d, func(tx *db.Tx) error {
			kept = tx
			never := func(*db.Tx) error { t.Error("nested ran"); return nil }
			for _, err := range []error{d.Update(tx.Context(), never), d.View(tx.Context(), never), d.Read(tx.Context(), never)} {
				if !errors.Is(err, db.ErrNested) {
					t.Error(err)
				}
			}
			rows, err := tx.Query("SELECT name FROM item")
			if err != nil {
				return err
			}
			rows.Next()
			if _, err := tx.Exec("DELETE FROM item"); !errors.Is(err, db.ErrRowsOpen) {
				t.Error(err)
			}
			if err := rows.Close(); err != nil {
				return err
			}
			if rows.Next() {
				t.Error("Next after Close")
			}
			_, err = tx.Exec("DELETE FROM item WHERE name = 'b'")
			return err
		})
		if _, err := kept.Exec("DELETE FROM item"); !errors.Is(err, db.ErrTxDone) {
			t.Error(err)
		}
		for _, run := range []func(context.Context, func(*db.Tx) error) error{d.View, d.Read} {
			err := run(context.Background(), func(tx *db.Tx) error { return insert(tx, "c") })
			if err == nil {
				t.Error("wrote in a read-only transaction")
			}
		}
		if err := d.Update(context.Background(), func(tx *db.Tx) error {
			_, err := tx.Exec("SELEC nonsense")
			return err
		}); err == nil {
			t.Error("syntax error not reported")
		}
		// Rows left open do no harm.
		view(t, d, func(tx *db.Tx) error {
			rows, err := tx.Query("SELECT name FROM item")
			rows.Next()
			return err
		})
		if got := names(t, d); !slices.Equal(got, []string{"a"}) {
			t.Error(got)
		}
	})
}

func TestSnapshot(t *testing.T) {
	dbtest.Each(t, schema, func(t *testing.T, d *db.DB) {
		put(t, d, "a")
		view(t, d, func(tx *db.Tx) error {
			before, err := collect(tx, "SELECT name FROM item")
			if err != nil {
				return err
			}
			put(t, d, "b")
			after, err := collect(tx, "SELECT name FROM item")
			if err != nil || !slices.Equal(before, after) {
				t.Errorf("%q became %q, %v", before, after, err)
			}
			return nil
		})
		if got := names(t, d); !slices.Equal(got, []string{"a", "b"}) {
			t.Error(got)
		}
	})
}

// In memory a View inside Update cannot work; it must not hang.
func TestMemoryViewInsideUpdate(t *testing.T) {
	t.Parallel()
	d := dbtest.SQLite(t, schema)
	update(t, d, func(tx *db.Tx) error {
		if err := d.View(context.Background(), func(*db.Tx) error { return nil }); err == nil {
			t.Error("View inside Update succeeded")
		}
		return nil
	})
	// A View inside a View works although a writer waits in between.
	view(t, d, func(*db.Tx) error {
		go put(t, d, "w")
		time.Sleep(10 * time.Millisecond)
		return d.View(context.Background(), func(*db.Tx) error { return nil })
	})
}

func TestCompareAndSwap(t *testing.T) {
	each(t, func(t *testing.T, d *db.DB) {
		put(t, d, "a")
		const workers, rounds = 4, 25
		var runs atomic.Int64
		var wg sync.WaitGroup
		for range workers {
			wg.Go(func() {
				for range rounds {
					err := d.Update(context.Background(), func(tx *db.Tx) error {
						runs.Add(1)
						var n, version int64
						err := tx.QueryRow("SELECT n, version FROM item WHERE pool_id = 'p' AND name = 'a'").Scan(&n, &version)
						if err != nil {
							return err
						}
						c, err := tx.Exec("UPDATE item SET n = $1, version = version + 1 WHERE pool_id = 'p' AND name = 'a' AND version = $2", n+1, version)
						if err == nil && c == 0 {
							return fmt.Errorf("item a: %w", db.ErrRetry)
						}
						return err
					})
					if err != nil {
						t.Error(err)
					}
				}
			})
		}
		wg.Wait()
		view(t, d, func(tx *db.Tx) error {
			var n int64
			err := tx.QueryRow("SELECT n FROM item WHERE name = 'a'").Scan(&n)
			if n != 7+workers*rounds {
				t.Errorf("n = %d: lost updates", n)
			}
			return err
		})
		t.Logf("%d runs for %d updates", runs.Load(), workers*rounds)
	})
}

func TestRetryIsBounded(t *testing.T) {
	each(t, func(t *testing.T, d *db.DB) {
		runs := 0
		err := d.Update(context.Background(), func(tx *db.Tx) error {
			runs++
			if err := insert(tx, "a"); err != nil {
				return err
			}
			return db.ErrRetry
		})
		if !errors.Is(err, db.ErrRetry) || runs != 10 || len(names(t, d)) != 0 {
			t.Error(err, runs, names(t, d))
		}
	})
}

// Many goroutines, some of which fail: exactly the acknowledged work is there.
func TestGroupCommit(t *testing.T) {
	each(t, func(t *testing.T, d *db.DB) {
		const workers, rounds = 32, 20
		var mu sync.Mutex
		want := map[string]bool{}
		var wg sync.WaitGroup
		for w := range workers {
			wg.Go(func() {
				for r := range rounds {
					name := fmt.Sprintf("%02d-%02d", w, r)
					hook := false
					err := d.Update(context.Background(), func(tx *db.Tx) error {
						tx.AfterCommit(func() { hook = true })
						if err := insert(tx, name); err != nil {
							return err
						}
						switch (w + r) % 5 {
						case 0:
							return errBoom
						case 1:
							return insert(tx, name) // conflict
						}
						return insert(tx, name+"x")
					})
					fails := (w+r)%5 < 2
					if (err != nil) != fails || hook == fails {
						t.Errorf("%s: err %v, hook %t", name, err, hook)
					}
					if err == nil {
						mu.Lock()
						want[name], want[name+"x"] = true, true
						mu.Unlock()
					}
				}
			})
		}
		wg.Wait()
		got := names(t, d)
		if len(got) != len(want) {
			t.Errorf("%d rows, want %d", len(got), len(want))
		}
		for _, n := range got {
			if !want[n] {
				t.Errorf("row %s of a failed transaction", n)
			}
		}
	})
}

func TestInjectedRetries(t *testing.T) {
	inject := func() func() bool {
		var n atomic.Int64
		return func() bool { return n.Add(1)%3 != 0 }
	}
	open := map[string]db.Options{"sqlite": {SQLite: ":memory:", InjectRetry: inject()}}
	if t.Run("engines", func(t *testing.T) { open["postgres"] = db.Options{PostgresURL: dbtest.PGURL(t), InjectRetry: inject()} }) {
		for name, o := range open {
			t.Run(name, func(t *testing.T) {
				d, err := db.Open(context.Background(), o)
				if err != nil {
					t.Fatal(err)
				}
				defer d.Close()
				if err := d.Migrate(context.Background(), schema); err != nil {
					t.Fatal(err)
				}
				runs, hooks := 0, 0
				for i := range 5 {
					update(t, d, func(tx *db.Tx) error {
						runs++
						tx.AfterCommit(func() { hooks++ })
						return insert(tx, fmt.Sprint(i))
					})
				}
				if runs < 12 || hooks != 5 || len(names(t, d)) != 5 {
					t.Error(runs, hooks, names(t, d))
				}
			})
		}
	}
}

func TestClosed(t *testing.T) {
	each(t, func(t *testing.T, d *db.DB) {
		var wg sync.WaitGroup
		var acked atomic.Int64
		for i := range 8 {
			wg.Go(func() {
				for r := 0; ; r++ {
					err := d.Update(context.Background(), func(tx *db.Tx) error { return insert(tx, fmt.Sprint(i, "-", r)) })
					if errors.Is(err, db.ErrClosed) {
						return
					}
					if err != nil {
						t.Error(err)
						return
					}
					acked.Add(1)
				}
			})
		}
		time.Sleep(20 * time.Millisecond)
		if err := d.Close(); err != nil {
			t.Error(err)
		}
		wg.Wait()
		if acked.Load() == 0 {
			t.Error("nothing was acknowledged before Close")
		}
		if err := d.View(context.Background(), func(*db.Tx) error { return nil }); !errors.Is(err, db.ErrClosed) {
			t.Error(err)
		}
		if err := d.Close(); err != nil {
			t.Error("second Close:", err)
		}
	})
}
