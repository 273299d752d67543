package pool

import (
	"errors"

	"cognate/internal/api/cognitoidp"
)

// Sentinels of the look-ups. PoolRefusal, ClientRefusal and SecretHashRefusal turn them into AWS exceptions.
var (
	// ErrPoolNotFound is an id of no user pool, or of one that is being deleted.
	ErrPoolNotFound = errors.New("pool: no such user pool")
	// ErrClientNotFound is an id of no app client, or of one whose pool is being deleted.
	ErrClientNotFound = errors.New("pool: no such app client")
	// ErrSecretHashMissing is an empty SECRET_HASH for a client that has a secret.
	ErrSecretHashMissing = errors.New("pool: secret hash missing")
	// ErrSecretHashWrong is a SECRET_HASH that no secret of the client makes, or one sent to a client without secret.
	ErrSecretHashWrong = errors.New("pool: secret hash wrong")
)

// PoolRefusal renders ErrPoolNotFound as the ResourceNotFoundException of AWS and leaves other errors alone.
func PoolRefusal(err error, poolID string) error {
	if errors.Is(err, ErrPoolNotFound) {
		return cognitoidp.NewResourceNotFound("%s", Unknown(poolID))
	}
	return err
}

// Unknown says that there is no pool of an id, in AWS's words.
func Unknown(poolID string) string { return "User pool " + poolID + " does not exist." }

// ClientRefusal renders ErrClientNotFound as the ResourceNotFoundException of AWS and leaves other errors alone.
func ClientRefusal(err error, clientID string) error {
	if errors.Is(err, ErrClientNotFound) {
		return cognitoidp.NewResourceNotFound("User pool client %s does not exist.", clientID)
	}
	return err
}

// SecretHashRefusal renders the errors of CheckSecretHash as the NotAuthorizedException of AWS and leaves others alone.
func SecretHashRefusal(c *Client, err error) error {
	switch {
	case errors.Is(err, ErrSecretHashMissing):
		return cognitoidp.NewNotAuthorized("Client %s is configured with secret but SECRET_HASH was not received", c.ID)
	case errors.Is(err, ErrSecretHashWrong):
		return cognitoidp.NewNotAuthorized("Unable to verify secret hash for client %s", c.ID)
	}
	return err
}

// Unproven is the refusal of a client that did not prove who it is, in AWS's words.
func Unproven() error { return cognitoidp.NewNotAuthorized("Invalid client or secret") }

// MissingParameter is the refusal of a parameter that a request has to have.
func MissingParameter(name string) error {
	return cognitoidp.NewInvalidParameter("Missing required parameter %s", name)
}

// InvalidScope is AWS's text for a scope that cannot be had, as the exception that the operation declares for it.
func InvalidScope(exception func(format string, args ...any) error, scope string) error {
	return exception("Invalid scope requested: %s", scope)
}

// UnrecognizableOutput is AWS's text for what a function of the pool answered, as the exception that the operation
// declares for it.
func UnrecognizableOutput(exception func(format string, args ...any) error) error {
	return exception("Unrecognizable lambda output")
}

// InvalidNextToken is the refusal of a token that does not continue the list.
func InvalidNextToken() error { return cognitoidp.NewInvalidParameter("Invalid NextToken.") }

// badPage is the refusal of a page size beyond the largest.
func badPage[N int | int64](most int, asked N) error {
	return cognitoidp.NewInvalidParameter("MaxResults must be between 1 and %d, not %d.", most, asked)
}

// concurrent is the answer to a lost compare-and-swap where the operation declares it.
func concurrent() error {
	return cognitoidp.NewConcurrentModification("The resource was changed by another request. Try again.")
}

// ErrExists is a chosen pool or client id that is taken, also by a pool that is still being deleted.
var ErrExists = errors.New("pool: id is taken")
