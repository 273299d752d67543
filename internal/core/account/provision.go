package account

import (
	"context"
	"errors"
	"maps"

	"cognate/internal/api/cognitoidp"
	"cognate/internal/base/db"
	"cognate/internal/core/directory"
	"cognate/internal/core/pool"
)

// Provisioned is a user as a seed file declares it.
type Provisioned struct {
	Username   string
	Sub        string // chosen sub; "" lets the directory make one
	Password   string // "" makes no password
	Temporary  bool   // must be changed at the first sign-in
	Disabled   bool
	Attributes map[string]string
}

// Provision brings a user to the declared state, with no code or invitation sent: it makes
// the user, or changes what differs. It reports whether anything changed. The
// password of an existing user is replaced only when it is not the declared one.
func (a *Accounts) Provision(ctx context.Context, p *pool.Pool, want Provisioned) (changed bool, err error) {
	err = untilUnchanged(func() error {
		var u *directory.User
		err := a.DB.View(ctx, func(tx *db.Tx) (err error) {
			u, err = a.Directory.Resolve(tx, p, want.Username)
			return err
		})
		if errors.Is(err, directory.ErrUserNotFound) {
			changed = true
			return a.provisionNew(ctx, p, want)
		}
		if err != nil {
			return err
		}
		changed, err = a.provisionExisting(ctx, p, u, want)
		return err
	})
	return changed, err
}

func (a *Accounts) provisionNew(ctx context.Context, p *pool.Pool, want Provisioned) error {
	attrs := maps.Clone(want.Attributes)
	if attrs == nil {
		attrs = map[string]string{}
	}
	name, err := a.nameFor(p, want.Username, attrs, "User account already exists")
	if err != nil {
		return err
	}
	if want.Sub != "" {
		if name.username == name.sub {
			name.username = want.Sub
		}
		name.sub = want.Sub
	}
	if err := a.Directory.CheckAttributes(p, nil, attrs, directory.Create); err != nil {
		return err
	}
	nu := directory.NewUser{
		Sub: name.sub, Username: name.username, Attributes: attrs, Disabled: want.Disabled,
		Status: cognitoidp.UserStatusTypeConfirmed,
	}
	if want.Password != "" {
		if nu.Credential, err = a.Directory.FirstCredential(p, name.username, want.Password, want.Temporary); err != nil {
			return err
		}
	}
	if want.Temporary {
		nu.Status = cognitoidp.UserStatusTypeForceChangePassword
	}
	return a.DB.Update(ctx, func(tx *db.Tx) error {
		_, err := a.Directory.Create(ctx, tx, p, nu)
		return err
	})
}

func (a *Accounts) provisionExisting(ctx context.Context, p *pool.Pool, u *directory.User, want Provisioned) (bool, error) {
	changed, err := a.provisionAttributes(p, u, want.Attributes)
	if err != nil {
		return false, err
	}
	if u.Enabled == want.Disabled {
		u.Enabled, changed = !want.Disabled, true
	}
	reset, err := a.provisionPassword(ctx, p, u, want)
	if err != nil || !changed && !reset {
		return false, err
	}
	return true, a.DB.Update(ctx, func(tx *db.Tx) error {
		if !u.Enabled {
			if err := a.Tokens.RevokeUser(tx, p.ID, u.Sub); err != nil {
				return err
			}
		}
		return a.Directory.Save(tx, p, u)
	})
}

// provisionAttributes writes what differs into u and reports whether anything
// did. Values are compared in their stored form.
func (a *Accounts) provisionAttributes(p *pool.Pool, u *directory.User, want map[string]string) (bool, error) {
	declared := maps.Clone(want)
	if err := a.checkDeclared(p, u, declared); err != nil {
		return false, err
	}
	changes := map[string]string{}
	for name, value := range declared {
		if u.Attributes[name] != value {
			changes[name] = value
		}
	}
	for _, name := range []string{"email", "phone_number"} {
		// A new address drops its flag, so the declared one comes along.
		if flag, said := declared[name+"_verified"]; said && changes[name] != "" {
			changes[name+"_verified"] = flag
		}
	}
	if len(changes) == 0 {
		return false, nil
	}
	return true, a.Directory.Apply(u, p, changes)
}

// checkDeclared checks the attributes that differ, as far as text tells, and
// brings them into stored form.
func (a *Accounts) checkDeclared(p *pool.Pool, u *directory.User, declared map[string]string) error {
	differ := map[string]string{}
	for name, value := range declared {
		if u.Attributes[name] != value {
			differ[name] = value
		}
	}
	if err := a.Directory.CheckAttributes(p, nil, differ, directory.Update); err != nil {
		return err
	}
	maps.Copy(declared, differ)
	return nil
}

// provisionPassword sets the declared password when it is not the user's, or is
// no longer declared temporary. A temporary one that the user has replaced is
// done with.
func (a *Accounts) provisionPassword(ctx context.Context, p *pool.Pool, u *directory.User, want Provisioned) (bool, error) {
	pending := u.Status == cognitoidp.UserStatusTypeForceChangePassword
	if want.Password == "" || want.Temporary && !pending {
		return false, nil
	}
	have, err := a.Directory.Credential(ctx, u)
	if err != nil {
		return false, err
	}
	if have.Verify(p.Name, u.Username, want.Password) && pending == want.Temporary {
		return false, nil
	}
	n := directory.NewPassword{Text: want.Password, Temporary: want.Temporary, Reusable: true, Recovered: true}
	if !want.Temporary {
		n.Status = cognitoidp.UserStatusTypeConfirmed
	}
	return true, a.Directory.SetPassword(ctx, p, u, n)
}
