// Package lambda calls functions that are written for AWS Lambda: through the
// Invoke API of AWS or of a server that speaks it, as supervised processes of
// this machine for which the package is a Lambda Runtime API host, or through
// a signed HTTPS webhook. Which way a function is reached is said by
// configuration per function ARN and is never guessed.
//
// A Router holds the functions and the policy that is the same for all of them:
// a time limit per attempt, repetition after throttles and lost connections, a
// limit of the answer and a memory of the last invocations.
package lambda

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// MaxPayload is the largest event and the largest answer in bytes (6 MB, as on AWS).
const MaxPayload = 6 << 20

// Invocation is one call of a function.
type Invocation struct {
	// ARN names the function, with or without a version or alias.
	ARN string
	// Payload is the event, JSON.
	Payload []byte
	// Async hands the event over without waiting for the function.
	Async bool
	// RequestID is what the function sees as its request id; made when empty.
	RequestID string
}

// Result is what a function answered.
type Result struct {
	// Payload is the answer, or the JSON of the error when FunctionError is set.
	Payload []byte
	// FunctionError is empty, Handled or Unhandled: the function ran and failed.
	FunctionError string
	// ErrorMessage and ErrorType are read from the error of the function.
	ErrorMessage, ErrorType string
	// Took is the duration of the last attempt.
	Took time.Duration
	// Log is the end of what the function printed, where the transport knows it.
	Log string
}

// The values of Result.FunctionError.
const (
	Handled   = "Handled"
	Unhandled = "Unhandled"
)

// Invoker calls functions. A function that ran and failed is a Result with
// FunctionError; an error says that no answer was obtained and wraps one of the
// sentinels below, or is the context's own error when the caller gave up.
type Invoker interface {
	Invoke(ctx context.Context, in Invocation) (*Result, error)
}

// Reasons why no answer of a function was obtained.
var (
	// ErrNotConfigured: no configuration says how the ARN is reached, or it cannot work here.
	ErrNotConfigured = errors.New("function is not configured")
	// ErrNotFound: the far side, or the path on this machine, does not exist.
	ErrNotFound = errors.New("function does not exist")
	// ErrAccessDenied: the caller may not invoke it, or its address may not be contacted.
	ErrAccessDenied = errors.New("access to the function is denied")
	// ErrThrottled: too many invocations at once; worth another attempt.
	ErrThrottled = errors.New("too many invocations")
	// ErrTimeout: no answer within the time limit.
	ErrTimeout = errors.New("no answer in time")
	// ErrConnection: the connection failed or broke; worth another attempt.
	ErrConnection = errors.New("connection failed")
	// ErrTooLarge: the event or the answer exceeds its size limit.
	ErrTooLarge = errors.New("event or answer is too large")
	// ErrService: the far side failed in another way.
	ErrService = errors.New("the function service failed")
)

// Retryable reports whether another attempt may succeed: after throttles and
// connection failures, never after timeouts or what a function answered.
func Retryable(err error) bool {
	return errors.Is(err, ErrThrottled) || errors.Is(err, ErrConnection)
}

// ServiceError is a refusal of a far side with its own words.
type ServiceError struct {
	Status  int    // HTTP status
	Type    string // AWS error code where one was sent, AccessDeniedException ...
	Message string
	kind    error
}

// Error tells status, code and message.
func (e *ServiceError) Error() string {
	return fmt.Sprintf("%v: status %d %s %s", e.kind, e.Status, e.Type, e.Message)
}

// Unwrap is the sentinel the status stands for.
func (e *ServiceError) Unwrap() error { return e.kind }

// functionFailure is the result of a function that failed without being able to
// say so itself, in the form in which AWS reports it.
func functionFailure(errorType, message string) *Result {
	return &Result{
		Payload: errorJSON(errorType, message), FunctionError: Unhandled, ErrorType: errorType, ErrorMessage: message,
	}
}
