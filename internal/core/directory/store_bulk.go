package directory

import (
	"strconv"
	"strings"

	"cognate/internal/base/db"
)

// bulkTable is an INSERT of a fixed number of columns, and the same for bulkRowsPerStatement rows at once. The texts are
// made of placeholders only.
type bulkTable struct {
	columns   int
	one, many string
}

// bulkRowsPerStatement keeps the largest statement below the number of parameters that both engines take.
const bulkRowsPerStatement = 100

var (
	bulkUsers = newBulkTable(13, `INSERT INTO directory_user (pool_id, sub, username, status, enabled, version,
		created_at, modified_at, attributes, pending, mfa, credential, epoch) VALUES `)
	bulkAliases = newBulkTable(4, `INSERT INTO user_alias (pool_id, value, kind, sub) VALUES `)
	bulkSearch  = newBulkTable(4, `INSERT INTO user_search (pool_id, attribute, value, sub) VALUES `)
)

func newBulkTable(columns int, insert string) bulkTable {
	row := func(b *strings.Builder, n int) {
		for i := range columns {
			b.WriteString([2]string{",", "("}[btoi(i == 0)])
			b.WriteString("$" + strconv.Itoa(n*columns+i+1))
		}
		b.WriteByte(')')
	}
	var one, many strings.Builder
	one.WriteString(insert)
	row(&one, 0)
	many.WriteString(insert)
	for n := range bulkRowsPerStatement {
		if n > 0 {
			many.WriteByte(',')
		}
		row(&many, n)
	}
	return bulkTable{columns: columns, one: one.String(), many: many.String()}
}

func btoi(b bool) int {
	if b {
		return 1
	}
	return 0
}

// write inserts rows whose values stand one after the other in args.
func (t bulkTable) write(tx *db.Tx, args []any) error {
	for full := t.columns * bulkRowsPerStatement; len(args) >= full; args = args[full:] {
		if _, err := tx.Exec(t.many, args[:full]...); err != nil {
			return err
		}
	}
	for ; len(args) > 0; args = args[t.columns:] {
		if _, err := tx.Exec(t.one, args[:t.columns]...); err != nil {
			return err
		}
	}
	return nil
}

// bulkRows collects the values of many rows.
type bulkRows struct{ users, aliases, searches []any }

func (b *bulkRows) user(poolID string, r record) {
	b.users = append(b.users, poolID, r.sub, r.username, r.status, r.enabled, r.version, r.created, r.modified,
		r.attributes, r.pending, r.mfa, r.credential, r.epoch)
}

func (b *bulkRows) alias(poolID string, a alias, sub string) {
	b.aliases = append(b.aliases, poolID, a.Value, a.Kind, sub)
}

func (b *bulkRows) search(poolID string, s searchRow, sub string) {
	b.searches = append(b.searches, poolID, s.Attribute, s.Key, sub)
}

func (b *bulkRows) write(tx *db.Tx) error {
	if err := bulkUsers.write(tx, b.users); err != nil {
		return err
	}
	if err := bulkAliases.write(tx, b.aliases); err != nil {
		return err
	}
	return bulkSearch.write(tx, b.searches)
}
