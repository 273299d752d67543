package iam

import (
	"context"
	"slices"
	"strconv"
	"strings"

	"cognate/internal/api/iam"
	"cognate/internal/api/rt"
	"cognate/internal/base/db"
	"cognate/internal/base/pagetoken"
	"cognate/internal/core/policy"
)

// usage is how often a managed policy is attached, and how often it bounds.
type usage struct{ attached, bounds int64 }

func (r *Room) usage(tx *db.Tx, arn string) (u usage, err error) {
	if u.attached, err = countLinks(tx, r.deps.Account, holders(arn)); err == nil {
		u.bounds, err = countLinks(tx, r.deps.Account, bounded(arn))
	}
	return u, err
}

// shownPolicy is a managed policy as the operations answer it; lists leave description and tags out.
func (r *Room) shownPolicy(p *managed, arn string, u usage, whole bool) *iam.Policy {
	out := &iam.Policy{
		PolicyName: &p.Name, PolicyId: &p.ID, Arn: &arn, Path: &p.Path, DefaultVersionId: new(versionID(p.Default)),
		AttachmentCount: &u.attached, PermissionsBoundaryUsageCount: &u.bounds, IsAttachable: new(true),
		CreateDate: new(p.created()), UpdateDate: new(rt.TimeFromMillis(p.Updated / 1000 * 1000)),
	}
	if whole {
		out.Tags = p.tags()
		if p.Description != "" {
			out.Description = &p.Description
		}
	}
	return out
}

// policyOf finds a managed policy of the account, or one that AWS comes with, by its ARN.
func (r *Room) policyOf(tx *db.Tx, arn string) (*managed, error) {
	if p := amazonPolicy(arn); p != nil {
		return p, nil
	}
	p := new(managed)
	return p, r.byARN(tx, p, arn)
}

// ownPolicy is policyOf for what changes it, which AWS's own do not allow.
func (r *Room) ownPolicy(tx *db.Tx, arn string) (*managed, error) {
	if amazonPolicy(arn) != nil {
		return nil, rt.NewAccessDenied("Policy %s is managed by AWS and cannot be changed.", arn)
	}
	p := new(managed)
	return p, r.byARN(tx, p, arn)
}

// CreatePolicy implements the IAM operation.
func (o Ops) CreatePolicy(ctx context.Context, in *iam.CreatePolicyRequest) (*iam.CreatePolicyResponse, error) {
	if err := o.managedDocument(ctx, in.PolicyDocument); err != nil {
		return nil, err
	}
	p := &managed{base: o.fresh(idPolicy, in.PolicyName, in.Path), Description: or(in.Description, ""), Default: 1, Last: 1}
	p.Updated = p.Created
	p.Versions = []version{{Number: 1, Document: in.PolicyDocument, Created: p.Created}}
	if err := p.tag(in.Tags); err != nil {
		return nil, err
	}
	if err := o.change(ctx, func(tx *db.Tx) error { return o.add(tx, p) }); err != nil {
		return nil, err
	}
	return &iam.CreatePolicyResponse{Policy: o.shownPolicy(p, o.arn(p), usage{}, true)}, nil
}

func (r *Room) managedDocument(ctx context.Context, document string) error {
	if _, err := r.grammar(ctx, document, policy.Managed); err != nil {
		return err
	}
	if policy.Size(document) > policy.MaxManaged {
		return beyond("PolicySize", policy.MaxManaged)
	}
	return nil
}

