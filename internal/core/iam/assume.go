package iam

import (
	"context"
	"errors"
	"strings"
	"time"

	"cognate/internal/base/db"
	"cognate/internal/base/obs"
	"cognate/internal/core/policy"
)

// Assumption is somebody's wish to act in a role.
type Assumption struct {
	Role   string // its ARN
	Action string // sts:AssumeRole and its like
	// Caller signed the request; nil when a token or an assertion speaks, and Provider is who vouches for it: the ARN of an
	// identity provider or the name of a built-in one.
	Caller   *obs.Principal
	Provider string
	// Keys are the condition keys that the request brings.
	Keys policy.Context
	// Further are the actions that the trust policy has to allow besides, such as sts:TagSession.
	Further []string
}

// Role is what a session of a role has to know of it.
type Role struct {
	Name, ID   string
	ARN        string
	MaxSession time.Duration
}

// ErrDenied says that a role does not exist or does not trust who asks, which nobody is to tell apart.
var ErrDenied = errors.New("iam: role not assumed")

// Assume decides whether the wish is granted: the role's trust policy has to allow it, and for callers of this account
// their own policies too, unless the trust policy names them. The error wraps ErrDenied.
func (r *Room) Assume(ctx context.Context, a *Assumption) (*Role, error) {
	own, err := r.roleAt(ctx, a.Role)
	if err != nil {
		return nil, err
	}
	d := &dossier{principal: policy.Principal{Kind: policy.Federated, ARN: a.Provider}}
	if a.Caller != nil {
		if d, err = r.dossier(ctx, *a.Caller); err != nil {
			return nil, err
		}
	} else {
		r.requestKeys(ctx, &d.keys)
	}
	d.keys.Merge(&a.Keys)
	for _, t := range own.tags {
		d.keys.Set("aws:ResourceTag/"+t.Key, t.Value)
		d.keys.Set("iam:ResourceTag/"+t.Key, t.Value)
	}
	sets := policy.Sets{Resource: []policy.Source{{Policy: own.trust, ID: "trust policy of " + own.name}}, Alone: true}
	for _, action := range append([]string{a.Action}, a.Further...) {
		if err := r.decide(ctx, d, action, a.Role, sets); err != nil {
			return nil, errors.Join(ErrDenied, err)
		}
	}
	return &Role{Name: own.name, ID: own.id, ARN: own.arn, MaxSession: own.maxSession}, nil
}

// roleAt finds a role by its ARN.
func (r *Room) roleAt(ctx context.Context, arn string) (*rights, error) {
	name := r.nameIn(arn, kindRole)
	own, err := r.rightsOf(ctx, kindRole, name, "")
	if errors.Is(err, errNoEntity) || name == "" || err == nil && own.arn != arn {
		obs.Cause(ctx, "there is no role %.200s", arn)
		return nil, ErrDenied
	}
	return own, err
}

// Session lets a temporary credential in: the principal that it stands for. errNoEntity is never answered; a user who is
// gone is sigv4.ErrUnknownKey, a role that is gone a session that may do nothing.
func (r *Room) Session(ctx context.Context, accessKeyID string, s *Session) (obs.Principal, error) {
	switch {
	case s.Kind == policy.User:
		return r.userPrincipal(ctx, accessKeyID, key(s.Of), s.ID, s)
	case s.Kind == policy.FederatedUser && s.Of != "":
		if _, err := r.userPrincipal(ctx, accessKeyID, key(s.Of), s.ID, s); err != nil {
			return obs.Principal{}, err
		}
	}
	return r.principal(accessKeyID, s), nil
}

// Attachable reports whether there is a managed policy of that ARN, for session policies.
func (r *Room) Attachable(ctx context.Context, arn string) (bool, error) {
	s, err := r.managedByARN(ctx, arn)
	return s.Policy != nil, err
}

// Provider is an OpenID Connect provider that the account trusts.
type Provider struct {
	ARN         string
	URL         string // with its scheme
	Name        string // the URL without it: what begins the condition keys
	ClientIDs   []string
	Thumbprints []string
}

// OIDCProvider finds the provider of one of the issuers, given without their schemes; nil when there is none.
func (r *Room) OIDCProvider(ctx context.Context, issuers ...string) (*Provider, error) {
	for _, issuer := range issuers {
		p := new(oidc)
		err := r.view(ctx, func(tx *db.Tx) error { return read(tx, r.deps.Account, p, key(strings.TrimSuffix(issuer, "/"))) })
		switch {
		case errors.Is(err, errNoEntity):
			continue
		case err != nil:
			return nil, err
		case p.Name == strings.TrimSuffix(issuer, "/"):
			return &Provider{ARN: r.arn(p), URL: p.scheme() + p.Name, Name: p.Name, ClientIDs: p.ClientIDs, Thumbprints: p.Thumbprints}, nil
		}
	}
	return nil, nil
}
