package directory

import (
	"context"
	"fmt"
	"time"

	"cognate/internal/base/db"
)

// purgeBatch bounds the rows that one transaction removes for a deleted pool or group.
const purgeBatch = 200

// DropPool removes a batch, of at most limit rows, of the users and groups of a deleted pool and returns how many; call
// it until it returns 0.
func (d *Directory) DropPool(tx *db.Tx, poolID string, limit int) (int, error) {
	return purgePool(tx, poolID, min(limit, purgeBatch))
}

// CountUsers estimates how many users a pool has: exactly up to a few thousand, beyond that within a few percent. It is
// made to be pool.Deps.CountUsers. Subs are random, so how far the first few thousand reach into the range of all UUIDs
// tells how many there are. Counting this way reads one index range and costs sign-ups nothing.
func (d *Directory) CountUsers(ctx context.Context, poolID string) (n int64, err error) {
	const sample = 4096
	var highest string
	err = d.DB.Read(ctx, func(tx *db.Tx) (err error) {
		n, highest, err = countUsers(tx, poolID, sample)
		return err
	})
	if err != nil || n < sample {
		return n, err
	}
	return max(n, int64(sample/uuidShare(highest))), nil
}

// Sweep removes up to limit memberships of deleted groups and returns how many. Time plays no part: a deleted group is
// void at once, and DeleteGroup removes its memberships itself unless the request is cut short.
func (d *Directory) Sweep(_ context.Context, tx *db.Tx, _ time.Time, limit int) (int, error) {
	poolID, groupID, ok, err := nextPurge(tx)
	if err != nil || !ok {
		return 0, err
	}
	n, err := purgeGroup(tx, poolID, groupID, limit)
	if err != nil {
		return 0, fmt.Errorf("directory: sweep: %w", err)
	}
	return n, nil
}

// purgeNow removes the memberships of a deleted group in batches of their own transactions. What a cancelled request
// leaves is swept later.
func (d *Directory) purgeNow(ctx context.Context, poolID, groupID string) error {
	for {
		n := 0
		err := d.DB.Update(ctx, func(tx *db.Tx) (err error) {
			n, err = purgeGroup(tx, poolID, groupID, purgeBatch)
			return err
		})
		if err != nil || n < purgeBatch {
			return err
		}
	}
}

// uuidShare is where a UUID stands among all UUIDs, above 0 and up to 1, by its first 32 bits.
func uuidShare(sub string) float64 {
	x := 0
	for i := 0; i < 8 && i < len(sub); i++ {
		c := int(sub[i])
		x = x<<4 | (c&0xf + c>>6*9) // a hexadecimal digit
	}
	return float64(x+1) / (1 << 32)
}
