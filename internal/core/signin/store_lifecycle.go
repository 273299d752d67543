package signin

import "cognate/internal/base/db"

// forgetUser removes the failure counter of a deleted user and what their running sign-ins keep.
func forgetUser(tx *db.Tx, poolID, sub string) error {
	if err := failures.DropAccount(tx, poolID, sub); err != nil {
		return err
	}
	if err := wrongAnswers.DropAccount(tx, poolID, sub); err != nil {
		return err
	}
	_, err := tx.ExecBatch(
		db.Stmt{SQL: `DELETE FROM signin_custom WHERE pool_id = $1 AND account = $2`, Args: []any{poolID, sub}},
		db.Stmt{SQL: `DELETE FROM signin_device WHERE pool_id = $1 AND account = $2`, Args: []any{poolID, sub}},
	)
	return err
}
