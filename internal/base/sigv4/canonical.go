// Package sigv4 signs requests with AWS Signature Version 4 and verifies such
// signatures. One canonicaliser serves both directions. The header form is
// complete; the canonical request and the string to sign are built from plain
// pieces so that presigned URLs and chunked bodies need only bring theirs.
package sigv4

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"slices"
	"strings"
)

const (
	algorithm  = "AWS4-HMAC-SHA256"
	terminator = "aws4_request"
	timeFormat = "20060102T150405Z"
	// emptyHash is the SHA-256 of nothing.
	emptyHash = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
)

// PathStyle chooses how the canonical path is made from the path on the wire.
type PathStyle int

// Standard is for every service but S3: dot segments and empty segments are
// removed and the already escaped path is escaped once more. S3 takes the path
// as it is, with its escapes in RFC 3986 form.
const (
	Standard PathStyle = iota
	S3
)

// Request is a request as it was received. Path must be the escaped path before
// any router has cleaned it (http.Request.URL.EscapedPath). Header has no Host
// entry, as in net/http.
type Request struct {
	Method   string
	Path     string
	RawQuery string
	Host     string
	Header   http.Header
	BodyHash string // HashBody of the body
}

// HashBody is the lower-case hexadecimal SHA-256 of body.
func HashBody(body []byte) string {
	if len(body) == 0 {
		return emptyHash
	}
	sum := sha256.Sum256(body)
	return hex.EncodeToString(sum[:])
}

// pieces are what a canonical request consists of.
type pieces struct {
	method  string
	path    string // canonical
	query   string // canonical
	host    string
	header  http.Header
	signed  []string // lower-case, sorted
	payload string   // hash or literal
}

// hash is the hexadecimal SHA-256 of the canonical request.
func (p *pieces) hash() string {
	sum := sha256.Sum256(p.appendTo(make([]byte, 0, 1024)))
	return hex.EncodeToString(sum[:])
}

// appendTo writes the canonical request.
func (p *pieces) appendTo(b []byte) []byte {
	b = append(append(b, p.method...), '\n')
	b = append(append(b, p.path...), '\n')
	b = append(append(b, p.query...), '\n')
	for _, name := range p.signed {
		b = append(append(b, name...), ':')
		if name == "host" {
			b = appendValue(b, p.host)
		} else {
			for i, v := range p.header[http.CanonicalHeaderKey(name)] {
				if i > 0 {
					b = append(b, ',')
				}
				b = appendValue(b, v)
			}
		}
		b = append(b, '\n')
	}
	b = append(b, '\n')
	for i, name := range p.signed {
		if i > 0 {
			b = append(b, ';')
		}
		b = append(b, name...)
	}
	b = append(b, '\n')
	return append(b, p.payload...)
}

// appendValue writes a header value without white space at its ends and with
// single spaces inside.
func appendValue(b []byte, v string) []byte {
	space, started := false, false
	for i := range len(v) {
		switch c := v[i]; c {
		case ' ', '\t', '\n', '\v', '\f', '\r':
			space = true
		default:
			if space && started {
				b = append(b, ' ')
			}
			space, started = false, true
			b = append(b, c)
		}
	}
	return b
}

// canonicalPath makes the canonical form of an escaped path.
func canonicalPath(path string, style PathStyle) string {
	if style == S3 {
		if path == "" {
			return "/"
		}
		return normalizeEscapes(path)
	}
	if path == "" || path == "/" {
		return "/"
	}
	return string(appendEscaped(make([]byte, 0, len(path)+16), removeDots(path), true))
}

// normalizeEscapes leaves a path as it was sent, but with upper-case escapes and
// nothing but visible ASCII: what clients of S3 sign.
func normalizeEscapes(path string) string {
	b := make([]byte, 0, len(path)+16)
	for i := 0; i < len(path); i++ {
		switch c := path[i]; {
		case c == '%' && i+2 < len(path) && isHex(path[i+1]) && isHex(path[i+2]):
			b = appendEscape(b, unhex(path[i+1])<<4|unhex(path[i+2]))
			i += 2
		case c > ' ' && c < 0x7f:
			b = append(b, c)
		default:
			b = appendEscape(b, c)
		}
	}
	return string(b)
}

