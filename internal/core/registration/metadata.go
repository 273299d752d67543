package registration

import (
	"slices"
	"strings"

	"cognate/internal/api/cognitoidp"
	"cognate/internal/core/pool"
)

// Metadata is what a client says of itself, and what it was registered with (RFC 7591 section 2). Other members are ignored.
type Metadata struct {
	RedirectURIs  []string `json:"redirect_uris"`
	AuthMethod    string   `json:"token_endpoint_auth_method"`
	GrantTypes    []string `json:"grant_types"`
	ResponseTypes []string `json:"response_types"`
	Name          string   `json:"client_name"`
	Scope         string   `json:"scope"`
}

// Error is a refusal of RFC 7591 section 3.2.2.
type Error struct {
	Code string // one of the constants below
	Text string
}

// The codes of refusals.
const (
	CodeRedirectURI = "invalid_redirect_uri"
	CodeMetadata    = "invalid_client_metadata"
)

// Error tells the code and the text.
func (e *Error) Error() string { return "registration: " + e.Code + ": " + e.Text }

func bad(text string) error { return &Error{CodeMetadata, text} }

// The grant types and ways of authenticating that there are here.
const (
	grantCode    = "authorization_code"
	grantRefresh = "refresh_token"
	grantMachine = "client_credentials"

	methodNone  = "none"
	methodBasic = "client_secret_basic"
	methodPost  = "client_secret_post"
)

// flow is the one flow that a client is registered for. What it asks for besides and cannot have is left out, which the
// answer tells (RFC 7591 section 3.2.1); a client is either for users or for itself.
func (m *Metadata) flow(allowed []cognitoidp.OAuthFlowType) (cognitoidp.OAuthFlowType, error) {
	wanted := m.GrantTypes
	if len(wanted) == 0 {
		wanted = []string{grantCode}
	}
	code := slices.Contains(wanted, grantCode) && slices.Contains(allowed, cognitoidp.OAuthFlowTypeCode)
	machine := slices.Contains(wanted, grantMachine) && slices.Contains(allowed, cognitoidp.OAuthFlowTypeClientCredentials)
	switch {
	case code && machine:
		return "", bad("authorization_code and client_credentials need a client each")
	case code && m.ResponseTypes != nil && !slices.Contains(m.ResponseTypes, "code"):
		return "", bad("response_types must have code, which the grant type authorization_code needs")
	case code:
		return cognitoidp.OAuthFlowTypeCode, nil
	case machine:
		return cognitoidp.OAuthFlowTypeClientCredentials, nil
	}
	return "", bad("none of these grant_types can be registered here")
}

// secret reports whether the client gets a secret.
func (m *Metadata) secret(flow cognitoidp.OAuthFlowType) (bool, error) {
	switch m.AuthMethod {
	case methodNone:
		if flow == cognitoidp.OAuthFlowTypeClientCredentials {
			return false, bad("client_credentials needs a token_endpoint_auth_method with a secret")
		}
		return false, nil
	case "", methodBasic, methodPost:
		return true, nil
	}
	return false, bad("token_endpoint_auth_method must be none, client_secret_basic or client_secret_post")
}

// scopes are those that the client is registered for: what it asks for, or all that it may have. A scope that is about a
// user means nothing to a client that acts for itself.
func (m *Metadata) scopes(flow cognitoidp.OAuthFlowType, may []string) ([]string, error) {
	if flow == cognitoidp.OAuthFlowTypeClientCredentials {
		may = slices.DeleteFunc(slices.Clone(may), pool.AboutUser)
	}
	out := slices.Compact(slices.Sorted(slices.Values(strings.Fields(m.Scope))))
	for _, scope := range out {
		if !slices.Contains(may, scope) {
			return nil, bad("the scope " + shown(scope) + " is not one that a client may register for here")
		}
	}
	if len(out) == 0 {
		out = may
	}
	if len(out) == 0 {
		return nil, bad("there is no scope that such a client may register for here")
	}
	return out[:min(len(out), maxScopes)], nil
}

// maxScopes and maxName are limits of app clients.
const (
	maxScopes = 50
	maxName   = 128
)

// shown is a text of the request that an answer may repeat.
func shown(text string) string {
	if len(text) > 64 {
		text = text[:64]
	}
	return strings.ToValidUTF8(text, "")
}

// redirects are the addresses to which the client may be sent back, by the rules of callback URLs.
func (m *Metadata) redirects(flow cognitoidp.OAuthFlowType) ([]string, error) {
	if flow != cognitoidp.OAuthFlowTypeCode {
		return nil, nil
	}
	if len(m.RedirectURIs) == 0 {
		return nil, &Error{CodeRedirectURI, "redirect_uris is missing"}
	}
	var out []string
	for _, u := range m.RedirectURIs {
		if text := pool.BadURL(u); text != "" {
			return nil, &Error{CodeRedirectURI, text}
		}
		if !slices.Contains(out, u) {
			out = append(out, u)
		}
	}
	return out, nil
}

// nameless is the name of a client that tells none.
const nameless = "Registered client"

// name is the name of the client in the characters that names of app clients may have, without doubled spaces.
func (m *Metadata) name() string {
	clean := strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r >= '0' && r <= '9', strings.ContainsRune("_+=,.@-", r):
			return r
		}
		return ' '
	}, m.Name)
	clean = strings.Join(strings.Fields(clean), " ")
	clean = strings.TrimSpace(clean[:min(len(clean), maxName)])
	if clean == "" {
		return nameless
	}
	return clean
}
