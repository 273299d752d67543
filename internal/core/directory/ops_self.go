package directory

import (
	"context"
	"errors"

	"cognate/internal/api/cognitoidp"
	"cognate/internal/base/db"
	"cognate/internal/base/obs"
	"cognate/internal/core/code"
	"cognate/internal/core/pool"
	"cognate/internal/core/token"
)

// Authorize verifies an access token and that its user still exists and may act. The refusals are
// NotAuthorizedException, which every token-authorised operation declares.
func (d *Directory) Authorize(ctx context.Context, accessToken string) (*token.Access, error) {
	a, err := d.Tokens.VerifyAccess(ctx, accessToken)
	if err != nil {
		return nil, err
	}
	err = d.DB.Read(ctx, func(tx *db.Tx) error {
		_, err := d.Caller(ctx, tx, a.Pool, a.Sub)
		return err
	})
	return a, err
}

// Caller reads the user of an access token or session and refuses users who may not act any more, by
// NotAuthorizedException.
func (d *Directory) Caller(ctx context.Context, tx *db.Tx, p *pool.Pool, sub string) (*User, error) {
	u, err := d.BySub(tx, p, sub)
	switch {
	case errors.Is(err, ErrUserNotFound):
		obs.Cause(ctx, "the user of the token is gone")
		return nil, token.AccessRevoked()
	case err != nil:
		return nil, err
	case !u.Enabled:
		return nil, Disabled()
	}
	return u, nil
}

// caller reads the user of a token: ErrUserNotFound, or NotAuthorizedException when disabled.
func (d *Directory) caller(tx *db.Tx, a *token.Access) (*User, error) {
	u, err := d.BySub(tx, a.Pool, a.Sub)
	if err == nil && !u.Enabled {
		return nil, Disabled()
	}
	return u, err
}

// asCaller verifies an access token and runs change on its user in one transaction.
func (o Ops) asCaller(ctx context.Context, accessToken string, change func(context.Context, *db.Tx, *token.Access, *User) error) error {
	a, err := o.Tokens.VerifyAccess(ctx, accessToken)
	if err != nil {
		return err
	}
	if err := o.warm(ctx, a.Pool); err != nil {
		return err
	}
	return refuse(o.Messages.Compose(ctx, func(ctx context.Context) error {
		return o.DB.Update(ctx, func(tx *db.Tx) error {
			u, err := o.caller(tx, a)
			if err != nil {
				return err
			}
			return change(ctx, tx, a, u)
		})
	}))
}

// GetUser implements the AWS operation: what the client may read, sub first.
func (o Ops) GetUser(ctx context.Context, in *cognitoidp.GetUserRequest) (*cognitoidp.GetUserResponse, error) {
	a, err := o.Tokens.VerifyAccess(ctx, in.AccessToken)
	if err != nil {
		return nil, err
	}
	var u *User
	err = o.DB.Read(ctx, func(tx *db.Tx) (err error) {
		u, err = o.caller(tx, a)
		return err
	})
	if err != nil {
		return nil, refuse(err)
	}
	out := &cognitoidp.GetUserResponse{Username: u.Username, UserAttributes: u.attributeList(a.Client.Readable)}
	out.PreferredMfaSetting, out.UserMFASettingList = u.mfaMembers()
	return out, nil
}

// DeleteUser implements the AWS operation.
func (o Ops) DeleteUser(ctx context.Context, in *cognitoidp.DeleteUserRequest) error {
	return o.asCaller(ctx, in.AccessToken, func(ctx context.Context, tx *db.Tx, a *token.Access, u *User) error {
		return o.Delete(tx, a.Pool, u)
	})
}

