package directory

import (
	"context"
	"fmt"
	"iter"

	"cognate/internal/base/db"
	"cognate/internal/core/pool"
)

// bulkBatch is how many users BulkInsert writes in one transaction.
const bulkBatch = 2000

// BulkInsert writes many users through the tables that Create uses, in large transactions and statements of many rows.
// It is for loading test data and imports into a pool: names must be unique already, and a violation fails the batch
// with db.ErrConflict. It returns how many users were written.
func (d *Directory) BulkInsert(ctx context.Context, p *pool.Pool, users iter.Seq[NewUser]) (int, error) {
	if err := d.warm(ctx, p); err != nil {
		return 0, err
	}
	done := 0
	batch := make([]*User, 0, bulkBatch)
	flush := func() error {
		if len(batch) == 0 {
			return nil
		}
		if err := d.DB.Update(ctx, func(tx *db.Tx) error { return bulkWrite(tx, p, batch) }); err != nil {
			return fmt.Errorf("directory: bulk insert after %d users: %w", done, err)
		}
		done += len(batch)
		batch = batch[:0]
		return nil
	}
	for n := range users {
		u, err := d.build(ctx, p, n)
		if err != nil {
			return done, err
		}
		if batch = append(batch, u); len(batch) == bulkBatch {
			if err := flush(); err != nil {
				return done, err
			}
		}
	}
	return done, flush()
}

// bulkWrite writes users with all their rows.
func bulkWrite(tx *db.Tx, p *pool.Pool, users []*User) error {
	var rows bulkRows
	for _, u := range users {
		r, err := u.record()
		if err != nil {
			return err
		}
		rows.user(p.ID, r)
		for _, a := range aliases(p, u) {
			rows.alias(p.ID, a, u.Sub)
		}
		for _, s := range searchRows(u) {
			rows.search(p.ID, s, u.Sub)
		}
	}
	return rows.write(tx)
}
