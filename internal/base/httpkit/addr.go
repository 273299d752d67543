package httpkit

import (
	"errors"
	"fmt"
	"net/netip"
	"strings"
)

// ErrForbiddenAddress is wrapped by every error that says a destination may
// not be contacted: a reserved address, a name that resolves to one, or a host
// spelling that resolvers read as an address.
var ErrForbiddenAddress = errors.New("destination is not allowed")

// localPrefixes are networks of the operator: forbidden by default and opened
// together by ClientOptions.AllowLocal.
var localPrefixes = prefixes(
	"127.0.0.0/8", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10",
	"::1/128", "fc00::/7",
)

// neverPrefixes are opened only by naming them in ClientOptions.Allow: cloud
// metadata services and everything that is not a unicast host on the Internet
// (IANA special-purpose registries, RFC 6890). 168.63.129.16 is Azure's host
// agent, a public address that answers inside virtual machines.
var neverPrefixes = prefixes(
	"0.0.0.0/8", "169.254.0.0/16", "192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24",
	"198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4",
	"168.63.129.16/32",
	"2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20",
)

// globalIPv6 is all that IANA has given out as global unicast; the rest of the
// IPv6 space is refused without being listed.
var globalIPv6 = netip.MustParsePrefix("2000::/3")

// nat64 is the well-known prefix by which DNS64 networks reach IPv4 hosts; the
// embedded IPv4 address decides (RFC 6052).
var nat64 = netip.MustParsePrefix("64:ff9b::/96")

// metadataIPv6 are metadata services inside fc00::/7 that AllowLocal must not open.
var metadataIPv6 = prefixes("fd00:ec2::/32", "fd20:ce::/32")

func prefixes(list ...string) []netip.Prefix {
	out := make([]netip.Prefix, len(list))
	for i, s := range list {
		out[i] = netip.MustParsePrefix(s)
	}
	return out
}

func contains(list []netip.Prefix, a netip.Addr) bool {
	for _, p := range list {
		if p.Contains(a) {
			return true
		}
	}
	return false
}

// guard decides which addresses may be contacted.
type guard struct {
	local bool
	allow []netip.Prefix
}

// check returns nil when a may be contacted.
func (g guard) check(a netip.Addr) error {
	if !a.IsValid() || a.Zone() != "" {
		return fmt.Errorf("%w: %q has a zone or is no address", ErrForbiddenAddress, a)
	}
	if contains(g.allow, a) {
		return nil
	}
	switch {
	case a.Is4():
		if contains(neverPrefixes, a) || (contains(localPrefixes, a) && !g.local) {
			return fmt.Errorf("%w: %s is reserved or local", ErrForbiddenAddress, a)
		}
		return nil
	case nat64.Contains(a):
		b := a.As16()
		return g.check(netip.AddrFrom4([4]byte(b[12:])))
	case contains(localPrefixes, a):
		if g.local && !contains(metadataIPv6, a) {
			return nil
		}
	case globalIPv6.Contains(a) && !contains(neverPrefixes, a):
		return nil
	}
	// IPv4-mapped, IPv4-compatible, link-local, multicast and unassigned
	// addresses end here.
	return fmt.Errorf("%w: %s is reserved or local", ErrForbiddenAddress, a)
}

// hostAddr reads host as it stands in a URL (without port and brackets). It
// answers the address when host is one, the zero Addr when host is a DNS name,
// and an error when host is neither or is a spelling that some resolvers read
// as an address (octal, hexadecimal, short and decimal forms).
func hostAddr(host string) (netip.Addr, error) {
	if strings.Contains(host, ":") {
		a, err := netip.ParseAddr(host)
		if err != nil {
			return netip.Addr{}, fmt.Errorf("%w: %q is no IPv6 address", ErrForbiddenAddress, host)
		}
		return a, nil
	}
	name := strings.TrimSuffix(host, ".")
	if name == "" || len(name) > 253 {
		return netip.Addr{}, fmt.Errorf("%w: host %.80q has a bad length", ErrForbiddenAddress, host)
	}
	if a, err := netip.ParseAddr(name); err == nil {
		return a, nil
	}
	labels := strings.Split(name, ".")
	for _, l := range labels {
		if !validLabel(l) {
			return netip.Addr{}, fmt.Errorf("%w: %.80q is no host name", ErrForbiddenAddress, host)
		}
	}
	if numericLabel(labels[len(labels)-1]) {
		return netip.Addr{}, fmt.Errorf("%w: %.80q is a number, not a host name", ErrForbiddenAddress, host)
	}
	return netip.Addr{}, nil
}

// validLabel accepts letters, digits, hyphen and underscore. Names in other
// scripts have to be given in their xn-- form, so that no Unicode mapping can
// turn an accepted name into an address.
func validLabel(l string) bool {
	if l == "" || len(l) > 63 {
		return false
	}
	for i := range len(l) {
		c := l[i]
		switch {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', c == '-', c == '_':
		default:
			return false
		}
	}
	return true
}

// numericLabel reports whether a last label makes the host an IPv4 address in
// inet_aton's or the URL standard's eyes: all digits, or 0x and hex digits.
func numericLabel(l string) bool {
	hex := len(l) >= 2 && l[0] == '0' && (l[1] == 'x' || l[1] == 'X')
	if hex {
		l = l[2:]
	}
	for i := range len(l) {
		c := l[i]
		digit := '0' <= c && c <= '9'
		hexDigit := 'a' <= c && c <= 'f' || 'A' <= c && c <= 'F'
		if !digit && !(hex && hexDigit) {
			return false
		}
	}
	return true
}
