// Package faults runs three nodes on one PostgreSQL, breaks what can break while clients work, and looks up afterwards,
// one by one, what was acknowledged: nothing is lost, no node dies, and nobody waits longer than ten seconds.
package faults
