package factor

import (
	"context"
	"errors"

	"cognate/internal/api/cognitoidp"
	"cognate/internal/base/obs"
	"cognate/internal/core/challenge"
	"cognate/internal/core/code"
	"cognate/internal/core/guard"
	"cognate/internal/core/message"
	"cognate/internal/core/password"
)

// Refusal renders a sentinel of this room as the exception with which RespondToAuthChallenge and InitiateAuth answer it
// for a challenge; other errors pass through.
func Refusal(ctx context.Context, name cognitoidp.ChallengeNameType, err error) error {
	totp := name == cognitoidp.ChallengeNameTypeSoftwareTokenMfa
	passkey := name == cognitoidp.ChallengeNameTypeWebAuthn
	note := func() { obs.Cause(ctx, "%s: %v", name, err) } // before other rooms note their causes
	var out error
	switch {
	case errors.Is(err, ErrMismatch) && totp:
		out = cognitoidp.NewCodeMismatch("Invalid code received for user")
	case errors.Is(err, ErrMismatch) && !passkey:
		out = cognitoidp.NewCodeMismatch("Invalid code or auth state for the user.")
	case errors.Is(err, ErrReplayed) && totp:
		out = cognitoidp.NewExpiredCode("Your software token has already been used once.")
	case errors.Is(err, ErrReplayed):
		note()
		out = challenge.Refusal(ctx, challenge.ErrSpent)
	case errors.Is(err, ErrNotSetUp) && totp:
		out = errNoToken()
	case errors.Is(err, ErrMismatch), errors.Is(err, ErrCloned), errors.Is(err, ErrNotSetUp) && passkey:
		out = password.Wrong()
	case errors.Is(err, ErrTooMany):
		out = guard.Locked(password.Wrong())
	case errors.Is(err, ErrNotSetUp):
		out = cognitoidp.NewInvalidParameter("User has no address to which the code of %s can be sent.", name)
	case errors.Is(err, ErrExpired):
		note()
		out = code.Refusal(ctx, code.ErrExpired)
	case errors.Is(err, ErrLimited):
		out = guard.Locked(code.TooOften(cognitoidp.NewTooManyRequests))
	case errors.Is(err, ErrUndeliverable):
		out = message.Undeliverable(err, cognitoidp.NewInvalidParameter)
	case errors.Is(err, ErrNoRelyingParty):
		out = cognitoidp.NewInvalidParameter("The user pool has no relying party for passkeys.")
	default:
		return err
	}
	note()
	return out
}

func errSession(ctx context.Context) error { return challenge.Refusal(ctx, challenge.ErrInvalid) }

func errNoToken() error {
	return cognitoidp.NewSoftwareTokenMFANotFound("Software Token MFA does not exist for the user.")
}

// errNoCredentials refuses a request that has neither of the two ways to say who asks.
func errNoCredentials() error {
	return cognitoidp.NewInvalidParameter("Either AccessToken or Session must be given.")
}

func errTokenOff() error {
	return cognitoidp.NewSoftwareTokenMFANotFound("Software Token MFA has not been enabled by the userPool")
}

func errWrongSetUp() error {
	return cognitoidp.NewEnableSoftwareTokenMFA("Code mismatch and fail enable Software Token MFA")
}
