package sigv4

import (
	"context"
	"crypto/subtle"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"cognate/internal/base/arn"
	"cognate/internal/base/obs"
)

// DefaultSkew is how far a signature's time may lie from the real time.
const DefaultSkew = 5 * time.Minute

// Credential is what a Lookup knows about an access key.
type Credential struct {
	Secret       string
	SessionToken string // must accompany the key; "" for long-term keys
	Principal    obs.Principal
	// Unchecked accepts any signature made in the name of this key (cognate dev
	// with keys that Cognate did not issue). The header must still be well formed
	// and its Region one that is served.
	Unchecked bool
}

// Lookup finds the credential of an access key. sessionToken is what the request
// carries, "" for nothing. It answers ErrUnknownKey or ErrTokenExpired; other
// errors are internal and reach the caller of Verify as they are.
type Lookup func(ctx context.Context, accessKeyID, sessionToken string) (Credential, error)

// Options configures a Verifier.
type Options struct {
	Lookup Lookup
	// Region decides whether a service is served in the Region of a credential
	// scope; nil accepts any.
	Region func(service string, region arn.Region) bool
	Skew   time.Duration    // DefaultSkew when 0
	Now    func() time.Time // real time, never the dev clock; time.Now when nil
	Style  PathStyle
}

// Verifier checks signatures in the Authorization header and in the query
// string. It is safe for concurrent use.
type Verifier struct {
	opts Options
	keys keyCache
}

