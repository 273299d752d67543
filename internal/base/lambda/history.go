package lambda

import (
	"context"
	"encoding/json"
	"errors"
	"sync"
	"time"
)

// maxRecorded bounds the event and the answer that a Record keeps, in bytes each.
const maxRecorded = 64 << 10

// Record is one attempt to invoke a function, for people who look for what
// happened. It holds the whole event, with passwords and codes.
type Record struct {
	Number    int64         `json:"number"` // since the start, 1 first
	At        time.Time     `json:"at"`
	ARN       string        `json:"arn"`
	Transport string        `json:"transport"` // local, lambda, webhook, or "" when not configured
	RequestID string        `json:"requestId"`
	Attempt   int           `json:"attempt"`
	Async     bool          `json:"async"`
	Took      time.Duration `json:"tookNanos"`
	Event     Text          `json:"event"`
	Answer    Text          `json:"answer"`
	// Outcome is ok, failed (the function's own error), or why there is no
	// answer: timeout, throttled, connection, denied, not-found, not-configured,
	// too-large, canceled or service.
	Outcome string `json:"outcome"`
	// Error is empty for success, else why there is no answer or what the
	// function failed with.
	Error string `json:"error"`
	Log   string `json:"log"`
}

// Text is JSON where it is valid, and a string where it is not.
type Text string

// MarshalJSON writes valid JSON as it is.
func (t Text) MarshalJSON() ([]byte, error) {
	if t == "" {
		return []byte("null"), nil
	}
	if json.Valid([]byte(t)) {
		return []byte(t), nil
	}
	return json.Marshal(string(t))
}

// outcome classifies the end of an attempt.
func outcome(r *Result, err error) string {
	switch {
	case err == nil && r.FunctionError == "":
		return "ok"
	case err == nil:
		return "failed"
	case errors.Is(err, context.Canceled):
		return "canceled"
	}
	for kind, name := range map[error]string{
		ErrTimeout: "timeout", ErrThrottled: "throttled", ErrConnection: "connection", ErrAccessDenied: "denied",
		ErrNotFound: "not-found", ErrNotConfigured: "not-configured", ErrTooLarge: "too-large",
	} {
		if errors.Is(err, kind) {
			return name
		}
	}
	return "service"
}

// history keeps the last records.
type history struct {
	size int

	mu     sync.Mutex
	ring   []Record
	number int64
}

func recorded(payload []byte) Text {
	if len(payload) > maxRecorded {
		return Text(cut(string(payload[:maxRecorded]), maxRecorded) + " ... (cut)")
	}
	return Text(payload)
}

// add keeps r and forgets the oldest.
func (h *history) add(r Record) {
	if h.size == 0 {
		return
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.number++
	r.Number = h.number
	if len(h.ring) < h.size {
		h.ring = append(h.ring, r)
		return
	}
	h.ring[int((h.number-1)%int64(h.size))] = r
}

// list copies the records, newest first, those of one ARN when it is not empty.
func (h *history) list(function string) []Record {
	h.mu.Lock()
	defer h.mu.Unlock()
	out := make([]Record, 0, len(h.ring))
	for i := range int64(len(h.ring)) {
		r := h.ring[int((h.number-1-i)%int64(h.size))]
		if function == "" || r.ARN == function {
			out = append(out, r)
		}
	}
	return out
}
