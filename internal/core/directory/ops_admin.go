package directory

import (
	"context"

	"cognate/internal/api/cognitoidp"
	"cognate/internal/api/rt"
	"cognate/internal/base/db"
	"cognate/internal/base/obs"
	"cognate/internal/core/pool"
)

// AdminGetUser implements the AWS operation.
func (o Ops) AdminGetUser(ctx context.Context, in *cognitoidp.AdminGetUserRequest) (*cognitoidp.AdminGetUserResponse, error) {
	p, err := o.Pools.PoolOrRefuse(ctx, in.UserPoolId)
	if err != nil {
		return nil, err
	}
	var u *User
	err = o.DB.View(ctx, func(tx *db.Tx) (err error) {
		u, err = o.Resolve(tx, p, in.Username)
		return err
	})
	if err != nil {
		return nil, refuse(err)
	}
	obs.From(ctx).User = u.Sub
	out := &cognitoidp.AdminGetUserResponse{
		Username: u.Username, UserAttributes: u.attributeList(nil), Enabled: &u.Enabled, UserStatus: &u.Status,
		UserCreateDate: new(rt.TimeFromMillis(u.Created)), UserLastModifiedDate: new(rt.TimeFromMillis(u.Modified)),
	}
	out.PreferredMfaSetting, out.UserMFASettingList = u.mfaMembers()
	return out, nil
}

// AdminEnableUser implements the AWS operation. Enabling an enabled user changes nothing.
func (o Ops) AdminEnableUser(ctx context.Context, in *cognitoidp.AdminEnableUserRequest) (*cognitoidp.AdminEnableUserResponse, error) {
	err := o.onUser(ctx, in.UserPoolId, in.Username, func(ctx context.Context, tx *db.Tx, p *pool.Pool, u *User) error {
		if u.Enabled {
			return nil
		}
		u.Enabled = true
		return o.Save(tx, p, u)
	})
	if err != nil {
		return nil, err
	}
	return &cognitoidp.AdminEnableUserResponse{}, nil
}

// AdminDisableUser implements the AWS operation. Every token of the user is revoked with it.
func (o Ops) AdminDisableUser(ctx context.Context, in *cognitoidp.AdminDisableUserRequest) (*cognitoidp.AdminDisableUserResponse, error) {
	err := o.onUser(ctx, in.UserPoolId, in.Username, func(ctx context.Context, tx *db.Tx, p *pool.Pool, u *User) error {
		if u.Enabled {
			u.Enabled = false
			if err := o.Save(tx, p, u); err != nil {
				return err
			}
		}
		return o.Tokens.RevokeUser(tx, p.ID, u.Sub)
	})
	if err != nil {
		return nil, err
	}
	return &cognitoidp.AdminDisableUserResponse{}, nil
}

// AdminDeleteUser implements the AWS operation.
func (o Ops) AdminDeleteUser(ctx context.Context, in *cognitoidp.AdminDeleteUserRequest) error {
	return o.onUser(ctx, in.UserPoolId, in.Username, func(_ context.Context, tx *db.Tx, p *pool.Pool, u *User) error {
		return o.Delete(tx, p, u)
	})
}

// AdminUpdateUserAttributes implements the AWS operation.
func (o Ops) AdminUpdateUserAttributes(ctx context.Context, in *cognitoidp.AdminUpdateUserAttributesRequest) (*cognitoidp.AdminUpdateUserAttributesResponse, error) {
	err := o.onUser(ctx, in.UserPoolId, in.Username, func(ctx context.Context, tx *db.Tx, p *pool.Pool, u *User) error {
		attrs := attributeMap(in.UserAttributes)
		if err := o.CheckAttributes(p, nil, attrs, Update); err != nil {
			return err
		}
		_, err := o.update(ctx, tx, p, nil, u, attrs, in.ClientMetadata)
		return err
	})
	if err != nil {
		return nil, err
	}
	return &cognitoidp.AdminUpdateUserAttributesResponse{}, nil
}

// AdminDeleteUserAttributes implements the AWS operation.
func (o Ops) AdminDeleteUserAttributes(ctx context.Context, in *cognitoidp.AdminDeleteUserAttributesRequest) (*cognitoidp.AdminDeleteUserAttributesResponse, error) {
	err := o.onUser(ctx, in.UserPoolId, in.Username, func(ctx context.Context, tx *db.Tx, p *pool.Pool, u *User) error {
		return o.remove(tx, p, nil, u, in.UserAttributeNames)
	})
	if err != nil {
		return nil, err
	}
	return &cognitoidp.AdminDeleteUserAttributesResponse{}, nil
}

// onUser finds pool and user, in this order, and runs change on the user in one transaction.
func (o Ops) onUser(ctx context.Context, poolID, username string, change func(context.Context, *db.Tx, *pool.Pool, *User) error) error {
	p, err := o.Pools.PoolOrRefuse(ctx, poolID)
	if err != nil {
		return err
	}
	if err := o.warm(ctx, p); err != nil {
		return err
	}
	return refuse(o.Messages.Compose(ctx, func(ctx context.Context) error {
		return o.DB.Update(ctx, func(tx *db.Tx) error {
			u, err := o.Resolve(tx, p, username)
			if err != nil {
				return err
			}
			obs.From(ctx).User = u.Sub
			return change(ctx, tx, p, u)
		})
	}))
}

// attributeMap turns a list member into a map; a later entry of the same name wins.
func attributeMap(list []cognitoidp.AttributeType) map[string]string {
	out := make(map[string]string, len(list))
	for _, a := range list {
		out[a.Name] = value(a.Value)
	}
	return out
}
