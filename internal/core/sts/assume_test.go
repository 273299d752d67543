package sts_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	iamapi "cognate/internal/api/iam"
	api "cognate/internal/api/sts"
	"cognate/internal/base/sigv4"
	"cognate/internal/testkit/cognitotest"
)

const denied = "AccessDeniedException: User: arn:aws:iam::" + account + ":user/u is not authorized to perform: sts:AssumeRole on resource: "

func TestAssumeRole(t *testing.T) {
	each(t, func(w world) {
		role := w.role("R", trusts("", "sts:AssumeRole"), allows("s3:GetObject"))
		u := w.user("u", allows("sts:AssumeRole"))
		out := u.assume(role, nil)
		if u := out.AssumedRoleUser; u.Arn != "arn:aws:sts::"+account+":assumed-role/R/session" || !strings.HasPrefix(u.AssumedRoleId, "AROA") || !strings.HasSuffix(u.AssumedRoleId, ":session") {
			t.Errorf("%+v", u)
		}
		c := out.Credentials
		if !strings.HasPrefix(c.AccessKeyId, "ASIA") || len(c.AccessKeyId) != 20 || len(c.SecretAccessKey) != 40 || c.Expiration.Sub(w.Clock.Now()).Round(time.Minute) != time.Hour || out.PackedPolicySize != nil {
			t.Errorf("%+v", out)
		}
		s := w.by(c)
		who := cognitotest.Call(s.World, s.sts.GetCallerIdentity, &api.GetCallerIdentityRequest{})
		if *who.Arn != out.AssumedRoleUser.Arn || *who.UserId != out.AssumedRoleUser.AssumedRoleId || *who.Account != account {
			t.Errorf("%+v", who)
		}
		if !s.may("s3:GetObject") || s.may("s3:PutObject") {
			t.Error("a session has the rights of its role, and no others")
		}
		if rows := w.rows("iam_access_key"); rows != 1 {
			t.Errorf("%d rows of keys", rows)
		}
	})
}

// rows counts a table.
func (w world) rows(table string) (n int64) {
	w.T.Helper()
	w.must(count(w.World, table, &n))
	return n
}

func TestWhoMayAssume(t *testing.T) {
	each(t, func(w world) {
		open := w.role("open", trusts("", "sts:AssumeRole"), "")
		external := w.role("external", trusts(`"StringEquals":{"sts:ExternalId":"e1"}`, "sts:AssumeRole"), "")
		u := w.user("u", allows("sts:AssumeRole"))
		refuse := func(w world, want, role string, set func(*api.AssumeRoleRequest)) {
			t.Helper()
			cognitotest.Refused(w.World, want, w.sts.AssumeRole, assuming(role, set))
		}
		refuse(u, denied+external, external, nil)
		refuse(u, denied+external, external, func(in *api.AssumeRoleRequest) { in.ExternalId = new("e2") })
		u.assume(external, func(in *api.AssumeRoleRequest) { in.ExternalId = new("e1") })
		const nothing = "arn:aws:iam::" + account + ":role/nothing"
		refuse(u, denied+nothing, nothing, nil) // as if it were there and did not trust
		refuse(u, denied+"arn:aws:iam::210987654321:role/open", "arn:aws:iam::210987654321:role/open", nil)
		refuse(w.as(rootOf(account)), "AccessDeniedException: Roles may not be assumed by root accounts.", open, nil)
		for _, d := range []int64{3601, 43200} {
			refuse(u, "ValidationError: The requested DurationSeconds exceeds the MaxSessionDuration set for this role.", open, func(in *api.AssumeRoleRequest) { in.DurationSeconds = &d })
		}
		u.assume(open, func(in *api.AssumeRoleRequest) { in.DurationSeconds = new(int64(900)) })
	})
}

