package iam_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	api "cognate/internal/api/iam"
	"cognate/internal/base/obs"
	"cognate/internal/base/sigv4"
	"cognate/internal/core/iam"
	"cognate/internal/testkit/cognitotest"
)

const pool = "arn:aws:cognito-idp:us-east-1:" + account + ":userpool/us-east-1_a"

// TestWhatUsersMay: nothing by itself; what its own policies, those of its groups and its boundary say.
func TestWhatUsersMay(t *testing.T) {
	each(t, func(w world) {
		u := w.user("u")
		p := w.who(w.key("u").AccessKeyId)
		const action = "cognito-idp:AdminGetUser"
		refusal := "AccessDeniedException: User: " + u.Arn + " is not authorized to perform: " + action + " on resource: " + pool
		expect := func(when, want string) {
			t.Helper()
			if got := w.asks(p, action, pool); got != want {
				t.Errorf("%s: %q, want %q", when, got, want)
			}
		}
		none := refusal + " because no identity-based policy allows the " + action + " action"
		expect("new", none)
		w.group("g")
		do(w, w.ops.AttachGroupPolicy, &api.AttachGroupPolicyRequest{GroupName: "g", PolicyArn: "arn:aws:iam::aws:policy/AmazonCognitoReadOnly"})
		do(w, w.ops.AddUserToGroup, &api.AddUserToGroupRequest{GroupName: "g", UserName: "u"})
		expect("by its group", "")
		bound := w.policy("bound", allows("s3:*"))
		do(w, w.ops.PutUserPermissionsBoundary, &api.PutUserPermissionsBoundaryRequest{UserName: "u", PermissionsBoundary: bound})
		expect("bounded", refusal+" because no permissions boundary allows the "+action+" action")
		do(w, w.ops.DeleteUserPermissionsBoundary, &api.DeleteUserPermissionsBoundaryRequest{UserName: "u"})
		do(w, w.ops.PutUserPolicy, &api.PutUserPolicyRequest{UserName: "u", PolicyName: "no", PolicyDocument: strings.Replace(allows("*"), "Allow", "Deny", 1)})
		expect("denied", refusal+" with an explicit deny in an identity-based policy")
		do(w, w.ops.DeleteUserPolicy, &api.DeleteUserPolicyRequest{UserName: "u", PolicyName: "no"})
		expect("again", "")
		do(w, w.ops.RemoveUserFromGroup, &api.RemoveUserFromGroupRequest{GroupName: "g", UserName: "u"})
		expect("out of the group", none)
	})
}

// TestConditionsOfCallers: policies see who calls, its tags and what the request brings.
func TestConditionsOfCallers(t *testing.T) {
	each(t, func(w world) {
		cognitotest.Call(w.World, w.ops.CreateUser, &api.CreateUserRequest{UserName: "u", Tags: []api.Tag{{Key: "Team", Value: "blue"}}})
		p := w.who(w.key("u").AccessKeyId)
		for condition, want := range map[string]bool{
			`"StringEquals":{"aws:username":"u"}`:                                                  true,
			`"StringEquals":{"aws:username":"v"}`:                                                  false,
			`"StringEquals":{"aws:PrincipalTag/team":"blue"}`:                                      true,
			`"StringEquals":{"aws:PrincipalTag/Team":"red"}`:                                       false,
			`"IpAddress":{"aws:SourceIp":"192.0.2.0/24"}`:                                          true,
			`"IpAddress":{"aws:SourceIp":"198.51.100.0/24"}`:                                       false,
			`"Bool":{"aws:SecureTransport":"true"}`:                                                true, // the public URL is https
			`"StringEquals":{"aws:RequestedRegion":"eu-west-1"}`:                                   true,
			`"ArnLike":{"aws:PrincipalArn":"arn:aws:iam::*:user/u"}`:                               true,
			`"DateGreaterThan":{"aws:CurrentTime":"2026-01-01T00:00:00Z"}`:                         true,
			`"DateLessThan":{"aws:CurrentTime":"2026-01-01T00:00:00Z"}`:                            false,
			`"Null":{"aws:TokenIssueTime":"true","aws:MultiFactorAuthPresent":"true"}`:             true,
			`"StringEquals":{"aws:PrincipalType":"User","aws:PrincipalAccount":"` + account + `"}`: true,
			`"StringEquals":{"aws:RequestTag/a":"1"}`:                                              true,
			`"StringEquals":{"aws:RequestTag/a":"2"}`:                                              false,
		} {
			do(w, w.ops.PutUserPolicy, &api.PutUserPolicyRequest{
				UserName: "u", PolicyName: "p", PolicyDocument: strings.Replace(allows("cognito-idp:*"), `"Resource":"*"`, `"Resource":"*","Condition":{`+condition+`}`, 1),
			})
			req := &obs.Request{ClientIP: address("192.0.2.7"), Region: "eu-west-1"}
			ask := &iam.Ask{Action: "cognito-idp:TagResource", Resources: []string{pool}}
			ask.Keys.Set("aws:RequestTag/a", "1")
			err := w.IAM.Authorize(obs.With(w.Ctx, req), p, ask)
			if (err == nil) != want {
				t.Errorf("%s: %v", condition, err)
			}
			if !strings.Contains(req.Decision, "identity") || want && req.Decision != "allowed by identity user_u_p statement 1" {
				t.Errorf("%s: decision %q", condition, req.Decision)
			}
		}
	})
}

