// Package rt is what the generated API packages stand on: the decoder that reads
// shapes from a source (JSON, a query form, the head of a REST request), the
// encoder that writes them to a sink (JSON, XML, the head of an answer),
// constraint rules with AWS's message texts, timestamps, documents, the
// exception interface and the type of an operation table.
//
// It knows AWS's data model but no service and no transport.
package rt
