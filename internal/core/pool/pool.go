package pool

import (
	"strings"
	"time"

	"cognate/internal/api/cognitoidp"
	"cognate/internal/api/rt"
	"cognate/internal/base/arn"
)

// Set is a read-only set of attribute names.
type Set map[string]bool

// Has reports whether name is in the set; a nil Set is empty.
func (s Set) Has(name string) bool { return s[name] }

// Pool is an immutable snapshot of a user pool's settings. Nothing reachable from it may be changed.
type Pool struct {
	// ID is the user pool id, such as "us-east-1_Ab1Cd2Ef3".
	ID string
	// Name is the part of ID after the underscore, by which the SRP protocol knows the pool. The PoolName that the
	// owner chose is Config.Name.
	Name string
	// Region is the one that ID begins with, or the server's default for an ID that begins with none.
	Region arn.Region
	// ARN is the pool's Amazon Resource Name.
	ARN string
	// Config holds the effective settings as DescribeUserPool answers them, except EstimatedNumberOfUsers.
	Config *cognitoidp.UserPoolType
	// MFA is what GetUserPoolMfaConfig answers.
	MFA *cognitoidp.GetUserPoolMfaConfigResponse
	// Schema is the pool's attribute schema.
	Schema *Schema
	// CaseSensitive tells whether user names, e-mail addresses and preferred user names differ by case.
	CaseSensitive bool
	// UsernameAttrs are the attributes that serve as user name; AliasAttrs those that sign in beside it once verified.
	// At most one of the two is not empty.
	UsernameAttrs, AliasAttrs Set
	// AutoVerified are the attributes to which codes are sent on their own.
	AutoVerified Set
	// KeepUntilVerified are the attributes whose new value takes effect only when it has been verified.
	KeepUntilVerified Set
	// Domains are the names by which its pages are reached: at most a prefix and a custom domain.
	Domains []Domain
	// Sessions are the settings of user sessions.
	Sessions SessionRules
	// Version counts the changes of the pool; it is the compare-and-swap value of its row.
	Version int64
}

// newPool derives a snapshot from a row and from what a pool of this id is on this server.
func newPool(row poolRow, region arn.Region, name string) (*Pool, error) {
	p := &Pool{ID: row.id, Region: region, ARN: name, Version: row.version, Config: new(cognitoidp.UserPoolType), MFA: new(cognitoidp.GetUserPoolMfaConfigResponse)}
	if err := p.Config.UnmarshalJSON([]byte(row.config)); err != nil {
		return nil, err
	}
	if err := p.MFA.UnmarshalJSON([]byte(row.mfa)); err != nil {
		return nil, err
	}
	var err error
	if p.Sessions, err = sessionRules(row.sessions, p.Config.UserPoolTags); err != nil {
		return nil, err
	}
	if p.Domains, err = readDomains(row); err != nil {
		return nil, err
	}
	p.Config.Domain, p.Config.CustomDomain = domainNamed(p.Domains, false), domainNamed(p.Domains, true)
	p.Name = srpName(p.ID)
	p.Config.Arn = &p.ARN // a stored one may name the Region that the server stood for when the pool was made
	p.Schema = newSchema(p.Config.SchemaAttributes)
	p.CaseSensitive = p.Config.UsernameConfiguration == nil || p.Config.UsernameConfiguration.CaseSensitive
	p.UsernameAttrs = setOf(p.Config.UsernameAttributes)
	p.AliasAttrs = setOf(p.Config.AliasAttributes)
	p.AutoVerified = setOf(p.Config.AutoVerifiedAttributes)
	if s := p.Config.UserAttributeUpdateSettings; s != nil {
		p.KeepUntilVerified = setOf(s.AttributesRequireVerificationBeforeUpdate)
	}
	return p, nil
}

// Normal is the form in which a user name or alias is compared: lower case unless the pool is case-sensitive.
func (p *Pool) Normal(name string) string {
	if p.CaseSensitive {
		return name
	}
	return strings.ToLower(name)
}

// PasswordPolicy is the effective password policy; all its members but PasswordHistorySize are set.
func (p *Pool) PasswordPolicy() *cognitoidp.PasswordPolicyType {
	return p.Config.Policies.PasswordPolicy
}

// TemporaryPasswordLife is how long a temporary password can be used after it was set.
func (p *Pool) TemporaryPasswordLife() time.Duration {
	return time.Duration(num(p.PasswordPolicy().TemporaryPasswordValidityDays)) * 24 * time.Hour
}

// MFARequired reports whether every user of the pool needs a second factor.
func (p *Pool) MFARequired() bool {
	return val(p.Config.MfaConfiguration) == cognitoidp.UserPoolMfaTypeOn
}

// MFAOptional reports whether users of the pool may have a second factor.
func (p *Pool) MFAOptional() bool {
	return val(p.Config.MfaConfiguration) == cognitoidp.UserPoolMfaTypeOptional
}

// AdminCreateOnly reports whether users can be made by administrators only.
func (p *Pool) AdminCreateOnly() bool {
	c := p.Config.AdminCreateUserConfig
	return c != nil && on(c.AllowAdminCreateUserOnly)
}

// AllowsFirstFactor reports whether USER_AUTH may begin with the factor.
func (p *Pool) AllowsFirstFactor(f cognitoidp.AuthFactorType) bool {
	for _, have := range p.Config.Policies.SignInPolicy.AllowedFirstAuthFactors {
		if have == f {
			return true
		}
	}
	return false
}

// srpName is the part of a pool id after its last underscore.
func srpName(poolID string) string { return poolID[strings.LastIndexByte(poolID, '_')+1:] }

func setOf[T ~string](list []T) Set {
	if len(list) == 0 {
		return nil
	}
	s := make(Set, len(list))
	for _, v := range list {
		s[string(v)] = true
	}
	return s
}

// val is the pointed-to value or the zero value.
func val[T any](p *T) T {
	if p == nil {
		var zero T
		return zero
	}
	return *p
}

func str(p *string) string { return val(p) }
func num(p *int64) int64   { return val(p) }
func on(p *bool) bool      { return val(p) }

// or is p, or a pointer to the default when p is nil.
func or[T any](p *T, def T) *T {
	if p == nil {
		return &def
	}
	return p
}

// at wraps a time in milliseconds for the wire.
func at(ms int64) *rt.Time { return new(rt.TimeFromMillis(ms)) }
