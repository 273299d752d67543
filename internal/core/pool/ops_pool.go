package pool

import (
	"cmp"
	"context"
	"errors"
	"regexp"
	"strings"

	"cognate/internal/api/cognitoidp"
	"cognate/internal/base/db"
	"cognate/internal/base/obs"
)

// clientIDs is the form that the API accepts as client ids.
var clientIDs = regexp.MustCompile(`^[\w+]{1,128}$`)

// maxPoolID is the longest user pool id.
const maxPoolID = 55

// IsID reports whether text has the form of a user pool id, [\w-]+_[0-9A-Za-z]+ of at most 55 characters. What has not
// need not be looked up.
func IsID(text string) bool {
	i := strings.LastIndexByte(text, '_')
	if len(text) > maxPoolID || i < 1 || i == len(text)-1 {
		return false
	}
	for j := range len(text) {
		switch c := text[j]; {
		case c >= '0' && c <= '9', c >= 'A' && c <= 'Z', c >= 'a' && c <= 'z':
		case j <= i && (c == '-' || c == '_'):
		default:
			return false
		}
	}
	return true
}

// note puts the pool and client of a request into its log event.
func note(ctx context.Context, poolID, clientID string) {
	r := obs.From(ctx)
	r.Pool, r.Client = poolID, clientID
}

// CreateUserPool implements the AWS operation.
func (o Ops) CreateUserPool(ctx context.Context, in *cognitoidp.CreateUserPoolRequest) (*cognitoidp.CreateUserPoolResponse, error) {
	config, err := o.CreatePoolWithID(ctx, o.d.IDs.PoolID(string(o.asked(ctx))), in)
	if err != nil {
		return nil, err
	}
	return &cognitoidp.CreateUserPoolResponse{UserPool: config}, nil
}

// CreatePoolWithID creates a pool with a chosen id, for seed files and imports. The error is an AWS exception of
// CreateUserPool, ErrExists, or one of the database. Data key, settings and everything that PoolMade makes appear
// together or not at all.
func (p *Pools) CreatePoolWithID(ctx context.Context, id string, in *cognitoidp.CreateUserPoolRequest) (*cognitoidp.UserPoolType, error) {
	note(ctx, id, "")
	if !IsID(id) {
		return nil, cognitoidp.NewInvalidParameter("The user pool id %s is not valid.", id)
	}
	config, mfa, err := p.rules().newPoolSettings(id, p.ARN(id), in)
	if err != nil {
		return nil, err
	}
	row := encodePool(id, config, mfa)
	err = p.d.DB.Update(ctx, func(tx *db.Tx) error {
		version, err := nextVersion(tx)
		if err != nil {
			return err
		}
		row := row
		row.version = version
		if err := insertPool(tx, row); err != nil {
			return err
		}
		if err := p.d.Keys.Create(tx, id); err != nil {
			return err
		}
		p.changed(tx, version, id)
		return hook(tx, p.d.PoolMade, id)
	})
	if err != nil {
		return nil, err
	}
	config.EstimatedNumberOfUsers = new(int64(0))
	return config, nil
}

// hook runs what other rooms do in the transaction.
func hook(tx *db.Tx, f func(*db.Tx, string) error, poolID string) error {
	if f == nil {
		return nil
	}
	return f(tx, poolID)
}

// encodePool writes settings as they are stored.
func encodePool(id string, config *cognitoidp.UserPoolType, mfa *cognitoidp.GetUserPoolMfaConfigResponse) poolRow {
	return poolRow{id: id, config: string(config.AppendJSON(nil)), mfa: string(mfa.AppendJSON(nil))}
}

// fresh reads a pool from the database, so that an administrator sees the last change whichever node made it.
func (p *Pools) fresh(ctx context.Context, poolID string) (*Pool, error) {
	note(ctx, poolID, "")
	var row poolRow
	err := p.d.DB.Read(ctx, func(tx *db.Tx) (err error) {
		row, err = readPool(tx, poolID)
		return err
	})
	if err != nil {
		return nil, PoolRefusal(err, poolID)
	}
	return p.snapshot(row)
}

// DescribeUserPool implements the AWS operation.
func (o Ops) DescribeUserPool(ctx context.Context, in *cognitoidp.DescribeUserPoolRequest) (*cognitoidp.DescribeUserPoolResponse, error) {
	pool, err := o.fresh(ctx, in.UserPoolId)
	if err != nil {
		return nil, err
	}
	var users int64
	if o.d.CountUsers != nil {
		if users, err = o.d.CountUsers(ctx, pool.ID); err != nil {
			return nil, err
		}
	}
	pool.Config.EstimatedNumberOfUsers = &users
	return &cognitoidp.DescribeUserPoolResponse{UserPool: pool.Config}, nil
}

// rewrite changes the row of a pool in one transaction. write is given the pool as it was and a row with nothing but its id
// and new version, and reports whether the pool still had its old version. lost is the answer when it had not;
// db.ErrRetry starts over instead.
func (p *Pools) rewrite(ctx context.Context, poolID string, lost error, write func(tx *db.Tx, old *Pool, row poolRow) (bool, error)) error {
	obs.From(ctx).Pool = poolID
	return p.d.DB.Update(ctx, func(tx *db.Tx) error {
		version, err := nextVersion(tx)
		if err != nil {
			return err
		}
		old, err := p.txPool(tx, poolID)
		if err != nil {
			return err
		}
		done, err := write(tx, old, poolRow{id: poolID, version: version})
		if err == nil && !done {
			err = lost
		}
		p.changed(tx, version, poolID)
		return err
	})
}