// TestKeysOfUsers: they are verified by their secrets, and only while they and their user are there.
func TestKeysOfUsers(t *testing.T) {
	each(t, func(w world) {
		w.user("u")
		k := w.key("u")
		if len(k.AccessKeyId) != 20 || len(k.SecretAccessKey) != 40 {
			t.Errorf("%+v", k)
		}
		c, err := w.IAM.Credentials(w.Ctx, k.AccessKeyId, "")
		if err != nil || c.Secret != k.SecretAccessKey || c.Unchecked || c.Principal.Root {
			t.Fatalf("%+v %v", c, err)
		}
		w.key("u")
		cognitotest.Refused(w.World, "LimitExceeded: Cannot exceed quota for AccessKeysPerUser: 2", w.ops.CreateAccessKey, &api.CreateAccessKeyRequest{UserName: new("u")})
		unknown := func(when string) {
			t.Helper()
			for _, room := range []*iam.Room{w.IAM, lenient(w)} {
				if _, err := room.Credentials(w.Ctx, k.AccessKeyId, ""); !errors.Is(err, sigv4.ErrUnknownKey) {
					t.Errorf("%s: %v", when, err)
				}
			}
		}
		set := func(status api.StatusType) {
			t.Helper()
			do(w, w.ops.UpdateAccessKey, &api.UpdateAccessKeyRequest{UserName: new("u"), AccessKeyId: k.AccessKeyId, Status: status})
		}
		set(api.StatusTypeInactive)
		unknown("inactive")
		set(api.StatusTypeActive)
		if w.who(k.AccessKeyId).ARN != "arn:aws:iam::"+account+":user/u" {
			t.Error("not active again")
		}
		used := func() *api.GetAccessKeyLastUsedResponse {
			return cognitotest.Call(w.World, w.ops.GetAccessKeyLastUsed, &api.GetAccessKeyLastUsedRequest{AccessKeyId: k.AccessKeyId})
		}
		if l := used(); l.AccessKeyLastUsed.ServiceName != "N/A" || *l.UserName != "u" {
			t.Errorf("%+v", l)
		}
		w.IAM.Used(obs.With(w.Ctx, &obs.Request{Principal: c.Principal, Region: "eu-west-1"}), "cognito-idp")
		for range 2 {
			if l := used().AccessKeyLastUsed; l.ServiceName != "cognito-idp" || l.Region != "eu-west-1" || l.LastUsedDate == nil {
				t.Errorf("%+v", l)
			}
			if err := w.IAM.Lifecycle().Flush(w.Ctx); err != nil {
				t.Fatal(err)
			}
		}
		do(w, w.ops.DeleteAccessKey, &api.DeleteAccessKeyRequest{UserName: new("u"), AccessKeyId: k.AccessKeyId})
		unknown("deleted")
		cognitotest.Refused(w.World, "AccessDeniedException: User:  is not authorized to perform: iam:GetAccessKeyLastUsed on resource: access key "+k.AccessKeyId, w.ops.GetAccessKeyLastUsed,
			&api.GetAccessKeyLastUsedRequest{AccessKeyId: k.AccessKeyId})
		refused(w, "NoSuchEntity: The Access Key with id "+k.AccessKeyId+" cannot be found.", w.ops.DeleteAccessKey,
			&api.DeleteAccessKeyRequest{UserName: new("u"), AccessKeyId: k.AccessKeyId})
	})
}

