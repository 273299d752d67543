package httpkit

import (
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"
)

// Names are the hosts that a server on a developer's machine goes by: this machine (loopback addresses, localhost and
// names below it) and those that were listed. Nobody else can let a page of theirs have one of them, which is what Host
// and Origin are compared with: a name of a stranger may point here, but it stays a stranger's.
type Names struct {
	exact map[string]bool
	below []string // ".example.com"
}

// NewNames reads names and addresses, without ports; "*.example.com" stands for every name below example.com.
func NewNames(list ...string) (Names, error) {
	n := Names{exact: map[string]bool{}}
	for _, entry := range list {
		name, wild := strings.CutPrefix(strings.TrimSpace(entry), "*.")
		host, ok := canonicalHost(name)
		switch {
		case !ok || wild && strings.Contains(host, ":"):
			return Names{}, fmt.Errorf("%q is no host name (such as cognate, id.example.com or *.example.com)", entry)
		case wild:
			n.below = append(n.below, "."+host)
		default:
			n.exact[host] = true
		}
	}
	return n, nil
}

// canonicalHost is the one spelling of a host without port and brackets; ok is false for what is none.
func canonicalHost(s string) (host string, ok bool) {
	a, err := hostAddr(s)
	switch {
	case err != nil || a.Zone() != "":
		return "", false
	case a.IsValid():
		return a.Unmap().String(), true
	}
	return strings.ToLower(strings.TrimSuffix(s, ".")), true
}

// Has reports whether a Host header, or the host of a URL, is one of the names; the port does not matter.
func (n Names) Has(hostport string) bool {
	host, ok := canonicalHost(hostOf(hostport))
	if !ok {
		return false
	}
	if n.exact[host] || local(host) {
		return true
	}
	for _, suffix := range n.below {
		if strings.HasSuffix(host, suffix) {
			return true
		}
	}
	return false
}

// ThisMachine reports whether a Host header names the machine that it is sent from.
func ThisMachine(hostport string) bool {
	host, ok := canonicalHost(hostOf(hostport))
	return ok && local(host)
}

// local reports whether a canonical host can only be this machine.
func local(host string) bool {
	if host == "localhost" || strings.HasSuffix(host, ".localhost") {
		return true
	}
	a, err := hostAddr(host)
	return err == nil && a.IsLoopback()
}

// hostOf takes the port and the brackets of an IPv6 address away. What is malformed stays so and is no host.
func hostOf(hostport string) string {
	host, port, err := net.SplitHostPort(hostport)
	if err == nil {
		if strings.Trim(port, "0123456789") != "" {
			return ""
		}
		return host
	}
	if inner, ok := strings.CutPrefix(hostport, "["); ok {
		if inner, ok = strings.CutSuffix(inner, "]"); ok && strings.Contains(inner, ":") {
			return inner
		}
		return ""
	}
	if strings.Contains(hostport, ":") { // neither a port nor an address in brackets
		return ""
	}
	return hostport
}

// OwnPage reports whether a request comes from a page of one of the names, or from no page at all: programs send no
// Origin. Where a browser names none, which it does for some GET requests, what it says about the page's site counts.
func (n Names) OwnPage(h http.Header) bool {
	origins := h.Values("Origin")
	for _, origin := range origins {
		if !n.ownOrigin(origin) {
			return false
		}
	}
	if len(origins) > 0 {
		return true
	}
	for _, site := range h.Values("Sec-Fetch-Site") {
		if site != "same-origin" && site != "none" {
			return false
		}
	}
	return true
}

// ownOrigin takes an origin only in the form that browsers send: "null", lists and URLs with more parts are none.
func (n Names) ownOrigin(origin string) bool {
	u, err := url.Parse(origin)
	return err == nil && u.Host != "" && u.Scheme+"://"+u.Host == strings.ToLower(u.Scheme)+origin[len(u.Scheme):] && n.Has(u.Host)
}
