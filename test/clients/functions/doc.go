// Package functions runs the same trigger functions in Node.js, Python and Go
// against the built server, once as processes that the server supervises and
// once through the Invoke API of Lambda, and holds that people notice no
// difference. What answers the Invoke API here is a small server of the tests
// that runs the functions with the same host; Lambda itself cannot run here.
//
// samples are the functions that docs/triggers.md explains and that
// test/clients/js drives with amazon-cognito-identity-js.
package functions
