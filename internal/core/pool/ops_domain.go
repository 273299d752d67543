package pool

import (
	"context"
	"errors"
	"slices"

	"cognate/internal/api/cognitoidp"
	"cognate/internal/base/db"
)

// CreateUserPoolDomain implements the AWS operation. The domain is ACTIVE at once.
func (o Ops) CreateUserPoolDomain(ctx context.Context, in *cognitoidp.CreateUserPoolDomainRequest) (*cognitoidp.CreateUserPoolDomainResponse, error) {
	d, err := o.newDomain(in)
	if err != nil {
		return nil, err
	}
	err = o.changeDomains(ctx, in.UserPoolId, func(tx *db.Tx, p *Pool) ([]Domain, error) {
		if domainNamed(p.Domains, d.Custom()) != nil {
			return nil, cognitoidp.NewInvalidParameter("User pool already has a domain configured.")
		}
		if err := o.rules().domain(p, d); err != nil {
			return nil, err
		}
		taken, err := takeDomain(tx, d.key(p), p.ID)
		if err == nil && !taken {
			err = cognitoidp.NewInvalidParameter("Domain already associated with another user pool.")
		}
		return append(slices.Clone(p.Domains), d), err
	})
	if err != nil {
		return nil, err
	}
	return &cognitoidp.CreateUserPoolDomainResponse{
		ManagedLoginVersion: d.ManagedLoginVersion, CloudFrontDomain: o.target(d), Routing: d.Routing,
	}, nil
}

// UpdateUserPoolDomain implements the AWS operation. Omitted members stay as they are.
func (o Ops) UpdateUserPoolDomain(ctx context.Context, in *cognitoidp.UpdateUserPoolDomainRequest) (*cognitoidp.UpdateUserPoolDomainResponse, error) {
	var d Domain
	err := o.changeDomains(ctx, in.UserPoolId, func(tx *db.Tx, p *Pool) ([]Domain, error) {
		old, found := p.domain(in.Domain)
		if !found {
			return nil, noDomain()
		}
		if in.CustomDomainConfig != nil && !old.Custom() {
			return nil, cognitoidp.NewInvalidParameter("CustomDomainConfig can only be set for a custom domain, and %s is a prefix.", in.Domain)
		}
		changed := *old.DomainDescriptionType
		changed.Version = o.domainVersion()
		if in.ManagedLoginVersion != nil {
			changed.ManagedLoginVersion = in.ManagedLoginVersion
		}
		if in.CustomDomainConfig != nil {
			changed.CustomDomainConfig = in.CustomDomainConfig
		}
		if in.Routing != nil {
			changed.Routing = in.Routing
		}
		d = Domain{&changed}
		if err := o.rules().domain(p, d); err != nil {
			return nil, err
		}
		return append(without(p.Domains, in.Domain), d), nil
	})
	if err != nil {
		return nil, err
	}
	return &cognitoidp.UpdateUserPoolDomainResponse{
		ManagedLoginVersion: d.ManagedLoginVersion, CloudFrontDomain: o.target(d), Routing: d.Routing,
	}, nil
}

// DeleteUserPoolDomain implements the AWS operation.
func (o Ops) DeleteUserPoolDomain(ctx context.Context, in *cognitoidp.DeleteUserPoolDomainRequest) (*cognitoidp.DeleteUserPoolDomainResponse, error) {
	err := o.changeDomains(ctx, in.UserPoolId, func(tx *db.Tx, p *Pool) ([]Domain, error) {
		d, found := p.domain(in.Domain)
		if !found {
			return nil, noDomain()
		}
		return without(p.Domains, in.Domain), freeDomain(tx, d.key(p))
	})
	if err != nil {
		return nil, err
	}
	return &cognitoidp.DeleteUserPoolDomainResponse{}, nil
}

