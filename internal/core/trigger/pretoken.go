package trigger

import (
	"bytes"
	"context"
	"encoding/json"

	"cognate/internal/api/cognitoidp"
	"cognate/internal/base/obs"
	"cognate/internal/core/pool"
)

// Sources of PreTokenGeneration.
const (
	TokenHostedAuth         = "TokenGeneration_HostedAuth"
	TokenAuthentication     = "TokenGeneration_Authentication"
	TokenNewPassword        = "TokenGeneration_NewPasswordChallenge"
	TokenAuthenticateDevice = "TokenGeneration_AuthenticateDevice"
	TokenRefresh            = "TokenGeneration_RefreshTokens"
	TokenClientCredentials  = "TokenGeneration_ClientCredentials"
	TokenExchange           = "TokenGeneration_TokenExchange" // own name: AWS does not document one
)

// Groups are the groups and roles of a user before or after the trigger.
type Groups struct {
	Groups        []string `json:"groupsToOverride"`
	Roles         []string `json:"iamRolesToOverride"`
	PreferredRole *string  `json:"preferredRole"`
}

// ClaimChanges are changes to the claims of one token. Suppression wins over
// addition; which claims may be changed at all is the token room's rule.
type ClaimChanges struct {
	Add      map[string]json.RawMessage
	Suppress []string
}

// TokenChanges is what PreTokenGeneration answered; the zero value changes nothing.
type TokenChanges struct {
	ID, Access                ClaimChanges
	AddScopes, SuppressScopes []string
	// Groups replaces groups and roles when Override is set; the zero Groups
	// then removes them.
	Override bool
	Groups   Groups
}

type claims map[string]json.RawMessage

type tokenResponseV1 struct {
	Details *struct {
		Add      map[string]*string `json:"claimsToAddOrOverride"`
		Suppress []string           `json:"claimsToSuppress"`
		Groups   json.RawMessage    `json:"groupOverrideDetails"`
	} `json:"claimsOverrideDetails"`
}

type tokenResponseV2 struct {
	Details *struct {
		ID *struct {
			Add      claims   `json:"claimsToAddOrOverride"`
			Suppress []string `json:"claimsToSuppress"`
		} `json:"idTokenGeneration"`
		Access *struct {
			Add            claims   `json:"claimsToAddOrOverride"`
			Suppress       []string `json:"claimsToSuppress"`
			AddScopes      []string `json:"scopesToAdd"`
			SuppressScopes []string `json:"scopesToSuppress"`
		} `json:"accessTokenGeneration"`
		Groups json.RawMessage `json:"groupOverrideDetails"`
	} `json:"claimsAndScopeOverrideDetails"`
}

type tokenRequest struct {
	UserAttributes map[string]string `json:"userAttributes"`
	Groups         *Groups           `json:"groupConfiguration"`
	Scopes         []string          `json:"scopes,omitempty"`
	ClientMetadata map[string]string `json:"clientMetadata,omitempty"`
}

// PreTokenGeneration asks for changes to the tokens that are about to be
// signed. groups is nil for machine tokens, which only V3_0 functions see.
func (t *Triggers) PreTokenGeneration(ctx context.Context, source string, s *Subject, groups *Groups, scopes []string) (*TokenChanges, error) {
	arn, version := s.preToken()
	c := call{name: "PreTokenGeneration", arn: arn, source: source, subject: s}
	r := tokenRequest{UserAttributes: s.attributes(), Groups: groups, ClientMetadata: s.Metadata}
	if version == cognitoidp.PreTokenGenerationLambdaVersionTypeV10 {
		if source == TokenClientCredentials {
			return &TokenChanges{}, nil
		}
		var v tokenResponseV1
		c.version, c.request = "1", r
		_, err := t.invoke(ctx, c, &v)
		if err != nil {
			return nil, err
		}
		return v.changes(ctx)
	}
	if source == TokenClientCredentials && version != cognitoidp.PreTokenGenerationLambdaVersionTypeV30 {
		return &TokenChanges{}, nil
	}
	var v tokenResponseV2
	c.version = "2"
	if version == cognitoidp.PreTokenGenerationLambdaVersionTypeV30 {
		c.version = "3"
	}
	r.Scopes = scopes
	c.request = r
	if _, err := t.invoke(ctx, c, &v); err != nil {
		return nil, err
	}
	return v.changes(ctx)
}

// preToken is the function and the version of its events; the older member of
// LambdaConfig means V1_0.
func (s *Subject) preToken() (*string, cognitoidp.PreTokenGenerationLambdaVersionType) {
	c := s.config()
	if v := c.PreTokenGenerationConfig; v != nil {
		return &v.LambdaArn, v.LambdaVersion
	}
	return c.PreTokenGeneration, cognitoidp.PreTokenGenerationLambdaVersionTypeV10
}

func (v *tokenResponseV1) changes(ctx context.Context) (*TokenChanges, error) {
	out := &TokenChanges{}
	if v.Details == nil {
		return out, nil
	}
	out.ID.Suppress = v.Details.Suppress
	if len(v.Details.Add) > 0 {
		out.ID.Add = make(claims, len(v.Details.Add))
		for name, value := range v.Details.Add {
			text, err := json.Marshal(value)
			if err != nil {
				return nil, err
			}
			out.ID.Add[name] = text
		}
	}
	return out, out.setGroups(ctx, v.Details.Groups)
}

func (v *tokenResponseV2) changes(ctx context.Context) (*TokenChanges, error) {
	out := &TokenChanges{}
	if v.Details == nil {
		return out, nil
	}
	if id := v.Details.ID; id != nil {
		out.ID = ClaimChanges{Add: id.Add, Suppress: id.Suppress}
	}
	if access := v.Details.Access; access != nil {
		out.Access = ClaimChanges{Add: access.Add, Suppress: access.Suppress}
		out.AddScopes, out.SuppressScopes = access.AddScopes, access.SuppressScopes
	}
	return out, out.setGroups(ctx, v.Details.Groups)
}

// setGroups reads groupOverrideDetails: left out it changes nothing, null and
// {} take all groups away.
func (c *TokenChanges) setGroups(ctx context.Context, raw json.RawMessage) error {
	if len(raw) == 0 {
		return nil
	}
	c.Override = true
	if bytes.Equal(raw, []byte("null")) {
		return nil
	}
	if err := json.Unmarshal(raw, &c.Groups); err != nil {
		obs.Cause(ctx, "PreTokenGeneration answer: %v", err)
		return pool.UnrecognizableOutput(cognitoidp.NewInvalidLambdaResponse)
	}
	return nil
}
