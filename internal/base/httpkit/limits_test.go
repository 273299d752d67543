package httpkit

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// serving runs a server with the bounds on a port of its own.
func serving(t *testing.T, s Shield, b *Bodies, h http.HandlerFunc, edit func(*http.Server)) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := &http.Server{Handler: b.Handler(h)}
	if edit != nil {
		edit(server)
	}
	l = s.Listen(l)
	go func() { _ = server.Serve(l) }()
	t.Cleanup(func() { server.Close() })
	return l.Addr().String()
}

func dial(t *testing.T, addr string) net.Conn {
	t.Helper()
	c, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	if err := c.SetDeadline(time.Now().Add(20 * time.Second)); err != nil {
		t.Fatal(err)
	}
	return c
}

// begin sends the head of a request with a body and the first bytes of it.
func begin(t *testing.T, addr string, length, sent int) net.Conn {
	t.Helper()
	c := dial(t, addr)
	fmt.Fprintf(c, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n%s", length, strings.Repeat("x", sent))
	return c
}

// status reads the answer; 0 when the connection was closed without one.
func status(t *testing.T, c net.Conn) int {
	t.Helper()
	resp, err := http.ReadResponse(bufio.NewReader(c), nil)
	if err != nil {
		return 0
	}
	resp.Body.Close()
	return resp.StatusCode
}

// readAll answers 200 for a whole body, 503 without room for it, 408 for a broken one.
func readAll(w http.ResponseWriter, r *http.Request) {
	switch _, err := io.Copy(io.Discard, r.Body); {
	case errors.Is(err, ErrBusy):
		w.Header().Set("Connection", "close")
		w.WriteHeader(http.StatusServiceUnavailable)
	case err != nil:
		w.WriteHeader(http.StatusRequestTimeout)
	}
}

func waitUntil(t *testing.T, what string, done func() bool) {
	t.Helper()
	for range 2000 {
		if done() {
			return
		}
		time.Sleep(5 * time.Millisecond)
	}
	t.Fatalf("never: %s", what)
}

// TestUnfinishedBodies: large bodies that are under way hold what they may and no more, small ones are served beside
// them, and everything is given back in the end.
func TestUnfinishedBodies(t *testing.T) {
	b := &Bodies{Free: 1 << 10, Total: 100 << 10}
	addr := serving(t, Shield{}, b, readAll, nil)
	const size = 30 << 10
	var open []net.Conn
	for range 3 {
		open = append(open, begin(t, addr, size, size-1))
	}
	waitUntil(t, "three bodies are counted", func() bool { return b.Held() == 3*(size-1-b.Free) })
	if got := status(t, begin(t, addr, size, size-1)); got != http.StatusServiceUnavailable {
		t.Errorf("a fourth: %d", got)
	}
	if got := status(t, begin(t, addr, 1<<10, 1<<10)); got != http.StatusOK {
		t.Errorf("a small one: %d", got)
	}
	fmt.Fprint(open[0], "x")
	if got := status(t, open[0]); got != http.StatusOK {
		t.Errorf("the first, finished: %d", got)
	}
	open[1].Close()
	open[2].Close()
	waitUntil(t, "all is given back", func() bool { return b.Held() == 0 })
	if len(b.by) != 0 {
		t.Error(b.by)
	}
	if got := status(t, begin(t, addr, size, size)); got != http.StatusOK {
		t.Errorf("afterwards: %d", got)
	}
}

// TestBodiesOfOneSource: one caller does not take the room of all.
func TestBodiesOfOneSource(t *testing.T) {
	var from atomic.Value
	from.Store(netip.MustParseAddr("192.0.2.1"))
	b := &Bodies{Total: 100 << 10, PerSource: 20 << 10, ClientIP: func(*http.Request) netip.Addr { return from.Load().(netip.Addr) }}
	addr := serving(t, Shield{}, b, readAll, nil)
	begin(t, addr, 20<<10, 15<<10)
	waitUntil(t, "one is counted", func() bool { return b.Held() == 15<<10 })
	if got := status(t, begin(t, addr, 20<<10, 10<<10)); got != http.StatusServiceUnavailable {
		t.Errorf("the same caller: %d", got)
	}
	from.Store(netip.MustParseAddr("192.0.2.2"))
	if got := status(t, begin(t, addr, 10<<10, 10<<10)); got != http.StatusOK {
		t.Errorf("another: %d", got)
	}
}

// TestSlowBody: a body that does not get on is given up; one that comes at the rate may take longer than the grace.
func TestSlowBody(t *testing.T) {
	b := &Bodies{Grace: 300 * time.Millisecond, Rate: 10 << 10, Longest: 10 * time.Second}
	addr := serving(t, Shield{}, b, readAll, nil)
	for name, c := range map[string]net.Conn{"nothing": begin(t, addr, 100, 0), "a part": begin(t, addr, 100, 99)} {
		if got := status(t, c); got != http.StatusRequestTimeout {
			t.Errorf("%s: %d", name, got)
		}
	}
	c := begin(t, addr, 30<<10, 10<<10)
	for range 10 { // a second in all
		time.Sleep(100 * time.Millisecond)
		fmt.Fprint(c, strings.Repeat("x", 2<<10))
	}
	if got := status(t, c); got != http.StatusOK {
		t.Errorf("a steady one: %d", got)
	}
	b = &Bodies{Grace: 100 * time.Millisecond, Rate: 1, Longest: 200 * time.Millisecond}
	if got := status(t, begin(t, serving(t, Shield{}, b, readAll, nil), 1000, 999)); got != http.StatusRequestTimeout {
		t.Errorf("longer than the longest: %d", got)
	}
}

// TestLongWork: what takes longer than a body may is not taken for a caller that has gone.
func TestLongWork(t *testing.T) {
	b := &Bodies{Grace: 100 * time.Millisecond}
	addr := serving(t, Shield{}, b, func(w http.ResponseWriter, r *http.Request) {
		readAll(w, r)
		select {
		case <-r.Context().Done():
			w.WriteHeader(http.StatusTeapot)
		case <-time.After(400 * time.Millisecond):
		}
	}, func(s *http.Server) { s.ReadTimeout = 100 * time.Millisecond })
	if got := status(t, begin(t, addr, 10, 10)); got != http.StatusOK {
		t.Errorf("with a body: %d", got)
	}
	c := dial(t, addr)
	fmt.Fprint(c, "GET / HTTP/1.1\r\nHost: x\r\n\r\n")
	if got := status(t, c); got != http.StatusOK {
		t.Errorf("without: %d", got)
	}
}

// TestNeverReads: a client that does not take its answer is left.
func TestNeverReads(t *testing.T) {
	failed := make(chan error, 1)
	s := Shield{Conns: 1, Write: 200 * time.Millisecond}
	addr := serving(t, s, &Bodies{}, func(w http.ResponseWriter, _ *http.Request) {
		part := make([]byte, 1<<20)
		for range 200 { // more than any socket buffers
			if _, err := w.Write(part); err != nil {
				failed <- err
				return
			}
		}
		failed <- nil
	}, nil)
	c := dial(t, addr)
	fmt.Fprint(c, "GET / HTTP/1.1\r\nHost: x\r\n\r\n")
	select {
	case err := <-failed:
		if err == nil {
			t.Fatal("everything was written to nobody")
		}
	case <-time.After(15 * time.Second):
		t.Fatal("the answer waits for ever")
	}
	waitUntil(t, "the only place is free again", func() bool {
		c, err := net.Dial("tcp", addr)
		if err != nil {
			return false
		}
		defer c.Close()
		_ = c.SetDeadline(time.Now().Add(100 * time.Millisecond))
		fmt.Fprint(c, "GET / HTTP/1.1\r\nHost: x\r\n\r\n")
		_, err = c.Read(make([]byte, 1))
		return err == nil
	})
}

// TestSlowHeaders: a head that never ends is given up, and its place is free again.
func TestSlowHeaders(t *testing.T) {
	addr := serving(t, Shield{Conns: 1}, &Bodies{}, readAll, func(s *http.Server) { s.ReadHeaderTimeout = 200 * time.Millisecond })
	c := dial(t, addr)
	fmt.Fprint(c, "GET / HTTP/1.1\r\nHost: x\r\nX-A: ")
	if _, err := io.ReadAll(c); err != nil {
		t.Fatal(err)
	}
	waitUntil(t, "somebody else is served", func() bool { return status(t, begin(t, addr, 1, 1)) == http.StatusOK })
}

func TestConnections(t *testing.T) {
	addr := serving(t, Shield{Conns: 2}, &Bodies{}, readAll, nil)
	one, two := begin(t, addr, 2, 1), begin(t, addr, 2, 1)
	time.Sleep(50 * time.Millisecond)
	if got := status(t, begin(t, addr, 1, 1)); got != 0 {
		t.Errorf("a third: %d", got)
	}
	for _, c := range []net.Conn{one, two} {
		fmt.Fprint(c, "x")
		if got := status(t, c); got != http.StatusOK {
			t.Errorf("one of the first: %d", got)
		}
		c.Close()
	}
	waitUntil(t, "another is taken", func() bool { return status(t, begin(t, addr, 1, 1)) == http.StatusOK })
}

func TestConnectionsOfOneSource(t *testing.T) {
	proxy := netip.MustParseAddr("10.0.0.1")
	l := Shield{Conns: 19, PerSource: 2, Exempt: func(a netip.Addr) bool { return a == proxy }}.Listen(nil).(*shielded)
	count := func(addr string) (n int) {
		a := netip.MustParseAddr(addr)
		for range 4 {
			if l.enter(Source(a), a) {
				n++
			}
		}
		return n
	}
	for _, c := range []struct {
		addr string
		want int
	}{
		{"192.0.2.1", 2}, {"192.0.2.2", 2}, {"2001:db8::1", 2}, {"2001:db8::2", 0}, {"2001:db8:0:1::1", 2}, {"10.0.0.1", 4}, {"127.0.0.1", 4},
	} {
		if got := count(c.addr); got != c.want {
			t.Errorf("%s: %d, want %d", c.addr, got, c.want)
		}
	}
	l.leave(Source(netip.MustParseAddr("192.0.2.1")))
	if got := count("192.0.2.1"); got != 1 {
		t.Errorf("after one left: %d", got)
	}
	if got := count("127.0.0.1"); got != 3 { // 19 in all
		t.Errorf("above all bounds: %d", got)
	}
}

// TestManyUnfinished keeps the books under load, with the race detector where that is on.
func TestManyUnfinished(t *testing.T) {
	b := &Bodies{Free: 100, Total: 50 << 10}
	addr := serving(t, Shield{}, b, readAll, nil)
	var wg sync.WaitGroup
	for range 50 {
		wg.Go(func() {
			c, err := net.Dial("tcp", addr)
			if err != nil {
				return
			}
			defer c.Close()
			fmt.Fprintf(c, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5000\r\n\r\n%s", strings.Repeat("x", 4999))
			if b.Held() > b.Total {
				t.Error("more than the bound")
			}
		})
	}
	wg.Wait()
	waitUntil(t, "all is given back", func() bool { return b.Held() == 0 })
}
