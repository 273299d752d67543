package pool

import (
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"

	"cognate/internal/api/cognitoidp"
)

// clientSettings are the effective settings of a client that is updated, or created: old has only its type then. secret
// tells whether the client has, or will have, a secret; custom are those of its custom scopes that exist.
func (r rules) clientSettings(pool *Pool, id string, old *cognitoidp.UserPoolClientType, in *cognitoidp.CreateUserPoolClientRequest, secret bool, custom Set) (*cognitoidp.UserPoolClientType, error) {
	c := &cognitoidp.UserPoolClientType{
		UserPoolId: &pool.ID, ClientId: &id, ClientName: &in.ClientName, CreationDate: at(r.now), LastModifiedDate: at(r.now),
		ClientType: old.ClientType, AccessTokenValidity: in.AccessTokenValidity, IdTokenValidity: in.IdTokenValidity,
		TokenValidityUnits: or(in.TokenValidityUnits, cognitoidp.TokenValidityUnitsType{}),
		ReadAttributes:     in.ReadAttributes, WriteAttributes: in.WriteAttributes, ExplicitAuthFlows: in.ExplicitAuthFlows,
		SupportedIdentityProviders: in.SupportedIdentityProviders, CallbackURLs: in.CallbackURLs, LogoutURLs: in.LogoutURLs,
		DefaultRedirectURI: in.DefaultRedirectURI, AllowedOAuthFlows: in.AllowedOAuthFlows, AllowedOAuthScopes: in.AllowedOAuthScopes,
		AllowedOAuthFlowsUserPoolClient: or(in.AllowedOAuthFlowsUserPoolClient, false), AnalyticsConfiguration: in.AnalyticsConfiguration,
		PreventUserExistenceErrors:               or(in.PreventUserExistenceErrors, cognitoidp.PreventUserExistenceErrorTypesLegacy),
		EnableTokenRevocation:                    or(in.EnableTokenRevocation, true),
		EnablePropagateAdditionalUserContextData: or(in.EnablePropagateAdditionalUserContextData, false),
		AuthSessionValidity:                      or(in.AuthSessionValidity, 3), RefreshTokenRotation: in.RefreshTokenRotation,
	}
	if in.PublishSecretsInAWSSecretsManager != nil && *in.PublishSecretsInAWSSecretsManager {
		return nil, cognitoidp.NewInvalidParameter("Client secrets cannot be published in AWS Secrets Manager by this server.")
	}
	doing := "creating"
	if old.CreationDate != nil {
		doing = "updating"
		c.CreationDate = old.CreationDate
		if c.ClientName = old.ClientName; in.ClientName != "" {
			c.ClientName = &in.ClientName
		}
	}
	for _, step := range []func() error{
		func() error { return validities(c, in.RefreshTokenValidity) },
		func() error { return authFlows(c, secret) },
		func() error { return r.clientTier(pool, c) },
		func() error { return permissions(pool.Schema, c, doing) },
		func() error { return providers(pool, c.SupportedIdentityProviders) },
		func() error { return oauth(c, secret, custom) },
		func() error { return analytics(c.AnalyticsConfiguration) },
	} {
		if err := step(); err != nil {
			return nil, err
		}
	}
	if *c.EnablePropagateAdditionalUserContextData && !secret {
		return nil, cognitoidp.NewInvalidParameter("Client Secret is required to set EnablePropagateAdditionalUserContextData as true")
	}
	return c, nil
}

// clientAsCreate reads an update as a creation.
func clientAsCreate(in *cognitoidp.UpdateUserPoolClientRequest) *cognitoidp.CreateUserPoolClientRequest {
	return &cognitoidp.CreateUserPoolClientRequest{
		UserPoolId: in.UserPoolId, ClientName: str(in.ClientName), RefreshTokenValidity: in.RefreshTokenValidity,
		AccessTokenValidity: in.AccessTokenValidity, IdTokenValidity: in.IdTokenValidity, TokenValidityUnits: in.TokenValidityUnits,
		ReadAttributes: in.ReadAttributes, WriteAttributes: in.WriteAttributes, ExplicitAuthFlows: in.ExplicitAuthFlows,
		SupportedIdentityProviders: in.SupportedIdentityProviders, CallbackURLs: in.CallbackURLs, LogoutURLs: in.LogoutURLs,
		DefaultRedirectURI: in.DefaultRedirectURI, AllowedOAuthFlows: in.AllowedOAuthFlows, AllowedOAuthScopes: in.AllowedOAuthScopes,
		AllowedOAuthFlowsUserPoolClient: in.AllowedOAuthFlowsUserPoolClient, AnalyticsConfiguration: in.AnalyticsConfiguration,
		PreventUserExistenceErrors: in.PreventUserExistenceErrors, EnableTokenRevocation: in.EnableTokenRevocation,
		EnablePropagateAdditionalUserContextData: in.EnablePropagateAdditionalUserContextData,
		AuthSessionValidity:                      in.AuthSessionValidity, RefreshTokenRotation: in.RefreshTokenRotation,
		PublishSecretsInAWSSecretsManager: in.PublishSecretsInAWSSecretsManager,
	}
}

