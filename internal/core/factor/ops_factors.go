package factor

import (
	"context"

	"cognate/internal/api/cognitoidp"
	"cognate/internal/base/db"
	"cognate/internal/core/directory"
	"cognate/internal/core/pool"
)

// GetUserAuthFactors implements the AWS operation.
func (o Ops) GetUserAuthFactors(ctx context.Context, in *cognitoidp.GetUserAuthFactorsRequest) (*cognitoidp.GetUserAuthFactorsResponse, error) {
	var out *cognitoidp.GetUserAuthFactorsResponse
	err := o.reading(ctx, in.AccessToken, func(_ *db.Tx, a directory.Caller, u *directory.User) error {
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
	c, err := o.Directory.Admin(ctx, in.UserPoolId, in.Username)
	if err != nil {
		return nil, err
	}
	var out *cognitoidp.GetUserAuthFactorsResponse
	err = o.Directory.As(ctx, o.DB.View, c, func(_ *db.Tx, u *directory.User) error {
		out = authFactors(c.Pool, u)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return new(cognitoidp.AdminGetUserAuthFactorsResponse(*out)), nil
}

// reading looks at the user of an access token.
func (o Ops) reading(ctx context.Context, accessToken string, look func(*db.Tx, directory.Caller, *directory.User) error) error {
	c, err := o.Directory.Owner(ctx, accessToken)
	if err != nil {
		return err
	}
	return o.Directory.As(ctx, o.DB.View, c, func(tx *db.Tx, u *directory.User) error { return look(tx, c, u) })
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
