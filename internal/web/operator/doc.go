// Package operator is what people and machines that run a server see below
// /_cognate/: health, readiness, metrics and, in dev, the inbox of sent
// messages, the movable clock and whole-state snapshots.
//
// The tools of dev are open to this machine, as those of other development
// servers are: programs by any user of it, and its pages, but no page of somebody
// else and no name but the server's own. Functions and their events are for the
// user who runs the server alone.
package operator
