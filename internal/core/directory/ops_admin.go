package directory

import (
	"context"

	"cognate/internal/api/cognitoidp"
	"cognate/internal/api/rt"
	"cognate/internal/base/db"
)

// AdminGetUser implements the AWS operation.
func (o Ops) AdminGetUser(ctx context.Context, in *cognitoidp.AdminGetUserRequest) (*cognitoidp.AdminGetUserResponse, error) {
	c, err := o.Admin(ctx, in.UserPoolId, in.Username)
	if err != nil {
		return nil, err
	}
	var u *User
	err = o.As(ctx, o.DB.View, c, func(_ *db.Tx, found *User) error {
		u = found
		return nil
	})
	if err != nil {
		return nil, err
	}
	out := &cognitoidp.AdminGetUserResponse{
		Username: u.Username, UserAttributes: u.attributeList(nil), Enabled: &u.Enabled, UserStatus: &u.Status,
		UserCreateDate: new(rt.TimeFromMillis(u.Created)), UserLastModifiedDate: new(rt.TimeFromMillis(u.Modified)),
	}
	out.PreferredMfaSetting, out.UserMFASettingList = u.mfaMembers()
	return out, nil
}

// AdminEnableUser implements the AWS operation. Enabling an enabled user changes nothing.
func (o Ops) AdminEnableUser(ctx context.Context, in *cognitoidp.AdminEnableUserRequest) (*cognitoidp.AdminEnableUserResponse, error) {
	err := o.onUser(ctx, in.UserPoolId, in.Username, func(ctx context.Context, tx *db.Tx, c Caller, u *User) error {
		if u.Enabled {
			return nil
		}
		u.Enabled = true
		return o.Save(tx, c.Pool, u)
	})
	if err != nil {
		return nil, err
	}
	return &cognitoidp.AdminEnableUserResponse{}, nil
}

// AdminDisableUser implements the AWS operation. Every token of the user is revoked with it.
func (o Ops) AdminDisableUser(ctx context.Context, in *cognitoidp.AdminDisableUserRequest) (*cognitoidp.AdminDisableUserResponse, error) {
	err := o.onUser(ctx, in.UserPoolId, in.Username, func(ctx context.Context, tx *db.Tx, c Caller, u *User) error {
		if u.Enabled {
			u.Enabled = false
			if err := o.Save(tx, c.Pool, u); err != nil {
				return err
			}
		}
		return o.Tokens.RevokeUser(tx, c.Pool.ID, u.Sub)
	})
	if err != nil {
		return nil, err
	}
	return &cognitoidp.AdminDisableUserResponse{}, nil
}

// AdminDeleteUser implements the AWS operation.
func (o Ops) AdminDeleteUser(ctx context.Context, in *cognitoidp.AdminDeleteUserRequest) error {
	return o.onUser(ctx, in.UserPoolId, in.Username, func(_ context.Context, tx *db.Tx, c Caller, u *User) error {
		return o.Delete(tx, c.Pool, u)
	})
}

// AdminUpdateUserAttributes implements the AWS operation.
func (o Ops) AdminUpdateUserAttributes(ctx context.Context, in *cognitoidp.AdminUpdateUserAttributesRequest) (*cognitoidp.AdminUpdateUserAttributesResponse, error) {
	err := o.onUser(ctx, in.UserPoolId, in.Username, func(ctx context.Context, tx *db.Tx, c Caller, u *User) error {
		attrs := attributeMap(in.UserAttributes)
		if err := o.CheckAttributes(c.Pool, nil, attrs, Update); err != nil {
			return err
		}
		_, err := o.update(ctx, tx, c.Pool, nil, u, attrs, in.ClientMetadata)
		return err
	})
	if err != nil {
		return nil, err
	}
	return &cognitoidp.AdminUpdateUserAttributesResponse{}, nil
}

// AdminDeleteUserAttributes implements the AWS operation.
func (o Ops) AdminDeleteUserAttributes(ctx context.Context, in *cognitoidp.AdminDeleteUserAttributesRequest) (*cognitoidp.AdminDeleteUserAttributesResponse, error) {
	err := o.onUser(ctx, in.UserPoolId, in.Username, func(ctx context.Context, tx *db.Tx, c Caller, u *User) error {
		return o.remove(tx, c.Pool, nil, u, in.UserAttributeNames)
	})
	if err != nil {
		return nil, err
	}
	return &cognitoidp.AdminDeleteUserAttributesResponse{}, nil
}

// onUser changes the user that an administrator named, with CustomMessage functions at hand.
func (o Ops) onUser(ctx context.Context, poolID, username string, change func(context.Context, *db.Tx, Caller, *User) error) error {
	c, err := o.Admin(ctx, poolID, username)
	if err != nil {
		return err
	}
	return o.composing(ctx, c, change)
}

// attributeMap turns a list member into a map; a later entry of the same name wins.
func attributeMap(list []cognitoidp.AttributeType) map[string]string {
	out := make(map[string]string, len(list))
	for _, a := range list {
		out[a.Name] = value(a.Value)
	}
	return out
}
