package iam

import (
	"errors"
	"fmt"
	"regexp"
	"strings"

	"cognate/internal/api/iam"
	"cognate/internal/core/policy"
)

// simulation is a question to the policy simulator: everything that Evaluate takes, for every action and resource.
type simulation struct {
	principal policy.Principal
	sets      policy.Sets
	orgs      [][]policy.Source // service control policies, a list for each level
	keys      policy.Context
	owner     string
	actions   []string
	resources []string
}

// fewer are the members that both simulations have.
type fewer struct {
	policies, boundaries       []string
	actions, resources         []string
	resource, owner, callerARN *string
	entries                    []iam.ContextEntry
}

// fill adds to a simulation what a request brings. Boundaries of the request take the place of those of the principal.
func (s *simulation) fill(in fewer) error {
	more, err := simulated(in.policies, "PolicyInputList", policy.Inline)
	if err != nil {
		return err
	}
	s.sets.Identity = append(append([]policy.Source{}, s.sets.Identity...), more...)
	if in.boundaries != nil {
		if s.sets.Boundary, err = simulated(in.boundaries, "PermissionsBoundaryPolicyInputList", policy.Inline); err != nil {
			return err
		}
	}
	if in.resource != nil {
		if s.sets.Resource, err = simulated([]string{*in.resource}, "ResourcePolicy", policy.Resource); err != nil {
			return err
		}
		s.sets.Resource[0].ID, s.sets.Resource[0].Type = "ResourcePolicy", "Resource Policy"
	}
	for _, e := range in.entries {
		if e.ContextKeyName != nil {
			s.keys.Set(*e.ContextKeyName, e.ContextKeyValues...)
		}
	}
	s.resources = in.resources
	for _, action := range in.actions {
		if service, name, found := strings.Cut(action, ":"); !found || service == "" || name == "" || strings.ContainsAny(action, "*?") {
			return iam.NewInvalidInput("Invalid Action: %s", action)
		}
		s.actions = append(s.actions, action)
	}
	return s.ask(in)
}

// userARN is the ARN of a user of any account.
var userARN = regexp.MustCompile(`^arn:aws[a-z-]*:iam::(\d{12}):user/[\w+=,.@/-]+$`)

// ask fills who calls and whose the resource is.
func (s *simulation) ask(in fewer) error {
	if in.callerARN != nil {
		m := userARN.FindStringSubmatch(*in.callerARN)
		if m == nil {
			return iam.NewInvalidInput("CallerArn %s is not the ARN of a user.", *in.callerARN)
		}
		s.principal = policy.Principal{Kind: policy.User, ARN: *in.callerARN, Account: m[1]}
	}
	if in.resource != nil && s.principal.Kind != policy.User {
		return iam.NewInvalidInput("A resource policy needs a CallerArn.")
	}
	if in.owner == nil {
		return nil
	}
	m := regexp.MustCompile(`^(?:arn:aws[a-z-]*:iam::)?(\d{12})(?::root)?$`).FindStringSubmatch(*in.owner)
	if m == nil {
		return iam.NewInvalidInput("ResourceOwner %s is not an account.", *in.owner)
	}
	s.owner = m[1]
	return nil
}

// simulated compiles policies of a request, named by their number in it.
func simulated(documents []string, list string, k policy.Kind) ([]policy.Source, error) {
	out := []policy.Source{}
	for i, document := range documents {
		p, err := policy.Parse(document, k)
		var wrong *policy.Error
		if errors.As(err, &wrong) {
			return nil, iam.NewInvalidInput("Policy document %s.%d: %s", list, i+1, wrong.Text)
		}
		if err != nil {
			return nil, err
		}
		out = append(out, policy.Source{Policy: p, ID: fmt.Sprintf("%s.%d", list, i+1)})
	}
	return out, nil
}

// count is how many results there are: one for every action on every resource, on "*" without resources.
func (s *simulation) count() int { return len(s.actions) * max(1, len(s.resources)) }

// at is the result of a number, evaluated when it is asked for.
func (s *simulation) at(i int) iam.EvaluationResult {
	n := len(s.resources)
	if n == 0 {
		return s.result(s.actions[i], "*")
	}
	result := s.result(s.actions[i/n], s.resources[i%n])
	result.ResourceSpecificResults = []iam.ResourceSpecificResult{{
		EvalResourceName: s.resources[i%n], EvalResourceDecision: result.EvalDecision, MatchedStatements: result.MatchedStatements,
		MissingContextValues: result.MissingContextValues, PermissionsBoundaryDecisionDetail: result.PermissionsBoundaryDecisionDetail,
	}}
	return result
}

// result evaluates one action on one resource.
func (s *simulation) result(action, resource string) iam.EvaluationResult {
	r := &policy.Request{Principal: s.principal, Action: action, Resource: resource, Account: s.owner, Context: &s.keys}
	d := policy.Explain(r, &s.sets)
	out := iam.EvaluationResult{EvalActionName: action, EvalResourceName: &resource, EvalDecision: iam.PolicyEvaluationDecisionType(d.Result),
		MissingContextValues: policy.Missing(&s.keys, &s.sets), EvalDecisionDetails: map[string]iam.PolicyEvaluationDecisionType{}}
	if out.MissingContextValues == nil {
		out.MissingContextValues = []string{}
	}
	if s.owner != "" && s.owner != s.principal.Account {
		for layer, name := range map[policy.Layer]string{policy.ByIdentity: "IAM Policy", policy.ByResource: "Resource Policy"} {
			if verdict, ok := d.Layers[layer]; ok {
				out.EvalDecisionDetails[name] = iam.PolicyEvaluationDecisionType(verdict)
			}
		}
	}
	if verdict, ok := d.Layers[policy.ByBoundary]; ok {
		out.PermissionsBoundaryDecisionDetail = &iam.PermissionsBoundaryDecisionDetail{AllowedByPermissionsBoundary: new(verdict == policy.Allowed)}
	}
	matched := d.Matched
	organized, by := s.organized(r)
	if organized == policy.ExplicitDeny || organized == policy.ImplicitDeny && d.Result == policy.Allowed {
		out.EvalDecision, matched = iam.PolicyEvaluationDecisionType(organized), by
	}
	out.OrganizationsDecisionDetail = &iam.OrganizationsDecisionDetail{AllowedByOrganizations: new(organized == policy.Allowed)}
	out.MatchedStatements = shownStatements(matched)
	return out
}

// organized is what the service control policies say: every level has to allow.
func (s *simulation) organized(r *policy.Request) (policy.Result, []policy.Match) {
	result := policy.Allowed
	for _, level := range s.orgs {
		d := policy.Explain(r, &policy.Sets{Identity: level})
		if d.Result == policy.ExplicitDeny {
			return d.Result, d.Matched
		}
		if d.Result == policy.ImplicitDeny {
			result = d.Result
		}
	}
	return result, nil
}

func shownStatements(matched []policy.Match) []iam.Statement {
	out := []iam.Statement{}
	for _, m := range matched {
		start, end := m.Source.Policy.Span(m.Statement)
		kind := m.Source.Type
		if kind == "" {
			kind = "IAM Policy" // what AWS says of all others, whatever the API reference lists
		}
		out = append(out, iam.Statement{SourcePolicyId: &m.Source.ID, SourcePolicyType: new(iam.PolicySourceType(kind)),
			StartPosition: place(start), EndPosition: place(end)})
	}
	return out
}

func place(p policy.Position) *iam.Position {
	return &iam.Position{Line: new(int64(p.Line)), Column: new(int64(p.Column))}
}
