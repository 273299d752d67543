package iam_test

import (
	"context"
	"net/netip"
	"net/url"
	"strings"
	"testing"
	"time"

	api "cognate/internal/api/iam"
	"cognate/internal/base/obs"
	"cognate/internal/core/iam"
	"cognate/internal/testkit/cognitotest"
)

const account = "000000000000"

// anybody trusts the account's own principals.
const anybody = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"` + account + `"},"Action":"sts:AssumeRole"}]}`

// allows is a policy that allows one action everywhere.
func allows(action string) string {
	return `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"` + action + `","Resource":"*"}]}`
}

// world is an installation and its IAM operations.
type world struct {
	*cognitotest.World
	ops iam.Ops
}

func each(t *testing.T, body func(w world)) {
	t.Helper()
	cognitotest.Each(t, func(w *cognitotest.World) { body(world{w, iam.Ops{Room: w.IAM}}) })
}

// do runs an operation without an output that must succeed.
func do[I any](w world, operation func(context.Context, *I) error, in *I) {
	w.T.Helper()
	if err := operation(w.Ctx, in); err != nil {
		w.T.Fatalf("%T: %v", in, err)
	}
}

// refused runs an operation that must be refused with this text.
func refused[I any](w world, want string, operation func(context.Context, *I) error, in *I) {
	w.T.Helper()
	cognitotest.Refused(w.World, want, func(ctx context.Context, in *I) (*struct{}, error) { return nil, operation(ctx, in) }, in)
}

func (w world) user(name string) *api.User {
	w.T.Helper()
	return cognitotest.Call(w.World, w.ops.CreateUser, &api.CreateUserRequest{UserName: name}).User
}

func (w world) role(name string) *api.Role {
	w.T.Helper()
	return cognitotest.Call(w.World, w.ops.CreateRole, &api.CreateRoleRequest{RoleName: name, AssumeRolePolicyDocument: anybody}).Role
}

func (w world) group(name string) *api.Group {
	w.T.Helper()
	return cognitotest.Call(w.World, w.ops.CreateGroup, &api.CreateGroupRequest{GroupName: name}).Group
}

// policy makes a managed policy and returns its ARN.
func (w world) policy(name, document string) string {
	w.T.Helper()
	return *cognitotest.Call(w.World, w.ops.CreatePolicy, &api.CreatePolicyRequest{PolicyName: name, PolicyDocument: document}).Policy.Arn
}

// key makes an access key of a user.
func (w world) key(user string) *api.AccessKey {
	w.T.Helper()
	return cognitotest.Call(w.World, w.ops.CreateAccessKey, &api.CreateAccessKeyRequest{UserName: &user}).AccessKey
}

// who is the principal of an access key.
func (w world) who(id string) obs.Principal {
	w.T.Helper()
	c, err := w.IAM.Credentials(w.Ctx, id, "")
	if err != nil {
		w.T.Fatal(err)
	}
	return c.Principal
}

// asks runs an authorization and returns the refusal, "" when it is allowed.
func (w world) asks(p obs.Principal, action string, resources ...string) string {
	w.T.Helper()
	err := w.IAM.Authorize(w.Ctx, p, &iam.Ask{Action: action, Resources: resources})
	if err == nil {
		return ""
	}
	return err.Error()
}

// plain is a document as it was before it was encoded.
func plain(t testing.TB, document string) string {
	t.Helper()
	if strings.Contains(document, "+") {
		t.Errorf("a blank became a plus: %s", document)
	}
	text, err := url.PathUnescape(document)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func address(text string) netip.Addr { return netip.MustParseAddr(text) }

// lenient is the room as dev has it.
func lenient(w world) *iam.Room {
	return cognitotest.New(w.T, w.DB, cognitotest.Options{Dev: true}).IAM
}

// eventually waits a little longer than nodes may.
func eventually(t testing.TB, done func() bool) {
	t.Helper()
	for range 30 {
		if done() {
			return
		}
		time.Sleep(50 * time.Millisecond)
	}
	t.Error("not within a second and a half")
}
