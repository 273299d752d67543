package iam

import (
	"context"
	"errors"
	"strconv"
	"strings"

	"cognate/internal/api/iam"
	"cognate/internal/base/pagetoken"
	"cognate/internal/core/policy"
)

// SimulateCustomPolicy implements the IAM operation.
func (o Ops) SimulateCustomPolicy(ctx context.Context, in *iam.SimulateCustomPolicyRequest) (*iam.SimulatePolicyResponse, error) {
	s := &simulation{principal: policy.Principal{Account: o.deps.Account}}
	s.principal.Kind = policy.FederatedUser // somebody of the account, whom no statement names
	for _, level := range in.OrderedOrganizationPolicyInputList {
		sources, err := simulated(level.ServiceControlPolicyInputList, "ServiceControlPolicyInputList", policy.Inline)
		if err != nil {
			return nil, err
		}
		for i := range sources {
			sources[i].Type = "Service Control Policy"
		}
		s.orgs = append(s.orgs, sources)
	}
	if err := s.fill(fewer{in.PolicyInputList, in.PermissionsBoundaryPolicyInputList, in.ActionNames, in.ResourceArns, in.ResourcePolicy,
		in.ResourceOwner, in.CallerArn, in.ContextEntries}); err != nil {
		return nil, err
	}
	return o.simulate(ctx, s, "SimulateCustomPolicy", in.Marker, in.MaxItems, in.PolicyInputList)
}

// SimulatePrincipalPolicy implements the IAM operation: the policies of a user with its groups, of a group or of a role,
// and what else the request brings.
func (o Ops) SimulatePrincipalPolicy(ctx context.Context, in *iam.SimulatePrincipalPolicyRequest) (*iam.SimulatePolicyResponse, error) {
	s, err := o.simulationOf(ctx, in.PolicySourceArn)
	if err != nil {
		return nil, err
	}
	s.exclude(in.PolicyExclusionList)
	if err := s.fill(fewer{in.PolicyInputList, in.PermissionsBoundaryPolicyInputList, in.ActionNames, in.ResourceArns, in.ResourcePolicy,
		in.ResourceOwner, in.CallerArn, in.ContextEntries}); err != nil {
		return nil, err
	}
	return o.simulate(ctx, s, "SimulatePrincipalPolicy", in.Marker, in.MaxItems, append([]string{in.PolicySourceArn}, in.PolicyInputList...))
}

// simulate answers a page of the results. The marker is bound to the question.
func (o Ops) simulate(ctx context.Context, s *simulation, operation string, marker *string, items *int64, words []string) (*iam.SimulatePolicyResponse, error) {
	page, err := o.asked(ctx, marker, items, operation, append(append(words, s.actions...), s.resources...)...)
	if err != nil {
		return nil, err
	}
	from := 0
	if page.After != "" {
		if from, err = strconv.Atoi(page.After); err != nil {
			return nil, err
		}
	}
	numbers := []int{}
	for i := from; i < s.count() && i <= from+page.Limit; i++ {
		numbers = append(numbers, i)
	}
	numbers, last := pagetoken.Cut(page, numbers, func(i int) string { return strconv.Itoa(i + 1) })
	out := &iam.SimulatePolicyResponse{EvaluationResults: []iam.EvaluationResult{}}
	for _, i := range numbers {
		out.EvaluationResults = append(out.EvaluationResults, s.at(i))
	}
	out.IsTruncated, out.Marker, err = more(ctx, page, last)
	return out, err
}

// simulationOf begins a simulation with the policies of a user, a group or a role.
func (r *Room) simulationOf(ctx context.Context, arn string) (*simulation, error) {
	for _, k := range []kind{kindUser, kindGroup, kindRole} {
		name := r.nameIn(arn, k)
		if name == "" {
			continue
		}
		have, err := r.rightsOf(ctx, k, name, "")
		if errors.Is(err, errNoEntity) || err == nil && have.arn != arn {
			return nil, missing(k, name)
		}
		if err != nil {
			return nil, err
		}
		s := &simulation{sets: policy.Sets{Identity: have.identity, Boundary: have.boundary}}
		s.caller(r.deps.Account, k, have)
		return s, nil
	}
	return nil, iam.NewInvalidInput("PolicySourceArn %s is not the ARN of a user, group or role.", arn)
}

