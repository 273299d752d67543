package lambda

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"cognate/internal/base/background"
)

//go:embed bootstrap
var bootstraps embed.FS

// Names of the bootstraps, embedded and in the host's folder.
const (
	nodeBootstrap   = "node.cjs"
	pythonBootstrap = "python.py"
)

// errClosed is the end of jobs that were under way when the server stopped.
var errClosed = fmt.Errorf("%w: the server is stopping", ErrService)

// HostOptions configures NewHost.
type HostOptions struct {
	// Region is AWS_REGION of functions whose ARN names none.
	Region string
	// Env is given to all functions; a function's own variables win.
	Env map[string]string
	// Watch looks for edits of the code before each invocation, for dev.
	Watch bool
	// Temp is where the host makes its folder; default the system's.
	Temp string
	// Log receives starts and ends of processes.
	Log *slog.Logger
}

// Host runs functions as processes of this machine: it starts them on demand,
// is their Runtime API, stops them when idle and kills them when they hang. All
// of them end with the host.
type Host struct {
	o   HostOptions
	dir string // bootstraps, unpacked code and homes; removed by Close

	starts  chan startOrder
	stopped chan struct{} // closed by Close
	number  atomic.Int64
	wg      sync.WaitGroup // one per process, and the starter

	mu    sync.Mutex
	pools map[*pool]struct{}
	done  bool
}

// startOrder asks the starter for a process.
type startOrder struct {
	cmd    *exec.Cmd
	result chan error
}

// NewHost prepares a host; nothing is started yet.
func NewHost(o HostOptions) (*Host, error) {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	dir, err := os.MkdirTemp(o.Temp, "cognate-functions-") // only this user may enter it
	if err != nil {
		return nil, fmt.Errorf("lambda: %w", err)
	}
	for _, name := range []string{nodeBootstrap, pythonBootstrap} {
		text, err := bootstraps.ReadFile("bootstrap/" + name)
		if err == nil {
			err = os.WriteFile(filepath.Join(dir, name), text, 0o600)
		}
		if err != nil {
			return nil, errors.Join(fmt.Errorf("lambda: %w", err), os.RemoveAll(dir))
		}
	}
	h := &Host{
		o: o, dir: dir, starts: make(chan startOrder), stopped: make(chan struct{}), pools: map[*pool]struct{}{},
	}
	background.In(&h.wg, "start functions", h.starter)
	return h, nil
}

// starter starts all processes from one thread that lives as long as the host:
// the kernel kills the processes when that thread ends, which it does at the
// latest with the server, however that ends.
func (h *Host) starter() {
	runtime.LockOSThread() // and never unlocked: the thread ends with this goroutine
	for {
		select {
		case order := <-h.starts:
			order.result <- background.Try("start function", order.cmd.Start)
		case <-h.stopped:
			return
		}
	}
}

func (h *Host) start(cmd *exec.Cmd) error {
	order := startOrder{cmd, make(chan error, 1)}
	select {
	case h.starts <- order:
		return <-order.result
	case <-h.stopped:
		return errClosed
	}
}

// enter counts a process that is about to be started, so that Close waits for
// its end.
func (h *Host) enter() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.done {
		return false
	}
	h.wg.Add(1)
	return true
}

// newPool makes the pool of one function. It is closed by its close or with the host.
func (h *Host) newPool(f Function) (*pool, error) {
	home, err := os.MkdirTemp(h.dir, "home-")
	if err != nil {
		return nil, fmt.Errorf("lambda: %w", err)
	}
	p := &pool{
		host: h, function: f, home: home, code: &code{path: f.Local.Path, temp: h.dir}, out: &output{},
		max: f.Local.Concurrency, idleAfter: time.Duration(f.Local.Idle), live: map[*process]struct{}{},
	}
	if p.max == 0 {
		p.max = defaultConcurrency
	}
	if p.idleAfter == 0 {
		p.idleAfter = defaultIdle
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.done {
		return nil, errClosed
	}
	h.pools[p] = struct{}{}
	return p, nil
}

func (h *Host) forget(p *pool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.pools, p)
}

// Close kills all processes, waits for their end and removes what the host
// wrote. Invocations under way fail.
func (h *Host) Close() {
	h.mu.Lock()
	if h.done {
		h.mu.Unlock()
		return
	}
	h.done = true
	pools := h.pools
	h.pools = map[*pool]struct{}{}
	h.mu.Unlock()
	for p := range pools {
		p.shut()
	}
	close(h.stopped)
	h.wg.Wait()
	if err := os.RemoveAll(h.dir); err != nil {
		h.o.Log.Warn("functions: temporary folder stays", "error", err)
	}
}

// contextError names the end of a context in the terms of this package.
func contextError(ctx context.Context) error {
	if errors.Is(ctx.Err(), context.DeadlineExceeded) {
		return ErrTimeout
	}
	return ctx.Err()
}
