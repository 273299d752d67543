package server

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"testing"
	"testing/synctest"
	"time"

	"cognate/internal/base/obs"
)

func TestReadinessIsAskedOnceASecond(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var asked int
		var answer error
		r := &readiness{log: obs.Discard(), write: func(context.Context) error { asked++; return answer }}
		for range 10 {
			if err := r.check(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		answer = errors.New("full")
		if err := r.check(t.Context()); err != nil || asked != 1 {
			t.Errorf("asked %d times within a second: %v", asked, err)
		}
		time.Sleep(readyFor)
		if err := r.check(t.Context()); err != answer {
			t.Errorf("a second later: %v", err)
		}
		// A probe that gave up leaves no wrong answer behind.
		answer = nil
		time.Sleep(readyFor)
		gone, cancel := context.WithCancel(t.Context())
		cancel()
		if err := r.check(gone); err != nil {
			t.Errorf("asked by a probe that gave up: %v", err)
		}
		r.write = func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() }
		time.Sleep(readyFor)
		began := time.Now()
		if err := r.check(t.Context()); err == nil || time.Since(began) > readyTimeout {
			t.Errorf("stuck database: %v after %v", err, time.Since(began))
		}
	})
}

func TestDraining(t *testing.T) {
	r := &readiness{log: obs.Discard(), write: func(context.Context) error { return nil }}
	h := r.parting(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusOK) }))
	header := func() string {
		rec := httptest.NewRecorder()
		h.ServeHTTP(rec, httptest.NewRequest(http.MethodGet, "/", nil))
		return rec.Header().Get("Connection")
	}
	if got := header(); got != "" {
		t.Errorf("Connection: %q before the end", got)
	}
	r.drain(t.Context(), 0)
	if err := r.check(t.Context()); !errors.Is(err, errDraining) {
		t.Errorf("ready while draining: %v", err)
	}
	if got := header(); got != "close" {
		t.Errorf("Connection: %q while draining", got)
	}
}
