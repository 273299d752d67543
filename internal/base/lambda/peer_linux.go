package lambda

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/netip"
	"os"
	"strconv"
	"strings"
)

// ownUser lets only processes of the server's own user reach a Runtime API:
// whoever reaches one can read events and answer them.
func ownUser(l net.Listener) net.Listener { return userListener{l} }

type userListener struct{ net.Listener }

// Accept closes connections of other users.
func (l userListener) Accept() (net.Conn, error) {
	for {
		conn, err := l.Listener.Accept()
		if err != nil {
			return nil, err
		}
		if uid, err := peerUser(conn); err == nil && uid == os.Geteuid() || errors.Is(err, fs.ErrNotExist) {
			return conn, nil
		}
		conn.Close()
	}
}

var errNoPeer = errors.New("the far end is not a socket of this machine")

// peerUser finds the user of the far end of a loopback connection in the
// kernel's socket tables. Sockets that speak both protocols are in the second.
func peerUser(conn net.Conn) (int, error) {
	remote, err := netip.ParseAddrPort(conn.RemoteAddr().String())
	if err != nil {
		return 0, err
	}
	local, err := netip.ParseAddrPort(conn.LocalAddr().String())
	if err != nil {
		return 0, err
	}
	uid, err := findSocket("/proc/net/tcp", tableForm(remote, ""), tableForm(local, ""))
	if errors.Is(err, errNoPeer) {
		const mapped = "0000000000000000FFFF0000"
		uid, err = findSocket("/proc/net/tcp6", tableForm(remote, mapped), tableForm(local, mapped))
		if errors.Is(err, fs.ErrNotExist) {
			err = errNoPeer
		}
	}
	return uid, err
}

// tableForm writes an IPv4 address as the tables do: the word in the machine's
// byte order, then the port.
func tableForm(a netip.AddrPort, prefix string) string {
	ip := a.Addr().Unmap().As4()
	return fmt.Sprintf("%s%08X:%04X", prefix, binary.NativeEndian.Uint32(ip[:]), a.Port())
}

// findSocket reads the user of the socket between two addresses.
func findSocket(table, local, remote string) (int, error) {
	f, err := os.Open(table)
	if err != nil {
		return 0, err
	}
	defer f.Close()
	lines := bufio.NewScanner(f)
	for lines.Scan() {
		fields := strings.Fields(lines.Text())
		if len(fields) > 7 && fields[1] == local && fields[2] == remote {
			return strconv.Atoi(fields[7])
		}
	}
	if err := lines.Err(); err != nil {
		return 0, err
	}
	return 0, errNoPeer
}
