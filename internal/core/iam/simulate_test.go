package iam_test

import (
	"strings"
	"testing"

	api "cognate/internal/api/iam"
	"cognate/internal/testkit/cognitotest"
)

// verdicts are the decisions of a simulation in short: action on resource = decision by policies, missing keys.
func verdicts(out *api.SimulatePolicyResponse) string {
	var b strings.Builder
	for _, r := range out.EvaluationResults {
		b.WriteString(r.EvalActionName + " on " + *r.EvalResourceName + " = " + string(r.EvalDecision))
		for _, m := range r.MatchedStatements {
			b.WriteString(" " + *m.SourcePolicyId)
		}
		if len(r.MissingContextValues) > 0 {
			b.WriteString(" without " + strings.Join(r.MissingContextValues, ","))
		}
		b.WriteString("\n")
	}
	return b.String()
}

func TestSimulateCustomPolicy(t *testing.T) {
	each(t, func(w world) {
		simulate := func(in *api.SimulateCustomPolicyRequest) *api.SimulatePolicyResponse {
			return cognitotest.Call(w.World, w.ops.SimulateCustomPolicy, in)
		}
		out := simulate(&api.SimulateCustomPolicyRequest{
			PolicyInputList: []string{`{"Version": "2012-10-17", "Statement": {"Sid": "", "Effect": "Allow", "Action": "s3:PutObject", "Resource": "*"}}`},
			ActionNames:     []string{"s3:PutObject", "s3:GetObject"}, ResourceArns: []string{"arn:aws:s3:::b"},
		})
		if got := verdicts(out); got != "s3:PutObject on arn:aws:s3:::b = allowed PolicyInputList.1\ns3:GetObject on arn:aws:s3:::b = implicitDeny\n" {
			t.Errorf("%s", got)
		}
		first := out.EvaluationResults[0]
		m := first.MatchedStatements[0]
		if *m.StartPosition.Line != 1 || *m.StartPosition.Column != 41 || *m.EndPosition.Column != 113 || *m.SourcePolicyType != "IAM Policy" {
			t.Errorf("%+v", m)
		}
		if s := first.ResourceSpecificResults; len(s) != 1 || s[0].EvalResourceDecision != "allowed" || len(s[0].MatchedStatements) != 1 {
			t.Errorf("%+v", s)
		}
		if first.EvalDecisionDetails == nil || first.MissingContextValues == nil || !*first.OrganizationsDecisionDetail.AllowedByOrganizations || first.PermissionsBoundaryDecisionDetail != nil {
			t.Errorf("%+v", first)
		}

		const conditional = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:*","Resource":"arn:aws:s3:::b/${aws:username}"},{"Effect":"Deny","Action":"s3:*","Resource":"*","Condition":{"NumericGreaterThan":{"s3:max-keys":"10"}}}]}`
		out = simulate(&api.SimulateCustomPolicyRequest{PolicyInputList: []string{conditional, allows("s3:ListBucket")}, ActionNames: []string{"s3:ListBucket"}})
		if got := verdicts(out); got != "s3:ListBucket on * = allowed PolicyInputList.2 without aws:username,s3:max-keys\n" || out.EvaluationResults[0].ResourceSpecificResults != nil {
			t.Errorf("%s", got)
		}
		out = simulate(&api.SimulateCustomPolicyRequest{PolicyInputList: []string{conditional}, ActionNames: []string{"s3:GetObject"},
			ResourceArns: []string{"arn:aws:s3:::b/ann", "arn:aws:s3:::b/bob"}, PermissionsBoundaryPolicyInputList: []string{allows("s3:GetObject")},
			ContextEntries: []api.ContextEntry{{ContextKeyName: new("AWS:userName"), ContextKeyValues: []string{"ann"}}, {ContextKeyName: new("s3:max-keys"), ContextKeyValues: []string{"5"}}}})
		if got := verdicts(out); got != "s3:GetObject on arn:aws:s3:::b/ann = allowed PolicyInputList.1 PermissionsBoundaryPolicyInputList.1\ns3:GetObject on arn:aws:s3:::b/bob = implicitDeny\n" ||
			!*out.EvaluationResults[0].PermissionsBoundaryDecisionDetail.AllowedByPermissionsBoundary {
			t.Errorf("%s", got)
		}

		bucket := `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::123456789012:user/ann"},"Action":"s3:GetObject","Resource":"*"}}`
		with := func(owner string) string {
			return verdicts(simulate(&api.SimulateCustomPolicyRequest{PolicyInputList: []string{allows("s3:PutObject")}, ActionNames: []string{"s3:GetObject"},
				ResourcePolicy: &bucket, CallerArn: new("arn:aws:iam::123456789012:user/ann"), ResourceOwner: &owner}))
		}
		if got := with("123456789012"); got != "s3:GetObject on * = allowed ResourcePolicy\n" {
			t.Errorf("same account: %s", got)
		}
		if got := with("arn:aws:iam::210987654321:root"); got != "s3:GetObject on * = implicitDeny\n" {
			t.Errorf("other account: %s", got)
		}

		out = simulate(&api.SimulateCustomPolicyRequest{PolicyInputList: []string{allows("s3:*")}, ActionNames: []string{"s3:GetObject", "s3:PutObject"},
			OrderedOrganizationPolicyInputList: []api.OrderedOrganizationPolicyType{{ServiceControlPolicyInputList: []string{allows("*")}}, {ServiceControlPolicyInputList: []string{allows("s3:PutObject")}}}})
		if got := verdicts(out); got != "s3:GetObject on * = implicitDeny\ns3:PutObject on * = allowed PolicyInputList.1\n" || *out.EvaluationResults[0].OrganizationsDecisionDetail.AllowedByOrganizations {
			t.Errorf("%s", got)
		}

		all := &api.SimulateCustomPolicyRequest{PolicyInputList: []string{allows("a:Two")}, ActionNames: []string{"a:One", "a:Two", "a:Three"}, ResourceArns: []string{"arn:aws:a:::x", "arn:aws:a:::y"}, MaxItems: new(int64(4))}
		page := simulate(all)
		if len(page.EvaluationResults) != 4 || !*page.IsTruncated {
			t.Fatalf("%+v", page)
		}
		all.Marker = page.Marker
		if page = simulate(all); *page.IsTruncated || verdicts(page) != "a:Three on arn:aws:a:::x = implicitDeny\na:Three on arn:aws:a:::y = implicitDeny\n" {
			t.Errorf("%s", verdicts(page))
		}

		for want, in := range map[string]*api.SimulateCustomPolicyRequest{
			"InvalidInput: Policy document PolicyInputList.2: Syntax errors in policy.":          {PolicyInputList: []string{allows("a:b"), "{"}, ActionNames: []string{"a:b"}},
			"InvalidInput: Invalid Action: s3:*":                                                 {PolicyInputList: []string{}, ActionNames: []string{"s3:*"}},
			"InvalidInput: Invalid Action: GetObject":                                            {PolicyInputList: []string{}, ActionNames: []string{"GetObject"}},
			"InvalidInput: A resource policy needs a CallerArn.":                                 {PolicyInputList: []string{}, ActionNames: []string{"a:b"}, ResourcePolicy: &bucket},
			"InvalidInput: CallerArn arn:aws:iam::123456789012:role/r is not the ARN of a user.": {PolicyInputList: []string{}, ActionNames: []string{"a:b"}, CallerArn: new("arn:aws:iam::123456789012:role/r")},
			"InvalidInput: ResourceOwner me is not an account.":                                  {PolicyInputList: []string{}, ActionNames: []string{"a:b"}, ResourceOwner: new("me")},
		} {
			cognitotest.Refused(w.World, want, w.ops.SimulateCustomPolicy, in)
		}
	})
}

