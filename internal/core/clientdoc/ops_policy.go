package clientdoc

import (
	"context"
	"errors"
	"slices"

	"cognate/internal/api/cognitoidp"
	"cognate/internal/api/rt"
	"cognate/internal/base/db"
	"cognate/internal/base/pagetoken"
	"cognate/internal/core/pool"
)

// maxPage is the largest page of both lists, and the one that a caller gets without asking.
const maxPage = 60

// Feature is what the policies are called in the list of features above a tier.
const Feature = "Client ID Metadata Documents"

func noPolicy(id string) error {
	return cognitoidp.NewResourceNotFound("CIMD policy %s does not exist.", id)
}

// CreateCIMDPolicy implements the AWS operation.
func (o Ops) CreateCIMDPolicy(ctx context.Context, in *cognitoidp.CreateCIMDPolicyRequest) (*cognitoidp.CreateCIMDPolicyResponse, error) {
	p := &policy{cognitoidp.CIMDPolicyType{
		UserPoolId: in.UserPoolId, CIMDPolicyId: o.IDs.ClientID(), PolicyName: in.PolicyName, ClientId: &in.ClientId,
		CacheDuration: or(in.CacheDuration, minCache), URLPatterns: in.URLPatterns, CreationDate: o.now(), LastModifiedDate: o.now(),
	}}
	err := o.change(ctx, in.UserPoolId, in.ClientId, func(tx *db.Tx, list []*policy) error {
		if len(list) >= maxPolicies {
			return cognitoidp.NewLimitExceeded("The maximum number of CIMD policies of user pool %s is reached.", in.UserPoolId)
		}
		if err := p.check(list); err != nil {
			return err
		}
		return putPolicy(tx, p)
	})
	if err != nil {
		return nil, err
	}
	return &cognitoidp.CreateCIMDPolicyResponse{CIMDPolicy: &p.config}, nil
}

// UpdateCIMDPolicy implements the AWS operation. What was fetched under the policy is forgotten.
func (o Ops) UpdateCIMDPolicy(ctx context.Context, in *cognitoidp.UpdateCIMDPolicyRequest) (*cognitoidp.UpdateCIMDPolicyResponse, error) {
	var p *policy
	err := o.change(ctx, in.UserPoolId, in.ClientId, func(tx *db.Tx, list []*policy) error {
		i := slices.IndexFunc(list, func(p *policy) bool { return p.id() == in.CIMDPolicyId })
		if i < 0 {
			return noPolicy(in.CIMDPolicyId)
		}
		p = &policy{list[i].config}
		p.config.ClientId, p.config.URLPatterns, p.config.LastModifiedDate = &in.ClientId, in.URLPatterns, o.now()
		p.config.PolicyName = *or(in.PolicyName, p.config.PolicyName)
		p.config.CacheDuration = or(in.CacheDuration, p.cacheSeconds())
		if err := p.check(list); err != nil {
			return err
		}
		if err := dropDocuments(tx, in.UserPoolId, p.id()); err != nil {
			return err
		}
		return putPolicy(tx, p)
	})
	if err != nil {
		return nil, err
	}
	return &cognitoidp.UpdateCIMDPolicyResponse{CIMDPolicy: &p.config}, nil
}

// change runs a change of the policies of a pool for an app client in one transaction.
func (r *Room) change(ctx context.Context, poolID, clientID string, change func(tx *db.Tx, list []*policy) error) error {
	if err := r.public(ctx, poolID, clientID); err != nil {
		return err
	}
	err := r.Pools.ChangeBeside(ctx, poolID, func(tx *db.Tx, p *pool.Pool) error {
		if err := r.Pools.AboveLite(p, Feature); err != nil {
			return err
		}
		if err := r.Pools.Have(tx, poolID, clientID); err != nil {
			return err
		}
		list, err := listPolicies(tx, poolID, "", maxPolicies+1)
		if err != nil {
			return err
		}
		return change(tx, list)
	})
	if err == nil {
		r.forget()
	}
	return err
}

// public holds that an app client has no secret, and so will never have one.
func (r *Room) public(ctx context.Context, poolID, clientID string) error {
	_, c, err := r.Pools.PoolClientOrRefuse(ctx, poolID, clientID)
	if err == nil && c.HasSecret() {
		err = cognitoidp.NewInvalidParameter("Client %s has a client secret, which clients of metadata documents cannot know.", c.ID)
	}
	return err
}

// check holds the rules of a policy against the other ones of its pool.
func (p *policy) check(list []*policy) error {
	if n := p.cacheSeconds(); n < minCache || n > maxCache {
		return cognitoidp.NewInvalidParameter("CacheDuration must be between %d and %d seconds, not %d.", minCache, maxCache, n)
	}
	for i, pattern := range p.config.URLPatterns {
		if err := checkPattern(pattern); err != nil {
			return err
		}
		if slices.Contains(p.config.URLPatterns[:i], pattern) {
			return cognitoidp.NewInvalidParameter("The URL pattern %s is listed twice.", pattern)
		}
		for _, other := range list {
			if other.id() != p.id() && slices.Contains(other.config.URLPatterns, pattern) {
				return cognitoidp.NewInvalidParameter("The URL pattern %s belongs to CIMD policy %s.", pattern, other.id())
			}
		}
	}
	return nil
}

