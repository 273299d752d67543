// Package password holds what Cognate knows about passwords: the pool's policy with AWS's texts, the stored credential
// (an SRP verifier with its salt, and the hashes of earlier ones), temporary passwords, and the fake credential that
// stands in for users that do not exist.
//
// All of it is pure: nothing here reads the database or the clock, and nothing keeps a plain password.
package password
