package pool

import (
	"context"

	"cognate/internal/base/db"
)

// ChangeBeside runs change in a transaction that changes what another room keeps of a pool. Such transactions and those
// of the pool's settings follow one another, and the pool gets a new Version: what was read of a pool is right for as long
// as its snapshot has the Version that it had then. The errors are those of AWS operations.
func (p *Pools) ChangeBeside(ctx context.Context, poolID string, change func(tx *db.Tx, p *Pool) error) error {
	return p.rewrite(ctx, poolID, db.ErrRetry, func(tx *db.Tx, old *Pool, row poolRow) (bool, error) {
		if err := change(tx, old); err != nil {
			return false, err
		}
		return true, touchPool(tx, poolID, row.version)
	})
}

// Have returns the error that AWS operations answer unless there is such a pool and it has such a client, as the database
// has it now. An empty client id asks for the pool alone.
func (p *Pools) Have(tx *db.Tx, poolID, clientID string) error {
	if clientID == "" {
		_, err := poolVersion(tx, poolID)
		return PoolRefusal(err, poolID)
	}
	_, err := p.storedClient(tx, poolID, clientID)
	return err
}
