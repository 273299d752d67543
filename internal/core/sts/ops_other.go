package sts

import (
	"context"

	"cognate/internal/api/rt"
	"cognate/internal/api/sts"
	"cognate/internal/base/obs"
	"cognate/internal/core/iam"
)

// GetCallerIdentity tells who signed the request.
func (o Ops) GetCallerIdentity(ctx context.Context, _ *sts.GetCallerIdentityRequest) (*sts.GetCallerIdentityResponse, error) {
	p := obs.From(ctx).Principal
	if p.IsZero() {
		return nil, errNobody
	}
	return &sts.GetCallerIdentityResponse{Account: &p.Account, Arn: &p.ARN, UserId: &p.UserID}, nil
}

// GetAccessKeyInfo tells which account an access key belongs to, as its id says.
func (o Ops) GetAccessKeyInfo(ctx context.Context, in *sts.GetAccessKeyInfoRequest) (*sts.GetAccessKeyInfoResponse, error) {
	root, err := o.d.IAM.RootAccessKeyID(ctx)
	if err != nil {
		return nil, err
	}
	if in.AccessKeyId == root {
		return &sts.GetAccessKeyInfoResponse{Account: &o.d.Account}, nil
	}
	account, ok := iam.AccountIn(in.AccessKeyId)
	if !ok {
		return nil, validation("Access key id " + in.AccessKeyId + " has not the form of one.")
	}
	return &sts.GetAccessKeyInfoResponse{Account: &account}, nil
}

// DecodeAuthorizationMessage shows what the log's encoded message of a refusal says.
func (o Ops) DecodeAuthorizationMessage(ctx context.Context, in *sts.DecodeAuthorizationMessageRequest) (*sts.DecodeAuthorizationMessageResponse, error) {
	text, err := o.d.IAM.DecodeMessage(ctx, in.EncodedMessage)
	if err != nil {
		obs.Cause(ctx, "%v", err)
		return nil, sts.NewInvalidAuthorizationMessage("Message is not valid")
	}
	return &sts.DecodeAuthorizationMessageResponse{DecodedMessage: &text}, nil
}

// AssumeRoot implements the STS operation, which is for the management account of an organization.
func (o Ops) AssumeRoot(ctx context.Context, in *sts.AssumeRootRequest) (*sts.AssumeRootResponse, error) {
	return nil, rt.NewAccessDenied("User: %s is not authorized to perform: sts:AssumeRoot on resource: %s", obs.From(ctx).Principal.ARN, in.TargetPrincipal)
}

// GetWebIdentityToken implements the STS operation: federation outward is not switched on.
func (o Ops) GetWebIdentityToken(context.Context, *sts.GetWebIdentityTokenRequest) (*sts.GetWebIdentityTokenResponse, error) {
	return nil, sts.NewOutboundWebIdentityFederationDisabled("Outbound web identity federation is disabled for this account.")
}

// GetDelegatedAccessToken implements the STS operation: nobody hands out tokens to trade in here.
func (o Ops) GetDelegatedAccessToken(context.Context, *sts.GetDelegatedAccessTokenRequest) (*sts.GetDelegatedAccessTokenResponse, error) {
	return nil, sts.NewExpiredTradeInToken("The trade-in token has expired or does not exist.")
}
