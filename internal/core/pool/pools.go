package pool

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"cognate/internal/api/cognitoidp"
	"cognate/internal/base/arn"
	"cognate/internal/base/clock"
	"cognate/internal/base/db"
	"cognate/internal/base/id"
	"cognate/internal/base/pagetoken"
)

// pollEvery is how often Watch looks for changes made by other nodes.
const pollEvery = time.Second

// Keys makes and uses the data keys of pools; *keyring.Keyring is one.
type Keys interface {
	pagetoken.Keys
	// Create makes the data key of a scope in the transaction that makes the scope.
	Create(tx *db.Tx, scope string) error
	// Destroy removes the data keys of a scope for good.
	Destroy(tx *db.Tx, scope string) error
}

// Deps are what the room works with. Region, Account, DB, Keys and Clock must be set.
type Deps struct {
	DB    *db.DB
	Keys  Keys
	Clock *clock.Clock
	// IDs draws pool and client ids and client secrets.
	IDs id.Source
	// Region is the one of pools that nobody signed for, and of chosen ids that begin with no Region.
	Region arn.Region
	// Account stands in the ARNs of pools.
	Account string
	// Addresses tell which hosts may be domains of pools, and where custom domains have to lead.
	Addresses Addresses
	// IgnoreTiers lets every tier use every feature.
	IgnoreTiers bool

	// PoolMade runs in the transaction that makes a pool, after its data key and row were made. It, PoolGone and
	// PurgePool are what the other rooms do; nil where there are none.
	PoolMade func(tx *db.Tx, poolID string) error
	// PoolGone runs in the transaction that acknowledges the deletion of a pool.
	PoolGone func(tx *db.Tx, poolID string) error
	// PurgePool removes a batch of the data of a deleted pool and reports whether nothing is left. It is called again
	// until then.
	PurgePool func(ctx context.Context, poolID string) (done bool, err error)
	// ClientGone runs in the transaction that deletes a client.
	ClientGone func(tx *db.Tx, poolID, clientID string) error
	// Features names what other rooms keep of a pool that a pool on LITE cannot have; nil for nothing.
	Features func(tx *db.Tx, poolID string) ([]string, error)
	// CountUsers estimates how many users a pool has; nil means that EstimatedNumberOfUsers is 0.
	CountUsers func(ctx context.Context, poolID string) (int64, error)
}

// Pools is the room. Its methods may be used concurrently.
type Pools struct {
	d       Deps
	pages   pagetoken.Tokens
	pools   *cache[*Pool]
	clients *cache[*Client]
	domains *cache[string] // ids of pools by the keys of their domains

	// epoch goes up when another node may have changed something: cached entries of an earlier epoch are compared
	// with the version of their row before they are used again.
	epoch atomic.Uint64
	mu    sync.Mutex
	seen  int64 // change count up to which the cache is known to be right
}

// Ops are the AWS operations of this room.
type Ops struct{ *Pools }

// New returns the room. Watch must run where other nodes use the same database.
func New(d Deps) *Pools {
	return &Pools{
		d: d, pages: pagetoken.Tokens{Keys: d.Keys, Now: d.Clock.Now},
		pools: newCache[*Pool](cachedPools), clients: newCache[*Client](cachedClients),
		domains: newCache[string](cachedPools),
	}
}

// rules are the facts that settings are checked against now.
func (p *Pools) rules() rules {
	return rules{ignoreTiers: p.d.IgnoreTiers, now: p.d.Clock.Milli()}
}

// Pool returns the snapshot of a pool. The error is ErrPoolNotFound or one of the database. A cached pool costs no
// database access.
func (p *Pools) Pool(ctx context.Context, poolID string) (*Pool, error) {
	epoch := p.epoch.Load()
	have := p.pools.get(poolID)
	if have != nil && have.epoch.Load() == epoch {
		return have.value, nil
	}
	if !IsID(poolID) {
		return nil, ErrPoolNotFound
	}
	begun := p.pools.begin()
	var row poolRow
	fresh := false
	err := p.d.DB.Read(ctx, func(tx *db.Tx) (err error) {
		if fresh = false; have != nil {
			version, err := poolVersion(tx, poolID)
			if fresh = err == nil && version == have.value.Version; fresh || err != nil {
				return err
			}
		}
		row, err = readPool(tx, poolID)
		return err
	})
	if errors.Is(err, ErrPoolNotFound) && have != nil {
		p.pools.drop(poolID)
	}
	if err != nil {
		return nil, err
	}
	if fresh {
		have.epoch.Store(epoch)
		return have.value, nil
	}
	loaded, err := p.snapshot(row)
	if err != nil {
		return nil, err
	}
	p.pools.put(poolID, loaded, epoch, begun)
	return loaded, nil
}

// Client returns the snapshots of a client and of its pool. The error is ErrClientNotFound or one of the database or
// the keyring. A cached client costs no database access; another one is one point read, plus one for its pool.
func (p *Pools) Client(ctx context.Context, clientID string) (*Pool, *Client, error) {
	c, err := p.client(ctx, clientID)
	if err != nil {
		return nil, nil, err
	}
	pool, err := p.Pool(ctx, c.PoolID)
	if errors.Is(err, ErrPoolNotFound) {
		err = ErrClientNotFound
	}
	if err != nil {
		return nil, nil, err
	}
	return pool, c, nil
}

