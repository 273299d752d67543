package account

import (
	"context"

	"cognate/internal/api/cognitoidp"
	"cognate/internal/base/obs"
	"cognate/internal/core/directory"
	"cognate/internal/core/pool"
	"cognate/internal/core/signin"
)

// Ops are the AWS operations of this room: they find pool and client, check how
// the client proves itself and translate AWS's shapes. The rules are Accounts'.
type Ops struct{ *Accounts }

// client finds the app client of an unsigned operation, which proves itself by
// the secret hash over the name that it sends.
func (o Ops) client(ctx context.Context, clientID, name string, secretHash *string, user *cognitoidp.UserContextDataType, metadata map[string]string) (directory.Caller, error) {
	p, c, err := o.Pools.ClientOrRefuse(ctx, clientID)
	if err != nil {
		return directory.Caller{}, err
	}
	event := obs.From(ctx)
	event.Pool, event.Client = p.ID, c.ID
	err = pool.SecretHashRefusal(c, c.CheckSecretHash(name, str(secretHash)))
	signin.Propagated(ctx, c, name, str(secretHash), user)
	return directory.Caller{Pool: p, Client: c, Name: name, Metadata: metadata}, err
}

// SignUp implements the AWS operation.
func (o Ops) SignUp(ctx context.Context, in *cognitoidp.SignUpRequest) (*cognitoidp.SignUpResponse, error) {
	c, err := o.client(ctx, in.ClientId, in.Username, in.SecretHash, in.UserContextData, in.ClientMetadata)
	if err != nil {
		return nil, err
	}
	done, err := o.Accounts.SignUp(ctx, c, SignUpInput{
		Password:   str(in.Password),
		Attributes: attributesOf(in.UserAttributes), Validation: attributesOrNil(in.ValidationData),
	})
	if err != nil {
		return nil, err
	}
	return &cognitoidp.SignUpResponse{
		UserSub: done.Sub, UserConfirmed: done.Confirmed, CodeDeliveryDetails: done.Delivery, Session: opt(done.Session),
	}, nil
}

// ConfirmSignUp implements the AWS operation.
func (o Ops) ConfirmSignUp(ctx context.Context, in *cognitoidp.ConfirmSignUpRequest) (*cognitoidp.ConfirmSignUpResponse, error) {
	c, err := o.client(ctx, in.ClientId, in.Username, in.SecretHash, in.UserContextData, in.ClientMetadata)
	if err != nil {
		return nil, err
	}
	session, err := o.Accounts.ConfirmSignUp(ctx, c, ConfirmInput{
		Code: in.ConfirmationCode, ForceAlias: yes(in.ForceAliasCreation), Session: str(in.Session),
	})
	if err != nil {
		return nil, err
	}
	return &cognitoidp.ConfirmSignUpResponse{Session: opt(session)}, nil
}

// ResendConfirmationCode implements the AWS operation.
func (o Ops) ResendConfirmationCode(ctx context.Context, in *cognitoidp.ResendConfirmationCodeRequest) (*cognitoidp.ResendConfirmationCodeResponse, error) {
	c, err := o.client(ctx, in.ClientId, in.Username, in.SecretHash, in.UserContextData, in.ClientMetadata)
	if err != nil {
		return nil, err
	}
	delivery, err := o.Accounts.ResendConfirmationCode(ctx, c)
	if err != nil {
		return nil, err
	}
	return &cognitoidp.ResendConfirmationCodeResponse{CodeDeliveryDetails: delivery}, nil
}

// ForgotPassword implements the AWS operation.
func (o Ops) ForgotPassword(ctx context.Context, in *cognitoidp.ForgotPasswordRequest) (*cognitoidp.ForgotPasswordResponse, error) {
	c, err := o.client(ctx, in.ClientId, in.Username, in.SecretHash, in.UserContextData, in.ClientMetadata)
	if err != nil {
		return nil, err
	}
	delivery, err := o.Accounts.ForgotPassword(ctx, c)
	if err != nil {
		return nil, err
	}
	return &cognitoidp.ForgotPasswordResponse{CodeDeliveryDetails: delivery}, nil
}

// ConfirmForgotPassword implements the AWS operation.
func (o Ops) ConfirmForgotPassword(ctx context.Context, in *cognitoidp.ConfirmForgotPasswordRequest) (*cognitoidp.ConfirmForgotPasswordResponse, error) {
	c, err := o.client(ctx, in.ClientId, in.Username, in.SecretHash, in.UserContextData, in.ClientMetadata)
	if err != nil {
		return nil, err
	}
	recovery := RecoverInput{Code: in.ConfirmationCode, Password: in.Password}
	if err := o.Accounts.ConfirmForgotPassword(ctx, c, recovery); err != nil {
		return nil, err
	}
	return &cognitoidp.ConfirmForgotPasswordResponse{}, nil
}

// ChangePassword implements the AWS operation.
func (o Ops) ChangePassword(ctx context.Context, in *cognitoidp.ChangePasswordRequest) (*cognitoidp.ChangePasswordResponse, error) {
	c, err := o.Directory.Owner(ctx, in.AccessToken)
	if err != nil {
		return nil, err
	}
	if err := o.Accounts.ChangePassword(ctx, c, in.PreviousPassword, in.ProposedPassword); err != nil {
		return nil, err
	}
	return &cognitoidp.ChangePasswordResponse{}, nil
}

func attributesOf(list []cognitoidp.AttributeType) map[string]string {
	m := make(map[string]string, len(list))
	for _, at := range list {
		m[at.Name] = str(at.Value)
	}
	return m
}

// attributesOrNil is a list as an event shows it: null when it is empty.
func attributesOrNil(list []cognitoidp.AttributeType) map[string]string {
	if len(list) == 0 {
		return nil
	}
	return attributesOf(list)
}

func yes(b *bool) bool { return b != nil && *b }

func str(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

// opt is a member that is absent when there is nothing to say.
func opt(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}
