package server

import (
	"bufio"
	"bytes"
	"fmt"
	"net"
	"net/http"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"
)

// listening is a dev server behind its own listener with all its bounds.
func listening(t *testing.T) string {
	t.Helper()
	a, _ := started(t, devSettings())
	h, err := a.handler()
	if err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := a.httpServer(h)
	done := make(chan error, 1)
	go func() { done <- a.listen(server, l) }()
	t.Cleanup(func() {
		server.Close()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	return l.Addr().String()
}

const unfinished = "POST / HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-amz-json-1.1\r\n" +
	"X-Amz-Target: AWSCognitoIdentityProviderService.InitiateAuth\r\nContent-Length: %d\r\n\r\n"

// TestUnfinishedBodies: three hundred bodies that never end hold neither much memory nor anybody up, and those without
// room are told to come again.
func TestUnfinishedBodies(t *testing.T) {
	const senders, size = 300, 1 << 20
	addr := listening(t)
	body := bytes.Repeat([]byte(" "), size-1)
	var mu sync.Mutex
	var open []net.Conn
	busy := 0
	var wg sync.WaitGroup
	for range senders {
		wg.Go(func() {
			c, err := net.Dial("tcp", addr)
			if err != nil {
				return
			}
			mu.Lock()
			open = append(open, c)
			mu.Unlock()
			_ = c.SetDeadline(time.Now().Add(5 * time.Second))
			fmt.Fprintf(c, unfinished, size)
			if _, err := c.Write(body); err == nil {
				_ = c.SetDeadline(time.Now().Add(time.Second))
			}
			resp, err := http.ReadResponse(bufio.NewReader(c), nil)
			if err != nil {
				return // under way, or reset while it was sent
			}
			defer resp.Body.Close()
			if resp.StatusCode == http.StatusServiceUnavailable && resp.Header.Get("Retry-After") != "" &&
				strings.HasPrefix(resp.Header.Get("X-Amzn-Errortype"), "ServiceUnavailableException") {
				mu.Lock()
				busy++
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	if m.HeapAlloc > 200<<20 {
		t.Errorf("%d MB are held", m.HeapAlloc>>20)
	}
	if busy == 0 {
		t.Error("nobody was told that the server is busy")
	}
	if status, body := send(t, "POST", "http://"+addr+"/", "{}", "Content-Type", "application/x-amz-json-1.1",
		"X-Amz-Target", "AWSCognitoIdentityProviderService.InitiateAuth"); status != 400 || !strings.Contains(body, "InvalidParameter") {
		t.Errorf("a usual request beside them: %d %s", status, body)
	}
	for _, c := range open {
		c.Close()
	}
}