// GetPolicy implements the IAM operation.
func (o Ops) GetPolicy(ctx context.Context, in *iam.GetPolicyRequest) (*iam.GetPolicyResponse, error) {
	var p *managed
	var u usage
	err := o.view(ctx, func(tx *db.Tx) (err error) {
		if p, err = o.policyOf(tx, in.PolicyArn); err == nil {
			u, err = o.usage(tx, in.PolicyArn)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	return &iam.GetPolicyResponse{Policy: o.shownPolicy(p, in.PolicyArn, u, true)}, nil
}

// DeletePolicy implements the IAM operation.
func (o Ops) DeletePolicy(ctx context.Context, in *iam.DeletePolicyRequest) error {
	return o.change(ctx, func(tx *db.Tx) error {
		p, err := o.ownPolicy(tx, in.PolicyArn)
		if err != nil {
			return err
		}
		u, err := o.usage(tx, in.PolicyArn)
		switch {
		case err != nil:
			return err
		case u.attached+u.bounds > 0:
			return iam.NewDeleteConflict("Cannot delete a policy attached to entities.")
		case len(p.Versions) > 1:
			return iam.NewDeleteConflict("This policy has more than one version. Before you delete a policy, you must delete the policy's versions. The default version is deleted with the policy.")
		}
		return remove(tx, o.deps.Account, kindPolicy, key(p.Name))
	})
}

// listed is a managed policy in a list, under the cursor that continues behind it. AWS's come first.
type listed struct {
	*managed
	arn, cursor string
}

// ListPolicies implements the IAM operation.
func (o Ops) ListPolicies(ctx context.Context, in *iam.ListPoliciesRequest) (*iam.ListPoliciesResponse, error) {
	scope, filter := iam.PolicyScopeTypeAll, ""
	if in.Scope != nil {
		scope = *in.Scope
	}
	if in.PolicyUsageFilter != nil {
		filter = string(*in.PolicyUsageFilter)
	}
	onlyAttached := in.OnlyAttached != nil && *in.OnlyAttached
	page, err := o.asked(ctx, in.Marker, in.MaxItems, "ListPolicies", string(scope), filter, or(in.PathPrefix, ""), strconv.FormatBool(onlyAttached))
	if err != nil {
		return nil, err
	}
	out := &iam.ListPoliciesResponse{Policies: []iam.Policy{}}
	err = o.view(ctx, func(tx *db.Tx) error {
		rows, err := o.policies(tx, scope, or(in.PathPrefix, "/"))
		if err != nil {
			return err
		}
		var kept []listed
		uses := map[string]usage{}
		for _, p := range rows {
			if p.cursor <= page.After || len(kept) > page.Limit {
				continue
			}
			u, err := o.usage(tx, p.arn)
			if err != nil {
				return err
			}
			attached, bounds := u.attached > 0 && filter != "PermissionsBoundary", u.bounds > 0 && filter != "PermissionsPolicy"
			if (onlyAttached || filter != "") && !attached && !bounds {
				continue
			}
			uses[p.arn] = u
			kept = append(kept, p)
		}
		kept, last := pagetoken.Cut(page, kept, func(p listed) string { return p.cursor })
		out.Policies = out.Policies[:0]
		for _, p := range kept {
			out.Policies = append(out.Policies, *o.shownPolicy(p.managed, p.arn, uses[p.arn], false))
		}
		out.IsTruncated, out.Marker, err = more(ctx, page, last)
		return err
	})
	return out, err
}

// policies are all managed policies of a scope below a path, in the order of their cursors.
func (r *Room) policies(tx *db.Tx, scope iam.PolicyScopeType, prefix string) ([]listed, error) {
	var out []listed
	if scope != iam.PolicyScopeTypeLocal {
		for arn, p := range amazonPolicies() {
			out = append(out, listed{p, arn, "aws " + key(p.Name)})
		}
	}
	if scope != iam.PolicyScopeTypeAws {
		configs, err := after(tx, r.deps.Account, kindPolicy, "", maxPolicies)
		if err != nil {
			return nil, err
		}
		for _, config := range configs {
			p := new(managed)
			if err := decode(config, p); err != nil {
				return nil, err
			}
			out = append(out, listed{p, r.arn(p), "own " + key(p.Name)})
		}
	}
	out = slices.DeleteFunc(out, func(p listed) bool { return !strings.HasPrefix(p.Path, prefix) })
	slices.SortFunc(out, func(a, b listed) int { return strings.Compare(a.cursor, b.cursor) })
	return out, nil
}

// ListEntitiesForPolicy implements the IAM operation.
func (o Ops) ListEntitiesForPolicy(ctx context.Context, in *iam.ListEntitiesForPolicyRequest) (*iam.ListEntitiesForPolicyResponse, error) {
	filter, how := "", iam.PolicyUsageTypePermissionsPolicy
	if in.EntityFilter != nil {
		filter = strings.ToLower(string(*in.EntityFilter))
	}
	if in.PolicyUsageFilter != nil {
		how = *in.PolicyUsageFilter
	}
	page, err := o.asked(ctx, in.Marker, in.MaxItems, "ListEntitiesForPolicy", in.PolicyArn, filter, string(how), or(in.PathPrefix, ""))
	if err != nil {
		return nil, err
	}
	targets := []string{holders(in.PolicyArn)}
	switch {
	case how == iam.PolicyUsageTypePermissionsBoundary:
		targets = []string{bounded(in.PolicyArn)}
	case in.PolicyUsageFilter == nil:
		targets = append(targets, bounded(in.PolicyArn))
	}
	out := &iam.ListEntitiesForPolicyResponse{}
	err = o.view(ctx, func(tx *db.Tx) error {
		if _, err := o.policyOf(tx, in.PolicyArn); err != nil {
			return err
		}
		*out = iam.ListEntitiesForPolicyResponse{PolicyGroups: []iam.PolicyGroup{}, PolicyUsers: []iam.PolicyUser{}, PolicyRoles: []iam.PolicyRole{}}
		all, err := o.entities(tx, targets, filter, or(in.PathPrefix, "/"))
		if err != nil {
			return err
		}
		shown, truncated, marker, err := within(ctx, page, all, cursorOf)
		for _, e := range shown {
			b := e.common()
			switch e.kind() {
			case kindUser:
				out.PolicyUsers = append(out.PolicyUsers, iam.PolicyUser{UserName: &b.Name, UserId: &b.ID})
			case kindGroup:
				out.PolicyGroups = append(out.PolicyGroups, iam.PolicyGroup{GroupName: &b.Name, GroupId: &b.ID})
			case kindRole:
				out.PolicyRoles = append(out.PolicyRoles, iam.PolicyRole{RoleName: &b.Name, RoleId: &b.ID})
			}
		}
		out.IsTruncated, out.Marker = truncated, marker
		return err
	})
	return out, err
}

// cursorOf orders entities of several kinds.
func cursorOf(e owner) string { return string(e.kind()) + " " + key(e.common().Name) }

// entities are those that are linked to one of the targets, once each.
func (r *Room) entities(tx *db.Tx, targets []string, filter, prefix string) (all []owner, err error) {
	seen := map[link]bool{}
	for _, target := range targets {
		for behind := (link{}); ; {
			found, err := links(tx, r.deps.Account, target, behind, batch)
			if err != nil {
				return nil, err
			}
			for _, l := range found {
				behind = l
				if filter != "" && filter != string(l.kind) || seen[l] {
					continue
				}
				seen[l] = true
				e := ownerOf(l.kind)
				if err := read(tx, r.deps.Account, e, l.key); err != nil {
					return nil, err
				}
				if strings.HasPrefix(e.common().Path, prefix) {
					all = append(all, e)
				}
			}
			if len(found) < batch {
				break
			}
		}
	}
	slices.SortFunc(all, func(a, b owner) int { return strings.Compare(cursorOf(a), cursorOf(b)) })
	return all, nil
}

// ownerOf is an empty entity of a kind that has policies.
func ownerOf(k kind) owner {
	switch k {
	case kindUser:
		return new(user)
	case kindGroup:
		return new(group)
	}
	return new(role)
}
