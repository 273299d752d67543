package httpkit

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"net/netip"
	"os"
	"strconv"
	"strings"
)

// socketUser finds the user of the socket between two addresses in the kernel's tables. Sockets that speak both
// versions of IP are in the second one, their IPv4 addresses mapped.
func socketUser(local, remote netip.AddrPort) (int, error) {
	if local.Addr().Is4() {
		uid, err := findSocket("/proc/net/tcp", tableForm(local), tableForm(remote))
		if !errors.Is(err, ErrNoPeer) {
			return uid, err
		}
		local, remote = mapped(local), mapped(remote)
	}
	uid, err := findSocket("/proc/net/tcp6", tableForm(local), tableForm(remote))
	if errors.Is(err, ErrPeersUnknown) { // no IPv6 here
		err = ErrNoPeer
	}
	return uid, err
}

func mapped(a netip.AddrPort) netip.AddrPort {
	return netip.AddrPortFrom(netip.AddrFrom16(a.Addr().As16()), a.Port())
}

// tableForm writes an address as the tables do: words of four bytes in the machine's order, then the port.
func tableForm(a netip.AddrPort) string {
	var b strings.Builder
	for ip := a.Addr().AsSlice(); len(ip) > 0; ip = ip[4:] {
		fmt.Fprintf(&b, "%08X", binary.NativeEndian.Uint32(ip))
	}
	return fmt.Sprintf("%s:%04X", b.String(), a.Port())
}

// findSocket reads the user of a socket. One that no process holds any more has no inode, and stands there as root's:
// whoever sends a request and closes at once must not pass for root.
func findSocket(table, local, remote string) (int, error) {
	f, err := os.Open(table)
	if errors.Is(err, fs.ErrNotExist) {
		return 0, ErrPeersUnknown
	}
	if err != nil {
		return 0, err
	}
	defer f.Close()
	lines := bufio.NewScanner(f)
	for lines.Scan() {
		fields := strings.Fields(lines.Text())
		if len(fields) < 10 || fields[1] != local || fields[2] != remote {
			continue
		}
		if fields[9] == "0" {
			return 0, ErrNoPeer
		}
		return strconv.Atoi(fields[7])
	}
	if err := lines.Err(); err != nil {
		return 0, err
	}
	return 0, ErrNoPeer
}
