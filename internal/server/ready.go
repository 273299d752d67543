package server

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"sync"
	"sync/atomic"
	"time"
)

// How long an answer about readiness is repeated, and how long the database may take for one.
const (
	readyFor     = time.Second
	readyTimeout = 3 * time.Second
)

var errDraining = errors.New("the server is about to end")

// readiness tells whether this node should be sent requests: it can write, and is not about to end.
type readiness struct {
	write    func(context.Context) error // a real write transaction
	log      *slog.Logger
	draining atomic.Bool

	mu  sync.Mutex
	at  time.Time
	err error
}

// check asks the database, at most once a second however many ask. The caller's going away does not end it, so that an
// impatient probe leaves no wrong answer behind.
func (r *readiness) check(ctx context.Context) error {
	if r.draining.Load() {
		return errDraining
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if time.Since(r.at) < readyFor {
		return r.err
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), readyTimeout)
	defer cancel()
	err := r.write(ctx)
	switch {
	case err != nil && r.err == nil:
		r.log.Error("not ready", "error", err)
	case err == nil && r.err != nil:
		r.log.Info("ready again")
	}
	r.at, r.err = time.Now(), err
	return err
}

// parting closes each connection after its answer once the server is about to end, so that clients and proxies open the
// next one elsewhere. Idle connections stay until the end: closing them would cut off a request that is on its way.
func (r *readiness) parting(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		if r.draining.Load() {
			w.Header().Set("Connection", "close")
		}
		next.ServeHTTP(w, req)
	})
}

// drain announces the end of the server and waits while others notice, or until ctx is over.
func (r *readiness) drain(ctx context.Context, d time.Duration) {
	r.draining.Store(true)
	if d <= 0 {
		return
	}
	r.log.Info("draining", "for", d)
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	}
}
