package sts

import (
	"context"
	"time"

	"cognate/internal/api/sts"
	"cognate/internal/base/obs"
	"cognate/internal/core/iam"
	"cognate/internal/core/policy"
)

const (
	// usualSession is how long the sessions of users hold unless they say.
	usualSession = 12 * time.Hour
	// rootSession is the longest session of the root.
	rootSession = time.Hour
	// maxScopes is how many layers of policies GetScopedCredentials may put on top of one another.
	maxScopes = 3
)

// long is the user, or the root, that signed with a key of its own.
func (o Ops) long(ctx context.Context, operation string) (*iam.Caller, error) {
	who, ok := obs.From(ctx).Principal.Of.(*iam.Caller)
	switch {
	case !ok:
		return nil, errNobody
	case who.Session != nil:
		return nil, sessionCaller(operation)
	}
	return who, nil
}

// life is how long a session of a user or of the root holds.
func life(who *iam.Caller, seconds *int64) time.Duration {
	wanted := usualSession
	if seconds != nil {
		wanted = time.Duration(*seconds) * time.Second
	}
	if who.Kind == policy.Root {
		return min(wanted, rootSession)
	}
	return wanted
}

// GetSessionToken gives a user temporary credentials of its own, after a second factor where it proves one.
func (o Ops) GetSessionToken(ctx context.Context, in *sts.GetSessionTokenRequest) (*sts.GetSessionTokenResponse, error) {
	who, err := o.long(ctx, "GetSessionToken")
	if err != nil {
		return nil, err
	}
	s := &iam.Session{Kind: who.Kind, Of: who.User, ID: who.ID}
	if in.SerialNumber != nil || in.TokenCode != nil {
		if err := o.proven(ctx, who, in.SerialNumber, in.TokenCode); err != nil {
			return nil, err
		}
		s.MFA = o.d.Now()
	}
	c, err := o.issue(ctx, s, life(who, in.DurationSeconds), in.MinimumSessionTokenSize)
	if err != nil {
		return nil, err
	}
	out := &sts.GetSessionTokenResponse{Credentials: c.shape()}
	out.SessionTokenSize, out.SessionTokenUtilization = c.sizes()
	return out, nil
}

// GetFederationToken gives a user credentials for somebody else, with the rights that the session policies leave.
func (o Ops) GetFederationToken(ctx context.Context, in *sts.GetFederationTokenRequest) (*sts.GetFederationTokenResponse, error) {
	who, err := o.long(ctx, "GetFederationToken")
	if err != nil {
		return nil, err
	}
	layer, err := o.layer(ctx, in.Policy, in.PolicyArns)
	if err != nil {
		return nil, err
	}
	tags, err := tagsOf(in.Tags)
	if err != nil {
		return nil, err
	}
	size, err := packed(layer, tags)
	if err != nil {
		return nil, err
	}
	// Without a session policy the session has no rights, whatever is put on it later.
	s := &iam.Session{Kind: policy.FederatedUser, Of: who.User, ID: who.ID, Name: in.Name, Tags: tags, Layers: []iam.Layer{{}}}
	if layer != nil {
		s.Layers = []iam.Layer{*layer}
	}
	if len(tags) > 0 {
		ask := &iam.Ask{Action: "sts:TagSession", Resources: []string{federatedUser(o.d.Account, in.Name)}}
		tagKeys(&ask.Keys, tags, nil)
		if err := o.d.IAM.Authorize(ctx, obs.From(ctx).Principal, ask); err != nil {
			return nil, err
		}
	}
	got, err := o.assumed(ctx, s, life(who, in.DurationSeconds), in.MinimumSessionTokenSize)
	if err != nil {
		return nil, err
	}
	out := &sts.GetFederationTokenResponse{
		Credentials: got.shape(), PackedPolicySize: size,
		FederatedUser: &sts.FederatedUser{Arn: got.Principal.ARN, FederatedUserId: got.Principal.UserID},
	}
	out.SessionTokenSize, out.SessionTokenUtilization = got.sizes()
	return out, nil
}

// GetScopedCredentials gives a session credentials with less rights or less time. Who it is stays the same.
func (o Ops) GetScopedCredentials(ctx context.Context, in *sts.GetScopedCredentialsRequest) (*sts.GetScopedCredentialsResponse, error) {
	p := obs.From(ctx).Principal
	who, ok := p.Of.(*iam.Caller)
	switch {
	case !ok:
		return nil, errNobody
	case who.Session == nil:
		return nil, sts.NewInvalidSubjectCredentials("Only temporary credentials can be scoped down.")
	case in.Policy == nil && in.DurationSeconds == nil:
		return nil, validation("At least one of Policy and DurationSeconds is needed.")
	}
	s := *who.Session
	if in.Policy != nil {
		layer, err := o.layer(ctx, in.Policy, nil)
		if err != nil {
			return nil, err
		}
		if _, err := packed(layer, nil); err != nil {
			return nil, err
		}
		if s.Scoped >= maxScopes {
			return nil, sts.NewPackedPolicyTooLarge("These credentials were scoped down %d times already.", maxScopes)
		}
		s.Layers = append(s.Layers[:len(s.Layers):len(s.Layers)], *layer)
		s.Scoped++
	}
	left := s.Expires.Sub(o.d.Now().Truncate(time.Second))
	life := left
	if in.DurationSeconds != nil {
		if life = time.Duration(*in.DurationSeconds) * time.Second; life > left {
			return nil, sts.NewInsufficientSessionLifetime("The session ends in %d seconds.", int64(left/time.Second))
		}
	}
	c, err := o.issue(ctx, &s, life, in.MinimumSessionTokenSize)
	if err != nil {
		return nil, err
	}
	out := &sts.GetScopedCredentialsResponse{Credentials: c.shape(), SourceIdentity: text(s.SourceIdentity), ScopedPoliciesCount: new(int64(s.Scoped))}
	out.SessionInfo = &sts.ScopedSession{ScopedSessionId: p.UserID, Arn: p.ARN}
	out.SessionTokenSize, out.SessionTokenUtilization = c.sizes()
	return out, nil
}
