package iam

import (
	"context"
	"maps"
	"slices"
	"strings"

	"cognate/internal/api/iam"
	"cognate/internal/api/rt"
	"cognate/internal/base/db"
	"cognate/internal/base/pagetoken"
)

// details are the kinds of entities that GetAccountAuthorizationDetails tells of, in its order.
var details = []struct {
	filter iam.EntityType
	kind   kind
	cursor string
}{
	{iam.EntityTypeUser, kindUser, "1"}, {iam.EntityTypeGroup, kindGroup, "2"}, {iam.EntityTypeRole, kindRole, "3"},
	{iam.EntityTypeLocalManagedPolicy, kindPolicy, "4"}, {iam.EntityTypeAWSManagedPolicy, "", "5"},
}

// detail is one entity in the answer, under the cursor that continues behind it.
type detail struct {
	cursor string
	owner  owner    // a user, group or role
	policy *managed // or a managed policy
	arn    string
}

// GetAccountAuthorizationDetails implements the IAM operation.
func (o Ops) GetAccountAuthorizationDetails(ctx context.Context, in *iam.GetAccountAuthorizationDetailsRequest) (*iam.GetAccountAuthorizationDetailsResponse, error) {
	filter := make([]string, len(in.Filter))
	for i, f := range in.Filter {
		filter[i] = string(f)
	}
	page, err := o.asked(ctx, in.Marker, in.MaxItems, "GetAccountAuthorizationDetails", filter...)
	if err != nil {
		return nil, err
	}
	out := &iam.GetAccountAuthorizationDetailsResponse{}
	err = o.view(ctx, func(tx *db.Tx) error {
		*out = iam.GetAccountAuthorizationDetailsResponse{
			UserDetailList: []iam.UserDetail{}, GroupDetailList: []iam.GroupDetail{}, RoleDetailList: []iam.RoleDetail{}, Policies: []iam.ManagedPolicyDetail{},
		}
		found, err := o.detailed(tx, in.Filter, page)
		if err != nil {
			return err
		}
		found, last := pagetoken.Cut(page, found, func(d detail) string { return d.cursor })
		for _, d := range found {
			if err := o.describe(tx, d, out); err != nil {
				return err
			}
		}
		out.IsTruncated, out.Marker, err = more(ctx, page, last)
		return err
	})
	return out, err
}

// detailed reads one entity more than a page has, of the kinds that are asked for.
func (r *Room) detailed(tx *db.Tx, filter []iam.EntityType, page pagetoken.Page) (found []detail, err error) {
	for _, k := range details {
		if len(filter) > 0 && !slices.Contains(filter, k.filter) || k.cursor < page.After[:min(1, len(page.After))] {
			continue
		}
		behind := ""
		if rest, same := strings.CutPrefix(page.After, k.cursor); same {
			behind = rest
		}
		switch {
		case k.kind == "":
			for _, arn := range slices.Sorted(maps.Keys(amazonPolicies())) {
				if arn > behind {
					found = append(found, detail{cursor: k.cursor + arn, policy: amazonPolicy(arn), arn: arn})
				}
			}
		default:
			configs, err := after(tx, r.deps.Account, k.kind, behind, page.Limit+1)
			if err != nil {
				return nil, err
			}
			for _, config := range configs {
				d, err := r.decodeDetail(k.kind, config)
				if err != nil {
					return nil, err
				}
				d.cursor = k.cursor + d.cursor
				found = append(found, d)
			}
		}
		if len(found) > page.Limit {
			return found[:page.Limit+1], nil
		}
	}
	return found, nil
}

func (r *Room) decodeDetail(k kind, config string) (detail, error) {
	if k == kindPolicy {
		p := new(managed)
		err := decode(config, p)
		return detail{cursor: key(p.Name), policy: p, arn: r.arn(p)}, err
	}
	e := ownerOf(k)
	err := decode(config, e)
	return detail{cursor: key(e.common().Name), owner: e, arn: r.arn(e)}, err
}

// describe adds an entity to the answer.
func (r *Room) describe(tx *db.Tx, d detail, out *iam.GetAccountAuthorizationDetailsResponse) error {
	if d.policy != nil {
		u, err := r.usage(tx, d.arn)
		if err != nil {
			return err
		}
		out.Policies = append(out.Policies, r.policyDetail(d.policy, d.arn, u))
		return nil
	}
	b, h := d.owner.common(), d.owner.holds()
	switch e := d.owner.(type) {
	case *user:
		one := iam.UserDetail{
			Path: &b.Path, UserName: &b.Name, UserId: &b.ID, Arn: &d.arn, CreateDate: new(b.created()), UserPolicyList: h.documents(),
			GroupList: []string{}, AttachedManagedPolicies: h.shown("/"), PermissionsBoundary: h.boundary(), Tags: b.tags(),
		}
		for _, k := range e.Groups {
			g := new(group)
			if err := read(tx, r.deps.Account, g, k); err != nil {
				return err
			}
			one.GroupList = append(one.GroupList, g.Name)
		}
		out.UserDetailList = append(out.UserDetailList, one)
	case *group:
		out.GroupDetailList = append(out.GroupDetailList, iam.GroupDetail{
			Path: &b.Path, GroupName: &b.Name, GroupId: &b.ID, Arn: &d.arn, CreateDate: new(b.created()), GroupPolicyList: h.documents(),
			AttachedManagedPolicies: h.shown("/"),
		})
	case *role:
		if err := r.unpin(tx, e); err != nil {
			return err
		}
		used, err := r.lastUsed(tx, e)
		if err != nil {
			return err
		}
		out.RoleDetailList = append(out.RoleDetailList, iam.RoleDetail{
			Path: &b.Path, RoleName: &b.Name, RoleId: &b.ID, Arn: &d.arn, CreateDate: new(b.created()), AssumeRolePolicyDocument: new(encoded(e.Trust)),
			InstanceProfileList: []iam.InstanceProfile{}, RolePolicyList: h.documents(), AttachedManagedPolicies: h.shown("/"),
			PermissionsBoundary: h.boundary(), Tags: b.tags(), RoleLastUsed: used,
		})
	}
	return nil
}

// documents are the inline policies in full.
func (h *holder) documents() []iam.PolicyDetail {
	out := []iam.PolicyDetail{}
	for _, name := range slices.Sorted(maps.Keys(h.Inline)) {
		out = append(out, iam.PolicyDetail{PolicyName: new(name), PolicyDocument: new(encoded(h.Inline[name]))})
	}
	return out
}

func (r *Room) policyDetail(p *managed, arn string, u usage) iam.ManagedPolicyDetail {
	out := iam.ManagedPolicyDetail{
		PolicyName: &p.Name, PolicyId: &p.ID, Arn: &arn, Path: &p.Path, DefaultVersionId: new(versionID(p.Default)), AttachmentCount: &u.attached,
		PermissionsBoundaryUsageCount: &u.bounds, IsAttachable: new(true), CreateDate: new(p.created()),
		UpdateDate: new(rt.TimeFromMillis(p.Updated / 1000 * 1000)), PolicyVersionList: []iam.PolicyVersion{},
	}
	if p.Description != "" {
		out.Description = &p.Description
	}
	for i := range p.Versions {
		out.PolicyVersionList = append(out.PolicyVersionList, p.shown(&p.Versions[i], true))
	}
	return out
}
