package factor

import (
	"context"

	"cognate/internal/api/cognitoidp"
	"cognate/internal/base/db"
	"cognate/internal/core/directory"
	"cognate/internal/core/pool"
	"cognate/internal/core/token"
)

// GetUserAuthFactors implements the AWS operation.
func (o Ops) GetUserAuthFactors(ctx context.Context, in *cognitoidp.GetUserAuthFactorsRequest) (*cognitoidp.GetUserAuthFactorsResponse, error) {
	var out *cognitoidp.GetUserAuthFactorsResponse
	err := o.reading(ctx, in.AccessToken, func(_ *db.Tx, a *token.Access, u *directory.User) error {
		out = authFactors(a.Pool, u)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

// AdminGetUserAuthFactors implements the AWS operation.
func (o Ops) AdminGetUserAuthFactors(ctx context.Context, in *cognitoidp.AdminGetUserAuthFactorsRequest) (*cognitoidp.AdminGetUserAuthFactorsResponse, error) {
	p, err := o.Pools.PoolOrRefuse(ctx, in.UserPoolId)
	if err != nil {
		return nil, err
	}
	var out *cognitoidp.GetUserAuthFactorsResponse
	err = o.DB.View(ctx, func(tx *db.Tx) error {
		u, err := o.Directory.ResolveOrRefuse(tx, p, in.Username)
		if err == nil {
			out = authFactors(p, u)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	return new(cognitoidp.AdminGetUserAuthFactorsResponse(*out)), nil
}

// authFactors lists what the user has that the pool accepts, as first or second factor.
func authFactors(p *pool.Pool, u *directory.User) *cognitoidp.GetUserAuthFactorsResponse {
	out := &cognitoidp.GetUserAuthFactorsResponse{Username: u.Username, UserMFASettingList: u.MFA.Enabled}
	if u.MFA.Preferred != "" {
		out.PreferredMfaSetting = &u.MFA.Preferred
	}
	add := func(name cognitoidp.AuthFactorType, has bool) {
		if has {
			out.ConfiguredUserAuthFactors = append(out.ConfiguredUserAuthFactors, name)
		}
	}
	allows := p.AllowsFirstFactor
	add(cognitoidp.AuthFactorTypePassword, u.HasPassword())
	add(cognitoidp.AuthFactorTypeEmailOtp, u.Attributes["email"] != "" &&
		(p.MFA.EmailMfaConfiguration != nil || allows(cognitoidp.AuthFactorTypeEmailOtp)))
	add(cognitoidp.AuthFactorTypeSmsOtp, u.Attributes["phone_number"] != "" &&
		(p.MFA.SmsMfaConfiguration != nil || allows(cognitoidp.AuthFactorTypeSmsOtp)))
	add(cognitoidp.AuthFactorTypeSoftwareToken, u.MFA.TOTP)
	add(cognitoidp.AuthFactorTypeWebAuthn, u.MFA.Passkeys > 0)
	return out
}
