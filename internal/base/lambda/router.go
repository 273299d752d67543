package lambda

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"slices"
	"sync"
	"time"

	"cognate/internal/base/httpkit"
	"cognate/internal/base/id"
	"cognate/internal/base/shed"
)

// Defaults of Options.
const (
	defaultTimeout  = 5 * time.Second // as Cognito's triggers have it
	defaultAttempts = 3
	defaultSlots    = 512
	defaultQueue    = 1024
	retryPause      = 50 * time.Millisecond // doubled with each attempt
)

// Options configures NewRouter; the zero value is a strict router with the
// limits of AWS.
type Options struct {
	// Timeout limits one attempt; default 5 s.
	Timeout time.Duration
	// Attempts is how often throttles and lost connections are tried; default 3.
	Attempts int
	// MaxAnswer is the largest answer in bytes; default and most MaxPayload.
	MaxAnswer int
	// Concurrency bounds all invocations at once; default 512.
	Concurrency int
	// Queue bounds asynchronous invocations that wait; default 1024.
	Queue int
	// History is how many attempts are remembered with their events; default none.
	History int
	// AllowLocal permits functions that run as processes of this machine.
	AllowLocal bool
	// Tail asks the Invoke API for the end of the function's log.
	Tail bool
	// Host configures local functions.
	Host HostOptions
	// Getenv reads the variables of AWS's SDKs; default os.Getenv.
	Getenv func(string) string
	// Now is the real time; default time.Now.
	Now func() time.Time
	// Log receives what fails without anybody waiting for it.
	Log *slog.Logger
	// Observe is told of every attempt, for metrics. Events and answers are left out.
	Observe func(Record)
}

// Router invokes configured functions; it is an Invoker, safe for concurrent use.
type Router struct {
	o        Options
	slots    chan struct{}
	history  history
	endpoint *httpkit.Client
	strict   *httpkit.Client // webhooks
	private  *httpkit.Client // webhooks that may be private

	mu      sync.RWMutex
	entries map[string]*entry // by ARN
	pattern []*entry          // longest first
	host    *Host
	closed  bool

	async asyncQueue
}

// entry is a configured function.
type entry struct {
	function Function
	source   string
	invoker  Invoker
	pool     *pool // of local functions
}

func (e *entry) close() {
	if e.pool != nil {
		e.pool.close()
	}
}

// NewRouter returns a router without functions. Close ends its processes.
func NewRouter(o Options) *Router {
	o.Timeout = cmp.Or(o.Timeout, defaultTimeout)
	o.Attempts = cmp.Or(o.Attempts, defaultAttempts)
	o.Concurrency = cmp.Or(o.Concurrency, defaultSlots)
	o.Queue = cmp.Or(o.Queue, defaultQueue)
	if o.MaxAnswer <= 0 || o.MaxAnswer > MaxPayload {
		o.MaxAnswer = MaxPayload
	}
	if o.Getenv == nil {
		o.Getenv = os.Getenv
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	o.Host.Log = cmp.Or(o.Host.Log, o.Log)
	r := &Router{
		o: o, slots: make(chan struct{}, o.Concurrency), history: history{size: o.History}, entries: map[string]*entry{},
		endpoint: httpkit.NewClient(endpointClient()),
		strict:   httpkit.NewClient(webhookClient(false)),
		private:  httpkit.NewClient(webhookClient(true)),
	}
	r.async.init(r)
	return r
}

// Invoke implements Invoker. An asynchronous invocation returns as soon as the
// event is queued, with an empty Result; ErrThrottled says that the queue is full.
func (r *Router) Invoke(ctx context.Context, in Invocation) (*Result, error) {
	if len(in.Payload) > MaxPayload {
		return nil, fmt.Errorf("%w: the event has %d bytes", ErrTooLarge, len(in.Payload))
	}
	if !validRequestID(in.RequestID) {
		in.RequestID = id.UUID()
	}
	if in.Async {
		return &Result{}, r.async.push(in)
	}
	defer shed.Away(ctx)()
	return r.invoke(ctx, in)
}

// invoke repeats attempts as the policy says.
func (r *Router) invoke(ctx context.Context, in Invocation) (*Result, error) {
	pause := retryPause
	for attempt := 1; ; attempt++ {
		result, err := r.attempt(ctx, in, attempt)
		if err == nil || !Retryable(err) || attempt >= r.o.Attempts || ctx.Err() != nil {
			return result, err
		}
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			return nil, err
		}
		pause *= 2
	}
}

