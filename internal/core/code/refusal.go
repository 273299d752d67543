package code

import (
	"context"
	"errors"

	"cognate/internal/api/cognitoidp"
	"cognate/internal/base/obs"
	"cognate/internal/core/guard"
)

// Refusal turns a sentinel of this room into AWS's exception, with the cause in the event of the request; other errors
// pass through.
func Refusal(ctx context.Context, err error) error {
	var out error
	switch {
	case errors.Is(err, ErrMismatch):
		out = cognitoidp.NewCodeMismatch("Invalid verification code provided, please try again.")
	case errors.Is(err, ErrExpired):
		out = cognitoidp.NewExpiredCode("Invalid code provided, please request a code again.")
	case errors.Is(err, ErrTooMany):
		out = guard.Locked(TooOften(cognitoidp.NewTooManyFailedAttempts))
	case errors.Is(err, ErrLimited):
		out = guard.Locked(TooOften(cognitoidp.NewLimitExceeded))
	default:
		return err
	}
	obs.Cause(ctx, "%v", err)
	return out
}

// TooOften is AWS's text for what was done too often, as the exception that the operation declares for it.
func TooOften(exception func(format string, args ...any) error) error {
	return guard.TooOften(exception)
}

// Guessed reports whether an error is the answer to a guess, which must be committed, rather than a fault.
func Guessed(err error) bool {
	return errors.Is(err, ErrMismatch) || errors.Is(err, ErrExpired) || errors.Is(err, ErrTooMany)
}
