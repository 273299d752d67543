package pool

import (
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"slices"
	"strings"
	"time"

	"cognate/internal/api/cognitoidp"
)

// Client is an immutable snapshot of an app client's settings. Nothing reachable from it may be changed.
type Client struct {
	// ID is the client id and PoolID the user pool that it belongs to.
	ID, PoolID string
	// Config holds the settings as DescribeUserPoolClient answers them.
	Config *cognitoidp.UserPoolClientType
	// Secrets are the active client secrets, newest first; empty for a public client.
	Secrets []string
	// Scopes are those of Config.AllowedOAuthScopes that tokens can carry now: all but the custom ones whose resource
	// server or scope was deleted. Only snapshots of Client and PoolClient have them.
	Scopes []string
	// SSOValidity is how long a managed-login session may sign this client in without a new authentication; 0 is never.
	SSOValidity time.Duration
	// Document is where the client is described that this one stands for; nil for one that stands for itself.
	Document *ClientDocument
	// Version counts the changes of the client; it is the compare-and-swap value of its row.
	Version int64

	read, write             Set // nil: everything
	access, id, refreshLife time.Duration
}

// ClientDocument is the client metadata document by which a stranger uses an app client.
type ClientDocument struct {
	URL       string // where it is, and the client id that the stranger goes by
	Name      string // client_name
	Host      string // of the URL
	Refreshes bool   // the stranger may use refresh tokens
}

// Stranger reports whether somebody else than the pool's owner has chosen the name of the client and where it redirects to.
// Users are asked before they are signed in to it.
func (c *Client) Stranger() bool { return c.Registered() || c.Document != nil }

// DocumentURL is the address by which a stranger uses the client, "" for none.
func (c *Client) DocumentURL() string {
	if c.Document == nil {
		return ""
	}
	return c.Document.URL
}

// The lifetimes that apply when a client does not set them.
const (
	defaultTokenLife   = time.Hour
	defaultRefreshLife = 30 * 24 * time.Hour
)

func newClient(id, poolID string, version int64, config *cognitoidp.UserPoolClientType, secrets []string) *Client {
	c := &Client{ID: id, PoolID: poolID, Version: version, Config: config, Secrets: secrets}
	if config.ReadAttributes != nil {
		c.read = explicit(setOf(config.ReadAttributes))
	}
	if config.WriteAttributes != nil {
		c.write = explicit(setOf(config.WriteAttributes))
	}
	c.access, c.id, c.refreshLife = lifetimes(config.AccessTokenValidity, config.IdTokenValidity, config.RefreshTokenValidity, config.TokenValidityUnits)
	return c
}

// explicit keeps an explicitly empty list apart from an unset one.
func explicit(s Set) Set {
	if s == nil {
		return Set{}
	}
	return s
}

// HasSecret reports whether the client is confidential.
func (c *Client) HasSecret() bool { return len(c.Secrets) > 0 }

// CheckSecretHash compares a SECRET_HASH with base64(HMAC-SHA256(secret, username + client id)) for each active
// secret, in constant time. A client without secrets accepts only an absent hash. The errors are ErrSecretHashMissing
// and ErrSecretHashWrong.
func (c *Client) CheckSecretHash(username, hash string) error {
	switch {
	case !c.HasSecret() && hash == "":
		return nil
	case !c.HasSecret():
		return ErrSecretHashWrong
	case hash == "":
		return ErrSecretHashMissing
	}
	match := 0
	for _, secret := range c.Secrets {
		mac := hmac.New(sha256.New, []byte(secret))
		mac.Write([]byte(username))
		mac.Write([]byte(c.ID))
		want := base64.StdEncoding.EncodeToString(mac.Sum(nil))
		match |= subtle.ConstantTimeCompare([]byte(want), []byte(hash))
	}
	if match != 1 {
		return ErrSecretHashWrong
	}
	return nil
}