// removeDots resolves "." and ".." and drops empty segments; a trailing slash stays.
func removeDots(path string) string {
	var out []string
	segments := strings.Split(path, "/")
	for _, s := range segments {
		switch s {
		case "", ".":
		case "..":
			if len(out) > 0 {
				out = out[:len(out)-1]
			}
		default:
			out = append(out, s)
		}
	}
	clean := "/" + strings.Join(out, "/")
	if last := segments[len(segments)-1]; last == "" && len(out) > 0 {
		clean += "/"
	}
	return clean
}

// canonicalQuery sorts the parameters by escaped name, then value. skip names a
// parameter to leave out (the signature of a presigned URL), "" for none. A
// plus sign means a space, as it does to the services that parse the query.
func canonicalQuery(raw, skip string) string {
	if raw == "" {
		return ""
	}
	type param struct{ name, value string }
	list := make([]param, 0, 8)
	for part := range strings.SplitSeq(raw, "&") {
		if part == "" {
			continue
		}
		name, value, _ := strings.Cut(part, "=")
		name = unescape(name)
		if skip != "" && name == skip {
			continue
		}
		list = append(list, param{escape(name), escape(unescape(value))})
	}
	slices.SortFunc(list, func(a, b param) int {
		if c := strings.Compare(a.name, b.name); c != 0 {
			return c
		}
		return strings.Compare(a.value, b.value)
	})
	var b strings.Builder
	b.Grow(len(raw) + 16)
	for i, p := range list {
		if i > 0 {
			b.WriteByte('&')
		}
		b.WriteString(p.name)
		b.WriteByte('=')
		b.WriteString(p.value)
	}
	return b.String()
}

// unescape decodes a part of a query string and leaves malformed escapes as they
// are; such a request is escaped differently from what its sender signed and fails.
func unescape(s string) string {
	if !strings.ContainsAny(s, "%+") {
		return s
	}
	b := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		switch {
		case s[i] == '%' && i+2 < len(s) && isHex(s[i+1]) && isHex(s[i+2]):
			b = append(b, unhex(s[i+1])<<4|unhex(s[i+2]))
			i += 2
		case s[i] == '+':
			b = append(b, ' ')
		default:
			b = append(b, s[i])
		}
	}
	return string(b)
}

func isHex(c byte) bool {
	return '0' <= c && c <= '9' || 'a' <= c && c <= 'f' || 'A' <= c && c <= 'F'
}

func unhex(c byte) byte {
	switch {
	case c <= '9':
		return c - '0'
	case c <= 'F':
		return c - 'A' + 10
	}
	return c - 'a' + 10
}

func escape(s string) string {
	for i := range len(s) {
		if !unreserved(s[i]) {
			return string(appendEscaped(make([]byte, 0, len(s)+16), s, false))
		}
	}
	return s
}

// appendEscaped writes s with everything but RFC 3986 unreserved characters
// (and slashes, when they are kept) as upper-case percent escapes.
func appendEscaped(b []byte, s string, keepSlash bool) []byte {
	for i := range len(s) {
		c := s[i]
		if unreserved(c) || c == '/' && keepSlash {
			b = append(b, c)
		} else {
			b = appendEscape(b, c)
		}
	}
	return b
}

func appendEscape(b []byte, c byte) []byte {
	const digits = "0123456789ABCDEF"
	return append(b, '%', digits[c>>4], digits[c&15])
}

func unreserved(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || c == '-' || c == '.' || c == '_' || c == '~'
}

// scope is where and when a signature is valid.
type scope struct{ date, region, service string }

func (s scope) String() string {
	return s.date + "/" + s.region + "/" + s.service + "/" + terminator
}

// stringToSign joins the parts that are signed; kind is the algorithm line,
// which differs for chunks, and last the hash lines.
func stringToSign(kind, date string, s scope, last string) string {
	return kind + "\n" + date + "\n" + s.String() + "\n" + last
}

// deriveKey is the signing key of one secret, day, region and service.
func deriveKey(secret string, s scope) [32]byte {
	k := mac([]byte("AWS4"+secret), s.date)
	k = mac(k[:], s.region)
	k = mac(k[:], s.service)
	return mac(k[:], terminator)
}

func mac(key []byte, data string) (out [32]byte) {
	h := hmac.New(sha256.New, key)
	h.Write([]byte(data))
	h.Sum(out[:0])
	return out
}

func sign(key [32]byte, text string) string {
	sum := mac(key[:], text)
	return hex.EncodeToString(sum[:])
}
