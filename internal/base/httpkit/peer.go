package httpkit

import (
	"errors"
	"net"
	"net/http"
	"net/netip"
	"os"
)

var (
	// ErrNoPeer means that the far end of a connection is no socket of this machine that a process holds.
	ErrNoPeer = errors.New("httpkit: the far end is not a socket of this machine")
	// ErrPeersUnknown means that the system does not tell whose sockets are whose.
	ErrPeersUnknown = errors.New("httpkit: this system does not tell the users of sockets")
)

// PeerUser is the user whose process holds the far end of a TCP connection between two addresses of this machine.
func PeerUser(local, remote net.Addr) (uid int, err error) {
	near, err := netip.ParseAddrPort(local.String())
	if err != nil {
		return 0, ErrNoPeer
	}
	far, err := netip.ParseAddrPort(remote.String())
	if err != nil {
		return 0, ErrNoPeer
	}
	return socketUser(unmapped(far), unmapped(near))
}

func unmapped(a netip.AddrPort) netip.AddrPort {
	return netip.AddrPortFrom(a.Addr().Unmap().WithZone(""), a.Port())
}

// FromOwnUser reports whether a process of the server's own user sent the request, over the loopback interface and by a
// name of this machine; false where that cannot be told. What came through a proxy is the proxy's and does not count.
func FromOwnUser(r *http.Request) bool {
	local, ok := r.Context().Value(http.LocalAddrContextKey).(net.Addr)
	if !ok || !FromThisMachine(r) || !ThisMachine(r.Host) {
		return false
	}
	remote, err := net.ResolveTCPAddr("tcp", r.RemoteAddr)
	if err != nil {
		return false
	}
	uid, err := PeerUser(local, remote)
	return err == nil && uid == os.Geteuid()
}

// FromThisMachine reports whether the request was made on this machine and, as far as it says, not handed on by a proxy.
func FromThisMachine(r *http.Request) bool {
	a := parsePeer(r.RemoteAddr)
	for _, name := range []string{"X-Forwarded-For", "X-Forwarded-Host", "X-Real-Ip", "Forwarded", "Via"} {
		if r.Header.Get(name) != "" {
			return false
		}
	}
	return a.IsValid() && a.IsLoopback()
}
