package db

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"runtime/debug"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	sqlite3 "modernc.org/sqlite/lib"

	"cognate/internal/base/background"
)

// Bounds of one group commit: no more functions than maxGroup, and no new one
// started after groupTime.
const (
	maxGroup  = 256
	groupTime = 4 * time.Millisecond
)

// Panic is what Update panics with on SQLite when its function panicked: the
// function ran in the writer's goroutine, whose stack would be lost.
type Panic struct {
	Value any
	Stack []byte
}

// Error shows the original value and stack.
func (p *Panic) Error() string {
	return fmt.Sprintf("db: panic in Update: %v\n\n%s", p.Value, p.Stack)
}

// job is one Update waiting for its commit.
type job struct {
	ctx    context.Context
	fn     func(*Tx) error
	inject func() bool
	state  atomic.Int32
	done   chan struct{}

	tx    *Tx
	err   error
	panic *Panic
	exit  bool // fn called runtime.Goexit, as testing's FailNow does

	answered bool // for the writer alone
}

// States of a job. A caller that does not wait any longer may leave at any time but while fn runs, which writes its
// variables.
const (
	queued int32 = iota
	taken        // by the writer
	running
	ran
	left // by the caller
)

// writer owns the writing connection. Its goroutine runs queued functions one
// after the other in one transaction, each but the first in a savepoint,
// commits once, and answers them all.
type writer struct {
	c    *sqliteConn
	gate *memGate
	file *sqliteFile

	mu      sync.Mutex
	queue   []*job
	stopped bool
	wake    chan struct{}
	gone    chan struct{}
	stats   *counters

	// Only the goroutine uses these.
	flight []*job // of the group that runs
	ok     []*job // ran in the open transaction, not yet committed
	after  []*job // failed in it, and may have seen what is not committed yet
	broken error  // set once the disk failed
}

func newWriter(c *sqliteConn, gate *memGate, file *sqliteFile, stats *counters) *writer {
	w := &writer{c: c, gate: gate, file: file, stats: stats, wake: make(chan struct{}, 1), gone: make(chan struct{})}
	w.start()
	return w
}

// start runs the loop in a goroutine of its own, again after a panic in it.
func (w *writer) start() {
	background.Start(context.Background(), "sqlite writer", func(context.Context) {
		w.clear()
		w.loop()
	})
}

// errWriter answers those whose group a panic of the writer itself ended.
var errWriter = errors.New("db: the writer panicked")

// clear rolls back and answers what a panic left behind; there is nothing after a start.
func (w *writer) clear() {
	if len(w.flight) == 0 {
		return
	}
	_ = w.c.do("ROLLBACK")
	w.take()
	for _, j := range w.flight {
		if !j.answered {
			j.answer(errWriter)
		}
	}
	w.flight = nil
	if w.gate != nil {
		w.gate.unlock()
	}
}

// do queues fn and waits for its commit.
func (w *writer) do(ctx context.Context, fn func(*Tx) error, inject func() bool) error {
	j := &job{ctx: ctx, fn: fn, inject: inject, done: make(chan struct{})}
	if !w.push(j) {
		return ErrClosed
	}
	select {
	case <-j.done:
	case <-ctx.Done():
		if err := j.leave(ctx); err != nil {
			return err
		}
	}
	switch {
	case j.panic != nil:
		panic(j.panic)
	case j.exit:
		runtime.Goexit()
	case j.err == nil:
		j.tx.committed()
	}
	return j.err
}

// leave waits for the outcome of a job whose context is over, or gives it up: at once while it is queued, and when the
// disk does not answer a while after the deadline of ctx.
func (j *job) leave(ctx context.Context) error {
	if j.state.CompareAndSwap(queued, left) {
		return fmt.Errorf("db: not started: %w", ctx.Err())
	}
	if end, bounded := ctx.Deadline(); bounded {
		timer := time.NewTimer(time.Until(end) + lastWord)
		defer timer.Stop()
		select {
		case <-j.done:
			return nil
		case <-timer.C:
		}
		switch {
		case j.state.CompareAndSwap(taken, left):
			return fmt.Errorf("db: not started: %w", ctx.Err())
		case j.state.CompareAndSwap(ran, left):
			background.Go("late commit", func() {
				if <-j.done; j.err == nil {
					j.tx.committed()
				}
			})
			return fmt.Errorf("%w: %w", ErrUnknownOutcome, ctx.Err())
		}
	}
	<-j.done
	return nil
}

func (w *writer) push(j *job) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.stopped {
		return false
	}
	w.queue = append(w.queue, j)
	w.signal()
	return true
}

func (w *writer) signal() {
	select {
	case w.wake <- struct{}{}:
	default:
	}
}

// stop refuses new functions, finishes the queued ones and ends the goroutine.
func (w *writer) stop() {
	w.mu.Lock()
	w.stopped = true
	w.signal()
	w.mu.Unlock()
	<-w.gone
}

// poll takes the next function that still wants to run, or nil.
func (w *writer) poll() (j *job, stopped bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for len(w.queue) > 0 {
		j := w.queue[0]
		w.queue[0] = nil
		w.queue = w.queue[1:]
		if j.state.CompareAndSwap(queued, taken) {
			return j, false
		}
	}
	w.queue = nil
	return nil, w.stopped
}

