// Package process runs the built cognate binary for tests that look at it from outside: it builds the program when
// nobody has, starts it on a free port, waits until it says that it is ready, and stops or kills it. It also speaks
// just enough of the AWS JSON protocol to drive the server without an SDK.
package process

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// readyTimeout bounds how long a start may take before the test gives up; it is generous because test machines are
// busy. What a start should take is asserted by the tests that measure it.
const readyTimeout = 60 * time.Second

// Server is one running cognate process.
type Server struct {
	// URL is the endpoint without a trailing slash, for example http://127.0.0.1:41234.
	URL string
	// Started is how long the process took from its start to its first 200 from /_cognate/ready.
	Started time.Duration
	// Client is the HTTP client for calls to the server; its connections die with the process.
	Client *http.Client

	cmd  *exec.Cmd
	log  *tail
	done chan struct{}
	once sync.Once
}

var (
	buildOnce sync.Once
	built     string
	buildErr  error
)

// Binary returns the path of the cognate binary: COGNATE_BIN when set, else a fresh build shared by the test process.
func Binary(t testing.TB) string {
	t.Helper()
	if path := os.Getenv("COGNATE_BIN"); path != "" {
		return path
	}
	buildOnce.Do(func() {
		dir, err := os.MkdirTemp("", "cognate-bin-")
		if err != nil {
			buildErr = err
			return
		}
		built = filepath.Join(dir, "cognate")
		out, err := exec.Command("go", "build", "-o", built, "cognate/cmd/cognate").CombinedOutput()
		if err != nil {
			buildErr = fmt.Errorf("go build: %w\n%s", err, out)
		}
	})
	if buildErr != nil {
		t.Fatal(buildErr)
	}
	return built
}

// FreePort returns a port of the loopback interface that nobody listened on a moment ago.
func FreePort(t testing.TB) int {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port
}

// Start runs `cognate dev` on a free port with the given further arguments and waits until it is ready. The process is
// stopped when the test ends; its output is logged when the test failed.
func Start(t testing.TB, args ...string) *Server {
	t.Helper()
	return StartOn(t, FreePort(t), args...)
}

// StartOn is Start on a chosen port, for tests that restart a server under the same address.
func StartOn(t testing.TB, port int, args ...string) *Server {
	t.Helper()
	listen := fmt.Sprintf("127.0.0.1:%d", port)
	s := &Server{
		URL:  "http://" + listen,
		log:  &tail{limit: 32 << 10},
		done: make(chan struct{}),
		Client: &http.Client{
			Timeout:   30 * time.Second,
			Transport: &http.Transport{MaxIdleConnsPerHost: 64, TLSClientConfig: &tls.Config{InsecureSkipVerify: true}},
		},
	}
	s.cmd = exec.Command(Binary(t), append([]string{"dev", "--listen", listen}, args...)...)
	s.cmd.Dir = t.TempDir()
	s.cmd.Env = environment()
	s.cmd.Stdout, s.cmd.Stderr = s.log, s.log
	began := time.Now()
	if err := s.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		_ = s.cmd.Wait()
		close(s.done)
	}()
	t.Cleanup(func() {
		s.Stop()
		if t.Failed() {
			t.Logf("output of cognate (end):\n%s", s.log)
		}
	})
	if err := s.waitReady(); err != nil {
		t.Fatalf("%v\n%s", err, s.log)
	}
	s.Started = time.Since(began)
	return s
}

// Stop asks the process to end and waits; after thirty seconds it is killed.
func (s *Server) Stop() {
	s.once.Do(func() {
		s.Client.CloseIdleConnections()
		_ = s.cmd.Process.Signal(syscall.SIGTERM)
		select {
		case <-s.done:
		case <-time.After(30 * time.Second):
			_ = s.cmd.Process.Kill()
			<-s.done
		}
	})
}

// Kill ends the process at once, as a power cut would end it for everything but the page cache, and waits until it is
// gone.
func (s *Server) Kill() {
	s.once.Do(func() {
		_ = s.cmd.Process.Kill()
		<-s.done
		s.Client.CloseIdleConnections()
	})
}

// Signal sends a signal to the process and does not wait.
func (s *Server) Signal(sig os.Signal) { _ = s.cmd.Process.Signal(sig) }

// Exited reports whether the process has ended.
func (s *Server) Exited() bool {
	select {
	case <-s.done:
		return true
	default:
		return false
	}
}

// Wait returns when the process has ended.
func (s *Server) Wait() { <-s.done }

// PID returns the process id, for tests that read its memory use.
func (s *Server) PID() int { return s.cmd.Process.Pid }

// Log returns the last 32 KiB of what the process printed.
func (s *Server) Log() string { return s.log.String() }

// waitReady polls readiness every two milliseconds, so that a measured start is exact to about that.
func (s *Server) waitReady() error {
	deadline := time.Now().Add(readyTimeout)
	for time.Now().Before(deadline) {
		select {
		case <-s.done:
			return errors.New("cognate ended before it was ready")
		default:
		}
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, s.URL+"/_cognate/ready", nil)
		if err != nil {
			cancel()
			return err
		}
		res, err := s.Client.Do(req)
		if err == nil {
			res.Body.Close()
		}
		cancel()
		if err == nil && res.StatusCode == http.StatusOK {
			return nil
		}
		time.Sleep(2 * time.Millisecond)
	}
	return fmt.Errorf("cognate was not ready after %v", readyTimeout)
}

// environment is the caller's environment without settings of Cognate or AWS, so that a developer's shell cannot change
// what the tests see.
func environment() []string {
	var out []string
	for _, kv := range os.Environ() {
		if !strings.HasPrefix(kv, "COGNATE_") && !strings.HasPrefix(kv, "AWS_") {
			out = append(out, kv)
		}
	}
	return out
}

// tail keeps the end of a stream; it may be written and read at once.
type tail struct {
	mu    sync.Mutex
	limit int
	buf   bytes.Buffer
}

// Write appends p and forgets the oldest bytes beyond the limit.
func (w *tail) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.buf.Write(p)
	if over := w.buf.Len() - w.limit; over > 0 {
		w.buf.Next(over)
	}
	return len(p), nil
}

// String returns what is kept.
func (w *tail) String() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.buf.String()
}
