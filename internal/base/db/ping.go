package db

import (
	"context"
	"fmt"
)

// Ping reports whether the store answers a query.
func (d *DB) Ping(ctx context.Context) error {
	return d.Read(ctx, func(tx *Tx) error {
		var one int64
		if err := tx.QueryRow(`SELECT 1`).Scan(&one); err != nil {
			return fmt.Errorf("db: ping: %w", err)
		}
		return nil
	})
}
