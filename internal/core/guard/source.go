package guard

import (
	"context"
	"net/netip"

	"cognate/internal/base/obs"
)

// network is how much of an IPv6 address is one source: what a provider gives to one customer at least.
const network = 64

// source is who asks: an address, or a network of IPv6; "" when that is not to be told.
func (g *Guard) source(ctx context.Context) string {
	r := obs.From(ctx)
	ip := r.ClientIP
	if r.UserIP.IsValid() {
		ip = r.UserIP
	} else if !r.Principal.IsZero() {
		return ""
	}
	ip = ip.Unmap().WithZone("")
	if !ip.IsValid() {
		return ""
	}
	for _, p := range g.Shared {
		if p.Contains(ip) {
			return ""
		}
	}
	if ip.Is4() {
		return ip.String()
	}
	p, err := ip.Prefix(network)
	if err != nil {
		return ""
	}
	return p.String()
}

// Told notes the address of the user for whom a trusted caller asks. What is no address is not noted.
func Told(ctx context.Context, address string) {
	if ip, err := netip.ParseAddr(address); err == nil {
		obs.From(ctx).UserIP = ip
	}
}
