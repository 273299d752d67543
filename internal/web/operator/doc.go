// Package operator is what people and machines that run a server see below
// /_cognate/: health, readiness, metrics and, in dev, the inbox of sent
// messages, the movable clock and whole-state snapshots.
//
// The dev endpoints have no authentication. They are bound only in dev, and
// state-changing requests from foreign web pages are refused.
package operator
