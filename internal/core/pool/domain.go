package pool

import (
	"context"
	"errors"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"cognate/internal/api/cognitoidp"
	"cognate/internal/base/arn"
	"cognate/internal/base/db"
)

// Domain is a name by which the pages and endpoints of a pool are reached, as it is stored: the members of
// DescribeUserPoolDomain that do not follow from the pool and the server.
type Domain struct {
	*cognitoidp.DomainDescriptionType
}

// Custom reports whether it is a whole host name ("auth.example.com") and no prefix ("shop").
func (d Domain) Custom() bool { return d.CustomDomainConfig != nil }

// Certificate is the name of the certificate of a custom domain: what follows the last slash of its ARN.
func (d Domain) Certificate() string {
	if !d.Custom() {
		return ""
	}
	arn := d.CustomDomainConfig.CertificateArn
	return arn[strings.LastIndexAny(arn, "/:")+1:]
}

// SecurityPolicy says which versions of TLS a custom domain speaks, "" where nothing was said.
func (d Domain) SecurityPolicy() cognitoidp.SecurityPolicyType {
	if !d.Custom() {
		return ""
	}
	return val(d.CustomDomainConfig.SecurityPolicy)
}

// managedLogin reports whether the pages are those of managed login, and not of the classic hosted UI.
func (d Domain) managedLogin() bool { return *d.ManagedLoginVersion == managedLogin }

// ClassicPages reports whether the pages under a host are those of the classic hosted UI: its domain says so, or the
// domains of the pool, for hosts that are none of them. A pool without a domain has managed login.
func (p *Pool) ClassicPages(host string) bool {
	host = hostName(host)
	for _, d := range p.Domains {
		if name := *d.Domain; d.Custom() && name == host || !d.Custom() && strings.HasPrefix(host, name+".auth.") {
			return !d.managedLogin()
		}
	}
	return len(p.Domains) > 0 && !slices.ContainsFunc(p.Domains, Domain.managedLogin)
}

// key is the primary key of the domain.
func (d Domain) key(p *Pool) string {
	if d.Custom() {
		return customKey(*d.Domain)
	}
	return prefixKey(*d.Domain, string(p.Region))
}

// Versions of the pages of a domain: ManagedLoginVersion.
const (
	classicUI    = 1
	managedLogin = 2
)

var (
	prefixForm = regexp.MustCompile(`^[a-z0-9](?:[a-z0-9\-]{0,61}[a-z0-9])?$`)
	// hostForm is a name with at least two labels above a top-level one, or below localhost.
	hostForm = regexp.MustCompile(`^(?:[a-z0-9](?:[a-z0-9\-]{0,61}[a-z0-9])?\.)+[a-z0-9](?:[a-z0-9\-]{0,61}[a-z0-9])?$`)
	// reservedWords may be no part of a prefix between its hyphens.
	reservedWords = []string{"aws", "amazon", "cognito"}
)

// checkPrefix holds a prefix to AWS's rules.
func checkPrefix(name string) error {
	if !prefixForm.MatchString(name) {
		return cognitoidp.NewInvalidParameter("The domain name contains an invalid character. Domain names can only contain lower-case letters, numbers, and hyphens. Please enter a different name that follows this format: %s", prefixForm)
	}
	for _, word := range reservedWords {
		if slices.Contains(strings.Split(name, "-"), word) {
			return cognitoidp.NewInvalidParameter("Domain cannot contain reserved word: %s", word)
		}
	}
	return nil
}

// checkHost holds a custom domain to a form that the DNS can have, and keeps it off the names of the server itself. AWS also wants an address record of its parent, which
// matters nothing to a server that is reached by other ways.
func (p *Pools) checkHost(name string) error {
	labels := strings.Count(name, ".") + 1
	if !hostForm.MatchString(name) || labels < 3 && !strings.HasSuffix(name, "."+localhost) || p.d.Addresses.own(name) {
		return cognitoidp.NewInvalidParameter("Custom domain is not a valid subdomain: Was not able to resolve a DNS A record for the parent domain or domain parent is a top-level domain.")
	}
	return nil
}

