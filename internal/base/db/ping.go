package db

import (
	"context"
	"fmt"
	"time"
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

// probeLife is how long the row of a handle that ended without Close stays.
const probeLife = time.Hour

// Writable reports whether a transaction that writes a row commits. The row is this handle's own, so that nodes do not
// wait for one another; the first time it also removes those of handles that died.
func (d *DB) Writable(ctx context.Context) error {
	err := d.Update(ctx, func(tx *Tx) error {
		now := time.Now()
		if !d.probed.Load() {
			_, err := tx.Exec("DELETE FROM db_lock WHERE name > 'probe/' AND name < 'probe0' AND expires_at < $1", now.UnixMilli())
			if err != nil {
				return err
			}
		}
		_, err := tx.Exec(`INSERT INTO db_lock (name, owner, expires_at) VALUES ($1, '', $2)
			ON CONFLICT (name) DO UPDATE SET expires_at = excluded.expires_at`, "probe/"+d.name, now.Add(probeLife).UnixMilli())
		return err
	})
	if err != nil {
		return fmt.Errorf("db: probe: %w", err)
	}
	d.probed.Store(true)
	return nil
}

// unprobe removes this handle's row; where that fails another handle will.
func (d *DB) unprobe() {
	if !d.probed.CompareAndSwap(true, false) {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	_ = d.Update(ctx, func(tx *Tx) error {
		_, err := tx.Exec("DELETE FROM db_lock WHERE name = $1", "probe/"+d.name)
		return err
	})
}
