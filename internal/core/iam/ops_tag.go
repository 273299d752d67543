package iam

import (
	"context"
	"slices"
	"strings"

	"cognate/internal/api/iam"
	"cognate/internal/base/db"
)

// finder fills an entity by what an operation names it with.
type finder func(tx *db.Tx, e entity, name string) error

// retag changes the tags of an entity.
func (r *Room) retag(ctx context.Context, e entity, find finder, name string, alter func(*base) error) error {
	return r.change(ctx, func(tx *db.Tx) error {
		if err := find(tx, e, name); err != nil {
			return err
		}
		if err := alter(e.common()); err != nil {
			return err
		}
		return replace(tx, r.deps.Account, e)
	})
}

func with(tags []iam.Tag) func(*base) error { return func(b *base) error { return b.tag(tags) } }

func without(keys []string) func(*base) error {
	return func(b *base) error {
		b.untag(keys)
		return nil
	}
}

// tagPage is a page of the tags of an entity.
func (r *Room) tagPage(ctx context.Context, e entity, find finder, name string, marker *string, items *int64) (tags []iam.Tag, truncated *bool, next *string, err error) {
	page, err := r.asked(ctx, marker, items, "tags", string(e.kind()), name)
	if err != nil {
		return nil, nil, nil, err
	}
	if err := r.view(ctx, func(tx *db.Tx) error { return find(tx, e, name) }); err != nil {
		return nil, nil, nil, err
	}
	tags = e.common().tags()
	slices.SortFunc(tags, func(a, b iam.Tag) int { return strings.Compare(a.Key, b.Key) })
	return within(ctx, page, tags, func(t iam.Tag) string { return t.Key })
}

// TagUser implements the IAM operation.
func (o Ops) TagUser(ctx context.Context, in *iam.TagUserRequest) error {
	return o.retag(ctx, &user{}, o.named, in.UserName, with(in.Tags))
}

// UntagUser implements the IAM operation.
func (o Ops) UntagUser(ctx context.Context, in *iam.UntagUserRequest) error {
	return o.retag(ctx, &user{}, o.named, in.UserName, without(in.TagKeys))
}

// ListUserTags implements the IAM operation.
func (o Ops) ListUserTags(ctx context.Context, in *iam.ListUserTagsRequest) (*iam.ListUserTagsResponse, error) {
	tags, truncated, marker, err := o.tagPage(ctx, &user{}, o.named, in.UserName, in.Marker, in.MaxItems)
	if err != nil {
		return nil, err
	}
	return &iam.ListUserTagsResponse{Tags: tags, IsTruncated: truncated, Marker: marker}, nil
}

// TagRole implements the IAM operation.
func (o Ops) TagRole(ctx context.Context, in *iam.TagRoleRequest) error {
	return o.retag(ctx, &role{}, o.named, in.RoleName, with(in.Tags))
}

// UntagRole implements the IAM operation.
func (o Ops) UntagRole(ctx context.Context, in *iam.UntagRoleRequest) error {
	return o.retag(ctx, &role{}, o.named, in.RoleName, without(in.TagKeys))
}

// ListRoleTags implements the IAM operation.
func (o Ops) ListRoleTags(ctx context.Context, in *iam.ListRoleTagsRequest) (*iam.ListRoleTagsResponse, error) {
	tags, truncated, marker, err := o.tagPage(ctx, &role{}, o.named, in.RoleName, in.Marker, in.MaxItems)
	if err != nil {
		return nil, err
	}
	return &iam.ListRoleTagsResponse{Tags: tags, IsTruncated: truncated, Marker: marker}, nil
}

// TagPolicy implements the IAM operation.
func (o Ops) TagPolicy(ctx context.Context, in *iam.TagPolicyRequest) error {
	return o.retag(ctx, &managed{}, o.byARN, in.PolicyArn, with(in.Tags))
}

// UntagPolicy implements the IAM operation.
func (o Ops) UntagPolicy(ctx context.Context, in *iam.UntagPolicyRequest) error {
	return o.retag(ctx, &managed{}, o.byARN, in.PolicyArn, without(in.TagKeys))
}

