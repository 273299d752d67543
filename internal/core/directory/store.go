package directory

import (
	"errors"
	"strconv"
	"strings"

	"cognate/internal/base/db"
)

// tableUser names the table of users; it is also part of what sealed credentials are bound to.
const tableUser = "directory_user"

// Migrations of this room. user_alias makes every name unique and is read by value alone, whatever the kind;
// user_search is ordered as ListUsers pages; group_member lists the groups of a user, group_user the users of a group.
// Memberships name a group by its random id, so that those of a deleted group are void at once, even when a group of
// the same name is made before the last of them is removed. group_purge lists what is still to be removed.
var Migrations = []db.Migration{{
	ID: "directory/0001",
	Steps: []db.Step{
		db.CreateTable{
			Name: tableUser,
			Columns: []db.Column{
				{Name: "pool_id", Type: db.Text}, {Name: "sub", Type: db.Text}, {Name: "username", Type: db.Text},
				{Name: "status", Type: db.Text}, {Name: "enabled", Type: db.Bool}, {Name: "version", Type: db.Int},
				{Name: "created_at", Type: db.Int}, {Name: "modified_at", Type: db.Int},
				{Name: "attributes", Type: db.Text}, {Name: "pending", Type: db.Text}, {Name: "mfa", Type: db.Text},
				{Name: "credential", Type: db.Blob},
			},
			PrimaryKey: []string{"pool_id", "sub"},
			Wide:       true,
		},
		db.CreateTable{
			Name: "user_alias",
			Columns: []db.Column{
				{Name: "pool_id", Type: db.Text}, {Name: "value", Type: db.Text}, {Name: "kind", Type: db.Text},
				{Name: "sub", Type: db.Text},
			},
			PrimaryKey: []string{"pool_id", "value", "kind"},
		},
		db.CreateTable{
			Name: "user_search",
			Columns: []db.Column{
				{Name: "pool_id", Type: db.Text}, {Name: "attribute", Type: db.Text}, {Name: "value", Type: db.Text},
				{Name: "sub", Type: db.Text},
			},
			PrimaryKey: []string{"pool_id", "attribute", "value", "sub"},
		},
		db.CreateTable{
			Name: "user_group",
			Columns: []db.Column{
				{Name: "pool_id", Type: db.Text}, {Name: "name", Type: db.Text}, {Name: "id", Type: db.Text},
				{Name: "description", Type: db.Text}, {Name: "role_arn", Type: db.Text},
				{Name: "precedence", Type: db.Int}, // -1 when unset
				{Name: "created_at", Type: db.Int}, {Name: "modified_at", Type: db.Int},
			},
			PrimaryKey: []string{"pool_id", "name"},
		},
		db.CreateTable{
			Name: "group_member",
			Columns: []db.Column{
				{Name: "pool_id", Type: db.Text}, {Name: "sub", Type: db.Text}, {Name: "group_name", Type: db.Text},
				{Name: "group_id", Type: db.Text},
			},
			PrimaryKey: []string{"pool_id", "sub", "group_name", "group_id"},
		},
		db.CreateTable{
			Name: "group_user",
			Columns: []db.Column{
				{Name: "pool_id", Type: db.Text}, {Name: "group_id", Type: db.Text}, {Name: "sub", Type: db.Text},
				{Name: "group_name", Type: db.Text},
			},
			PrimaryKey: []string{"pool_id", "group_id", "sub"},
		},
		db.CreateTable{
			Name: "group_purge",
			Columns: []db.Column{
				{Name: "pool_id", Type: db.Text}, {Name: "group_id", Type: db.Text},
			},
			PrimaryKey: []string{"pool_id", "group_id"},
		},
	},
}, {
	// What began before the epoch of a user moved no longer counts; see Epoch.
	ID:    "directory/0002",
	Steps: []db.Step{db.AddColumn{Table: tableUser, Column: db.Column{Name: "epoch", Type: db.Int}}},
}}

// readUser returns db.ErrNoRows when the pool has no such user.
func readUser(tx *db.Tx, poolID, sub string) (record, error) {
	r := record{sub: sub}
	err := tx.QueryRow(`SELECT username, status, enabled, version, created_at, modified_at, attributes, pending, mfa, epoch, credential
		FROM directory_user WHERE pool_id = $1 AND sub = $2`, poolID, sub).
		Scan(&r.username, &r.status, &r.enabled, &r.version, &r.created, &r.modified, &r.attributes, &r.pending, &r.mfa, &r.epoch, &r.credential)
	return r, err
}

// seekUser returns the user with the lowest sub that is not below the given one; false when there is none.
func seekUser(tx *db.Tx, poolID, sub string) (r record, found bool, err error) {
	err = tx.QueryRow(`SELECT sub, username, status, enabled, version, created_at, modified_at, attributes, pending, mfa, epoch, credential
		FROM directory_user WHERE pool_id = $1 AND sub >= $2 AND sub < $3 ORDER BY sub LIMIT 1`, poolID, sub, aboveSubs).
		Scan(&r.sub, &r.username, &r.status, &r.enabled, &r.version, &r.created, &r.modified, &r.attributes, &r.pending, &r.mfa, &r.epoch, &r.credential)
	if errors.Is(err, db.ErrNoRows) {
		return r, false, nil
	}
	return r, err == nil, err
}