// TestPrincipalOfGoneUser: what was a user's right is nobody's, also when one of that name is made again.
func TestPrincipalOfGoneUser(t *testing.T) {
	each(t, func(w world) {
		w.user("u")
		k := w.key("u")
		do(w, w.ops.AttachUserPolicy, &api.AttachUserPolicyRequest{UserName: "u", PolicyArn: "arn:aws:iam::aws:policy/AdministratorAccess"})
		p := w.who(k.AccessKeyId)
		if got := w.asks(p, "s3:GetObject"); got != "" {
			t.Fatal(got)
		}
		do(w, w.ops.DetachUserPolicy, &api.DetachUserPolicyRequest{UserName: "u", PolicyArn: "arn:aws:iam::aws:policy/AdministratorAccess"})
		do(w, w.ops.DeleteAccessKey, &api.DeleteAccessKeyRequest{UserName: new("u"), AccessKeyId: k.AccessKeyId})
		do(w, w.ops.DeleteUser, &api.DeleteUserRequest{UserName: "u"})
		w.user("u")
		do(w, w.ops.AttachUserPolicy, &api.AttachUserPolicyRequest{UserName: "u", PolicyArn: "arn:aws:iam::aws:policy/AdministratorAccess"})
		if got := w.asks(p, "s3:GetObject"); !strings.HasPrefix(got, "AccessDeniedException: ") {
			t.Errorf("a namesake's rights: %q", got)
		}
	})
}

// TestNobody: who did not prove anything may do nothing; the root of another account neither.
func TestNobody(t *testing.T) {
	w := cognitotest.Quick(t)
	for _, p := range []obs.Principal{
		{}, {Account: account, ARN: "arn:aws:iam::" + account + ":user/x"}, {Account: "210987654321", ARN: "arn:aws:iam::210987654321:root", Root: true},
	} {
		if err := w.IAM.Authorize(context.Background(), p, &iam.Ask{Action: "cognito-idp:ListUsers", Resources: []string{pool}}); err == nil {
			t.Errorf("%+v may", p)
		}
	}
}

// TestOtherNode: a change that another node made is seen within a second.
func TestOtherNode(t *testing.T) {
	each(t, func(w world) {
		other := cognitotest.New(t, w.DB, cognitotest.Options{}).IAM
		w.user("u")
		k := w.key("u")
		c, err := other.Credentials(w.Ctx, k.AccessKeyId, "")
		if err != nil {
			t.Fatal(err)
		}
		ask := &iam.Ask{Action: "s3:GetObject", Resources: []string{"arn:aws:s3:::b/k"}}
		if other.Authorize(w.Ctx, c.Principal, ask) == nil {
			t.Fatal("allowed too early")
		}
		do(w, w.ops.PutUserPolicy, &api.PutUserPolicyRequest{UserName: "u", PolicyName: "p", PolicyDocument: allows("s3:*")})
		eventually(t, func() bool { return other.Authorize(w.Ctx, c.Principal, ask) == nil })
		do(w, w.ops.DeleteAccessKey, &api.DeleteAccessKeyRequest{UserName: new("u"), AccessKeyId: k.AccessKeyId})
		eventually(t, func() bool {
			_, err := other.Credentials(w.Ctx, k.AccessKeyId, "")
			return errors.Is(err, sigv4.ErrUnknownKey)
		})
	})
}
