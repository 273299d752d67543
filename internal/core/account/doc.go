// Package account is the life of an account before and beside sign-in: sign-up
// and its confirmation, invitation by an administrator, and every way a
// password is set, reset or recovered.
//
// Clients that hide users (PreventUserExistenceErrors) must not learn from
// these operations who has an account. A name nobody has is therefore given a
// ghost: a stable made-up sub for which real codes are issued, counted and
// refused, but never sent, so that answers, limits and cost are the same.
package account
