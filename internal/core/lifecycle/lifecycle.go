// Package lifecycle names what a room has to do when the installation, a pool or a user begins or ends. Every room that
// keeps something exports one Lifecycle; internal/rooms runs all of them, so that no room knows which others exist.
package lifecycle

import (
	"context"
	"time"

	"cognate/internal/base/db"
)

// Lifecycle is what one room keeps and how it lets go of it. A field that a room does not need is nil.
type Lifecycle struct {
	// Name is the room's, and begins the names of its jobs. It stays the same: nodes of several versions share jobs.
	Name string
	// Migrations are the room's tables. They must be readable from the Lifecycle of a room that was not built.
	Migrations []db.Migration

	// PoolMade runs in the transaction that makes a pool, after its data key and row were made.
	PoolMade func(tx *db.Tx, poolID string) error
	// PoolGone runs in the transaction that acknowledges the deletion of a pool, before its data key is destroyed.
	PoolGone func(tx *db.Tx, poolID string) error
	// PurgePool removes up to limit rows of a deleted pool and returns how many. It is called until it returns 0.
	PurgePool func(tx *db.Tx, poolID string, limit int) (int, error)
	// ClientGone runs in the transaction that deletes an app client, after its row.
	ClientGone func(tx *db.Tx, poolID, clientID string) error
	// UserGone runs in the transaction that deletes a user, after the user's row and names.
	UserGone func(tx *db.Tx, poolID, sub string) error

	// Sweep removes up to limit rows whose time is over and returns how many. One node at a time does it.
	Sweep func(ctx context.Context, tx *db.Tx, now time.Time, limit int) (int, error)
	// Run works in the background on every node until ctx is over.
	Run func(ctx context.Context)
	// Flush writes what this node has gathered; every few seconds, and once more before the node ends.
	Flush func(ctx context.Context) error
	// Forget drops what this node has cached, after the database below was replaced.
	Forget func()
}
