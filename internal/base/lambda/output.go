package lambda

import (
	"io"
	"strings"
	"sync"
	"time"
)

// Bounds of what is kept of a function's output, and of how fast it is read:
// a process that prints without end is slowed down, not the server.
const (
	maxLines    = 2000
	maxLogBytes = 256 << 10
	maxLine     = 4 << 10
	floodWindow = 50 * time.Millisecond
	floodBytes  = 1 << 20 // per window
)

// LogLine is one line that a function printed to its standard output or error,
// or that the host says about it.
type LogLine struct {
	Number  int64     `json:"number"` // of the function's lines, 1 first
	Time    time.Time `json:"time"`
	Process int       `json:"process"` // number of the process since the host was started
	Text    string    `json:"text"`
}

// output keeps the last lines of all processes of a function.
type output struct {
	mu    sync.Mutex
	lines []LogLine // oldest first
	bytes int
	count int64
}

func (o *output) add(process int, text string) {
	text = strings.ToValidUTF8(text, "\uFFFD")
	o.mu.Lock()
	defer o.mu.Unlock()
	o.count++
	o.lines = append(o.lines, LogLine{o.count, time.Now().UTC(), process, text})
	o.bytes += len(text)
	drop := 0
	for len(o.lines)-drop > maxLines || o.bytes > maxLogBytes {
		o.bytes -= len(o.lines[drop].Text)
		drop++
	}
	o.lines = o.lines[drop:] // append moves the rest to new memory from time to time
}

// list copies the lines, oldest first.
func (o *output) list() []LogLine {
	o.mu.Lock()
	defer o.mu.Unlock()
	return append([]LogLine{}, o.lines...)
}

// tail is what one process printed since a time, at most 4 KB.
func (o *output) tail(process int, since time.Time) string {
	o.mu.Lock()
	defer o.mu.Unlock()
	var parts []string
	size := 0
	for i := len(o.lines) - 1; i >= 0 && size < maxLine && !o.lines[i].Time.Before(since); i-- {
		if o.lines[i].Process == process {
			parts = append(parts, o.lines[i].Text)
			size += len(o.lines[i].Text) + 1
		}
	}
	var b strings.Builder
	for i := len(parts) - 1; i >= 0; i-- {
		b.WriteString(parts[i])
		b.WriteByte('\n')
	}
	return b.String()
}

// copyFrom reads until the end of r and splits lines; those that are too long
// are cut into several.
func (o *output) copyFrom(r io.Reader, process int) {
	buf := make([]byte, 32<<10)
	var line []byte
	window, read := time.Now(), 0
	for {
		n, err := r.Read(buf)
		for rest := buf[:n]; len(rest) > 0; {
			part, after, found := cutLine(rest, maxLine-len(line))
			line, rest = append(line, part...), after
			if found {
				o.add(process, strings.TrimSuffix(string(line), "\r"))
				line = line[:0]
			}
		}
		if err != nil {
			if len(line) > 0 {
				o.add(process, string(line))
			}
			return
		}
		read += n
		if since := time.Since(window); since > floodWindow {
			window, read = time.Now(), 0
		} else if read > floodBytes {
			time.Sleep(floodWindow - since)
		}
	}
}

// cutLine takes up to limit bytes of a line off b; found says that it ends there.
func cutLine(b []byte, limit int) (line, rest []byte, found bool) {
	for i, c := range b {
		if c == '\n' {
			return b[:i], b[i+1:], true
		}
		if i == limit {
			return b[:i], b[i:], true
		}
	}
	return b, nil, false
}
