package sts_test

import (
	"encoding/base32"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	iamapi "cognate/internal/api/iam"
	api "cognate/internal/api/sts"
	"cognate/internal/base/obs"
	"cognate/internal/base/otp"
	"cognate/internal/base/sigv4"
	"cognate/internal/core/iam"
	"cognate/internal/core/sts"
	"cognate/internal/testkit/cognitotest"
)

// TestSessionPolicies: a session has what both its role and its session policies allow.
func TestSessionPolicies(t *testing.T) {
	each(t, func(w world) {
		u := w.user("u", allows("sts:*"))
		role := w.role("R", trusts("", "sts:AssumeRole"), allows("s3:GetObject", "s3:PutObject"))
		read := new("arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess")
		for name, c := range map[string]struct {
			set              func(*api.AssumeRoleRequest)
			get, put, delete bool
		}{
			"none":      {nil, true, true, false},
			"inline":    {func(in *api.AssumeRoleRequest) { in.Policy = new(allows("s3:PutObject", "s3:DeleteObject")) }, false, true, false},
			"a managed": {func(in *api.AssumeRoleRequest) { in.PolicyArns = []api.PolicyDescriptorType{{Arn: read}} }, true, false, false},
			"both": {func(in *api.AssumeRoleRequest) {
				in.Policy, in.PolicyArns = new(allows("s3:PutObject")), []api.PolicyDescriptorType{{Arn: read}}
			}, true, true, false},
		} {
			out := u.assume(role, c.set)
			s := w.by(out.Credentials)
			if s.may("s3:GetObject") != c.get || s.may("s3:PutObject") != c.put || s.may("s3:DeleteObject") != c.delete {
				t.Errorf("%s: wrong rights", name)
			}
			if (out.PackedPolicySize != nil) != (c.set != nil) {
				t.Errorf("%s: packed size %v", name, out.PackedPolicySize)
			}
		}
		for want, set := range map[string]func(*api.AssumeRoleRequest){
			"MalformedPolicyDocument: Syntax errors in policy.": func(in *api.AssumeRoleRequest) { in.Policy = new("{") },
			"ValidationError: 1 validation error detected: Value at 'policy' failed to satisfy constraint: Member must have length less than or equal to 2048": func(in *api.AssumeRoleRequest) {
				in.Policy = new(allows("s3:" + strings.Repeat("a", 2048)))
			},
			"MalformedPolicyDocument: Policy arn:aws:iam::aws:policy/None does not exist or cannot be a session policy.": func(in *api.AssumeRoleRequest) {
				in.PolicyArns = []api.PolicyDescriptorType{{Arn: new("arn:aws:iam::aws:policy/None")}}
			},
		} {
			cognitotest.Refused(u.World, want, u.sts.AssumeRole, assuming(role, set))
		}
		s := w.by(u.assume(role, func(in *api.AssumeRoleRequest) { in.Policy = new(allows("s3:GetObject")) }).Credentials)
		err := s.IAM.Authorize(s.Ctx, obs.From(s.Ctx).Principal, &iam.Ask{Action: "s3:PutObject", Resources: []string{bucket}})
		if err == nil || !strings.HasSuffix(err.Error(), "because no session policy allows the s3:PutObject action") {
			t.Errorf("%v", err)
		}
		decoded := cognitotest.Call(w.World, w.sts.DecodeAuthorizationMessage, &api.DecodeAuthorizationMessageRequest{EncodedMessage: obs.From(s.Ctx).Encoded})
		var message struct {
			Allowed bool
			Context struct{ Action, Resource string }
		}
		if err := json.Unmarshal([]byte(*decoded.DecodedMessage), &message); err != nil || message.Allowed || message.Context.Action != "s3:PutObject" || message.Context.Resource != bucket {
			t.Errorf("%s %v", *decoded.DecodedMessage, err)
		}
		cognitotest.Refused(w.World, "InvalidAuthorizationMessageException: Message is not valid", w.sts.DecodeAuthorizationMessage,
			&api.DecodeAuthorizationMessageRequest{EncodedMessage: obs.From(s.Ctx).Encoded + "AAAA"})
	})
}

