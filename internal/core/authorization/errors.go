package authorization

import "errors"

// Error codes of authorization answers (RFC 6749 section 4.1.2.1, OpenID Connect Core section 3.1.2.6, RFC 8707).
const (
	CodeRequest       = "invalid_request"
	CodeUnauthorized  = "unauthorized_client"
	CodeDenied        = "access_denied"
	CodeResponseType  = "unsupported_response_type"
	CodeServer        = "server_error"
	CodeLogin         = "login_required"
	CodeBusy          = "temporarily_unavailable"
	CodeTarget        = "invalid_target"
	CodeNoRequest     = "request_not_supported"
	CodeNoRequestURI  = "request_uri_not_supported"
	scopeDescription  = "invalid_scope"
	errorMismatch     = "redirect_mismatch"
	errorMissing      = "Required parameters missing"
	errorUnauthorized = "unauthorized_client"
)

// Refused is a request that no redirect may answer, because where it would lead to is not proven to be the client's. Code
// is the value of error on the error page, and Cause tells developers why.
type Refused struct{ Code, ClientID, Cause string }

// Error implements error.
func (e *Refused) Error() string { return "authorization: " + e.Code + ": " + e.Cause }

// Denied is a request that is answered by a redirect to the client with an error. Cause tells developers why.
type Denied struct {
	Request    *Request
	Code, Text string
	Cause      string
}

// Error implements error.
func (e *Denied) Error() string { return "authorization: " + e.Code + ": " + e.Cause }

// ErrNoSession means that the browser's managed-login session does not answer the request: somebody has to sign in.
var ErrNoSession = errors.New("authorization: no managed-login session that would do")

// The refusals of codes.
var (
	// ErrCode is a code that is unknown, used, expired, or somebody else's.
	ErrCode = errors.New("authorization: no such code")
	// ErrRedirect is a redirect URI other than the one that the code was issued for.
	ErrRedirect = errors.New("authorization: another redirect URI")
)
