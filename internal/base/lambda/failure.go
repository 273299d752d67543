package lambda

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"cognate/internal/base/httpkit"
)

// failureBody is the JSON by which functions tell their errors.
type failureBody struct {
	ErrorMessage string `json:"errorMessage"`
	ErrorType    string `json:"errorType"`
}

func errorJSON(errorType, message string) []byte {
	text, _ := json.Marshal(failureBody{ErrorMessage: message, ErrorType: errorType}) // two strings always marshal
	return text
}

// failed makes the result of an error body. Bodies that are not in the usual
// form keep their text as the message, cut to what fits into an error answer.
func failed(payload []byte, kind string) *Result {
	r := &Result{Payload: payload, FunctionError: kind}
	var members map[string]json.RawMessage
	if json.Unmarshal(payload, &members) != nil {
		r.ErrorMessage = cut(strings.TrimSpace(string(payload)), 1024)
		return r
	}
	r.ErrorMessage = text(members["errorMessage"])
	r.ErrorType = text(members["errorType"])
	return r
}

// text reads a JSON string; other values, which functions may give as their
// message, are kept as they are written.
func text(raw json.RawMessage) string {
	var s string
	if len(raw) == 0 || string(raw) == "null" || json.Unmarshal(raw, &s) == nil {
		return s
	}
	return string(raw)
}

func cut(s string, n int) string {
	if len(s) > n {
		s = strings.ToValidUTF8(s[:n], "")
	}
	return s
}

// outgoing maps an error of the HTTP client to a sentinel.
func outgoing(ctx context.Context, err error) error {
	var timeout interface{ Timeout() bool }
	switch {
	case errors.Is(ctx.Err(), context.Canceled):
		return ctx.Err()
	case errors.Is(err, httpkit.ErrForbiddenAddress), errors.Is(err, httpkit.ErrRedirect):
		return fmt.Errorf("%w: %w", ErrAccessDenied, err)
	case errors.Is(err, httpkit.ErrBodyTooLarge):
		return fmt.Errorf("%w: %w", ErrTooLarge, err)
	case ctx.Err() != nil, errors.As(err, &timeout) && timeout.Timeout():
		return fmt.Errorf("%w: %w", ErrTimeout, err)
	}
	return fmt.Errorf("%w: %w", ErrConnection, err)
}

// refusal maps an HTTP status that is not a function's answer.
func refusal(status int, errorType, message string) error {
	kind := ErrService
	switch status {
	case http.StatusUnauthorized, http.StatusForbidden:
		kind = ErrAccessDenied
	case http.StatusNotFound:
		kind = ErrNotFound
	case http.StatusTooManyRequests:
		kind = ErrThrottled
	case http.StatusRequestEntityTooLarge:
		kind = ErrTooLarge
	}
	return &ServiceError{Status: status, Type: errorType, Message: cut(message, 512), kind: kind}
}
