package wire

import (
	"context"
	"errors"
	"net/http"

	"cognate/internal/api/rt"
	"cognate/internal/base/db"
	"cognate/internal/base/obs"
	"cognate/internal/base/shed"
)

// textInternal is all that a caller learns about an internal error.
const textInternal = "Something went wrong"

// maxCause bounds what one refusal adds to the log event, in bytes.
const maxCause = 4096

// Failure is an error as a protocol renders it.
type Failure struct {
	Code    string // bare exception name
	Message string // "" when AWS sends none
	Status  int
	Members rt.MemberEncoder // further members, nil for none
	// Common says that the code is not the model's but one that all services of
	// the JSON protocol share; other protocols have other names for those.
	Common bool
}

// Dialect is how a protocol names common errors: by the code of the JSON protocol.
type Dialect map[string]Common

// Common is the code and the status of a common error.
type Common struct {
	Code   string
	Status int
}

// Translate gives the code and the status of a failure.
func (d Dialect) Translate(f *Failure) (code string, status int) {
	if c, ok := d[f.Code]; ok && f.Common {
		return c.Code, c.Status
	}
	return f.Code, f.Status
}

// fromException renders an exception that may be shown as it is.
func fromException(e rt.Exception) *Failure {
	f := &Failure{Code: e.ErrorCode(), Message: e.ErrorMessage(), Status: e.HTTPStatus()}
	f.Members, _ = e.(rt.MemberEncoder)
	return f
}

// outside renders an error of the Authenticator or Authorizer: their
// exceptions need no declaration.
func outside(ctx context.Context, op *Operation, err error) *Failure {
	var e rt.Exception
	if errors.As(err, &e) {
		obs.Cause(ctx, "%v", err)
		f := fromException(e)
		f.Common = true
		return f
	}
	return internal(ctx, op, err)
}

// fromCall renders what an operation answered. Exceptions that the model does
// not declare for it would break typed clients, so they become internal ones.
func fromCall(ctx context.Context, op *Operation, err error) *Failure {
	var notBuilt *rt.NotBuilt
	var common *rt.Common
	var e rt.Exception
	switch {
	case errors.As(err, &common):
		f := fromException(common)
		f.Common = true
		return f
	case errors.As(err, &notBuilt):
		obs.Cause(ctx, "%v", err)
		// Never a 5xx: clients would send the call again.
		code := "OperationNotEnabledException"
		if !op.declares(code) {
			code = "UnsupportedOperationException"
		}
		return &Failure{Code: code, Message: notBuilt.Error(), Status: http.StatusBadRequest, Common: true}
	case errors.As(err, &e) && op.declares(e.ErrorCode()):
		return fromException(e)
	}
	return internal(ctx, op, err)
}

// internal hides err from the caller and puts it into the log event, even when
// a room has noted a cause before.
func internal(ctx context.Context, op *Operation, err error) *Failure {
	req := obs.From(ctx)
	cause := err.Error()
	if req.Cause != "" {
		cause = req.Cause + "; " + cause
	}
	req.Cause = cut(cause, maxCause)
	if ctx.Err() != nil {
		// Nobody reads this answer; it must not count as a fault of the server.
		return &Failure{Code: "RequestAbortedException", Message: "The request was aborted", Status: http.StatusBadRequest, Common: true}
	}
	if errors.Is(err, db.ErrUnavailable) {
		return unavailable()
	}
	code := internalCode(op)
	return &Failure{Code: code, Message: textInternal, Status: http.StatusInternalServerError, Common: op == nil || !op.declares(code)}
}

// unavailable asks the caller to send the request again in a moment, which SDKs do by themselves: for the status, since
// no service declares such an exception.
func unavailable() *Failure {
	return &Failure{
		Code: "ServiceUnavailableException", Message: "The service is temporarily unavailable", Status: http.StatusServiceUnavailable,
		Common: true,
	}
}

// turnedAway asks a caller to come again later. Where the model declares the exception for that it has its name, so that
// typed clients know it; the status is 503 all the same, for proxies and for clients that know no names.
func turnedAway(ctx context.Context, op *Operation, err error) *Failure {
	if !errors.Is(err, shed.ErrOverload) {
		return internal(ctx, op, err)
	}
	obs.Cause(ctx, "%v", err)
	f := unavailable()
	if code := "TooManyRequestsException"; op.declares(code) {
		f.Code, f.Message, f.Common = code, "Too many requests", false
	}
	return f
}

// internalCode is the name that the service of op has for internal errors.
func internalCode(op *Operation) string {
	const usual = "InternalErrorException"
	if op == nil || op.declares(usual) {
		return usual
	}
	for _, code := range []string{"InternalServerException", "KMSInternalException", "ServiceFailure"} {
		if op.declares(code) {
			return code
		}
	}
	return usual
}

func cut(s string, n int) string {
	if len(s) <= n {
		return s
	}
	return s[:n] + "..."
}