func (r *Router) attempt(ctx context.Context, in Invocation, number int) (*Result, error) {
	begin := time.Now()
	record := Record{At: r.o.Now().UTC(), ARN: in.ARN, RequestID: in.RequestID, Attempt: number, Async: in.Async}
	result, err := r.once(ctx, in, &record)
	record.Took, record.Outcome = time.Since(begin), outcome(result, err)
	switch {
	case err != nil:
		record.Error = err.Error()
	case result.FunctionError != "":
		record.Error = result.ErrorType + ": " + result.ErrorMessage
	}
	if result != nil {
		result.Took = record.Took
		record.Log = result.Log
	}
	if r.o.Observe != nil {
		r.o.Observe(record)
	}
	if r.o.History > 0 {
		record.Event = recorded(in.Payload)
		if result != nil {
			record.Answer = recorded(result.Payload)
		}
		r.history.add(record)
	}
	return result, err
}

// once makes one attempt within its time limit.
func (r *Router) once(ctx context.Context, in Invocation, record *Record) (*Result, error) {
	e := r.find(in.ARN)
	if e == nil {
		return nil, fmt.Errorf("%w: %s", ErrNotConfigured, in.ARN)
	}
	record.Transport = e.function.Transport()
	limit := r.o.Timeout
	if in.Async {
		limit = asyncTimeout
	}
	if e.function.Timeout > 0 {
		limit = time.Duration(e.function.Timeout)
	}
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	select {
	case r.slots <- struct{}{}:
		defer func() { <-r.slots }()
	case <-ctx.Done():
		if errors.Is(ctx.Err(), context.DeadlineExceeded) {
			return nil, ErrThrottled
		}
		return nil, ctx.Err()
	}
	result, err := e.invoker.Invoke(ctx, in)
	if err == nil && len(result.Payload) > r.o.MaxAnswer {
		return nil, fmt.Errorf("%w: the answer has %d bytes", ErrTooLarge, len(result.Payload))
	}
	return result, err
}

// find looks for the exact ARN, then for it without its qualifier, then for
// the longest pattern.
func (r *Router) find(name string) *entry {
	r.mu.RLock()
	defer r.mu.RUnlock()
	if e := r.entries[name]; e != nil {
		return e
	}
	if base, qualifier := unqualified(name); qualifier != "" {
		if e := r.entries[base]; e != nil {
			return e
		}
	}
	for _, e := range r.pattern {
		if matches(e.function.ARN, name) {
			return e
		}
	}
	return nil
}

// Invocations lists the last attempts, newest first, those of one ARN when
// function is not empty.
func (r *Router) Invocations(function string) []Record { return r.history.list(function) }

// Close refuses further work, ends all processes and waits for them.
// Asynchronous invocations that wait are lost and logged.
func (r *Router) Close() {
	r.mu.Lock()
	if r.closed {
		r.mu.Unlock()
		return
	}
	r.closed = true
	host := r.host
	r.entries, r.pattern = map[string]*entry{}, nil
	r.mu.Unlock()
	r.async.stop()
	if host != nil {
		host.Close()
	}
	r.async.wait()
	for _, c := range []*httpkit.Client{r.endpoint, r.strict, r.private} {
		c.Close()
	}
}

// validRequestID accepts what can stand in a header and a path.
func validRequestID(s string) bool {
	if s == "" || len(s) > 64 {
		return false
	}
	for i := range len(s) {
		switch c := s[i]; {
		case '0' <= c && c <= '9', 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', c == '-':
		default:
			return false
		}
	}
	return true
}

// ErrUnknownFunction is the answer of Remove and Logs for ARNs that no
// configuration names.
var ErrUnknownFunction = errors.New("no such function is configured")

func sortPatterns(list []*entry) {
	slices.SortFunc(list, func(a, b *entry) int {
		return cmp.Or(len(b.function.ARN)-len(a.function.ARN), cmp.Compare(a.function.ARN, b.function.ARN))
	})
}
