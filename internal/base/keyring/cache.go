package keyring

import (
	"context"
	"errors"
	"fmt"
	"time"

	"cognate/internal/base/background"
	"cognate/internal/base/db"
	"cognate/internal/base/pack"
)

const (
	// maxScopes bounds the scopes in memory; about a kilobyte each.
	maxScopes = 1 << 16
	// preloaded bounds the keys read at start.
	preloaded = 4096
	// loadTimeout bounds a load, so that a database without a free connection cannot hold its callers for ever.
	loadTimeout = 5 * time.Second
	// reloadEvery is how often values that name an unknown key may cause a scope to be read again. Sealed values come
	// back from clients, and anybody can write a key number into one.
	reloadEvery = time.Second
)

// scopeKeys are the opened keys of a scope, never changed once made.
type scopeKeys struct {
	current uint32
	byID    map[uint32]*dataKey
	mac     [keySize]byte
	loaded  time.Time
}

// pendingScope is a scope whose transaction has not committed yet.
type pendingScope struct {
	ctx  context.Context // the transaction's own
	keys *scopeKeys
	at   time.Time
}

// load is a read of one scope that several callers may wait for.
type load struct {
	done chan struct{}
	keys *scopeKeys
	err  error
}

// keys returns the keys of a scope: those that the running transaction created, those in memory, or those in the
// database. The last does not happen in the caller's transaction.
func (k *Keyring) keys(ctx context.Context, scope string) (*scopeKeys, error) {
	k.mu.RLock()
	p, cached := k.pending[scope], k.scopes[scope]
	k.mu.RUnlock()
	if p != nil && p.ctx == ctx {
		return p.keys, nil
	}
	if cached != nil {
		return cached, nil
	}
	return k.fetch(ctx, scope)
}

// newerKey returns a key that was added since the scope was read, or ErrOpen.
func (k *Keyring) newerKey(ctx context.Context, scope string, id uint32) (*dataKey, error) {
	k.mu.RLock()
	cached := k.scopes[scope]
	k.mu.RUnlock()
	if cached == nil || k.now().Sub(cached.loaded) < reloadEvery {
		return nil, ErrOpen
	}
	keys, err := k.fetch(ctx, scope)
	if errors.Is(err, ErrUnknownScope) {
		return nil, ErrOpen
	}
	if err != nil {
		return nil, err
	}
	if key, ok := keys.byID[id]; ok {
		return key, nil
	}
	return nil, ErrOpen
}

// fetch reads a scope from the database; callers that come meanwhile share the read. It runs with a context of its own:
// one caller's cancellation must not fail the others, and the caller's transaction must not be entered.
func (k *Keyring) fetch(ctx context.Context, scope string) (*scopeKeys, error) {
	k.mu.Lock()
	l, running := k.loading[scope]
	if !running {
		l = &load{done: make(chan struct{})}
		k.loading[scope] = l
		epoch := k.epoch
		background.Go("load keys", func() { k.run(scope, l, epoch) })
	}
	k.mu.Unlock()
	ctx, over := k.db.Bounded(ctx)
	select {
	case <-l.done:
		return l.keys, over(l.err)
	case <-ctx.Done():
		return nil, over(fmt.Errorf("keyring: load %s: %w", scope, ctx.Err()))
	}
}

// run reads a scope and keeps it, unless scopes were changed meanwhile.
func (k *Keyring) run(scope string, l *load, epoch uint64) {
	ctx, cancel := context.WithTimeout(context.Background(), loadTimeout)
	defer cancel()
	l.err = background.Try("load keys", func() (err error) { // those who wait must be told of a panic
		l.keys, err = k.read(ctx, scope)
		return err
	})
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.loading[scope] == l {
		delete(k.loading, scope)
	}
	if l.err == nil && k.epoch == epoch {
		k.keep(scope, l.keys)
	}
	close(l.done)
}

// read reads and opens the keys of a scope.
func (k *Keyring) read(ctx context.Context, scope string) (*scopeKeys, error) {
	var rows []row
	err := k.db.Read(ctx, func(tx *db.Tx) error {
		var err error
		rows, err = selectScope(tx, scope)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("keyring: load %s: %w", scope, err)
	}
	return k.open(ctx, scope, rows)
}

// open unwraps the keys of a scope.
func (k *Keyring) open(ctx context.Context, scope string, rows []row) (*scopeKeys, error) {
	keys := &scopeKeys{byID: make(map[uint32]*dataKey, len(rows)), loaded: k.now()}
	for _, r := range rows {
		secret, err := k.unwrap(ctx, r)
		if err != nil {
			return nil, err
		}
		if err := keys.add(uint32(r.id), secret, r.active); err != nil {
			return nil, err
		}
	}
	if keys.byID[1] == nil || keys.current == 0 {
		return nil, fmt.Errorf("%w: %s", ErrUnknownScope, scope)
	}
	return keys, nil
}

// add opens one data key. The first one also makes the key of MAC.
func (s *scopeKeys) add(id uint32, secret []byte, active bool) error {
	key, err := newDataKey(id, secret)
	if err != nil {
		return err
	}
	s.byID[id] = key
	if active {
		s.current = max(s.current, id)
	}
	if id == 1 {
		mac, err := derive(secret, "cognate keyring mac")
		if err != nil {
			return err
		}
		s.mac = [keySize]byte(mac)
	}
	return nil
}

// unwrap returns the secret of a data key.
func (k *Keyring) unwrap(ctx context.Context, r row) ([]byte, error) {
	k.mu.RLock()
	kek, configured := k.known[r.kekID], k.kek.ID()
	k.mu.RUnlock()
	if kek == nil {
		return nil, fmt.Errorf("%w: the database was sealed with key %s, the configured key is %s;"+
			" give the right key file or value, or name the old key beside the new one", ErrWrongKEK, r.kekID, configured)
	}
	secret, err := kek.Unwrap(ctx, r.wrapped, wrapAAD(r.scope, r.id))
	if err != nil {
		return nil, fmt.Errorf("keyring: data key %d of %s is damaged: %w", r.id, r.scope, err)
	}
	return secret, nil
}

// wrapAAD binds a wrapped data key to its row.
func wrapAAD(scope string, id int64) []byte {
	return pack.Fixed(pack.Text(pack.Text(nil, "cognate data key"), scope), id)
}

// keep puts a scope into memory. Callers hold the lock. When there are too many, any other one makes room.
func (k *Keyring) keep(scope string, keys *scopeKeys) {
	if _, there := k.scopes[scope]; !there && len(k.scopes) >= maxScopes {
		for other := range k.scopes {
			if other != System {
				delete(k.scopes, other)
				break
			}
		}
	}
	k.scopes[scope] = keys
}

// Forget drops a scope from memory, so that the next use reads it again. A node calls it when it learns that another
// node has deleted the pool.
func (k *Keyring) Forget(scope string) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.epoch++
	delete(k.scopes, scope)
	delete(k.loading, scope)
}

// Reset drops all scopes from memory. It must be called after the database has been replaced by a snapshot, because
// the keys in memory may be newer than those in it.
func (k *Keyring) Reset() {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.epoch++
	clear(k.scopes)
	clear(k.loading)
	clear(k.pending)
}
