// Package policy is the policy language of AWS IAM: it parses documents and decides requests by them.
//
// Parse reads a document strictly, refuses with IAM's own texts and compiles it; the Policy that comes out never changes
// and may be shared. Evaluate takes what is known about one request and the policies that apply to it, layer by layer
// (identity, resource, permissions boundary, session), and answers allowed, implicitDeny or explicitDeny together with
// the layer and the statement that decided. The package reads no clock, no database and no network: whoever asks puts
// the context keys of the request into it.
package policy