// scanUsers reads rows of users without credentials, in the column order of pageUsers and readUsers.
func scanUsers(rows *db.Rows) ([]record, error) {
	var out []record
	for rows.Next() {
		var r record
		if err := rows.Scan(&r.sub, &r.username, &r.status, &r.enabled, &r.version, &r.created, &r.modified,
			&r.attributes, &r.pending, &r.mfa, &r.epoch); err != nil {
			return nil, err
		}
		out = append(out, r)
	}
	return out, rows.Err()
}

// aboveSubs is above every sub. Ranges have an end even where none is needed: a range with two ends is what makes
// PostgreSQL walk the index in order, whatever its statistics say, instead of sorting the pool.
const aboveSubs = "g"

// pageUsers reads up to limit users whose sub is above after and below end ("" for no end), without credentials.
func pageUsers(tx *db.Tx, poolID, after, end string, limit int) ([]record, error) {
	if end == "" {
		end = aboveSubs
	}
	rows, err := tx.Query(`SELECT sub, username, status, enabled, version, created_at, modified_at, attributes, pending, mfa, epoch
		FROM directory_user WHERE pool_id = $1 AND sub > $2 AND sub < $3 ORDER BY sub LIMIT $4`, poolID, after, end, limit)
	if err != nil {
		return nil, err
	}
	return scanUsers(rows)
}

// pageSize is the largest page of the list operations and the number of keys of readUsers.
const pageSize = 60

// usersBySub reads pageSize users by key. It is a union of point reads and not an IN list, because PostgreSQL prefers to
// walk the whole pool for a long list while its statistics know little of the pool.
var usersBySub = pointReads(pageSize, `SELECT sub, username, status, enabled, version, created_at, modified_at, attributes,
	pending, mfa, epoch FROM directory_user WHERE pool_id = $1 AND sub = $`)

// pointReads repeats a SELECT that ends in the number of its last parameter for parameters 2 to n+1.
func pointReads(n int, sql string) string {
	var b strings.Builder
	for i := range n {
		if i > 0 {
			b.WriteString(" UNION ALL ")
		}
		b.WriteString(sql + strconv.Itoa(i+2))
	}
	return b.String()
}

// pointArgs are the arguments of pointReads: unused keys are empty, which no key is.
func pointArgs(n int, poolID string, keys []string) []any {
	args := make([]any, 1+n)
	args[0] = poolID
	for i := range n {
		args[i+1] = ""
		if i < len(keys) {
			args[i+1] = keys[i]
		}
	}
	return args
}

// readUsers reads up to pageSize users by sub, in no order and without credentials.
func readUsers(tx *db.Tx, poolID string, subs []string) (map[string]record, error) {
	if len(subs) == 1 {
		r, err := readUser(tx, poolID, subs[0])
		if errors.Is(err, db.ErrNoRows) {
			return nil, nil
		}
		return map[string]record{r.sub: r}, err
	}
	rows, err := tx.Query(usersBySub, pointArgs(pageSize, poolID, subs)...)
	if err != nil {
		return nil, err
	}
	list, err := scanUsers(rows)
	if err != nil {
		return nil, err
	}
	out := make(map[string]record, len(list))
	for _, r := range list {
		out[r.sub] = r
	}
	return out, nil
}

// insertUser is a statement that changes one row, or none when the sub is taken.
func insertUser(poolID string, r record) db.Stmt {
	return db.Stmt{SQL: `INSERT INTO directory_user (pool_id, sub, username, status, enabled, version, created_at,
			modified_at, attributes, pending, mfa, credential, epoch)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13) ON CONFLICT (pool_id, sub) DO NOTHING`,
		Args: []any{poolID, r.sub, r.username, r.status, r.enabled, r.version, r.created, r.modified, r.attributes,
			r.pending, r.mfa, r.credential, r.epoch}}
}

// updateUser is a statement that changes one row, or none when its version is no longer the one given.
func updateUser(poolID string, r record, version int64) db.Stmt {
	return db.Stmt{SQL: `UPDATE directory_user SET username = $3, status = $4, enabled = $5, version = $6, modified_at = $7,
			attributes = $8, pending = $9, mfa = $10, credential = $11, epoch = $13
		WHERE pool_id = $1 AND sub = $2 AND version = $12`,
		Args: []any{poolID, r.sub, r.username, r.status, r.enabled, r.version, r.modified, r.attributes, r.pending, r.mfa,
			r.credential, version, r.epoch}}
}

// moveEpoch moves the epoch of a user, and the version with it: whoever is about to write the row looks again.
func moveEpoch(tx *db.Tx, poolID, sub string, by Epoch) error {
	_, err := tx.Exec(`UPDATE directory_user SET epoch = epoch + $3, version = version + 1
		WHERE pool_id = $1 AND sub = $2`, poolID, sub, int64(by))
	return err
}

