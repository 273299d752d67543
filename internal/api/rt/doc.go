// Package rt is what the generated API packages stand on: the JSON reader and
// writer, constraint rules with AWS's message texts, timestamps, documents, the
// exception interface and the type of an operation table.
//
// It knows the AWS JSON data model but no service and no transport.
package rt
