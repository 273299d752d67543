package directory

import (
	"context"
	"errors"

	"cognate/internal/api/cognitoidp"
	"cognate/internal/base/db"
	"cognate/internal/base/obs"
	"cognate/internal/core/code"
	"cognate/internal/core/guard"
	"cognate/internal/core/token"
)

// Authorize verifies an access token and that its user still exists and may act. The refusals are
// NotAuthorizedException, which every token-authorised operation declares.
func (d *Directory) Authorize(ctx context.Context, accessToken string) (*token.Access, error) {
	c, err := d.Owner(ctx, accessToken)
	if err != nil {
		return nil, err
	}
	return c.Access, d.As(ctx, d.DB.Read, c, func(*db.Tx, *User) error { return nil })
}

// asOwner changes the user of an access token, with CustomMessage functions at hand.
func (o Ops) asOwner(ctx context.Context, accessToken string, change func(context.Context, *db.Tx, Caller, *User) error) error {
	c, err := o.Owner(ctx, accessToken)
	if err != nil {
		return err
	}
	c.Missing = UserNotFound()
	return o.composing(ctx, c, change)
}

func (o Ops) composing(ctx context.Context, c Caller, change func(context.Context, *db.Tx, Caller, *User) error) error {
	return refuse(o.Messages.Compose(ctx, func(ctx context.Context) error {
		return o.Change(ctx, c, func(tx *db.Tx, c Caller, u *User) error { return change(ctx, tx, c, u) })
	}))
}

// GetUser implements the AWS operation: what the client may read, sub first.
func (o Ops) GetUser(ctx context.Context, in *cognitoidp.GetUserRequest) (*cognitoidp.GetUserResponse, error) {
	c, err := o.Owner(ctx, in.AccessToken)
	if err != nil {
		return nil, err
	}
	c.Missing = UserNotFound()
	var u *User
	err = o.As(ctx, o.DB.Read, c, func(_ *db.Tx, found *User) error {
		u = found
		return nil
	})
	if err != nil {
		return nil, err
	}
	out := &cognitoidp.GetUserResponse{Username: u.Username, UserAttributes: u.attributeList(c.Client.Readable)}
	out.PreferredMfaSetting, out.UserMFASettingList = u.mfaMembers()
	return out, nil
}

// DeleteUser implements the AWS operation.
func (o Ops) DeleteUser(ctx context.Context, in *cognitoidp.DeleteUserRequest) error {
	return o.asOwner(ctx, in.AccessToken, func(ctx context.Context, tx *db.Tx, c Caller, u *User) error {
		return o.Delete(tx, c.Pool, u)
	})
}

// UpdateUserAttributes implements the AWS operation.
func (o Ops) UpdateUserAttributes(ctx context.Context, in *cognitoidp.UpdateUserAttributesRequest) (*cognitoidp.UpdateUserAttributesResponse, error) {
	out := &cognitoidp.UpdateUserAttributesResponse{}
	err := o.asOwner(ctx, in.AccessToken, func(ctx context.Context, tx *db.Tx, c Caller, u *User) error {
		attrs := attributeMap(in.UserAttributes)
		if err := o.CheckAttributes(c.Pool, c.Client, attrs, Update); err != nil {
			return err
		}
		sent, err := o.update(ctx, tx, c.Pool, c.Client, u, attrs, in.ClientMetadata)
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
	err := o.asOwner(ctx, in.AccessToken, func(ctx context.Context, tx *db.Tx, c Caller, u *User) error {
		return o.remove(tx, c.Pool, c.Client, u, in.UserAttributeNames)
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
	err := o.asOwner(ctx, in.AccessToken, func(ctx context.Context, tx *db.Tx, c Caller, u *User) error {
		if err := verifiable(in.AttributeName); err != nil {
			return err
		}
		if u.contact(in.AttributeName) == "" {
			return errNoAddress(in.AttributeName)
		}
		if err := o.Codes.Allow(tx, c.Pool.ID, u.Sub, code.LimitAttributeCode); err != nil {
			return codeRefusal(ctx, err)
		}
		sent, err := o.send(ctx, tx, c.Pool, c.Client, u, in.AttributeName, onRequest, in.ClientMetadata)
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
	c, err := o.Owner(ctx, in.AccessToken)
	if err != nil {
		return nil, err
	}
	if err := o.Guard.Begin(ctx, c.Pool.ID); err != nil {
		return nil, err
	}
	c.Missing = UserNotFound()
	var refusal error
	err = o.composing(ctx, c, func(ctx context.Context, tx *db.Tx, c Caller, u *User) error {
		refusal = nil
		if err := verifiable(in.AttributeName); err != nil {
			return err
		}
		if err := o.Guard.Owner(tx, c.Pool.ID, u.Sub); err != nil {
			return err
		}
		if err := o.Codes.Allow(tx, c.Pool.ID, u.Sub, code.LimitVerifyAttribute); err != nil {
			return codeRefusal(ctx, err)
		}
		kind := code.Attribute(in.AttributeName)
		proven, err := o.Codes.Guess(tx, c.Pool.ID, u.Sub, guard.Asker{}, kind, in.Code)
		if err == nil && !u.verified(in.AttributeName, proven.Value) {
			obs.Cause(ctx, "the value changed after the code was sent")
			err = code.ErrExpired
		}
		if err == nil && !u.Epoch.Since(Epoch(proven.Epoch)) {
			obs.Cause(ctx, "signed out everywhere, disabled or enabled after the code was sent")
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
		if err := o.Codes.Proven(tx, c.Pool.ID, u.Sub, guard.Asker{}, kind); err != nil {
			return err
		}
		return o.Save(tx, c.Pool, u)
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
	return cognitoidp.NewInvalidParameter("Invalid attribute name. Only phone_number and email can be verified.")
}

// errNoAddress refuses to send a code to an attribute that the user does not have.
func errNoAddress(name string) error {
	what := "email address"
	if name == kindPhone {
		what = "phone number"
	}
	return cognitoidp.NewInvalidParameter("User does not have a valid registered %s", what)
}

// UserInfo is what the OpenID Connect endpoint of a pool tells the owner of an access token: the user name, and what the
// client may read and the token's scopes show, sub first. The refusals are NotAuthorizedException.
func (d *Directory) UserInfo(ctx context.Context, poolID, accessToken string) (username string, attributes []cognitoidp.AttributeType, err error) {
	a, err := d.Tokens.VerifyToken(ctx, accessToken)
	if err != nil {
		return "", nil, err
	}
	if a.Pool.ID != poolID {
		obs.Cause(ctx, "the access token is of another pool")
		return "", nil, token.InvalidAccess()
	}
	if !a.HasScope(token.ScopeOpenID) {
		obs.Cause(ctx, "the access token lacks the scope openid")
		return "", nil, token.InvalidAccess()
	}
	c := Caller{Pool: a.Pool, Client: a.Client, Access: a}
	err = d.As(ctx, d.DB.Read, c, func(_ *db.Tx, u *User) error {
		username = u.Username
		attributes = u.attributeList(func(name string) bool { return c.Client.Readable(name) && token.Reveals(a.Scopes, name) })
		return nil
	})
	return username, attributes, err
}
