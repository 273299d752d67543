package token

import (
	"context"
	"errors"

	"cognate/internal/api/cognitoidp"
	"cognate/internal/base/obs"
	"cognate/internal/core/pool"
)

var (
	// ErrInvalidRefresh means that the text is not a refresh token of this pool and client.
	ErrInvalidRefresh = errors.New("token: not a refresh token of this client")
	// ErrRefreshRevoked means that the token session has ended: revoked, signed out, or the user disabled or deleted.
	ErrRefreshRevoked = errors.New("token: refresh token revoked")
	// ErrRefreshExpired means that the refresh token's time is over.
	ErrRefreshExpired = errors.New("token: refresh token expired")
	// ErrRefreshReuse means that the refresh token was rotated out and its grace period is over. The token session has
	// to be ended with RevokeReused: client and thief cannot be told apart.
	ErrRefreshReuse = errors.New("token: refresh token used after rotation")
	// ErrChanges means that the changes to the claims are more, or make longer tokens, than is allowed.
	ErrChanges = errors.New("token: too many changes to the claims")
	// ErrNoKeys means that a pool has no signing key that may be used.
	ErrNoKeys = errors.New("token: no signing key")
	// ErrRotating means that a rotation of the pool's signing keys is under way already.
	ErrRotating = errors.New("token: a key rotation is under way")
)

// Refusal turns a sentinel of the functions that issue tokens into AWS's exception; other errors pass through.
func Refusal(err error) error {
	switch {
	case errors.Is(err, ErrInvalidRefresh):
		return invalidRefresh(cognitoidp.NewNotAuthorized)
	case errors.Is(err, ErrRefreshRevoked):
		return cognitoidp.NewNotAuthorized("Refresh Token has been revoked")
	case errors.Is(err, ErrRefreshExpired):
		return cognitoidp.NewNotAuthorized("Refresh Token has expired")
	case errors.Is(err, ErrRefreshReuse):
		return cognitoidp.NewRefreshTokenReuse("Refresh token reuse detected")
	case errors.Is(err, ErrChanges):
		return pool.UnrecognizableOutput(cognitoidp.NewInvalidLambdaResponse)
	}
	return err
}

func invalidRefresh(exception func(format string, args ...any) error) error {
	return exception("Invalid Refresh Token.")
}

// The refusals of access tokens, in AWS's words.

// InvalidAccess is the refusal of a text that is no access token, or one of another pool.
func InvalidAccess() error { return cognitoidp.NewNotAuthorized("Invalid Access Token") }
func errBadSignature() error {
	return cognitoidp.NewNotAuthorized("Could not verify signature for Access Token")
}
func errAccessExpired() error { return cognitoidp.NewNotAuthorized("Access Token has expired") }

// AccessRevoked is the refusal of an access token whose session or user is gone.
func AccessRevoked() error { return cognitoidp.NewNotAuthorized("Access Token has been revoked") }
func errScope() error {
	return cognitoidp.NewNotAuthorized("Access Token does not have required scopes")
}

// errClient refuses a client that did not prove who it is. RevokeToken declares no ResourceNotFoundException, so an
// unknown client looks the same.
func errClient() error {
	return cognitoidp.NewUnauthorized("Invalid client or client secret")
}

func refusalOfClient(ctx context.Context, err error) error {
	if errors.Is(err, pool.ErrClientNotFound) || errors.Is(err, pool.ErrPoolNotFound) {
		obs.Cause(ctx, "unknown client")
		return errClient()
	}
	return err
}

// refusalOfRevoked renders the errors of a text that was to be revoked.
func refusalOfRevoked(err error) error {
	if errors.Is(err, ErrInvalidRefresh) {
		return invalidRefresh(cognitoidp.NewInvalidParameter)
	}
	return err
}
