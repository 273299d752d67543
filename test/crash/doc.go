// Package crash kills a loaded Cognate again and again and holds it to its word: whatever was acknowledged before the
// kill is there after the restart, and nothing is half there.
package crash
