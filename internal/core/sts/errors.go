package sts

import (
	"cognate/internal/api/rt"
	"cognate/internal/api/sts"
)

// Errors that AWS has for Query services without declaring them.
func validation(text string) error { return &rt.Common{Code: "ValidationError", Message: text} }
func parameter(text string) error {
	return &rt.Common{Code: "InvalidParameterValue", Message: text}
}

// invalidToken is what AWS says of a key that means nothing.
func invalidToken() error {
	return &rt.Common{Code: "UnrecognizedClientException", Message: "The security token included in the request is invalid."}
}

// notAuthorized is the refusal of a token or assertion whose role does not trust it, or does not exist.
func notAuthorized(operation string) error {
	return rt.NewAccessDenied("Not authorized to perform sts:%s", operation)
}

// sessionCaller refuses an operation that only long-term keys may call.
func sessionCaller(operation string) error {
	return rt.NewAccessDenied("Cannot call %s with session credentials", operation)
}

func badMFA() error {
	return rt.NewAccessDenied("MultiFactorAuthentication failed with invalid MFA one time pass code.")
}

func tooLong() error {
	return validation("The requested DurationSeconds exceeds the MaxSessionDuration set for this role.")
}

func tooLongChained() error {
	return validation("The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining.")
}

// invalidWeb is the refusal of a web identity token.
func invalidWeb(text string) error { return sts.NewInvalidIdentityToken("%s", text) }
