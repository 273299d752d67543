package sts_test

import (
	"context"
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"

	iamapi "cognate/internal/api/iam"
	api "cognate/internal/api/sts"
	"cognate/internal/base/obs"
	"cognate/internal/core/iam"
	"cognate/internal/core/sts"
	"cognate/internal/testkit/cognitotest"
)

const (
	account = "000000000000"
	bucket  = "arn:aws:s3:::b/k"
)

// world is an installation and its operations.
type world struct {
	*cognitotest.World
	iam iam.Ops
	sts sts.Ops
}

func each(t *testing.T, body func(w world)) {
	t.Helper()
	cognitotest.Each(t, func(w *cognitotest.World) { body(worldOf(w)) })
}

func worldOf(w *cognitotest.World) world {
	return world{w, iam.Ops{Room: w.IAM}, sts.Ops{Room: w.STS}}
}

// as is w called by a principal.
func (w world) as(p obs.Principal) world {
	other := *w.World
	other.Ctx = obs.With(context.Background(), &obs.Request{Principal: p, ClientIP: netip.MustParseAddr("192.0.2.1"), Region: "us-east-1"})
	return worldOf(&other)
}

// by is w called by whom credentials belong to.
func (w world) by(c *api.Credentials) world { w.T.Helper(); return w.as(w.who(c)) }

func (w world) who(c *api.Credentials) obs.Principal {
	w.T.Helper()
	got, err := w.STS.Lookup(w.Ctx, c.AccessKeyId, c.SessionToken)
	if err != nil {
		w.T.Fatal(err)
	}
	if got.Secret != c.SecretAccessKey || got.SessionToken != c.SessionToken || got.Unchecked {
		w.T.Fatalf("%+v", got)
	}
	return got.Principal
}

// user makes a user with an inline policy and returns w called by it.
func (w world) user(name, document string) world {
	w.T.Helper()
	cognitotest.Call(w.World, w.iam.CreateUser, &iamapi.CreateUserRequest{UserName: name})
	if document != "" {
		w.must(w.iam.PutUserPolicy(w.Ctx, &iamapi.PutUserPolicyRequest{UserName: name, PolicyName: "p", PolicyDocument: document}))
	}
	k := cognitotest.Call(w.World, w.iam.CreateAccessKey, &iamapi.CreateAccessKeyRequest{UserName: &name}).AccessKey
	c, err := w.STS.Lookup(w.Ctx, k.AccessKeyId, "")
	w.must(err)
	return w.as(c.Principal)
}

// role makes a role with an inline policy and returns its ARN.
func (w world) role(name, trust, document string) string {
	w.T.Helper()
	r := cognitotest.Call(w.World, w.iam.CreateRole, &iamapi.CreateRoleRequest{RoleName: name, AssumeRolePolicyDocument: trust}).Role
	if document != "" {
		w.must(w.iam.PutRolePolicy(w.Ctx, &iamapi.PutRolePolicyRequest{RoleName: name, PolicyName: "p", PolicyDocument: document}))
	}
	return r.Arn
}

func (w world) must(err error) {
	w.T.Helper()
	if err != nil {
		w.T.Fatal(err)
	}
}

// assume assumes a role, with what set changes.
func (w world) assume(role string, set func(*api.AssumeRoleRequest)) *api.AssumeRoleResponse {
	w.T.Helper()
	return cognitotest.Call(w.World, w.sts.AssumeRole, assuming(role, set))
}

func assuming(role string, set func(*api.AssumeRoleRequest)) *api.AssumeRoleRequest {
	in := &api.AssumeRoleRequest{RoleArn: role, RoleSessionName: "session"}
	if set != nil {
		set(in)
	}
	return in
}

// may reports whether the caller may do something.
func (w world) may(action string) bool {
	return w.ask(action, bucket) == nil
}

func (w world) ask(action, resource string) error {
	return w.IAM.Authorize(w.Ctx, obs.From(w.Ctx).Principal, &iam.Ask{Action: action, Resources: []string{resource}})
}

// trusts is a trust policy for the account with actions, and conditions where there are some.
func trusts(condition string, actions ...string) string {
	if condition != "" {
		condition = `,"Condition":{` + condition + `}`
	}
	return fmt.Sprintf(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":%q},"Action":["%s"]%s}]}`, account, strings.Join(actions, `","`), condition)
}

// allows is a policy that allows actions.
func allows(actions ...string) string {
	return `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["` + strings.Join(actions, `","`) + `"],"Resource":"*"}]}`
}

// later moves the clock.
func (w world) later(d time.Duration) { w.Clock.Advance(d) }
