package iam_test

import (
	"encoding/csv"
	"slices"
	"strings"
	"testing"

	api "cognate/internal/api/iam"
	"cognate/internal/testkit/cognitotest"
)

func TestAuthorizationDetails(t *testing.T) {
	each(t, func(w world) {
		for _, name := range []string{"a", "b", "c"} {
			w.user(name)
			w.role("role-" + name)
		}
		w.group("g")
		arn := w.policy("P", allows("s3:*"))
		do(w, w.ops.AddUserToGroup, &api.AddUserToGroupRequest{GroupName: "g", UserName: "b"})
		do(w, w.ops.AttachUserPolicy, &api.AttachUserPolicyRequest{UserName: "b", PolicyArn: arn})
		do(w, w.ops.PutRolePolicy, &api.PutRolePolicyRequest{RoleName: "role-c", PolicyName: "in", PolicyDocument: allows("sqs:*")})
		in := &api.GetAccountAuthorizationDetailsRequest{MaxItems: new(int64(3))}
		var users []api.UserDetail
		var groups, roles, policies []string
		for pages := 1; ; pages++ {
			page := cognitotest.Call(w.World, w.ops.GetAccountAuthorizationDetails, in)
			if n := len(page.UserDetailList) + len(page.GroupDetailList) + len(page.RoleDetailList) + len(page.Policies); n > 3 || n == 0 {
				t.Fatalf("a page of %d", n)
			}
			users = append(users, page.UserDetailList...)
			for _, g := range page.GroupDetailList {
				groups = append(groups, *g.GroupName)
			}
			for _, r := range page.RoleDetailList {
				roles = append(roles, *r.RoleName)
				if *r.RoleName == "role-c" && (len(r.RolePolicyList) != 1 || plain(t, *r.RolePolicyList[0].PolicyDocument) != allows("sqs:*")) {
					t.Errorf("%+v", r)
				}
			}
			for _, p := range page.Policies {
				policies = append(policies, *p.PolicyName)
			}
			if !*page.IsTruncated {
				break
			}
			in.Marker = page.Marker
		}
		if len(users) != 3 || !slices.Equal(users[1].GroupList, []string{"g"}) || len(users[1].AttachedManagedPolicies) != 1 ||
			!slices.Equal(groups, []string{"g"}) || !slices.Equal(roles, []string{"role-a", "role-b", "role-c"}) || policies[0] != "P" || len(policies) < 24 {
			t.Errorf("%d users, %v %v %v", len(users), groups, roles, policies)
		}
		only := cognitotest.Call(w.World, w.ops.GetAccountAuthorizationDetails, &api.GetAccountAuthorizationDetailsRequest{Filter: []api.EntityType{api.EntityTypeRole}})
		if len(only.RoleDetailList) != 3 || len(only.UserDetailList)+len(only.Policies) != 0 || *only.IsTruncated {
			t.Errorf("%+v", only)
		}
	})
}

func TestServiceLinkedRoles(t *testing.T) {
	each(t, func(w world) {
		const name = "AWSServiceRoleForAmazonCognitoIdpEmailService"
		in := &api.CreateServiceLinkedRoleRequest{AWSServiceName: "email.cognito-idp.amazonaws.com"}
		r := cognitotest.Call(w.World, w.ops.CreateServiceLinkedRole, in).Role
		if r.RoleName != name || r.Path != "/aws-service-role/email.cognito-idp.amazonaws.com/" {
			t.Errorf("%+v", r)
		}
		cognitotest.Refused(w.World, "InvalidInput: Service role name "+name+" has been taken in this account, please try a different suffix.", w.ops.CreateServiceLinkedRole, in)
		cognitotest.Refused(w.World, "InvalidInput: Service ec2.amazonaws.com has no service-linked role here.", w.ops.CreateServiceLinkedRole,
			&api.CreateServiceLinkedRoleRequest{AWSServiceName: "ec2.amazonaws.com"})
		protected := "UnmodifiableEntity: Cannot perform the operation on the protected role '" + name + "' - this role is only modifiable by AWS"
		refused(w, protected, w.ops.DeleteRole, &api.DeleteRoleRequest{RoleName: name})
		refused(w, protected, w.ops.PutRolePolicy, &api.PutRolePolicyRequest{RoleName: name, PolicyName: "p", PolicyDocument: allows("*")})
		task := cognitotest.Call(w.World, w.ops.DeleteServiceLinkedRole, &api.DeleteServiceLinkedRoleRequest{RoleName: name}).DeletionTaskId
		if s := cognitotest.Call(w.World, w.ops.GetServiceLinkedRoleDeletionStatus, &api.GetServiceLinkedRoleDeletionStatusRequest{DeletionTaskId: task}).Status; s != api.DeletionTaskStatusTypeSucceeded {
			t.Error(s)
		}
		cognitotest.Refused(w.World, "NoSuchEntity: Deletion task id "+task+"x not found", w.ops.GetServiceLinkedRoleDeletionStatus,
			&api.GetServiceLinkedRoleDeletionStatusRequest{DeletionTaskId: task + "x"})
		cognitotest.Call(w.World, w.ops.CreateServiceLinkedRole, in)
		w.role("mine")
		cognitotest.Refused(w.World, "NoSuchEntity: The role with name mine cannot be found.", w.ops.DeleteServiceLinkedRole, &api.DeleteServiceLinkedRoleRequest{RoleName: "mine"})
	})
}

func TestCredentialReport(t *testing.T) {
	each(t, func(w world) {
		w.user("u")
		w.key("u")
		cognitotest.Call(w.World, w.ops.GenerateCredentialReport, &api.GenerateCredentialReportRequest{})
		out := cognitotest.Call(w.World, w.ops.GetCredentialReport, &api.GetCredentialReportRequest{})
		rows, err := csv.NewReader(strings.NewReader(string(out.Content))).ReadAll()
		if err != nil || len(rows) != 3 || rows[1][0] != "<root_account>" || rows[2][0] != "u" || rows[2][8] != "true" || rows[2][13] != "false" || rows[2][10] != "N/A" {
			t.Errorf("%v %v", rows, err)
		}
	})
}
