package account

import (
	"context"
	"errors"

	"cognate/internal/api/cognitoidp"
	"cognate/internal/base/db"
	"cognate/internal/base/obs"
	"cognate/internal/core/code"
	"cognate/internal/core/directory"
	"cognate/internal/core/message"
	"cognate/internal/core/password"
	"cognate/internal/core/pool"
	"cognate/internal/core/signin"
)

// ChangePassword sets a new password for a user who proves the present one by
// previous, nil when it was left out. Wrong previous passwords are limited per
// hour (AWS's quota of five is applied to them alone) and count as failed
// sign-ins.
func (a *Accounts) ChangePassword(ctx context.Context, c directory.Caller, previous *string, proposed string) error {
	return untilUnchanged(func() error {
		u, err := a.user(ctx, c)
		if err != nil {
			return err
		}
		if err := a.provePrevious(ctx, c.Pool, u, previous); err != nil {
			return err
		}
		return a.replace(ctx, c.Pool, u, directory.NewPassword{Text: proposed}, func(*db.Tx) error { return nil })
	})
}

// untilUnchanged runs fn again while another request changes the user between
// its read and its write: verifiers are too slow to derive in a transaction.
func untilUnchanged(fn func() error) error {
	for {
		err := fn()
		if !errors.Is(err, directory.ErrChanged) && !errors.Is(err, errStale) {
			return err
		}
	}
}

// replace sets a new password for a user that was read before. guard runs in the
// transaction, before the user is saved.
func (a *Accounts) replace(ctx context.Context, p *pool.Pool, u *directory.User, n directory.NewPassword, guard func(*db.Tx) error) error {
	if err := a.Directory.SetPassword(ctx, p, u, n); err != nil {
		return err
	}
	return a.DB.Update(ctx, func(tx *db.Tx) error {
		if err := guard(tx); err != nil {
			return err
		}
		return a.Directory.Save(tx, p, u)
	})
}

// provePrevious verifies the present password. Only a user without one may
// leave it out.
func (a *Accounts) provePrevious(ctx context.Context, p *pool.Pool, u *directory.User, previous *string) error {
	if !u.Enabled {
		return directory.Disabled()
	}
	have, err := a.Directory.Credential(ctx, u)
	if err != nil {
		return err
	}
	if have == nil || !have.HasPassword() {
		return nil
	}
	if previous == nil {
		return pool.MissingParameter("PreviousPassword")
	}
	if err := a.Guard.Begin(ctx, p.ID); err != nil {
		return err
	}
	// A try is reserved before anything is told that depends on the password, the judgement of the new one included.
	var try signin.Counted
	err = a.DB.Update(ctx, func(tx *db.Tx) (err error) {
		if err := a.Codes.Allow(tx, p.ID, u.Sub, code.LimitChangePassword); err != nil {
			return code.Refusal(ctx, err)
		}
		try, err = a.Engine.CountTry(tx, p.ID, u.Sub)
		return err
	})
	if err != nil {
		return err
	}
	if !have.Verify(p.Name, u.Username, *previous) {
		obs.Cause(ctx, "wrong previous password")
		return password.Wrong()
	}
	return a.DB.Update(ctx, func(tx *db.Tx) error {
		if err := a.Codes.Return(tx, p.ID, u.Sub, code.LimitChangePassword); err != nil {
			return err
		}
		return a.Engine.ReturnTry(tx, p.ID, try)
	})
}

// SetPassword sets the password of a user for an administrator; a temporary one
// has to be changed at the next sign-in.
func (a *Accounts) SetPassword(ctx context.Context, c directory.Caller, pw string, permanent bool) error {
	return untilUnchanged(func() error {
		u, err := a.user(ctx, c)
		if err != nil {
			return err
		}
		n := directory.NewPassword{Text: pw, Temporary: !permanent, Status: cognitoidp.UserStatusTypeForceChangePassword}
		if permanent {
			n.Status = cognitoidp.UserStatusTypeConfirmed
		}
		return a.replace(ctx, c.Pool, u, n, func(tx *db.Tx) error {
			return a.Codes.Drop(tx, c.Pool.ID, u.Sub, code.SignUp) // there is nothing left to confirm
		})
	})
}

// ResetPassword makes the password of a user stop working at once and sends a
// code, for an administrator.
func (a *Accounts) ResetPassword(ctx context.Context, c directory.Caller) error {
	if err := a.Keys.Load(ctx, c.Pool.ID); err != nil {
		return err
	}
	err := a.Messages.Compose(ctx, func(ctx context.Context) error {
		return a.Directory.As(ctx, a.DB.Update, c, func(tx *db.Tx, u *directory.User) error { return a.reset(ctx, tx, c, u) })
	})
	if errors.Is(err, message.ErrNoTransport) { // CodeDeliveryFailureException is not declared
		obs.Cause(ctx, "%v", err)
		return noTransport(cognitoidp.NewInvalidParameter)
	}
	return err
}

func (a *Accounts) reset(ctx context.Context, tx *db.Tx, c directory.Caller, u *directory.User) error {
	to, err := recoveryOf(c.Pool, u)
	if err != nil {
		return err
	}
	u.Status = cognitoidp.UserStatusTypeResetRequired
	if err := a.Directory.Save(tx, c.Pool, u); err != nil {
		return err
	}
	_, err = a.sendCode(ctx, tx, c.Pool, nil, u, code.ForgotPassword, message.ForgotPassword, to, c.Metadata)
	return err
}

// user reads the user of a caller, before a transaction.
func (a *Accounts) user(ctx context.Context, c directory.Caller) (found *directory.User, err error) {
	if err := a.Keys.Load(ctx, c.Pool.ID); err != nil {
		return nil, err
	}
	err = a.Directory.As(ctx, a.DB.View, c, func(_ *db.Tx, u *directory.User) error {
		found = u
		return nil
	})
	return found, err
}
