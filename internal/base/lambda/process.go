package lambda

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strconv"
	"sync"
	"time"

	"cognate/internal/base/background"
)

const (
	retireGrace = 300 * time.Millisecond // between asking a process to end and killing it
	lastWords   = 250 * time.Millisecond // for an answer that was sent just before the end
	memoryEvery = 250 * time.Millisecond
)

// job is an event on its way through a process.
type job struct {
	in       Invocation
	deadline time.Time
	began    time.Time

	once   sync.Once
	done   chan struct{} // closed when result and err are set
	result *Result
	err    error
}

func (j *job) finish(r *Result, err error) {
	j.once.Do(func() {
		j.result, j.err = r, err
		close(j.done)
	})
}

// process is one running copy of a function. It has a Runtime API of its own,
// on a port of its own: what it takes can never be another process's event.
type process struct {
	pool      *pool
	number    int
	version   uint64 // of the code
	cmd       *exec.Cmd
	listener  net.Listener
	address   string // of the listener, as the process is told it
	server    *http.Server
	stdout    *os.File // read end
	idleTimer *time.Timer
	initTimer *time.Timer
	quit      chan struct{} // closed when the process has ended
	wake      chan struct{} // a job was assigned

	mu          sync.Mutex
	job         *job
	taken       bool          // the process has the job's event
	deliveries  int           // how often it got it: its connection may break
	poll        chan struct{} // closed when a newer request for an event replaces this one
	ready       bool          // it has asked for an event: the start succeeded
	dead        bool
	timer       *time.Timer // ends the process at the job's deadline
	reason      error       // why it was killed
	initFailure *Result
}

// launch starts a process that will run the code at root.
func (p *pool) launch(root string, version uint64) (*process, error) {
	h := p.host
	run, err := h.commandOf(p.function.Local, root)
	if err != nil {
		return nil, err
	}
	listener, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrService, err)
	}
	read, write, err := os.Pipe()
	if err != nil {
		listener.Close()
		return nil, fmt.Errorf("%w: %w", ErrService, err)
	}
	defer write.Close()
	w := &process{
		pool: p, number: int(h.number.Add(1)), version: version, stdout: read,
		listener: runtimeListener(listener), address: listener.Addr().String(), quit: make(chan struct{}), wake: make(chan struct{}, 1),
	}
	w.cmd = exec.Command(run.args[0], run.args[1:]...)
	w.cmd.Dir, w.cmd.Stdout, w.cmd.Stderr = run.dir, write, write
	w.cmd.Env = h.environ(&p.function, p.home, run.dir, w.address, w.number)
	w.cmd.SysProcAttr = processGroup()
	w.server = runtimeServer(w)
	w.idleTimer = background.AfterFunc(time.Hour, "idle function", func() { p.expire(w) })
	w.idleTimer.Stop()
	if err := h.start(w.cmd); err != nil {
		listener.Close()
		read.Close()
		if errors.Is(err, ErrService) {
			return nil, err
		}
		return nil, fmt.Errorf("%w: %w", ErrNotConfigured, err)
	}
	w.initTimer = background.AfterFunc(initLimit, "start of a function", w.initOver)
	h.o.Log.Debug("function process started", "function", p.function.ARN, "process", w.number, "pid", w.cmd.Process.Pid)
	return w, nil
}

// watch serves the Runtime API and waits for the end of the process.
func (w *process) watch() {
	var reading, serving sync.WaitGroup
	background.In(&reading, "output of a function", func() { w.pool.out.copyFrom(w.stdout, w.number) })
	background.In(&serving, "runtime of a function", func() { _ = w.server.Serve(w.listener) })
	if limit := w.pool.function.Local.Memory; limit > 0 {
		background.In(&serving, "memory of a function", func() { w.watchMemory(limit) })
	}
	err := w.cmd.Wait()
	killGroup(w.cmd)
	w.lastAnswer()
	close(w.quit)
	w.initTimer.Stop()
	w.idleTimer.Stop()
	w.drain()
	serving.Wait()
	_ = w.stdout.SetReadDeadline(time.Now().Add(lastWords)) // a stray descendant may hold the pipe open
	reading.Wait()
	w.stdout.Close()
	w.over(err)
}

// lastAnswer waits a little when the process ended with an event in work: it
// may have answered on a connection that is not accepted yet.
func (w *process) lastAnswer() {
	for range 10 {
		w.mu.Lock()
		busy := w.taken && w.reason == nil
		w.mu.Unlock()
		if !busy {
			return
		}
		time.Sleep(lastWords / 50)
	}
}

