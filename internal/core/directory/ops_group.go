package directory

import (
	"context"
	"errors"

	"cognate/internal/api/cognitoidp"
	"cognate/internal/base/db"
	"cognate/internal/base/pagetoken"
	"cognate/internal/core/pool"
)

// maxPrecedence is the largest group precedence, 2^31-1.
const maxPrecedence = 1<<31 - 1

// CreateGroup implements the AWS operation.
func (o Ops) CreateGroup(ctx context.Context, in *cognitoidp.CreateGroupRequest) (*cognitoidp.CreateGroupResponse, error) {
	p, err := o.Pools.PoolOrRefuse(ctx, in.UserPoolId)
	if err != nil {
		return nil, err
	}
	precedence, err := precedenceOf(in.Precedence, -1)
	if err != nil {
		return nil, err
	}
	now := o.now().UnixMilli()
	g := group{
		name: in.GroupName, id: o.IDs.UUID(), description: value(in.Description), roleArn: value(in.RoleArn),
		precedence: precedence, created: now, modified: now,
	}
	if err := o.DB.Update(ctx, func(tx *db.Tx) error { return o.createGroup(tx, p, g) }); err != nil {
		return nil, err
	}
	return &cognitoidp.CreateGroupResponse{Group: new(g.shape(p.ID))}, nil
}

// GetGroup implements the AWS operation.
func (o Ops) GetGroup(ctx context.Context, in *cognitoidp.GetGroupRequest) (*cognitoidp.GetGroupResponse, error) {
	p, err := o.Pools.PoolOrRefuse(ctx, in.UserPoolId)
	if err != nil {
		return nil, err
	}
	var g group
	err = o.DB.Read(ctx, func(tx *db.Tx) (err error) {
		g, err = readGroup(tx, p.ID, in.GroupName)
		return err
	})
	if err != nil {
		return nil, refuse(err)
	}
	return &cognitoidp.GetGroupResponse{Group: new(g.shape(p.ID))}, nil
}

// UpdateGroup implements the AWS operation. Members that are not sent keep their value.
func (o Ops) UpdateGroup(ctx context.Context, in *cognitoidp.UpdateGroupRequest) (*cognitoidp.UpdateGroupResponse, error) {
	p, err := o.Pools.PoolOrRefuse(ctx, in.UserPoolId)
	if err != nil {
		return nil, err
	}
	var g group
	err = o.DB.Update(ctx, func(tx *db.Tx) (err error) {
		if g, err = readGroup(tx, p.ID, in.GroupName); err != nil {
			return err
		}
		if in.Description != nil {
			g.description = *in.Description
		}
		if in.RoleArn != nil {
			g.roleArn = *in.RoleArn
		}
		if g.precedence, err = precedenceOf(in.Precedence, g.precedence); err != nil {
			return err
		}
		g.modified = o.now().UnixMilli()
		return updateGroup(tx, p.ID, g)
	})
	if err != nil {
		return nil, refuse(err)
	}
	return &cognitoidp.UpdateGroupResponse{Group: new(g.shape(p.ID))}, nil
}

// precedenceOf reads the Precedence member, whose upper bound the model does not state.
func precedenceOf(in *int64, unset int64) (int64, error) {
	if in == nil {
		return unset, nil
	}
	if *in < 0 || *in > maxPrecedence {
		return 0, cognitoidp.NewInvalidParameter("Precedence must be between 0 and %d.", maxPrecedence)
	}
	return *in, nil
}

// DeleteGroup implements the AWS operation. A group with members can be deleted; they stay users.
func (o Ops) DeleteGroup(ctx context.Context, in *cognitoidp.DeleteGroupRequest) error {
	p, err := o.Pools.PoolOrRefuse(ctx, in.UserPoolId)
	if err != nil {
		return err
	}
	var g group
	err = o.DB.Update(ctx, func(tx *db.Tx) (err error) {
		if g, err = readGroup(tx, p.ID, in.GroupName); err != nil {
			return err
		}
		return removeGroup(tx, p.ID, g)
	})
	if err != nil {
		return refuse(err)
	}
	return o.purgeNow(ctx, p.ID, g.id)
}

// ListGroups implements the AWS operation; groups come by name.
func (o Ops) ListGroups(ctx context.Context, in *cognitoidp.ListGroupsRequest) (*cognitoidp.ListGroupsResponse, error) {
	p, err := o.Pools.PoolOrRefuse(ctx, in.UserPoolId)
	if err != nil {
		return nil, err
	}
	page, err := o.page(ctx, p, pagetoken.Binding("ListGroups"), in.NextToken, in.Limit)
	if err != nil {
		return nil, err
	}
	var list []group
	err = o.DB.Read(ctx, func(tx *db.Tx) (err error) {
		list, err = pageGroups(tx, p.ID, page.After, page.Limit+1)
		return err
	})
	if err != nil {
		return nil, err
	}
	return groupPage(ctx, p, page, list)
}

