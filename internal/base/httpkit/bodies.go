package httpkit

import (
	"errors"
	"io"
	"net/http"
	"net/netip"
	"sync"
	"time"
)

// ErrBusy is what reading a body answers when the bodies in flight hold as many bytes as they may.
var ErrBusy = errors.New("httpkit: too many bytes are in flight")

// Bodies bounds what the bodies of requests may hold and how long they may take. The zero value bounds nothing.
type Bodies struct {
	// Free is how many bytes of every body nobody counts: usual requests have no more, and are served whatever large
	// ones do. Total is how many all others may have at once, PerSource those of one caller; 0 = any number.
	Free, Total, PerSource int64
	// Grace is how long a body may take, and Rate how many bytes a second it has to bring besides, up to Longest.
	// Without Grace only the deadlines of the server hold.
	Grace, Longest time.Duration
	Rate           int64
	// ClientIP is who sent a request; the peer of the connection when nil.
	ClientIP func(*http.Request) netip.Addr

	mu   sync.Mutex
	held int64
	by   map[netip.Prefix]int64
}

// Handler gives every request a body that is counted and timed, until next has answered.
func (b *Bodies) Handler(next http.Handler) http.Handler {
	if b.ClientIP == nil {
		b.ClientIP = Proxies{}.ClientIP
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Body == nil || r.Body == http.NoBody {
			b.unhurried(w)
			next.ServeHTTP(w, r)
			return
		}
		body := &countedBody{
			ReadCloser: r.Body, b: b, source: Source(b.ClientIP(r)), control: http.NewResponseController(w), began: time.Now(),
		}
		r.Body = body
		defer body.release()
		next.ServeHTTP(w, r)
	})
}

// unhurried ends the deadline for reading: everything is there, and one that passed while the request is worked on would
// look as if the caller had gone.
func (b *Bodies) unhurried(w http.ResponseWriter) {
	if b.Grace > 0 {
		_ = http.NewResponseController(w).SetReadDeadline(time.Time{}) // answers without a connection have none
	}
}

// take counts n more bytes of a source.
func (b *Bodies) take(source netip.Prefix, n int64) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.Total > 0 && b.held+n > b.Total || b.PerSource > 0 && b.by[source]+n > b.PerSource {
		return false
	}
	if b.by == nil {
		b.by = map[netip.Prefix]int64{}
	}
	b.held += n
	b.by[source] += n
	return true
}

func (b *Bodies) give(source netip.Prefix, n int64) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.held -= n
	if b.by[source] -= n; b.by[source] <= 0 {
		delete(b.by, source)
	}
}

// Held is how many counted bytes are in flight.
func (b *Bodies) Held() int64 {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.held
}

// countedBody is a body on its way. It is read by one goroutine, as all bodies are.
type countedBody struct {
	io.ReadCloser
	b       *Bodies
	source  netip.Prefix
	control *http.ResponseController
	began   time.Time
	read    int64
	counted int64
	hurried bool // a deadline of ours is set
	ended   bool
}

// Read implements io.Reader.
func (c *countedBody) Read(p []byte) (int, error) {
	if c.ended {
		return c.ReadCloser.Read(p)
	}
	c.hurry()
	n, err := c.ReadCloser.Read(p)
	c.read += int64(n)
	if more := c.read - c.b.Free - c.counted; more > 0 {
		if !c.b.take(c.source, more) {
			return 0, ErrBusy
		}
		c.counted += more
	}
	if err != nil {
		c.ended = true
		if err == io.EOF && c.hurried {
			_ = c.control.SetReadDeadline(time.Time{})
		}
	}
	return n, err
}

// hurry sets by when more has to be there.
func (c *countedBody) hurry() {
	if c.b.Grace <= 0 {
		return
	}
	left := c.b.Grace
	if c.b.Rate > 0 {
		left += time.Duration(c.read) * time.Second / time.Duration(c.b.Rate)
	}
	if c.b.Longest > 0 {
		left = min(left, c.b.Longest)
	}
	c.hurried = c.control.SetReadDeadline(c.began.Add(left)) == nil
}

func (c *countedBody) release() {
	if c.counted > 0 {
		c.b.give(c.source, c.counted)
		c.counted = 0
	}
}
