package factor

import (
	"context"
	"errors"

	"cognate/internal/api/cognitoidp"
	"cognate/internal/base/obs"
)

// Refusal renders a sentinel of this room as the exception with which RespondToAuthChallenge and InitiateAuth answer it
// for a challenge; other errors pass through.
func Refusal(ctx context.Context, name cognitoidp.ChallengeNameType, err error) error {
	totp := name == cognitoidp.ChallengeNameTypeSoftwareTokenMfa
	passkey := name == cognitoidp.ChallengeNameTypeWebAuthn
	var out error
	switch {
	case errors.Is(err, ErrMismatch) && totp:
		out = cognitoidp.NewCodeMismatch("Invalid code received for user")
	case errors.Is(err, ErrMismatch) && !passkey:
		out = cognitoidp.NewCodeMismatch("Invalid code or auth state for the user.")
	case errors.Is(err, ErrReplayed) && totp:
		out = cognitoidp.NewExpiredCode("Your software token has already been used once.")
	case errors.Is(err, ErrReplayed):
		out = cognitoidp.NewNotAuthorized("Invalid session for the user, session can only be used once.")
	case errors.Is(err, ErrNotSetUp) && totp:
		out = cognitoidp.NewSoftwareTokenMFANotFound("Software Token MFA does not exist for the user.")
	case errors.Is(err, ErrMismatch), errors.Is(err, ErrCloned), errors.Is(err, ErrTooMany), errors.Is(err, ErrNotSetUp) && passkey:
		out = cognitoidp.NewNotAuthorized("Incorrect username or password.")
	case errors.Is(err, ErrNotSetUp):
		out = cognitoidp.NewInvalidParameter("User has no address to which the code of %s can be sent.", name)
	case errors.Is(err, ErrExpired):
		out = cognitoidp.NewExpiredCode("Invalid code provided, please request a code again.")
	case errors.Is(err, ErrLimited):
		out = cognitoidp.NewTooManyRequests("%s", limitText)
	case errors.Is(err, ErrUndeliverable):
		out = cognitoidp.NewInvalidParameter("The code of %s cannot be delivered: no transport is configured.", name)
	case errors.Is(err, ErrNoRelyingParty):
		out = cognitoidp.NewInvalidParameter("The user pool has no relying party for passkeys.")
	default:
		return err
	}
	obs.Cause(ctx, "%s: %v", name, err)
	return out
}

const limitText = "Attempt limit exceeded, please try after some time."

func errSession() error { return cognitoidp.NewNotAuthorized("Invalid session for the user.") }

func errTokenOff() error {
	return cognitoidp.NewSoftwareTokenMFANotFound("Software Token MFA has not been enabled by the userPool")
}

func errWrongSetUp() error {
	return cognitoidp.NewEnableSoftwareTokenMFA("Code mismatch and fail enable Software Token MFA")
}
