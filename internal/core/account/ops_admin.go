package account

import (
	"context"

	"cognate/internal/api/cognitoidp"
	"cognate/internal/core/directory"
)

// admin finds the pool of an administrative operation.
func (o Ops) admin(ctx context.Context, poolID string, metadata map[string]string) (directory.Caller, error) {
	p, err := o.Pools.PoolOrRefuse(ctx, poolID)
	return directory.Caller{Pool: p, Metadata: metadata}, err
}

// AdminCreateUser implements the AWS operation.
func (o Ops) AdminCreateUser(ctx context.Context, in *cognitoidp.AdminCreateUserRequest) (*cognitoidp.AdminCreateUserResponse, error) {
	c, err := o.admin(ctx, in.UserPoolId, in.ClientMetadata)
	if err != nil {
		return nil, err
	}
	action := cognitoidp.MessageActionType("")
	if in.MessageAction != nil {
		action = *in.MessageAction
	}
	invite := o.Invite
	if action == cognitoidp.MessageActionTypeResend {
		invite = o.InviteAgain
	}
	u, err := invite(ctx, c, InviteInput{
		Name: in.Username, Password: str(in.TemporaryPassword),
		Attributes: attributesOf(in.UserAttributes), Validation: attributesOrNil(in.ValidationData),
		ForceAlias: yes(in.ForceAliasCreation), Mediums: in.DesiredDeliveryMediums,
		Silent: action == cognitoidp.MessageActionTypeSuppress,
	})
	if err != nil {
		return nil, err
	}
	return &cognitoidp.AdminCreateUserResponse{User: new(u.Type())}, nil
}

// AdminConfirmSignUp implements the AWS operation.
func (o Ops) AdminConfirmSignUp(ctx context.Context, in *cognitoidp.AdminConfirmSignUpRequest) (*cognitoidp.AdminConfirmSignUpResponse, error) {
	c, err := o.admin(ctx, in.UserPoolId, in.ClientMetadata)
	if err != nil {
		return nil, err
	}
	if err := o.Confirm(ctx, c, in.Username); err != nil {
		return nil, err
	}
	return &cognitoidp.AdminConfirmSignUpResponse{}, nil
}

// AdminSetUserPassword implements the AWS operation.
func (o Ops) AdminSetUserPassword(ctx context.Context, in *cognitoidp.AdminSetUserPasswordRequest) (*cognitoidp.AdminSetUserPasswordResponse, error) {
	c, err := o.admin(ctx, in.UserPoolId, nil)
	if err != nil {
		return nil, err
	}
	if err := o.SetPassword(ctx, c, in.Username, in.Password, yes(in.Permanent)); err != nil {
		return nil, err
	}
	return &cognitoidp.AdminSetUserPasswordResponse{}, nil
}

// AdminResetUserPassword implements the AWS operation.
func (o Ops) AdminResetUserPassword(ctx context.Context, in *cognitoidp.AdminResetUserPasswordRequest) (*cognitoidp.AdminResetUserPasswordResponse, error) {
	c, err := o.admin(ctx, in.UserPoolId, in.ClientMetadata)
	if err != nil {
		return nil, err
	}
	if err := o.ResetPassword(ctx, c, in.Username); err != nil {
		return nil, err
	}
	return &cognitoidp.AdminResetUserPasswordResponse{}, nil
}
