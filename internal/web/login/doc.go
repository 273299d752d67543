// Package login serves the pages that people see in a browser, below a pool's
// address. Its page is the one that a confirmation link opens.
package login
