package iam

import (
	"context"
	"maps"
	"slices"

	"cognate/internal/api/iam"
	"cognate/internal/base/db"
	"cognate/internal/core/policy"
)

// putInline keeps an inline policy; one of that name is replaced.
func (r *Room) putInline(ctx context.Context, e owner, name, under, document string) error {
	if _, err := r.grammar(ctx, document, policy.Inline); err != nil {
		return err
	}
	return r.change(ctx, func(tx *db.Tx) error {
		if err := r.named(tx, e, name); err != nil {
			return err
		}
		if err := unlinked(e); err != nil {
			return err
		}
		h := e.holds()
		if h.Inline == nil {
			h.Inline = map[string]string{}
		}
		h.Inline[under] = document
		if err := roomy(e); err != nil {
			return err
		}
		return replace(tx, r.deps.Account, e)
	})
}

// roomy holds the inline policies of an entity to what they may come to.
func roomy(e owner) error {
	most := map[kind]int{kindUser: policy.MaxUserInline, kindGroup: policy.MaxGroupInline, kindRole: policy.MaxRoleInline}[e.kind()]
	sum := 0
	for _, document := range e.holds().Inline {
		sum += policy.Size(document)
	}
	if sum > most {
		return iam.NewLimitExceeded("Maximum policy size of %d bytes exceeded for %s %s", most, string(e.kind()), e.common().Name)
	}
	return nil
}

// inline is an inline policy as it is shown.
func (r *Room) inline(ctx context.Context, e owner, name, under string) (document string, err error) {
	if err := r.view(ctx, func(tx *db.Tx) error { return r.named(tx, e, name) }); err != nil {
		return "", err
	}
	document, ok := e.holds().Inline[under]
	if !ok {
		return "", noInline(e.kind(), under)
	}
	return encoded(document), nil
}

func (r *Room) deleteInline(ctx context.Context, e owner, name, under string) error {
	return r.change(ctx, func(tx *db.Tx) error {
		if err := r.named(tx, e, name); err != nil {
			return err
		}
		if err := unlinked(e); err != nil {
			return err
		}
		if _, ok := e.holds().Inline[under]; !ok {
			return noInline(e.kind(), under)
		}
		delete(e.holds().Inline, under)
		return replace(tx, r.deps.Account, e)
	})
}

// inlineNames is a page of the names of an entity's inline policies.
func (r *Room) inlineNames(ctx context.Context, e owner, name string, marker *string, items *int64) (names []string, truncated *bool, next *string, err error) {
	page, err := r.asked(ctx, marker, items, "inline", string(e.kind()), name)
	if err != nil {
		return nil, nil, nil, err
	}
	if err := r.view(ctx, func(tx *db.Tx) error { return r.named(tx, e, name) }); err != nil {
		return nil, nil, nil, err
	}
	return within(ctx, page, slices.Sorted(maps.Keys(e.holds().Inline)), func(s string) string { return s })
}

// PutUserPolicy implements the IAM operation.
func (o Ops) PutUserPolicy(ctx context.Context, in *iam.PutUserPolicyRequest) error {
	return o.putInline(ctx, &user{}, in.UserName, in.PolicyName, in.PolicyDocument)
}

// GetUserPolicy implements the IAM operation.
func (o Ops) GetUserPolicy(ctx context.Context, in *iam.GetUserPolicyRequest) (*iam.GetUserPolicyResponse, error) {
	document, err := o.inline(ctx, &user{}, in.UserName, in.PolicyName)
	if err != nil {
		return nil, err
	}
	return &iam.GetUserPolicyResponse{UserName: in.UserName, PolicyName: in.PolicyName, PolicyDocument: document}, nil
}

// DeleteUserPolicy implements the IAM operation.
func (o Ops) DeleteUserPolicy(ctx context.Context, in *iam.DeleteUserPolicyRequest) error {
	return o.deleteInline(ctx, &user{}, in.UserName, in.PolicyName)
}

// ListUserPolicies implements the IAM operation.
func (o Ops) ListUserPolicies(ctx context.Context, in *iam.ListUserPoliciesRequest) (*iam.ListUserPoliciesResponse, error) {
	names, truncated, marker, err := o.inlineNames(ctx, &user{}, in.UserName, in.Marker, in.MaxItems)
	if err != nil {
		return nil, err
	}
	return &iam.ListUserPoliciesResponse{PolicyNames: names, IsTruncated: truncated, Marker: marker}, nil
}

// PutGroupPolicy implements the IAM operation.
func (o Ops) PutGroupPolicy(ctx context.Context, in *iam.PutGroupPolicyRequest) error {
	return o.putInline(ctx, &group{}, in.GroupName, in.PolicyName, in.PolicyDocument)
}

// GetGroupPolicy implements the IAM operation.
func (o Ops) GetGroupPolicy(ctx context.Context, in *iam.GetGroupPolicyRequest) (*iam.GetGroupPolicyResponse, error) {
	document, err := o.inline(ctx, &group{}, in.GroupName, in.PolicyName)
	if err != nil {
		return nil, err
	}
	return &iam.GetGroupPolicyResponse{GroupName: in.GroupName, PolicyName: in.PolicyName, PolicyDocument: document}, nil
}

// DeleteGroupPolicy implements the IAM operation.
func (o Ops) DeleteGroupPolicy(ctx context.Context, in *iam.DeleteGroupPolicyRequest) error {
	return o.deleteInline(ctx, &group{}, in.GroupName, in.PolicyName)
}

// ListGroupPolicies implements the IAM operation.
func (o Ops) ListGroupPolicies(ctx context.Context, in *iam.ListGroupPoliciesRequest) (*iam.ListGroupPoliciesResponse, error) {
	names, truncated, marker, err := o.inlineNames(ctx, &group{}, in.GroupName, in.Marker, in.MaxItems)
	if err != nil {
		return nil, err
	}
	return &iam.ListGroupPoliciesResponse{PolicyNames: names, IsTruncated: truncated, Marker: marker}, nil
}

// PutRolePolicy implements the IAM operation.
func (o Ops) PutRolePolicy(ctx context.Context, in *iam.PutRolePolicyRequest) error {
	return o.putInline(ctx, &role{}, in.RoleName, in.PolicyName, in.PolicyDocument)
}

// GetRolePolicy implements the IAM operation.
func (o Ops) GetRolePolicy(ctx context.Context, in *iam.GetRolePolicyRequest) (*iam.GetRolePolicyResponse, error) {
	document, err := o.inline(ctx, &role{}, in.RoleName, in.PolicyName)
	if err != nil {
		return nil, err
	}
	return &iam.GetRolePolicyResponse{RoleName: in.RoleName, PolicyName: in.PolicyName, PolicyDocument: document}, nil
}

// DeleteRolePolicy implements the IAM operation.
func (o Ops) DeleteRolePolicy(ctx context.Context, in *iam.DeleteRolePolicyRequest) error {
	return o.deleteInline(ctx, &role{}, in.RoleName, in.PolicyName)
}

// ListRolePolicies implements the IAM operation.
func (o Ops) ListRolePolicies(ctx context.Context, in *iam.ListRolePoliciesRequest) (*iam.ListRolePoliciesResponse, error) {
	names, truncated, marker, err := o.inlineNames(ctx, &role{}, in.RoleName, in.Marker, in.MaxItems)
	if err != nil {
		return nil, err
	}
	return &iam.ListRolePoliciesResponse{PolicyNames: names, IsTruncated: truncated, Marker: marker}, nil
}
