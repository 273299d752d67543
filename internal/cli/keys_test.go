package cli

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"cognate/internal/config"
	"cognate/internal/server"
)

// running starts a dev server on a data folder as the command does; stop ends it and waits.
func running(t *testing.T, edit func(*config.Settings)) (data string, stop func()) {
	t.Helper()
	s := config.Settings{
		Mode: config.Dev, Listen: "127.0.0.1:0", Data: filepath.Join(t.TempDir(), "data"), Region: "us-east-1", Account: "000000000000",
		LogFormat: "text", LogLevel: "warn",
	}
	if edit != nil {
		edit(&s)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ready, done := make(chan struct{}), make(chan error, 1)
	go func() { done <- server.Run(ctx, s, &announced{ready: ready}) }()
	select {
	case <-ready:
	case err := <-done:
		cancel()
		t.Fatal(err)
	case <-time.After(20 * time.Second):
		cancel()
		t.Fatal("the server does not start")
	}
	ended := false
	stop = func() {
		cancel()
		if !ended {
			ended = true
			if err := <-done; err != nil {
				t.Error(err)
			}
		}
	}
	t.Cleanup(stop)
	return s.Data, stop
}

// announced closes a channel when the server has told where it is.
type announced struct {
	once  sync.Once
	ready chan struct{}
}

func (a *announced) Write(b []byte) (int, error) {
	if bytes.Contains(b, []byte("endpoint")) {
		a.once.Do(func() { close(a.ready) })
	}
	return len(b), nil
}

// run runs a command and returns its status and everything it printed.
func run(args ...string) (int, string) {
	var out bytes.Buffer
	status := Main(args, &out, &out)
	return status, out.String()
}

// TestKeys rotates the keys of a running server and changes the key that wraps them.
func TestKeys(t *testing.T) {
	data, stop := running(t, nil)
	if status, out := run("keys", "rotate", "--data", data); status != 0 || !strings.Contains(out, "us-east-1_DemoPool1: new data key") {
		t.Errorf("rotate: status %d\n%s", status, out)
	}
	next := filepath.Join(t.TempDir(), "kek2")
	if status, out := run("keys", "new", next); status != 0 || !strings.Contains(out, next) {
		t.Fatalf("new: status %d\n%s", status, out)
	}
	if status, out := run("keys", "new", next); status != 1 || !strings.Contains(out, "exists") {
		t.Errorf("new, again: status %d\n%s", status, out)
	}
	if status, out := run("keys", "rewrap", "--data", data, "--new-key-file", next); status != 0 || !strings.Contains(out, "--key-file "+next) {
		t.Fatalf("rewrap: status %d\n%s", status, out)
	}
	if status, out := run("keys", "rotate", "--data", data); status != 1 || !strings.Contains(out, "wrong key-encryption key") {
		t.Errorf("with the old key: status %d\n%s", status, out)
	}
	stop()
	if status, out := run("keys", "rotate", "--data", data, "--key-file", next); status != 0 {
		t.Errorf("with the new key: status %d\n%s", status, out)
	}
	// Back again, in the form for nodes that know both.
	old := filepath.Join(data, "kek")
	t.Setenv("COGNATE_KEY_FILE", old)
	t.Setenv("COGNATE_PREVIOUS_KEY_FILE", next)
	if status, out := run("keys", "rewrap", "--data", data); status != 0 {
		t.Errorf("rewrap by the environment: status %d\n%s", status, out)
	}
	t.Setenv("COGNATE_PREVIOUS_KEY_FILE", "")
	if status, out := run("keys", "rotate", "--data", data); status != 0 {
		t.Errorf("with the old key alone: status %d\n%s", status, out)
	}
}

// TestLostKey: a key that is missing is asked for. A new one would make a second world beside one that cannot be read.
func TestLostKey(t *testing.T) {
	data, stop := running(t, nil)
	stop()
	kek := filepath.Join(data, "kek")
	if err := os.Rename(kek, kek+".away"); err != nil {
		t.Fatal(err)
	}
	args := [][]string{{"keys", "rotate", "--data", data}, {"dev", "--data", data, "--listen", "127.0.0.1:0"}}
	for _, args := range args {
		status, out := run(args...)
		if status != 1 || !strings.Contains(out, "the key file is missing") || !strings.Contains(out, kek) {
			t.Errorf("%s: status %d\n%s", args[0], status, out)
		}
		if _, err := os.Stat(kek); err == nil {
			t.Fatalf("%s made a new key", args[0])
		}
	}
	if err := os.Rename(kek+".away", kek); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(kek, 0o640); err != nil {
		t.Fatal(err)
	}
	if status, out := run(args[0]...); status != 1 || !strings.Contains(out, "chmod 600") {
		t.Errorf("a key that others can read: status %d\n%s", status, out)
	}
	if err := os.Chmod(kek, 0o600); err != nil {
		t.Fatal(err)
	}
	if status, out := run(args[0]...); status != 0 {
		t.Errorf("the key is back: status %d\n%s", status, out)
	}
}
