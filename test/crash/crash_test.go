package crash

import (
	"context"
	"database/sql"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	_ "modernc.org/sqlite" // driver for the integrity check

	"cognate/internal/testkit/ledger"
	"cognate/internal/testkit/process"
)

const (
	// kills is how often the server dies; COGNATE_TEST_KILLS sets another number.
	kills = 24
	// clients is how many callers load the server at the moment of a kill.
	clients = 8
	// target is what a restart should take; the test asserts a looser bound, since test machines are busy.
	target = time.Second
	// bound is what the median restart must not exceed.
	bound = 3 * target
)

// TestKill9 loads a server on SQLite from several clients, kills it at a random moment, starts it again on the same
// data and compares every user that was touched with what the clients were told.
func TestKill9(t *testing.T) {
	rounds := kills
	if n, err := strconv.Atoi(os.Getenv("COGNATE_TEST_KILLS")); err == nil {
		rounds = n
	}
	ctx := context.Background()
	data, port := t.TempDir(), process.FreePort(t)
	server := process.StartOn(t, port, "--data", data)
	pool, client := setUp(ctx, t, server)
	b := &ledger.Book{}
	var starts []time.Duration
	for round := range rounds {
		seed := uint64(round)
		first := len(b.People())
		touched := load(ctx, t, server, pool, client, b, seed)
		server = process.StartOn(t, port, "--data", data)
		starts = append(starts, server.Started)
		a := &ledger.Auditor{T: t, Server: server, Pool: pool, Client: client}
		for _, p := range append(touched, b.People()[first:]...) {
			a.Check(ctx, p)
		}
		if t.Failed() {
			t.Fatalf("round %d of %d: what was acknowledged is not what is there", round+1, rounds)
		}
	}
	a := &ledger.Auditor{T: t, Server: server, Pool: pool, Client: client}
	for _, p := range b.People() {
		a.Check(ctx, p)
	}
	server.Kill()
	intact(t, data)
	slices.Sort(starts)
	median, worst := starts[len(starts)/2], starts[len(starts)-1]
	t.Logf("%d kills, %d users, %d acknowledged calls; restart: median %v, longest %v, wanted below %v",
		rounds, len(b.People()), b.Acks(), median.Round(time.Millisecond), worst.Round(time.Millisecond), target)
	if median > bound {
		t.Errorf("the median restart took %v", median)
	}
}

// intact asks SQLite itself whether the files that the kills left behind are sound.
func intact(t *testing.T, data string) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(data, "*.db"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no database in the data folder: %v", err)
	}
	for _, file := range files {
		db, err := sql.Open("sqlite", file)
		if err != nil {
			t.Fatal(err)
		}
		defer db.Close()
		var verdict string
		if err := db.QueryRow("PRAGMA integrity_check").Scan(&verdict); err != nil || verdict != "ok" {
			t.Errorf("%s: %q, %v", filepath.Base(file), verdict, err)
		}
	}
}

// setUp makes the pool and the client that all rounds use.
func setUp(ctx context.Context, t *testing.T, server *process.Server) (pool, client string) {
	t.Helper()
	out, err := server.Call(ctx, "CreateUserPool", process.M{"PoolName": "crash"})
	if err != nil {
		t.Fatal(err)
	}
	pool = process.Path(out, "UserPool", "Id")
	out, err = server.Call(ctx, "CreateUserPoolClient", process.M{
		"UserPoolId": pool, "ClientName": "crash",
		"ExplicitAuthFlows": []string{"ALLOW_USER_PASSWORD_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"},
	})
	if err != nil {
		t.Fatal(err)
	}
	return pool, process.Path(out, "UserPoolClient", "ClientId")
}

// load runs the clients, kills the server after 100 to 500 ms and returns the people of earlier rounds that were
// touched.
func load(ctx context.Context, t *testing.T, server *process.Server, pool, client string, b *ledger.Book, seed uint64) []*ledger.Person {
	t.Helper()
	rng := rand.New(rand.NewPCG(seed, 1))
	var wg sync.WaitGroup
	var touched []*ledger.Person
	for i := range clients {
		w := &ledger.Worker{Server: server, Pool: pool, Client: client, Book: b, Rand: rand.New(rand.NewPCG(seed, uint64(i)+2))}
		w.Mine = b.Living(rng, 4)
		touched = append(touched, w.Mine...)
		wg.Go(func() {
			if err := w.Run(ctx); err != nil {
				t.Errorf("client %d: %v", i, err)
			}
		})
	}
	time.Sleep(time.Duration(100+rng.IntN(400)) * time.Millisecond)
	server.Kill()
	wg.Wait()
	return touched
}
