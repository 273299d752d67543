// Package cli turns command lines into calls of the packages that do the work:
// cognate dev and serve start a server, the other commands operate one.
package cli
