package signin

import (
	"cognate/internal/api/cognitoidp"
	"cognate/internal/core/guard"
)

// The texts of this room are AWS's, see spec/user-pools-errors.md sections 1 to 3; clients compare whole strings. Those
// that other rooms have too stand there.

func errLocked() error {
	return guard.Locked(cognitoidp.NewNotAuthorized("Password attempts exceeded"))
}

func errTemporaryExpired() error {
	return cognitoidp.NewNotAuthorized("Temporary password has expired and must be reset by an administrator.")
}

func errUnconfirmed() error { return cognitoidp.NewUserNotConfirmed("User is not confirmed.") }

func errResetRequired() error {
	return cognitoidp.NewPasswordResetRequired("Password reset required for the user")
}

func errProvided(attribute string) error {
	return cognitoidp.NewNotAuthorized("Cannot modify an already provided %s", attribute)
}

func errNoFactorLeft() error {
	return cognitoidp.NewNotAuthorized("The user has no second factor that this sign-in could use.")
}

// errOutOfReach refuses a level for which the user has not the factors; no set-up is offered.
func errOutOfReach() error {
	return cognitoidp.NewInvalidParameter("The user has no factors that satisfy the requested authentication level.")
}

func errCustomAuthOff() error {
	return cognitoidp.NewInvalidParameter("Custom auth lambda trigger is not configured for the user pool.")
}

// errBusy is an own text: AWS documents none for a user whom others keep changing.
func errBusy() error {
	return cognitoidp.NewTooManyRequests("The user is being changed by other requests. Try again.")
}

func errNotBuilt(what string) error {
	return cognitoidp.NewOperationNotEnabled("%s is not built yet in this version of Cognate.", what)
}

func errTimestamp() error {
	return cognitoidp.NewInvalidParameter("TIMESTAMP format should be EEE MMM d HH:mm:ss z yyyy in english.")
}
