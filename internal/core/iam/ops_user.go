package iam

import (
	"context"
	"slices"

	"cognate/internal/api/iam"
	"cognate/internal/api/rt"
	"cognate/internal/base/db"
	"cognate/internal/base/obs"
)

// Ops are the IAM operations of this room.
type Ops struct{ *Room }

// shown is a user as the operations answer it; lists leave boundary and tags out.
func (r *Room) shown(u *user, whole bool) *iam.User {
	out := &iam.User{Path: u.Path, UserName: u.Name, UserId: u.ID, Arn: r.arn(u), CreateDate: u.created()}
	if whole {
		out.PermissionsBoundary, out.Tags = u.boundary(), u.tags()
	}
	return out
}

func (h *holder) boundary() *iam.AttachedPermissionsBoundary {
	if h.Boundary == "" {
		return nil
	}
	return &iam.AttachedPermissionsBoundary{
		PermissionsBoundaryType: new(iam.PermissionsBoundaryAttachmentTypePermissionsBoundaryPolicy), PermissionsBoundaryArn: &h.Boundary,
	}
}

// CreateUser implements the IAM operation.
func (o Ops) CreateUser(ctx context.Context, in *iam.CreateUserRequest) (*iam.CreateUserResponse, error) {
	u := &user{base: o.fresh(idUser, in.UserName, in.Path)}
	if err := u.tag(in.Tags); err != nil {
		return nil, err
	}
	err := o.change(ctx, func(tx *db.Tx) error {
		if err := o.add(tx, u); err != nil {
			return err
		}
		return o.bound(tx, u, in.PermissionsBoundary)
	})
	if err != nil {
		return nil, err
	}
	return &iam.CreateUserResponse{User: o.shown(u, true)}, nil
}

// GetUser implements the IAM operation.
func (o Ops) GetUser(ctx context.Context, in *iam.GetUserRequest) (*iam.GetUserResponse, error) {
	if p := obs.From(ctx).Principal; p.Root && in.UserName == nil {
		return &iam.GetUserResponse{User: &iam.User{Path: "/", UserId: p.UserID, Arn: p.ARN, CreateDate: rt.NewTime(epoch)}}, nil
	}
	name, err := o.caller(ctx, in.UserName)
	if err != nil {
		return nil, err
	}
	var u user
	if err := o.view(ctx, func(tx *db.Tx) error { return o.named(tx, &u, name) }); err != nil {
		return nil, err
	}
	return &iam.GetUserResponse{User: o.shown(&u, true)}, nil
}

// ListUsers implements the IAM operation.
func (o Ops) ListUsers(ctx context.Context, in *iam.ListUsersRequest) (*iam.ListUsersResponse, error) {
	page, err := o.asked(ctx, in.Marker, in.MaxItems, "ListUsers", or(in.PathPrefix, ""))
	if err != nil {
		return nil, err
	}
	users, truncated, marker, err := list(ctx, o.Room, page, below[*user](in.PathPrefix))
	if err != nil {
		return nil, err
	}
	out := &iam.ListUsersResponse{Users: make([]iam.User, len(users)), IsTruncated: truncated, Marker: marker}
	for i, u := range users {
		out.Users[i] = *o.shown(u, false)
	}
	return out, nil
}

// UpdateUser implements the IAM operation.
func (o Ops) UpdateUser(ctx context.Context, in *iam.UpdateUserRequest) error {
	return o.change(ctx, func(tx *db.Tx) error {
		var u user
		if err := o.named(tx, &u, in.UserName); err != nil {
			return err
		}
		u.Path = or(in.NewPath, u.Path)
		if in.NewUserName == nil || *in.NewUserName == u.Name {
			return replace(tx, o.deps.Account, &u)
		}
		return o.rename(tx, &u, *in.NewUserName, func(from, to string) error {
			for _, g := range u.Groups {
				if err := o.relink(tx, members(g), kindUser, from, to); err != nil {
					return err
				}
			}
			for _, id := range u.Keys {
				if err := moveKey(tx, o.deps.Account, id, to); err != nil {
					return err
				}
			}
			return o.moveDevices(tx, &u, to)
		})
	})
}

// rename gives a user or group another name; follow moves what points to its key.
func (r *Room) rename(tx *db.Tx, e owner, name string, follow func(from, to string) error) error {
	from, to := key(e.common().Name), key(name)
	e.common().Name = name
	if from == to { // another case only
		return replace(tx, r.deps.Account, e)
	}
	ok, err := insert(tx, r.deps.Account, e)
	if err != nil {
		return err
	}
	if !ok {
		return taken(e.kind(), name)
	}
	if err := remove(tx, r.deps.Account, e.kind(), from); err != nil {
		return err
	}
	for _, arn := range e.holds().Attached {
		if err := r.relink(tx, holders(arn), e.kind(), from, to); err != nil {
			return err
		}
	}
	if b := e.holds().Boundary; b != "" {
		if err := r.relink(tx, bounded(b), e.kind(), from, to); err != nil {
			return err
		}
	}
	return follow(from, to)
}

func (r *Room) relink(tx *db.Tx, target string, k kind, from, to string) error {
	if err := dropLink(tx, r.deps.Account, target, link{k, from}); err != nil {
		return err
	}
	return addLink(tx, r.deps.Account, target, link{k, to})
}

// DeleteUser implements the IAM operation.
func (o Ops) DeleteUser(ctx context.Context, in *iam.DeleteUserRequest) error {
	return o.change(ctx, func(tx *db.Tx) error {
		var u user
		if err := o.named(tx, &u, in.UserName); err != nil {
			return err
		}
		switch {
		case len(u.Keys) > 0:
			return conflict("delete access keys")
		case len(u.Groups) > 0:
			return conflict("remove users from group")
		case len(u.Devices) > 0:
			return conflict("delete MFA device")
		}
		return o.removeOwner(tx, &u)
	})
}

// removeOwner deletes an entity that has no policies left.
func (r *Room) removeOwner(tx *db.Tx, e owner) error {
	h := e.holds()
	switch {
	case len(h.Inline) > 0:
		return conflict("delete policies")
	case len(h.Attached) > 0:
		return conflict("detach all policies")
	}
	k := key(e.common().Name)
	if h.Boundary != "" {
		if err := dropLink(tx, r.deps.Account, bounded(h.Boundary), link{e.kind(), k}); err != nil {
			return err
		}
	}
	return remove(tx, r.deps.Account, e.kind(), k)
}

// ListGroupsForUser implements the IAM operation.
func (o Ops) ListGroupsForUser(ctx context.Context, in *iam.ListGroupsForUserRequest) (*iam.ListGroupsForUserResponse, error) {
	page, err := o.asked(ctx, in.Marker, in.MaxItems, "ListGroupsForUser", in.UserName)
	if err != nil {
		return nil, err
	}
	var groups []*group
	err = o.view(ctx, func(tx *db.Tx) error {
		var u user
		if err := o.named(tx, &u, in.UserName); err != nil {
			return err
		}
		groups = nil
		for _, k := range slices.Sorted(slices.Values(u.Groups)) {
			g := new(group)
			if err := read(tx, o.deps.Account, g, k); err != nil {
				return err
			}
			groups = append(groups, g)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	out := &iam.ListGroupsForUserResponse{Groups: []iam.Group{}}
	groups, out.IsTruncated, out.Marker, err = within(ctx, page, groups, func(g *group) string { return key(g.Name) })
	for _, g := range groups {
		out.Groups = append(out.Groups, *o.shownGroup(g))
	}
	return out, err
}
