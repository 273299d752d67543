package rooms

import (
	"context"
	"time"

	"cognate/internal/base/db"
	"cognate/internal/base/job"
	"cognate/internal/base/keyring"
	"cognate/internal/core/lifecycle"
)

const (
	batchRows  = 500 // deleted in one background transaction
	sweepEvery = time.Minute
	flushEvery = 5 * time.Second
)

// lifecycles are those of all rooms and of the tools below them that keep tables. Migrations are applied in this order;
// it may grow but not change. On Rooms that were not built only the migrations may be used.
func (r *Rooms) lifecycles() []lifecycle.Lifecycle {
	return []lifecycle.Lifecycle{
		{Name: "keyring", Migrations: keyring.Migrations, Forget: r.config.Keys.Reset},
		{Name: "job", Migrations: job.Migrations},
		r.IAM.Lifecycle(),
		r.KMS.Lifecycle(),
		r.Pools.Lifecycle(),
		r.Codes.Lifecycle(),
		r.Sessions.Lifecycle(),
		r.Tokens.Lifecycle(),
		r.Messages.Lifecycle(),
		r.Users.Lifecycle(),
		r.Devices.Lifecycle(),
		r.Factors.Lifecycle(),
		r.Engine.Lifecycle(),
		r.Guard.Lifecycle(),
		r.Audit.Lifecycle(),
		r.Requests.Lifecycle(),
		r.Branding.Lifecycle(),
		r.ClientDocs.Lifecycle(),
	}
}

// Migrations are the tables of all rooms, in the order in which they are applied.
func Migrations() []db.Migration {
	var all []db.Migration
	for _, l := range (&Rooms{}).lifecycles() {
		all = append(all, l.Migrations...)
	}
	return all
}

// poolMade, poolGone, purgePool, clientGone and userGone are what the pools and the directory ask of all other rooms.
func (r *Rooms) poolMade(tx *db.Tx, poolID string) error {
	for _, l := range r.all {
		if l.PoolMade == nil {
			continue
		}
		if err := l.PoolMade(tx, poolID); err != nil {
			return err
		}
	}
	return nil
}

func (r *Rooms) poolGone(tx *db.Tx, poolID string) error {
	for _, l := range r.all {
		if l.PoolGone == nil {
			continue
		}
		if err := l.PoolGone(tx, poolID); err != nil {
			return err
		}
	}
	return nil
}

// purgePool removes one batch of the first room that has something left, and reports whether none has.
func (r *Rooms) purgePool(ctx context.Context, poolID string) (done bool, err error) {
	for _, l := range r.all {
		if l.PurgePool == nil {
			continue
		}
		n := 0
		err := r.config.DB.Update(ctx, func(tx *db.Tx) (err error) {
			n, err = l.PurgePool(tx, poolID, batchRows)
			return err
		})
		if err != nil || n > 0 {
			return false, err
		}
	}
	return true, nil
}

func (r *Rooms) clientGone(tx *db.Tx, poolID, clientID string) error {
	for _, l := range r.all {
		if l.ClientGone == nil {
			continue
		}
		if err := l.ClientGone(tx, poolID, clientID); err != nil {
			return err
		}
	}
	return nil
}

func (r *Rooms) userGone(tx *db.Tx, poolID, sub string) error {
	for _, l := range r.all {
		if l.UserGone == nil {
			continue
		}
		if err := l.UserGone(tx, poolID, sub); err != nil {
			return err
		}
	}
	return nil
}

// Forget drops every cache, after the database below was replaced.
func (r *Rooms) Forget() {
	for _, l := range r.all {
		if l.Forget != nil {
			l.Forget()
		}
	}
}
