// Package registration lets app clients register themselves (RFC 7591), openly or with a token that allows it, as the
// DcrConfiguration of their pool says. What a client is made of, and the rules of its settings, belong to the pool room;
// this one turns what a client says of itself into such settings.
package registration