func TestGetSessionToken(t *testing.T) {
	each(t, func(w world) {
		u := w.user("u", allows("s3:GetObject", "iam:*", "sts:*"))
		c := cognitotest.Call(u.World, u.sts.GetSessionToken, &api.GetSessionTokenRequest{}).Credentials
		if c.Expiration.Sub(w.Clock.Now()).Round(time.Minute) != 12*time.Hour {
			t.Errorf("%v", c.Expiration)
		}
		s := w.by(c)
		p := obs.From(s.Ctx).Principal
		if p.ARN != "arn:aws:iam::"+account+":user/u" || !s.may("s3:GetObject") || s.may("s3:PutObject") {
			t.Errorf("%+v", p)
		}
		cognitotest.Refused(s.World, "AccessDeniedException: Cannot call GetSessionToken with session credentials", s.sts.GetSessionToken, &api.GetSessionTokenRequest{})
		cognitotest.Refused(s.World, "AccessDeniedException: Cannot call GetFederationToken with session credentials", s.sts.GetFederationToken, &api.GetFederationTokenRequest{Name: "bob"})
		for operation, want := range map[string]string{
			"iam:ListUsers": "UnrecognizedClientException: The security token included in the request is invalid.", "sts:GetCallerIdentity": "", "sts:AssumeRole": "",
			"sts:GetAccessKeyInfo": "AccessDeniedException: Cannot call GetAccessKeyInfo with session credentials", "cognito-idp:ListUserPools": "",
		} {
			service, name, _ := strings.Cut(operation, ":")
			if got := said(sts.Barred(p, service, name)); got != want {
				t.Errorf("%s: %q, want %q", operation, got, want)
			}
		}
		root := w.as(rootOf(account))
		if c := cognitotest.Call(root.World, root.sts.GetSessionToken, &api.GetSessionTokenRequest{DurationSeconds: new(int64(43200))}).Credentials; c.Expiration.Sub(w.Clock.Now()).Round(time.Minute) != time.Hour || !w.who(c).Root {
			t.Errorf("the root's session: %v", c.Expiration)
		}
		// A user who is gone takes its sessions along.
		w.must(w.iam.DeleteUserPolicy(w.Ctx, &iamapi.DeleteUserPolicyRequest{UserName: "u", PolicyName: "p"}))
		keys := cognitotest.Call(w.World, w.iam.ListAccessKeys, &iamapi.ListAccessKeysRequest{UserName: new("u")})
		w.must(w.iam.DeleteAccessKey(w.Ctx, &iamapi.DeleteAccessKeyRequest{UserName: new("u"), AccessKeyId: *keys.AccessKeyMetadata[0].AccessKeyId}))
		w.must(w.iam.DeleteUser(w.Ctx, &iamapi.DeleteUserRequest{UserName: "u"}))
		if _, err := w.STS.Lookup(w.Ctx, c.AccessKeyId, c.SessionToken); !errors.Is(err, sigv4.ErrUnknownKey) {
			t.Errorf("of a user who is gone: %v", err)
		}
		w.user("u", allows("s3:GetObject"))
		if _, err := w.STS.Lookup(w.Ctx, c.AccessKeyId, c.SessionToken); !errors.Is(err, sigv4.ErrUnknownKey) {
			t.Errorf("of a namesake: %v", err)
		}
	})
}

