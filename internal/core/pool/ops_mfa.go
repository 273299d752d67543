package pool

import (
	"context"

	"cognate/internal/api/cognitoidp"
	"cognate/internal/base/db"
)

// GetUserPoolMfaConfig implements the AWS operation.
func (o Ops) GetUserPoolMfaConfig(ctx context.Context, in *cognitoidp.GetUserPoolMfaConfigRequest) (*cognitoidp.GetUserPoolMfaConfigResponse, error) {
	pool, err := o.fresh(ctx, in.UserPoolId)
	if err != nil {
		return nil, err
	}
	return pool.MFA, nil
}

// SetUserPoolMfaConfig implements the AWS operation.
func (o Ops) SetUserPoolMfaConfig(ctx context.Context, in *cognitoidp.SetUserPoolMfaConfigRequest) (*cognitoidp.SetUserPoolMfaConfigResponse, error) {
	out := new(cognitoidp.SetUserPoolMfaConfigResponse)
	err := o.modify(ctx, in.UserPoolId, concurrent(), func(_ *db.Tx, old *Pool) (*cognitoidp.UserPoolType, *cognitoidp.GetUserPoolMfaConfigResponse, error) {
		config, mfa, err := o.rules().changedMFA(old, in)
		if err == nil {
			*out = cognitoidp.SetUserPoolMfaConfigResponse(*mfa)
		}
		return config, mfa, err
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

// AddCustomAttributes implements the AWS operation.
func (o Ops) AddCustomAttributes(ctx context.Context, in *cognitoidp.AddCustomAttributesRequest) (*cognitoidp.AddCustomAttributesResponse, error) {
	err := o.modify(ctx, in.UserPoolId, db.ErrRetry, func(_ *db.Tx, old *Pool) (*cognitoidp.UserPoolType, *cognitoidp.GetUserPoolMfaConfigResponse, error) {
		schema, err := addCustom(old.Config.SchemaAttributes, in.CustomAttributes, func(name string) error {
			return cognitoidp.NewInvalidParameter("%s: Existing attribute already has name %s.", name, name)
		})
		c := new(*old.Config)
		c.SchemaAttributes, c.LastModifiedDate = schema, at(o.d.Clock.Milli())
		return c, old.MFA, err
	})
	if err != nil {
		return nil, err
	}
	return &cognitoidp.AddCustomAttributesResponse{}, nil
}
