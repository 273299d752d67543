package clientdoc

import (
	"net/url"
	"strings"

	"cognate/internal/api/cognitoidp"
)

// The lengths of addresses and patterns.
const (
	minURL = 12
	maxURL = 256
)

const https = "https://"

// anywhere is the pattern of every address.
const anywhere = https + "*"

// IsURL reports whether a client id has the form of an address: it then names a client that a document describes.
func IsURL(clientID string) bool { return strings.HasPrefix(clientID, https) }

// goodURL reports whether an address can name a client: https in its one spelling, with a path, without query, fragment,
// user or dot segments.
func goodURL(text string) bool {
	if len(text) < minURL || len(text) > maxURL || !IsURL(text) || strings.ContainsAny(text, `?#\`) {
		return false
	}
	host, path := split(text)
	u, err := url.Parse(text)
	if err != nil || u.User != nil || u.Host != host || host != strings.ToLower(host) || u.Hostname() == "" || u.String() != text || path == "" {
		return false
	}
	if port := u.Port(); strings.HasSuffix(host, ":") || strings.HasPrefix(port, "0") {
		return false
	}
	for _, segment := range strings.Split(u.Path, "/") {
		if segment == "." || segment == ".." {
			return false
		}
	}
	return !strings.Contains(u.Path, `\`)
}

// split parts an address or pattern into what names the host, with its port, and the path, which is "" or begins with a
// slash.
func split(text string) (host, path string) {
	rest := strings.TrimPrefix(text, https)
	i := strings.IndexByte(rest, '/')
	if i < 0 {
		return rest, ""
	}
	return rest[:i], rest[i:]
}

// checkPattern holds that a pattern says where its addresses are: what stands before the path is a host, in which a star
// is a part of one name between two dots. A star for the whole host is every host.
func checkPattern(pattern string) error {
	if pattern == anywhere {
		return nil
	}
	host, path := split(pattern)
	name, port, hasPort := strings.Cut(host, ":")
	switch {
	case path == "":
		return cognitoidp.NewInvalidParameter("The URL pattern %s has no path: it must go on with / behind the host.", pattern)
	case name == "" || strings.Contains(host, "@") || hasPort && (port == "" || strings.Trim(port, "0123456789") != ""):
		return cognitoidp.NewInvalidParameter("The URL pattern %s names no host.", pattern)
	case host != strings.ToLower(host):
		return cognitoidp.NewInvalidParameter("The URL pattern %s must have its host in lower case.", pattern)
	}
	return nil
}

// matches reports whether an address fits a pattern. A star in the path is any text; one in the host never crosses a dot,
// so that nobody else's host fits.
func matches(pattern, address string) bool {
	if pattern == anywhere {
		return true
	}
	wantHost, wantPath := split(pattern)
	host, path := split(address)
	if !glob(wantPath, path, "") {
		return false
	}
	if wantHost == "*" {
		return !strings.Contains(host, ":")
	}
	want, have := strings.Split(wantHost, "."), strings.Split(host, ".")
	if len(want) != len(have) {
		return false
	}
	for i := range want {
		if !glob(want[i], have[i], ":") {
			return false
		}
	}
	return true
}

// glob matches a text with a pattern whose stars are any text without the characters in not.
func glob(pattern, text, not string) bool {
	first, rest, star := strings.Cut(pattern, "*")
	if !star {
		return pattern == text
	}
	if !strings.HasPrefix(text, first) {
		return false
	}
	text = text[len(first):]
	for {
		next, more, star := strings.Cut(rest, "*")
		if !star {
			return len(text) >= len(rest) && strings.HasSuffix(text, rest) && !strings.ContainsAny(text[:len(text)-len(rest)], not)
		}
		i := strings.Index(text, next)
		if i < 0 || strings.ContainsAny(text[:i], not) {
			return false
		}
		text, rest = text[i+len(next):], more
	}
}

// literal is how many characters of a pattern are no stars: of several that fit, the one that says most counts.
func literal(pattern string) int { return len(pattern) - strings.Count(pattern, "*") }
