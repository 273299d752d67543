package clientdoc

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"unicode"

	"cognate/internal/api/cognitoidp"
	"cognate/internal/core/pool"
)

// document is what is read of a client metadata document; other members are ignored.
type document struct {
	ClientID      string          `json:"client_id"`
	Name          string          `json:"client_name"`
	RedirectURIs  []string        `json:"redirect_uris"`
	AuthMethod    string          `json:"token_endpoint_auth_method"`
	GrantTypes    []string        `json:"grant_types"`
	ResponseTypes []string        `json:"response_types"`
	Scope         *string         `json:"scope"`
	Secret        json.RawMessage `json:"client_secret"`
}

// maxName bounds the name that pages show.
const maxName = 128

// read reads the document at an address, which must say that it is that of the address, and of a client without a secret.
func read(address string, body []byte) (*document, error) {
	d := new(document)
	if err := json.Unmarshal(body, d); err != nil {
		return nil, fmt.Errorf("the document is no JSON object of the right form: %w", err)
	}
	if d.GrantTypes == nil {
		d.GrantTypes = []string{"authorization_code"}
	}
	if d.ResponseTypes == nil {
		d.ResponseTypes = []string{"code"}
	}
	switch {
	case d.ClientID != address:
		return nil, errors.New("client_id of the document is not its address")
	case d.AuthMethod != "none", d.Secret != nil:
		return nil, errors.New("token_endpoint_auth_method of the document must be none, and there can be no client_secret")
	case !slices.Contains(d.GrantTypes, "authorization_code"), !slices.Contains(d.ResponseTypes, "code"):
		return nil, errors.New("the document does not have the grant type authorization_code and the response type code")
	case len(d.RedirectURIs) == 0:
		return nil, errors.New("the document has no redirect_uris")
	}
	for _, u := range d.RedirectURIs {
		if text := pool.BadURL(u); text != "" {
			return nil, errors.New("redirect_uris of the document: " + text)
		}
	}
	return d, nil
}

// name is what pages call the client.
func (d *document) name(address string) string {
	clean := strings.Join(strings.Fields(strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return ' '
		}
		return r
	}, d.Name)), " ")
	if runes := []rune(clean); len(runes) > maxName {
		clean = string(runes[:maxName])
	}
	if clean == "" {
		return hostOf(address)
	}
	return clean
}

func hostOf(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	return u.Host
}

// narrow is the app client as the document lets it be used: by the addresses, grant types and scopes of the document, for
// users and without a secret.
func (d *document) narrow(c *pool.Client, address string) *pool.Client {
	out := *c
	config := *c.Config
	config.CallbackURLs, config.LogoutURLs, config.DefaultRedirectURI = d.RedirectURIs, nil, nil
	config.AllowedOAuthFlows = nil
	if slices.Contains(c.Config.AllowedOAuthFlows, cognitoidp.OAuthFlowTypeCode) {
		config.AllowedOAuthFlows = []cognitoidp.OAuthFlowType{cognitoidp.OAuthFlowTypeCode}
	}
	config.ExplicitAuthFlows = slices.DeleteFunc(slices.Clone(config.ExplicitAuthFlows), func(f cognitoidp.ExplicitAuthFlowsType) bool {
		return f == cognitoidp.ExplicitAuthFlowsTypeAllowTokenExchangeDelegation || f == cognitoidp.ExplicitAuthFlowsTypeAllowTokenExchangeImpersonation
	})
	if d.Scope != nil {
		listed := strings.Fields(*d.Scope)
		out.Scopes = slices.DeleteFunc(slices.Clone(c.Scopes), func(s string) bool { return !slices.Contains(listed, s) })
	}
	out.Config = &config
	out.Document = &pool.ClientDocument{
		URL: address, Name: d.name(address), Host: hostOf(address), Refreshes: slices.Contains(d.GrantTypes, "refresh_token"),
	}
	return &out
}
