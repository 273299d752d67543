package pool

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"cognate/internal/api/cognitoidp"
	"cognate/internal/base/db"
	"cognate/internal/testkit/dbtest"
)

// TestTwoNodes runs two rooms on one database: a change is seen at once by the node that makes it and after one poll by
// the other.
func TestTwoNodes(t *testing.T) {
	dbtest.Each(t, tables, func(t *testing.T, d *db.DB) {
		ctx := t.Context()
		a, b := newWorld(t, d), newWorld(t, d)
		id := a.pool("")
		client := a.client(id, "")
		read := func(w *world) (*Pool, *Client) {
			t.Helper()
			p, c, err := w.ops.Client(ctx, client)
			if err != nil {
				t.Fatal(err)
			}
			return p, c
		}
		read(a)
		if err := b.ops.Poll(ctx); err != nil {
			t.Fatal(err)
		}
		poolB, clientB := read(b)

		a.call("UpdateUserPool", `{"UserPoolId":"`+id+`","PoolName":"two"}`)
		a.call("UpdateUserPoolClient", `{"UserPoolId":"`+id+`","ClientId":"`+client+`","AuthSessionValidity":9}`)
		if p, c := read(a); *p.Config.Name != "two" || c.AuthSession() != 9*time.Minute {
			t.Errorf("the writing node sees %s, %v", *p.Config.Name, c.AuthSession())
		}
		if p, c := read(b); p != poolB || c != clientB {
			t.Error("the other node reads the database before it polls")
		}
		if err := b.ops.Poll(ctx); err != nil {
			t.Fatal(err)
		}
		p, c := read(b)
		if *p.Config.Name != "two" || c.AuthSession() != 9*time.Minute {
			t.Errorf("the other node sees %s, %v", *p.Config.Name, c.AuthSession())
		}

		// An unrelated change makes the other node compare versions, not load again.
		a.pool("")
		if err := b.ops.Poll(ctx); err != nil {
			t.Fatal(err)
		}
		if p2, c2 := read(b); p2 != p || c2 != c {
			t.Error("unchanged settings are loaded again")
		}

		// A pool that is deleted and made again with the same id is another pool.
		a.call("DeleteUserPool", `{"UserPoolId":"`+id+`"}`)
		for done := false; !done; {
			var err error
			if done, err = a.ops.Purge(ctx); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := a.ops.CreatePoolWithID(ctx, id, &cognitoidp.CreateUserPoolRequest{PoolName: "three"}); err != nil {
			t.Fatal(err)
		}
		if err := b.ops.Poll(ctx); err != nil {
			t.Fatal(err)
		}
		if p, err := b.ops.Pool(ctx, id); err != nil || *p.Config.Name != "three" {
			t.Errorf("the other node sees %v, %v", p, err)
		}
		if _, _, err := b.ops.Client(ctx, client); !errors.Is(err, ErrClientNotFound) {
			t.Errorf("the client of the old pool: %v", err)
		}
	})
}

// TestCachedReads holds that cached settings need no database.
func TestCachedReads(t *testing.T) {
	w := memory(t)
	client := w.client(w.pool(""), "")
	want, _, err := w.ops.Client(t.Context(), client)
	if err != nil {
		t.Fatal(err)
	}
	if err := w.db.Close(); err != nil {
		t.Fatal(err)
	}
	if got, _, err := w.ops.Client(t.Context(), client); err != nil || got != want {
		t.Errorf("cached client: %v", err)
	}
	if n := testing.AllocsPerRun(100, func() { _, _, _ = w.ops.Client(context.Background(), client) }); n > 0 {
		t.Errorf("%v allocations", n)
	}
	// Watch counts an unreachable database as a possible change.
	if err := w.ops.Poll(t.Context()); err == nil {
		t.Error("Poll does not tell that the database is closed")
	}
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	go w.ops.Watch(ctx)
	deadline := time.Now().Add(5 * pollEvery)
	for {
		if _, _, err := w.ops.Client(t.Context(), client); err != nil {
			break
		}
		if time.Now().After(deadline) {
			t.Fatal("outdated settings are used although the database cannot be asked")
		}
		time.Sleep(10 * time.Millisecond)
	}
}

func TestForget(t *testing.T) {
	w := memory(t)
	id := w.pool("")
	before, err := w.ops.Pool(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	w.ops.Forget()
	if after, err := w.ops.Pool(t.Context(), id); err != nil || after == before {
		t.Errorf("the old snapshot is used: %v", err)
	}
}

func TestCacheSize(t *testing.T) {
	c := newCache[int](100)
	for i := range 1000 {
		c.put(fmt.Sprint(i), i, 0, c.begin())
		c.get("0") // used all the time
	}
	if n := c.len(); n != 100 {
		t.Errorf("%d entries", n)
	}
	if e := c.get("999"); e == nil || e.value != 999 {
		t.Error("the newest entry is missing")
	}
	c.clear()
	if c.len() != 0 || c.get("999") != nil {
		t.Error("clear leaves entries")
	}
}

// TestCacheRace holds that a value read before an invalidation is not stored after it.
func TestCacheRace(t *testing.T) {
	c := newCache[int](10)
	begun := c.begin()
	c.drop("x")
	c.put("x", 1, 0, begun)
	if c.get("x") != nil {
		t.Error("an outdated value is stored")
	}
	c.put("x", 2, 0, c.begin())
	if e := c.get("x"); e == nil || e.value != 2 {
		t.Error("the new value is not stored")
	}
}

// TestReadYourWrites changes a pool and reads it at once, while others read it too.
func TestReadYourWrites(t *testing.T) {
	w := memory(t)
	id := w.pool("")
	stop := make(chan struct{})
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
					if _, err := w.ops.Pool(t.Context(), id); err != nil {
						t.Error(err)
						return
					}
				}
			}
		})
	}
	for i := range 200 {
		name := "n" + itoa(i)
		w.call("UpdateUserPool", `{"UserPoolId":"`+id+`","PoolName":"`+name+`"}`)
		if p, err := w.ops.Pool(t.Context(), id); err != nil || *p.Config.Name != name {
			t.Fatalf("after %s: %v, %v", name, *p.Config.Name, err)
		}
	}
	close(stop)
	wg.Wait()
}

func BenchmarkClient(b *testing.B) {
	d := dbtest.SQLite(b, tables)
	w := newWorld(&testing.T{}, d)
	ctx := context.Background()
	if _, err := w.ops.CreatePoolWithID(ctx, "eu-west-1_bench", &cognitoidp.CreateUserPoolRequest{PoolName: "p"}); err != nil {
		b.Fatal(err)
	}
	if _, err := w.ops.CreateClientWithID(ctx, "bench", nil, &cognitoidp.CreateUserPoolClientRequest{UserPoolId: "eu-west-1_bench", ClientName: "c"}); err != nil {
		b.Fatal(err)
	}
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if _, _, err := w.ops.Client(ctx, "bench"); err != nil {
				b.Error(err)
			}
		}
	})
}
