// Package pool keeps user pools and app clients: their settings, the attribute schema, MFA configuration and tags.
//
// Settings are stored as AWS's own shapes. What the sign-in path needs of them is an immutable snapshot, Pool or
// Client, that is cached; reading a cached one does not touch the database. A change is seen at once by the node that
// made it and within a second by the others, which poll one change row (Watch).
//
// The package is also the one home of the texts for unknown pools and clients and for refused client secrets.
package pool