// DeleteCIMDPolicy implements the AWS operation.
func (o Ops) DeleteCIMDPolicy(ctx context.Context, in *cognitoidp.DeleteCIMDPolicyRequest) (*cognitoidp.DeleteCIMDPolicyResponse, error) {
	err := o.Pools.ChangeBeside(ctx, in.UserPoolId, func(tx *db.Tx, _ *pool.Pool) error {
		found, err := removePolicy(tx, in.UserPoolId, in.CIMDPolicyId)
		if err == nil && !found {
			err = noPolicy(in.CIMDPolicyId)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	return &cognitoidp.DeleteCIMDPolicyResponse{}, nil
}

// DescribeCIMDPolicy implements the AWS operation.
func (o Ops) DescribeCIMDPolicy(ctx context.Context, in *cognitoidp.DescribeCIMDPolicyRequest) (*cognitoidp.DescribeCIMDPolicyResponse, error) {
	p, err := o.policy(ctx, in.UserPoolId, in.CIMDPolicyId)
	if err != nil {
		return nil, err
	}
	if p.config.ClientId, err = o.stands(ctx, p); err != nil {
		return nil, err
	}
	return &cognitoidp.DescribeCIMDPolicyResponse{CIMDPolicy: &p.config}, nil
}

// policy reads a policy or answers that it, or the pool, does not exist.
func (r *Room) policy(ctx context.Context, poolID, id string) (p *policy, err error) {
	if _, err := r.Pools.PoolOrRefuse(ctx, poolID); err != nil {
		return nil, err
	}
	err = r.DB.Read(ctx, func(tx *db.Tx) (err error) {
		p, err = readPolicy(tx, poolID, id)
		return err
	})
	if errors.Is(err, errNoPolicy) {
		err = noPolicy(id)
	}
	return p, err
}

// stands is the app client of a policy, nil once it was deleted.
func (r *Room) stands(ctx context.Context, p *policy) (*string, error) {
	_, _, err := r.Pools.PoolClient(ctx, p.config.UserPoolId, p.clientID())
	if errors.Is(err, pool.ErrClientNotFound) {
		return nil, nil
	}
	return p.config.ClientId, err
}

// ListCIMDPolicies implements the AWS operation. Policies come in the order of their ids.
func (o Ops) ListCIMDPolicies(ctx context.Context, in *cognitoidp.ListCIMDPoliciesRequest) (*cognitoidp.ListCIMDPoliciesResponse, error) {
	if _, err := o.Pools.PoolOrRefuse(ctx, in.UserPoolId); err != nil {
		return nil, err
	}
	page, err := o.page(ctx, in.UserPoolId, pagetoken.Binding("ListCIMDPolicies", in.UserPoolId), in.NextToken, in.MaxResults)
	if err != nil {
		return nil, err
	}
	var list []*policy
	err = o.DB.Read(ctx, func(tx *db.Tx) (err error) {
		list, err = listPolicies(tx, in.UserPoolId, page.After, page.Limit+1)
		return err
	})
	if err != nil {
		return nil, err
	}
	list, last := pagetoken.Cut(page, list, (*policy).id)
	out := &cognitoidp.ListCIMDPoliciesResponse{CIMDPolicies: []cognitoidp.CIMDPolicySummaryType{}}
	for _, p := range list {
		clientID, err := o.stands(ctx, p)
		if err != nil {
			return nil, err
		}
		out.CIMDPolicies = append(out.CIMDPolicies, cognitoidp.CIMDPolicySummaryType{
			CIMDPolicyId: p.id(), ClientId: clientID, PolicyName: p.config.PolicyName, CacheDuration: p.config.CacheDuration,
			CreationDate: p.config.CreationDate, LastModifiedDate: p.config.LastModifiedDate,
		})
	}
	out.NextToken, err = page.Next(ctx, last)
	return out, err
}

// page reads where a list goes on.
func (r *Room) page(ctx context.Context, poolID, binding string, token *string, max *int64) (pagetoken.Page, error) {
	page, err := r.pages.Page(ctx, poolID, binding, token, int(*or(max, maxPage)))
	if errors.Is(err, pagetoken.ErrInvalid) {
		err = pool.InvalidNextToken()
	}
	return page, err
}

func (r *Room) now() *rt.Time { return new(rt.TimeFromMillis(r.Clock.Milli())) }

// or is p, or a pointer to the default when p is nil.
func or[T any](p *T, def T) *T {
	if p == nil {
		return &def
	}
	return p
}
