package oauth

import (
	"slices"
	"strconv"

	"cognate/internal/api/rt"
	"cognate/internal/core/pool"
	"cognate/internal/core/token"
)

// discovery returns the metadata of a pool: the members that Cognito publishes, by name, and those that current clients
// look for besides. Endpoints that the server does not have, and what is only said about them, are left out;
// documents says that metadata documents of clients are taken. response_types_supported stays, because RFC 8414 and OpenID Connect Discovery require it.
func (h *handler) discovery(p *pool.Pool, served func(pool.Endpoint) bool, documents bool) []byte {
	var b []byte
	text := func(name, value string) { b = rt.AppendString(member(b, name), value) }
	list := func(name string, values ...string) { b = rt.AppendList(member(b, name), values, rt.AppendText) }
	endpoint := func(name string, e pool.Endpoint) {
		if served(e) {
			text(name, h.Addresses.Endpoint(p, e))
		}
	}
	truth := func(name string, value bool) { b = strconv.AppendBool(member(b, name), value) }
	login, tokens := served(pool.EndpointAuthorize), served(pool.EndpointToken)
	if login {
		if levels := h.levels(p); len(levels) > 0 {
			list("acr_values_supported", levels...)
		}
		endpoint("authorization_endpoint", pool.EndpointAuthorize)
		truth("authorization_response_iss_parameter_supported", true)
		list("claim_types_supported", "normal")
		truth("claims_parameter_supported", false)
		list("claims_supported", token.ClaimNames()...)
		if documents {
			truth("client_id_metadata_document_supported", true)
		}
		list("code_challenge_methods_supported", "S256")
	}
	endpoint("end_session_endpoint", pool.EndpointLogout)
	if tokens {
		list("grant_types_supported", granted(login)...)
	}
	list("id_token_signing_alg_values_supported", "RS256")
	if p.Introspectable() && served(pool.EndpointIntrospect) {
		endpoint("introspection_endpoint", pool.EndpointIntrospect)
		list("introspection_endpoint_auth_methods_supported", secretMethods...)
	}
	text("issuer", h.Addresses.Issuer(p))
	text("jwks_uri", h.Addresses.Document(p, pool.EndpointKeys))
	if login {
		list("prompt_values_supported", "none", "login", "select_account", "consent")
	}
	if p.Registers() && len(p.Domains) > 0 {
		endpoint("registration_endpoint", pool.EndpointRegister)
	}
	if login {
		truth("request_parameter_supported", false)
		truth("request_uri_parameter_supported", false)
		list("response_modes_supported", "query", "fragment", "form_post")
	}
	list("response_types_supported", "code", "token")
	endpoint("revocation_endpoint", pool.EndpointRevoke)
	if served(pool.EndpointRevoke) {
		list("revocation_endpoint_auth_methods_supported", methods...)
	}
	if login {
		list("scopes_supported", "openid", "email", "phone", "profile")
	}
	list("subject_types_supported", "public")
	endpoint("token_endpoint", pool.EndpointToken)
	if tokens {
		list("token_endpoint_auth_methods_supported", methods...)
	}
	endpoint("userinfo_endpoint", pool.EndpointUserInfo)
	return append(b, '}')
}

// levels are the pool's names of authentication levels, none where its tier has no step-up.
func (h *handler) levels(p *pool.Pool) []string {
	var names []string
	for level := 1; level <= 4 && h.Pools.StepUp(p) == nil; level++ {
		if name := p.ACR(level); name != "" {
			names = append(names, name)
		}
	}
	return names
}

// granted are the grants that discovery names: those of the token endpoint, and the one that needs only the pages.
func granted(login bool) []string {
	if !login {
		return grants
	}
	return slices.Concat(grants, []string{"implicit"})
}

// secretMethods are the ways in which a client shows its secret, and methods all in which it says who it is.
var (
	secretMethods = []string{"client_secret_basic", "client_secret_post"}
	methods       = []string{"client_secret_basic", "client_secret_post", "none"}
)

// member begins a member of an object, and the object with its first.
func member(b []byte, name string) []byte {
	if len(b) == 0 {
		b = append(b, '{')
	} else {
		b = append(b, ',')
	}
	return append(rt.AppendString(b, name), ':')
}
