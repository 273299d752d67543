package iam

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"cognate/internal/api/iam"
	"cognate/internal/api/rt"
	"cognate/internal/base/db"
)

func versionID(number int) string { return "v" + strconv.Itoa(number) }

// versionOf finds a version by its id; the exception tells of it when there is none.
func versionOf(p *managed, arn, id string) (*version, error) {
	if digits, ok := strings.CutPrefix(id, "v"); ok {
		if n, err := strconv.Atoi(digits); err == nil && versionID(n) == id {
			if v := p.at(n); v != nil {
				return v, nil
			}
		}
	}
	return nil, unattachable(arn + " version " + id)
}

func (p *managed) shown(v *version, document bool) iam.PolicyVersion {
	out := iam.PolicyVersion{
		VersionId: new(versionID(v.Number)), IsDefaultVersion: new(v.Number == p.Default), CreateDate: new(rt.TimeFromMillis(v.Created / 1000 * 1000)),
	}
	if document {
		out.Document = new(encoded(v.Document))
	}
	return out
}

// CreatePolicyVersion implements the IAM operation.
func (o Ops) CreatePolicyVersion(ctx context.Context, in *iam.CreatePolicyVersionRequest) (*iam.CreatePolicyVersionResponse, error) {
	if err := o.managedDocument(ctx, in.PolicyDocument); err != nil {
		return nil, err
	}
	var out iam.PolicyVersion
	err := o.change(ctx, func(tx *db.Tx) error {
		p, err := o.ownPolicy(tx, in.PolicyArn)
		if err != nil {
			return err
		}
		if len(p.Versions) >= maxVersions {
			return iam.NewLimitExceeded("A managed policy can have up to %d versions. Before you create a new version, you must delete an existing version.", maxVersions)
		}
		p.Last++
		p.Updated = o.deps.Now().UnixMilli()
		p.Versions = append(p.Versions, version{Number: p.Last, Document: in.PolicyDocument, Created: p.Updated})
		if in.SetAsDefault != nil && *in.SetAsDefault {
			p.Default = p.Last
		}
		out = p.shown(p.at(p.Last), false)
		return replace(tx, o.deps.Account, p)
	})
	if err != nil {
		return nil, err
	}
	return &iam.CreatePolicyVersionResponse{PolicyVersion: &out}, nil
}

// GetPolicyVersion implements the IAM operation.
func (o Ops) GetPolicyVersion(ctx context.Context, in *iam.GetPolicyVersionRequest) (*iam.GetPolicyVersionResponse, error) {
	var out iam.PolicyVersion
	err := o.view(ctx, func(tx *db.Tx) error {
		p, err := o.policyOf(tx, in.PolicyArn)
		if err != nil {
			return err
		}
		v, err := versionOf(p, in.PolicyArn, in.VersionId)
		if err == nil {
			out = p.shown(v, true)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	return &iam.GetPolicyVersionResponse{PolicyVersion: &out}, nil
}

// ListPolicyVersions implements the IAM operation. The newest comes first.
func (o Ops) ListPolicyVersions(ctx context.Context, in *iam.ListPolicyVersionsRequest) (*iam.ListPolicyVersionsResponse, error) {
	page, err := o.asked(ctx, in.Marker, in.MaxItems, "ListPolicyVersions", in.PolicyArn)
	if err != nil {
		return nil, err
	}
	var p *managed
	if err := o.view(ctx, func(tx *db.Tx) (err error) { p, err = o.policyOf(tx, in.PolicyArn); return err }); err != nil {
		return nil, err
	}
	versions := slices.Clone(p.Versions)
	slices.Reverse(versions)
	cursor := func(v version) string { return fmt.Sprintf("%010d", 1<<31-v.Number) }
	versions, truncated, marker, err := within(ctx, page, versions, cursor)
	if err != nil {
		return nil, err
	}
	out := &iam.ListPolicyVersionsResponse{Versions: []iam.PolicyVersion{}, IsTruncated: truncated, Marker: marker}
	for i := range versions {
		out.Versions = append(out.Versions, p.shown(&versions[i], false))
	}
	return out, nil
}

// SetDefaultPolicyVersion implements the IAM operation.
func (o Ops) SetDefaultPolicyVersion(ctx context.Context, in *iam.SetDefaultPolicyVersionRequest) error {
	return o.change(ctx, func(tx *db.Tx) error {
		p, err := o.ownPolicy(tx, in.PolicyArn)
		if err != nil {
			return err
		}
		v, err := versionOf(p, in.PolicyArn, in.VersionId)
		if err != nil {
			return err
		}
		p.Default, p.Updated = v.Number, o.deps.Now().UnixMilli()
		return replace(tx, o.deps.Account, p)
	})
}

// DeletePolicyVersion implements the IAM operation.
func (o Ops) DeletePolicyVersion(ctx context.Context, in *iam.DeletePolicyVersionRequest) error {
	return o.change(ctx, func(tx *db.Tx) error {
		p, err := o.ownPolicy(tx, in.PolicyArn)
		if err != nil {
			return err
		}
		v, err := versionOf(p, in.PolicyArn, in.VersionId)
		if err != nil {
			return err
		}
		if v.Number == p.Default {
			return iam.NewDeleteConflict("Cannot delete the default version of a policy.")
		}
		n := v.Number
		p.Versions = slices.DeleteFunc(p.Versions, func(v version) bool { return v.Number == n })
		return replace(tx, o.deps.Account, p)
	})
}