// CheckSecret compares a raw client secret, as GetTokensFromRefreshToken and RevokeToken send it, with each active
// secret in constant time. A client without secrets accepts only an empty one.
func (c *Client) CheckSecret(secret string) bool {
	if !c.HasSecret() {
		return secret == ""
	}
	got := sha256.Sum256([]byte(secret))
	match := 0
	for _, s := range c.Secrets {
		want := sha256.Sum256([]byte(s))
		match |= subtle.ConstantTimeCompare(want[:], got[:])
	}
	return match == 1
}

// Allows reports whether the client's ExplicitAuthFlows enable a flow. Without a list the client may refresh, use SRP
// and custom authentication; a list of legacy names adds to that, except that CUSTOM_AUTH_FLOW_ONLY takes SRP away.
// Rotation of refresh tokens rules out REFRESH_TOKEN_AUTH in every case. A client that registered itself may do only what
// is listed.
func (c *Client) Allows(flow cognitoidp.AuthFlowType) bool {
	listed := func(f cognitoidp.ExplicitAuthFlowsType) bool { return slices.Contains(c.Config.ExplicitAuthFlows, f) }
	legacy := !c.Registered() && !slices.ContainsFunc(c.Config.ExplicitAuthFlows, isAllow)
	switch flow {
	case cognitoidp.AuthFlowTypeUserPasswordAuth:
		return listed(cognitoidp.ExplicitAuthFlowsTypeAllowUserPasswordAuth) || listed(cognitoidp.ExplicitAuthFlowsTypeUserPasswordAuth)
	case cognitoidp.AuthFlowTypeAdminUserPasswordAuth, cognitoidp.AuthFlowTypeAdminNoSrpAuth:
		return listed(cognitoidp.ExplicitAuthFlowsTypeAllowAdminUserPasswordAuth) || listed(cognitoidp.ExplicitAuthFlowsTypeAdminNoSrpAuth)
	case cognitoidp.AuthFlowTypeUserSrpAuth:
		return listed(cognitoidp.ExplicitAuthFlowsTypeAllowUserSrpAuth) ||
			legacy && !listed(cognitoidp.ExplicitAuthFlowsTypeCustomAuthFlowOnly)
	case cognitoidp.AuthFlowTypeCustomAuth:
		return legacy || listed(cognitoidp.ExplicitAuthFlowsTypeAllowCustomAuth)
	case cognitoidp.AuthFlowTypeUserAuth:
		return listed(cognitoidp.ExplicitAuthFlowsTypeAllowUserAuth)
	case cognitoidp.AuthFlowTypeRefreshToken, cognitoidp.AuthFlowTypeRefreshTokenAuth:
		rotates, _ := c.Rotation()
		return !rotates && (legacy || listed(cognitoidp.ExplicitAuthFlowsTypeAllowRefreshTokenAuth))
	}
	return false
}

// isAllow tells the newer flow names from the legacy ones.
func isAllow(f cognitoidp.ExplicitAuthFlowsType) bool { return len(f) > 6 && f[:6] == "ALLOW_" }

// AllowsClientToken reports whether the client may call GetClientToken.
func (c *Client) AllowsClientToken() bool {
	return slices.Contains(c.Config.ExplicitAuthFlows, cognitoidp.ExplicitAuthFlowsTypeAllowClientTokenAuth)
}

// MachineScopes are the Scopes that tokens of the client itself can carry: those that are not about a user.
func (c *Client) MachineScopes() []string {
	var out []string
	for _, scope := range c.Scopes {
		if !slices.Contains(userScopes, scope) {
			out = append(out, scope)
		}
	}
	return out
}

// AccessTTL is the life of access tokens: 5 minutes to 1 day.
func (c *Client) AccessTTL() time.Duration { return c.access }

// IDTTL is the life of ID tokens: 5 minutes to 1 day.
func (c *Client) IDTTL() time.Duration { return c.id }

// RefreshTTL is the life of refresh tokens: 1 hour to 3,650 days.
func (c *Client) RefreshTTL() time.Duration { return c.refreshLife }

// AuthSession is how long the user may take to answer a challenge: 3 to 15 minutes.
func (c *Client) AuthSession() time.Duration {
	return time.Duration(num(or(c.Config.AuthSessionValidity, 3))) * time.Minute
}

