package seed

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"cognate/internal/api/cognitoidp"
	"cognate/internal/base/db"
	"cognate/internal/core/directory"
	"cognate/internal/core/factor"
	"cognate/internal/core/password"
	"cognate/internal/core/pool"
	"cognate/internal/core/token"
)

// leftOut counts what of the users of a pool stays behind.
type leftOut struct{ passkeys, devices, recovery, waiting, identities, strangers int }

func (e *Exporter) users(ctx context.Context, p *pool.Pool, out *Pool) error {
	var left leftOut
	in := &cognitoidp.ListUsersRequest{UserPoolId: p.ID}
	for {
		page, err := e.API.ListUsers(ctx, in)
		if err != nil {
			return err
		}
		for _, found := range page.Users {
			sub := *found.Attributes[0].Value // sub is the first of the list
			u, err := e.user(ctx, p, sub, &left)
			if errors.Is(err, directory.ErrUserNotFound) {
				continue // deleted meanwhile
			}
			if err != nil {
				return fmt.Errorf("user %s: %w", sub, err)
			}
			if new(Status).UnmarshalText([]byte(u.Status)) != nil { // one of another directory
				left.strangers++
				continue
			}
			out.Users = append(out.Users, *u)
		}
		if in.PaginationToken = page.PaginationToken; in.PaginationToken == nil {
			break
		}
	}
	for _, kind := range []struct {
		n    int
		what string
	}{
		{left.passkeys, "passkeys"}, {left.devices, "remembered devices"}, {left.recovery, "sets of recovery codes"},
		{left.waiting, "new addresses that await their code"}, {left.identities, "links to other identity providers"},
		{left.strangers, "users of other identity providers"},
	} {
		if kind.n > 0 {
			e.left(p, "%s: %d", kind.what, kind.n)
		}
	}
	return nil
}

// user reads one user and what belongs to the user in one transaction.
func (e *Exporter) user(ctx context.Context, p *pool.Pool, sub string, left *leftOut) (*User, error) {
	var u *directory.User
	var software *factor.SoftwareToken
	var recovery bool
	var groups []token.Group
	err := e.DB.View(ctx, func(tx *db.Tx) (err error) {
		if u, err = e.Users.BySub(tx, p, sub); err != nil {
			return err
		}
		if groups, err = e.Users.GroupsOf(tx, p, sub); err != nil {
			return err
		}
		if recovery, err = e.Factors.HasRecoveryCodes(tx, p, sub); err != nil {
			return err
		}
		if e.Secrets && u.MFA.TOTP {
			software, err = e.Factors.Software(tx, p, sub)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	out := &User{
		Username: signInName(p, u), Sub: u.Sub, Status: Status(u.Status), Disabled: !u.Enabled, Created: Moment(u.Created),
		Attributes: maps.Clone(u.Attributes),
	}
	delete(out.Attributes, "identities")
	for _, g := range groups {
		out.Groups = append(out.Groups, g.Name)
	}
	slices.Sort(out.Groups)
	if software != nil {
		out.TOTP = &TOTP{Secret: software.Seed, Name: software.Name, Set: Moment(software.SetAt)}
	}
	if c := factor.Declarable(u, software != nil); c != nil {
		out.MFA = &MFA{Enabled: c.Enabled, Preferred: c.Preferred}
	}
	if e.Secrets {
		c, err := e.Users.Credential(ctx, u)
		if err != nil {
			return nil, err
		}
		out.password(c)
	}
	return out, e.count(ctx, p, u, recovery, left)
}

// password puts a credential into the declaration.
func (u *User) password(c *password.Credential) {
	if !c.HasPassword() {
		return
	}
	u.Temporary = c.Temporary
	u.Verifier = &Verifier{Salt: c.Salt, Value: c.Verifier, Set: Moment(c.SetAt), Expires: Moment(c.ExpiresAt)}
	for _, past := range c.History {
		u.Verifier.History = append(u.Verifier.History, Past{Salt: past.Salt, Hash: past.Hash[:]})
	}
}

// signInName is a name by which a user can be made: the user name or, where users sign in by an address, that. One who has none is
// named by the sub.
func signInName(p *pool.Pool, u *directory.User) string {
	for _, kind := range []string{"email", "phone_number"} {
		if p.UsernameAttrs.Has(kind) && u.Attributes[kind] != "" {
			return u.Attributes[kind]
		}
	}
	return u.Username
}

func (e *Exporter) count(ctx context.Context, p *pool.Pool, u *directory.User, recovery bool, left *leftOut) error {
	left.passkeys += u.MFA.Passkeys
	left.waiting += len(u.Pending)
	if recovery {
		left.recovery++
	}
	if u.Attributes["identities"] != "" {
		left.identities++
	}
	if p.Config.DeviceConfiguration == nil { // no devices, and no operations on them
		return nil
	}
	in := &cognitoidp.AdminListDevicesRequest{UserPoolId: p.ID, Username: u.Sub}
	if len(p.AliasAttrs) > 0 {
		in.Username = u.Username
	}
	for {
		page, err := e.API.AdminListDevices(ctx, in)
		if err != nil {
			return err
		}
		left.devices += len(page.Devices)
		if in.PaginationToken = page.PaginationToken; in.PaginationToken == nil {
			return nil
		}
	}
}
