package lambda

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"cognate/internal/base/background"
)

// Defaults and bounds of a function's processes.
const (
	defaultConcurrency = 4
	defaultIdle        = 10 * time.Minute
	initLimit          = 10 * time.Second // from the start to the first request for an event, as on AWS
	maxWaiting         = 1000             // invocations that wait for a process
	maxHandovers       = 3                // processes that may die before they take one event
)

// errReplaced meets invocations that were waiting for a process when the
// function's configuration changed; another attempt uses the new one.
var errReplaced = fmt.Errorf("%w: the function was replaced", ErrConnection)

// errLost says that a process ended before it took its event.
var errLost = errors.New("the process ended before it took the event")

// pool is the processes of one function.
type pool struct {
	host      *Host
	function  Function
	home      string
	code      *code
	out       *output
	max       int
	idleAfter time.Duration

	mu      sync.Mutex
	version uint64 // of the code that processes should run
	live    map[*process]struct{}
	free    int             // slots taken by processes that are being started
	idle    []*process      // the last used one is last and is used first
	waiting []chan *process // buffered; nil means that a slot became free
	closed  bool
}

// Invoke implements Invoker. The function runs on to its deadline when the
// caller gives up before.
func (p *pool) Invoke(ctx context.Context, in Invocation) (*Result, error) {
	deadline, ok := ctx.Deadline()
	if !ok {
		deadline = time.Now().Add(maxTimeout)
	}
	for range maxHandovers {
		worker, err := p.acquire(ctx)
		if err != nil {
			return nil, err
		}
		j := &job{in: in, deadline: deadline, began: time.Now(), done: make(chan struct{})}
		worker.assign(j)
		select {
		case <-j.done:
		case <-ctx.Done():
			worker.abandon(j)
			select {
			case <-j.done: // the answer came at the same moment
			default:
				return nil, contextError(ctx)
			}
		}
		if errors.Is(j.err, errLost) {
			continue
		}
		if j.result != nil {
			j.result.Log = p.out.tail(worker.number, j.began)
		}
		return j.result, j.err
	}
	return nil, ErrConnection
}

// acquire finds an idle process, starts one or waits for one.
func (p *pool) acquire(ctx context.Context) (*process, error) {
	for {
		root, version, err := p.code.current(p.host.o.Watch)
		if err != nil {
			return nil, err
		}
		worker, wait, err := p.choose(version)
		switch {
		case err != nil:
			return nil, err
		case worker != nil:
			return worker, nil
		case wait == nil:
			return p.start(root, version)
		}
		select {
		case worker := <-wait:
			if worker != nil {
				return worker, nil
			}
		case <-ctx.Done():
			p.leave(wait)
			if errors.Is(ctx.Err(), context.DeadlineExceeded) {
				return nil, ErrThrottled
			}
			return nil, ctx.Err()
		}
	}
}

// choose takes an idle process of that version of the code, or reserves a slot
// for a new one (all results zero), or joins those who wait.
func (p *pool) choose(version uint64) (*process, chan *process, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return nil, nil, errReplaced
	}
	if version != p.version {
		p.version = version
		for _, old := range p.idle {
			old.retire()
		}
		p.idle = nil
	}
	if n := len(p.idle); n > 0 {
		worker := p.idle[n-1]
		p.idle = p.idle[:n-1]
		worker.idleTimer.Stop()
		return worker, nil, nil
	}
	if len(p.live)+p.free < p.max {
		p.free++
		return nil, nil, nil
	}
	if len(p.waiting) >= maxWaiting {
		return nil, nil, ErrThrottled
	}
	wait := make(chan *process, 1)
	p.waiting = append(p.waiting, wait)
	return nil, wait, nil
}

// leave ends waiting; what arrived at the same moment goes to the next one.
func (p *pool) leave(wait chan *process) {
	p.mu.Lock()
	p.waiting = slices.DeleteFunc(p.waiting, func(c chan *process) bool { return c == wait })
	p.mu.Unlock()
	select {
	case worker := <-wait:
		if worker != nil {
			p.release(worker)
		} else {
			p.slotFree()
		}
	default:
	}
}

// start makes a process in the slot that choose reserved.
func (p *pool) start(root string, version uint64) (*process, error) {
	if !p.host.enter() {
		return nil, errClosed
	}
	worker, err := p.launch(root, version)
	p.mu.Lock()
	p.free--
	closed := p.closed
	if err == nil {
		p.live[worker] = struct{}{}
	}
	p.mu.Unlock()
	if err != nil {
		p.host.wg.Done()
		p.slotFree()
		return nil, err
	}
	background.Go("function process", func() {
		defer p.host.wg.Done()
		worker.watch()
	})
	if closed {
		worker.kill(errReplaced)
	}
	return worker, nil
}

// slotFree lets one waiting invocation try again.
func (p *pool) slotFree() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.waiting) > 0 {
		p.waiting[0] <- nil
		p.waiting = p.waiting[1:]
	}
}

// release gives a process to the invocation that waits longest, or lays it by.
// Processes with outdated code are ended.
func (p *pool) release(worker *process) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if _, alive := p.live[worker]; !alive {
		return
	}
	if p.closed || worker.version != p.version {
		worker.retire()
		return
	}
	if len(p.waiting) > 0 {
		p.waiting[0] <- worker
		p.waiting = p.waiting[1:]
		return
	}
	p.idle = append(p.idle, worker)
	worker.idleTimer.Reset(p.idleAfter)
}

// expire ends a process that was not used for a while.
func (p *pool) expire(worker *process) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if i := slices.Index(p.idle, worker); i >= 0 {
		p.idle = slices.Delete(p.idle, i, i+1)
		worker.retire()
	}
}

// gone is told by a process that it has ended.
func (p *pool) gone(worker *process) {
	p.mu.Lock()
	delete(p.live, worker)
	if i := slices.Index(p.idle, worker); i >= 0 {
		p.idle = slices.Delete(p.idle, i, i+1)
	}
	last := p.closed && len(p.live) == 0
	p.mu.Unlock()
	if last {
		p.host.forget(p)
	}
	p.slotFree()
}

// close ends the pool after its function was replaced or removed: what is under
// way is finished first.
func (p *pool) close() {
	p.mu.Lock()
	p.end()
	for _, worker := range p.idle {
		worker.retire()
	}
	p.idle = nil
	last := len(p.live) == 0
	p.mu.Unlock()
	if last {
		p.host.forget(p)
	}
}

// shut ends the pool with its host: the processes are killed.
func (p *pool) shut() {
	p.mu.Lock()
	p.end()
	live := slices.Collect(maps.Keys(p.live))
	p.mu.Unlock()
	for _, worker := range live {
		worker.kill(errClosed)
	}
}

// end refuses new invocations. p.mu is held.
func (p *pool) end() {
	p.closed = true
	for _, wait := range p.waiting {
		wait <- nil
	}
	p.waiting = nil
}

// status counts processes, for listings.
func (p *pool) status() (live, idle int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.live), len(p.idle)
}
