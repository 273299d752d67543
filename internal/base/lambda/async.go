package lambda

import (
	"context"
	"sync"
	"time"

	"cognate/internal/base/background"
)

const (
	asyncWorkers = 8
	asyncTimeout = time.Minute // of one attempt nobody waits for, when the function has none of its own
)

// asyncQueue holds events whose senders do not wait. It is memory only: what
// must survive a restart is kept by the caller.
type asyncQueue struct {
	router *Router
	jobs   chan Invocation
	cancel context.CancelFunc
	ctx    context.Context
	start  sync.Once
	wg     sync.WaitGroup

	mu     sync.Mutex
	closed bool
}

func (q *asyncQueue) init(r *Router) {
	q.router, q.jobs = r, make(chan Invocation, r.o.Queue)
	q.ctx, q.cancel = context.WithCancel(context.Background())
}

// push queues an event or answers ErrThrottled. Functions that are not
// configured are refused at once, so that the mistake is seen.
func (q *asyncQueue) push(in Invocation) error {
	if q.router.find(in.ARN) == nil {
		_, err := q.router.attempt(q.ctx, in, 1)
		return err
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.closed {
		return errClosed
	}
	q.start.Do(func() {
		for range asyncWorkers {
			background.In(&q.wg, "asynchronous functions", func() {
				background.Keep(q.ctx, "asynchronous functions", func(context.Context) { q.work() })
			})
		}
	})
	select {
	case q.jobs <- in:
		return nil
	default:
		return ErrThrottled
	}
}

func (q *asyncQueue) work() {
	for in := range q.jobs {
		if q.ctx.Err() != nil {
			q.router.o.Log.Warn("asynchronous invocation lost", "function", in.ARN, "request", in.RequestID)
			continue
		}
		result, err := q.router.invoke(q.ctx, in)
		switch {
		case err != nil:
			q.router.o.Log.Warn("asynchronous invocation failed", "function", in.ARN, "request", in.RequestID, "error", err)
		case result.FunctionError != "":
			q.router.o.Log.Warn("asynchronous function failed", "function", in.ARN, "request", in.RequestID, "errorType", result.ErrorType)
		}
	}
}

// stop refuses further events and lets the workers end; wait waits for them.
func (q *asyncQueue) stop() {
	q.mu.Lock()
	defer q.mu.Unlock()
	if !q.closed {
		q.closed = true
		q.cancel()
		close(q.jobs)
	}
}

func (q *asyncQueue) wait() { q.wg.Wait() }
