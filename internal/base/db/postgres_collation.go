package db

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"
)

// collate is how columns say that text is compared byte by byte, whatever the collation of the database.
const collate = ` COLLATE "C"`

// collation finds out whether the engine takes the clause. Engines that only speak PostgreSQL's protocol may refuse it,
// CockroachDB some forms of it in some versions; they must then compare bytes by themselves, or pages of lists and ranges
// would be wrong.
func (d *pgDB) collation(ctx context.Context) error {
	var version string
	if err := d.conns.QueryRow(ctx, "SELECT version()").Scan(&version); err != nil {
		return err
	}
	refused := strings.Contains(version, "CockroachDB")
	if !refused {
		_, err := d.conns.Exec(ctx, "SELECT 'a'"+collate+" < 'b'"+collate)
		var e *pgconn.PgError
		if refused = errors.As(err, &e); err != nil && !refused {
			return err
		}
	}
	if !refused {
		return nil
	}
	var bytewise bool
	err := d.conns.QueryRow(ctx, "SELECT ('B' < 'a') AND ('a b' < 'aa') AND ('z' < 'é') AND ('_' < 'a')").Scan(&bytewise)
	if err == nil && !bytewise {
		err = fmt.Errorf("db: the database does not compare text byte by byte and refuses%s; create it with the collation C", collate)
	}
	d.plain = err == nil
	return err
}

// schema is a statement as this engine takes it.
func (d *pgDB) schema(sql string) string {
	if d.plain {
		return strings.ReplaceAll(sql, collate, "")
	}
	return sql
}
