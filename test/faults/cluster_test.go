//go:build linux

package faults

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"fmt"
	mathrand "math/rand/v2"
	"net/http"
	"os"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"cognate/internal/testkit/ledger"
	"cognate/internal/testkit/pgproc"
	"cognate/internal/testkit/process"
)

// patience is the longest that any caller may wait for an answer.
const patience = 10 * time.Second

// long reports whether the long form of the suite was asked for.
func long() bool { return os.Getenv("COGNATE_TEST_FAULTS") == "long" }

// times is n in the short form and more in the long one.
func times(short, longer int) int {
	if long() {
		return longer
	}
	return short
}

// cluster is three nodes on one database.
type cluster struct {
	t            *testing.T
	flags        []string
	nodes        [3]atomic.Pointer[process.Server]
	ports        [3]int
	pool, client string
	book         *ledger.Book
	slowest      atomic.Int64 // nanoseconds
}

func newCluster(t *testing.T, url string, flags ...string) *cluster {
	t.Helper()
	kek := make([]byte, 32)
	_, _ = rand.Read(kek)
	c := &cluster{t: t, book: &ledger.Book{}}
	c.flags = append([]string{"--database", url, "--key", base64.StdEncoding.EncodeToString(kek), "--public-url", "http://faults.test", "--log-format", "json", "--log-level", "warn"}, flags...)
	for i := range c.nodes {
		c.ports[i] = process.FreePort(t)
		c.start(i)
	}
	out, err := c.node(0).Call(t.Context(), "CreateUserPool", process.M{"PoolName": "faults"})
	if err != nil {
		t.Fatal(err)
	}
	c.pool = process.Path(out, "UserPool", "Id")
	out, err = c.node(0).Call(t.Context(), "CreateUserPoolClient", process.M{
		"UserPoolId": c.pool, "ClientName": "faults", "ExplicitAuthFlows": []string{"ALLOW_USER_PASSWORD_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"},
	})
	if err != nil {
		t.Fatal(err)
	}
	c.client = process.Path(out, "UserPoolClient", "ClientId")
	time.Sleep(1500 * time.Millisecond) // until the other nodes have heard of the pool
	return c
}

// start starts a node, also again.
func (c *cluster) start(i int) {
	c.nodes[i].Store(process.StartOn(c.t, c.ports[i], c.flags...))
}

func (c *cluster) node(i int) *process.Server { return c.nodes[i].Load() }

// balancer sends each call to one of the nodes that are ready, as a load balancer does that asks each of them five times
// a second. It repeats nothing.
type balancer struct {
	c     *cluster
	ready [3]atomic.Bool
	next  atomic.Int64
}

func (c *cluster) balance(ctx context.Context) *balancer {
	b := &balancer{c: c}
	for i := range b.ready {
		b.ready[i].Store(true)
		go func() {
			probe := &http.Client{Timeout: time.Second, Transport: &http.Transport{DisableKeepAlives: true}}
			for ctx.Err() == nil {
				res, err := probe.Get(c.node(i).URL + "/_cognate/ready")
				if err == nil {
					res.Body.Close()
				}
				b.ready[i].Store(err == nil && res.StatusCode == http.StatusOK)
				time.Sleep(200 * time.Millisecond)
			}
		}()
	}
	return b
}

// Call implements ledger.Caller and measures the slowest answer.
func (b *balancer) Call(ctx context.Context, operation string, in process.M) (process.M, error) {
	n := b.next.Add(1)
	i := int(n % 3)
	for try := range 3 {
		if at := int((n + int64(try)) % 3); b.ready[at].Load() {
			i = at
			break
		}
	}
	began := time.Now()
	out, err := b.c.node(i).Call(ctx, operation, in)
	for took := int64(time.Since(began)); ; {
		slowest := b.c.slowest.Load()
		if took <= slowest || b.c.slowest.CompareAndSwap(slowest, took) {
			return out, err
		}
	}
}

// load is clients at work.
type load struct {
	c    *cluster
	stop context.CancelFunc
	wg   sync.WaitGroup
	lost atomic.Int64
}

// work starts clients.
func (c *cluster) work(clients int) *load {
	ctx, cancel := context.WithCancel(c.t.Context())
	l := &load{c: c, stop: cancel}
	b := c.balance(ctx)
	for i := range clients {
		w := &ledger.Worker{
			Server: b, Pool: c.pool, Client: c.client, Book: c.book, Rand: mathrand.New(mathrand.NewPCG(uint64(i), 7)),
		}
		l.wg.Go(func() {
			lost, err := w.RunOn(ctx)
			l.lost.Add(int64(lost))
			if err != nil {
				c.t.Errorf("client %d: %v", i, err)
			}
		})
	}
	return l
}

// end stops the clients and tells how many calls were not answered.
func (l *load) end() int64 {
	l.stop()
	l.wg.Wait()
	return l.lost.Load()
}

// audit waits until the nodes are ready and looks up all that was acknowledged. No node may have died by itself, and no
// answer may have taken too long.
func (c *cluster) audit(lost int64) {
	c.t.Helper()
	for i := range c.nodes {
		c.awaitReady(i)
	}
	people := c.book.People()
	a := &ledger.Auditor{T: c.t, Server: c.node(0), Pool: c.pool, Client: c.client}
	for _, p := range people {
		a.Check(c.t.Context(), p)
	}
	slowest := time.Duration(c.slowest.Load())
	c.t.Logf("%d users, %d acknowledged calls, %d without an answer, slowest %v", len(people), c.book.Acks(), lost, slowest.Round(time.Millisecond))
	if slowest > patience {
		c.t.Errorf("a caller waited %v", slowest)
	}
	if len(people) < 10 {
		c.t.Error("the clients did next to nothing")
	}
}

func (c *cluster) awaitReady(i int) {
	c.t.Helper()
	for end := time.Now().Add(30 * time.Second); ; time.Sleep(50 * time.Millisecond) {
		if c.node(i).Exited() {
			c.t.Fatalf("node %d died:\n%s", i, c.node(i).Log())
		}
		res, err := c.node(i).Client.Get(c.node(i).URL + "/_cognate/ready")
		if err == nil {
			res.Body.Close()
			if res.StatusCode == http.StatusOK {
				return
			}
		}
		if time.Now().After(end) {
			c.t.Fatalf("node %d is not ready again:\n%s", i, c.node(i).Log())
		}
	}
}

// postgres starts a server by itself.
func postgres(t *testing.T) *pgproc.Server {
	t.Helper()
	s, err := pgproc.StartTCP()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Stop)
	return s
}

// url names the servers in order.
func url(servers ...*pgproc.Server) string {
	hosts := ""
	for _, s := range servers {
		if hosts != "" {
			hosts += ","
		}
		hosts += s.Address()
	}
	return fmt.Sprintf("postgres://postgres@%s/postgres?sslmode=disable", hosts)
}
