// Package wire turns HTTP requests into calls of AWS operations and their
// results into AWS's responses. It knows operations, not rules: who signed and
// whether they may are two interfaces that the server fills.
//
// A request takes one way: request id and CORS, protocol, body limit,
// operation, decoding, signature, constraints, permission, call, response,
// one log event. A protocol (wire/awsjson, wire/awsquery, wire/restjson) knows only
// how operations, inputs, outputs and errors look in its format.
package wire
