package trigger

import (
	"context"
	"encoding/json"
)

// Federated is what an identity provider said about a user, before attribute
// mapping: token and user-info responses of OIDC and social providers, or the
// attributes of a SAML response.
type Federated struct {
	ProviderName string
	ProviderType string
	Attributes   any // the attributes member of the event
}

// InboundFederation lets the pool's function change what an identity provider
// said. A nil map leaves it as it is; otherwise only the returned attributes
// survive. It fires at every federated sign-in, before the profile is written.
func (t *Triggers) InboundFederation(ctx context.Context, s *Subject, f Federated) (map[string]json.RawMessage, error) {
	c := s.config().InboundFederation
	if c == nil {
		return nil, nil
	}
	var answer struct {
		Map map[string]json.RawMessage `json:"userAttributesToMap"`
	}
	_, err := t.invoke(ctx, call{
		name: "InboundFederation", arn: &c.LambdaArn, source: "InboundFederation_ExternalProvider", subject: s,
		request: struct {
			ProviderName string `json:"providerName"`
			ProviderType string `json:"providerType"`
			Attributes   any    `json:"attributes"`
		}{f.ProviderName, f.ProviderType, f.Attributes},
	}, &answer)
	if len(answer.Map) == 0 {
		return nil, err
	}
	return answer.Map, err
}