// DescribeUserPoolDomain implements the AWS operation. A domain that nobody of the Region has is described by nothing.
func (o Ops) DescribeUserPoolDomain(ctx context.Context, in *cognitoidp.DescribeUserPoolDomainRequest) (*cognitoidp.DescribeUserPoolDomainResponse, error) {
	out := &cognitoidp.DescribeUserPoolDomainResponse{DomainDescription: &cognitoidp.DomainDescriptionType{}}
	region := o.asked(ctx)
	for _, key := range []string{prefixKey(in.Domain, string(region)), customKey(in.Domain)} {
		var row poolRow
		err := o.d.DB.Read(ctx, func(tx *db.Tx) error {
			id, err := domainOwner(tx, key)
			if err == nil {
				row, err = readPool(tx, id)
			}
			return err
		})
		if errors.Is(err, ErrNoDomain) || errors.Is(err, ErrPoolNotFound) {
			continue
		}
		if err != nil {
			return nil, err
		}
		p, err := o.snapshot(row)
		if err != nil {
			return nil, err
		}
		if d, found := p.domain(in.Domain); found && p.Region == region {
			note(ctx, p.ID, "")
			out.DomainDescription = o.describeDomain(p, d)
			return out, nil
		}
	}
	return out, nil
}

// describeDomain fills in what follows from the pool and the server.
func (p *Pools) describeDomain(pool *Pool, d Domain) *cognitoidp.DomainDescriptionType {
	out := *d.DomainDescriptionType
	active := cognitoidp.DomainStatusTypeActive
	host := p.d.Addresses.Host()
	out.UserPoolId, out.AWSAccountId, out.Status, out.CloudFrontDistribution = &pool.ID, &p.d.Account, &active, &host
	return &out
}

// target is the host to which the owner of a custom domain lets it lead; nil for a prefix.
func (p *Pools) target(d Domain) *string {
	if !d.Custom() {
		return nil
	}
	host := p.d.Addresses.Host()
	return &host
}

// changeDomains replaces the domains of a pool by what change makes of them, in one transaction.
func (p *Pools) changeDomains(ctx context.Context, poolID string, change func(tx *db.Tx, p *Pool) ([]Domain, error)) error {
	return p.rewrite(ctx, poolID, db.ErrRetry, func(tx *db.Tx, old *Pool, row poolRow) (bool, error) {
		domains, err := change(tx, old)
		if err != nil {
			return false, err
		}
		row.setDomains(domains)
		tx.AfterCommit(p.domains.clear)
		return replaceDomains(tx, row, old.Version)
	})
}

// without are the domains but for one.
func without(domains []Domain, name string) []Domain {
	return slices.DeleteFunc(slices.Clone(domains), func(d Domain) bool { return *d.Domain == name })
}

func noDomain() error {
	return cognitoidp.NewInvalidParameter("No such domain or user pool exists.")
}

// domain holds a new or changed domain to the rules of members, and managed login to its tier.
func (r rules) domain(p *Pool, d Domain) error {
	if err := d.check(p.Region); err != nil {
		return err
	}
	tier := val(p.Config.UserPoolTier)
	if r.ignoreTiers || !d.managedLogin() || tier != cognitoidp.UserPoolTierTypeLite {
		return nil
	}
	return cognitoidp.NewFeatureUnavailableInTier("The following feature is not available for the %s pricing tier configured: %s", tier, featureManagedLogin)
}

// domainsFitTier holds that a pool goes down to LITE only while no domain has managed login.
func (r rules) domainsFitTier(old *Pool, changed *cognitoidp.UserPoolType) error {
	tier := val(changed.UserPoolTier)
	if r.ignoreTiers || tier != cognitoidp.UserPoolTierTypeLite || !slices.ContainsFunc(old.Domains, Domain.managedLogin) {
		return nil
	}
	return tierRefusal(tier, val(old.Config.UserPoolTier), []string{featureManagedLogin})
}

// featureManagedLogin is its name in the refusals of tiers.
const featureManagedLogin = "Managed Login Version 2"
