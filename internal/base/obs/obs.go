// Package obs carries the facts of one request from the listener through the
// rooms to the single wide log event that is written when it ends, and builds
// the process logger. It is the only per-request state that core may see: core
// never meets net/http.
package obs

import (
	"context"
	"fmt"
	"net/netip"
	"strings"
	"time"

	"cognate/internal/base/arn"
)

// Principal is who signed a request. The zero value means that nobody did
// (unsigned operations).
type Principal struct {
	// Account is the twelve-digit account the principal belongs to.
	Account string
	// ARN names the principal, for the root user arn:aws:iam::<account>:root.
	ARN string
	// UserID is the unique id that GetCallerIdentity answers; for root the account.
	UserID string
	// AccessKeyID is the key that signed. It is public, the secret never is.
	AccessKeyID string
	// Root is true for the account's root user, which may do everything.
	Root bool
	// Of is what the room that knows the principal keeps about it, a pointer; nobody else looks into it.
	Of any
}

// IsZero reports whether nobody signed the request.
func (p Principal) IsZero() bool { return p == Principal{} }

// Request holds what is known about one request. The listener fills the first
// block; the rooms fill Pool to Cause while they work. It belongs to the
// goroutine that serves the request and must not be written by others.
type Request struct {
	ID        string     // request id, also sent as x-amzn-RequestId
	Service   string     // AWS service as the caller named it: cognito-idp
	Target    string     // what was asked for, where no operation is known
	Operation string     // AWS operation name or web route
	ClientIP  netip.Addr // the caller's address after trusted proxies
	UserIP    netip.Addr // of the user for whom a trusted caller asks, as the caller tells it
	UserAgent string
	Languages string    // what the caller reads: the header Accept-Language, cut short
	Language  string    // in which a page is shown; "" where none is
	Start     time.Time // real time, not the dev clock

	Pool    string // user pool id
	Client  string // app client id
	User    string // sub; never an e-mail address or phone number
	Outcome string // exception code, or "" for success
	Cause   string // why it was refused; log only
	Warning string // what its author should know of what was done; log only
	// Decision is the policy statement that allowed or refused what was asked for; log only.
	Decision string
	// Encoded is the same with all that it was decided by, sealed for DecodeAuthorizationMessage; of refusals only.
	Encoded string
	Secure  bool // the connection was encrypted
	// After is how long it takes until a lock or a limit lets the caller try again, where it was one that refused.
	After time.Duration

	Principal Principal
	// Region is the one of the credential scope: the Region of what the request
	// makes, finds and lists. It is empty where nobody signed, which finds what it
	// names in every Region.
	Region arn.Region
}

type requestKey struct{}

// With returns a context that carries r.
func With(ctx context.Context, r *Request) context.Context {
	return context.WithValue(ctx, requestKey{}, r)
}

// From returns the request that ctx carries. It never returns nil: outside a
// request (jobs, tests) callers get a fresh record whose content is lost.
func From(ctx context.Context) *Request {
	if r, ok := ctx.Value(requestKey{}).(*Request); ok && r != nil {
		return r
	}
	return &Request{}
}

// Warn records what the author of a request should know of what it did, for the log event. It never reaches the wire, and
// is cut like a cause.
func Warn(ctx context.Context, format string, args ...any) {
	From(ctx).Warning = clip(fmt.Sprintf(format, args...))
}

func clip(text string) string {
	if len(text) > maxCause {
		return strings.ToValidUTF8(text[:maxCause], "") + "..."
	}
	return text
}

// maxCause bounds a cause, in bytes.
const maxCause = 512

// Cause records why the request is being refused, for the log event and for
// "cognate explain". The first cause is kept, because it is the one nearest to
// the decision. It never reaches the wire and must never contain secrets:
// passwords, codes, tokens or key material. Causes that quote what a caller sent
// are cut, so that a request costs the log no more than a line.
func Cause(ctx context.Context, format string, args ...any) {
	r := From(ctx)
	if r.Cause != "" {
		return
	}
	r.Cause = clip(fmt.Sprintf(format, args...))
}
