package account

import (
	"bytes"
	"context"
	"crypto/subtle"
	"errors"
	"maps"
	"slices"

	"cognate/internal/api/cognitoidp"
	"cognate/internal/base/db"
	"cognate/internal/core/code"
	"cognate/internal/core/directory"
	"cognate/internal/core/factor"
	"cognate/internal/core/message"
	"cognate/internal/core/password"
	"cognate/internal/core/pool"
)

// Provisioned is a user as a seed file declares it.
type Provisioned struct {
	Username string
	Sub      string // chosen sub; "" lets the directory make one
	Password string // "" makes no password
	// Credential is a password as another server kept it, in place of Password.
	Credential *password.Credential
	Temporary  bool                      // must be changed at the first sign-in
	Status     cognitoidp.UserStatusType // of a user who is made; "" follows from Temporary
	Disabled   bool
	Created    int64 // ms since 1970, of a user who is made; 0 is now
	Attributes map[string]string
	Software   *factor.SoftwareToken // nil leaves the one there is
	MFA        *factor.Choice        // nil leaves what there is
}

// credential is the declared password of a user with a stored name, nil for none.
func (w Provisioned) credential(a *Accounts, p *pool.Pool, username string) (*password.Credential, error) {
	if w.Credential == nil && w.Password == "" {
		return nil, nil
	}
	if w.Credential == nil {
		return a.Directory.FirstCredential(p, username, w.Password, w.Temporary)
	}
	c := *w.Credential
	c.Temporary = w.Temporary
	if now := a.Clock.Now(); c.SetAt == 0 {
		c.SetAt = now.UnixMilli()
		if c.Temporary && c.ExpiresAt == 0 {
			c.ExpiresAt = now.Add(p.TemporaryPasswordLife()).UnixMilli()
		}
	}
	return &c, nil
}

