package httpkit

import (
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"strings"
)

// maxForwarded bounds how many X-Forwarded-For entries are looked at.
const maxForwarded = 32

// Proxies knows which peers may speak for their callers. The zero value trusts
// nobody: the peer of the connection is the client.
type Proxies struct {
	// Trusted are the networks of the proxies.
	Trusted []netip.Prefix
	// Header names a header in which the nearest proxy puts exactly the
	// client's address (X-Real-Ip, Cf-Connecting-Ip). Empty means
	// X-Forwarded-For, read from the right.
	Header string
}

// ParseProxies reads networks or single addresses.
func ParseProxies(list []string) (Proxies, error) {
	var p Proxies
	for _, s := range list {
		s = strings.TrimSpace(s)
		if pre, err := netip.ParsePrefix(s); err == nil {
			p.Trusted = append(p.Trusted, pre.Masked())
			continue
		}
		a, err := netip.ParseAddr(s)
		if err != nil {
			return Proxies{}, fmt.Errorf("trusted proxy %q is neither an address nor a network", s)
		}
		a = a.Unmap()
		p.Trusted = append(p.Trusted, netip.PrefixFrom(a, a.BitLen()))
	}
	return p, nil
}

// Trusts reports whether an address is that of a trusted proxy.
func (p Proxies) Trusts(a netip.Addr) bool { return contains(p.Trusted, a) }

// ClientIP returns who sent r. Forwarding headers count only as far as trusted
// proxies wrote them: the list is walked from the right until an address that
// is not a trusted proxy. An entry that is no address ends the walk at the
// proxy that wrote it. The result is invalid only for peers without an IP
// address (unix sockets).
func (p Proxies) ClientIP(r *http.Request) netip.Addr {
	peer := parsePeer(r.RemoteAddr)
	if !peer.IsValid() || !contains(p.Trusted, peer) {
		return peer
	}
	if p.Header != "" {
		if v := r.Header.Values(p.Header); len(v) == 1 {
			if a := parsePeer(strings.TrimSpace(v[0])); a.IsValid() {
				return a
			}
		}
		return peer
	}
	client := peer
	lines := r.Header.Values("X-Forwarded-For")
	seen := 0
	for i := len(lines) - 1; i >= 0; i-- {
		rest := lines[i]
		for more := true; more; {
			var entry string
			if j := strings.LastIndexByte(rest, ','); j >= 0 {
				rest, entry = rest[:j], rest[j+1:]
			} else {
				entry, more = rest, false
			}
			a := parsePeer(strings.TrimSpace(entry))
			if seen++; !a.IsValid() || seen > maxForwarded {
				return client
			}
			client = a
			if !contains(p.Trusted, a) {
				return client
			}
		}
	}
	return client
}

// parsePeer reads "addr", "addr:port" or "[addr]:port" and drops zone and the
// IPv4-mapped notation, so that one client has one spelling.
func parsePeer(s string) netip.Addr {
	if a, err := netip.ParseAddr(s); err == nil {
		return a.Unmap().WithZone("")
	}
	host, _, err := net.SplitHostPort(s)
	if err != nil {
		return netip.Addr{}
	}
	a, err := netip.ParseAddr(host)
	if err != nil {
		return netip.Addr{}
	}
	return a.Unmap().WithZone("")
}
