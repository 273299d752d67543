package rt

import "fmt"

// Exception is an error that a service model declares. Every generated
// exception satisfies it through its pointer type.
type Exception interface {
	error
	// ErrorCode is the exception as the wire names it: its bare name, or the
	// code that a Query service has for it.
	ErrorCode() string
	// ErrorMessage is the text the client sees.
	ErrorMessage() string
	// HTTPStatus is the response status, where the model names none 400 for
	// client faults and 500 for server faults.
	HTTPStatus() int
	// Fault reports whether the server, not the caller, is to blame.
	Fault() bool
}

// MemberEncoder is implemented by exceptions with members besides the message.
type MemberEncoder interface {
	EncodeMembers(e *Encoder)
}

// NotBuilt is what Unimplemented answers: the operation exists on AWS but this
// version of Cognate has no room for it yet.
type NotBuilt struct{ Operation string }

func (e *NotBuilt) Error() string {
	return fmt.Sprintf("%s is not built yet in this version of Cognate", e.Operation)
}

// Common is an error that every service may answer without declaring it. Code is its name in the JSON protocols where
// all services share it (AccessDeniedException); the other protocols have their own names for those.
type Common struct {
	Code    string
	Message string
	Status  int // 400 when zero
}

// NewAccessDenied is the refusal by policy.
func NewAccessDenied(format string, args ...any) error {
	return &Common{Code: "AccessDeniedException", Message: fmt.Sprintf(format, args...)}
}

// Error returns the code and the message.
func (e *Common) Error() string { return e.Code + ": " + e.Message }

// ErrorCode returns the exception name.
func (e *Common) ErrorCode() string { return e.Code }

// ErrorMessage returns the text for the caller.
func (e *Common) ErrorMessage() string { return e.Message }

// HTTPStatus returns the status of the response.
func (e *Common) HTTPStatus() int {
	if e.Status == 0 {
		return 400
	}
	return e.Status
}

// Fault reports whether the server is to blame.
func (e *Common) Fault() bool { return e.HTTPStatus() >= 500 }