func said(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

func TestGetFederationToken(t *testing.T) {
	each(t, func(w world) {
		u := w.user("u", allows("s3:GetObject", "s3:PutObject", "sts:*"))
		get := func(set func(*api.GetFederationTokenRequest)) *api.GetFederationTokenResponse {
			in := &api.GetFederationTokenRequest{Name: "bob"}
			if set != nil {
				set(in)
			}
			return cognitotest.Call(u.World, u.sts.GetFederationToken, in)
		}
		out := get(func(in *api.GetFederationTokenRequest) { in.Policy = new(allows("s3:GetObject", "s3:DeleteObject")) })
		if f := out.FederatedUser; f.Arn != "arn:aws:sts::"+account+":federated-user/bob" || f.FederatedUserId != account+":bob" {
			t.Errorf("%+v", f)
		}
		s := w.by(out.Credentials)
		if !s.may("s3:GetObject") || s.may("s3:PutObject") || s.may("s3:DeleteObject") {
			t.Error("a federated user has what the user and the session policy allow")
		}
		none := w.by(get(nil).Credentials)
		if none.may("s3:GetObject") {
			t.Error("without a session policy there are no rights")
		}
		wider := cognitotest.Call(none.World, none.sts.GetScopedCredentials, &api.GetScopedCredentialsRequest{Policy: new(allows("*"))})
		if w.by(wider.Credentials).may("s3:GetObject") {
			t.Error("scoping down gave rights")
		}
		for operation, want := range map[string]bool{"iam:GetUser": false, "sts:GetCallerIdentity": true, "sts:AssumeRole": false} {
			service, name, _ := strings.Cut(operation, ":")
			if (sts.Barred(obs.From(s.Ctx).Principal, service, name) == nil) != want {
				t.Error(operation)
			}
		}
		cognitotest.Refused(s.World, "AccessDeniedException: Cannot call AssumeRole with session credentials", s.sts.AssumeRole, assuming("arn:aws:iam::"+account+":role/x", nil))
		root := w.as(rootOf(account))
		c := cognitotest.Call(root.World, root.sts.GetFederationToken, &api.GetFederationTokenRequest{Name: "eve", Policy: new(allows("s3:GetObject"))}).Credentials
		if r := w.by(c); !r.may("s3:GetObject") || r.may("s3:PutObject") || obs.From(r.Ctx).Principal.Root {
			t.Error("the root's federated user has what the session policy allows")
		}
	})
}

func TestScopedCredentials(t *testing.T) {
	each(t, func(w world) {
		u := w.user("u", allows("sts:*"))
		role := w.role("R", trusts("", "sts:AssumeRole"), allows("s3:*"))
		s := w.by(u.assume(role, nil).Credentials)
		scope := func(from world, in *api.GetScopedCredentialsRequest) world {
			t.Helper()
			out := cognitotest.Call(from.World, from.sts.GetScopedCredentials, in)
			if out.SessionInfo.Arn != obs.From(s.Ctx).Principal.ARN {
				t.Errorf("%+v", out.SessionInfo)
			}
			return w.by(out.Credentials)
		}
		one := scope(s, &api.GetScopedCredentialsRequest{Policy: new(allows("s3:GetObject", "s3:PutObject"))})
		two := scope(one, &api.GetScopedCredentialsRequest{Policy: new(allows("s3:*"))})
		if !two.may("s3:GetObject") || two.may("s3:DeleteObject") {
			t.Error("a later layer took an earlier one back")
		}
		three := scope(two, &api.GetScopedCredentialsRequest{Policy: new(allows("s3:GetObject"))})
		cognitotest.Refused(three.World, "PackedPolicyTooLarge: These credentials were scoped down 3 times already.", three.sts.GetScopedCredentials,
			&api.GetScopedCredentialsRequest{Policy: new(allows("s3:GetObject"))})
		cognitotest.Refused(one.World, "InsufficientSessionLifetime: The session ends in 3600 seconds.", one.sts.GetScopedCredentials,
			&api.GetScopedCredentialsRequest{DurationSeconds: new(int64(3601))})
		cognitotest.Refused(u.World, "InvalidSubjectCredentials: Only temporary credentials can be scoped down.", u.sts.GetScopedCredentials,
			&api.GetScopedCredentialsRequest{Policy: new(allows("s3:GetObject"))})
		cognitotest.Refused(one.World, "ValidationError: At least one of Policy and DurationSeconds is needed.", one.sts.GetScopedCredentials, &api.GetScopedCredentialsRequest{})
		out := cognitotest.Call(s.World, s.sts.GetScopedCredentials, &api.GetScopedCredentialsRequest{DurationSeconds: new(int64(60)), MinimumSessionTokenSize: new(int64(3000))})
		if len(out.Credentials.SessionToken) < 3000 || *out.SessionTokenSize != int64(len(out.Credentials.SessionToken)) || out.Credentials.Expiration.Sub(w.Clock.Now()) > time.Minute {
			t.Errorf("%d %v", *out.SessionTokenSize, out.Credentials.Expiration)
		}
		w.by(out.Credentials)
	})
}

// TestSecondFactor: policies can ask for one, and a code counts once.
func TestSecondFactor(t *testing.T) {
	each(t, func(w world) {
		u := w.user("u", allows("sts:*"))
		role := w.role("R", trusts(`"Bool":{"aws:MultiFactorAuthPresent":"true"},"NumericLessThan":{"aws:MultiFactorAuthAge":"300"}`, "sts:AssumeRole"), allows("s3:*"))
		device := cognitotest.Call(w.World, w.iam.CreateVirtualMFADevice, &iamapi.CreateVirtualMFADeviceRequest{VirtualMFADeviceName: "phone"}).VirtualMFADevice
		seed, err := base32.StdEncoding.WithPadding(base32.NoPadding).DecodeString(string(device.Base32StringSeed))
		w.must(err)
		code := func() *string {
			w.later(30 * time.Second)
			return new(otp.Code(seed, otp.Step(w.Clock.Now().Unix()), 6))
		}
		first := *code()
		w.must(w.iam.EnableMFADevice(w.Ctx, &iamapi.EnableMFADeviceRequest{UserName: "u", SerialNumber: device.SerialNumber, AuthenticationCode1: first, AuthenticationCode2: *code()}))
		with := func(code *string) func(*api.AssumeRoleRequest) {
			return func(in *api.AssumeRoleRequest) { in.SerialNumber, in.TokenCode = &device.SerialNumber, code }
		}
		const wrong = "AccessDeniedException: MultiFactorAuthentication failed with invalid MFA one time pass code."
		cognitotest.Refused(u.World, denied+role, u.sts.AssumeRole, assuming(role, nil))
		good := code()
		u.assume(role, with(good))
		cognitotest.Refused(u.World, wrong, u.sts.AssumeRole, assuming(role, with(good))) // once
		cognitotest.Refused(u.World, wrong, u.sts.AssumeRole, assuming(role, with(new("000000"))))
		v := w.user("v", allows("sts:*"))
		cognitotest.Refused(v.World, wrong, v.sts.AssumeRole, assuming(role, with(code()))) // another's device
		s := w.by(cognitotest.Call(u.World, u.sts.GetSessionToken, &api.GetSessionTokenRequest{SerialNumber: &device.SerialNumber, TokenCode: code()}).Credentials)
		s.assume(role, nil)
		if sts.Barred(obs.From(s.Ctx).Principal, "iam", "ListUsers") != nil {
			t.Error("with a second factor IAM is open")
		}
		w.later(10 * time.Minute)
		cognitotest.Refused(s.World, denied+role, s.sts.AssumeRole, assuming(role, nil)) // too long ago
		// Guesses are counted before they are compared.
		for range 20 {
			cognitotest.Refused(u.World, wrong, u.sts.AssumeRole, assuming(role, with(new("000000"))))
		}
		cognitotest.Refused(u.World, wrong, u.sts.AssumeRole, assuming(role, with(code())))
		w.later(15 * time.Minute)
		u.assume(role, with(code()))
	})
}

func TestAccessKeyInfo(t *testing.T) {
	w := worldOf(cognitotest.Quick(t))
	u := w.user("u", allows("sts:*"))
	for _, id := range []string{obs.From(u.Ctx).Principal.AccessKeyID, cognitotest.Call(u.World, u.sts.GetSessionToken, &api.GetSessionTokenRequest{}).Credentials.AccessKeyId} {
		if out := cognitotest.Call(u.World, u.sts.GetAccessKeyInfo, &api.GetAccessKeyInfoRequest{AccessKeyId: id}); *out.Account != account {
			t.Errorf("%s: %s", id, *out.Account)
		}
	}
	cognitotest.Refused(u.World, "ValidationError: Access key id NOTAKEYNOTAKEYNOTAKEY has not the form of one.", u.sts.GetAccessKeyInfo, &api.GetAccessKeyInfoRequest{AccessKeyId: "NOTAKEYNOTAKEYNOTAKEY"})
}
