// Package background starts goroutines whose panics do not end the process: a
// panic there is recovered, counted and logged, and work that is to go on for
// as long as the server is started again after a pause.
//
// Every goroutine, timer function and group of the server is started through
// it; internal/archtest holds that.
package background

import (
	"context"
	"fmt"
	"log/slog"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"
)

// Pauses before work that panicked is started again. Work that ran for
// calmAfter starts from the first pause again.
const (
	firstPause = 100 * time.Millisecond
	maxPause   = time.Minute
	calmAfter  = 5 * time.Minute
)

// panics counts for the whole process, since goroutines belong to no one part of it.
var panics atomic.Int64

// Panics is how many panics were recovered since the process started.
func Panics() int64 { return panics.Load() }

// Error is a recovered panic.
type Error struct {
	Name  string // of the work
	Value any
	Stack []byte
}

// Error tells the work and the value; the stack is in the log.
func (e *Error) Error() string { return fmt.Sprintf("panic in %s: %v", e.Name, e.Value) }

// Go runs fn once in a goroutine of its own.
func Go(name string, fn func()) {
	go func() { _ = Try(name, func() error { fn(); return nil }) }()
}

// In is Go for a group that somebody waits for.
func In(wg *sync.WaitGroup, name string, fn func()) {
	wg.Go(func() { _ = Try(name, func() error { fn(); return nil }) })
}

// AfterFunc is time.AfterFunc.
func AfterFunc(d time.Duration, name string, fn func()) *time.Timer {
	return time.AfterFunc(d, func() { _ = Try(name, func() error { fn(); return nil }) })
}

// Start runs fn in a goroutine of its own as Keep does.
func Start(ctx context.Context, name string, fn func(context.Context)) {
	go Keep(ctx, name, fn)
}

// Keep calls fn, again after each panic, and returns when fn has returned or
// ctx is over.
func Keep(ctx context.Context, name string, fn func(context.Context)) {
	for attempt := 0; ; attempt++ {
		began := time.Now()
		if Try(name, func() error { fn(ctx); return nil }) == nil {
			return
		}
		if time.Since(began) > calmAfter {
			attempt = 0
		}
		timer := time.NewTimer(pause(attempt))
		select {
		case <-ctx.Done():
			timer.Stop()
			return
		case <-timer.C:
		}
	}
}

// Try calls fn and answers a panic in it as an *Error.
func Try(name string, fn func() error) (err error) {
	defer func() {
		v := recover()
		if v == nil {
			return
		}
		panics.Add(1)
		e := &Error{Name: name, Value: v, Stack: debug.Stack()}
		slog.Error("recovered panic", "what", name, "panic", fmt.Sprint(v), "stack", string(e.Stack))
		err = e
	}()
	return fn()
}

// pause doubles up to maxPause, whatever the count.
func pause(attempt int) time.Duration {
	return min(firstPause<<min(max(attempt, 0), 20), maxPause)
}