// client returns the snapshot of a client, whatever became of its pool.
func (p *Pools) client(ctx context.Context, clientID string) (*Client, error) {
	epoch := p.epoch.Load()
	have := p.clients.get(clientID)
	if have != nil && have.epoch.Load() == epoch {
		return have.value, nil
	}
	if !clientIDs.MatchString(clientID) {
		return nil, ErrClientNotFound
	}
	begun := p.clients.begin()
	var row clientRow
	var scopes []string
	fresh := false
	err := p.d.DB.Read(ctx, func(tx *db.Tx) (err error) {
		if fresh = false; have != nil {
			version, err := clientVersion(tx, clientID)
			if fresh = err == nil && version == have.value.Version; fresh || err != nil {
				return err
			}
		}
		row, scopes, err = clientAndScopes(tx, clientID)
		return err
	})
	if errors.Is(err, ErrClientNotFound) && have != nil {
		p.clients.drop(clientID)
	}
	if err != nil {
		return nil, err
	}
	if fresh {
		have.epoch.Store(epoch)
		return have.value, nil
	}
	loaded, err := p.openClient(ctx, row)
	if err != nil {
		return nil, err
	}
	loaded.Scopes = scopes
	p.clients.put(clientID, loaded, epoch, begun)
	return loaded, nil
}

// PoolOrRefuse is Pool with the error that AWS operations answer.
func (p *Pools) PoolOrRefuse(ctx context.Context, poolID string) (*Pool, error) {
	pool, err := p.Pool(ctx, poolID)
	return pool, PoolRefusal(err, poolID)
}

// ClientOrRefuse is Client with the error that AWS operations answer.
func (p *Pools) ClientOrRefuse(ctx context.Context, clientID string) (*Pool, *Client, error) {
	pool, c, err := p.Client(ctx, clientID)
	return pool, c, ClientRefusal(err, clientID)
}

// PoolClient is Client for a caller that names the pool too: a client of another pool is ErrClientNotFound, an unknown
// pool ErrPoolNotFound.
func (p *Pools) PoolClient(ctx context.Context, poolID, clientID string) (*Pool, *Client, error) {
	if _, err := p.Pool(ctx, poolID); err != nil {
		return nil, nil, err
	}
	pool, c, err := p.Client(ctx, clientID)
	if err == nil && c.PoolID != poolID {
		return nil, nil, ErrClientNotFound
	}
	return pool, c, err
}

// PoolClientOrRefuse is PoolClient with the error that AWS operations answer.
func (p *Pools) PoolClientOrRefuse(ctx context.Context, poolID, clientID string) (*Pool, *Client, error) {
	pool, c, err := p.PoolClient(ctx, poolID, clientID)
	return pool, c, ClientRefusal(PoolRefusal(err, poolID), clientID)
}

// Recheck returns the error that AWS operations answer for an unknown client unless the client of a snapshot is still there:
// what a request hands out after it waited for a function is not handed to a client that was deleted meanwhile.
func (p *Pools) Recheck(tx *db.Tx, c *Client) error {
	_, err := clientVersion(tx, c.ID)
	return ClientRefusal(err, c.ID)
}

// clientAndScopes reads a client and which of its scopes exist.
func clientAndScopes(tx *db.Tx, clientID string) (clientRow, []string, error) {
	row, err := readClient(tx, clientID)
	if err != nil {
		return row, nil, err
	}
	var c cognitoidp.UserPoolClientType
	if err := c.UnmarshalJSON([]byte(row.config)); err != nil {
		return row, nil, err
	}
	scopes, err := grantable(tx, row.poolID, c.AllowedOAuthScopes)
	return row, scopes, err
}

// openClient unseals the secrets of a stored client.
func (p *Pools) openClient(ctx context.Context, row clientRow) (*Client, error) {
	config := new(cognitoidp.UserPoolClientType)
	if err := config.UnmarshalJSON([]byte(row.config)); err != nil {
		return nil, err
	}
	secrets, err := p.openSecrets(ctx, row)
	if err != nil {
		return nil, err
	}
	show(config, secrets)
	values := make([]string, len(secrets))
	for i, s := range secrets {
		values[i] = s.Value
	}
	c := newClient(row.id, row.poolID, row.version, config, values)
	c.SSOValidity = time.Duration(row.ssoMinutes) * time.Minute
	return c, nil
}

// changed plans the invalidation of what a transaction changes: an empty pool id stands for nothing.
func (p *Pools) changed(tx *db.Tx, version int64, poolID string, clientIDs ...string) {
	tx.AfterCommit(func() {
		p.pools.drop(poolID)
		for _, id := range clientIDs {
			p.clients.drop(id)
		}
		p.mu.Lock()
		defer p.mu.Unlock()
		if version == p.seen+1 {
			p.seen = version
		}
	})
}

// Watch polls for the changes of other nodes every second until ctx is over. While the database cannot be asked,
// cached settings count as outdated.
func (p *Pools) Watch(ctx context.Context) {
	tick := time.NewTicker(pollEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			if err := p.Poll(ctx); err != nil && ctx.Err() == nil {
				p.epoch.Add(1)
			}
		}
	}
}

// Poll reads the change row once. When somebody else changed a pool or client, every cached snapshot is compared with
// its row before its next use.
func (p *Pools) Poll(ctx context.Context) error {
	p.mu.Lock()
	before := p.seen
	p.mu.Unlock()
	var version int64
	err := p.d.DB.Read(ctx, func(tx *db.Tx) (err error) {
		version, err = currentVersion(tx)
		return err
	})
	if err != nil {
		return err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if version != p.seen && version != before {
		p.seen = version
		p.epoch.Add(1)
	}
	return nil
}

// Forget empties the cache, as after a restored snapshot of the whole database.
func (p *Pools) Forget() {
	p.pools.clear()
	p.clients.clear()
	p.domains.clear()
	p.epoch.Add(1)
}
