package oauth

import (
	"slices"

	"cognate/internal/api/rt"
	"cognate/internal/core/pool"
)

// discovery returns the metadata of a pool: the members that Cognito publishes, by name, and those that current clients
// look for besides. Endpoints that the server does not have, and what is only said about them, are left out;
// response_types_supported stays, because RFC 8414 and OpenID Connect Discovery require it.
func (h *handler) discovery(p *pool.Pool, served func(pool.Endpoint) bool) []byte {
	var b []byte
	text := func(name, value string) { b = rt.AppendString(member(b, name), value) }
	list := func(name string, values ...string) { b = rt.AppendList(member(b, name), values, rt.AppendText) }
	endpoint := func(name string, e pool.Endpoint) {
		if served(e) {
			text(name, h.Addresses.Endpoint(p, e))
		}
	}
	login, tokens := served(pool.EndpointAuthorize), served(pool.EndpointToken)
	endpoint("authorization_endpoint", pool.EndpointAuthorize)
	if login {
		list("code_challenge_methods_supported", "S256")
	}
	endpoint("end_session_endpoint", pool.EndpointLogout)
	if tokens {
		list("grant_types_supported", grants...)
	}
	list("id_token_signing_alg_values_supported", "RS256")
	if p.Introspectable() && served(pool.EndpointIntrospect) {
		endpoint("introspection_endpoint", pool.EndpointIntrospect)
		list("introspection_endpoint_auth_methods_supported", secretMethods...)
	}
	text("issuer", h.Addresses.Issuer(p))
	text("jwks_uri", h.Addresses.Document(p, pool.EndpointKeys))
	if p.Registers() && len(p.Domains) > 0 {
		endpoint("registration_endpoint", pool.EndpointRegister)
	}
	list("response_types_supported", "code", "token")
	endpoint("revocation_endpoint", pool.EndpointRevoke)
	if login {
		list("scopes_supported", "openid", "email", "phone", "profile")
	}
	list("subject_types_supported", "public")
	endpoint("token_endpoint", pool.EndpointToken)
	if tokens {
		list("token_endpoint_auth_methods_supported", slices.Concat(secretMethods, []string{"none"})...)
	}
	endpoint("userinfo_endpoint", pool.EndpointUserInfo)
	return append(b, '}')
}

// secretMethods are the ways in which a client shows its secret.
var secretMethods = []string{"client_secret_basic", "client_secret_post"}

// member begins a member of an object, and the object with its first.
func member(b []byte, name string) []byte {
	if len(b) == 0 {
		b = append(b, '{')
	} else {
		b = append(b, ',')
	}
	return append(rt.AppendString(b, name), ':')
}