// Provision brings a user to the declared state, with no code or invitation sent: it makes
// the user, or changes what differs. It reports whether anything changed. The
// password of an existing user is replaced only when it is not the declared one.
func (a *Accounts) Provision(ctx context.Context, p *pool.Pool, want Provisioned) (changed bool, err error) {
	err = untilUnchanged(func() error {
		var u *directory.User
		err := a.DB.View(ctx, func(tx *db.Tx) (err error) {
			u, err = a.provisioned(tx, p, want)
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

// provisioned finds the user that is declared: by a name or, where names are addresses and may change, by the sub.
func (a *Accounts) provisioned(tx *db.Tx, p *pool.Pool, want Provisioned) (*directory.User, error) {
	if want.Sub != "" && len(p.UsernameAttrs) > 0 {
		if u, err := a.Directory.BySub(tx, p, want.Sub); !errors.Is(err, directory.ErrUserNotFound) {
			return u, err
		}
	}
	return a.Directory.Resolve(tx, p, want.Username)
}

func (a *Accounts) provisionNew(ctx context.Context, p *pool.Pool, want Provisioned) error {
	attrs := maps.Clone(want.Attributes)
	if attrs == nil {
		attrs = map[string]string{}
	}
	name, err := a.provisionName(p, want, attrs)
	if err != nil {
		return err
	}
	if err := a.Directory.CheckAttributes(p, nil, attrs, directory.Create); err != nil {
		return err
	}
	nu := directory.NewUser{
		Sub: name.sub, Username: name.username, Attributes: attrs, Disabled: want.Disabled, Created: want.Created, Status: want.Status,
	}
	switch {
	case nu.Status != "":
	case want.Temporary:
		nu.Status = cognitoidp.UserStatusTypeForceChangePassword
	default:
		nu.Status = cognitoidp.UserStatusTypeConfirmed
	}
	if nu.Credential, err = want.credential(a, p, name.username); err != nil {
		return err
	}
	will := directory.User{Attributes: attrs}
	if err := factor.Provision(&will, want.Software, want.MFA); err != nil {
		return err
	}
	nu.MFA = will.MFA
	if err := a.Keys.Load(ctx, p.ID); err != nil {
		return err
	}
	return a.DB.Update(ctx, func(tx *db.Tx) error {
		u, err := a.Directory.Create(ctx, tx, p, nu)
		if err != nil || want.Software == nil {
			return err
		}
		_, err = a.Factors.ProvisionSoftware(tx, p, u.Sub, *want.Software)
		return err
	})
}

// provisionName is the name and sub of a user to be made. Where users sign in by an address, one without any has the sub as name.
func (a *Accounts) provisionName(p *pool.Pool, want Provisioned, attrs map[string]string) (newName, error) {
	if want.Sub != "" && want.Username == want.Sub && len(p.UsernameAttrs) > 0 {
		return newName{sub: want.Sub, username: want.Sub}, nil
	}
	name, err := a.nameFor(p, want.Username, attrs, "User account already exists")
	if err == nil && want.Sub != "" {
		if name.username == name.sub {
			name.username = want.Sub
		}
		name.sub = want.Sub
	}
	return name, err
}

func (a *Accounts) provisionExisting(ctx context.Context, p *pool.Pool, u *directory.User, want Provisioned) (bool, error) {
	changed, err := a.provisionAttributes(p, u, want.Attributes)
	if err != nil {
		return false, err
	}
	if u.Enabled == want.Disabled {
		u.Enabled, changed = !want.Disabled, true
	}
	confirmed := want.Status == cognitoidp.UserStatusTypeConfirmed && u.Status == cognitoidp.UserStatusTypeUnconfirmed
	if confirmed {
		u.Status = cognitoidp.UserStatusTypeConfirmed
	}
	reset, err := a.provisionPassword(ctx, p, u, want)
	if err != nil {
		return false, err
	}
	had := u.Clone().MFA
	if err := factor.Provision(u, want.Software, want.MFA); err != nil {
		return false, err
	}
	changed = changed || confirmed || reset || had.TOTP != u.MFA.TOTP || had.Preferred != u.MFA.Preferred || !slices.Equal(had.Enabled, u.MFA.Enabled)
	if !changed && want.Software == nil {
		return false, nil
	}
	return a.provisionSave(ctx, p, u, want, changed, had.TOTP)
}

// provisionSave writes the software token and, if changed, the user.
func (a *Accounts) provisionSave(ctx context.Context, p *pool.Pool, u *directory.User, want Provisioned, changed, hadToken bool) (bool, error) {
	if err := a.Keys.Load(ctx, p.ID); err != nil {
		return false, err
	}
	write := changed
	err := a.DB.View(ctx, func(tx *db.Tx) (err error) {
		write, err = a.Factors.DiffersSoftware(tx, p, u.Sub, want.Software)
		return err
	})
	if err != nil || !write && !changed {
		return false, err
	}
	return true, a.DB.Update(ctx, func(tx *db.Tx) error {
		if !u.Enabled {
			if err := a.Tokens.RevokeUser(tx, p.ID, u.Sub); err != nil {
				return err
			}
		}
		if u.Status == cognitoidp.UserStatusTypeConfirmed {
			if err := a.Codes.Drop(tx, p.ID, u.Sub, code.SignUp); err != nil { // there is nothing left to confirm
				return err
			}
		}
		if write {
			if err := a.provisionSoftware(tx, p, u, *want.Software, hadToken); err != nil {
				return err
			}
		}
		if !changed {
			return nil
		}
		return a.Directory.Save(tx, p, u)
	})
}

// provisionSoftware writes another software token and tells the owner of one that had one before; Save tells of the first.
func (a *Accounts) provisionSoftware(tx *db.Tx, p *pool.Pool, u *directory.User, t factor.SoftwareToken, hadToken bool) error {
	changed, err := a.Factors.ProvisionSoftware(tx, p, u.Sub, t)
	if err != nil || !changed || !hadToken {
		return err
	}
	return a.Directory.Notify(tx, p, u, message.SoftwareTokenAdded, "")
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
	if want.Credential != nil {
		return a.provisionCredential(ctx, p, u, want)
	}
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

// provisionCredential sets the declared credential unless it is the user's, or the user has a later one.
func (a *Accounts) provisionCredential(ctx context.Context, p *pool.Pool, u *directory.User, want Provisioned) (bool, error) {
	have, err := a.Directory.Credential(ctx, u)
	if err != nil {
		return false, err
	}
	next, err := want.credential(a, p, u.Username)
	if err != nil {
		return false, err
	}
	if have.HasPassword() {
		same := bytes.Equal(have.Salt, next.Salt) && subtle.ConstantTimeCompare(have.Verifier, next.Verifier) == 1
		done := want.Temporary && u.Status != cognitoidp.UserStatusTypeForceChangePassword // the user has replaced it
		if same || done || want.Credential.SetAt != 0 && have.SetAt > want.Credential.SetAt {
			return false, nil
		}
	}
	switch {
	case want.Temporary:
		u.Status = cognitoidp.UserStatusTypeForceChangePassword
	case u.Status == cognitoidp.UserStatusTypeForceChangePassword:
		u.Status = cognitoidp.UserStatusTypeConfirmed
	}
	return true, a.Directory.SetCredential(ctx, u, next)
}
