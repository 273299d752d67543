package directory

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"maps"
	"slices"

	"cognate/internal/api/cognitoidp"
	"cognate/internal/base/db"
	"cognate/internal/core/password"
	"cognate/internal/core/pool"
)

// SeedUser declares a user of a seed file.
type SeedUser struct {
	Username   string // as people type it
	Sub        string // "" draws one when the user is made
	Password   string // permanent; "" leaves the password alone
	Status     cognitoidp.UserStatusType
	Disabled   bool
	Attributes map[string]string
	Groups     []string // must exist
}

// SeedGroup declares a group of a seed file.
type SeedGroup struct {
	Name, Description, RoleArn string
	Precedence                 *int64
}

// EnsureGroup makes the group or brings its settings up to date, and reports whether anything changed.
func (d *Directory) EnsureGroup(ctx context.Context, p *pool.Pool, s SeedGroup) (changed bool, err error) {
	precedence, err := precedenceOf(s.Precedence, -1)
	if err != nil {
		return false, err
	}
	err = d.DB.Update(ctx, func(tx *db.Tx) error {
		changed = false
		now := d.now().UnixMilli()
		g, err := readGroup(tx, p.ID, s.Name)
		if errors.Is(err, ErrGroupNotFound) {
			changed = true
			return d.createGroup(tx, p, group{
				name: s.Name, id: d.IDs.UUID(), description: s.Description, roleArn: s.RoleArn, precedence: precedence,
				created: now, modified: now,
			})
		}
		if err != nil || g.description == s.Description && g.roleArn == s.RoleArn && g.precedence == precedence {
			return err
		}
		changed = true
		g.description, g.roleArn, g.precedence, g.modified = s.Description, s.RoleArn, precedence, now
		return updateGroup(tx, p.ID, g)
	})
	return changed, err
}

// EnsureUser makes the user, confirmed unless Status says otherwise, or brings password, status, the declared attributes
// and groups up to date; it takes nothing away. It reports whether anything changed, so applying a seed twice changes
// nothing. No message is sent.
func (d *Directory) EnsureUser(ctx context.Context, p *pool.Pool, s SeedUser) (changed bool, err error) {
	if s.Status == "" {
		s.Status = cognitoidp.UserStatusTypeConfirmed
	}
	attrs := maps.Clone(s.Attributes)
	if attrs == nil {
		attrs = map[string]string{}
	}
	attribute, err := CheckUsername(p, s.Username)
	if err != nil {
		return false, err
	}
	if attribute != "" {
		attrs[attribute] = s.Username
	}
	if err := d.CheckAttributes(p, nil, attrs, Create); err != nil {
		return false, err
	}
	old, err := d.seeded(ctx, p, s)
	if err != nil {
		return false, err
	}
	if s.Sub == "" && old == nil {
		s.Sub = d.IDs.UUID()
	}
	cred, err := d.seedCredential(ctx, p, s, old)
	if err != nil {
		return false, err
	}
	err = d.DB.Update(ctx, func(tx *db.Tx) error {
		changed = false
		var u *User
		if old == nil {
			changed = true
			u, err = d.Create(ctx, tx, p, NewUser{
				Sub: s.Sub, Username: s.Username, Status: s.Status, Disabled: s.Disabled, Attributes: attrs, Credential: cred,
			})
		} else {
			u, err = d.BySub(tx, p, old.Sub)
			if err == nil {
				changed, err = d.reseed(ctx, tx, p, s, u, attrs, cred)
			}
		}
		if err != nil {
			return err
		}
		joined, err := d.seedGroups(tx, p, u, s.Groups)
		changed = changed || joined
		return err
	})
	return changed, err
}

// seeded finds the user that a declaration means: by sub, else by name; nil when there is none.
func (d *Directory) seeded(ctx context.Context, p *pool.Pool, s SeedUser) (u *User, err error) {
	err = d.DB.View(ctx, func(tx *db.Tx) (err error) {
		if s.Sub != "" {
			u, err = d.BySub(tx, p, s.Sub)
		} else {
			u, err = d.Resolve(tx, p, s.Username)
		}
		return err
	})
	if errors.Is(err, ErrUserNotFound) {
		return nil, nil
	}
	return u, err
}

// seedCredential derives the credential of the declared password, nil when the user has it already or none is declared.
func (d *Directory) seedCredential(ctx context.Context, p *pool.Pool, s SeedUser, old *User) (*password.Credential, error) {
	if s.Password == "" {
		return nil, d.warm(ctx, p)
	}
	username := ""
	if old != nil {
		username = old.Username
		have, err := d.Credential(ctx, old)
		if err != nil {
			return nil, err
		}
		if have != nil && !have.Temporary && have.Verify(p.Name, username, s.Password) {
			return nil, nil
		}
	} else {
		username = storedUsername(p, s.Username, s.Sub)
	}
	c, err := password.New(p.Name, username, s.Password, rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("directory: seed password: %w", err)
	}
	c.SetAt = d.now().UnixMilli()
	return c, d.warm(ctx, p)
}

// reseed brings an existing user up to date and reports whether that changed anything.
func (d *Directory) reseed(ctx context.Context, tx *db.Tx, p *pool.Pool, s SeedUser, u *User, attrs map[string]string, cred *password.Credential) (bool, error) {
	same := cred == nil && u.Status == s.Status && u.Enabled != s.Disabled
	for name, v := range attrs {
		same = same && u.Attributes[name] == v
	}
	if same {
		return false, nil
	}
	u.Status, u.Enabled = s.Status, !s.Disabled
	maps.Copy(u.Attributes, attrs)
	if cred != nil {
		if err := d.SetCredential(ctx, u, cred); err != nil {
			return false, err
		}
	}
	return true, d.Save(tx, p, u)
}

// seedGroups adds u to the groups it is not in yet.
func (d *Directory) seedGroups(tx *db.Tx, p *pool.Pool, u *User, names []string) (changed bool, err error) {
	if len(names) == 0 {
		return false, nil
	}
	have, err := groupsOf(tx, p.ID, u.Sub)
	if err != nil {
		return false, err
	}
	for _, name := range names {
		if slices.ContainsFunc(have, func(g group) bool { return g.name == name }) {
			continue
		}
		g, err := readGroup(tx, p.ID, name)
		if err != nil {
			return false, err
		}
		if err := d.addToGroup(tx, p, u, g); err != nil {
			return false, err
		}
		changed = true
	}
	return changed, nil
}