// TestUserNamedByTrust: who is named by a role needs no policy of its own; who is not, in the same account, does.
func TestUserNamedByTrust(t *testing.T) {
	each(t, func(w world) {
		u := w.user("u", "")
		role := w.role("R", strings.Replace(trusts("", "sts:AssumeRole"), `"`+account+`"`, `"arn:aws:iam::`+account+`:user/u"`, 1), "")
		u.assume(role, nil)
		wide := w.role("wide", trusts("", "sts:AssumeRole"), "")
		cognitotest.Refused(u.World, denied+wide, u.sts.AssumeRole, assuming(wide, nil))
		// A namesake is not meant.
		keys := cognitotest.Call(w.World, w.iam.ListAccessKeys, &iamapi.ListAccessKeysRequest{UserName: new("u")})
		w.must(w.iam.DeleteAccessKey(w.Ctx, &iamapi.DeleteAccessKeyRequest{UserName: new("u"), AccessKeyId: *keys.AccessKeyMetadata[0].AccessKeyId}))
		w.must(w.iam.DeleteUser(w.Ctx, &iamapi.DeleteUserRequest{UserName: "u"}))
		again := w.user("u", "")
		cognitotest.Refused(again.World, denied+role, again.sts.AssumeRole, assuming(role, nil))
	})
}

func TestChaining(t *testing.T) {
	each(t, func(w world) {
		u := w.user("u", allows("sts:*"))
		first := w.role("first", trusts("", "sts:AssumeRole", "sts:TagSession"), allows("sts:*"))
		second := w.role("second", trusts("", "sts:AssumeRole", "sts:TagSession"), allows("s3:*"))
		w.must(update(w, "second", 7200))
		s := w.by(u.assume(first, func(in *api.AssumeRoleRequest) {
			in.Tags = []api.Tag{{Key: "Team", Value: "blue"}, {Key: "own", Value: "x"}}
			in.TransitiveTagKeys = []string{"Team"}
		}).Credentials)
		cognitotest.Refused(s.World, "ValidationError: The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining.",
			s.sts.AssumeRole, assuming(second, func(in *api.AssumeRoleRequest) { in.DurationSeconds = new(int64(3601)) }))
		u.assume(second, func(in *api.AssumeRoleRequest) { in.DurationSeconds = new(int64(7200)) })
		cognitotest.Refused(s.World, "InvalidParameterValue: One of the specified transitive tag keys can't be set because it conflicts with a transitive tag key from the calling session.",
			s.sts.AssumeRole, assuming(second, func(in *api.AssumeRoleRequest) { in.Tags = []api.Tag{{Key: "team", Value: "red"}} }))
		tagged := allows("s3:GetObject")
		tagged = strings.Replace(tagged, `"Resource":"*"`, `"Resource":"*","Condition":{"StringEquals":{"aws:PrincipalTag/team":"blue"},"Null":{"aws:PrincipalTag/own":"true"}}`, 1)
		w.must(w.iam.PutRolePolicy(w.Ctx, &iamapi.PutRolePolicyRequest{RoleName: "second", PolicyName: "p", PolicyDocument: tagged}))
		if c := w.by(s.assume(second, nil).Credentials); !c.may("s3:GetObject") {
			t.Error("a transitive tag was lost, or another one went on")
		}
		// Tags that go on need the permission to tag as well.
		third := w.role("third", trusts("", "sts:AssumeRole"), "")
		if got := cognitotest.Refusal(s.World, s.sts.AssumeRole, assuming(third, nil)); !strings.HasPrefix(got, "AccessDeniedException: ") {
			t.Errorf("without sts:TagSession: %q", got)
		}
	})
}