// groupPage cuts the page and adds the token when there is more.
func groupPage(ctx context.Context, p *pool.Pool, page pagetoken.Page, list []group) (out *cognitoidp.ListGroupsResponse, err error) {
	out = &cognitoidp.ListGroupsResponse{Groups: []cognitoidp.GroupType{}}
	list, last := pagetoken.Cut(page, list, func(g group) string { return g.name })
	for _, g := range list {
		out.Groups = append(out.Groups, g.shape(p.ID))
	}
	out.NextToken, err = page.Next(ctx, last)
	return out, err
}

// AdminAddUserToGroup implements the AWS operation. Adding a member again changes nothing.
func (o Ops) AdminAddUserToGroup(ctx context.Context, in *cognitoidp.AdminAddUserToGroupRequest) error {
	return o.withMember(ctx, in.UserPoolId, in.Username, in.GroupName, func(tx *db.Tx, p *pool.Pool, u *User, g group) error {
		_, err := o.addToGroup(tx, p, u, g)
		return err
	})
}

// AdminRemoveUserFromGroup implements the AWS operation. Removing a user who is no member changes nothing.
func (o Ops) AdminRemoveUserFromGroup(ctx context.Context, in *cognitoidp.AdminRemoveUserFromGroupRequest) error {
	return o.withMember(ctx, in.UserPoolId, in.Username, in.GroupName, func(tx *db.Tx, p *pool.Pool, u *User, g group) error {
		m := membership{group: g.name, id: g.id}
		_, err := tx.ExecBatch(deleteMember(p.ID, u.Sub, m), deleteGroupUser(p.ID, u.Sub, m))
		return err
	})
}

// withMember finds user and group, in this order, and runs change on them in one transaction.
func (o Ops) withMember(ctx context.Context, poolID, username, groupName string, change func(*db.Tx, *pool.Pool, *User, group) error) error {
	c, err := o.Admin(ctx, poolID, username)
	if err != nil {
		return err
	}
	return refuse(o.As(ctx, o.DB.Update, c, func(tx *db.Tx, u *User) error {
		g, err := readGroup(tx, c.Pool.ID, groupName)
		if err != nil {
			return err
		}
		return change(tx, c.Pool, u, g)
	}))
}

// AdminListGroupsForUser implements the AWS operation; groups come by name.
func (o Ops) AdminListGroupsForUser(ctx context.Context, in *cognitoidp.AdminListGroupsForUserRequest) (*cognitoidp.AdminListGroupsForUserResponse, error) {
	c, err := o.Admin(ctx, in.UserPoolId, in.Username)
	if err != nil {
		return nil, err
	}
	if in.Limit != nil && *in.Limit == 0 { // this operation alone is known to refuse it, by another name than its own
		return nil, cognitoidp.NewInvalidParameter("1 validation error detected: Value '0' at 'maxItems' failed to satisfy constraint: Member must have value greater than or equal to 1")
	}
	p := c.Pool
	page, err := o.page(ctx, p, pagetoken.Binding("AdminListGroupsForUser", aliasKey(p, in.Username)), in.NextToken, in.Limit)
	if err != nil {
		return nil, err
	}
	var list []group
	err = o.As(ctx, o.DB.View, c, func(tx *db.Tx, u *User) (err error) {
		list, err = groupsOf(tx, p.ID, u.Sub)
		return err
	})
	if err != nil {
		return nil, err
	}
	for len(list) > 0 && list[0].name <= page.After {
		list = list[1:]
	}
	out, err := groupPage(ctx, p, page, list)
	if err != nil {
		return nil, err
	}
	return &cognitoidp.AdminListGroupsForUserResponse{Groups: out.Groups, NextToken: out.NextToken}, nil
}

// ListUsersInGroup implements the AWS operation; users come by sub.
func (o Ops) ListUsersInGroup(ctx context.Context, in *cognitoidp.ListUsersInGroupRequest) (*cognitoidp.ListUsersInGroupResponse, error) {
	p, err := o.Pools.PoolOrRefuse(ctx, in.UserPoolId)
	if err != nil {
		return nil, err
	}
	page, err := o.page(ctx, p, pagetoken.Binding("ListUsersInGroup", in.GroupName), in.NextToken, in.Limit)
	if err != nil {
		return nil, err
	}
	var subs []string
	var users map[string]record
	last := ""
	err = o.DB.View(ctx, func(tx *db.Tx) error {
		g, err := readGroup(tx, p.ID, in.GroupName)
		if err != nil {
			return err
		}
		if subs, err = pageMembers(tx, p.ID, g.id, page.After, page.Limit+1); err != nil {
			return err
		}
		subs, last = pagetoken.Cut(page, subs, func(sub string) string { return sub })
		users, err = readUsers(tx, p.ID, subs)
		return err
	})
	if err != nil {
		return nil, refuse(err)
	}
	out := &cognitoidp.ListUsersInGroupResponse{Users: []cognitoidp.UserType{}}
	for _, sub := range subs {
		u, err := listed(users, sub, p.ID)
		if errors.Is(err, ErrUserNotFound) {
			continue
		}
		if err != nil {
			return nil, err
		}
		out.Users = append(out.Users, u.Type())
	}
	out.NextToken, err = page.Next(ctx, last)
	return out, err
}
