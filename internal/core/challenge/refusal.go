package challenge

import (
	"context"
	"errors"

	"cognate/internal/api/cognitoidp"
	"cognate/internal/base/obs"
)

// Refusal turns a sentinel of this room into AWS's exception, with the cause in the event of the request; other errors
// pass through.
func Refusal(ctx context.Context, err error) error {
	var out error
	switch {
	case errors.Is(err, ErrExpired):
		out = cognitoidp.NewNotAuthorized("Invalid session for the user, session is expired.")
	case errors.Is(err, ErrSpent):
		out = cognitoidp.NewNotAuthorized("Invalid session for the user, session can only be used once.")
	case errors.Is(err, ErrInvalid):
		out = Unusable()
	default:
		return err
	}
	obs.Cause(ctx, "%v", err)
	return out
}

// Unusable is the refusal of a session that is not good for what it came with.
func Unusable() error { return cognitoidp.NewNotAuthorized("Invalid session for the user.") }