func (w *writer) loop() {
	for {
		j, stopped := w.poll()
		switch {
		case j != nil:
			w.group(j)
		case stopped:
			close(w.gone)
			return
		default:
			<-w.wake
		}
	}
}

// group runs j and what else is queued in one transaction.
func (w *writer) group(j *job) {
	if w.gate != nil {
		w.gate.lock()
	}
	deadline := time.Now().Add(groupTime)
	for n := 1; j != nil; n++ {
		w.flight = append(w.flight, j)
		w.run(j)
		j = nil
		if n < maxGroup && time.Now().Before(deadline) {
			j, _ = w.poll()
		}
	}
	w.finish()
}

// finish ends the group.
func (w *writer) finish() {
	ok, after := w.take()
	w.commit(ok, after)
	clear(w.flight)
	w.flight = w.flight[:0]
	if w.gate != nil {
		w.gate.unlock()
	}
}

// take empties the group.
func (w *writer) take() (ok, after []*job) {
	ok, after = w.ok, w.after
	w.ok, w.after = nil, nil
	return ok, after
}

// run executes one function inside the group. The first opens the transaction
// and needs no savepoint: when it fails, nothing else is lost.
func (w *writer) run(j *job) {
	begin := "SAVEPOINT fn"
	if len(w.ok) == 0 {
		begin = "BEGIN IMMEDIATE"
	}
	err := w.broken
	if err == nil {
		err = w.file.gone()
	}
	if err == nil {
		err = w.begin(j.ctx, begin)
	}
	if err != nil {
		j.answer(err)
		return
	}
	w.call(j)
	if j.err == nil && j.panic == nil && len(w.ok) > 0 {
		j.err = w.c.do("RELEASE fn")
	}
	if j.err == nil && j.panic == nil {
		w.ok = append(w.ok, j)
		return
	}
	w.undo(j)
}

// begin opens a transaction or a savepoint. While another process writes it waits as long as the caller would.
func (w *writer) begin(ctx context.Context, sql string) error {
	end, bounded := ctx.Deadline()
	if !bounded {
		end = time.Now().Add(openPatience)
	}
	for {
		err := w.c.do(sql)
		if sqliteCode(err) != sqlite3.SQLITE_BUSY || ctx.Err() != nil || time.Now().After(end) {
			return err
		}
	}
}

// undo rolls back a failed function. It is answered with the group: why it
// failed may be what another function of the group wrote, which nobody else can
// see before the commit. Some errors (disk full, out of memory) make SQLite roll
// back everything; then the other functions have lost their work and are run
// again, each alone.
func (w *writer) undo(j *job) {
	if len(w.ok) == 0 {
		_ = w.c.do("ROLLBACK")
		j.close()
		return
	}
	if w.c.do("ROLLBACK TO fn") == nil && w.c.do("RELEASE fn") == nil {
		w.after = append(w.after, j)
		return
	}
	_ = w.c.do("ROLLBACK")
	ok, after := w.take()
	w.alone(ok, after)
	j.close()
}

// call runs fn so that a panic in it ends neither the writer nor the group.
// Goexit (testing's FailNow) does end this goroutine; another one takes over.
func (w *writer) call(j *job) {
	returned := false
	defer func() {
		j.tx.end()
		if returned {
			return
		}
		if v := recover(); v != nil {
			j.panic = &Panic{Value: v, Stack: debug.Stack()}
			return
		}
		j.exit = true
		background.Go("sqlite writer", func() {
			w.undo(j)
			w.finish()
			w.start()
		})
	}()
	j.err, j.panic = nil, nil
	j.tx = newTx(j.ctx, w.c)
	if !j.state.CompareAndSwap(taken, running) && !j.state.CompareAndSwap(ran, running) {
		j.err, returned = j.ctx.Err(), true // the caller has left
		return
	}
	j.err = j.tx.call(j.fn)
	j.state.Store(ran)
	if j.err == nil && len(j.tx.later) > 0 {
		_, j.err = w.c.execBatch(j.ctx, j.tx.later)
	}
	if j.err == nil && j.inject != nil && j.inject() {
		j.err = errInjected
	}
	returned = true
}

// commit makes the group durable and answers it.
func (w *writer) commit(ok, after []*job) {
	if len(ok) == 0 {
		return
	}
	err := w.c.do("COMMIT")
	if err == nil {
		err = w.file.look() // what was committed to a file without a name is not acknowledged
	}
	if err == nil {
		w.stats.commits.Add(1)
		for _, j := range slices.Concat(ok, after) {
			j.close()
		}
		return
	}
	_ = w.c.do("ROLLBACK")
	if errors.Is(err, errGone) {
		w.broken = err
	}
	if fatalAtCommit(err) {
		w.broken = fmt.Errorf("db: the disk failed, restart to recover: %w", err)
	}
	switch {
	case w.broken != nil:
		for _, j := range slices.Concat(ok, after) {
			j.answer(errors.Join(w.broken, err))
		}
	case len(ok) == 1:
		ok[0].answer(err)
		w.alone(after)
	default:
		w.alone(ok, after)
	}
}

// alone runs functions again, each in its own transaction.
func (w *writer) alone(lists ...[]*job) {
	for _, j := range slices.Concat(lists...) {
		w.run(j)
		ok, after := w.take()
		w.commit(ok, after)
	}
}

func (j *job) answer(err error) {
	j.err = err
	j.close()
}

func (j *job) close() {
	j.answered = true
	close(j.done)
}
