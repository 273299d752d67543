package sigv4

import (
	"strconv"
	"strings"
	"time"
)

// The parameters of a signature in the query string.
const (
	queryAlgorithm  = "X-Amz-Algorithm"
	queryCredential = "X-Amz-Credential"
	queryDate       = "X-Amz-Date"
	queryExpires    = "X-Amz-Expires"
	querySigned     = "X-Amz-SignedHeaders"
	querySignature  = "X-Amz-Signature"
	queryToken      = "X-Amz-Security-Token"
)

// longestExpiry is how long a presigned request may hold.
const longestExpiry = 7 * 24 * time.Hour

// presigned is a signature in the query string.
type presigned struct {
	authorization
	token   string
	date    string
	at      time.Time
	expires time.Duration
}

// hasQuery reports whether a request is signed in its query string.
func hasQuery(rawQuery string) bool {
	return strings.Contains(rawQuery, queryAlgorithm+"=") || strings.Contains(rawQuery, querySignature+"=")
}

// parseQuery reads the signature in a query string. Each parameter comes exactly once; only the token may be missing.
func parseQuery(rawQuery string) (*presigned, error) {
	if len(rawQuery) > maxAuthorization+maxQueryToken {
		return nil, incomplete("The query string is too long.")
	}
	found := map[string]string{}
	for part := range strings.SplitSeq(rawQuery, "&") {
		name, value, _ := strings.Cut(part, "=")
		if name = unescape(name); !strings.HasPrefix(name, "X-Amz-") {
			continue
		}
		if _, twice := found[name]; twice {
			return nil, incomplete("AWS query-string parameter '%.64s' was sent more than once.", name)
		}
		found[name] = unescape(value)
	}
	var missing []string
	for _, name := range []string{queryAlgorithm, queryCredential, queryDate, queryExpires, querySigned, querySignature} {
		if found[name] == "" {
			missing = append(missing, "AWS query-string parameters must include '"+name+"'.")
		}
	}
	if missing != nil {
		return nil, incomplete("%s", strings.Join(missing, " "))
	}
	if found[queryAlgorithm] != algorithm {
		return nil, incomplete("Unsupported AWS 'algorithm': only %s is supported.", algorithm)
	}
	return readQuery(found)
}

// maxQueryToken is how much longer a query string may be that carries a session token.
const maxQueryToken = 32 << 10

func readQuery(found map[string]string) (*presigned, error) {
	p := &presigned{token: found[queryToken], date: found[queryDate]}
	p.signature = found[querySignature]
	if err := p.credential(found[queryCredential]); err != nil {
		return nil, err
	}
	if err := p.signedHeaders(found[querySigned]); err != nil {
		return nil, err
	}
	var err error
	if p.at, err = time.Parse(timeFormat, p.date); err != nil || len(p.date) != len(timeFormat) {
		return nil, incomplete("X-Amz-Date must be in ISO-8601 'basic format'.")
	}
	seconds, err := strconv.ParseUint(found[queryExpires], 10, 31)
	p.expires = time.Duration(seconds) * time.Second
	if err != nil || seconds == 0 || p.expires > longestExpiry {
		return nil, incomplete("X-Amz-Expires must be between 1 and %d seconds.", int(longestExpiry/time.Second))
	}
	return p, nil
}

// timely refuses a presigned request that is over, or of a time to come.
func (v *Verifier) timely(p *presigned) error {
	now := v.opts.Now().UTC()
	format := func(t time.Time) string { return t.UTC().Format(timeFormat) }
	if end := p.at.Add(p.expires); !now.Before(end) {
		return invalid("Signature expired: %s is now earlier than %s", format(end), format(now))
	}
	if newest := now.Add(v.opts.Skew); p.at.After(newest) {
		return invalid("Signature not yet current: %s is still later than %s (%s + %d min.)", format(p.at), format(newest), format(now), int(v.opts.Skew/time.Minute))
	}
	return nil
}
