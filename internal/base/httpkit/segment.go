package httpkit

import (
	"context"
	"crypto/tls"
	"net"
	"net/http"
	"sync"
)

// Gather makes every answer that is written inside Together leave in one write, whatever its size: net/http hands over
// at most 4 KiB at a time, and a head that leaves before its body costs the client a wake-up more. It returns the
// listener to serve on and sets what the server needs for it. HTTP/2 frames its answers itself and is left alone.
func Gather(s *http.Server, l net.Listener) net.Listener {
	inner := s.ConnContext
	s.ConnContext = func(ctx context.Context, c net.Conn) context.Context {
		if inner != nil {
			ctx = inner(ctx, c)
		}
		raw := c
		if t, ok := c.(*tls.Conn); ok {
			raw = t.NetConn()
		}
		if g, ok := raw.(*gathering); ok {
			ctx = context.WithValue(ctx, gatheringKey{}, g)
		}
		return ctx
	}
	return gatherListener{l}
}

// Together runs write, which sends one whole answer to w, and lets what it sent leave at its end.
func Together(w http.ResponseWriter, r *http.Request, write func()) {
	g, _ := r.Context().Value(gatheringKey{}).(*gathering)
	flusher, ok := w.(http.Flusher)
	if g == nil || !ok || r.ProtoMajor != 1 {
		write()
		return
	}
	g.hold()
	defer g.release()
	write()
	flusher.Flush()
}

type gatheringKey struct{}

type gatherListener struct{ net.Listener }

// Accept wraps the connection.
func (l gatherListener) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return &gathering{Conn: c}, nil
}

// gathering is a connection that can keep back what is written to it.
type gathering struct {
	net.Conn
	mu   sync.Mutex
	held bool
	buf  []byte
}

// Write implements net.Conn. What is kept back reports its errors to nobody: the answer was complete, and the next read
// finds the connection broken.
func (g *gathering) Write(p []byte) (int, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.held {
		g.buf = append(g.buf, p...)
		return len(p), nil
	}
	return g.Conn.Write(p)
}

func (g *gathering) hold() {
	g.mu.Lock()
	g.held = true
	g.mu.Unlock()
}

// maxKept is how large a buffer is kept for the next answer.
const maxKept = 16 << 10

func (g *gathering) release() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.held = false
	if len(g.buf) > 0 {
		_, _ = g.Conn.Write(g.buf)
	}
	if g.buf = g.buf[:0]; cap(g.buf) > maxKept {
		g.buf = nil
	}
}
