package wire

import (
	"context"
	"net/http"
	"time"

	"cognate/internal/api/rt"
	"cognate/internal/base/arn"
	"cognate/internal/base/obs"
)

// Protocol is one of AWS's wire formats. Implementations hold no state.
type Protocol interface {
	// Claim reports whether a request's head is in this format. The first
	// protocol that claims a request answers it.
	Claim(reg *Registry, r *http.Request) bool
	// Route finds what is called and writes it into c: Target as the caller named
	// it, Service and Operation as far as they are known. The error is shown to
	// the caller; without one, Operation is set.
	Route(reg *Registry, c *Call) *Failure
	// Decode reads the input. The error is a *rt.SerializationError or, with
	// the input as far as it was read, a *rt.ValidationError.
	Decode(c *Call) (any, error)
	// Output renders a result; out is nil for operations without output shape.
	Output(c *Call, out rt.StructEncoder) Reply
	// Failure renders an error.
	Failure(c *Call, f *Failure) Reply
}

// Call is one request as protocols see it.
type Call struct {
	Request   *http.Request
	Body      []byte
	ID        string // request id
	Target    string // what the caller asked for, known or not
	Service   *Service
	Operation *Operation
	// Parsed is what a protocol keeps from Route for Decode.
	Parsed any
}

// Reply is an answer in a protocol's format.
type Reply struct {
	Status      int
	ContentType string
	Header      []rt.HeadField
	Body        []byte
}

// Authenticator verifies who signed a request. It is called for signed
// operations only.
type Authenticator interface {
	// Authenticate checks the signature of r, whose body was read already, for
	// the named service. Refusals are rt.Exceptions with AWS's codes and texts
	// (MissingAuthenticationTokenException, IncompleteSignatureException,
	// InvalidSignatureException, UnrecognizedClientException,
	// ExpiredTokenException); any other error is internal.
	Authenticate(ctx context.Context, r *http.Request, body []byte, service string) (Caller, error)
}

// Caller is who signed a request, and the Region of the credential scope, which
// is the Region of what the request makes, finds and lists.
type Caller struct {
	Principal obs.Principal
	Region    arn.Region
}

// Authorizer decides whether a principal may do something.
type Authorizer interface {
	// Authorize returns nil to allow. A refusal is an rt.Exception, usually
	// AccessDeniedException; any other error is internal.
	Authorize(ctx context.Context, p obs.Principal, a Action) error
}

// Action is what a caller wants to do.
type Action struct {
	Service   string // cognito-idp
	Operation string // CreateUserPool
	// Resource is the input's resource member as the caller sent it, for
	// cognito-idp a user pool id or an ARN, "" when the operation has none.
	Resource string
	Input    any // the decoded input, for conditions
}

// Auditor keeps a record of what signed operations change.
type Auditor interface {
	// Begin is told of a signed operation before it is authorized. The operation
	// runs with the context it returns; the function, which may be nil, is called
	// with the exception, "" for success, and the output of the operation.
	Begin(ctx context.Context, a Action) (context.Context, func(outcome string, out any))
}

// Metrics is told about every finished request.
type Metrics interface {
	// Observe counts one request. service and operation are "" when unknown;
	// code is the exception name, "" for success.
	Observe(service, operation, code string, status int, took time.Duration)
}
