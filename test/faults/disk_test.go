//go:build linux

package faults

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"cognate/internal/testkit/ledger"
	"cognate/internal/testkit/process"
)

// TestDiskIsFull fills the disk below SQLite: writes are refused with 503, reads go on, the node lives and says that it
// is not ready, and with room again everything that was acknowledged is there.
func TestDiskIsFull(t *testing.T) {
	dir := t.TempDir()
	script := filepath.Join(t.TempDir(), "cognate")
	// The small disk is a tmpfs in a mount namespace of the server's own, which needs no privileges.
	text := fmt.Sprintf("#!/bin/sh\nexec unshare -rm sh -c 'mount -t tmpfs -o size=24m tmpfs \"%s\" && exec \"%s\" \"$@\"' sh \"$@\"\n", dir, process.Binary(t))
	if err := os.WriteFile(script, []byte(text), 0o700); err != nil {
		t.Fatal(err)
	}
	t.Setenv("COGNATE_BIN", script)
	server := process.Start(t, "--data", filepath.Join(dir, "data"), "--log-level", "error")
	out, err := server.Call(t.Context(), "CreateUserPool", process.M{"PoolName": "disk"})
	if err != nil {
		t.Fatal(err)
	}
	pool := process.Path(out, "UserPool", "Id")
	out, err = server.Call(t.Context(), "CreateUserPoolClient", process.M{
		"UserPoolId": pool, "ClientName": "disk", "ExplicitAuthFlows": []string{"ALLOW_USER_PASSWORD_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"},
	})
	if err != nil {
		t.Fatal(err)
	}
	client, book := process.Path(out, "UserPoolClient", "ClientId"), &ledger.Book{}
	if _, err := server.Call(t.Context(), "AdminCreateUser", process.M{"UserPoolId": pool, "Username": "reader"}); err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	var wg sync.WaitGroup
	for i := range 4 {
		w := &ledger.Worker{Server: server, Pool: pool, Client: client, Book: book, Rand: rand.New(rand.NewPCG(uint64(i), 3))}
		wg.Go(func() {
			if _, err := w.RunOn(ctx); err != nil {
				t.Errorf("client %d: %v", i, err)
			}
		})
	}
	time.Sleep(time.Second)
	fill := filepath.Join("/proc", fmt.Sprint(server.PID()), "root", dir, "fill")
	full(t, fill)
	awaitStatus(t, server, http.StatusServiceUnavailable)
	var refused *process.Error
	if _, err := server.Call(t.Context(), "AdminCreateUser", process.M{"UserPoolId": pool, "Username": "writer"}); !errors.As(err, &refused) || refused.Status != http.StatusServiceUnavailable {
		t.Errorf("a write on a full disk: %v, want 503", err)
	}
	if _, err := server.Call(t.Context(), "AdminGetUser", process.M{"UserPoolId": pool, "Username": "reader"}); err != nil {
		t.Errorf("a read on a full disk: %v", err)
	}
	time.Sleep(time.Second)
	if server.Exited() {
		t.Fatal("the node died")
	}
	if err := os.Remove(fill); err != nil {
		t.Fatal(err)
	}
	awaitStatus(t, server, http.StatusOK)
	time.Sleep(500 * time.Millisecond)
	stop()
	wg.Wait()
	a := &ledger.Auditor{T: t, Server: server, Pool: pool, Client: client}
	for _, p := range book.People() {
		a.Check(t.Context(), p)
	}
	t.Logf("%d users, %d acknowledged calls", len(book.People()), book.Acks())
}

// full writes a file until there is no room left, and goes on for a while to take what the server gives back.
func full(t *testing.T, path string) {
	t.Helper()
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	page := make([]byte, 4096)
	for range 20 {
		for err = nil; err == nil; {
			_, err = f.Write(page)
		}
		time.Sleep(20 * time.Millisecond)
	}
}

func awaitStatus(t *testing.T, server *process.Server, want int) {
	t.Helper()
	for end := time.Now().Add(20 * time.Second); ; time.Sleep(50 * time.Millisecond) {
		res, err := server.Client.Get(server.URL + "/_cognate/ready")
		if err == nil {
			res.Body.Close()
			if res.StatusCode == want {
				return
			}
		}
		if time.Now().After(end) {
			t.Fatalf("ready does not answer %d: %v\n%s", want, err, server.Log())
		}
	}
}
