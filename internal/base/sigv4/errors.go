package sigv4

import (
	"errors"
	"fmt"
)

// Kind classifies why a request was not authenticated.
type Kind int

// The kinds, named after the AWS errors that they become.
const (
	MissingAuthenticationToken Kind = iota + 1
	IncompleteSignature
	InvalidSignature
	UnrecognizedClient
	ExpiredToken
)

var kindCodes = map[Kind]string{
	MissingAuthenticationToken: "MissingAuthenticationTokenException",
	IncompleteSignature:        "IncompleteSignatureException",
	InvalidSignature:           "InvalidSignatureException",
	UnrecognizedClient:         "UnrecognizedClientException",
	ExpiredToken:               "ExpiredTokenException",
}

const (
	textMismatch = "The request signature we calculated does not match the signature you provided. " +
		"Check your AWS Secret Access Key and signing method. Consult the service documentation for details."
	textMissing = "Missing Authentication Token"
	textUnknown = "The security token included in the request is invalid."
	textExpired = "The security token included in the request is expired"
)

// Error is a refused signature. It has the methods of an AWS exception in the
// JSON protocols; other protocols map Kind to their own codes.
type Error struct {
	Kind    Kind
	Message string // AWS's text, for the caller
	Reason  string // what failed, for the log only
}

// Error implements error; it shows the reason, not only what the caller is told.
func (e *Error) Error() string {
	if e.Reason == "" {
		return fmt.Sprintf("sigv4: %s: %s", e.ErrorCode(), e.Message)
	}
	return fmt.Sprintf("sigv4: %s: %s", e.ErrorCode(), e.Reason)
}

// ErrorCode is the error's name in the JSON protocols.
func (e *Error) ErrorCode() string { return kindCodes[e.Kind] }

// ErrorMessage is the text for the caller.
func (e *Error) ErrorMessage() string { return e.Message }

// HTTPStatus is the status in the AWS JSON protocols.
func (e *Error) HTTPStatus() int { return 400 }

// Fault is false: the caller is to blame.
func (e *Error) Fault() bool { return false }

// ErrUnknownKey is returned by a Lookup that does not know the access key id
// or finds that the session token does not belong to it.
var ErrUnknownKey = errors.New("sigv4: unknown access key or session token")

// ErrTokenExpired is returned by a Lookup for temporary credentials whose time is over.
var ErrTokenExpired = errors.New("sigv4: session token has expired")

// UnknownKey is the refusal of a key as AWS words it for one that does not exist; reason is for the log.
func UnknownKey(reason string) error {
	return &Error{Kind: UnrecognizedClient, Message: textUnknown, Reason: reason}
}

func incomplete(format string, args ...any) error {
	return &Error{Kind: IncompleteSignature, Message: fmt.Sprintf(format, args...)}
}

func mismatch(reason string) error {
	return &Error{Kind: InvalidSignature, Message: textMismatch, Reason: reason}
}

// invalid is an InvalidSignature with a text of its own.
func invalid(format string, args ...any) error {
	return &Error{Kind: InvalidSignature, Message: fmt.Sprintf(format, args...)}
}
