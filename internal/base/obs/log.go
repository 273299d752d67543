package obs

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"time"
)

// Format chooses how log events are written.
type Format string

// The two formats: Text is a short line for people at a terminal (dev), JSON
// has everything, for log pipelines (serve).
const (
	Text Format = "text"
	JSON Format = "json"
)

// ParseFormat reads a format name; the error names the valid ones.
func ParseFormat(s string) (Format, error) {
	switch f := Format(strings.ToLower(s)); f {
	case Text, JSON:
		return f, nil
	}
	return "", fmt.Errorf("log format %q is neither %q nor %q", s, Text, JSON)
}

// ParseLevel reads a level name as slog writes it (debug, info, warn, error).
func ParseLevel(s string) (slog.Level, error) {
	var l slog.Level
	if err := l.UnmarshalText([]byte(s)); err != nil {
		return 0, fmt.Errorf("log level %q: %w", s, err)
	}
	return l, nil
}

// NewLogger returns the process logger writing events of level and above to w.
func NewLogger(w io.Writer, format Format, level slog.Leveler) *slog.Logger {
	if format == JSON {
		return slog.New(slog.NewJSONHandler(w, &slog.HandlerOptions{Level: level}))
	}
	return slog.New(newShort(w, level))
}

// Discard returns a logger that drops everything, for tests and zero values.
func Discard() *slog.Logger { return slog.New(slog.DiscardHandler) }

// Attrs returns the request as log attributes; empty facts are left out so
// that events stay short.
func (r *Request) Attrs() []slog.Attr {
	attrs := make([]slog.Attr, 0, 17)
	add := func(key, value string) {
		if value != "" {
			attrs = append(attrs, slog.String(key, value))
		}
	}
	add("requestId", r.ID)
	add("service", r.Service)
	add("target", r.Target)
	add("operation", r.Operation)
	if r.ClientIP.IsValid() {
		add("clientIp", r.ClientIP.String())
	}
	add("userAgent", r.UserAgent)
	add("pool", r.Pool)
	add("client", r.Client)
	add("user", r.User)
	add("principal", r.Principal.ARN)
	add("region", string(r.Region))
	add("accessKeyId", r.Principal.AccessKeyID)
	add("outcome", r.Outcome)
	add("cause", r.Cause)
	add("decision", r.Decision)
	add("encodedMessage", r.Encoded)
	add("warning", r.Warning)
	if r.After > 0 {
		add("after", r.After.Round(time.Millisecond).String())
	}
	return attrs
}

// requestEvent is the message of the one wide event of a request.
const requestEvent = "request"

// LogRequest writes the one wide event of a finished request. Server faults
// (status 500 and above) are errors, but for 503, which is a warning: callers
// come again. Everything else is information: a refused password is normal
// operation.
func LogRequest(ctx context.Context, log *slog.Logger, r *Request, status int, took time.Duration) {
	level := slog.LevelInfo
	switch {
	case status == http.StatusServiceUnavailable:
		level = slog.LevelWarn
	case status >= 500:
		level = slog.LevelError
	}
	if !log.Enabled(ctx, level) {
		return
	}
	attrs := append(r.Attrs(),
		slog.Int("status", status),
		slog.Float64("ms", float64(took.Microseconds())/1000))
	log.LogAttrs(ctx, level, requestEvent, attrs...)
}
