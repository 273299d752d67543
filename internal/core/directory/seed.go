package directory

import (
	"context"
	"errors"

	"cognate/internal/base/db"
	"cognate/internal/core/pool"
)

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

// EnsureMember puts the named user into the named group and reports whether that changed anything. ErrUserNotFound and
// ErrGroupNotFound say what is missing.
func (d *Directory) EnsureMember(ctx context.Context, p *pool.Pool, username, groupName string) (changed bool, err error) {
	err = d.DB.Update(ctx, func(tx *db.Tx) error {
		u, err := d.Resolve(tx, p, username)
		if err != nil {
			return err
		}
		g, err := readGroup(tx, p.ID, groupName)
		if err != nil {
			return err
		}
		changed, err = d.addToGroup(tx, p, u, g)
		return err
	})
	return changed, err
}
