package sts

import (
	"context"
	"testing"

	"cognate/internal/api/sts"
	"cognate/internal/base/obs"
)

func TestGetCallerIdentity(t *testing.T) {
	p := obs.Principal{Account: "123456789012", ARN: "arn:aws:iam::123456789012:user/a", UserID: "AIDA2"}
	ctx := obs.With(context.Background(), &obs.Request{Principal: p})
	out, err := Ops{}.GetCallerIdentity(ctx, &sts.GetCallerIdentityRequest{})
	if err != nil || *out.Account != p.Account || *out.Arn != p.ARN || *out.UserId != p.UserID {
		t.Errorf("%+v %v", out, err)
	}
	if out, err := (Ops{}).GetCallerIdentity(context.Background(), &sts.GetCallerIdentityRequest{}); err == nil {
		t.Errorf("nobody is %+v", out)
	}
}

func TestOpen(t *testing.T) {
	for _, op := range sts.Operations {
		if Open(op.Name) != (op.Name == "GetCallerIdentity") {
			t.Error(op.Name)
		}
	}
}