// validities sets the life of refresh tokens and holds the limits of all three lives. 0 and unset are 30 days, told in
// the unit that the client uses.
func validities(c *cognitoidp.UserPoolClientType, refresh *int64) error {
	if num(refresh) == 0 {
		unit := span(1, val(or(c.TokenValidityUnits.RefreshToken, cognitoidp.TimeUnitsTypeDays)))
		refresh = new(int64(defaultRefreshLife / unit))
	}
	c.RefreshTokenValidity = refresh
	a, i, r := lifetimes(c.AccessTokenValidity, c.IdTokenValidity, refresh, c.TokenValidityUnits)
	const day = 24 * time.Hour
	if a < 5*time.Minute || a > day || i < 5*time.Minute || i > day || r < time.Hour || r > 3650*day {
		return cognitoidp.NewInvalidParameter("Invalid range for token validity.")
	}
	if a > r || i > r {
		return cognitoidp.NewInvalidParameter("Access and Id Token expiration times must be less than or equal to refresh token expiration times.")
	}
	if s := *c.AuthSessionValidity; s < 3 || s > 15 {
		return cognitoidp.NewInvalidParameter("AuthSessionValidity must be between 3 and 15 minutes, not %d.", s)
	}
	return nil
}

// authFlows holds which flows can be listed together.
func authFlows(c *cognitoidp.UserPoolClientType, secret bool) error {
	flows := c.ExplicitAuthFlows
	if slices.ContainsFunc(flows, isAllow) && slices.ContainsFunc(flows, func(f cognitoidp.ExplicitAuthFlowsType) bool { return !isAllow(f) }) {
		return cognitoidp.NewInvalidParameter("Auth flow name with prefix 'ALLOW' cannot be used with legacy auth flow names.")
	}
	if slices.Contains(flows, cognitoidp.ExplicitAuthFlowsTypeAllowClientTokenAuth) {
		switch {
		case len(flows) > 1:
			return cognitoidp.NewInvalidParameter("ALLOW_CLIENT_TOKEN_AUTH cannot be used with other auth flow names.")
		case !secret:
			return cognitoidp.NewInvalidParameter("Client Secret is required to use ALLOW_CLIENT_TOKEN_AUTH")
		}
	}
	rotates := c.RefreshTokenRotation != nil && c.RefreshTokenRotation.Feature == cognitoidp.FeatureTypeEnabled
	if rotates && slices.Contains(flows, cognitoidp.ExplicitAuthFlowsTypeAllowRefreshTokenAuth) {
		return cognitoidp.NewInvalidParameter("ALLOW_REFRESH_TOKEN_AUTH is not a permitted ExplicitAuthFlow when refresh token rotation is enabled.")
	}
	return nil
}

// clientTier holds the tier that features of clients need.
func (r rules) clientTier(pool *Pool, c *cognitoidp.UserPoolClientType) error {
	if r.ignoreTiers || *pool.Config.UserPoolTier != cognitoidp.UserPoolTierTypeLite {
		return nil
	}
	return tierRefusal(cognitoidp.UserPoolTierTypeLite, "", clientFeatures(c))
}

// clientFeatures names the features of a client that LITE does not include.
func clientFeatures(c *cognitoidp.UserPoolClientType) (out []string) {
	if r := c.RefreshTokenRotation; r != nil && r.Feature == cognitoidp.FeatureTypeEnabled {
		out = append(out, "Refresh Token Rotation")
	}
	for _, flow := range c.ExplicitAuthFlows {
		if flow == cognitoidp.ExplicitAuthFlowsTypeAllowTokenExchangeImpersonation || flow == cognitoidp.ExplicitAuthFlowsTypeAllowTokenExchangeDelegation {
			return append(out, "OAuth 2.0 Token Exchange")
		}
	}
	return out
}

// permissions holds that listed attributes exist, that no protected one is writable and every required one is.
func permissions(s *Schema, c *cognitoidp.UserPoolClientType, doing string) error {
	for _, name := range c.ReadAttributes {
		if _, ok := s.Attr(name); !ok {
			return cognitoidp.NewInvalidParameter("Invalid read attributes specified while %s a client", doing)
		}
	}
	if c.WriteAttributes == nil {
		return nil
	}
	refusal := cognitoidp.NewInvalidParameter("Invalid write attributes specified while %s a client", doing)
	for _, name := range c.WriteAttributes {
		if _, ok := s.Attr(name); !ok || neverWritable(name) {
			return refusal
		}
	}
	for _, name := range s.Required() {
		if name != "sub" && !slices.Contains(c.WriteAttributes, name) {
			return refusal
		}
	}
	return nil
}

// providers holds that every identity provider exists.
func providers(pool *Pool, names []string) error {
	for _, name := range names {
		if name != "COGNITO" {
			return cognitoidp.NewInvalidParameter("%s", UnknownProvider(name, pool.ID))
		}
	}
	return nil
}

// UnknownProvider says that a pool has no identity provider of a name, in AWS's words.
func UnknownProvider(name, poolID string) string {
	return "The provider " + name + " does not exist for User Pool " + poolID + "."
}

