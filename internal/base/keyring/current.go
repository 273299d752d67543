package keyring

import (
	"context"
	"errors"
	"fmt"

	"cognate/internal/base/db"
)

// hold returns the key-encryption key that wraps new data keys, and keeps Rewrap from choosing another one until tx is
// over: whoever wraps a data key and whoever changes the key write the same row, so that no data key can be wrapped
// under a key after Rewrap has looked for those it wrapped.
func (k *Keyring) hold(tx *db.Tx) (KEK, error) {
	k.mu.RLock()
	id := k.current // what was seen last; the row decides
	k.mu.RUnlock()
	held, err := holdCurrent(tx, id)
	if err == nil && !held {
		if id, err = k.currentID(tx); err == nil {
			held, err = holdCurrent(tx, id)
		}
	}
	if err != nil {
		return nil, fmt.Errorf("keyring: current key: %w", err)
	}
	if !held {
		return nil, fmt.Errorf("keyring: current key: %w", db.ErrRetry)
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	k.current = id
	kek := k.known[id]
	if kek == nil {
		return nil, fmt.Errorf("%w: new data keys are wrapped by key %s, which was not given here; start again with its"+
			" --key-file, and with the older one as --previous-key-file", ErrWrongKEK, id)
	}
	return kek, nil
}

// currentID reads which key wraps new data keys. A database of before keyring/0002, or a snapshot of one, names none yet:
// then it is the one that wrapped the System scope, and every other key in use is on its way out.
func (k *Keyring) currentID(tx *db.Tx) (string, error) {
	id, err := selectCurrent(tx)
	if !errors.Is(err, db.ErrNoRows) {
		return id, err
	}
	system, err := selectScope(tx, System)
	if err != nil {
		return "", err
	}
	if len(system) == 0 {
		return "", fmt.Errorf("%w: %s", ErrUnknownScope, System)
	}
	id, now := system[len(system)-1].kekID, k.now().UnixMilli()
	if err := insertCurrent(tx, id, now); err != nil {
		return "", err
	}
	used, err := selectKEKs(tx)
	if err != nil {
		return "", err
	}
	for _, other := range used {
		if other == id {
			continue
		}
		if err := insertName(tx, retiring+other, other, now); err != nil {
			return "", err
		}
	}
	return selectCurrent(tx)
}

// check makes sure that every key-encryption key which the database still needs was given. A node that lacks one would
// find out pool by pool.
func (k *Keyring) check(ctx context.Context) error {
	var inForce string
	var needed []string
	err := k.db.Update(ctx, func(tx *db.Tx) (err error) {
		if inForce, err = k.currentID(tx); err == nil {
			needed, err = selectNames(tx)
		}
		return err
	})
	if err != nil {
		return fmt.Errorf("keyring: keys in use: %w", err)
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	k.current = inForce
	for _, id := range needed {
		switch {
		case k.known[id] != nil:
		case id == inForce:
			return fmt.Errorf("%w: the database was sealed with key %s, the configured key is %s; give the right key file"+
				" or value", ErrWrongKEK, id, k.kek.ID())
		default:
			return fmt.Errorf("%w: the database still has data keys under key %s; name its file as --previous-key-file"+
				" until `cognate keys rewrap` has finished", ErrWrongKEK, id)
		}
	}
	return nil
}

// Used reports whether a database whose schema has the package's Migrations has data keys already, and which
// key-encryption key wraps new ones. A key that is missing must then be looked for, never made.
func Used(ctx context.Context, d *db.DB) (id string, used bool, err error) {
	err = d.Read(ctx, func(tx *db.Tx) error {
		rows, err := selectScope(tx, System)
		if err == nil && len(rows) > 0 {
			id, used = rows[len(rows)-1].kekID, true
		}
		return err
	})
	if err != nil {
		return "", false, fmt.Errorf("keyring: look for keys: %w", err)
	}
	return id, used, nil
}

// Rewrap wraps every data key by kek, which also wraps new ones from now on, on every node; sealed values stay as they
// are. Nodes may run and make pools meanwhile when they were given both keys (one as their own, one among the previous
// ones); a node without kek refuses to make new keys and strands none. The old key is needed until Rewrap has returned
// nil. It may be interrupted and repeated.
func (k *Keyring) Rewrap(ctx context.Context, kek KEK) error {
	ctx = db.Patient(ctx) // nodes that make pools meanwhile are in its way
	k.mu.Lock()
	k.kek = kek
	k.known[kek.ID()] = kek
	k.mu.Unlock()
	if err := k.choose(ctx, kek.ID()); err != nil {
		return fmt.Errorf("keyring: rewrap: %w", err)
	}
	// The second pass finds what a node that has not been upgraded to keyring/0002 may have made during the first.
	for n := 1; n > 0; {
		var err error
		if n, err = k.rewrapAll(ctx, kek); err != nil {
			return err
		}
	}
	if err := k.db.Update(ctx, func(tx *db.Tx) error { return deleteUnused(tx) }); err != nil {
		return fmt.Errorf("keyring: rewrap: %w", err)
	}
	return nil
}

// choose makes a key the one that wraps new data keys. It waits for the transactions that hold the old one.
func (k *Keyring) choose(ctx context.Context, id string) error {
	err := k.db.Update(ctx, func(tx *db.Tx) error {
		old, err := k.currentID(tx)
		if err != nil || old == id {
			return err
		}
		replaced, err := replaceCurrent(tx, old, id, k.now().UnixMilli())
		if err == nil && !replaced {
			err = db.ErrRetry
		}
		if err != nil {
			return err
		}
		if err := deleteName(tx, retiring+id); err != nil {
			return err
		}
		return insertName(tx, retiring+old, old, k.now().UnixMilli())
	})
	if err != nil {
		return err
	}
	k.mu.Lock()
	k.current = id
	k.mu.Unlock()
	return nil
}

// rewrapAll goes once through all data keys and returns how many it wrapped.
func (k *Keyring) rewrapAll(ctx context.Context, kek KEK) (int, error) {
	scope, id, done := "", int64(0), 0
	for {
		var rows []row
		err := k.db.Read(ctx, func(tx *db.Tx) error {
			var err error
			rows, err = selectAfter(tx, scope, id, 200)
			return err
		})
		if err != nil {
			return done, fmt.Errorf("keyring: rewrap: %w", err)
		}
		if len(rows) == 0 {
			return done, nil
		}
		n, err := k.rewrapRows(ctx, kek, rows)
		if err != nil {
			return done, err
		}
		done += n
		scope, id = rows[len(rows)-1].scope, rows[len(rows)-1].id
	}
}

// rewrapRows wraps one batch of data keys, outside of a transaction, and stores the result in one, unless another Rewrap
// has chosen another key meanwhile.
func (k *Keyring) rewrapRows(ctx context.Context, kek KEK, rows []row) (int, error) {
	var old []row
	var wrapped [][]byte
	for _, r := range rows {
		if r.kekID == kek.ID() {
			continue
		}
		secret, err := k.unwrap(ctx, r)
		if err != nil {
			return 0, err
		}
		w, err := kek.Wrap(ctx, secret, wrapAAD(r.scope, r.id))
		if err != nil {
			return 0, fmt.Errorf("keyring: wrap: %w", err)
		}
		old, wrapped = append(old, r), append(wrapped, w)
	}
	if len(old) == 0 {
		return 0, nil
	}
	err := k.db.Update(ctx, func(tx *db.Tx) error {
		if held, err := holdCurrent(tx, kek.ID()); err != nil {
			return err
		} else if !held {
			return errors.New("another rewrap has chosen another key")
		}
		for i, r := range old {
			if err := replaceWrapped(tx, r, kek.ID(), wrapped[i]); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return 0, fmt.Errorf("keyring: rewrap: %w", err)
	}
	return len(old), nil
}
