package oauth

import (
	"net/http"
	"strconv"

	"cognate/internal/api/rt"
	"cognate/internal/core/pool"
)

// discovery returns the metadata of a pool: the members that Cognito publishes, by name, and those that current clients
// look for besides.
func (h *handler) discovery(p *pool.Pool) []byte {
	issuer := h.Issuer(p)
	base := h.public + "/" + p.ID
	if h.Endpoints != nil {
		if other := h.Endpoints(p); other != "" {
			base = other
		}
	}
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
	text("authorization_endpoint", base+"/oauth2/authorize")
	list("code_challenge_methods_supported", "S256")
	text("end_session_endpoint", base+"/logout")
	list("grant_types_supported", "authorization_code", "implicit", "refresh_token", "client_credentials")
	list("id_token_signing_alg_values_supported", "RS256")
	text("issuer", issuer)
	text("jwks_uri", issuer+wellKnown+docKeys)
	list("response_types_supported", "code", "token")
	text("revocation_endpoint", base+"/oauth2/revoke")
	list("scopes_supported", "openid", "email", "phone", "profile")
	list("subject_types_supported", "public")
	text("token_endpoint", base+"/oauth2/token")
	list("token_endpoint_auth_methods_supported", "client_secret_basic", "client_secret_post")
	text("userinfo_endpoint", base+"/oauth2/userInfo")
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

func (h *handler) refuse(w http.ResponseWriter, r *http.Request, status int, text string) {
	b := rt.AppendString(member(nil, "message"), text)
	write(w, r, status, append(b, '}'))
}

func write(w http.ResponseWriter, r *http.Request, status int, body []byte) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(status)
	if r.Method != http.MethodHead {
		_, _ = w.Write(body) // a reader that went away is no failure of ours
	}
}