// newDomain is the domain that a request asks for.
func (p *Pools) newDomain(in *cognitoidp.CreateUserPoolDomainRequest) (Domain, error) {
	d := Domain{&cognitoidp.DomainDescriptionType{
		Domain: &in.Domain, ManagedLoginVersion: or(in.ManagedLoginVersion, classicUI),
		CustomDomainConfig: in.CustomDomainConfig, Routing: in.Routing, Version: p.domainVersion(),
	}}
	check := checkPrefix
	if d.Custom() {
		check = p.checkHost
	}
	return d, check(in.Domain)
}

// domainVersion is the time as the versions of domains tell it, in seconds.
func (p *Pools) domainVersion() *string {
	v := p.d.Clock.Now().UTC().Format("20060102150405")
	return &v
}

// check holds what the members say about each other and about the pool's Region.
func (d Domain) check(region arn.Region) error {
	switch version := *d.ManagedLoginVersion; {
	case version != classicUI && version != managedLogin:
		return cognitoidp.NewInvalidParameter("ManagedLoginVersion must be 1 or 2, not %d.", version)
	case !d.Custom() && d.Routing != nil:
		return cognitoidp.NewInvalidParameter("Routing can only be set for a custom domain, and %s is a prefix.", *d.Domain)
	case d.Routing != nil && d.Routing.Failover != nil && d.Routing.Failover.SecondaryRegion == string(region):
		return cognitoidp.NewInvalidParameter("SecondaryRegion must be another Region than that of the user pool, %s.", region)
	}
	return nil
}

// domain finds one of the pool's domains by its name.
func (p *Pool) domain(name string) (Domain, bool) {
	for _, d := range p.Domains {
		if *d.Domain == name {
			return d, true
		}
	}
	return Domain{}, false
}

// domainNamed finds the domain of a kind; a pool has at most one of each.
func domainNamed(domains []Domain, custom bool) *string {
	for _, d := range domains {
		if d.Custom() == custom {
			return d.Domain
		}
	}
	return nil
}

// ErrNoDomain is a host that names no pool.
var ErrNoDomain = errors.New("pool: no such domain")

// ByHost finds the id of the pool whose pages and endpoints stand at a host, which may have a port. The error is
// ErrNoDomain or one of the database.
func (p *Pools) ByHost(ctx context.Context, host string) (poolID string, err error) {
	for _, key := range p.d.Addresses.domainKeys(host) {
		if poolID, err = p.byDomain(ctx, key); !errors.Is(err, ErrNoDomain) {
			return poolID, err
		}
	}
	return "", ErrNoDomain
}

// CustomDomain finds the custom domain that a host is. The error is ErrNoDomain or one of the database; a cached one costs
// no database access.
func (p *Pools) CustomDomain(ctx context.Context, host string) (Domain, error) {
	if host = hostName(host); p.checkHost(host) != nil {
		return Domain{}, ErrNoDomain
	}
	id, err := p.byDomain(ctx, customKey(host))
	if err != nil {
		return Domain{}, err
	}
	pool, err := p.Pool(ctx, id)
	if errors.Is(err, ErrPoolNotFound) {
		return Domain{}, ErrNoDomain
	}
	if err != nil {
		return Domain{}, err
	}
	if d, found := pool.domain(host); found && d.Custom() {
		return d, nil
	}
	return Domain{}, ErrNoDomain
}

// byDomain reads the pool of a domain; a cached one costs no database access.
func (p *Pools) byDomain(ctx context.Context, key string) (poolID string, err error) {
	epoch := p.epoch.Load()
	if have := p.domains.get(key); have != nil && have.epoch.Load() == epoch {
		return have.value, nil
	}
	begun := p.domains.begin()
	err = p.d.DB.Read(ctx, func(tx *db.Tx) (err error) {
		poolID, err = domainOwner(tx, key)
		return err
	})
	if err == nil {
		p.domains.put(key, poolID, epoch, begun)
	}
	return poolID, err
}

// hostName is a host as domains are compared: in lower case, without its port and without the dot of the DNS's root.
func hostName(host string) string {
	u := url.URL{Host: host}
	return strings.TrimSuffix(strings.ToLower(u.Hostname()), ".")
}