// userScopes are the scopes that are about a user.
var userScopes = []string{"phone", "email", "openid", "profile", "aws.cognito.signin.user.admin"}

// AboutUser reports whether a scope is about a user, and so none of a client that acts for itself.
func AboutUser(scope string) bool { return slices.Contains(userScopes, scope) }

// RegisterScope lets a client register others. Like userScopes it exists without a resource server.
const RegisterScope = "aws.cognito/dcr/register"

// oauth holds the rules of flows, scopes and URLs. They hold also while AllowedOAuthFlowsUserPoolClient is false, when
// the settings are kept but do not act.
func oauth(c *cognitoidp.UserPoolClientType, secret bool, custom Set) error {
	if *c.AllowedOAuthFlowsUserPoolClient && (len(c.AllowedOAuthFlows) == 0 || len(c.AllowedOAuthScopes) == 0) {
		return cognitoidp.NewInvalidParameter("AllowedOAuthFlows and AllowedOAuthScopes are required if user pool client is allowed to use OAuth flows.")
	}
	for _, scope := range c.AllowedOAuthScopes {
		if !isStandardScope(scope) && !custom.Has(scope) || scope == RegisterScope && registered(c) {
			return InvalidScope(cognitoidp.NewScopeDoesNotExist, scope)
		}
	}
	for _, list := range [][]string{c.CallbackURLs, c.LogoutURLs} {
		for _, u := range list {
			if text := BadURL(u); text != "" {
				return cognitoidp.NewInvalidParameter("%s", text)
			}
		}
	}
	if d := c.DefaultRedirectURI; d != nil && !slices.Contains(c.CallbackURLs, *d) {
		return cognitoidp.NewInvalidParameter("The default redirect URI %s is not in the callback URIs list.", *d)
	}
	return oauthFlows(c, secret)
}

// oauthFlows holds what the flows need and which of them exclude each other.
func oauthFlows(c *cognitoidp.UserPoolClientType, secret bool) error {
	users := slices.Contains(c.AllowedOAuthFlows, cognitoidp.OAuthFlowTypeCode) || slices.Contains(c.AllowedOAuthFlows, cognitoidp.OAuthFlowTypeImplicit)
	refuse := func(text string) error { return cognitoidp.NewInvalidOAuthFlow("%s", text) }
	if slices.Contains(c.AllowedOAuthFlows, cognitoidp.OAuthFlowTypeClientCredentials) {
		switch {
		case users:
			return refuse("client_credentials flow can not be selected along with code flow or implicit flow.")
		case !secret:
			return refuse("client_credentials flow can not be selected if client does not have a client secret.")
		}
		for _, scope := range c.AllowedOAuthScopes {
			if slices.Contains(userScopes, scope) {
				return refuse(scope + " is not supported with client_credentials flow")
			}
		}
		if len(c.AllowedOAuthScopes) == 0 {
			return refuse("client_credentials flow can not be selected if client does not have a custom scope.")
		}
	}
	if users && len(c.CallbackURLs) == 0 {
		return refuse("CallbackUrls can not be empty when code flow or implicit flow is selected")
	}
	return nil
}

// scheme is the beginning of an absolute URL.
var scheme = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9+.-]*:.`)

// BadURL explains why a callback or logout URL is refused: it is absolute, without fragment, and https unless it leads
// back to the user's own machine or to an app by a scheme of its own. Schemes that run or show text in a browser are
// never an app's.
func BadURL(u string) string {
	notURL := u + " is not a valid URL."
	if strings.Contains(u, "#") {
		return u + " cannot use fragment"
	}
	if !scheme.MatchString(u) || strings.ContainsFunc(u, func(r rune) bool { return r <= ' ' || r == 0x7f || r == '\\' }) {
		return notURL
	}
	parsed, err := url.Parse(u)
	if err != nil || parsed.User != nil {
		return notURL
	}
	switch strings.ToLower(parsed.Scheme) {
	case "https":
		if parsed.Hostname() == "" {
			return notURL
		}
	case "http":
		switch parsed.Hostname() {
		case "":
			return notURL
		case "localhost", "127.0.0.1", "::1":
		default:
			return u + " cannot use the HTTP protocol."
		}
	case "javascript", "vbscript", "data", "blob", "about", "file", "filesystem", "view-source":
		return u + " cannot use the " + strings.ToUpper(parsed.Scheme) + " protocol."
	}
	return ""
}

// analytics holds that an application is named in exactly one of the two ways.
func analytics(a *cognitoidp.AnalyticsConfigurationType) error {
	if a == nil {
		return nil
	}
	byID := a.ApplicationId != nil && a.RoleArn != nil && a.ExternalId != nil
	some := a.ApplicationId != nil || a.RoleArn != nil || a.ExternalId != nil
	if a.ApplicationArn != nil && some || a.ApplicationArn == nil && !byID {
		return cognitoidp.NewInvalidParameter("Invalid analytics configuration given, either <application arn> or <application id, role arn, external id> are valid")
	}
	return nil
}
