package clientdoc

import (
	"context"
	"errors"
	"sync"
	"time"

	"cognate/internal/base/clock"
	"cognate/internal/base/db"
	"cognate/internal/base/httpkit"
	"cognate/internal/base/id"
	"cognate/internal/base/keyring"
	"cognate/internal/base/pagetoken"
	"cognate/internal/core/guard"
	"cognate/internal/core/pool"
)

// Deps are the tools and rooms that this one works with; all are required but Client, whose default is the strict one.
type Deps struct {
	DB    *db.DB
	Keys  *keyring.Keyring
	Clock *clock.Clock
	IDs   id.Source
	Pools *pool.Pools
	Guard *guard.Guard
	// Client fetches documents; see NewClient.
	Client *httpkit.Client
}

// Room keeps policies and documents. It is safe for concurrent use.
type Room struct {
	Deps
	pages pagetoken.Tokens

	mu     sync.Mutex
	failed map[string]failure // by pool and address: what was not to be had a moment ago
	under  map[string]*flight // by pool and address: what is being fetched
}

// flight is a document that is being fetched, for all who want it meanwhile.
type flight struct {
	done chan struct{}
	d    *document
	err  error
}

// failure is why a document was not to be had, and until when nobody asks for it again.
type failure struct {
	err   error
	until time.Time
}

// New assembles the room.
func New(d Deps) *Room {
	if d.Client == nil {
		d.Client = NewClient(httpkit.ClientOptions{})
	}
	return &Room{Deps: d, pages: pagetoken.Tokens{Keys: d.Keys, Now: d.Clock.Now}, failed: map[string]failure{}, under: map[string]*flight{}}
}

// Ops are the AWS operations of this room.
type Ops struct{ *Room }

var (
	// ErrUnknown means that an address names no client of the pool: it cannot name one, or no policy takes it.
	ErrUnknown = errors.New("clientdoc: no client of the pool has this address")
	// ErrDocument means that the document at an address was not to be had, or describes no client that can be used here.
	ErrDocument = errors.New("clientdoc: the client metadata document cannot be used")
)

// Resolve returns the app client for which an address stands in a pool, narrowed to the document there. The errors are
// ErrUnknown, ErrDocument with the reason, a *limit.Over for a source that had too many documents fetched, and internal ones.
func (r *Room) Resolve(ctx context.Context, p *pool.Pool, address string) (*pool.Client, error) {
	if !goodURL(address) {
		return nil, ErrUnknown
	}
	policy, body, err := r.cached(ctx, p.ID, address)
	if err != nil {
		return nil, err
	}
	_, c, err := r.Pools.PoolClient(ctx, p.ID, policy.clientID())
	switch {
	case errors.Is(err, pool.ErrClientNotFound), err == nil && c.HasSecret():
		return nil, ErrUnknown
	case err != nil:
		return nil, err
	}
	var d *document
	if body != nil {
		d, err = read(address, body)
	} else {
		d, err = r.fresh(ctx, p.ID, policy, address)
	}
	if err != nil {
		return nil, err
	}
	return d.narrow(c, address), nil
}

// cached returns the policy that takes an address, and the document when it is in the cache.
func (r *Room) cached(ctx context.Context, poolID, address string) (found *policy, body []byte, err error) {
	err = r.DB.View(ctx, func(tx *db.Tx) error {
		list, err := listPolicies(tx, poolID, "", maxPolicies)
		if err != nil {
			return err
		}
		if found = choose(list, address); found == nil {
			return ErrUnknown
		}
		row, err := readDocument(tx, poolID, found.id(), address)
		if err == nil && row != nil && row.expires > r.Clock.Milli() {
			body = row.body
		}
		return err
	})
	return found, body, err
}

// choose is the policy that takes an address: of several the one with the pattern that says most, and then the older one.
func choose(list []*policy, address string) (found *policy) {
	best := -1
	for _, p := range list {
		for _, pattern := range p.config.URLPatterns {
			n := literal(pattern)
			if n < best || n == best && !p.config.CreationDate.Before(found.config.CreationDate.Time) || !matches(pattern, address) {
				continue
			}
			found, best = p, n
		}
	}
	return found
}

// Taken reports whether a pool takes metadata documents of clients.
func (r *Room) Taken(ctx context.Context, p *pool.Pool) (taken bool, err error) {
	err = r.DB.Read(ctx, func(tx *db.Tx) error {
		list, err := listPolicies(tx, p.ID, "", 1)
		taken = len(list) > 0
		return err
	})
	return taken, err
}
