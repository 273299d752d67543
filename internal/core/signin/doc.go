// Package signin is the sign-in engine: every authentication flow and every
// challenge answer passes through it, whether it came from the public API, the
// admin API or a browser page, so that checks, their order and their texts can
// never differ between those doors.
//
// A flow is a short sequence of hops. Each hop proves one thing, and the
// dispatcher in next.go alone decides what comes after it. Between hops the
// state travels in a sealed, single-use Session string (package challenge);
// nothing is written until a proof was accepted or refused.
package signin
