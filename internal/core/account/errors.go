package account

import (
	"context"
	"errors"

	"cognate/internal/api/cognitoidp"
	"cognate/internal/base/obs"
	"cognate/internal/core/directory"
)

// Texts: spec/user-pools-errors.md sections 4 and 5.

func errWrongStatus(status cognitoidp.UserStatusType) error {
	return cognitoidp.NewNotAuthorized("User cannot be confirmed. Current status is %s", string(status))
}

func errNoRecovery() error {
	return cognitoidp.NewInvalidParameter("Cannot reset password for the user as there is no registered/verified email or phone_number")
}

func errCannotReset() error {
	return cognitoidp.NewNotAuthorized("User password cannot be reset in the current state.")
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
		return directory.Taken(cognitoidp.NewUsernameExists, taken.Attribute)
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
