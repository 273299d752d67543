// Package directory keeps the users of a pool, the names they sign in with, their attributes and their groups.
//
// A user is one row keyed by pool and sub. Every name that finds a user (user name, verified e-mail address, phone
// number, preferred user name) is a row of its own whose primary key makes it unique, so a sign-in is two point reads
// and uniqueness never depends on where the user's row lives. Which of those rows exist follows from the user alone:
// Create, Save and Delete compare what should be there with what was there and write the difference in the caller's
// transaction. The rows that ListUsers searches are kept the same way.
//
// The package names the AWS exceptions and texts of everything that concerns attributes, users and groups; account and
// signin reuse CheckAttributes and Apply so that a rule and its text exist once.
package directory
