package device

import (
	"context"

	"cognate/internal/base/db"
	"cognate/internal/core/directory"
)

// run is db.Update or db.View.
type run func(context.Context, func(*db.Tx) error) error

// owner verifies an access token and that its pool tracks devices.
func (o Ops) owner(ctx context.Context, accessToken string) (directory.Caller, error) {
	c, err := o.Directory.Owner(ctx, accessToken)
	return c, tracked(c, err)
}

// admin finds the pool of an administrator and that it tracks devices. missing is the refusal of a user who does not
// exist, nil for the usual one.
func (o Ops) admin(ctx context.Context, poolID, username string, missing error) (directory.Caller, error) {
	c, err := o.Directory.Admin(ctx, poolID, username)
	if err := tracked(c, err); err != nil {
		return c, err
	}
	c.Missing = missing
	return c, o.Keys.Load(ctx, poolID)
}

func tracked(c directory.Caller, err error) error {
	if err == nil && !Tracking(c.Pool) {
		return errOff()
	}
	return err
}

// as runs act on the user of a caller in one transaction.
func (o Ops) as(ctx context.Context, in run, c directory.Caller, act func(*db.Tx, *directory.User) error) error {
	return Refusal(o.Directory.As(ctx, in, c, act))
}

// asAdmin is as for the user that an administrator named.
func (o Ops) asAdmin(ctx context.Context, in run, poolID, username string, missing error, act func(*db.Tx, directory.Caller, *directory.User) error) error {
	c, err := o.admin(ctx, poolID, username, missing)
	if err != nil {
		return err
	}
	return o.as(ctx, in, c, func(tx *db.Tx, u *directory.User) error { return act(tx, c, u) })
}
