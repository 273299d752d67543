package account_test

import (
	"testing"

	"cognate/internal/api/cognitoidp"
	"cognate/internal/core/pool"
	. "cognate/internal/testkit/cognitotest"
)

// The refusals that most tests speak of.
const (
	wrongCode   = "CodeMismatchException: Invalid verification code provided, please try again."
	noCode      = "ExpiredCodeException: Invalid code provided, please request a code again."
	tooMany     = "TooManyFailedAttemptsException: Attempt limit exceeded, please try after some time."
	limited     = "LimitExceededException: Attempt limit exceeded, please try after some time."
	unknown     = "UserNotFoundException: User does not exist."
	noClient    = "UserNotFoundException: Username/client id combination not found."
	isConfirmed = "NotAuthorizedException: User cannot be confirmed. Current status is CONFIRMED"
	wrong       = "NotAuthorizedException: Incorrect username or password."
	disabled    = "NotAuthorizedException: User is disabled."
	cannotReset = "NotAuthorizedException: User password cannot be reset in the current state."
	noContact   = "InvalidParameterException: Cannot reset password for the user as there is no registered/verified email or phone_number"
	usedBefore  = "PasswordHistoryPolicyViolationException: Password has previously been used."
	tooShort    = "InvalidPasswordException: Password did not conform with policy: Password not long enough"
	unwritable  = "NotAuthorizedException: A client attempted to write unauthorized attribute"
)

// signUp is a request with a fitting password.
func signUp(c *pool.Client, name string, attrs ...string) *cognitoidp.SignUpRequest {
	return &cognitoidp.SignUpRequest{ClientId: c.ID, Username: name, Password: new(Password), UserAttributes: Attributes(attrs...)}
}

func confirm(c *pool.Client, name, code string) *cognitoidp.ConfirmSignUpRequest {
	return &cognitoidp.ConfirmSignUpRequest{ClientId: c.ID, Username: name, ConfirmationCode: code}
}

func resend(c *pool.Client, name string) *cognitoidp.ResendConfirmationCodeRequest {
	return &cognitoidp.ResendConfirmationCodeRequest{ClientId: c.ID, Username: name}
}

func forgot(c *pool.Client, name string) *cognitoidp.ForgotPasswordRequest {
	return &cognitoidp.ForgotPasswordRequest{ClientId: c.ID, Username: name}
}

func recovery(c *pool.Client, name, code, password string) *cognitoidp.ConfirmForgotPasswordRequest {
	return &cognitoidp.ConfirmForgotPasswordRequest{ClientId: c.ID, Username: name, ConfirmationCode: code, Password: password}
}

func create(p *pool.Pool, name string, attrs ...string) *cognitoidp.AdminCreateUserRequest {
	return &cognitoidp.AdminCreateUserRequest{UserPoolId: p.ID, Username: name, UserAttributes: Attributes(attrs...)}
}

// other is a code that is not the given one.
func other(code string) string {
	if code[0] == '9' {
		return "0" + code[1:]
	}
	return string(code[0]+1) + code[1:]
}

// delivery renders CodeDeliveryDetails.
func delivery(d *cognitoidp.CodeDeliveryDetailsType) string {
	if d == nil {
		return ""
	}
	return *d.AttributeName + " " + string(*d.DeliveryMedium) + " " + *d.Destination
}

func equal[T comparable](t testing.TB, what string, got, want T) {
	t.Helper()
	if got != want {
		t.Errorf("%s: %v, want %v", what, got, want)
	}
}

// aliases lets users sign in by verified addresses, too.
func aliases(in *cognitoidp.CreateUserPoolRequest) {
	in.AliasAttributes = []cognitoidp.AliasAttributeType{"email", "phone_number", "preferred_username"}
	in.AutoVerifiedAttributes = []cognitoidp.VerifiedAttributeType{"email", "phone_number"}
}

// byEmail makes the address the user name.
func byEmail(in *cognitoidp.CreateUserPoolRequest) {
	in.UsernameAttributes = []cognitoidp.UsernameAttributeType{"email"}
	in.UsernameConfiguration = &cognitoidp.UsernameConfigurationType{CaseSensitive: false}
}

// history keeps n passwords from being used again.
func history(n int64) func(*cognitoidp.CreateUserPoolRequest) {
	return func(in *cognitoidp.CreateUserPoolRequest) {
		in.Policies = &cognitoidp.UserPoolPolicyType{PasswordPolicy: &cognitoidp.PasswordPolicyType{
			MinimumLength: new(int64(8)), PasswordHistorySize: &n, TemporaryPasswordValidityDays: new(int64(2))}}
	}
}
