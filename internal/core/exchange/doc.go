// Package exchange derives tokens from tokens: GetDerivedToken, and the token-exchange grant of the OAuth endpoint
// (RFC 8693), which is the same by another door.
//
// A client hands in the token of a user and gets one that says less: for one audience, with scopes that both the token and
// the client have, until the token would have ended. It belongs to the session of the token and ends with that. With the
// token of an actor the result also says who acts for the user.
//
// Everything that is missing or not understood takes something away: nothing that is left out of a request gives the
// result more than the token had that was handed in.
package exchange