// NewVerifier returns a Verifier; Lookup is required.
func NewVerifier(o Options) *Verifier {
	if o.Skew <= 0 {
		o.Skew = DefaultSkew
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	return &Verifier{opts: o}
}

// Identity is who signed a request.
type Identity struct {
	AccessKeyID string
	Principal   obs.Principal
	Region      arn.Region // of the credential scope
	Service     string
	SignedAt    time.Time // zero when the signature was not checked
	Unchecked   bool      // the signature was not checked: the key is not one of ours
	Presigned   bool      // the signature stands in the query string
}

// FromHTTP takes the parts of r that are signed. It must see the request before
// a router has cleaned its path. bodyHash is HashBody of the body.
func FromHTTP(r *http.Request, bodyHash string) Request {
	return Request{
		Method: r.Method, Path: r.URL.EscapedPath(), RawQuery: r.URL.RawQuery,
		Host: r.Host, Header: r.Header, BodyHash: bodyHash,
	}
}

// Verify checks that req was signed for service. Refusals are *Error.
func (v *Verifier) Verify(ctx context.Context, req Request, service string) (Identity, error) {
	auth, token, pre, err := shown(req)
	if err != nil {
		return Identity{}, err
	}
	cred, err := v.lookup(ctx, auth.keyID, token)
	if err != nil {
		return Identity{}, err
	}
	id := Identity{AccessKeyID: auth.keyID, Principal: cred.Principal, Region: arn.Region(auth.scope.region), Service: auth.scope.service, Unchecked: cred.Unchecked, Presigned: pre != nil}
	if cred.Unchecked {
		return id, v.checkRegion(auth.scope, service)
	}
	if id.SignedAt, err = v.check(req, auth, pre, cred, token, service); err != nil {
		return Identity{}, err
	}
	return id, nil
}

// shown reads the signature of a request, in the header or in the query string, and the session token beside it; pre is
// nil for the header.
func shown(req Request) (auth *authorization, token string, pre *presigned, err error) {
	lines := req.Header["Authorization"]
	inHeader, inQuery := len(lines) > 0 && (len(lines) > 1 || lines[0] != ""), hasQuery(req.RawQuery)
	switch {
	case inHeader && inQuery:
		return nil, "", nil, incomplete("Only one auth mechanism allowed; only the X-Amz-Algorithm query parameter or the Authorization header should be specified")
	case inQuery:
		if pre, err = parseQuery(req.RawQuery); err != nil {
			return nil, "", nil, err
		}
		return &pre.authorization, pre.token, pre, nil
	case !inHeader:
		return nil, "", nil, &Error{Kind: MissingAuthenticationToken, Message: textMissing}
	case len(lines) > 1:
		return nil, "", nil, incomplete("Authorization header was sent more than once.")
	}
	if auth, err = parseAuthorization(lines[0]); err != nil {
		return nil, "", nil, err
	}
	token, err = single(req.Header, "X-Amz-Security-Token")
	return auth, token, nil, err
}

func (v *Verifier) lookup(ctx context.Context, keyID, token string) (Credential, error) {
	cred, err := v.opts.Lookup(ctx, keyID, token)
	switch {
	case errors.Is(err, ErrUnknownKey):
		return cred, UnknownKey("access key id is not known")
	case errors.Is(err, ErrTokenExpired):
		return cred, &Error{Kind: ExpiredToken, Message: textExpired}
	case err != nil:
		return cred, fmt.Errorf("sigv4: look up access key: %w", err)
	case !cred.Unchecked && cred.Secret == "":
		return cred, errors.New("sigv4: look up access key: no secret")
	}
	return cred, nil
}

// check does everything that depends on the credential and answers the time of
// the signature.
func (v *Verifier) check(req Request, auth *authorization, pre *presigned, cred Credential, token, service string) (time.Time, error) {
	if subtle.ConstantTimeCompare([]byte(cred.SessionToken), []byte(token)) != 1 {
		return time.Time{}, UnknownKey("session token does not belong to the key")
	}
	if err := coverage(req, auth); err != nil {
		return time.Time{}, err
	}
	date, at, err := v.signedAt(req.Header, pre)
	if err != nil {
		return time.Time{}, err
	}
	if err := v.checkScope(auth.scope, date, service); err != nil {
		return time.Time{}, err
	}
	if err := v.inTime(at, pre); err != nil {
		return time.Time{}, err
	}
	sent, err := single(req.Header, "X-Amz-Content-Sha256")
	if err != nil {
		return time.Time{}, err
	}
	if sent != "" && sent != req.BodyHash {
		return time.Time{}, mismatch("x-amz-content-sha256 is not the hash of the body")
	}
	p := pieces{
		method: req.Method, path: canonicalPath(req.Path, v.opts.Style), query: canonicalQuery(req.RawQuery, querySignature),
		host: req.Host, header: req.Header, signed: auth.signed, payload: req.BodyHash,
	}
	text := stringToSign(algorithm, date, auth.scope, p.hash())
	key, cached := v.keys.get(auth.keyID, cred.Secret, auth.scope)
	if !cached {
		key = deriveKey(cred.Secret, auth.scope)
	}
	if subtle.ConstantTimeCompare([]byte(sign(key, text)), []byte(auth.signature)) != 1 {
		return time.Time{}, mismatch("signature differs")
	}
	if !cached {
		v.keys.put(auth.keyID, cred.Secret, auth.scope, key)
	}
	return at, nil
}

// signedAt is the time of the signature, in the form that is signed and as a time.
func (v *Verifier) signedAt(h http.Header, pre *presigned) (string, time.Time, error) {
	if pre != nil {
		return pre.date, pre.at, nil
	}
	return requestTime(h)
}

// inTime refuses what was signed too long ago or is of a time to come.
func (v *Verifier) inTime(at time.Time, pre *presigned) error {
	if pre != nil {
		return v.timely(pre)
	}
	return v.checkSkew(at)
}

// coverage demands that the headers which steer the request are signed: host
// and all x-amz-* headers. x-amzn-* headers are added by proxies.
func coverage(req Request, auth *authorization) error {
	if !auth.signs("host") {
		return invalid("'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization.")
	}
	for name := range req.Header {
		if len(name) > 6 && strings.EqualFold(name[:6], "X-Amz-") && !auth.signs(strings.ToLower(name)) {
			return mismatch("header " + strings.ToLower(name) + " was sent but not signed")
		}
	}
	return nil
}

// checkScope compares the credential scope with what the request is.
func (v *Verifier) checkScope(s scope, date, service string) error {
	if s.date != date[:8] {
		return invalid("Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: '%s' != '%s', from '%s'.", s.date, date[:8], date)
	}
	if err := v.checkRegion(s, service); err != nil {
		return err
	}
	if s.service != service {
		return invalid("Credential should be scoped to correct service: '%s'.", service)
	}
	return nil
}

// checkRegion refuses a Region where the service is not served.
func (v *Verifier) checkRegion(s scope, service string) error {
	if v.opts.Region != nil && !v.opts.Region(service, arn.Region(s.region)) {
		return invalid("Credential should be scoped to a valid region.")
	}
	return nil
}

func (v *Verifier) checkSkew(at time.Time) error {
	now := v.opts.Now().UTC()
	minutes := int(v.opts.Skew / time.Minute)
	format := func(t time.Time) string { return t.Format(timeFormat) }
	if oldest := now.Add(-v.opts.Skew); at.Before(oldest.Truncate(time.Second)) {
		return invalid("Signature expired: %s is now earlier than %s (%s - %d min.)", format(at), format(oldest), format(now), minutes)
	}
	if newest := now.Add(v.opts.Skew); at.After(newest) {
		return invalid("Signature not yet current: %s is still later than %s (%s + %d min.)", format(at), format(newest), format(now), minutes)
	}
	return nil
}

// requestTime reads X-Amz-Date or, in its absence, Date; the first result is in
// the form that is signed.
func requestTime(h http.Header) (string, time.Time, error) {
	date, err := single(h, "X-Amz-Date")
	if err != nil {
		return "", time.Time{}, err
	}
	if date != "" {
		at, err := time.Parse(timeFormat, date)
		if err != nil || len(date) != len(timeFormat) {
			return "", time.Time{}, incomplete("Date must be in ISO-8601 'basic format'. Got an X-Amz-Date header that is not.")
		}
		return date, at, nil
	}
	if date, err = single(h, "Date"); err != nil {
		return "", time.Time{}, err
	}
	if date == "" {
		return "", time.Time{}, incomplete("Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header.")
	}
	at, err := http.ParseTime(date)
	if err != nil {
		if at, err = time.Parse(timeFormat, date); err != nil {
			return "", time.Time{}, incomplete("Date header is not a date.")
		}
	}
	at = at.UTC()
	if y := at.Year(); y < 1 || y > 9999 {
		return "", time.Time{}, incomplete("Date header is not a date.")
	}
	return at.Format(timeFormat), at, nil
}

// single reads a header that may be sent at most once.
func single(h http.Header, name string) (string, error) {
	switch v := h[name]; len(v) {
	case 0:
		return "", nil
	case 1:
		return v[0], nil
	}
	return "", incomplete("Header '%s' was sent more than once.", name)
}
