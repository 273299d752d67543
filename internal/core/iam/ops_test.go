package iam_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	api "cognate/internal/api/iam"
	"cognate/internal/testkit/cognitotest"
)

func TestUsers(t *testing.T) {
	each(t, func(w world) {
		u := cognitotest.Call(w.World, w.ops.CreateUser, &api.CreateUserRequest{
			UserName: "Anna", Path: new("/team/"), Tags: []api.Tag{{Key: "dept", Value: "x"}},
		}).User
		if u.Arn != "arn:aws:iam::"+account+":user/team/Anna" || len(u.UserId) != 21 || !strings.HasPrefix(u.UserId, "AIDA") || len(u.Tags) != 1 {
			t.Errorf("%+v", u)
		}
		cognitotest.Refused(w.World, "EntityAlreadyExists: User with name anna already exists.", w.ops.CreateUser, &api.CreateUserRequest{UserName: "anna"})
		cognitotest.Refused(w.World, "NoSuchEntity: The user with name anna cannot be found.", w.ops.GetUser, &api.GetUserRequest{UserName: new("anna")})
		cognitotest.Refused(w.World, "ValidationError: Must specify userName when calling with non-User credentials", w.ops.GetUser, &api.GetUserRequest{})
		w.user("Bob")
		w.user("carl")
		list := cognitotest.Call(w.World, w.ops.ListUsers, &api.ListUsersRequest{MaxItems: new(int64(2))})
		if len(list.Users) != 2 || !*list.IsTruncated || list.Users[0].Tags != nil {
			t.Fatalf("%+v", list)
		}
		rest := cognitotest.Call(w.World, w.ops.ListUsers, &api.ListUsersRequest{MaxItems: new(int64(2)), Marker: list.Marker})
		if len(rest.Users) != 1 || *rest.IsTruncated || rest.Users[0].UserName != "carl" {
			t.Errorf("%+v", rest)
		}
		cognitotest.Refused(w.World, "ValidationError: Invalid Marker.", w.ops.ListUsers, &api.ListUsersRequest{PathPrefix: new("/a"), Marker: list.Marker})
		if found := cognitotest.Call(w.World, w.ops.ListUsers, &api.ListUsersRequest{PathPrefix: new("/team/")}); len(found.Users) != 1 {
			t.Errorf("%+v", found)
		}

		w.group("staff")
		arn := w.policy("read", allows("s3:GetObject"))
		key := w.key("Anna")
		do(w, w.ops.AddUserToGroup, &api.AddUserToGroupRequest{GroupName: "staff", UserName: "Anna"})
		do(w, w.ops.AttachUserPolicy, &api.AttachUserPolicyRequest{UserName: "Anna", PolicyArn: arn})
		do(w, w.ops.UpdateUser, &api.UpdateUserRequest{UserName: "Anna", NewUserName: new("Anne"), NewPath: new("/")})
		if p := w.who(key.AccessKeyId); p.ARN != "arn:aws:iam::"+account+":user/Anne" || p.UserID != u.UserId {
			t.Errorf("the key did not follow: %+v", p)
		}
		if g := cognitotest.Call(w.World, w.ops.GetGroup, &api.GetGroupRequest{GroupName: "staff"}); len(g.Users) != 1 || g.Users[0].UserName != "Anne" {
			t.Errorf("the group did not follow: %+v", g)
		}
		if e := cognitotest.Call(w.World, w.ops.ListEntitiesForPolicy, &api.ListEntitiesForPolicyRequest{PolicyArn: arn}); len(e.PolicyUsers) != 1 || *e.PolicyUsers[0].UserName != "Anne" {
			t.Errorf("the policy did not follow: %+v", e)
		}

		for _, step := range []struct {
			refusal string
			remove  func()
		}{
			{"must delete access keys first.", func() {
				do(w, w.ops.DeleteAccessKey, &api.DeleteAccessKeyRequest{UserName: new("Anne"), AccessKeyId: key.AccessKeyId})
			}},
			{"must remove users from group first.", func() {
				do(w, w.ops.RemoveUserFromGroup, &api.RemoveUserFromGroupRequest{GroupName: "staff", UserName: "Anne"})
			}},
			{"must detach all policies first.", func() {
				do(w, w.ops.DetachUserPolicy, &api.DetachUserPolicyRequest{UserName: "Anne", PolicyArn: arn})
			}},
		} {
			refused(w, "DeleteConflict: Cannot delete entity, "+step.refusal, w.ops.DeleteUser, &api.DeleteUserRequest{UserName: "Anne"})
			step.remove()
		}
		do(w, w.ops.DeleteUser, &api.DeleteUserRequest{UserName: "Anne"})
		refused(w, "NoSuchEntity: The user with name Anne cannot be found.", w.ops.DeleteUser, &api.DeleteUserRequest{UserName: "Anne"})
	})
}

