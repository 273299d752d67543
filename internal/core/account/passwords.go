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
)

// replacement derives the credential that replaces the user's present one:
// policy, history, verifier.
func (a *Accounts) replacement(ctx context.Context, p *pool.Pool, u *directory.User, pw string) (*password.Credential, error) {
	fresh, err := a.credential(p, u.Username, pw)
	if err != nil {
		return nil, err
	}
	old, err := a.Directory.Credential(ctx, u)
	if err != nil {
		return nil, err
	}
	size := password.HistorySize(p.PasswordPolicy())
	if old != nil && old.UsedBefore(size, p.Name, u.Username, pw) {
		obs.Cause(ctx, "password is in the history")
		return nil, errPasswordUsed()
	}
	fresh.Remember(old, size)
	return fresh, nil
}

// ChangePassword implements the AWS operation. Wrong previous passwords are
// limited per hour; AWS's quota of five is applied to them alone.
func (o Ops) ChangePassword(ctx context.Context, in *cognitoidp.ChangePasswordRequest) (*cognitoidp.ChangePasswordResponse, error) {
	access, err := o.Directory.Authorize(ctx, in.AccessToken)
	if err != nil {
		return nil, err
	}
	err = untilUnchanged(func() error {
		u, err := o.bySub(ctx, access.Pool, access.Sub)
		if err != nil {
			return err
		}
		if err := o.provePrevious(ctx, access.Pool, u, in.PreviousPassword); err != nil {
			return err
		}
		return o.replace(ctx, access.Pool, u, in.ProposedPassword, change{guard: func(tx *db.Tx) error {
			// Here and not before, so that parallel guesses are not worth more than the limit.
			return codeRefusal(ctx, o.Codes.Peek(tx, access.Pool.ID, u.Sub, code.LimitChangePassword))
		}})
	})
	if err != nil {
		return nil, err
	}
	return &cognitoidp.ChangePasswordResponse{}, nil
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

// change is how one way of setting a password differs from another.
type change struct {
	temporary bool
	guard     func(*db.Tx) error // in the transaction, before the user is saved
}

// replace sets a new password for a user that was read before, and saves what
// else the caller changed in u.
func (a *Accounts) replace(ctx context.Context, p *pool.Pool, u *directory.User, pw string, how change) error {
	fresh, err := a.replacement(ctx, p, u, pw)
	if err != nil {
		return err
	}
	if how.temporary {
		a.expire(p, fresh)
	}
	set := a.Directory.SetCredential
	if same, err := a.unchanged(ctx, p, u, pw); err != nil {
		return err
	} else if same {
		set = a.Directory.RenewCredential
	}
	if err := set(ctx, u, fresh); err != nil {
		return err
	}
	return a.DB.Update(ctx, func(tx *db.Tx) error {
		if err := how.guard(tx); err != nil {
			return err
		}
		return a.Directory.Save(tx, p, u)
	})
}

// unchanged reports whether pw is the permanent password that the user has. It
// is asked only where somebody would be told of a change.
func (a *Accounts) unchanged(ctx context.Context, p *pool.Pool, u *directory.User, pw string) (bool, error) {
	if !p.ChangeNotices() {
		return false, nil
	}
	have, err := a.Directory.Credential(ctx, u)
	return err == nil && have.HasPassword() && !have.Temporary && have.Verify(p.Name, u.Username, pw), err
}

// bySub reads the user of an access token.
func (a *Accounts) bySub(ctx context.Context, p *pool.Pool, sub string) (u *directory.User, err error) {
	err = a.DB.View(ctx, func(tx *db.Tx) error {
		u, err = a.Directory.BySub(tx, p, sub)
		return err
	})
	if errors.Is(err, directory.ErrUserNotFound) {
		return nil, directory.UserNotFound()
	}
	return u, err
}

// provePrevious verifies the present password. Only a user without one may
// leave it out.
func (a *Accounts) provePrevious(ctx context.Context, p *pool.Pool, u *directory.User, previous *string) error {
	if !u.Enabled {
		return errDisabled()
	}
	have, err := a.Directory.Credential(ctx, u)
	if err != nil {
		return err
	}
	if have == nil || !have.HasPassword() {
		return nil
	}
	if previous == nil {
		return errInvalid("Missing required parameter PreviousPassword")
	}
	if have.Verify(p.Name, u.Username, *previous) {
		return nil
	}
	obs.Cause(ctx, "wrong previous password")
	err = a.DB.Update(ctx, func(tx *db.Tx) error {
		return codeRefusal(ctx, a.Codes.Allow(tx, p.ID, u.Sub, code.LimitChangePassword))
	})
	if err != nil {
		return err
	}
	return errRefused("Incorrect username or password.")
}

// AdminSetUserPassword implements the AWS operation.
func (o Ops) AdminSetUserPassword(ctx context.Context, in *cognitoidp.AdminSetUserPasswordRequest) (*cognitoidp.AdminSetUserPasswordResponse, error) {
	permanent := in.Permanent != nil && *in.Permanent
	err := untilUnchanged(func() error {
		p, u, err := o.adminUser(ctx, in.UserPoolId, in.Username)
		if err != nil {
			return err
		}
		u.Status = cognitoidp.UserStatusTypeForceChangePassword
		if permanent {
			u.Status = cognitoidp.UserStatusTypeConfirmed
		}
		return o.replace(ctx, p, u, in.Password, change{temporary: !permanent, guard: func(tx *db.Tx) error {
			return o.Codes.Drop(tx, p.ID, u.Sub, code.SignUp) // there is nothing left to confirm
		}})
	})
	if err != nil {
		return nil, err
	}
	return &cognitoidp.AdminSetUserPasswordResponse{}, nil
}

// AdminResetUserPassword implements the AWS operation: the password stops
// working at once and a code is sent.
func (o Ops) AdminResetUserPassword(ctx context.Context, in *cognitoidp.AdminResetUserPasswordRequest) (*cognitoidp.AdminResetUserPasswordResponse, error) {
	p, err := o.adminPool(ctx, in.UserPoolId)
	if err != nil {
		return nil, err
	}
	reset := func(ctx context.Context, tx *db.Tx) error {
		u, err := o.Directory.ResolveOrRefuse(tx, p, in.Username)
		if err != nil {
			return err
		}
		to, err := recoveryOf(p, u)
		if err != nil {
			return err
		}
		u.Status = cognitoidp.UserStatusTypeResetRequired
		if err := o.Directory.Save(tx, p, u); err != nil {
			return err
		}
		_, err = o.sendCode(ctx, tx, p, nil, u, code.ForgotPassword, message.ForgotPassword, to, in.ClientMetadata)
		return err
	}
	err = o.Messages.Compose(ctx, func(ctx context.Context) error {
		return o.DB.Update(ctx, func(tx *db.Tx) error { return reset(ctx, tx) })
	})
	if errors.Is(err, message.ErrNoTransport) { // CodeDeliveryFailureException is not declared
		obs.Cause(ctx, "%v", err)
		return nil, errInvalid("The code cannot be delivered: no transport is configured.")
	}
	if err != nil {
		return nil, err
	}
	return &cognitoidp.AdminResetUserPasswordResponse{}, nil
}

// adminPool finds the pool of an administrative operation and loads its keys,
// which should not happen inside the transaction.
func (a *Accounts) adminPool(ctx context.Context, poolID string) (*pool.Pool, error) {
	p, err := a.Pools.PoolOrRefuse(ctx, poolID)
	if err != nil {
		return nil, err
	}
	return p, a.Keys.Load(ctx, p.ID)
}

// adminUser reads the user an administrator named, before a transaction.
func (a *Accounts) adminUser(ctx context.Context, poolID, name string) (*pool.Pool, *directory.User, error) {
	p, err := a.adminPool(ctx, poolID)
	if err != nil {
		return nil, nil, err
	}
	var u *directory.User
	err = a.DB.View(ctx, func(tx *db.Tx) error {
		u, err = a.Directory.ResolveOrRefuse(tx, p, name)
		return err
	})
	return p, u, err
}
