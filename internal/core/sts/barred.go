package sts

import (
	"cognate/internal/api/sts"
	"cognate/internal/base/obs"
	"cognate/internal/core/iam"
	"cognate/internal/core/policy"
)

// Open reports whether an operation of STS is allowed to whoever signed the request, or judges by itself: roles are
// assumed by their trust policies, and a session of one's own takes no permission.
func Open(operation string) bool {
	switch operation {
	case "GetCallerIdentity", "GetSessionToken", "AssumeRole", "GetScopedCredentials":
		return true
	}
	return false
}

// Barred refuses what sessions that are no role's may not call, whatever policies say: IAM without a second factor, and
// all of STS but who they are.
func Barred(p obs.Principal, service, operation string) error {
	who, ok := p.Of.(*iam.Caller)
	if !ok || who.Session == nil || who.Kind == policy.AssumedRole {
		return nil
	}
	federated := who.Kind == policy.FederatedUser
	switch service {
	case "iam":
		if federated || who.Session.MFA.IsZero() {
			return invalidToken()
		}
	case "sts":
		if operation == "GetCallerIdentity" || operation == "GetScopedCredentials" || operation == "AssumeRole" && !federated {
			return nil
		}
		return sessionCaller(operation)
	}
	return nil
}

// About fills what an operation of STS is about.
func About(account string, in any, ask *iam.Ask) {
	if in, ok := in.(*sts.GetFederationTokenRequest); ok {
		ask.Resources = []string{federatedUser(account, in.Name)}
	}
}

func federatedUser(account, name string) string {
	return "arn:aws:sts::" + account + ":federated-user/" + name
}
