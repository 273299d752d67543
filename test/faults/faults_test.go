//go:build linux

package faults

import (
	"syscall"
	"testing"
	"time"
)

// clients is how many work at once; the machines of tests are small.
const clients = 6

// TestNodesAreKilled: whatever a dead node had acknowledged is there on the others.
func TestNodesAreKilled(t *testing.T) {
	t.Parallel()
	c := newCluster(t, url(postgres(t)))
	l := c.work(clients)
	for i := range times(3, 15) {
		time.Sleep(time.Second)
		c.node(i % 3).Kill()
		time.Sleep(300 * time.Millisecond)
		c.start(i % 3)
	}
	time.Sleep(500 * time.Millisecond)
	c.audit(l.end())
}

// TestBackendsAreTerminated: connections that break at any moment cost nobody anything.
func TestBackendsAreTerminated(t *testing.T) {
	t.Parallel()
	pg := postgres(t)
	c := newCluster(t, url(pg))
	l := c.work(clients)
	for range times(15, 150) {
		time.Sleep(200 * time.Millisecond)
		if err := pg.Exec("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND application_name = 'cognate'"); err != nil {
			t.Fatal(err)
		}
	}
	lost := l.end()
	c.audit(lost)
	if lost > 0 {
		t.Errorf("%d calls were not answered", lost)
	}
}

// TestPostgresIsKilled: the nodes outlive an outage longer than their patience, and go on by themselves.
func TestPostgresIsKilled(t *testing.T) {
	t.Parallel()
	pg := postgres(t)
	c := newCluster(t, url(pg))
	l := c.work(clients)
	for range times(1, 4) {
		time.Sleep(time.Second)
		pg.Kill()
		time.Sleep(8 * time.Second) // longer than patience
		if err := pg.Restart(); err != nil {
			t.Fatal(err)
		}
	}
	time.Sleep(2 * time.Second)
	c.audit(l.end())
}

// TestPostgresFreezes: a database that says nothing holds nobody longer than the bound, and nothing is lost.
func TestPostgresFreezes(t *testing.T) {
	t.Parallel()
	pg := postgres(t)
	c := newCluster(t, url(pg))
	l := c.work(clients)
	for range times(1, 4) {
		time.Sleep(time.Second)
		pg.Freeze()
		time.Sleep(9 * time.Second)
		pg.Thaw()
	}
	time.Sleep(2 * time.Second)
	c.audit(l.end())
}

// TestPrimaryFreezes: the primary freezes, its synchronous standby is promoted, and all nodes have moved within fifteen
// seconds without losing what was acknowledged. The old primary comes back and is not used.
func TestPrimaryFreezes(t *testing.T) {
	t.Parallel()
	primary := postgres(t)
	standby, err := primary.StartStandby(true)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(standby.Stop)
	c := newCluster(t, url(primary, standby))
	l := c.work(clients)
	time.Sleep(2 * time.Second)
	primary.Freeze()
	frozen := time.Now()
	if err := standby.Promote(); err != nil {
		t.Fatal(err)
	}
	time.Sleep(2 * time.Second) // what a node knew of its readiness before, it tells for a second
	for i := range c.nodes {
		c.awaitReady(i)
	}
	took := time.Since(frozen)
	t.Logf("all nodes were ready on the new primary after %v", took.Round(100*time.Millisecond))
	if took > 15*time.Second {
		t.Errorf("moving took %v", took)
	}
	time.Sleep(time.Second)
	primary.Thaw()
	time.Sleep(2 * time.Second)
	c.audit(l.end())
}

// TestRollingRestart: three nodes are restarted one after the other under load, and no call fails.
func TestRollingRestart(t *testing.T) {
	t.Parallel()
	c := newCluster(t, url(postgres(t)), "--drain", "1s")
	l := c.work(clients)
	for range times(1, 4) {
		for i := range c.nodes {
			time.Sleep(500 * time.Millisecond)
			old := c.node(i)
			old.Signal(syscall.SIGTERM)
			old.Wait()
			c.start(i)
			time.Sleep(500 * time.Millisecond) // until the balancer has noticed
		}
	}
	lost := l.end()
	c.audit(lost)
	if lost > 0 {
		t.Errorf("%d calls failed", lost)
	}
}