// modify is rewrite for the settings of a pool.
func (p *Pools) modify(ctx context.Context, poolID string, lost error, change func(*db.Tx, *Pool) (*cognitoidp.UserPoolType, *cognitoidp.GetUserPoolMfaConfigResponse, error)) error {
	return p.rewrite(ctx, poolID, lost, func(tx *db.Tx, old *Pool, row poolRow) (bool, error) {
		config, mfa, err := change(tx, old)
		if err != nil {
			return false, err
		}
		version := row.version
		row = encodePool(poolID, config, mfa)
		row.version = version
		return replacePool(tx, row, old.Version)
	})
}

// UpdateUserPool implements the AWS operation.
func (o Ops) UpdateUserPool(ctx context.Context, in *cognitoidp.UpdateUserPoolRequest) (*cognitoidp.UpdateUserPoolResponse, error) {
	err := o.modify(ctx, in.UserPoolId, concurrent(), func(tx *db.Tx, old *Pool) (*cognitoidp.UserPoolType, *cognitoidp.GetUserPoolMfaConfigResponse, error) {
		config, mfa, err := o.rules().changedPoolSettings(old, in)
		if err != nil {
			return nil, nil, err
		}
		if err := cmp.Or(o.rules().sessionsFitTier(old, config), o.rules().domainsFitTier(old, config)); err != nil {
			return nil, nil, err
		}
		return config, mfa, o.clientsFitTier(tx, old.Config, config)
	})
	if err != nil {
		return nil, err
	}
	return &cognitoidp.UpdateUserPoolResponse{}, nil
}

// clientsFitTier holds that a pool goes down to LITE only when neither its clients nor what other rooms keep of it has a
// feature above it.
func (p *Pools) clientsFitTier(tx *db.Tx, old, changed *cognitoidp.UserPoolType) error {
	tier := *changed.UserPoolTier
	if p.d.IgnoreTiers || tier == *old.UserPoolTier || tier != cognitoidp.UserPoolTierTypeLite {
		return nil
	}
	if p.d.Features != nil {
		features, err := p.d.Features(tx, *changed.Id)
		if err = cmp.Or(err, tierRefusal(tier, *old.UserPoolTier, features)); err != nil {
			return err
		}
	}
	for after := ""; ; {
		rows, err := listClients(tx, *changed.Id, after, 500)
		if err != nil || len(rows) == 0 {
			return err
		}
		for _, row := range rows {
			var c cognitoidp.UserPoolClientType
			if err := c.UnmarshalJSON([]byte(row.config)); err != nil {
				return err
			}
			if err := tierRefusal(tier, *old.UserPoolTier, clientFeatures(&c)); err != nil {
				return err
			}
		}
		after = rows[len(rows)-1].id
	}
}

// DeleteUserPool implements the AWS operation. The pool, its clients and everything in it are unusable when it answers;
// the rows go away in the background (Purge).
func (o Ops) DeleteUserPool(ctx context.Context, in *cognitoidp.DeleteUserPoolRequest) error {
	id := in.UserPoolId
	note(ctx, id, "")
	return o.d.DB.Update(ctx, func(tx *db.Tx) error {
		version, err := nextVersion(tx)
		if err != nil {
			return err
		}
		pool, err := o.txPool(tx, id)
		if err != nil {
			return err
		}
		switch {
		case val(pool.Config.DeletionProtection) == cognitoidp.DeletionProtectionTypeActive:
			return cognitoidp.NewInvalidParameter("The user pool cannot be deleted because deletion protection is activated. Deletion protection must be inactivated first.")
		case pool.Config.Domain != nil || pool.Config.CustomDomain != nil:
			return cognitoidp.NewInvalidParameter("User pool cannot be deleted. It has a domain configured that should be deleted first.")
		}
		if err := hook(tx, o.d.PoolGone, id); err != nil {
			return err
		}
		if err := o.d.Keys.Destroy(tx, id); err != nil {
			return err
		}
		done, err := hidePool(tx, id, version, pool.Version, o.d.Clock.Milli())
		if err == nil && !done {
			err = db.ErrRetry
		}
		o.changed(tx, version, id)
		return err
	})
}

// purgeBatch is how many rows one background transaction deletes.
const purgeBatch = 500

// Purge removes one batch of the data of a deleted pool and reports whether no deleted pool is left. It is safe, but
// wasteful, on several nodes at once.
func (p *Pools) Purge(ctx context.Context) (done bool, err error) {
	var id string
	err = p.d.DB.Read(ctx, func(tx *db.Tx) (err error) {
		id, err = hiddenPool(tx)
		return err
	})
	if err != nil || id == "" {
		return err == nil, err
	}
	if p.d.PurgePool != nil {
		if done, err := p.d.PurgePool(ctx, id); err != nil || !done {
			return false, err
		}
	}
	return false, p.d.DB.Update(ctx, func(tx *db.Tx) error {
		n, err := dropClients(tx, id, purgeBatch)
		if err != nil || n == purgeBatch {
			return err
		}
		if err := errors.Join(dropServers(tx, id), dropDomains(tx, id)); err != nil {
			return err
		}
		return removePool(tx, id)
	})
}
