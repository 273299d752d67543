package sts

import (
	"context"
	"errors"
	"time"

	"cognate/internal/base/obs"
	"cognate/internal/core/iam"
	"cognate/internal/core/policy"
)

// usualLife is how long the credentials of a role hold unless the caller says.
const usualLife = time.Hour

// Federation is what somebody whom an identity provider vouches for wants: to act in a role. Whoever fills it has verified
// the provider's word.
type Federation struct {
	Action   string // sts:AssumeRoleWithWebIdentity or sts:AssumeRoleWithSAML
	Provider string // its ARN, or the name of a built-in one
	// Keys are the condition keys that the word gives, such as <issuer>:sub. Trust policies see all of them; the session
	// keeps those that Kept names.
	Keys map[string][]string
	Kept []string

	Role        string // ARN
	SessionName string
	Life        time.Duration // usualLife when 0
	Layer       *iam.Layer    // session policies, nil for none
	Tags        []iam.Tag
	Transitive  []string

	SourceIdentity string
	minimum        *int64 // characters of the token
}

// Assumed is the outcome: who the session is, and its credentials.
type Assumed struct {
	Principal obs.Principal
	*Credentials
}

// The errors of Federate.
var (
	// ErrNotTrusted says that the role does not exist or does not trust the provider's word.
	ErrNotTrusted = errors.New("sts: role not trusted")
	// ErrTooLong says that the role's sessions are shorter.
	ErrTooLong = errors.New("sts: longer than the role's sessions")
)

// Federate gives a role's credentials to somebody whom an identity provider vouches for.
func (r *Room) Federate(ctx context.Context, f *Federation) (*Assumed, error) {
	a := &iam.Assumption{Role: f.Role, Action: f.Action, Provider: f.Provider, Keys: policy.NewContext(f.Keys)}
	a.Keys.Set("sts:RoleSessionName", f.SessionName)
	tagKeys(&a.Keys, f.Tags, f.Transitive)
	if len(f.Tags) > 0 {
		a.Further = append(a.Further, "sts:TagSession")
	}
	if f.SourceIdentity != "" {
		a.Keys.Set("sts:SourceIdentity", f.SourceIdentity)
		a.Further = append(a.Further, "sts:SetSourceIdentity")
	}
	role, err := r.d.IAM.Assume(ctx, a)
	if errors.Is(err, iam.ErrDenied) {
		return nil, ErrNotTrusted
	}
	if err != nil {
		return nil, err
	}
	s := &iam.Session{
		Kind: policy.AssumedRole, Of: role.Name, ID: role.ID, Name: f.SessionName,
		Tags: f.Tags, Transitive: f.Transitive, SourceIdentity: f.SourceIdentity, Context: map[string][]string{},
	}
	if f.Layer != nil {
		s.Layers = []iam.Layer{*f.Layer}
	}
	for _, key := range f.Kept {
		if values, ok := f.Keys[key]; ok {
			s.Context[key] = values
		}
	}
	s.Context["aws:FederatedProvider"] = []string{f.Provider}
	life := f.Life
	if life == 0 {
		life = usualLife
	}
	if life > role.MaxSession {
		return nil, ErrTooLong
	}
	return r.assumed(ctx, s, life, f.minimum)
}

// assumed issues the credentials of a role's session.
func (r *Room) assumed(ctx context.Context, s *iam.Session, life time.Duration, minimum *int64) (*Assumed, error) {
	c, err := r.issue(ctx, s, life, minimum)
	if err != nil {
		return nil, err
	}
	p, err := r.d.IAM.Session(ctx, c.AccessKeyID, s)
	return &Assumed{Principal: p, Credentials: c}, err
}