func TestTagsOfSessions(t *testing.T) {
	each(t, func(w world) {
		u := w.user("u", allows("sts:*"))
		plain := w.role("plain", trusts("", "sts:AssumeRole"), "")
		role := w.role("R", trusts(`"StringEquals":{"aws:RequestTag/team":["blue","red"]}`, "sts:AssumeRole", "sts:TagSession"), "")
		w.must(w.iam.TagRole(w.Ctx, &iamapi.TagRoleRequest{RoleName: "R", Tags: []iamapi.Tag{{Key: "team", Value: "none"}, {Key: "kept", Value: "1"}}}))
		w.must(w.iam.PutRolePolicy(w.Ctx, &iamapi.PutRolePolicyRequest{RoleName: "R", PolicyName: "p", PolicyDocument: strings.Replace(allows("s3:*"),
			`"Resource":"*"`, `"Resource":"*","Condition":{"StringEquals":{"aws:PrincipalTag/team":"blue","aws:PrincipalTag/kept":"1"}}`, 1)}))
		with := func(value string) func(*api.AssumeRoleRequest) {
			return func(in *api.AssumeRoleRequest) { in.Tags = []api.Tag{{Key: "Team", Value: value}} }
		}
		cognitotest.Refused(u.World, denied+plain, u.sts.AssumeRole, assuming(plain, with("blue")))
		cognitotest.Refused(u.World, denied+role, u.sts.AssumeRole, assuming(role, with("green")))
		if out := u.assume(role, with("blue")); !w.by(out.Credentials).may("s3:GetObject") || *out.PackedPolicySize < 1 {
			t.Errorf("a session tag does not stand over the role's: %+v", out)
		}
		if w.by(u.assume(role, with("red")).Credentials).may("s3:GetObject") {
			t.Error("red is not blue")
		}
		cognitotest.Refused(u.World, "InvalidParameterValue: The specified transitive tag key must be included in the requested tags.", u.sts.AssumeRole,
			assuming(role, func(in *api.AssumeRoleRequest) { with("blue")(in); in.TransitiveTagKeys = []string{"x"} }))
		cognitotest.Refused(u.World, "InvalidParameterValue: Duplicate tag keys found. Please note that Tag keys are case insensitive.", u.sts.AssumeRole,
			assuming(role, func(in *api.AssumeRoleRequest) { in.Tags = []api.Tag{{Key: "a"}, {Key: "A"}} }))
	})
}

func TestSourceIdentity(t *testing.T) {
	each(t, func(w world) {
		u := w.user("u", allows("sts:*"))
		plain := w.role("plain", trusts("", "sts:AssumeRole"), "")
		first := w.role("first", trusts(`"StringLike":{"sts:SourceIdentity":"al*"}`, "sts:AssumeRole", "sts:SetSourceIdentity"), allows("sts:*"))
		second := w.role("second", trusts("", "sts:AssumeRole", "sts:SetSourceIdentity"), strings.Replace(allows("s3:*"), `"Resource":"*"`, `"Resource":"*","Condition":{"StringEquals":{"aws:SourceIdentity":"alice"}}`, 1))
		as := func(name string) func(*api.AssumeRoleRequest) {
			return func(in *api.AssumeRoleRequest) { in.SourceIdentity = &name }
		}
		cognitotest.Refused(u.World, denied+plain, u.sts.AssumeRole, assuming(plain, as("alice")))
		cognitotest.Refused(u.World, denied+first, u.sts.AssumeRole, assuming(first, as("bob")))
		s := w.by(u.assume(first, as("alice")).Credentials)
		cognitotest.Refused(s.World, "InvalidParameterValue: The source identity of the calling session can't be changed.", s.sts.AssumeRole, assuming(second, as("bob")))
		out := s.assume(second, nil)
		if *out.SourceIdentity != "alice" || !w.by(out.Credentials).may("s3:GetObject") {
			t.Errorf("%+v", out)
		}
	})
}

// TestGoneRoles: the sessions of a deleted role may do nothing, also when one of that name is made again.
func TestGoneRoles(t *testing.T) {
	each(t, func(w world) {
		u := w.user("u", allows("sts:*"))
		role := w.role("R", trusts("", "sts:AssumeRole"), allows("s3:*"))
		c := u.assume(role, nil).Credentials
		w.must(w.iam.DeleteRolePolicy(w.Ctx, &iamapi.DeleteRolePolicyRequest{RoleName: "R", PolicyName: "p"}))
		w.must(w.iam.DeleteRole(w.Ctx, &iamapi.DeleteRoleRequest{RoleName: "R"}))
		if w.by(c).may("s3:GetObject") {
			t.Error("a session outlived its role")
		}
		w.role("R", trusts("", "sts:AssumeRole"), allows("s3:*"))
		if w.by(c).may("s3:GetObject") {
			t.Error("a session took over a namesake's rights")
		}
		if !w.by(u.assume(role, nil).Credentials).may("s3:GetObject") {
			t.Error("the new role's session may nothing")
		}
	})
}

