package pool

import (
	"cmp"
	"net/netip"
	"net/url"
	"strings"

	"cognate/internal/api/cognitoidp"
	"cognate/internal/base/arn"
)

// Endpoint is the path of a page, an endpoint or a document below a pool's base address or issuer.
type Endpoint string

// What stands below a pool's base address; the last three stand below its issuer.
const (
	EndpointAuthorize     Endpoint = "/oauth2/authorize"
	EndpointToken         Endpoint = "/oauth2/token"
	EndpointUserInfo      Endpoint = "/oauth2/userInfo"
	EndpointRevoke        Endpoint = "/oauth2/revoke"
	EndpointIntrospect    Endpoint = "/oauth2/introspect"
	EndpointRegister      Endpoint = "/oauth2/register"
	EndpointLogin         Endpoint = "/login"
	EndpointLogout        Endpoint = "/logout"
	EndpointError         Endpoint = "/error"
	EndpointSignUp        Endpoint = "/signup"
	EndpointConfirm       Endpoint = "/confirm"
	EndpointResend        Endpoint = "/resendcode"
	EndpointForgot        Endpoint = "/forgotPassword"
	EndpointConfirmForgot Endpoint = "/confirmforgotPassword"
	EndpointMFA           Endpoint = "/mfa"
	EndpointMFAOption     Endpoint = "/mfaOption"
	EndpointNewPassword   Endpoint = "/changePassword"
	EndpointAddPasskey    Endpoint = "/passkeys/add"
	EndpointConfirmUser   Endpoint = "/confirmUser"
	EndpointRecoveryCodes Endpoint = "/recovery-codes"
	EndpointAssets        Endpoint = "/_assets/" // and the name of an image

	EndpointOpenID      Endpoint = "/.well-known/openid-configuration"
	EndpointOAuthServer Endpoint = "/.well-known/oauth-authorization-server" // RFC 8414
	EndpointKeys        Endpoint = "/.well-known/jwks.json"
)

// Addresses knows every address that a pool is reached by or named with. All of them follow from the server's public
// URL and the pool's own settings, never from the headers of a request.
//
// Pages and endpoints of a pool stand below Base. That is the host form where the pool has a domain and the server a
// login domain, <prefix>.auth.<region>.<login domain> or the pool's custom domain, and else the path form,
// <public URL>/<pool id>, which needs no DNS. Both are always answered.
type Addresses struct {
	public        string // the public URL without a slash at its end, "" when there is none
	origin        string // its scheme and host
	path, escaped string // its path, as requests and as URLs have it
	local         bool

	scheme, port string // those of the public URL, the port with its colon or ""
	login        string // the login domain, "" for none
}

// NewAddresses returns the addresses of a server with this public URL.
func NewAddresses(publicURL string) Addresses {
	a := Addresses{public: strings.TrimRight(publicURL, "/")}
	if u, err := url.Parse(a.public); err == nil {
		a.origin, a.path, a.escaped = u.Scheme+"://"+u.Host, u.Path, u.EscapedPath()
		a.local = u.Scheme == "http" && loopback(u.Hostname())
		if a.scheme = u.Scheme; u.Port() != "" {
			a.port = ":" + u.Port()
		}
	}
	return a
}

// WithLoginDomain returns the addresses of a server to which the names <prefix>.auth.<region>.<domain> lead, with the
// scheme and the port of its public URL. "localhost" leads to the machine itself, without any DNS.
func (a Addresses) WithLoginDomain(domain string) Addresses {
	a.login = hostName(domain)
	return a
}

// Known reports whether there is a public URL; without one nothing can be linked to.
func (a Addresses) Known() bool { return a.public != "" }

// Origin is the web origin of the public URL, "https://id.example.com".
func (a Addresses) Origin() string { return a.origin }

// Host is the host name of the public URL.
func (a Addresses) Host() string {
	_, host, _ := strings.Cut(a.origin, "://")
	return hostName(host)
}

// Local reports whether browsers reach the server by plain HTTP on their own machine, where they keep no Secure cookies.
func (a Addresses) Local() bool { return a.local }

// Secure reports whether browsers reach the server by TLS, whoever ends it.
func (a Addresses) Secure() bool { return a.scheme == "https" }

func loopback(host string) bool {
	ip, err := netip.ParseAddr(host)
	return host == localhost || strings.HasSuffix(host, "."+localhost) || err == nil && ip.IsLoopback()
}

// BasePath is the path of the public URL as it stands in one, "" or "/...", below which all that the server offers is.
func (a Addresses) BasePath() string { return a.escaped }

// Trim takes the base path off the path of a request. One without it came through a proxy that took it off already.
func (a Addresses) Trim(path string) string {
	rest, found := strings.CutPrefix(path, a.path)
	if found && (rest == "" || rest[0] == '/') {
		return rest
	}
	return path
}

// Issuer names the issuer of a pool: its path form, or AWS's own form when the pool's IssuerConfiguration asks for one by
// name, for verifiers that pin it.
func (a Addresses) Issuer(p *Pool) string {
	if c := p.Config.IssuerConfiguration; c != nil && c.Type != nil {
		original, updated := awsIssuers(p)
		switch *c.Type {
		case cognitoidp.IssuerTypeOriginal:
			return original
		case cognitoidp.IssuerTypeUpdated:
			return updated
		}
	}
	return a.public + "/" + p.ID
}

