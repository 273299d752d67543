package oauth

import (
	"cognate/internal/api/rt"
	"cognate/internal/core/pool"
)

// discovery returns the metadata of a pool: the members that Cognito publishes, by name, and those that current clients
// look for besides.
func (h *handler) discovery(p *pool.Pool) []byte {
	at := func(e pool.Endpoint) string { return h.Addresses.Endpoint(p, e) }
	var b []byte
	text := func(name, value string) { b = rt.AppendString(member(b, name), value) }
	list := func(name string, values ...string) {
		b = append(member(b, name), '[')
		for i, v := range values {
			if i > 0 {
				b = append(b, ',')
			}
			b = rt.AppendString(b, v)
		}
		b = append(b, ']')
	}
	text("authorization_endpoint", at(pool.EndpointAuthorize))
	list("code_challenge_methods_supported", "S256")
	text("end_session_endpoint", at(pool.EndpointLogout))
	list("grant_types_supported", grants...)
	list("id_token_signing_alg_values_supported", "RS256")
	text("issuer", h.Addresses.Issuer(p))
	text("jwks_uri", h.Addresses.Document(p, pool.EndpointKeys))
	list("response_types_supported", "code", "token")
	text("revocation_endpoint", at(pool.EndpointRevoke))
	list("scopes_supported", "openid", "email", "phone", "profile")
	list("subject_types_supported", "public")
	text("token_endpoint", at(pool.EndpointToken))
	list("token_endpoint_auth_methods_supported", "client_secret_basic", "client_secret_post")
	text("userinfo_endpoint", at(pool.EndpointUserInfo))
	return append(b, '}')
}

// member begins a member of an object, and the object with its first.
func member(b []byte, name string) []byte {
	if len(b) == 0 {
		b = append(b, '{')
	} else {
		b = append(b, ',')
	}
	return append(rt.AppendString(b, name), ':')
}
