package iam

import (
	"context"

	"cognate/internal/api/iam"
	"cognate/internal/api/rt"
	"cognate/internal/base/db"
)

// usualSession is the maximum session duration of a role that names none, in seconds.
const usualSession = 3600

// shownRole is a role as the operations answer it; lists leave boundary and tags out.
func (r *Room) shownRole(x *role, whole bool) *iam.Role {
	out := &iam.Role{
		Path: x.Path, RoleName: x.Name, RoleId: x.ID, Arn: r.arn(x), CreateDate: x.created(),
		AssumeRolePolicyDocument: new(encoded(x.Trust)), MaxSessionDuration: &x.MaxSession,
	}
	if x.Description != "" {
		out.Description = &x.Description
	}
	if whole {
		out.PermissionsBoundary, out.Tags = x.boundary(), x.tags()
	}
	return out
}

// CreateRole implements the IAM operation.
func (o Ops) CreateRole(ctx context.Context, in *iam.CreateRoleRequest) (*iam.CreateRoleResponse, error) {
	if in.MaxSigninSessionDuration != nil {
		return nil, noSignin()
	}
	x := &role{base: o.fresh(idRole, in.RoleName, in.Path), Description: or(in.Description, ""), MaxSession: usualSession}
	if in.MaxSessionDuration != nil {
		x.MaxSession = *in.MaxSessionDuration
	}
	if err := x.tag(in.Tags); err != nil {
		return nil, err
	}
	err := o.change(ctx, func(tx *db.Tx) error {
		if err := o.trust(tx, x, in.AssumeRolePolicyDocument); err != nil {
			return err
		}
		if err := o.add(tx, x); err != nil {
			return err
		}
		return o.bound(tx, x, in.PermissionsBoundary)
	})
	if err != nil {
		return nil, err
	}
	return &iam.CreateRoleResponse{Role: o.shownRole(x, true)}, nil
}

// noSignin refuses settings of the console's sign-in, which there is none of.
func noSignin() error {
	return iam.NewInvalidInput("There is no console sign-in here, so that MaxSigninSessionDuration has no meaning.")
}

// GetRole implements the IAM operation.
func (o Ops) GetRole(ctx context.Context, in *iam.GetRoleRequest) (*iam.GetRoleResponse, error) {
	var out *iam.Role
	err := o.view(ctx, func(tx *db.Tx) error {
		var x role
		if err := o.named(tx, &x, in.RoleName); err != nil {
			return err
		}
		if err := o.unpin(tx, &x); err != nil {
			return err
		}
		out = o.shownRole(&x, true)
		used, err := o.lastUsed(tx, &x)
		out.RoleLastUsed = used
		return err
	})
	if err != nil {
		return nil, err
	}
	return &iam.GetRoleResponse{Role: out}, nil
}

// lastUsed is when a role was used last, empty for never.
func (r *Room) lastUsed(tx *db.Tx, x *role) (*iam.RoleLastUsed, error) {
	used, err := r.lastUse(tx, x.ID)
	if err != nil || used.at == 0 {
		return &iam.RoleLastUsed{}, err
	}
	return &iam.RoleLastUsed{LastUsedDate: new(rt.TimeFromMillis(used.at / 1000 * 1000)), Region: &used.region}, nil
}

// ListRoles implements the IAM operation.
func (o Ops) ListRoles(ctx context.Context, in *iam.ListRolesRequest) (*iam.ListRolesResponse, error) {
	page, err := o.asked(ctx, in.Marker, in.MaxItems, "ListRoles", or(in.PathPrefix, ""))
	if err != nil {
		return nil, err
	}
	roles, truncated, marker, err := list(ctx, o.Room, page, below[*role](in.PathPrefix))
	if err != nil {
		return nil, err
	}
	out := &iam.ListRolesResponse{Roles: make([]iam.Role, len(roles)), IsTruncated: truncated, Marker: marker}
	for i, x := range roles {
		out.Roles[i] = *o.shownRole(x, false)
	}
	return out, nil
}

// alter changes a role that is not a service's own.
func (r *Room) alter(ctx context.Context, name string, fn func(*db.Tx, *role) error) error {
	return r.change(ctx, func(tx *db.Tx) error {
		var x role
		if err := r.named(tx, &x, name); err != nil {
			return err
		}
		if err := unlinked(&x); err != nil {
			return err
		}
		if err := fn(tx, &x); err != nil {
			return err
		}
		return replace(tx, r.deps.Account, &x)
	})
}

// unlinked refuses what only the service may do whose role it is.
func unlinked(e entity) error {
	if x, ok := e.(*role); ok && x.Linked != "" {
		return iam.NewUnmodifiableEntity("Cannot perform the operation on the protected role '%s' - this role is only modifiable by AWS", x.Name)
	}
	return nil
}

