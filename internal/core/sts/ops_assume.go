package sts

import (
	"context"
	"errors"
	"strconv"
	"time"

	"cognate/internal/api/rt"
	"cognate/internal/api/sts"
	"cognate/internal/base/obs"
	"cognate/internal/core/iam"
	"cognate/internal/core/policy"
)

// AssumeRole gives a user or a role's session the credentials of a role that trusts it.
func (o Ops) AssumeRole(ctx context.Context, in *sts.AssumeRoleRequest) (*sts.AssumeRoleResponse, error) {
	caller := obs.From(ctx).Principal
	who, ok := caller.Of.(*iam.Caller)
	if !ok {
		return nil, errNobody
	}
	switch {
	case who.Kind == policy.Root && !who.Unknown:
		return nil, rt.NewAccessDenied("Roles may not be assumed by root accounts.")
	case who.Kind == policy.FederatedUser:
		return nil, sessionCaller("AssumeRole")
	case len(in.ProvidedContexts) > 0:
		return nil, sts.NewInvalidContextAssertion("No context provider is known here.")
	}
	layer, err := o.layer(ctx, in.Policy, in.PolicyArns)
	if err != nil {
		return nil, err
	}
	passed, err := tagsOf(in.Tags)
	if err != nil {
		return nil, err
	}
	size, err := packed(layer, passed)
	if err != nil {
		return nil, err
	}
	s := &iam.Session{Kind: policy.AssumedRole, Name: in.RoleSessionName, Chained: who.Kind == policy.AssumedRole}
	if layer != nil {
		s.Layers = []iam.Layer{*layer}
	}
	if s.Tags, s.Transitive, err = inherit(passed, in.TransitiveTagKeys, who.Session); err != nil {
		return nil, err
	}
	if s.SourceIdentity, err = sourceIdentity(in.SourceIdentity, who.Session); err != nil {
		return nil, err
	}
	life, role, err := o.wanted(ctx, in, &caller, who, s)
	if err != nil {
		return nil, err
	}
	s.Of, s.ID = role.Name, role.ID
	got, err := o.assumed(ctx, s, life, in.MinimumSessionTokenSize)
	if err != nil {
		return nil, err
	}
	out := &sts.AssumeRoleResponse{Credentials: got.shape(), AssumedRoleUser: got.user(), PackedPolicySize: size, SourceIdentity: text(s.SourceIdentity)}
	out.SessionTokenSize, out.SessionTokenUtilization = got.sizes()
	return out, nil
}

var errNobody = errors.New("sts: a signed operation without a caller")

// sourceIdentity is the one that a session takes over: what was set once stays.
func sourceIdentity(wanted *string, from *iam.Session) (string, error) {
	have := ""
	if from != nil {
		have = from.SourceIdentity
	}
	switch {
	case wanted == nil || *wanted == have:
		return have, nil
	case have == "":
		return *wanted, nil
	}
	return "", parameter("The source identity of the calling session can't be changed.")
}

// wanted asks whether the caller may have the role, and for how long.
func (o Ops) wanted(ctx context.Context, in *sts.AssumeRoleRequest, caller *obs.Principal, who *iam.Caller, s *iam.Session) (time.Duration, *iam.Role, error) {
	a := &iam.Assumption{Role: in.RoleArn, Action: "sts:AssumeRole", Caller: caller}
	a.Keys.Set("sts:RoleSessionName", in.RoleSessionName)
	if in.ExternalId != nil {
		a.Keys.Set("sts:ExternalId", *in.ExternalId)
	}
	tagKeys(&a.Keys, s.Tags, s.Transitive)
	if len(s.Tags) > 0 {
		a.Further = append(a.Further, "sts:TagSession")
	}
	if s.SourceIdentity != "" {
		a.Keys.Set("sts:SourceIdentity", s.SourceIdentity)
		a.Further = append(a.Further, "sts:SetSourceIdentity")
	}
	if in.SerialNumber != nil || in.TokenCode != nil {
		if err := o.proven(ctx, who, in.SerialNumber, in.TokenCode); err != nil {
			return 0, nil, err
		}
		a.Keys.Set("aws:MultiFactorAuthPresent", "true")
		a.Keys.Set("aws:MultiFactorAuthAge", "0")
		s.MFA = o.d.Now()
	}
	life := usualLife
	if in.DurationSeconds != nil {
		life = time.Duration(*in.DurationSeconds) * time.Second
	}
	a.Keys.Set("sts:DurationSeconds", strconv.Itoa(int(life/time.Second)))
	role, err := o.d.IAM.Assume(ctx, a)
	if errors.Is(err, iam.ErrDenied) {
		return 0, nil, rt.NewAccessDenied("%s", policy.DenialWithoutReason(&policy.Request{
			Principal: policy.Principal{ARN: caller.ARN}, Action: "sts:AssumeRole", Resource: in.RoleArn,
		}))
	}
	switch {
	case err != nil:
		return 0, nil, err
	case s.Chained && life > time.Hour:
		return 0, nil, tooLongChained()
	case life > role.MaxSession:
		return 0, nil, tooLong()
	}
	return life, role, nil
}

// proven checks the one-time code of a user's MFA device.
func (o Ops) proven(ctx context.Context, who *iam.Caller, serial, code *string) error {
	if serial == nil || code == nil {
		return validation("Both SerialNumber and TokenCode are needed to prove a second factor.")
	}
	if who.Kind != policy.User || who.Session != nil {
		return badMFA()
	}
	err := o.d.IAM.Prove(ctx, who.User, *serial, *code)
	if errors.Is(err, iam.ErrCode) {
		obs.Cause(ctx, "%v", err)
		return badMFA()
	}
	return err
}

// user is who the session is, as STS answers it.
func (a *Assumed) user() *sts.AssumedRoleUser {
	return &sts.AssumedRoleUser{AssumedRoleId: a.Principal.UserID, Arn: a.Principal.ARN}
}

// text is nil for "".
func text(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}