func TestSimulatePrincipalPolicy(t *testing.T) {
	each(t, func(w world) {
		ann, admins, r := w.user("ann"), w.group("admins"), w.role("r")
		do(w, w.ops.AddUserToGroup, &api.AddUserToGroupRequest{GroupName: "admins", UserName: "ann"})
		do(w, w.ops.PutGroupPolicy, &api.PutGroupPolicyRequest{GroupName: "admins", PolicyName: "p", PolicyDocument: allows("a:Group")})
		do(w, w.ops.PutUserPolicy, &api.PutUserPolicyRequest{UserName: "ann", PolicyName: "p", PolicyDocument: `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"a:User","Resource":"*","Condition":{"StringEquals":{"aws:username":"ann","k:x":"y"}}}}`})
		managed := w.policy("m", allows("a:Managed"))
		do(w, w.ops.AttachUserPolicy, &api.AttachUserPolicyRequest{UserName: "ann", PolicyArn: managed})
		do(w, w.ops.AttachRolePolicy, &api.AttachRolePolicyRequest{RoleName: "r", PolicyArn: managed})
		do(w, w.ops.PutRolePermissionsBoundary, &api.PutRolePermissionsBoundaryRequest{RoleName: "r", PermissionsBoundary: w.policy("b", allows("a:Other"))})
		simulate := func(arn string, in api.SimulatePrincipalPolicyRequest) string {
			in.PolicySourceArn = arn
			in.ActionNames = []string{"a:Group", "a:User", "a:Managed", "a:More"}
			var b strings.Builder
			for _, r := range cognitotest.Call(w.World, w.ops.SimulatePrincipalPolicy, &in).EvaluationResults {
				if r.EvalDecision == "allowed" {
					b.WriteString(r.EvalActionName[2:] + " ")
				}
			}
			return b.String()
		}
		entry := []api.ContextEntry{{ContextKeyName: new("k:x"), ContextKeyValues: []string{"y"}}}
		for _, c := range []struct {
			arn, want string
			in        api.SimulatePrincipalPolicyRequest
		}{
			{ann.Arn, "Group Managed ", api.SimulatePrincipalPolicyRequest{}},
			{ann.Arn, "Group User Managed More ", api.SimulatePrincipalPolicyRequest{ContextEntries: entry, PolicyInputList: []string{allows("a:More")}}},
			{ann.Arn, "Managed ", api.SimulatePrincipalPolicyRequest{ContextEntries: entry, PolicyExclusionList: []api.PolicyIdentifier{{PolicyType: new(api.PolicyIdentifierPolicyTypeInline)}}}},
			{ann.Arn, "Group ", api.SimulatePrincipalPolicyRequest{PolicyExclusionList: []api.PolicyIdentifier{{PolicyArn: &managed}}}},
			{ann.Arn, "User Managed ", api.SimulatePrincipalPolicyRequest{ContextEntries: entry, PolicyExclusionList: []api.PolicyIdentifier{{InlinePolicyIdentifier: &api.InlinePolicyIdentifierType{PolicyName: "p", AttachmentType: "group", AttachmentName: "admins"}}}}},
			{admins.Arn, "Group ", api.SimulatePrincipalPolicyRequest{ContextEntries: entry}},
			{r.Arn, "", api.SimulatePrincipalPolicyRequest{}},
			{r.Arn, "Managed ", api.SimulatePrincipalPolicyRequest{PolicyExclusionList: []api.PolicyIdentifier{{PolicyType: new(api.PolicyIdentifierPolicyTypePermissionBoundary)}}}},
			{r.Arn, "Managed ", api.SimulatePrincipalPolicyRequest{PermissionsBoundaryPolicyInputList: []string{allows("a:Managed")}}},
		} {
			if got := simulate(c.arn, c.in); got != c.want {
				t.Errorf("%s with %+v: %q, want %q", c.arn, c.in, got, c.want)
			}
		}
		keys := cognitotest.Call(w.World, w.ops.GetContextKeysForPrincipalPolicy, &api.GetContextKeysForPrincipalPolicyRequest{PolicySourceArn: ann.Arn,
			PolicyInputList: []string{`{"Statement":{"Effect":"Allow","Action":"*","Resource":"*","Condition":{"Null":{"k:z":"true","AWS:UserName":"true"}}}}`}})
		if got := strings.Join(keys.ContextKeyNames, " "); got != "aws:username k:x k:z" {
			t.Errorf("keys %s", got)
		}
		if keys = cognitotest.Call(w.World, w.ops.GetContextKeysForCustomPolicy, &api.GetContextKeysForCustomPolicyRequest{PolicyInputList: []string{allows("a:b")}}); len(keys.ContextKeyNames) != 0 {
			t.Errorf("keys %v", keys.ContextKeyNames)
		}
		cognitotest.Refused(w.World, "NoSuchEntity: The user with name bob cannot be found.", w.ops.SimulatePrincipalPolicy,
			&api.SimulatePrincipalPolicyRequest{PolicySourceArn: "arn:aws:iam::" + account + ":user/bob", ActionNames: []string{"a:b"}})
		cognitotest.Refused(w.World, "InvalidInput: PolicySourceArn "+managed+" is not the ARN of a user, group or role.", w.ops.SimulatePrincipalPolicy,
			&api.SimulatePrincipalPolicyRequest{PolicySourceArn: managed, ActionNames: []string{"a:b"}})
	})
}
