package directory

import (
	"errors"

	"cognate/internal/base/db"
)

// insertPurge lists a deleted group for removal of its memberships.
func insertPurge(tx *db.Tx, poolID, groupID string) error {
	_, err := tx.Exec(`INSERT INTO group_purge (pool_id, group_id) VALUES ($1, $2)
		ON CONFLICT (pool_id, group_id) DO NOTHING`, poolID, groupID)
	return err
}

func deletePurge(poolID, groupID string) db.Stmt {
	return db.Stmt{SQL: `DELETE FROM group_purge WHERE pool_id = $1 AND group_id = $2`, Args: []any{poolID, groupID}}
}

// nextPurge returns one entry of the list, ok false when it is empty.
func nextPurge(tx *db.Tx) (poolID, groupID string, ok bool, err error) {
	err = tx.QueryRow(`SELECT pool_id, group_id FROM group_purge ORDER BY pool_id, group_id LIMIT 1`).
		Scan(&poolID, &groupID)
	if errors.Is(err, db.ErrNoRows) {
		return "", "", false, nil
	}
	return poolID, groupID, err == nil, err
}

// purgeGroup removes up to limit memberships of a deleted group, and with the last of them its entry in the list. It
// returns how many memberships it removed.
func purgeGroup(tx *db.Tx, poolID, groupID string, limit int) (int, error) {
	rows, err := tx.Query(`SELECT sub, group_name FROM group_user WHERE pool_id = $1 AND group_id = $2
		ORDER BY sub LIMIT $3`, poolID, groupID, limit)
	if err != nil {
		return 0, err
	}
	var stmts []db.Stmt
	for rows.Next() {
		var sub, name string
		if err := rows.Scan(&sub, &name); err != nil {
			return 0, err
		}
		m := membership{group: name, id: groupID}
		stmts = append(stmts, deleteMember(poolID, sub, m), deleteGroupUser(poolID, sub, m))
	}
	if err := rows.Err(); err != nil {
		return 0, err
	}
	n := len(stmts) / 2
	if n < limit {
		stmts = append(stmts, deletePurge(poolID, groupID))
	}
	_, err = tx.ExecBatch(stmts...)
	return n, err
}

// poolTables are the statements that remove a limited number of rows of a pool, one per table of this room.
var poolTables = [...]string{
	`DELETE FROM user_alias WHERE pool_id = $1 AND (value, kind) IN
		(SELECT value, kind FROM user_alias WHERE pool_id = $1 LIMIT $2)`,
	`DELETE FROM user_search WHERE pool_id = $1 AND (attribute, value, sub) IN
		(SELECT attribute, value, sub FROM user_search WHERE pool_id = $1 LIMIT $2)`,
	`DELETE FROM group_member WHERE pool_id = $1 AND (sub, group_name, group_id) IN
		(SELECT sub, group_name, group_id FROM group_member WHERE pool_id = $1 LIMIT $2)`,
	`DELETE FROM group_user WHERE pool_id = $1 AND (group_id, sub) IN
		(SELECT group_id, sub FROM group_user WHERE pool_id = $1 LIMIT $2)`,
	`DELETE FROM user_group WHERE pool_id = $1 AND name IN
		(SELECT name FROM user_group WHERE pool_id = $1 LIMIT $2)`,
	`DELETE FROM group_purge WHERE pool_id = $1 AND group_id IN
		(SELECT group_id FROM group_purge WHERE pool_id = $1 LIMIT $2)`,
	`DELETE FROM directory_user WHERE pool_id = $1 AND sub IN
		(SELECT sub FROM directory_user WHERE pool_id = $1 LIMIT $2)`,
}

// purgePool removes up to limit rows of a deleted pool and returns how many.
func purgePool(tx *db.Tx, poolID string, limit int) (int, error) {
	done := 0
	for _, sql := range poolTables {
		if done >= limit {
			break
		}
		n, err := tx.Exec(sql, poolID, limit-done)
		if err != nil {
			return done, err
		}
		done += int(n)
	}
	return done, nil
}
