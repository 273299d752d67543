package iam

import (
	"context"
	"slices"

	"cognate/internal/api/iam"
	"cognate/internal/base/db"
	"cognate/internal/base/pagetoken"
)

func (r *Room) shownGroup(g *group) *iam.Group {
	return &iam.Group{Path: g.Path, GroupName: g.Name, GroupId: g.ID, Arn: r.arn(g), CreateDate: g.created()}
}

// CreateGroup implements the IAM operation.
func (o Ops) CreateGroup(ctx context.Context, in *iam.CreateGroupRequest) (*iam.CreateGroupResponse, error) {
	g := &group{base: o.fresh(idGroup, in.GroupName, in.Path)}
	if err := o.change(ctx, func(tx *db.Tx) error { return o.add(tx, g) }); err != nil {
		return nil, err
	}
	return &iam.CreateGroupResponse{Group: o.shownGroup(g)}, nil
}

// GetGroup implements the IAM operation.
func (o Ops) GetGroup(ctx context.Context, in *iam.GetGroupRequest) (*iam.GetGroupResponse, error) {
	page, err := o.asked(ctx, in.Marker, in.MaxItems, "GetGroup", in.GroupName)
	if err != nil {
		return nil, err
	}
	var g group
	var users []*user
	err = o.view(ctx, func(tx *db.Tx) error {
		if err := o.named(tx, &g, in.GroupName); err != nil {
			return err
		}
		inside, err := links(tx, o.deps.Account, members(key(g.Name)), link{kindUser, page.After}, page.Limit+1)
		if err != nil {
			return err
		}
		users = nil
		for _, l := range inside {
			u := new(user)
			if err := read(tx, o.deps.Account, u, l.key); err != nil {
				return err
			}
			users = append(users, u)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	users, last := pagetoken.Cut(page, users, func(u *user) string { return key(u.Name) })
	out := &iam.GetGroupResponse{Group: o.shownGroup(&g), Users: []iam.User{}}
	for _, u := range users {
		out.Users = append(out.Users, *o.shown(u, false))
	}
	out.IsTruncated, out.Marker, err = more(ctx, page, last)
	return out, err
}

// ListGroups implements the IAM operation.
func (o Ops) ListGroups(ctx context.Context, in *iam.ListGroupsRequest) (*iam.ListGroupsResponse, error) {
	page, err := o.asked(ctx, in.Marker, in.MaxItems, "ListGroups", or(in.PathPrefix, ""))
	if err != nil {
		return nil, err
	}
	groups, truncated, marker, err := list(ctx, o.Room, page, below[*group](in.PathPrefix))
	if err != nil {
		return nil, err
	}
	out := &iam.ListGroupsResponse{Groups: make([]iam.Group, len(groups)), IsTruncated: truncated, Marker: marker}
	for i, g := range groups {
		out.Groups[i] = *o.shownGroup(g)
	}
	return out, nil
}

// UpdateGroup implements the IAM operation.
func (o Ops) UpdateGroup(ctx context.Context, in *iam.UpdateGroupRequest) error {
	return o.change(ctx, func(tx *db.Tx) error {
		var g group
		if err := o.named(tx, &g, in.GroupName); err != nil {
			return err
		}
		g.Path = or(in.NewPath, g.Path)
		if in.NewGroupName == nil || *in.NewGroupName == g.Name {
			return replace(tx, o.deps.Account, &g)
		}
		return o.rename(tx, &g, *in.NewGroupName, func(from, to string) error { return o.moveMembers(tx, from, to) })
	})
}

// moveMembers follows a group to a new name.
func (r *Room) moveMembers(tx *db.Tx, from, to string) error {
	for {
		inside, err := links(tx, r.deps.Account, members(from), link{}, batch)
		if err != nil || len(inside) == 0 {
			return err
		}
		for _, l := range inside {
			var u user
			if err := read(tx, r.deps.Account, &u, l.key); err != nil {
				return err
			}
			if i := slices.Index(u.Groups, from); i >= 0 {
				u.Groups[i] = to
			}
			if err := replace(tx, r.deps.Account, &u); err != nil {
				return err
			}
			if err := dropLink(tx, r.deps.Account, members(from), l); err != nil {
				return err
			}
			if err := addLink(tx, r.deps.Account, members(to), l); err != nil {
				return err
			}
		}
	}
}

// DeleteGroup implements the IAM operation.
func (o Ops) DeleteGroup(ctx context.Context, in *iam.DeleteGroupRequest) error {
	return o.change(ctx, func(tx *db.Tx) error {
		var g group
		if err := o.named(tx, &g, in.GroupName); err != nil {
			return err
		}
		n, err := countLinks(tx, o.deps.Account, members(key(g.Name)))
		if err != nil {
			return err
		}
		if n > 0 {
			return conflict("remove users from group")
		}
		return o.removeOwner(tx, &g)
	})
}

// AddUserToGroup implements the IAM operation.
func (o Ops) AddUserToGroup(ctx context.Context, in *iam.AddUserToGroupRequest) error {
	return o.membership(ctx, in.GroupName, in.UserName, func(tx *db.Tx, g *group, u *user) error {
		k := key(g.Name)
		if slices.Contains(u.Groups, k) {
			return nil
		}
		if len(u.Groups) >= maxGroupsOfUser {
			return beyond("GroupsPerUser", maxGroupsOfUser)
		}
		u.Groups = append(u.Groups, k)
		return addLink(tx, o.deps.Account, members(k), link{kindUser, key(u.Name)})
	})
}

// RemoveUserFromGroup implements the IAM operation.
func (o Ops) RemoveUserFromGroup(ctx context.Context, in *iam.RemoveUserFromGroupRequest) error {
	return o.membership(ctx, in.GroupName, in.UserName, func(tx *db.Tx, g *group, u *user) error {
		k := key(g.Name)
		u.Groups = slices.DeleteFunc(u.Groups, func(one string) bool { return one == k })
		return dropLink(tx, o.deps.Account, members(k), link{kindUser, key(u.Name)})
	})
}

// membership changes whether a user is in a group.
func (r *Room) membership(ctx context.Context, groupName, userName string, alter func(*db.Tx, *group, *user) error) error {
	return r.change(ctx, func(tx *db.Tx) error {
		var g group
		var u user
		if err := r.named(tx, &g, groupName); err != nil {
			return err
		}
		if err := r.named(tx, &u, userName); err != nil {
			return err
		}
		if err := alter(tx, &g, &u); err != nil {
			return err
		}
		return replace(tx, r.deps.Account, &u)
	})
}