// Issues reports whether iss is an issuer of the pool: the one in use or, so that a change of the setting does not end
// tokens that live, one of AWS's forms. It proves nothing; only the pool's keys do.
func (a Addresses) Issues(p *Pool, iss string) bool {
	original, updated := awsIssuers(p)
	return iss != "" && (iss == a.Issuer(p) || iss == original || iss == updated)
}

// Issuers are all forms of a pool's issuer: the one in use first, then the others that the server answers for.
func (a Addresses) Issuers(p *Pool) []string {
	original, updated := awsIssuers(p)
	return []string{a.Issuer(p), a.public + "/" + p.ID, original, updated}
}

// awsIssuers returns the two issuers that AWS would give a pool in its Region.
func awsIssuers(p *Pool) (original, updated string) {
	host := "cognito-idp." + string(p.Region) + ".amazonaws.com"
	if strings.HasPrefix(string(p.Region), "cn-") {
		host += ".cn"
	}
	return "https://" + host + "/" + p.ID, "https://issuer-" + host + "/" + p.ID
}

// Document is the address of a document below a pool's issuer.
func (a Addresses) Document(p *Pool, e Endpoint) string { return a.Issuer(p) + string(e) }

// Base is the address below which a pool has its pages and endpoints, without a slash at its end. It takes the settings
// alone, because messages know no more of a pool.
func (a Addresses) Base(pool *cognitoidp.UserPoolType) string {
	if host := a.loginHost(pool); host != "" {
		return a.scheme + "://" + host + a.port
	}
	return a.public + "/" + str(pool.Id)
}

// loginHost is the host of a pool's pages: its custom domain, else that of its prefix, "" where they have none. A server
// on somebody's own machine is reached by a custom domain below localhost only.
func (a Addresses) loginHost(pool *cognitoidp.UserPoolType) string {
	if a.login == "" {
		return ""
	}
	if custom := str(pool.CustomDomain); custom != "" && (a.login != localhost || strings.HasSuffix(custom, "."+localhost)) {
		return custom
	}
	if prefix := str(pool.Domain); prefix != "" {
		region, _ := arn.RegionOf(str(pool.Id))
		return prefixHost(prefix, string(region), a.login)
	}
	return ""
}

// prefixHost is the host of a prefix below a login domain.
func prefixHost(prefix, region, login string) string { return prefix + ".auth." + region + "." + login }

// own reports whether a host is the server's own, which no pool may take for itself: that of the public URL, the login
// domain and what is below it, those of AWS's endpoints, and addresses.
func (a Addresses) own(host string) bool {
	if _, err := netip.ParseAddr(host); err == nil || host == a.Host() {
		return true
	}
	for _, domain := range []string{a.login, awsLogin, awsEndpoints, awsEndpoints + ".cn"} {
		prefixes := domain == localhost // whose other names are as good as any
		if host == domain || domain != "" && strings.HasSuffix(host, "."+domain) && (!prefixes || strings.Contains(host, ".auth.")) {
			return true
		}
	}
	return false
}

// domainKeys are the keys of the domains that a host may stand for: that of a prefix below the login domain or AWS's
// own, and that of a custom domain. A host that cannot be one has none.
func (a Addresses) domainKeys(host string) (keys []string) {
	host = hostName(host)
	if host == a.Host() {
		return nil
	}
	for _, login := range []string{a.login, awsLogin} {
		if name, found := strings.CutSuffix(host, "."+login); found && login != "" {
			if prefix, region, found := strings.Cut(name, ".auth."); found && prefixForm.MatchString(prefix) {
				keys = append(keys, prefixKey(prefix, region))
			}
		}
	}
	if strings.Contains(host, ".") && hostForm.MatchString(host) {
		keys = append(keys, customKey(host))
	}
	return keys
}

// Endpoint is the address of one of a pool's pages or endpoints.
func (a Addresses) Endpoint(p *Pool, e Endpoint) string { return a.Base(p.Config) + string(e) }

// ConfirmLink is the address that confirms a sign-up when it is opened, in the form of AWS's. The secret is all that
// proves anything; the user name is for people.
func (a Addresses) ConfirmLink(pool *cognitoidp.UserPoolType, clientID, username, secret string) string {
	return a.Base(pool) + string(EndpointConfirmUser) + "/?client_id=" + url.QueryEscape(clientID) +
		"&user_name=" + url.QueryEscape(username) + "&confirmation_code=" + url.QueryEscape(secret)
}

// RelyingParty is the id that passkeys of the pool are bound to: the configured one, else the pool's custom domain, else
// the host of its prefix domain, else "".
func (a Addresses) RelyingParty(p *Pool) string {
	if w := p.MFA.WebAuthnConfiguration; w != nil && str(w.RelyingPartyId) != "" {
		return *w.RelyingPartyId
	}
	if custom := str(p.Config.CustomDomain); custom != "" {
		return custom
	}
	if prefix := str(p.Config.Domain); prefix != "" {
		return prefixHost(prefix, string(p.Region), cmp.Or(a.login, awsLogin))
	}
	return ""
}

// awsEndpoints is the domain of the endpoints of AWS's services, under which clients may reach this server.
const awsEndpoints = "amazonaws.com"

// awsLogin is the domain below which AWS has its prefix domains.
const awsLogin = "amazoncognito.com"

const localhost = "localhost"
