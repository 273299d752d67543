package server

import (
	"context"
	"errors"
	"reflect"
	"strings"
	"testing"

	"cognate/internal/api/cognitoidp"
	iamapi "cognate/internal/api/iam"
	kmsapi "cognate/internal/api/kms"
	"cognate/internal/api/rt"
	stsapi "cognate/internal/api/sts"
	"cognate/internal/base/obs"
	"cognate/internal/core/iam"
	"cognate/internal/wire"
)

// powerless makes a user without rights and returns it with what authorizes requests.
func powerless(t testing.TB, a *app) (callers, obs.Principal) {
	t.Helper()
	names, err := a.settings.Names()
	if err != nil {
		t.Fatal(err)
	}
	ops := iam.Ops{Room: a.IAM}
	if _, err := ops.CreateUser(context.Background(), &iamapi.CreateUserRequest{UserName: "nobody"}); err != nil {
		t.Fatal(err)
	}
	key, err := ops.CreateAccessKey(context.Background(), &iamapi.CreateAccessKeyRequest{UserName: new("nobody")})
	if err != nil {
		t.Fatal(err)
	}
	c, err := a.IAM.Credentials(context.Background(), key.AccessKey.AccessKeyId, "")
	if err != nil {
		t.Fatal(err)
	}
	return newCallers(a.settings, names, a.Rooms), c.Principal
}

// TestEveryOperationIsAuthorized: whoever has no policies may call nothing of any service, but what is open to all or
// judges by itself.
func TestEveryOperationIsAuthorized(t *testing.T) {
	a, _ := started(t, devSettings())
	c, p := powerless(t, a)
	open := map[string]bool{"sts:GetCallerIdentity": true, "sts:GetSessionToken": true, "sts:AssumeRole": true, "sts:GetScopedCredentials": true}
	n := denied(t, c, p, cognitoidp.ServiceName, cognitoidp.Operations, open) + denied(t, c, p, iamapi.ServiceName, iamapi.Operations, open) +
		denied(t, c, p, stsapi.ServiceName, stsapi.Operations, open) + denied(t, c, p, kmsapi.ServiceName, kmsapi.Operations, open)
	if n < 250 {
		t.Errorf("only %d operations were tried", n)
	}
}

func denied[S any](t *testing.T, c callers, p obs.Principal, service string, table []rt.Operation[S], open map[string]bool) (n int) {
	t.Helper()
	methods := reflect.TypeFor[S]()
	for _, op := range table {
		if op.Unsigned {
			continue
		}
		n++
		method, _ := methods.MethodByName(op.Name)
		in := reflect.New(method.Type.In(1).Elem())
		for _, member := range []string{"UserPoolId", "ResourceArn", "KeyId", "RoleName", "PolicyArn"} {
			if f := in.Elem().FieldByName(member); f.IsValid() && f.Kind() == reflect.String {
				f.SetString("us-east-1_aaaaaaaaa")
			}
		}
		action := wire.Action{Service: service, Operation: op.Name, Input: in.Interface()}
		if op.Resource != nil {
			action.Resource = op.Resource(in.Interface())
		}
		req := &obs.Request{Principal: p, Region: "us-east-1"}
		err := c.Authorize(obs.With(context.Background(), req), p, action)
		name := service + ":" + op.Name
		var refusal *rt.Common
		switch {
		case open[name] && err != nil:
			t.Errorf("%s is open to everybody: %v", name, err)
		case open[name]:
		case !errors.As(err, &refusal) || refusal.Code != "AccessDeniedException":
			t.Errorf("%s: %v", name, err)
		case !strings.Contains(refusal.Message, "is not authorized to perform: "+name) || !strings.HasPrefix(req.Decision, "implicitDeny"):
			t.Errorf("%s: %q, decided %q", name, refusal.Message, req.Decision)
		case service == cognitoidp.ServiceName && action.Resource != "" && !unpooled[op.Name] && !strings.Contains(refusal.Message, "on resource: "):
			t.Errorf("%s is asked for without its pool: %s", name, refusal.Message)
		}
	}
	return n
}

// BenchmarkAuthorize is what a signed request of a user costs beside its signature: five policies, the last of which
// allows it.
func BenchmarkAuthorize(b *testing.B) {
	a, err := build(b.Context(), devSettings(), obs.Discard())
	if err != nil {
		b.Fatal(err)
	}
	defer a.close()
	c, p := powerless(b, a)
	ops := iam.Ops{Room: a.IAM}
	for _, name := range []string{"AmazonS3ReadOnlyAccess", "AmazonDynamoDBReadOnlyAccess", "IAMReadOnlyAccess", "AmazonESCognitoAccess", "AmazonCognitoPowerUser"} {
		if err := ops.AttachUserPolicy(context.Background(), &iamapi.AttachUserPolicyRequest{UserName: "nobody", PolicyArn: "arn:aws:iam::aws:policy/" + name}); err != nil {
			b.Fatal(err)
		}
	}
	action := wire.Action{
		Service: cognitoidp.ServiceName, Operation: "AdminGetUser", Resource: "us-east-1_aaaaaaaaa",
		Input: &cognitoidp.AdminGetUserRequest{UserPoolId: "us-east-1_aaaaaaaaa"},
	}
	b.ReportAllocs()
	for b.Loop() {
		ctx := obs.With(context.Background(), &obs.Request{Principal: p, Region: "us-east-1", UserAgent: "aws"})
		if err := c.Authorize(ctx, p, action); err != nil {
			b.Fatal(err)
		}
	}
}

// TestNamed: what operations of services beside the user pools are about.
func TestNamed(t *testing.T) {
	c := callers{settings: devSettings()}
	account := c.settings.Account
	ctx := obs.With(context.Background(), &obs.Request{Region: "eu-west-1"})
	type in struct{ IdentityPoolId, IdentityId, DatasetName, PolicyStoreId, ResourceArn string }
	const pool, identity = "eu-west-1:p", "eu-west-1:i"
	for _, one := range []struct {
		service string
		in      in
		want    string
	}{
		{"cognito-identity", in{IdentityPoolId: pool}, "arn:aws:cognito-identity:eu-west-1:" + account + ":identitypool/" + pool},
		{"cognito-identity", in{IdentityId: identity}, ""},
		{"cognito-sync", in{IdentityPoolId: pool, IdentityId: identity, DatasetName: "d"}, "arn:aws:cognito-sync:eu-west-1:" + account + ":identitypool/" + pool + "/identity/" + identity + "/dataset/d"},
		{"cognito-sync", in{IdentityPoolId: pool, IdentityId: identity}, "arn:aws:cognito-sync:eu-west-1:" + account + ":identitypool/" + pool + "/identity/" + identity},
		{"cognito-sync", in{IdentityPoolId: pool}, "arn:aws:cognito-sync:eu-west-1:" + account + ":identitypool/" + pool},
		{"verifiedpermissions", in{PolicyStoreId: "s"}, "arn:aws:verifiedpermissions::" + account + ":policy-store/s"},
		{"cognito-identity", in{ResourceArn: "arn:aws:x"}, "arn:aws:x"},
	} {
		if got := c.named(ctx, wire.Action{Service: one.service, Input: &one.in}); got != one.want {
			t.Errorf("%s %+v: %s", one.service, one.in, got)
		}
	}
}
