package directory

import (
	"fmt"
	"slices"
	"strings"

	"cognate/internal/api/cognitoidp"
	"cognate/internal/api/rt"
	"cognate/internal/base/db"
	"cognate/internal/core/pool"
	"cognate/internal/core/token"
)

// Limits of Cognito's quotas page.
const (
	maxGroups        = 10_000
	maxGroupsPerUser = 100
)

// GroupsOf returns the groups of a user as tokens tell about them, by precedence and then name; groups without
// precedence come last. A user without groups costs one range read; the groups themselves are one more, because they
// may live on another shard than their members.
func (d *Directory) GroupsOf(tx *db.Tx, p *pool.Pool, sub string) ([]token.Group, error) {
	list, err := groupsOf(tx, p.ID, sub)
	if err != nil {
		return nil, fmt.Errorf("directory: groups: %w", err)
	}
	slices.SortStableFunc(list, func(a, b group) int {
		if (a.precedence < 0) != (b.precedence < 0) {
			return int(b.precedence>>63) - int(a.precedence>>63)
		}
		if a.precedence != b.precedence {
			return int(min(max(a.precedence-b.precedence, -1), 1))
		}
		return strings.Compare(a.name, b.name)
	})
	out := make([]token.Group, len(list))
	for i, g := range list {
		out[i] = token.Group{Name: g.name, RoleArn: g.roleArn, Precedence: g.optPrecedence()}
	}
	return out, nil
}

// groupsOf returns the living groups of a user by name.
func groupsOf(tx *db.Tx, poolID, sub string) ([]group, error) {
	members, err := readMemberships(tx, poolID, sub)
	if err != nil || len(members) == 0 {
		return nil, err
	}
	ids := make(map[string]bool, len(members))
	names := make([]string, 0, len(members))
	for _, m := range members {
		ids[m.id] = true
		names = append(names, m.group)
	}
	names = slices.Compact(names)
	var out []group
	for chunk := range slices.Chunk(names, groupKeys) {
		found, err := readGroups(tx, poolID, chunk)
		if err != nil {
			return nil, err
		}
		out = append(out, found...)
	}
	out = slices.DeleteFunc(out, func(g group) bool { return !ids[g.id] })
	slices.SortFunc(out, func(a, b group) int { return strings.Compare(a.name, b.name) })
	return out, nil
}

// createGroup makes a group; GroupExistsException and LimitExceededException as CreateGroup. It is what CreateGroup
// and seeds share.
func (d *Directory) createGroup(tx *db.Tx, p *pool.Pool, g group) error {
	n, err := countGroups(tx, p.ID)
	if err != nil {
		return err
	}
	made, err := insertGroup(tx, p.ID, g)
	switch {
	case err != nil:
		return err
	case !made:
		return cognitoidp.NewGroupExists("A group with the name already exists")
	case n >= maxGroups:
		return cognitoidp.NewLimitExceeded("A user pool can have at most %d groups.", maxGroups)
	}
	return nil
}

// addToGroup makes u a member of g and reports false when u was one already.
func (d *Directory) addToGroup(tx *db.Tx, p *pool.Pool, u *User, g group) (added bool, err error) {
	have, err := groupsOf(tx, p.ID, u.Sub)
	if err != nil {
		return false, err
	}
	if slices.ContainsFunc(have, func(h group) bool { return h.id == g.id }) {
		return false, nil
	}
	if len(have) >= maxGroupsPerUser {
		return false, cognitoidp.NewInvalidParameter("A user can be in at most %d groups.", maxGroupsPerUser)
	}
	// Neither may be deleted by somebody else before the membership is there, or it would stay behind.
	if err := lockUser(tx, p.ID, u.Sub); err != nil {
		return false, err
	}
	if err := lockGroup(tx, p.ID, g); err != nil {
		return false, err
	}
	m := membership{group: g.name, id: g.id}
	_, err = tx.ExecBatch(insertMember(p.ID, u.Sub, m), insertGroupUser(p.ID, u.Sub, m))
	return true, err
}

func (g group) optPrecedence() *int64 {
	if g.precedence < 0 {
		return nil
	}
	return &g.precedence
}

// shape is g as the group operations answer it; unset members are absent.
func (g group) shape(poolID string) cognitoidp.GroupType {
	created, modified := rt.TimeFromMillis(g.created), rt.TimeFromMillis(g.modified)
	return cognitoidp.GroupType{
		GroupName: &g.name, UserPoolId: &poolID, Description: text(g.description), RoleArn: text(g.roleArn),
		Precedence: g.optPrecedence(), LastModifiedDate: &modified, CreationDate: &created,
	}
}

// text is an optional member; "" is absent.
func text(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

// value is the text of an optional member; "" when absent.
func value[T any](p *T) (v T) {
	if p != nil {
		v = *p
	}
	return v
}
