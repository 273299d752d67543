package signin

import (
	"fmt"

	"cognate/internal/api/cognitoidp"
)

// The texts are AWS's, see spec/user-pools-errors.md sections 1 to 3; clients
// compare whole strings.

func errInvalid(format string, args ...any) error {
	return &cognitoidp.InvalidParameterException{Message: fmt.Sprintf(format, args...)}
}

func errRefused(text string) error { return &cognitoidp.NotAuthorizedException{Message: text} }

func errMissing(name string) error { return errInvalid("Missing required parameter %s", name) }

func errWrongPassword() error { return errRefused("Incorrect username or password.") }

func errLocked() error { return errRefused("Password attempts exceeded") }

func errDisabled() error { return errRefused("User is disabled.") }

func errTemporaryExpired() error {
	return errRefused("Temporary password has expired and must be reset by an administrator.")
}

func errBadSession() error { return errRefused("Invalid session for the user.") }

func errSessionExpired() error {
	return errRefused("Invalid session for the user, session is expired.")
}

func errSessionUsed() error {
	return errRefused("Invalid session for the user, session can only be used once.")
}

func errUnknownUser() error {
	return &cognitoidp.UserNotFoundException{Message: "User does not exist."}
}

func errUnconfirmed() error {
	return &cognitoidp.UserNotConfirmedException{Message: "User is not confirmed."}
}

func errResetRequired() error {
	return &cognitoidp.PasswordResetRequiredException{Message: "Password reset required for the user"}
}

func errPasswordUsed() error {
	return &cognitoidp.PasswordHistoryPolicyViolationException{Message: "Password has previously been used."}
}

func errAliasTaken(attribute string) error {
	return &cognitoidp.AliasExistsException{Message: "An account with the given " + attribute + " already exists."}
}

func errProvided(attribute string) error {
	return errRefused("Cannot modify an already provided " + attribute)
}

func errNoFactorLeft() error {
	return errRefused("The user has no second factor that this sign-in could use.")
}

// errOutOfReach refuses a level for which the user has not the factors; no set-up is offered.
func errOutOfReach() error {
	return errInvalid("The user has no factors that satisfy the requested authentication level.")
}

func errCustomAuthOff() error {
	return errInvalid("Custom auth lambda trigger is not configured for the user pool.")
}

func errLambdaOutput() error {
	return &cognitoidp.InvalidLambdaResponseException{Message: "Unrecognizable lambda output"}
}

func errNotBuilt(what string) error {
	return &cognitoidp.OperationNotEnabledException{
		Message: what + " is not built yet in this version of Cognate.",
	}
}

func errTimestamp() error {
	return errInvalid("TIMESTAMP format should be EEE MMM d HH:mm:ss z yyyy in english.")
}