// holdEpoch reports whether a user is enabled and has this epoch, and keeps it so until the transaction ends.
func holdEpoch(tx *db.Tx, poolID, sub string, epoch Epoch) (bool, error) {
	n, err := tx.Exec(`UPDATE directory_user SET epoch = epoch WHERE pool_id = $1 AND sub = $2 AND epoch = $3 AND enabled = $4`,
		poolID, sub, int64(epoch), true)
	return n > 0, err
}

// deleteUser is a statement that removes one row, or none when its version is no longer the one given.
func deleteUser(poolID, sub string, version int64) db.Stmt {
	return db.Stmt{SQL: `DELETE FROM directory_user WHERE pool_id = $1 AND sub = $2 AND version = $3`,
		Args: []any{poolID, sub, version}}
}

// lockUser keeps the user from being deleted until the transaction ends; ErrUserNotFound when there is none.
func lockUser(tx *db.Tx, poolID, sub string) error {
	n, err := tx.Exec(`UPDATE directory_user SET version = version WHERE pool_id = $1 AND sub = $2`, poolID, sub)
	if err == nil && n == 0 {
		return ErrUserNotFound
	}
	return err
}

// readAliases returns who holds a name, by kind.
func readAliases(tx *db.Tx, poolID, value string) (map[string]string, error) {
	rows, err := tx.Query(`SELECT kind, sub FROM user_alias WHERE pool_id = $1 AND value = $2`, poolID, value)
	if err != nil {
		return nil, err
	}
	var out map[string]string
	for rows.Next() {
		var kind, sub string
		if err := rows.Scan(&kind, &sub); err != nil {
			return nil, err
		}
		if out == nil {
			out = make(map[string]string, 2)
		}
		out[kind] = sub
	}
	return out, rows.Err()
}

// insertAlias is a statement that changes no row when the name is taken.
func insertAlias(poolID string, a alias, sub string) db.Stmt {
	return db.Stmt{SQL: `INSERT INTO user_alias (pool_id, value, kind, sub) VALUES ($1, $2, $3, $4)
		ON CONFLICT (pool_id, value, kind) DO NOTHING`, Args: []any{poolID, a.Value, a.Kind, sub}}
}

func deleteAlias(poolID string, a alias, sub string) db.Stmt {
	return db.Stmt{SQL: `DELETE FROM user_alias WHERE pool_id = $1 AND value = $2 AND kind = $3 AND sub = $4`,
		Args: []any{poolID, a.Value, a.Kind, sub}}
}

func insertSearch(poolID string, s searchRow, sub string) db.Stmt {
	return db.Stmt{SQL: `INSERT INTO user_search (pool_id, attribute, value, sub) VALUES ($1, $2, $3, $4)
		ON CONFLICT (pool_id, attribute, value, sub) DO NOTHING`, Args: []any{poolID, s.Attribute, s.Key, sub}}
}

func deleteSearch(poolID string, s searchRow, sub string) db.Stmt {
	return db.Stmt{SQL: `DELETE FROM user_search WHERE pool_id = $1 AND attribute = $2 AND value = $3 AND sub = $4`,
		Args: []any{poolID, s.Attribute, s.Key, sub}}
}

// searchHit is a search row found by a page: its place in the order and whom it names.
type searchHit struct{ key, sub string }

// aboveTexts is above every name and value.
const aboveTexts = "\U0010FFFF\U0010FFFF"

// pageSearch reads up to limit rows of an attribute in order of value and sub: those after the place given, with a value
// in [from, end); an empty end is open.
func pageSearch(tx *db.Tx, poolID, attribute, from, end string, last searchHit, limit int) ([]searchHit, error) {
	if end == "" {
		end = aboveTexts
	}
	if last.key < from {
		last = searchHit{key: from}
	}
	rows, err := tx.Query(`SELECT value, sub FROM user_search
		WHERE pool_id = $1 AND attribute = $2 AND (value, sub) > ($3, $4) AND value < $5
		ORDER BY value, sub LIMIT $6`, poolID, attribute, last.key, last.sub, end, limit)
	if err != nil {
		return nil, err
	}
	var out []searchHit
	for rows.Next() {
		var h searchHit
		if err := rows.Scan(&h.key, &h.sub); err != nil {
			return nil, err
		}
		out = append(out, h)
	}
	return out, rows.Err()
}

// countUsers counts the users with the lowest subs, at most limit, and returns the highest sub among them.
func countUsers(tx *db.Tx, poolID string, limit int) (n int64, highest string, err error) {
	err = tx.QueryRow(`SELECT count(*), coalesce(max(sub), '') FROM
		(SELECT sub FROM directory_user WHERE pool_id = $1 AND sub > $2 AND sub < $3 ORDER BY sub LIMIT $4) AS lowest`,
		poolID, "", aboveSubs, limit).
		Scan(&n, &highest)
	if errors.Is(err, db.ErrNoRows) {
		return 0, "", nil
	}
	return n, highest, err
}