// drain lets an answer that is under way arrive, then ends the Runtime API.
func (w *process) drain() {
	ctx, cancel := timeoutContext(lastWords)
	defer cancel()
	if w.server.Shutdown(ctx) != nil {
		w.server.Close()
	}
}

// over settles what the process leaves behind.
func (w *process) over(exit error) {
	w.mu.Lock()
	w.dead = true
	j, taken, ready, reason, failure := w.job, w.taken, w.ready, w.reason, w.initFailure
	w.job = nil
	if w.timer != nil {
		w.timer.Stop()
	}
	w.mu.Unlock()
	w.pool.gone(w)
	what := "exit status 0"
	if exit != nil {
		what = exit.Error()
	}
	w.pool.host.o.Log.Debug("function process ended", "function", w.pool.function.ARN, "process", w.number, "how", what, "reason", reason)
	if j == nil {
		return
	}
	switch {
	case reason != nil:
		j.finish(nil, reason)
	case failure != nil && !taken:
		j.finish(failure, nil)
	case ready && !taken:
		j.finish(nil, errLost)
	default:
		text := "Runtime exited with error: " + what
		if exit == nil {
			text = "Runtime exited without providing a reason"
		}
		j.finish(functionFailure("Runtime.ExitError", "RequestId: "+j.in.RequestID+" Error: "+text), nil)
	}
}

// assign gives the process its next job.
func (w *process) assign(j *job) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.dead {
		j.finish(nil, errLost)
		return
	}
	w.job, w.taken, w.deliveries = j, false, 0
	if w.ready {
		w.arm(j)
	}
	select {
	case w.wake <- struct{}{}:
	default:
	}
}

// arm makes the job's deadline the end of the process. w.mu is held.
func (w *process) arm(j *job) {
	w.timer = background.AfterFunc(time.Until(j.deadline), "time of a function", func() {
		w.mu.Lock()
		late := w.job == j
		w.mu.Unlock()
		if late {
			w.pool.out.add(w.number, "the function did not answer in time and is stopped, request "+j.in.RequestID)
			w.kill(ErrTimeout)
		}
	})
}

// abandon is told by an invocation that ran out of time. A process that is
// still starting may go on, for the next event; any other is ended by its timer.
func (w *process) abandon(j *job) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.job == j && !w.ready && !time.Now().Before(j.deadline) {
		w.job = nil
	}
}

// complete ends the job that the process has, if its id is id.
func (w *process) complete(id string, r *Result, err error) bool {
	w.mu.Lock()
	j := w.job
	if j == nil || !w.taken || j.in.RequestID != id {
		w.mu.Unlock()
		return false
	}
	w.job, w.taken = nil, false
	w.timer.Stop()
	w.mu.Unlock()
	w.pool.release(w) // first, so that whoever waits for the answer finds this process
	j.finish(r, err)
	return true
}

// initOver ends a process that never asked for an event.
func (w *process) initOver() {
	w.mu.Lock()
	ready := w.ready
	w.mu.Unlock()
	if !ready {
		w.pool.out.add(w.number, "the function did not start within "+initLimit.String())
		w.kill(ErrTimeout)
	}
}

// kill ends the process and its descendants at once. The first reason stays.
func (w *process) kill(reason error) {
	w.mu.Lock()
	if w.reason == nil {
		w.reason = reason
	}
	w.mu.Unlock()
	select {
	case <-w.quit: // its number may be another's by now
	default:
		killGroup(w.cmd)
	}
}

// retire asks the process to end, and kills it when it does not. It never blocks.
func (w *process) retire() {
	terminateGroup(w.cmd)
	background.AfterFunc(retireGrace, "end of a function", func() {
		select {
		case <-w.quit:
		default:
			killGroup(w.cmd)
		}
	})
}

// watchMemory ends the process when it holds more than limit MB.
func (w *process) watchMemory(limit int) {
	ticker := time.NewTicker(memoryEvery)
	defer ticker.Stop()
	for {
		select {
		case <-w.quit:
			return
		case <-ticker.C:
			if used := residentMB(w.cmd.Process.Pid); used > limit {
				w.pool.out.add(w.number, "the function is stopped: it uses "+strconv.Itoa(used)+" MB of "+strconv.Itoa(limit))
				killGroup(w.cmd)
			}
		}
	}
}