// UpdateUserAttributes implements the AWS operation.
func (o Ops) UpdateUserAttributes(ctx context.Context, in *cognitoidp.UpdateUserAttributesRequest) (*cognitoidp.UpdateUserAttributesResponse, error) {
	out := &cognitoidp.UpdateUserAttributesResponse{}
	err := o.asCaller(ctx, in.AccessToken, func(ctx context.Context, tx *db.Tx, a *token.Access, u *User) error {
		attrs := attributeMap(in.UserAttributes)
		if err := o.CheckAttributes(a.Pool, a.Client, attrs, Update); err != nil {
			return err
		}
		sent, err := o.update(ctx, tx, a.Pool, a.Client, u, attrs, in.ClientMetadata)
		out.CodeDeliveryDetailsList = sent
		return err
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

// DeleteUserAttributes implements the AWS operation.
func (o Ops) DeleteUserAttributes(ctx context.Context, in *cognitoidp.DeleteUserAttributesRequest) (*cognitoidp.DeleteUserAttributesResponse, error) {
	err := o.asCaller(ctx, in.AccessToken, func(ctx context.Context, tx *db.Tx, a *token.Access, u *User) error {
		return o.remove(tx, a.Pool, a.Client, u, in.UserAttributeNames)
	})
	if err != nil {
		return nil, err
	}
	return &cognitoidp.DeleteUserAttributesResponse{}, nil
}

// GetUserAttributeVerificationCode implements the AWS operation. A value that waits for verification is the one that
// the code goes to.
func (o Ops) GetUserAttributeVerificationCode(ctx context.Context, in *cognitoidp.GetUserAttributeVerificationCodeRequest) (*cognitoidp.GetUserAttributeVerificationCodeResponse, error) {
	out := &cognitoidp.GetUserAttributeVerificationCodeResponse{}
	err := o.asCaller(ctx, in.AccessToken, func(ctx context.Context, tx *db.Tx, a *token.Access, u *User) error {
		if err := verifiable(in.AttributeName); err != nil {
			return err
		}
		if u.contact(in.AttributeName) == "" {
			return cognitoidp.NewInvalidParameter("User does not have a value for %s to send a code to.", in.AttributeName)
		}
		if err := o.Codes.Allow(tx, a.Pool.ID, u.Sub, code.LimitAttributeCode); err != nil {
			return codeRefusal(ctx, err)
		}
		sent, err := o.send(ctx, tx, a.Pool, a.Client, u, in.AttributeName, onRequest, in.ClientMetadata)
		out.CodeDeliveryDetails = sent
		return err
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

// VerifyUserAttribute implements the AWS operation. The code proves the value it was sent to and nothing else: when the
// user has changed it since, the code is void.
func (o Ops) VerifyUserAttribute(ctx context.Context, in *cognitoidp.VerifyUserAttributeRequest) (*cognitoidp.VerifyUserAttributeResponse, error) {
	var refusal error
	err := o.asCaller(ctx, in.AccessToken, func(ctx context.Context, tx *db.Tx, a *token.Access, u *User) error {
		refusal = nil
		if err := verifiable(in.AttributeName); err != nil {
			return err
		}
		if err := o.Codes.Allow(tx, a.Pool.ID, u.Sub, code.LimitVerifyAttribute); err != nil {
			return codeRefusal(ctx, err)
		}
		proven, err := o.Codes.Verify(tx, a.Pool.ID, u.Sub, code.Attribute(in.AttributeName), in.Code)
		if err == nil && !u.verified(in.AttributeName, proven.Value) {
			obs.Cause(ctx, "the value changed after the code was sent")
			err = code.ErrExpired
		}
		if err != nil {
			// Kept back so that the transaction commits and the try counts.
			refusal = codeRefusal(ctx, err)
			if errors.Is(refusal, err) {
				return err
			}
			return nil
		}
		return o.Save(tx, a.Pool, u)
	})
	if err == nil {
		err = refusal
	}
	if err != nil {
		return nil, err
	}
	return &cognitoidp.VerifyUserAttributeResponse{}, nil
}

// verifiable refuses attributes that no code can be sent to.
func verifiable(name string) error {
	if name == kindEmail || name == kindPhone {
		return nil
	}
	return cognitoidp.NewInvalidParameter("Attribute %s cannot be verified. Only email and phone_number can.", name)
}
