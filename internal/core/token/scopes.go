package token

import (
	"slices"
	"strings"
)

// The scopes of OpenID Connect Core section 5.4 that Cognito knows.
const (
	ScopeOpenID  = "openid"
	scopeProfile = "profile"
	scopeEmail   = "email"
	scopePhone   = "phone"
)

// Reveals reports whether scopes let a client see an attribute of the user that it may read. openid alone shows all;
// beside it profile, email and phone narrow that to what they name.
func Reveals(scopes []string, attribute string) bool {
	if !slices.Contains(scopes, ScopeOpenID) {
		return false
	}
	has := func(scope string) bool { return slices.Contains(scopes, scope) }
	if attribute == "sub" || !has(scopeProfile) && !has(scopeEmail) && !has(scopePhone) {
		return true
	}
	switch {
	case attribute == "email", attribute == "email_verified":
		return has(scopeEmail)
	case strings.HasPrefix(attribute, "phone_number"):
		return has(scopePhone)
	case attribute == "address", attribute == "identities":
		return false
	}
	return has(scopeProfile)
}
