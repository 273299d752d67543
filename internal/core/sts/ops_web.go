package sts

import (
	"context"
	"errors"
	"maps"
	"slices"
	"time"

	"cognate/internal/api/sts"
	"cognate/internal/core/iam"
)

// Bounds of tags that come in tokens.
const (
	maxSessionTags = 50
	maxTagKey      = 128
	maxTagValue    = 256
)

// AssumeRoleWithWebIdentity gives the credentials of a role to whom an OpenID Connect provider vouches for.
func (o Ops) AssumeRoleWithWebIdentity(ctx context.Context, in *sts.AssumeRoleWithWebIdentityRequest) (*sts.AssumeRoleWithWebIdentityResponse, error) {
	const operation = "AssumeRoleWithWebIdentity"
	v, err := o.voucher(ctx, in)
	if err != nil {
		return nil, err
	}
	if err := v.timely(o.d.Now()); err != nil {
		return nil, err
	}
	if v.claims.Subject == "" {
		return nil, invalidWeb("Missing a required claim: sub")
	}
	audience, err := v.audience()
	if err != nil {
		return nil, err
	}
	tags, transitive, err := v.tags()
	if err != nil {
		return nil, err
	}
	layer, err := o.layer(ctx, in.Policy, in.PolicyArns)
	if err != nil {
		return nil, err
	}
	size, err := packed(layer, tags)
	if err != nil {
		return nil, err
	}
	f := &Federation{
		Action: "sts:" + operation, Provider: v.provider, Role: in.RoleArn, SessionName: in.RoleSessionName, Layer: layer,
		Tags: tags, Transitive: transitive, SourceIdentity: v.claims.SourceIdentity, minimum: in.MinimumSessionTokenSize,
	}
	f.Keys, f.Kept = v.keys(audience)
	if in.DurationSeconds != nil {
		f.Life = time.Duration(*in.DurationSeconds) * time.Second
	}
	got, err := o.Federate(ctx, f)
	if err != nil {
		return nil, refused(err, operation)
	}
	provider := v.claims.Issuer
	if v.clients == nil {
		provider = v.provider
	}
	out := &sts.AssumeRoleWithWebIdentityResponse{
		Credentials: got.shape(), AssumedRoleUser: got.user(), PackedPolicySize: size, SourceIdentity: text(f.SourceIdentity),
		SubjectFromWebIdentityToken: &v.claims.Subject, Provider: &provider, Audience: &audience,
	}
	out.SessionTokenSize, out.SessionTokenUtilization = got.sizes()
	return out, nil
}

// voucher verifies the token of a request.
func (o Ops) voucher(ctx context.Context, in *sts.AssumeRoleWithWebIdentityRequest) (*voucher, error) {
	if in.ProviderId != nil {
		return o.opaque(ctx, *in.ProviderId, in.WebIdentityToken)
	}
	return o.vouched(ctx, in.WebIdentityToken)
}

// refused is what STS answers where Federate fails.
func refused(err error, operation string) error {
	switch {
	case errors.Is(err, ErrNotTrusted):
		return notAuthorized(operation)
	case errors.Is(err, ErrTooLong):
		return tooLong()
	}
	return err
}

// tags are the session tags that the token brings.
func (v *voucher) tags() (tags []iam.Tag, transitive []string, err error) {
	said := v.claims.Tags
	if len(said.Principal) > maxSessionTags {
		return nil, nil, sts.NewIDPRejectedClaim("The token has more than %d session tags.", maxSessionTags)
	}
	var list []sts.Tag
	for _, key := range slices.Sorted(maps.Keys(said.Principal)) {
		values := said.Principal[key]
		if len(values) != 1 || len(key) == 0 || len(key) > maxTagKey || len(values[0]) > maxTagValue {
			return nil, nil, sts.NewIDPRejectedClaim("The session tag %.128q of the token is not one key with one value.", key)
		}
		list = append(list, sts.Tag{Key: key, Value: values[0]})
	}
	if tags, err = tagsOf(list); err != nil {
		return nil, nil, err
	}
	return inherit(tags, said.Transitive, nil)
}

// AssumeRoleWithSAML implements the STS operation. Nothing here verifies SAML assertions yet, so none is believed.
func (o Ops) AssumeRoleWithSAML(context.Context, *sts.AssumeRoleWithSAMLRequest) (*sts.AssumeRoleWithSAMLResponse, error) {
	return nil, sts.NewInvalidIdentityToken("SAML assertions cannot be verified by this version of Cognate.")
}
