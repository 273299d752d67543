// Package recovery serves the recovery codes of users below their pool's issuer, <issuer>/recovery-codes. AWS has no
// operation for them, so they are a protected resource of their own (RFC 6750): POST makes a new set, GET tells how many
// codes are left, DELETE removes them, all by the access token of a signed-in user.
//
// The rules are those of core/factor; this is only their translation to HTTP.
package recovery
