package sigv4

import (
	"net/http"
	"slices"
	"strings"
	"time"
)

// Signer signs outgoing requests with one key.
type Signer struct {
	AccessKeyID  string
	Secret       string
	SessionToken string
	Region       string
	Service      string
	Style        PathStyle
	// SendBodyHash adds x-amz-content-sha256, which S3 demands.
	SendBodyHash bool
}

// Sign adds X-Amz-Date, X-Amz-Security-Token and Authorization to r. bodyHash
// is HashBody of the body. All headers present are signed, except those that
// intermediaries change.
func (s Signer) Sign(r *http.Request, bodyHash string, now time.Time) {
	date := now.UTC().Format(timeFormat)
	r.Header.Set("X-Amz-Date", date)
	if s.SessionToken != "" {
		r.Header.Set("X-Amz-Security-Token", s.SessionToken)
	}
	if s.SendBodyHash {
		r.Header.Set("X-Amz-Content-Sha256", bodyHash)
	}
	r.Header.Del("Authorization")
	host := r.Host
	if host == "" {
		host = r.URL.Host
	}
	signed := signable(r.Header)
	p := pieces{
		method: r.Method, path: canonicalPath(r.URL.EscapedPath(), s.Style), query: canonicalQuery(r.URL.RawQuery, ""),
		host: host, header: r.Header, signed: signed, payload: bodyHash,
	}
	sc := scope{date[:8], s.Region, s.Service}
	signature := sign(deriveKey(s.Secret, sc), stringToSign(algorithm, date, sc, p.hash()))
	r.Header.Set("Authorization", algorithm+" Credential="+s.AccessKeyID+"/"+sc.String()+
		", SignedHeaders="+strings.Join(signed, ";")+", Signature="+signature)
}

// signable lists the names to sign: host and every header that arrives as it
// was sent.
func signable(h http.Header) []string {
	names := []string{"host"}
	for name := range h {
		switch l := strings.ToLower(name); l {
		case "host", "authorization", "connection", "expect", "transfer-encoding", "user-agent", "x-amzn-trace-id":
		default:
			names = append(names, l)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}
