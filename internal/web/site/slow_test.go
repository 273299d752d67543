package site

import (
	"context"
	"net/http"
	"net/http/httptest"
	"os"
	"testing"
	"time"

	"cognate/internal/base/shed"
)

// late is a body that begins, and ends with an error once somebody says so.
type late struct{ asked, end chan struct{} }

func (l *late) Read([]byte) (int, error) {
	select {
	case l.asked <- struct{}{}:
	default:
	}
	<-l.end
	return 0, os.ErrDeadlineExceeded
}

// TestSlowSenders: who sends slowly holds no slot, so that nobody else waits, and is told in the end.
func TestSlowSenders(t *testing.T) {
	s := newShell("https://id.example.com")
	s.Gate = &shed.Gate{Slots: 1, Patience: time.Second}
	body := &late{make(chan struct{}, 1), make(chan struct{})}
	r := httptest.NewRequest(http.MethodPost, "/"+poolID+"/page", body)
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	rec, done := httptest.NewRecorder(), make(chan struct{})
	go func() {
		defer close(done)
		s.ServeHTTP(rec, r)
	}()
	<-body.asked
	if other := s.ask(http.MethodGet, "/"+poolID+"/page", ""); other.Code != http.StatusOK {
		t.Errorf("somebody else: %d %s", other.Code, other.Body)
	}
	close(body.end)
	if <-done; rec.Code != http.StatusRequestTimeout || rec.Header().Get("Connection") != "close" {
		t.Errorf("the slow one: %d %v", rec.Code, rec.Header())
	}
	if _, pass, err := s.Gate.Enter(context.Background()); err != nil {
		t.Error(err)
	} else {
		pass.Leave()
	}
}
