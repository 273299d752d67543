package device

import "cognate/internal/base/db"

// Forget removes all devices of a user, in the transaction that deletes the user.
func (d *Devices) Forget(tx *db.Tx, poolID, sub string) error { return deleteUser(tx, poolID, sub) }

// DropPool removes up to limit devices of a deleted pool and returns how many; call it until it returns 0.
func (d *Devices) DropPool(tx *db.Tx, poolID string, limit int) (int, error) {
	return deletePool(tx, poolID, limit)
}