// UpdateRole implements the IAM operation. A maximum session duration that is left out becomes that of a new role.
func (o Ops) UpdateRole(ctx context.Context, in *iam.UpdateRoleRequest) (*iam.UpdateRoleResponse, error) {
	if in.MaxSigninSessionDuration != nil {
		return nil, noSignin()
	}
	err := o.alter(ctx, in.RoleName, func(_ *db.Tx, x *role) error {
		x.Description, x.MaxSession = or(in.Description, x.Description), usualSession
		if in.MaxSessionDuration != nil {
			x.MaxSession = *in.MaxSessionDuration
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &iam.UpdateRoleResponse{}, nil
}

// UpdateRoleDescription implements the IAM operation.
func (o Ops) UpdateRoleDescription(ctx context.Context, in *iam.UpdateRoleDescriptionRequest) (*iam.UpdateRoleDescriptionResponse, error) {
	var out *iam.Role
	err := o.alter(ctx, in.RoleName, func(_ *db.Tx, x *role) error {
		x.Description = in.Description
		out = o.shownRole(x, true)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &iam.UpdateRoleDescriptionResponse{Role: out}, nil
}

// UpdateAssumeRolePolicy implements the IAM operation.
func (o Ops) UpdateAssumeRolePolicy(ctx context.Context, in *iam.UpdateAssumeRolePolicyRequest) error {
	return o.alter(ctx, in.RoleName, func(tx *db.Tx, x *role) error { return o.trust(tx, x, in.PolicyDocument) })
}

// DeleteRole implements the IAM operation.
func (o Ops) DeleteRole(ctx context.Context, in *iam.DeleteRoleRequest) error {
	return o.change(ctx, func(tx *db.Tx) error {
		var x role
		if err := o.named(tx, &x, in.RoleName); err != nil {
			return err
		}
		if err := unlinked(&x); err != nil {
			return err
		}
		if err := forgetUse(tx, o.deps.Account, x.ID); err != nil {
			return err
		}
		return o.removeOwner(tx, &x)
	})
}

// PutRolePermissionsBoundary implements the IAM operation.
func (o Ops) PutRolePermissionsBoundary(ctx context.Context, in *iam.PutRolePermissionsBoundaryRequest) error {
	return o.setBoundary(ctx, &role{}, in.RoleName, &in.PermissionsBoundary)
}

// DeleteRolePermissionsBoundary implements the IAM operation.
func (o Ops) DeleteRolePermissionsBoundary(ctx context.Context, in *iam.DeleteRolePermissionsBoundaryRequest) error {
	return o.setBoundary(ctx, &role{}, in.RoleName, nil)
}

// PutUserPermissionsBoundary implements the IAM operation.
func (o Ops) PutUserPermissionsBoundary(ctx context.Context, in *iam.PutUserPermissionsBoundaryRequest) error {
	return o.setBoundary(ctx, &user{}, in.UserName, &in.PermissionsBoundary)
}

// DeleteUserPermissionsBoundary implements the IAM operation.
func (o Ops) DeleteUserPermissionsBoundary(ctx context.Context, in *iam.DeleteUserPermissionsBoundaryRequest) error {
	return o.setBoundary(ctx, &user{}, in.UserName, nil)
}

func (r *Room) setBoundary(ctx context.Context, e owner, name string, arn *string) error {
	return r.change(ctx, func(tx *db.Tx) error {
		if err := r.named(tx, e, name); err != nil {
			return err
		}
		if err := unlinked(e); err != nil {
			return err
		}
		if old := e.holds().Boundary; old != "" {
			e.holds().Boundary = ""
			if err := dropLink(tx, r.deps.Account, bounded(old), link{e.kind(), key(name)}); err != nil {
				return err
			}
		}
		if arn == nil {
			return replace(tx, r.deps.Account, e)
		}
		return r.bound(tx, e, arn)
	})
}

// bound gives an entity that is kept a permissions boundary; nil leaves it alone.
func (r *Room) bound(tx *db.Tx, e owner, arn *string) error {
	if arn == nil {
		return nil
	}
	there, err := r.attachable(tx, *arn)
	if err != nil {
		return err
	}
	if !there {
		return iam.NewNoSuchEntity("Scope ARN: %s does not exist or is not attachable.", *arn)
	}
	e.holds().Boundary = *arn
	if err := replace(tx, r.deps.Account, e); err != nil {
		return err
	}
	return addLink(tx, r.deps.Account, bounded(*arn), link{e.kind(), key(e.common().Name)})
}