// caller makes a user, a role or a member of a group the caller of a simulation, with the condition keys that every request
// of theirs has.
func (s *simulation) caller(account string, k kind, have *rights) {
	s.principal = policy.Principal{Kind: policy.FederatedUser, Account: account}
	s.keys.Set("aws:PrincipalAccount", account)
	if k == kindGroup {
		return
	}
	s.principal.ID = have.id
	s.keys.Set("aws:PrincipalArn", have.arn)
	for _, t := range have.tags {
		s.keys.Set("aws:PrincipalTag/"+t.Key, t.Value)
	}
	if k == kindRole {
		s.principal.Kind, s.principal.Parent = policy.AssumedRole, have.arn
		s.principal.ARN = "arn:aws:sts::" + account + ":assumed-role/" + have.name + "/simulation"
		return
	}
	s.principal.Kind, s.principal.ARN = policy.User, have.arn
	s.keys.Set("aws:username", have.name)
	s.keys.Set("aws:userid", have.id)
}

// exclude leaves policies out: those of a kind, one by its ARN, or an inline one.
func (s *simulation) exclude(list []iam.PolicyIdentifier) {
	for _, out := range list {
		var drop func(id string) bool
		switch {
		case out.PolicyArn != nil:
			drop = func(id string) bool { return id == *out.PolicyArn }
		case out.InlinePolicyIdentifier != nil:
			inline := out.InlinePolicyIdentifier
			drop = func(id string) bool {
				return strings.EqualFold(id, string(inline.AttachmentType)+"_"+inline.AttachmentName+"_"+inline.PolicyName)
			}
		case out.PolicyType != nil:
			drop = ofType(*out.PolicyType)
		}
		if drop == nil {
			continue
		}
		var kept []policy.Source
		for _, source := range s.sets.Identity {
			if !drop(source.ID) {
				kept = append(kept, source)
			}
		}
		s.sets.Identity = kept
		if out.PolicyType != nil && *out.PolicyType == iam.PolicyIdentifierPolicyTypePermissionBoundary {
			s.sets.Boundary = nil
		}
	}
}

// ofType accepts the ids of policies of a kind; control policies do not exist.
func ofType(t iam.PolicyIdentifierPolicyType) func(id string) bool {
	return func(id string) bool {
		amazon, managed := strings.HasPrefix(id, amazonPrefix+"/"), strings.HasPrefix(id, "arn:")
		switch t {
		case iam.PolicyIdentifierPolicyTypeInline:
			return !managed
		case iam.PolicyIdentifierPolicyTypeAwsManaged:
			return amazon
		case iam.PolicyIdentifierPolicyTypeUserManaged:
			return managed && !amazon
		}
		return false
	}
}

// GetContextKeysForCustomPolicy implements the IAM operation.
func (o Ops) GetContextKeysForCustomPolicy(_ context.Context, in *iam.GetContextKeysForCustomPolicyRequest) (*iam.GetContextKeysForPolicyResponse, error) {
	s := new(simulation)
	return s.contextKeys(in.PolicyInputList)
}

// GetContextKeysForPrincipalPolicy implements the IAM operation.
func (o Ops) GetContextKeysForPrincipalPolicy(ctx context.Context, in *iam.GetContextKeysForPrincipalPolicyRequest) (*iam.GetContextKeysForPolicyResponse, error) {
	s, err := o.simulationOf(ctx, in.PolicySourceArn)
	if err != nil {
		return nil, err
	}
	return s.contextKeys(in.PolicyInputList)
}

// contextKeys are the keys that the policies of a simulation and some more name.
func (s *simulation) contextKeys(documents []string) (*iam.GetContextKeysForPolicyResponse, error) {
	more, err := simulated(documents, "PolicyInputList", policy.Inline)
	if err != nil {
		return nil, err
	}
	all := &policy.Sets{Identity: append(append([]policy.Source{}, s.sets.Identity...), more...)}
	out := &iam.GetContextKeysForPolicyResponse{ContextKeyNames: policy.Missing(&policy.Context{}, all)}
	if out.ContextKeyNames == nil {
		out.ContextKeyNames = []string{}
	}
	return out, nil
}