// HidesUsers reports whether answers must not tell unknown users from known ones (PreventUserExistenceErrors ENABLED).
func (c *Client) HidesUsers() bool {
	return val(c.Config.PreventUserExistenceErrors) == cognitoidp.PreventUserExistenceErrorTypesEnabled
}

// Hiding is the client as one that hides users, whatever it is set to.
func (c *Client) Hiding() *Client {
	if c.HidesUsers() {
		return c
	}
	out, config := *c, *c.Config
	enabled := cognitoidp.PreventUserExistenceErrorTypesEnabled
	config.PreventUserExistenceErrors = &enabled
	out.Config = &config
	return &out
}

// RevocationEnabled reports whether tokens of the client can be revoked and so carry jti and origin_jti.
func (c *Client) RevocationEnabled() bool { return on(or(c.Config.EnableTokenRevocation, true)) }

// Rotation reports whether each refresh replaces the refresh token, and how long the replaced one stays usable.
func (c *Client) Rotation() (on bool, grace time.Duration) {
	r := c.Config.RefreshTokenRotation
	if r == nil || r.Feature != cognitoidp.FeatureTypeEnabled {
		return false, 0
	}
	return true, time.Duration(num(r.RetryGracePeriodSeconds)) * time.Second
}

// Readable reports whether the client may read an attribute: the listed ones, or without a list every one of the pool
// that users have for their apps, custom ones too. sub is always readable.
func (c *Client) Readable(attr string) bool {
	if attr == "sub" {
		return true
	}
	if c.read == nil {
		return isStandard(attr) || strings.HasPrefix(attr, customPrefix)
	}
	return c.read.Has(attr)
}

// Writable reports whether the client may write an attribute: the listed ones, or without a list every standard and every
// custom one. sub, identities, the two verified flags and what only developers write never are.
func (c *Client) Writable(attr string) bool {
	if neverWritable(attr) {
		return false
	}
	if c.write == nil {
		return isStandard(attr) || strings.HasPrefix(attr, customPrefix)
	}
	return c.write.Has(attr)
}

// Within is the client with no more attributes to read and to write than another one has.
func (c *Client) Within(other *Client) *Client {
	out := *c
	out.read, out.write = both(c.read, other.read), both(c.write, other.write)
	return &out
}

// both are the attributes that are in two sets, of which nil is everything.
func both(a, b Set) Set {
	switch {
	case a == nil:
		return b
	case b == nil:
		return a
	}
	out := Set{}
	for name := range a {
		if b.Has(name) {
			out[name] = true
		}
	}
	return out
}

// OAuth reports whether the client may use the OAuth endpoints and managed login.
func (c *Client) OAuth() bool { return on(c.Config.AllowedOAuthFlowsUserPoolClient) }

// lifetimes applies units and defaults to token validities.
func lifetimes(access, id, refresh *int64, units *cognitoidp.TokenValidityUnitsType) (a, i, r time.Duration) {
	u := val(units)
	a, i, r = defaultTokenLife, defaultTokenLife, defaultRefreshLife
	if access != nil {
		a = span(*access, val(or(u.AccessToken, cognitoidp.TimeUnitsTypeHours)))
	}
	if id != nil {
		i = span(*id, val(or(u.IdToken, cognitoidp.TimeUnitsTypeHours)))
	}
	if num(refresh) != 0 {
		r = span(*refresh, val(or(u.RefreshToken, cognitoidp.TimeUnitsTypeDays)))
	}
	return a, i, r
}

// maxCount keeps span from overflowing: no permitted validity counts more than 3,650 days of seconds.
const maxCount = 3650 * 24 * 3600

// span is n units of time, at most maxCount of them.
func span(n int64, unit cognitoidp.TimeUnitsType) time.Duration {
	d := time.Duration(min(max(n, 0), maxCount))
	switch unit {
	case cognitoidp.TimeUnitsTypeSeconds:
		return d * time.Second
	case cognitoidp.TimeUnitsTypeMinutes:
		return min(d, maxCount/60*2) * time.Minute
	case cognitoidp.TimeUnitsTypeHours:
		return min(d, maxCount/3600*2) * time.Hour
	}
	return min(d, maxCount/86400*2) * 24 * time.Hour
}
