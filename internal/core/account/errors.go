package account

import (
	"context"
	"errors"

	"cognate/internal/api/cognitoidp"
	"cognate/internal/base/obs"
	"cognate/internal/core/code"
	"cognate/internal/core/directory"
)

// Texts: spec/user-pools-errors.md sections 4 and 5.

func errLimit() error {
	return cognitoidp.NewLimitExceeded("Attempt limit exceeded, please try after some time.")
}

func errWrongCode() error {
	return cognitoidp.NewCodeMismatch("Invalid verification code provided, please try again.")
}

func errNoCode() error {
	return cognitoidp.NewExpiredCode("Invalid code provided, please request a code again.")
}

func errTooManyTries() error {
	return cognitoidp.NewTooManyFailedAttempts("Attempt limit exceeded, please try after some time.")
}

func errWrongStatus(status cognitoidp.UserStatusType) error {
	return cognitoidp.NewNotAuthorized("User cannot be confirmed. Current status is %s", string(status))
}

func errDisabled() error { return cognitoidp.NewNotAuthorized("User is disabled.") }

func errNoRecovery() error {
	return cognitoidp.NewInvalidParameter("Cannot reset password for the user as there is no registered/verified email or phone_number")
}

func errCannotReset() error {
	return cognitoidp.NewNotAuthorized("User password cannot be reset in the current state.")
}

func errPasswordUsed() error {
	return cognitoidp.NewPasswordHistoryPolicyViolation("Password has previously been used.")
}

// isCodeRefusal reports whether an error is the answer to a guess, which must
// be committed, rather than a fault.
func isCodeRefusal(err error) bool {
	return errors.Is(err, code.ErrMismatch) || errors.Is(err, code.ErrExpired) || errors.Is(err, code.ErrTooMany)
}

// codeRefusal maps the sentinels of the code room.
func codeRefusal(ctx context.Context, err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, code.ErrMismatch):
		obs.Cause(ctx, "wrong code")
		return errWrongCode()
	case errors.Is(err, code.ErrExpired):
		obs.Cause(ctx, "no live code")
		return errNoCode()
	case errors.Is(err, code.ErrTooMany):
		obs.Cause(ctx, "too many wrong codes")
		return errTooManyTries()
	case errors.Is(err, code.ErrLimited):
		obs.Cause(ctx, "hourly limit of the user")
		return errLimit()
	}
	return err
}

// takenRefusal maps a name that is in use when a user is made: text for the user
// name, AWS's sentence for a sign-in attribute or alias. SignUp and
// AdminCreateUser declare no AliasExistsException.
func takenRefusal(ctx context.Context, err error, text string) error {
	var taken *directory.AliasTaken
	if !errors.As(err, &taken) {
		return err
	}
	obs.Cause(ctx, "%v", err)
	if taken.Attribute != "username" {
		text = "An account with the given " + taken.Attribute + " already exists."
	}
	return cognitoidp.NewUsernameExists("%s", text)
}

// aliasRefusal maps a verified alias that another user holds.
func aliasRefusal(err error) error {
	var taken *directory.AliasTaken
	if errors.As(err, &taken) {
		return cognitoidp.NewAliasExists("An account with the %s already exists.", taken.Attribute)
	}
	return err
}
