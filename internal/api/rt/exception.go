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
