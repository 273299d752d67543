package directory

import (
	"context"
	"fmt"

	"cognate/internal/api/cognitoidp"
	"cognate/internal/base/obs"
	"cognate/internal/core/password"
	"cognate/internal/core/pool"
)

// NewPassword is a password that replaces the one a user has.
type NewPassword struct {
	Text      string
	Temporary bool                      // has to be changed at a sign-in, within the pool's number of days
	Reusable  bool                      // the history is not asked, as where the server or its owner chose the password
	Recovered bool                      // the user is told even when it is the password that they had
	Status    cognitoidp.UserStatusType // of the user from now on; "" leaves it
}

// SetPassword gives u another password, to be written by Save: policy, history, credential, status and whether the user
// is told of it. It is slow, so it belongs before the transaction, in which Save finds out whether the user changed
// meanwhile. Refusals are AWS exceptions.
func (d *Directory) SetPassword(ctx context.Context, p *pool.Pool, u *User, n NewPassword) error {
	if err := password.Check(p.PasswordPolicy(), n.Text); err != nil {
		return password.Refusal(err)
	}
	old, err := d.Credential(ctx, u)
	if err != nil {
		return err
	}
	size := password.HistorySize(p.PasswordPolicy())
	if !n.Reusable && old.UsedBefore(size, p.Name, u.Username, n.Text) {
		obs.Cause(ctx, "password is in the history")
		return password.Refusal(password.ErrUsed)
	}
	fresh, err := d.FirstCredential(p, u.Username, n.Text, n.Temporary)
	if err != nil {
		return err
	}
	fresh.Remember(old, size)
	if n.Status != "" {
		u.Status = n.Status
	}
	if !n.Recovered && p.ChangeNotices() && !n.Temporary && same(old, p, u, n.Text) {
		return d.RenewCredential(ctx, u, fresh)
	}
	return d.SetCredential(ctx, u, fresh)
}

// same reports whether pw is the permanent password that the user has. It costs a modular power, so it is asked only
// where somebody would be told of a change.
func same(have *password.Credential, p *pool.Pool, u *User, pw string) bool {
	return have.HasPassword() && !have.Temporary && have.Verify(p.Name, u.Username, pw)
}

// FirstCredential checks the policy and derives the verifier of the password of a new user. It is slow.
func (d *Directory) FirstCredential(p *pool.Pool, username, pw string, temporary bool) (*password.Credential, error) {
	if err := password.Check(p.PasswordPolicy(), pw); err != nil {
		if temporary {
			return nil, password.RefusalInvited(err)
		}
		return nil, password.Refusal(err)
	}
	c, err := password.New(p.Name, username, pw, d.IDs.Rand)
	if err != nil {
		return nil, fmt.Errorf("derive verifier: %w", err)
	}
	c.SetAt = d.now().UnixMilli()
	if temporary {
		c.Temporary = true
		c.ExpiresAt = d.now().Add(p.TemporaryPasswordLife()).UnixMilli()
	}
	return c, nil
}
