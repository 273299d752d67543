package keyring

import (
	"context"
	"fmt"
	"io"
	"time"

	"cognate/internal/base/db"
)

// pendingLife is how long an uncommitted scope is remembered at most; no transaction lasts that long.
const pendingLife = time.Minute

// Create gives a new scope its first data key, in the transaction that makes what the scope is for. It returns
// db.ErrConflict when the scope exists. Until the commit the scope is usable with tx.Context() only, see the package
// comment.
func (k *Keyring) Create(tx *db.Tx, scope string) error {
	kek, err := k.hold(tx)
	if err != nil {
		return err
	}
	r, secret, err := k.fresh(tx.Context(), kek, scope, 1)
	if err != nil {
		return err
	}
	if err := insertRow(tx, r, k.now().UnixMilli()); err != nil {
		return fmt.Errorf("keyring: create scope %s: %w", scope, err)
	}
	keys := &scopeKeys{byID: map[uint32]*dataKey{}, loaded: k.now()}
	if err := keys.add(1, secret, true); err != nil {
		return err
	}
	p := &pendingScope{ctx: tx.Context(), keys: keys, at: k.now()}
	k.mu.Lock()
	defer k.mu.Unlock()
	for name, old := range k.pending {
		if p.at.Sub(old.at) > pendingLife {
			delete(k.pending, name)
		}
	}
	k.pending[scope] = p
	tx.AfterCommit(func() { k.committed(scope, p) })
	return nil
}

// committed makes a pending scope usable by everybody.
func (k *Keyring) committed(scope string, p *pendingScope) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.pending[scope] == p {
		delete(k.pending, scope)
	}
	k.epoch++
	delete(k.loading, scope)
	k.keep(scope, p.keys)
}

// Destroy removes all data keys of a scope: once the transaction has committed, nothing sealed under the scope can ever
// be opened again. Other nodes keep the keys in memory until Forget.
func (k *Keyring) Destroy(tx *db.Tx, scope string) error {
	if err := deleteScope(tx, scope); err != nil {
		return fmt.Errorf("keyring: destroy scope %s: %w", scope, err)
	}
	tx.AfterCommit(func() { k.Forget(scope) })
	return nil
}

// DestroyAll destroys the keys of all scopes but System. Whoever calls it empties what they sealed in the same
// transaction, and calls Reset after it.
func (k *Keyring) DestroyAll(tx *db.Tx) error { return deleteAllScopes(tx) }

// Rotate gives a scope a new data key, which seals from now on; older ones keep opening what they sealed, and MAC does
// not change. Other nodes learn of it by the first value sealed with it, or by Forget. When two nodes rotate at once, one
// rotation is made. It returns ErrUnknownScope for a scope that does not exist.
func (k *Keyring) Rotate(ctx context.Context, scope string) error {
	keys, err := k.read(ctx, scope)
	if err != nil {
		return err
	}
	last := int64(keys.current)
	err = k.db.Update(ctx, func(tx *db.Tx) error {
		kek, err := k.hold(tx) // first, as Rewrap does
		if err != nil {
			return err
		}
		retired, err := retire(tx, scope, last)
		if err != nil {
			return err
		}
		if !retired {
			there, err := hasScope(tx, scope)
			if err == nil && !there {
				err = fmt.Errorf("%w: %s", ErrUnknownScope, scope)
			}
			return err
		}
		r, _, err := k.fresh(tx.Context(), kek, scope, last+1)
		if err != nil {
			return err
		}
		return insertRow(tx, r, k.now().UnixMilli())
	})
	if err != nil {
		return fmt.Errorf("keyring: rotate %s: %w", scope, err)
	}
	k.Forget(scope)
	return k.Load(ctx, scope)
}

// fresh draws the secret of data key number id and wraps it by kek.
func (k *Keyring) fresh(ctx context.Context, kek KEK, scope string, id int64) (row, []byte, error) {
	secret := make([]byte, keySize)
	if _, err := io.ReadFull(k.source, secret); err != nil {
		return row{}, nil, fmt.Errorf("keyring: data key: %w", err)
	}
	wrapped, err := kek.Wrap(ctx, secret, wrapAAD(scope, id))
	if err != nil {
		return row{}, nil, fmt.Errorf("keyring: wrap: %w", err)
	}
	return row{scope: scope, id: id, kekID: kek.ID(), wrapped: wrapped, active: true}, secret, nil
}

// preload makes the System scope when it is missing and opens the first keys of the database.
func (k *Keyring) preload(ctx context.Context) error {
	_, used, err := Used(ctx, k.db)
	if err == nil && !used {
		err = k.createSystem(ctx)
	}
	if err == nil {
		err = k.check(ctx)
	}
	if err != nil {
		return err
	}
	var rows []row
	err = k.db.Read(ctx, func(tx *db.Tx) error {
		var err error
		rows, err = selectAfter(tx, "", 0, preloaded)
		return err
	})
	if err != nil {
		return fmt.Errorf("keyring: load: %w", err)
	}
	if len(rows) == preloaded { // the last scope may not be whole
		last := rows[len(rows)-1].scope
		for len(rows) > 0 && rows[len(rows)-1].scope == last {
			rows = rows[:len(rows)-1]
		}
	}
	for len(rows) > 0 {
		n := 1
		for n < len(rows) && rows[n].scope == rows[0].scope {
			n++
		}
		// A scope that does not open is reported when it is used, not by refusing to start.
		if keys, err := k.open(ctx, rows[0].scope, rows[:n]); err == nil {
			k.scopes[rows[0].scope] = keys
		}
		rows = rows[n:]
	}
	return k.Load(ctx, System)
}

// createSystem makes the System scope, whose key-encryption key becomes the current one; of several nodes starting
// together one succeeds.
func (k *Keyring) createSystem(ctx context.Context) error {
	r, _, err := k.fresh(ctx, k.kek, System, 1)
	if err != nil {
		return err
	}
	now := k.now().UnixMilli()
	err = k.db.Update(ctx, func(tx *db.Tx) error {
		if err := insertCurrent(tx, r.kekID, now); err != nil {
			return err
		}
		if held, err := holdCurrent(tx, r.kekID); err != nil || !held {
			return err // another node was first, with another key; check reports it
		}
		return insertMissing(tx, r, now)
	})
	if err != nil {
		return fmt.Errorf("keyring: create system scope: %w", err)
	}
	return nil
}
