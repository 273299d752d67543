package directory

import (
	"errors"

	"cognate/internal/api/cognitoidp"
)

// Sentinels of the capability methods. ErrUsernameExists and ErrAliasExists are matched by *AliasTaken, which names the
// attribute.
var (
	ErrUserNotFound   = errors.New("directory: user does not exist")
	ErrUsernameExists = errors.New("directory: user name is taken")
	ErrAliasExists    = errors.New("directory: alias is taken")
	ErrGroupNotFound  = errors.New("directory: group does not exist")
)

// AliasTaken reports that a name belongs to another user.
type AliasTaken struct {
	Attribute string // "username", "email", "phone_number" or "preferred_username"
	Sign      bool   // the attribute is the user name of this pool (UsernameAttributes)
}

// Error names the attribute, never the value.
func (e *AliasTaken) Error() string { return "directory: " + e.Attribute + " is taken" }

// Is makes a taken user name match ErrUsernameExists and any other taken name ErrAliasExists. A taken sign-in attribute
// matches both: it is a UsernameExistsException while a user is made and an AliasExistsException afterwards.
func (e *AliasTaken) Is(target error) bool {
	switch target {
	case ErrUsernameExists:
		return e.Attribute == kindUsername || e.Sign
	case ErrAliasExists:
		return e.Attribute != kindUsername
	}
	return false
}

// Taken is the refusal of an address or name that another user holds, as the exception that the operation declares for
// it; attribute is its name.
func Taken(exception func(format string, args ...any) error, attribute string) error {
	return exception("An account with the given %s already exists.", attribute)
}

// UserNotFound returns the UserNotFoundException of administrative and token-authorised operations.
func UserNotFound() error {
	return NoUser(cognitoidp.NewUserNotFound)
}

// NoUser is UserNotFound as the exception that the operation declares for it.
func NoUser(exception func(format string, args ...any) error) error {
	return exception("User does not exist.")
}

// Disabled is the refusal of a user who may not act.
func Disabled() error { return cognitoidp.NewNotAuthorized("User is disabled.") }

// InvalidPaginationToken is the refusal of a token that does not continue the list.
func InvalidPaginationToken() error {
	return cognitoidp.NewInvalidParameter("Invalid pagination token given.")
}

func groupNotFound() error { return cognitoidp.NewResourceNotFound("Group not found.") }

func errUnauthorizedWrite() error {
	return cognitoidp.NewNotAuthorized("A client attempted to write unauthorized attribute")
}

// refuse turns a sentinel of this room into the exception that every operation of this room declares for it; other
// errors pass through.
func refuse(err error) error {
	var taken *AliasTaken
	switch {
	case errors.Is(err, ErrUserNotFound):
		return UserNotFound()
	case errors.Is(err, ErrGroupNotFound):
		return groupNotFound()
	case errors.As(err, &taken):
		return Taken(cognitoidp.NewAliasExists, taken.Attribute)
	}
	return err
}
