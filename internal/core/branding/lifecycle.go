package branding

import (
	"cognate/internal/base/db"
	"cognate/internal/core/lifecycle"
)

// Lifecycle is what this room does when a pool or a client ends.
func (r *Room) Lifecycle() lifecycle.Lifecycle {
	return lifecycle.Lifecycle{
		Name: "branding", Migrations: Migrations,
		PurgePool: purge, ClientGone: clientGone, Forget: r.forget,
	}
}

// clientGone removes all that a client had.
func clientGone(tx *db.Tx, poolID, clientID string) error {
	s, found, err := styleOf(tx, poolID, clientID)
	if err != nil {
		return err
	}
	if found {
		if err := removeStyle(tx, s); err != nil {
			return err
		}
	}
	if err := removeClassic(tx, poolID, clientID); err != nil {
		return err
	}
	return dropTerms(tx, poolID, clientID)
}

func (r *Room) forget() {
	r.looks.clear()
	r.images.clear()
}