// TestRevocation is AWS's way: a policy that denies what was issued before.
func TestRevocation(t *testing.T) {
	each(t, func(w world) {
		u := w.user("u", allows("sts:*"))
		role := w.role("R", trusts("", "sts:AssumeRole"), allows("s3:*", "sts:*"))
		old := u.assume(role, nil).Credentials
		w.later(time.Minute)
		w.must(w.iam.PutRolePolicy(w.Ctx, &iamapi.PutRolePolicyRequest{RoleName: "R", PolicyName: "AWSRevokeOlderSessions", PolicyDocument: fmt.Sprintf(
			`{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Action":["*"],"Resource":["*"],"Condition":{"DateLessThan":{"aws:TokenIssueTime":%q}}}]}`, w.Clock.Now().UTC().Format(time.RFC3339))}))
		w.later(time.Minute)
		if w.by(old).may("s3:GetObject") || !w.by(u.assume(role, nil).Credentials).may("s3:GetObject") {
			t.Error("not revoked, or too much")
		}
		// Whoever scopes old credentials down does not make new ones of them.
		s := w.by(old)
		scoped := cognitotest.Call(s.World, s.sts.GetScopedCredentials, &api.GetScopedCredentialsRequest{DurationSeconds: new(int64(900))})
		if w.by(scoped.Credentials).may("s3:GetObject") {
			t.Error("scoped credentials escape the revocation")
		}
	})
}

// TestTokens: every token but the one of its key is refused.
func TestTokens(t *testing.T) {
	each(t, func(w world) {
		u := w.user("u", allows("sts:*"))
		role := w.role("R", trusts("", "sts:AssumeRole"), allows("s3:*"))
		c, other := u.assume(role, nil).Credentials, u.assume(role, nil).Credentials
		flip := func(s string, at int) string {
			b := []byte(s)
			if b[at] == 'A' {
				b[at] = 'B'
			} else {
				b[at] = 'A'
			}
			return string(b)
		}
		bad := map[string][2]string{
			"another key's token": {c.AccessKeyId, other.SessionToken}, "no token": {c.AccessKeyId, ""}, "cut": {c.AccessKeyId, c.SessionToken[:len(c.SessionToken)-8]},
			"longer": {c.AccessKeyId, c.SessionToken + "AAAA"}, "not base64": {c.AccessKeyId, "%%%"}, "much": {c.AccessKeyId, strings.Repeat("A", 1<<16)},
			"an unknown key": {"ASIAIOSFODNN7EXAMPLE", c.SessionToken}, "a line break": {c.AccessKeyId, c.SessionToken[:4] + "\n" + c.SessionToken[4:]},
		}
		for i := 0; i < len(c.SessionToken)-4; i += 7 {
			bad[fmt.Sprint("altered at ", i)] = [2]string{c.AccessKeyId, flip(c.SessionToken, i)}
		}
		for name, b := range bad {
			if _, err := w.STS.Lookup(w.Ctx, b[0], b[1]); !errors.Is(err, sigv4.ErrUnknownKey) {
				t.Errorf("%s: %v", name, err)
			}
		}
		w.who(c)
		w.later(time.Hour - time.Second)
		w.who(c)
		w.later(2 * time.Second)
		if _, err := w.STS.Lookup(w.Ctx, c.AccessKeyId, c.SessionToken); !errors.Is(err, sigv4.ErrTokenExpired) {
			t.Errorf("expired: %v", err)
		}
	})
}

// TestUnknownKeysOfDev: a key that was not issued here stands for the root, but may try roles.
func TestUnknownKeysOfDev(t *testing.T) {
	lenient(t, func(w world) {
		role := w.role("R", trusts(`"StringEquals":{"aws:PrincipalAccount":"`+account+`"}`, "sts:AssumeRole"), allows("s3:GetObject"))
		closed := w.role("closed", federated("cognito-identity.amazonaws.com", `"StringEquals":{"cognito-identity.amazonaws.com:aud":"x"}`, withWeb), "")
		c, err := w.STS.Lookup(w.Ctx, "test", "")
		w.must(err)
		if !c.Unchecked || !c.Principal.Root {
			t.Fatalf("%+v", c)
		}
		dev := w.as(c.Principal)
		if s := w.by(dev.assume(role, nil).Credentials); !s.may("s3:GetObject") || s.may("s3:PutObject") {
			t.Error("a role's session has its role's rights in dev, too")
		}
		if got := cognitotest.Refusal(dev.World, dev.sts.AssumeRole, assuming(closed, nil)); !strings.HasPrefix(got, "AccessDeniedException: ") {
			t.Error(got)
		}
	})
}
