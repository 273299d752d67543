package factor

import (
	"context"
	"time"

	"cognate/internal/base/db"
)

// Forget removes everything of a user, in the transaction that deletes the user.
func (f *Factors) Forget(tx *db.Tx, poolID, sub string) error { return forget(tx, poolID, sub) }

// DropPool removes up to limit rows of a deleted pool and returns how many; call it until it returns 0.
func (f *Factors) DropPool(tx *db.Tx, poolID string, limit int) (int, error) {
	return dropPool(tx, poolID, limit)
}

// Sweep removes up to limit registrations that were not completed in time and old failure counters. It returns how many.
func (f *Factors) Sweep(_ context.Context, tx *db.Tx, now time.Time, limit int) (int, error) {
	return sweep(tx, now, limit)
}
