package httpkit

import (
	"net"
	"net/netip"
	"sync"
	"time"
)

// Shield bounds what connections may take of a server.
type Shield struct {
	Conns     int           // open at once; 0 = any number
	PerSource int           // of them from one source, see Source; 0 = any number
	Write     time.Duration // for the far end to take what one write sends; 0 = for ever
	// Exempt are sources without a bound of their own: proxies bring many callers. Loopback is one of them.
	Exempt func(netip.Addr) bool
}

// Listen returns the listener with its bounds. A connection above them is closed as soon as it is accepted, so that the
// callers that are served already go on being served.
func (s Shield) Listen(l net.Listener) net.Listener {
	return &shielded{Listener: l, Shield: s, open: map[netip.Prefix]int{}}
}

type shielded struct {
	net.Listener
	Shield
	mu    sync.Mutex
	total int
	open  map[netip.Prefix]int
}

// Accept implements net.Listener.
func (l *shielded) Accept() (net.Conn, error) {
	for {
		c, err := l.Listener.Accept()
		if err != nil {
			return nil, err
		}
		from := parsePeer(c.RemoteAddr().String())
		key := Source(from)
		if l.enter(key, from) {
			return &shieldedConn{Conn: c, l: l, source: key}, nil
		}
		c.Close()
	}
}

func (l *shielded) enter(key netip.Prefix, from netip.Addr) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	bound := l.PerSource > 0 && !from.IsLoopback() && (l.Exempt == nil || !l.Exempt(from))
	if l.Conns > 0 && l.total >= l.Conns || bound && l.open[key] >= l.PerSource {
		return false
	}
	l.total++
	l.open[key]++
	return true
}

func (l *shielded) leave(key netip.Prefix) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.total--
	if l.open[key]--; l.open[key] == 0 {
		delete(l.open, key)
	}
}

// shieldedConn is a connection that does not wait for ever for somebody who does not read.
type shieldedConn struct {
	net.Conn
	l      *shielded
	source netip.Prefix
	once   sync.Once
}

// Write implements net.Conn.
func (c *shieldedConn) Write(p []byte) (int, error) {
	if c.l.Write > 0 {
		_ = c.Conn.SetWriteDeadline(time.Now().Add(c.l.Write)) // a closed connection says so in Write
	}
	return c.Conn.Write(p)
}

// Close implements net.Conn.
func (c *shieldedConn) Close() error {
	c.once.Do(func() { c.l.leave(c.source) })
	return c.Conn.Close()
}

// Source is what counts as one caller: an IPv4 address, or the network of 64 bits that an IPv6 address is in, since one
// caller has as many addresses of it as it likes.
func Source(a netip.Addr) netip.Prefix {
	a = a.Unmap().WithZone("")
	bits := a.BitLen()
	if a.Is6() {
		bits = 64
	}
	p, err := a.Prefix(bits)
	if err != nil { // peers without an IP address
		return netip.Prefix{}
	}
	return p
}
