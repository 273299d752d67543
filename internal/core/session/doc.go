// Package session shows users and administrators the sessions of a user, one by one, and ends them.
//
// The records themselves, their number and what ends with them belong to the token room; what is tracked at all is a
// setting of the pool. This room adds who may see and end which session, and what a session looks like from outside.
package session
