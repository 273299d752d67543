package directory

import (
	"errors"

	"cognate/internal/base/db"
)

// group is the row of a group.
type group struct {
	name, id, description, roleArn string
	precedence                     int64 // -1 when unset
	created, modified              int64
}

// membership is one group of a user, as the user's rows name it.
type membership struct{ group, id string }

func readGroup(tx *db.Tx, poolID, name string) (group, error) {
	g := group{name: name}
	err := tx.QueryRow(`SELECT id, description, role_arn, precedence, created_at, modified_at
		FROM user_group WHERE pool_id = $1 AND name = $2`, poolID, name).
		Scan(&g.id, &g.description, &g.roleArn, &g.precedence, &g.created, &g.modified)
	if errors.Is(err, db.ErrNoRows) {
		return g, ErrGroupNotFound
	}
	return g, err
}

func scanGroups(rows *db.Rows) ([]group, error) {
	var out []group
	for rows.Next() {
		var g group
		if err := rows.Scan(&g.name, &g.id, &g.description, &g.roleArn, &g.precedence, &g.created, &g.modified); err != nil {
			return nil, err
		}
		out = append(out, g)
	}
	return out, rows.Err()
}

// pageGroups reads up to limit groups whose name is above after, by name.
func pageGroups(tx *db.Tx, poolID, after string, limit int) ([]group, error) {
	rows, err := tx.Query(`SELECT name, id, description, role_arn, precedence, created_at, modified_at
		FROM user_group WHERE pool_id = $1 AND name > $2 AND name < $3 ORDER BY name LIMIT $4`, poolID, after, aboveTexts, limit)
	if err != nil {
		return nil, err
	}
	return scanGroups(rows)
}

// groupKeys is the number of keys of readGroups, enough for nearly every user.
const groupKeys = 20

var groupsByName = pointReads(groupKeys, `SELECT name, id, description, role_arn, precedence, created_at, modified_at
	FROM user_group WHERE pool_id = $1 AND name = $`)

// readGroups reads up to groupKeys groups by name, in no order.
func readGroups(tx *db.Tx, poolID string, names []string) ([]group, error) {
	if len(names) == 1 {
		g, err := readGroup(tx, poolID, names[0])
		if errors.Is(err, ErrGroupNotFound) {
			return nil, nil
		}
		return []group{g}, err
	}
	rows, err := tx.Query(groupsByName, pointArgs(groupKeys, poolID, names)...)
	if err != nil {
		return nil, err
	}
	return scanGroups(rows)
}

func countGroups(tx *db.Tx, poolID string) (n int64, err error) {
	err = tx.QueryRow(`SELECT count(*) FROM user_group WHERE pool_id = $1`, poolID).Scan(&n)
	return n, err
}

// insertGroup reports false when the name is taken.
func insertGroup(tx *db.Tx, poolID string, g group) (bool, error) {
	n, err := tx.Exec(`INSERT INTO user_group (pool_id, name, id, description, role_arn, precedence, created_at, modified_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (pool_id, name) DO NOTHING`,
		poolID, g.name, g.id, g.description, g.roleArn, g.precedence, g.created, g.modified)
	return n == 1, err
}

// updateGroup overwrites the settings of the group with g's id; ErrGroupNotFound when it is gone.
func updateGroup(tx *db.Tx, poolID string, g group) error {
	n, err := tx.Exec(`UPDATE user_group SET description = $4, role_arn = $5, precedence = $6, modified_at = $7
		WHERE pool_id = $1 AND name = $2 AND id = $3`,
		poolID, g.name, g.id, g.description, g.roleArn, g.precedence, g.modified)
	if err == nil && n == 0 {
		return ErrGroupNotFound
	}
	return err
}

// lockGroup keeps the group from being deleted until the transaction ends.
func lockGroup(tx *db.Tx, poolID string, g group) error {
	n, err := tx.Exec(`UPDATE user_group SET modified_at = modified_at WHERE pool_id = $1 AND name = $2 AND id = $3`,
		poolID, g.name, g.id)
	if err == nil && n == 0 {
		return ErrGroupNotFound
	}
	return err
}

// removeGroup deletes the row of a group and lists its memberships for removal; ErrGroupNotFound when it is gone.
func removeGroup(tx *db.Tx, poolID string, g group) error {
	n, err := tx.Exec(`DELETE FROM user_group WHERE pool_id = $1 AND name = $2 AND id = $3`, poolID, g.name, g.id)
	if err != nil {
		return err
	}
	if n == 0 {
		return ErrGroupNotFound
	}
	return insertPurge(tx, poolID, g.id)
}

// readMemberships lists the memberships of a user, those of deleted groups among them, by group name.
func readMemberships(tx *db.Tx, poolID, sub string) ([]membership, error) {
	rows, err := tx.Query(`SELECT group_name, group_id FROM group_member WHERE pool_id = $1 AND sub = $2
		ORDER BY group_name`, poolID, sub)
	if err != nil {
		return nil, err
	}
	var out []membership
	for rows.Next() {
		var m membership
		if err := rows.Scan(&m.group, &m.id); err != nil {
			return nil, err
		}
		out = append(out, m)
	}
	return out, rows.Err()
}

func insertMember(poolID, sub string, m membership) db.Stmt {
	return db.Stmt{SQL: `INSERT INTO group_member (pool_id, sub, group_name, group_id) VALUES ($1, $2, $3, $4)
		ON CONFLICT (pool_id, sub, group_name, group_id) DO NOTHING`, Args: []any{poolID, sub, m.group, m.id}}
}

func insertGroupUser(poolID, sub string, m membership) db.Stmt {
	return db.Stmt{SQL: `INSERT INTO group_user (pool_id, group_id, sub, group_name) VALUES ($1, $2, $3, $4)
		ON CONFLICT (pool_id, group_id, sub) DO NOTHING`, Args: []any{poolID, m.id, sub, m.group}}
}

func deleteMember(poolID, sub string, m membership) db.Stmt {
	return db.Stmt{SQL: `DELETE FROM group_member WHERE pool_id = $1 AND sub = $2 AND group_name = $3 AND group_id = $4`,
		Args: []any{poolID, sub, m.group, m.id}}
}

func deleteGroupUser(poolID, sub string, m membership) db.Stmt {
	return db.Stmt{SQL: `DELETE FROM group_user WHERE pool_id = $1 AND group_id = $2 AND sub = $3`,
		Args: []any{poolID, m.id, sub}}
}

// pageMembers reads up to limit members of a group whose sub is above after, by sub.
func pageMembers(tx *db.Tx, poolID, groupID, after string, limit int) ([]string, error) {
	rows, err := tx.Query(`SELECT sub FROM group_user WHERE pool_id = $1 AND group_id = $2 AND sub > $3 AND sub < $4
		ORDER BY sub LIMIT $5`, poolID, groupID, after, aboveSubs, limit)
	if err != nil {
		return nil, err
	}
	return scanTexts(rows)
}

func scanTexts(rows *db.Rows) ([]string, error) {
	var out []string
	for rows.Next() {
		var s string
		if err := rows.Scan(&s); err != nil {
			return nil, err
		}
		out = append(out, s)
	}
	return out, rows.Err()
}
