package sigv4

import (
	"net/http"
	"slices"
	"strings"
)

// Limits of the Authorization header; far above what clients send.
const (
	maxAuthorization = 8 << 10
	maxSignedHeaders = 128
	maxKeyID         = 128
)

// authorization is a parsed Authorization header.
type authorization struct {
	keyID     string
	scope     scope
	signed    []string
	signature string
}

// parseAuthorization reads the header form
//
//	AWS4-HMAC-SHA256 Credential=<id>/<date>/<region>/<service>/aws4_request, SignedHeaders=a;b, Signature=<hex>
//
// The three fields may come in any order, as on AWS; each exactly once and none
// besides. Errors are *Error of kind IncompleteSignature and never repeat the
// header, which would put signatures into logs.
func parseAuthorization(h string) (*authorization, error) {
	if len(h) > maxAuthorization {
		return nil, incomplete("Authorization header is too long.")
	}
	kind, rest, ok := strings.Cut(h, " ")
	if kind != algorithm {
		return nil, incomplete("Unsupported AWS 'algorithm': only %s is supported in the Authorization header.", algorithm)
	}
	if !ok {
		rest = ""
	}
	fields, err := splitFields(rest)
	if err != nil {
		return nil, err
	}
	var missing []string
	for _, name := range []string{"Credential", "Signature", "SignedHeaders"} {
		if fields[name] == "" {
			missing = append(missing, "Authorization header requires '"+name+"' parameter.")
		}
	}
	if missing != nil {
		return nil, incomplete("%s", strings.Join(missing, " "))
	}
	a := &authorization{signature: fields["Signature"]}
	if err := a.credential(fields["Credential"]); err != nil {
		return nil, err
	}
	if err := a.signedHeaders(fields["SignedHeaders"]); err != nil {
		return nil, err
	}
	return a, nil
}

// Scope is the Region and the service that a request says it is signed for. It
// says nothing about the signature; ok is false when there is none, or none that
// can be read.
func Scope(h http.Header, rawQuery string) (region, service string, ok bool) {
	line := h.Get("Authorization")
	if line == "" {
		if !hasQuery(rawQuery) {
			return "", "", false
		}
		p, err := parseQuery(rawQuery)
		if err != nil {
			return "", "", false
		}
		return p.scope.region, p.scope.service, true
	}
	a, err := parseAuthorization(line)
	if err != nil {
		return "", "", false
	}
	return a.scope.region, a.scope.service, true
}

// splitFields reads name=value pairs separated by commas and optional spaces.
func splitFields(s string) (map[string]string, error) {
	fields := make(map[string]string, 3)
	for part := range strings.SplitSeq(s, ",") {
		part = strings.Trim(part, " ")
		name, value, ok := strings.Cut(part, "=")
		if !ok {
			return nil, incomplete("Authorization header has a part that is not a key=value pair (missing equal-sign).")
		}
		switch name {
		case "Credential", "SignedHeaders", "Signature":
		default:
			return nil, incomplete("Authorization header has an unknown parameter.")
		}
		if _, twice := fields[name]; twice {
			return nil, incomplete("Authorization header has parameter '%s' more than once.", name)
		}
		if !printable(value) {
			return nil, incomplete("Authorization header parameter '%s' has a malformed value.", name)
		}
		fields[name] = value
	}
	return fields, nil
}

// printable reports whether v holds only visible ASCII.
func printable(v string) bool {
	for i := range len(v) {
		if v[i] <= ' ' || v[i] >= 0x7f {
			return false
		}
	}
	return true
}

func (a *authorization) credential(c string) error {
	p := strings.Split(c, "/")
	if len(p) != 5 {
		return incomplete("Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term.")
	}
	if p[0] == "" || len(p[0]) > maxKeyID || p[2] == "" || p[3] == "" {
		return incomplete("Credential has an empty or oversized element.")
	}
	if len(p[1]) != 8 || strings.Trim(p[1], "0123456789") != "" {
		return incomplete("Date in Credential scope must be in YYYYMMDD form.")
	}
	if p[4] != terminator {
		return incomplete("Credential should be scoped with a valid terminator: '%s'.", terminator)
	}
	a.keyID, a.scope = p[0], scope{p[1], p[2], p[3]}
	return nil
}

// signedHeaders takes the list only in its canonical form: lower case, sorted,
// without repetition.
func (a *authorization) signedHeaders(list string) error {
	a.signed = strings.Split(list, ";")
	if len(a.signed) > maxSignedHeaders {
		return incomplete("SignedHeaders names too many headers.")
	}
	for i, name := range a.signed {
		if !headerToken(name) {
			return incomplete("SignedHeaders must hold lower-case header names separated by semicolons.")
		}
		if i > 0 && a.signed[i-1] >= name {
			return incomplete("SignedHeaders must be sorted and without repetition.")
		}
	}
	return nil
}

func headerToken(s string) bool {
	for i := range len(s) {
		c := s[i]
		if !('a' <= c && c <= 'z' || '0' <= c && c <= '9' || strings.IndexByte("!#$%&'*+-.^_`|~", c) >= 0) {
			return false
		}
	}
	return s != ""
}

func (a *authorization) signs(name string) bool {
	_, found := slices.BinarySearch(a.signed, name)
	return found
}
