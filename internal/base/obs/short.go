package obs

import (
	"context"
	"io"
	"log/slog"
	"strconv"
	"strings"
	"sync"
	"unicode"
)

// short writes one short line for each event. Of a request it tells the time, what was asked for, the status, how long
// it took and why it was refused; request ids, callers and the like are for the JSON format.
type short struct {
	level slog.Leveler
	attrs string // of With, rendered
	group string // of WithGroup, with a dot at its end

	mu *sync.Mutex
	w  io.Writer
}

func newShort(w io.Writer, level slog.Leveler) *short {
	return &short{level: level, mu: &sync.Mutex{}, w: w}
}

// Enabled implements slog.Handler.
func (s *short) Enabled(_ context.Context, l slog.Level) bool { return l >= s.level.Level() }

// Handle implements slog.Handler.
func (s *short) Handle(_ context.Context, r slog.Record) error {
	b := r.Time.AppendFormat(nil, "15:04:05 ")
	if r.Message == requestEvent {
		b = appendRequest(b, r)
	} else {
		if r.Level != slog.LevelInfo {
			b = append(append(b, r.Level.String()...), ' ')
		}
		b = append(append(b, r.Message...), s.attrs...)
		r.Attrs(func(a slog.Attr) bool {
			b = appendAttr(b, s.group, a)
			return true
		})
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	_, err := s.w.Write(append(b, '\n'))
	return err
}

// WithAttrs implements slog.Handler.
func (s *short) WithAttrs(attrs []slog.Attr) slog.Handler {
	c := *s
	b := []byte(c.attrs)
	for _, a := range attrs {
		b = appendAttr(b, c.group, a)
	}
	c.attrs = string(b)
	return &c
}

// WithGroup implements slog.Handler.
func (s *short) WithGroup(name string) slog.Handler {
	c := *s
	if name != "" {
		c.group += name + "."
	}
	return &c
}

// appendRequest renders the event of LogRequest: "InitiateAuth 400 12ms NotAuthorizedException: the password is wrong".
func appendRequest(b []byte, r slog.Record) []byte {
	v := map[string]slog.Value{}
	r.Attrs(func(a slog.Attr) bool {
		v[a.Key] = a.Value
		return true
	})
	text := func(key string) string {
		if v[key].Kind() != slog.KindString {
			return ""
		}
		return v[key].String()
	}
	operation := text("operation")
	if operation == "" {
		operation = text("target")
	}
	if operation == "" {
		operation = "-"
	}
	b = append(appendPlain(b, operation), ' ')
	b = append(append(b, v["status"].String()...), ' ')
	if ms := v["ms"]; ms.Kind() == slog.KindFloat64 {
		b = append(strconv.AppendFloat(b, ms.Float64(), 'f', 1, 64), "ms"...)
	}
	outcome, cause := text("outcome"), text("cause")
	if outcome != "" {
		b = appendPlain(append(b, ' '), outcome)
	}
	if cause != "" {
		if outcome != "" {
			b = append(b, ':')
		}
		b = appendPlain(append(b, ' '), cause)
	}
	if warning := text("warning"); warning != "" {
		b = appendPlain(append(b, " warning: "...), warning)
	}
	return b
}

func appendAttr(b []byte, group string, a slog.Attr) []byte {
	v := a.Value.Resolve()
	if a.Equal(slog.Attr{}) {
		return b
	}
	if v.Kind() == slog.KindGroup {
		for _, inner := range v.Group() {
			b = appendAttr(b, group+a.Key+".", inner)
		}
		return b
	}
	b = append(append(append(append(b, ' '), group...), a.Key...), '=')
	if text := v.String(); text == "" || strings.ContainsFunc(text, unquotable) {
		return strconv.AppendQuote(b, text)
	} else {
		return append(b, text...)
	}
}

// unquotable is what a value may not have without quotes around it.
func unquotable(r rune) bool { return r == '"' || unicode.IsSpace(r) || !unicode.IsPrint(r) }

// appendPlain writes text in one line: what callers sent must not look like another event or command the terminal.
func appendPlain(b []byte, text string) []byte {
	for _, r := range text {
		if r == '\t' || !unicode.IsPrint(r) {
			quoted := strconv.QuoteRune(r)
			b = append(b, quoted[1:len(quoted)-1]...)
			continue
		}
		b = append(b, string(r)...)
	}
	return b
}