func TestRoles(t *testing.T) {
	each(t, func(w world) {
		u := w.user("u")
		trust := fmt.Sprintf(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":%q},"Action":"sts:AssumeRole"}]}`, u.Arn)
		r := cognitotest.Call(w.World, w.ops.CreateRole, &api.CreateRoleRequest{
			RoleName: "R", Path: new("/p/"), AssumeRolePolicyDocument: trust, MaxSessionDuration: new(int64(7200)), Description: new("d"),
		}).Role
		if r.Arn != "arn:aws:iam::"+account+":role/p/R" || !strings.HasPrefix(r.RoleId, "AROA") || plain(t, *r.AssumeRolePolicyDocument) != trust || *r.MaxSessionDuration != 7200 {
			t.Errorf("%+v", r)
		}
		do(w, w.ops.DeleteUser, &api.DeleteUserRequest{UserName: "u"})
		got := cognitotest.Call(w.World, w.ops.GetRole, &api.GetRoleRequest{RoleName: "R"}).Role
		if want := strings.Replace(trust, u.Arn, u.UserId, 1); plain(t, *got.AssumeRolePolicyDocument) != want {
			t.Errorf("of a user that is gone the id is left: %s", plain(t, *got.AssumeRolePolicyDocument))
		}
		cognitotest.Refused(w.World, `MalformedPolicyDocument: Invalid principal in policy: "AWS":"`+u.Arn+`"`, w.ops.CreateRole,
			&api.CreateRoleRequest{RoleName: "S", AssumeRolePolicyDocument: trust})
		refused(w, "MalformedPolicyDocument: Has prohibited field Resource", w.ops.UpdateAssumeRolePolicy, &api.UpdateAssumeRolePolicyRequest{
			RoleName: "R", PolicyDocument: strings.Replace(anybody, `"Action"`, `"Resource":"*","Action"`, 1),
		})
		refused(w, "LimitExceeded: Cannot exceed quota for ACLSizePerRole: 2048", w.ops.UpdateAssumeRolePolicy, &api.UpdateAssumeRolePolicyRequest{
			RoleName: "R", PolicyDocument: strings.Replace(anybody, `"Effect"`, `"Sid":"`+strings.Repeat("a", 2000)+`","Effect"`, 1),
		})
		cognitotest.Call(w.World, w.ops.UpdateRole, &api.UpdateRoleRequest{RoleName: "R", Description: new("e")})
		if got := cognitotest.Call(w.World, w.ops.GetRole, &api.GetRoleRequest{RoleName: "R"}).Role; *got.MaxSessionDuration != 3600 || *got.Description != "e" {
			t.Errorf("%+v", got)
		}
		bound := w.policy("bound", allows("s3:*"))
		do(w, w.ops.PutRolePermissionsBoundary, &api.PutRolePermissionsBoundaryRequest{RoleName: "R", PermissionsBoundary: bound})
		refused(w, "DeleteConflict: Cannot delete a policy attached to entities.", w.ops.DeletePolicy, &api.DeletePolicyRequest{PolicyArn: bound})
		refused(w, "NoSuchEntity: Scope ARN: "+bound+"x does not exist or is not attachable.", w.ops.PutRolePermissionsBoundary,
			&api.PutRolePermissionsBoundaryRequest{RoleName: "R", PermissionsBoundary: bound + "x"})
		do(w, w.ops.PutRolePolicy, &api.PutRolePolicyRequest{RoleName: "R", PolicyName: "in", PolicyDocument: allows("sqs:*")})
		refused(w, "DeleteConflict: Cannot delete entity, must delete policies first.", w.ops.DeleteRole, &api.DeleteRoleRequest{RoleName: "R"})
		do(w, w.ops.DeleteRolePolicy, &api.DeleteRolePolicyRequest{RoleName: "R", PolicyName: "in"})
		do(w, w.ops.DeleteRole, &api.DeleteRoleRequest{RoleName: "R"})
		do(w, w.ops.DeletePolicy, &api.DeletePolicyRequest{PolicyArn: bound})
	})
}

func TestPolicies(t *testing.T) {
	each(t, func(w world) {
		arn := w.policy("P", allows("s3:GetObject"))
		cognitotest.Refused(w.World, "EntityAlreadyExists: A policy called p already exists. Duplicate names are not allowed.", w.ops.CreatePolicy,
			&api.CreatePolicyRequest{PolicyName: "p", PolicyDocument: allows("s3:GetObject")})
		cognitotest.Refused(w.World, "MalformedPolicyDocument: Syntax errors in policy.", w.ops.CreatePolicy,
			&api.CreatePolicyRequest{PolicyName: "q", PolicyDocument: `{"Version":"2012-10-17"`})
		cognitotest.Refused(w.World, "LimitExceeded: Cannot exceed quota for PolicySize: 6144", w.ops.CreatePolicy,
			&api.CreatePolicyRequest{PolicyName: "q", PolicyDocument: allows("s3:" + strings.Repeat("a", 6100))})
		for i := 2; i <= 5; i++ {
			v := cognitotest.Call(w.World, w.ops.CreatePolicyVersion, &api.CreatePolicyVersionRequest{
				PolicyArn: arn, PolicyDocument: allows(fmt.Sprintf("s3:Get%d", i)), SetAsDefault: new(i == 3),
			})
			if *v.PolicyVersion.VersionId != fmt.Sprintf("v%d", i) {
				t.Errorf("%+v", v)
			}
		}
		cognitotest.Refused(w.World, "LimitExceeded: A managed policy can have up to 5 versions. Before you create a new version, you must delete an existing version.",
			w.ops.CreatePolicyVersion, &api.CreatePolicyVersionRequest{PolicyArn: arn, PolicyDocument: allows("s3:*")})
		refused(w, "DeleteConflict: Cannot delete the default version of a policy.", w.ops.DeletePolicyVersion, &api.DeletePolicyVersionRequest{PolicyArn: arn, VersionId: "v3"})
		refused(w, "NoSuchEntity: Policy "+arn+" version v9 does not exist or is not attachable.", w.ops.SetDefaultPolicyVersion,
			&api.SetDefaultPolicyVersionRequest{PolicyArn: arn, VersionId: "v9"})
		refused(w, "DeleteConflict: This policy has more than one version. Before you delete a policy, you must delete the policy's versions. The default version is deleted with the policy.",
			w.ops.DeletePolicy, &api.DeletePolicyRequest{PolicyArn: arn})
		do(w, w.ops.DeletePolicyVersion, &api.DeletePolicyVersionRequest{PolicyArn: arn, VersionId: "v5"})
		v := cognitotest.Call(w.World, w.ops.CreatePolicyVersion, &api.CreatePolicyVersionRequest{PolicyArn: arn, PolicyDocument: allows("s3:*")})
		if *v.PolicyVersion.VersionId != "v6" {
			t.Errorf("a number was given twice: %s", *v.PolicyVersion.VersionId)
		}
		list := cognitotest.Call(w.World, w.ops.ListPolicyVersions, &api.ListPolicyVersionsRequest{PolicyArn: arn, MaxItems: new(int64(3))})
		more := cognitotest.Call(w.World, w.ops.ListPolicyVersions, &api.ListPolicyVersionsRequest{PolicyArn: arn, Marker: list.Marker, MaxItems: new(int64(3))})
		var ids []string
		for _, v := range append(list.Versions, more.Versions...) {
			ids = append(ids, *v.VersionId)
		}
		if !slices.Equal(ids, []string{"v6", "v4", "v3", "v2", "v1"}) {
			t.Errorf("%v", ids)
		}
		if doc := cognitotest.Call(w.World, w.ops.GetPolicyVersion, &api.GetPolicyVersionRequest{PolicyArn: arn, VersionId: "v3"}); plain(t, *doc.PolicyVersion.Document) != allows("s3:Get3") || !*doc.PolicyVersion.IsDefaultVersion {
			t.Errorf("%+v", doc)
		}

		const admin = "arn:aws:iam::aws:policy/AdministratorAccess"
		w.role("r")
		do(w, w.ops.AttachRolePolicy, &api.AttachRolePolicyRequest{RoleName: "r", PolicyArn: admin})
		do(w, w.ops.AttachRolePolicy, &api.AttachRolePolicyRequest{RoleName: "r", PolicyArn: admin})
		refused(w, "NoSuchEntity: Policy arn:aws:iam::aws:policy/Nothing does not exist or is not attachable.", w.ops.AttachRolePolicy,
			&api.AttachRolePolicyRequest{RoleName: "r", PolicyArn: "arn:aws:iam::aws:policy/Nothing"})
		refused(w, "NoSuchEntity: Policy "+arn+" was not found.", w.ops.DetachRolePolicy, &api.DetachRolePolicyRequest{RoleName: "r", PolicyArn: arn})
		cognitotest.Refused(w.World, "AccessDeniedException: Policy "+admin+" is managed by AWS and cannot be changed.", w.ops.CreatePolicyVersion,
			&api.CreatePolicyVersionRequest{PolicyArn: admin, PolicyDocument: allows("s3:*")})
		if p := cognitotest.Call(w.World, w.ops.GetPolicy, &api.GetPolicyRequest{PolicyArn: admin}).Policy; *p.AttachmentCount != 1 || *p.DefaultVersionId != "v1" {
			t.Errorf("%+v", p)
		}
		if l := cognitotest.Call(w.World, w.ops.ListPolicies, &api.ListPoliciesRequest{OnlyAttached: new(true)}); len(l.Policies) != 1 || *l.Policies[0].Arn != admin {
			t.Errorf("%+v", l)
		}
		if l := cognitotest.Call(w.World, w.ops.ListPolicies, &api.ListPoliciesRequest{Scope: new(api.PolicyScopeTypeLocal)}); len(l.Policies) != 1 || *l.Policies[0].Arn != arn {
			t.Errorf("%+v", l)
		}
		if got := names(w); len(got) < 24 || !slices.Contains(got, "AmazonCognitoPowerUser") || !slices.Contains(got, "P") {
			t.Errorf("%v", got)
		}
	})
}

// names pages through all managed policies.
func names(w world) (out []string) {
	in := &api.ListPoliciesRequest{MaxItems: new(int64(5))}
	for {
		page := cognitotest.Call(w.World, w.ops.ListPolicies, in)
		for _, p := range page.Policies {
			out = append(out, *p.PolicyName)
		}
		if !*page.IsTruncated {
			return out
		}
		in.Marker = page.Marker
	}
}

func TestInlinePolicies(t *testing.T) {
	each(t, func(w world) {
		w.group("g")
		do(w, w.ops.PutGroupPolicy, &api.PutGroupPolicyRequest{GroupName: "g", PolicyName: "b", PolicyDocument: allows("s3:*")})
		do(w, w.ops.PutGroupPolicy, &api.PutGroupPolicyRequest{GroupName: "g", PolicyName: "a", PolicyDocument: allows("s3:*")})
		do(w, w.ops.PutGroupPolicy, &api.PutGroupPolicyRequest{GroupName: "g", PolicyName: "a", PolicyDocument: allows("sqs:*")})
		got := cognitotest.Call(w.World, w.ops.GetGroupPolicy, &api.GetGroupPolicyRequest{GroupName: "g", PolicyName: "a"})
		if plain(t, got.PolicyDocument) != allows("sqs:*") {
			t.Errorf("%+v", got)
		}
		if l := cognitotest.Call(w.World, w.ops.ListGroupPolicies, &api.ListGroupPoliciesRequest{GroupName: "g"}); !slices.Equal(l.PolicyNames, []string{"a", "b"}) {
			t.Errorf("%+v", l)
		}
		refused(w, "LimitExceeded: Maximum policy size of 5120 bytes exceeded for group g", w.ops.PutGroupPolicy,
			&api.PutGroupPolicyRequest{GroupName: "g", PolicyName: "c", PolicyDocument: allows("s3:" + strings.Repeat("a", 5000))})
		cognitotest.Refused(w.World, "NoSuchEntity: The group policy with name c cannot be found.", w.ops.GetGroupPolicy, &api.GetGroupPolicyRequest{GroupName: "g", PolicyName: "c"})
		refused(w, "MalformedPolicyDocument: Policy document should not specify a principal.", w.ops.PutGroupPolicy,
			&api.PutGroupPolicyRequest{GroupName: "g", PolicyName: "c", PolicyDocument: anybody})
	})
}

func TestTagsOfEntities(t *testing.T) {
	each(t, func(w world) {
		w.role("r")
		do(w, w.ops.TagRole, &api.TagRoleRequest{RoleName: "r", Tags: []api.Tag{{Key: "A", Value: "1"}, {Key: "b", Value: "2"}}})
		do(w, w.ops.TagRole, &api.TagRoleRequest{RoleName: "r", Tags: []api.Tag{{Key: "a", Value: "3"}}})
		do(w, w.ops.UntagRole, &api.UntagRoleRequest{RoleName: "r", TagKeys: []string{"B", "c"}})
		if l := cognitotest.Call(w.World, w.ops.ListRoleTags, &api.ListRoleTagsRequest{RoleName: "r"}); len(l.Tags) != 1 || l.Tags[0] != (api.Tag{Key: "a", Value: "3"}) {
			t.Errorf("%+v", l)
		}
		refused(w, "InvalidInput: Duplicate tag keys found. Please note that Tag keys are case insensitive.", w.ops.TagRole,
			&api.TagRoleRequest{RoleName: "r", Tags: []api.Tag{{Key: "x"}, {Key: "X"}}})
		var many []api.Tag
		for i := range 50 {
			many = append(many, api.Tag{Key: fmt.Sprint("k", i)})
		}
		refused(w, "LimitExceeded: The number of tags has reached the maximum limit.", w.ops.TagRole, &api.TagRoleRequest{RoleName: "r", Tags: many})
	})
}

func TestOpenIDConnectProviders(t *testing.T) {
	each(t, func(w world) {
		const print = "A031C46782E6E6C662C2C87C76DA9AA62CCABD8E"
		out := cognitotest.Call(w.World, w.ops.CreateOpenIDConnectProvider, &api.CreateOpenIDConnectProviderRequest{
			Url: "https://login.example.com/path", ClientIDList: []string{"a", "b", "a"}, ThumbprintList: []string{print},
		})
		arn := *out.OpenIDConnectProviderArn
		if arn != "arn:aws:iam::"+account+":oidc-provider/login.example.com/path" {
			t.Error(arn)
		}
		do(w, w.ops.AddClientIDToOpenIDConnectProvider, &api.AddClientIDToOpenIDConnectProviderRequest{OpenIDConnectProviderArn: arn, ClientID: "c"})
		do(w, w.ops.RemoveClientIDFromOpenIDConnectProvider, &api.RemoveClientIDFromOpenIDConnectProviderRequest{OpenIDConnectProviderArn: arn, ClientID: "a"})
		got := cognitotest.Call(w.World, w.ops.GetOpenIDConnectProvider, &api.GetOpenIDConnectProviderRequest{OpenIDConnectProviderArn: arn})
		if *got.Url != "login.example.com/path" || !slices.Equal(got.ClientIDList, []string{"b", "c"}) || !slices.Equal(got.ThumbprintList, []string{strings.ToLower(print)}) {
			t.Errorf("%+v", got)
		}
		cognitotest.Refused(w.World, "EntityAlreadyExists: Provider with url https://login.example.com/path already exists.", w.ops.CreateOpenIDConnectProvider,
			&api.CreateOpenIDConnectProviderRequest{Url: "https://login.example.com/path/"})
		for _, bad := range []string{"http://login.example.com", "https://", "https://a.example/?q", "https://u@a.example", "ftp://a.example", "login.example.com", "http://localhost:8080"} {
			if text := cognitotest.Refusal(w.World, w.ops.CreateOpenIDConnectProvider, &api.CreateOpenIDConnectProviderRequest{Url: bad}); !strings.HasPrefix(text, "ValidationError: ") {
				t.Errorf("%s: %s", bad, text)
			}
		}
		do(w, w.ops.DeleteOpenIDConnectProvider, &api.DeleteOpenIDConnectProviderRequest{OpenIDConnectProviderArn: arn})
		cognitotest.Refused(w.World, "NoSuchEntity: OpenIDConnect Provider not found for arn "+arn, w.ops.GetOpenIDConnectProvider,
			&api.GetOpenIDConnectProviderRequest{OpenIDConnectProviderArn: arn})
	})
}
