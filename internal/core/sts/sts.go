// Package sts is the room of AWS Security Token Service. It tells callers who
// they are.
package sts

import (
	"context"
	"errors"

	"cognate/internal/api/sts"
	"cognate/internal/base/obs"
	"cognate/internal/core/iam"
)

// Ops are the STS operations of this room; it needs nothing.
type Ops struct{}

// Open reports whether an operation is allowed to whoever signed the request,
// whatever policies say.
func Open(operation string) bool { return operation == "GetCallerIdentity" }

// About fills what an operation of STS is about.
func About(account, operation string, in any, ask *iam.Ask) {
	if in, ok := in.(*sts.GetFederationTokenRequest); ok {
		ask.Resources = []string{"arn:aws:sts::" + account + ":federated-user/" + in.Name}
	}
}

// GetCallerIdentity tells who signed the request.
func (Ops) GetCallerIdentity(ctx context.Context, _ *sts.GetCallerIdentityRequest) (*sts.GetCallerIdentityResponse, error) {
	p := obs.From(ctx).Principal
	if p.IsZero() {
		return nil, errors.New("sts: GetCallerIdentity without a caller")
	}
	return &sts.GetCallerIdentityResponse{Account: &p.Account, Arn: &p.ARN, UserId: &p.UserID}, nil
}
