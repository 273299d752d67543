package iam

import (
	"context"
	"errors"
	"slices"
	"strings"

	"cognate/internal/api/iam"
	"cognate/internal/base/db"
)

// attachable reports whether a policy of that ARN exists.
func (r *Room) attachable(tx *db.Tx, arn string) (bool, error) {
	if amazonPolicy(arn) != nil {
		return true, nil
	}
	name := r.nameIn(arn, kindPolicy)
	if name == "" {
		return false, nil
	}
	var p managed
	err := read(tx, r.deps.Account, &p, key(name))
	if errors.Is(err, errNoEntity) {
		return false, nil
	}
	return err == nil && r.arn(&p) == arn, err
}

// attach gives an entity a managed policy; that it has it already is no mistake.
func (r *Room) attach(ctx context.Context, e owner, name, arn string) error {
	return r.change(ctx, func(tx *db.Tx) error {
		if err := r.named(tx, e, name); err != nil {
			return err
		}
		if err := unlinked(e); err != nil {
			return err
		}
		there, err := r.attachable(tx, arn)
		if err != nil {
			return err
		}
		if !there {
			return unattachable(arn)
		}
		h := e.holds()
		if slices.Contains(h.Attached, arn) {
			return nil
		}
		if len(h.Attached) >= maxAttached {
			quota := map[kind]string{kindUser: "PoliciesPerUser", kindGroup: "PoliciesPerGroup", kindRole: "PoliciesPerRole"}[e.kind()]
			return beyond(quota, maxAttached)
		}
		h.Attached = append(h.Attached, arn)
		if err := replace(tx, r.deps.Account, e); err != nil {
			return err
		}
		return addLink(tx, r.deps.Account, holders(arn), link{e.kind(), key(name)})
	})
}

func (r *Room) detach(ctx context.Context, e owner, name, arn string) error {
	return r.change(ctx, func(tx *db.Tx) error {
		if err := r.named(tx, e, name); err != nil {
			return err
		}
		if err := unlinked(e); err != nil {
			return err
		}
		h := e.holds()
		at := slices.Index(h.Attached, arn)
		if at < 0 {
			return missing(kindPolicy, arn)
		}
		h.Attached = slices.Delete(h.Attached, at, at+1)
		if err := replace(tx, r.deps.Account, e); err != nil {
			return err
		}
		return dropLink(tx, r.deps.Account, holders(arn), link{e.kind(), key(name)})
	})
}

// attached is a page of the managed policies of an entity.
func (r *Room) attached(ctx context.Context, e owner, name string, prefix, marker *string, items *int64) (page []iam.AttachedPolicy, truncated *bool, next *string, err error) {
	asked, err := r.asked(ctx, marker, items, "attached", string(e.kind()), name, or(prefix, ""))
	if err != nil {
		return nil, nil, nil, err
	}
	if err := r.view(ctx, func(tx *db.Tx) error { return r.named(tx, e, name) }); err != nil {
		return nil, nil, nil, err
	}
	all := e.holds().shown(or(prefix, "/"))
	slices.SortFunc(all, func(a, b iam.AttachedPolicy) int { return strings.Compare(*a.PolicyArn, *b.PolicyArn) })
	return within(ctx, asked, all, func(p iam.AttachedPolicy) string { return *p.PolicyArn })
}

// shown are the managed policies of an entity below a path.
func (h *holder) shown(prefix string) []iam.AttachedPolicy {
	out := []iam.AttachedPolicy{}
	for _, arn := range h.Attached {
		_, rest, _ := strings.Cut(arn, ":policy/")
		path, name := "/", rest
		if i := strings.LastIndexByte(rest, '/'); i >= 0 {
			path, name = "/"+rest[:i+1], rest[i+1:]
		}
		if strings.HasPrefix(path, prefix) {
			out = append(out, iam.AttachedPolicy{PolicyName: new(name), PolicyArn: new(arn)})
		}
	}
	return out
}

// AttachUserPolicy implements the IAM operation.
func (o Ops) AttachUserPolicy(ctx context.Context, in *iam.AttachUserPolicyRequest) error {
	return o.attach(ctx, &user{}, in.UserName, in.PolicyArn)
}

// DetachUserPolicy implements the IAM operation.
func (o Ops) DetachUserPolicy(ctx context.Context, in *iam.DetachUserPolicyRequest) error {
	return o.detach(ctx, &user{}, in.UserName, in.PolicyArn)
}

// ListAttachedUserPolicies implements the IAM operation.
func (o Ops) ListAttachedUserPolicies(ctx context.Context, in *iam.ListAttachedUserPoliciesRequest) (*iam.ListAttachedUserPoliciesResponse, error) {
	page, truncated, marker, err := o.attached(ctx, &user{}, in.UserName, in.PathPrefix, in.Marker, in.MaxItems)
	if err != nil {
		return nil, err
	}
	return &iam.ListAttachedUserPoliciesResponse{AttachedPolicies: page, IsTruncated: truncated, Marker: marker}, nil
}

// AttachGroupPolicy implements the IAM operation.
func (o Ops) AttachGroupPolicy(ctx context.Context, in *iam.AttachGroupPolicyRequest) error {
	return o.attach(ctx, &group{}, in.GroupName, in.PolicyArn)
}

// DetachGroupPolicy implements the IAM operation.
func (o Ops) DetachGroupPolicy(ctx context.Context, in *iam.DetachGroupPolicyRequest) error {
	return o.detach(ctx, &group{}, in.GroupName, in.PolicyArn)
}

// ListAttachedGroupPolicies implements the IAM operation.
func (o Ops) ListAttachedGroupPolicies(ctx context.Context, in *iam.ListAttachedGroupPoliciesRequest) (*iam.ListAttachedGroupPoliciesResponse, error) {
	page, truncated, marker, err := o.attached(ctx, &group{}, in.GroupName, in.PathPrefix, in.Marker, in.MaxItems)
	if err != nil {
		return nil, err
	}
	return &iam.ListAttachedGroupPoliciesResponse{AttachedPolicies: page, IsTruncated: truncated, Marker: marker}, nil
}

// AttachRolePolicy implements the IAM operation.
func (o Ops) AttachRolePolicy(ctx context.Context, in *iam.AttachRolePolicyRequest) error {
	return o.attach(ctx, &role{}, in.RoleName, in.PolicyArn)
}

// DetachRolePolicy implements the IAM operation.
func (o Ops) DetachRolePolicy(ctx context.Context, in *iam.DetachRolePolicyRequest) error {
	return o.detach(ctx, &role{}, in.RoleName, in.PolicyArn)
}

// ListAttachedRolePolicies implements the IAM operation.
func (o Ops) ListAttachedRolePolicies(ctx context.Context, in *iam.ListAttachedRolePoliciesRequest) (*iam.ListAttachedRolePoliciesResponse, error) {
	page, truncated, marker, err := o.attached(ctx, &role{}, in.RoleName, in.PathPrefix, in.Marker, in.MaxItems)
	if err != nil {
		return nil, err
	}
	return &iam.ListAttachedRolePoliciesResponse{AttachedPolicies: page, IsTruncated: truncated, Marker: marker}, nil
}
