package signin

import "cognate/internal/base/db"

// forgetUser removes the failure counter of a deleted user.
func forgetUser(tx *db.Tx, poolID, sub string) error {
	_, err := tx.Exec(`DELETE FROM signin_failure WHERE pool_id = $1 AND account = $2`, poolID, sub)
	return err
}
