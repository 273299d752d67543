package rt

import "fmt"

// Exception is an error that a service model declares. Every generated
// exception satisfies it through its pointer type.
type Exception interface {
	error
	// ErrorCode is the bare exception name, as in __type and x-amzn-ErrorType.
	ErrorCode() string
	// ErrorMessage is the text the client sees.
	ErrorMessage() string
	// HTTPStatus is the response status: 400 for client faults, 500 for server faults.
	HTTPStatus() int
	// Fault reports whether the server, not the caller, is to blame.
	Fault() bool
}

// MemberAppender is implemented by exceptions with members besides the
// message. AppendErrorMembers appends each as `,"name":value`.
type MemberAppender interface {
	AppendErrorMembers(b []byte) []byte
}

// NotBuilt is what Unimplemented answers: the operation exists on AWS but this
// version of Cognate has no room for it yet.
type NotBuilt struct{ Operation string }

func (e *NotBuilt) Error() string {
	return fmt.Sprintf("%s is not built yet in this version of Cognate", e.Operation)
}
