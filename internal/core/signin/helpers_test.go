package signin_test

import (
	"maps"
	"testing"

	"cognate/internal/api/cognitoidp"
	"cognate/internal/core/pool"
	. "cognate/internal/testkit/cognitotest"
)

// The refusals that most tests speak of.
const (
	wrong    = "NotAuthorizedException: Incorrect username or password."
	unknown  = "UserNotFoundException: User does not exist."
	disabled = "NotAuthorizedException: User is disabled."
	locked   = "NotAuthorizedException: Password attempts exceeded"
	unready  = "UserNotConfirmedException: User is not confirmed."
	reset    = "PasswordResetRequiredException: Password reset required for the user"
	expired  = "NotAuthorizedException: Temporary password has expired and must be reset by an administrator."
	noHash   = "NotAuthorizedException: Client %s is configured with secret but SECRET_HASH was not received"
	badHash  = "NotAuthorizedException: Unable to verify secret hash for client %s"

	badSession = "NotAuthorizedException: Invalid session for the user."
	lateOne    = "NotAuthorizedException: Invalid session for the user, session is expired."
	usedOne    = "NotAuthorizedException: Invalid session for the user, session can only be used once."

	badRefresh     = "NotAuthorizedException: Invalid Refresh Token."
	revokedRefresh = "NotAuthorizedException: Refresh Token has been revoked"
	lateRefresh    = "NotAuthorizedException: Refresh Token has expired"
	revokedAccess  = "NotAuthorizedException: Access Token has been revoked"
)

func missing(name string) string {
	return "InvalidParameterException: Missing required parameter " + name
}

// confidential gives a client a secret.
func confidential(in *cognitoidp.CreateUserPoolClientRequest) { in.GenerateSecret = new(true) }

// adminAuth is a request of ADMIN_USER_PASSWORD_AUTH.
func adminAuth(c *pool.Client, name, password string) *cognitoidp.AdminInitiateAuthRequest {
	return &cognitoidp.AdminInitiateAuthRequest{
		UserPoolId: c.PoolID, ClientId: c.ID, AuthFlow: cognitoidp.AuthFlowTypeAdminUserPasswordAuth,
		AuthParameters: map[string]string{"USERNAME": name, "PASSWORD": password},
	}
}

func refreshAuth(c *pool.Client, refreshToken string) *cognitoidp.InitiateAuthRequest {
	return &cognitoidp.InitiateAuthRequest{
		ClientId: c.ID, AuthFlow: cognitoidp.AuthFlowTypeRefreshTokenAuth,
		AuthParameters: map[string]string{"REFRESH_TOKEN": refreshToken},
	}
}

// with is a copy of an answer with parameters changed; "-" takes one away.
func with(in *cognitoidp.RespondToAuthChallengeRequest, pairs ...string) *cognitoidp.RespondToAuthChallengeRequest {
	out := *in
	out.ChallengeResponses = maps.Clone(in.ChallengeResponses)
	for i := 0; i+1 < len(pairs); i += 2 {
		out.ChallengeResponses[pairs[i]] = pairs[i+1]
		if pairs[i+1] == "-" {
			delete(out.ChallengeResponses, pairs[i])
		}
	}
	return &out
}

// temporary makes a user who has to change the password Temporary-1.
func temporary(w *World, p *pool.Pool, name string, attrs ...string) {
	w.T.Helper()
	Call(w, w.API.AdminCreateUser, &cognitoidp.AdminCreateUserRequest{
		UserPoolId: p.ID, Username: name, UserAttributes: Attributes(attrs...),
		MessageAction: new(cognitoidp.MessageActionTypeSuppress), TemporaryPassword: new("Temporary-1"),
	})
}

// signUp makes an unconfirmed user.
func signUp(w *World, c *pool.Client, name string, attrs ...string) {
	w.T.Helper()
	Call(w, w.API.SignUp, &cognitoidp.SignUpRequest{
		ClientId: c.ID, Username: name, Password: new(Password), UserAttributes: Attributes(attrs...),
	})
}

func disable(w *World, p *pool.Pool, name string) {
	w.T.Helper()
	Call(w, w.API.AdminDisableUser, &cognitoidp.AdminDisableUserRequest{UserPoolId: p.ID, Username: name})
}

// equal fails the test unless two values are the same.
func equal[T comparable](t testing.TB, what string, got, want T) {
	t.Helper()
	if got != want {
		t.Errorf("%s: %v, want %v", what, got, want)
	}
}