// ListPolicyTags implements the IAM operation.
func (o Ops) ListPolicyTags(ctx context.Context, in *iam.ListPolicyTagsRequest) (*iam.ListPolicyTagsResponse, error) {
	tags, truncated, marker, err := o.tagPage(ctx, &managed{}, o.byARN, in.PolicyArn, in.Marker, in.MaxItems)
	if err != nil {
		return nil, err
	}
	return &iam.ListPolicyTagsResponse{Tags: tags, IsTruncated: truncated, Marker: marker}, nil
}

// TagOpenIDConnectProvider implements the IAM operation.
func (o Ops) TagOpenIDConnectProvider(ctx context.Context, in *iam.TagOpenIDConnectProviderRequest) error {
	return o.retag(ctx, &oidc{}, o.byARN, in.OpenIDConnectProviderArn, with(in.Tags))
}

// UntagOpenIDConnectProvider implements the IAM operation.
func (o Ops) UntagOpenIDConnectProvider(ctx context.Context, in *iam.UntagOpenIDConnectProviderRequest) error {
	return o.retag(ctx, &oidc{}, o.byARN, in.OpenIDConnectProviderArn, without(in.TagKeys))
}

// ListOpenIDConnectProviderTags implements the IAM operation.
func (o Ops) ListOpenIDConnectProviderTags(ctx context.Context, in *iam.ListOpenIDConnectProviderTagsRequest) (*iam.ListOpenIDConnectProviderTagsResponse, error) {
	tags, truncated, marker, err := o.tagPage(ctx, &oidc{}, o.byARN, in.OpenIDConnectProviderArn, in.Marker, in.MaxItems)
	if err != nil {
		return nil, err
	}
	return &iam.ListOpenIDConnectProviderTagsResponse{Tags: tags, IsTruncated: truncated, Marker: marker}, nil
}

// TagSAMLProvider implements the IAM operation.
func (o Ops) TagSAMLProvider(ctx context.Context, in *iam.TagSAMLProviderRequest) error {
	return o.retag(ctx, &saml{}, o.byARN, in.SAMLProviderArn, with(in.Tags))
}

// UntagSAMLProvider implements the IAM operation.
func (o Ops) UntagSAMLProvider(ctx context.Context, in *iam.UntagSAMLProviderRequest) error {
	return o.retag(ctx, &saml{}, o.byARN, in.SAMLProviderArn, without(in.TagKeys))
}

// ListSAMLProviderTags implements the IAM operation.
func (o Ops) ListSAMLProviderTags(ctx context.Context, in *iam.ListSAMLProviderTagsRequest) (*iam.ListSAMLProviderTagsResponse, error) {
	tags, truncated, marker, err := o.tagPage(ctx, &saml{}, o.byARN, in.SAMLProviderArn, in.Marker, in.MaxItems)
	if err != nil {
		return nil, err
	}
	return &iam.ListSAMLProviderTagsResponse{Tags: tags, IsTruncated: truncated, Marker: marker}, nil
}

// TagMFADevice implements the IAM operation.
func (o Ops) TagMFADevice(ctx context.Context, in *iam.TagMFADeviceRequest) error {
	return o.retag(ctx, &device{}, o.byARN, in.SerialNumber, with(in.Tags))
}

// UntagMFADevice implements the IAM operation.
func (o Ops) UntagMFADevice(ctx context.Context, in *iam.UntagMFADeviceRequest) error {
	return o.retag(ctx, &device{}, o.byARN, in.SerialNumber, without(in.TagKeys))
}

// ListMFADeviceTags implements the IAM operation.
func (o Ops) ListMFADeviceTags(ctx context.Context, in *iam.ListMFADeviceTagsRequest) (*iam.ListMFADeviceTagsResponse, error) {
	tags, truncated, marker, err := o.tagPage(ctx, &device{}, o.byARN, in.SerialNumber, in.Marker, in.MaxItems)
	if err != nil {
		return nil, err
	}
	return &iam.ListMFADeviceTagsResponse{Tags: tags, IsTruncated: truncated, Marker: marker}, nil
}
