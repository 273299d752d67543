package sts

import (
	"context"
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"strings"
	"time"

	"cognate/internal/api/sts"
	"cognate/internal/base/obs"
	"cognate/internal/base/oidc"
	"cognate/internal/core/pool"
	"cognate/internal/core/token"
)

// The providers that every account trusts.
const (
	// CognitoIdentity is how trust policies name the identity pools, whatever issuer their tokens carry.
	CognitoIdentity = "cognito-identity.amazonaws.com"
	google          = "accounts.google.com"
	amazon          = "www.amazon.com"
	facebook        = "graph.facebook.com"
)

// The texts of AWS about web identity tokens.
const (
	textNoJWT  = "The ID Token provided is not a valid JWT. (You may see this error if you sent an Access Token)"
	textNoKeys = "Couldn't retrieve verification key from your identity provider,  please reference AssumeRoleWithWebIdentity documentation for requirements"
)

// Identities verifies the OpenID tokens of the identity pools of this server.
type Identities interface {
	// Issues reports whether iss is the issuer of their tokens.
	Issues(iss string) bool
	// Verify returns the claims of a token that the identity service has signed; the error wraps ErrSignature for any
	// other text. Its time is the caller's business.
	Verify(ctx context.Context, token string) ([]byte, error)
}

// ErrSignature says that a token was not signed by the one who is said to have signed it.
var ErrSignature = oidc.ErrSignature

// Trust makes the tokens of identity pools known. It is called once, before the first request.
func (r *Room) Trust(i Identities) { r.identities = i }

// claims are what a web identity token says.
type claims struct {
	Issuer   string   `json:"iss"`
	Subject  string   `json:"sub"`
	Audience audience `json:"aud"`
	Party    string   `json:"azp"`
	Expires  float64  `json:"exp"`
	Begins   float64  `json:"nbf"`
	Methods  []string `json:"amr"`
	Email    string   `json:"email"`
	Tags     struct {
		Principal  map[string][]string `json:"principal_tags"`
		Transitive []string            `json:"transitive_tag_keys"`
	} `json:"https://aws.amazon.com/tags"`
	SourceIdentity string `json:"https://aws.amazon.com/source_identity"`
}

// audience is an aud claim: one text or a list (RFC 7519 section 4.1.3).
type audience []string

// UnmarshalJSON implements json.Unmarshaler.
func (a *audience) UnmarshalJSON(b []byte) error {
	if len(b) > 0 && b[0] == '"' {
		*a = audience{""}
		return json.Unmarshal(b, &(*a)[0])
	}
	return json.Unmarshal(b, (*[]string)(a))
}

// voucher is an identity provider and what it says in a genuine token.
type voucher struct {
	provider string   // as trust policies name it
	prefix   string   // of its condition keys
	clients  []string // whom it may speak for; nil for anybody, of whom the trust policy judges
	claims   claims
	said     map[string][]string // condition keys in the place of those of claims; nil for none
}

// opaque asks the provider of an access token that says nothing by itself. It holds as long as it is taken: the provider
// judges that.
func (r *Room) opaque(ctx context.Context, provider, text string) (*voucher, error) {
	v := &voucher{provider: provider, prefix: provider}
	var owner oidc.Owner
	var err error
	user := "user_id"
	switch provider {
	case amazon:
		owner, err = r.d.Web.Amazon(ctx, text)
	case facebook:
		owner, err = r.d.Web.Facebook(ctx, text)
		user = "id"
	default:
		return nil, validation("ProviderId is for the access tokens of " + amazon + " and " + facebook + ".")
	}
	switch {
	case errors.Is(err, oidc.ErrKeys):
		obs.Cause(ctx, "%v", err)
		return nil, sts.NewIDPCommunicationError("%s", textDown)
	case errors.Is(err, oidc.ErrSignature):
		obs.Cause(ctx, "%v", err)
		return nil, sts.NewIDPRejectedClaim("The identity provider does not accept the token.")
	case err != nil:
		return nil, err
	}
	v.claims.Subject, v.claims.Audience = owner.User, audience{owner.App}
	v.claims.Expires = float64(r.d.Now().Add(time.Minute).Unix())
	v.said = map[string][]string{provider + ":app_id": {owner.App}, provider + ":" + user: {owner.User}}
	return v, nil
}

const textDown = "An error occurred while the identity provider was asked for its keys."

// vouched finds out whose word a token is, and verifies it.
func (r *Room) vouched(ctx context.Context, text string) (*voucher, error) {
	var said claims
	if oidc.Claims(text, &said) != nil || said.Issuer == "" {
		return nil, invalidWeb(textNoJWT)
	}
	v, verify, err := r.voucherOf(ctx, said.Issuer)
	if err != nil {
		return nil, err
	}
	genuine, err := verify(ctx, text)
	switch {
	case err == nil:
		if err := json.Unmarshal(genuine, &v.claims); err != nil {
			return nil, sts.NewIDPRejectedClaim("A claim of the token has not its form.")
		}
		return v, nil
	case errors.Is(err, oidc.ErrKeys):
		obs.Cause(ctx, "%v", err)
		return nil, sts.NewIDPCommunicationError("%s", textDown)
	case errors.Is(err, oidc.ErrMalformed):
		obs.Cause(ctx, "%v", err)
		return nil, invalidWeb(textNoJWT)
	case errors.Is(err, oidc.ErrSignature), errors.Is(err, token.ErrHint):
		obs.Cause(ctx, "%v", err)
		return nil, invalidWeb(textNoKeys)
	}
	return nil, err
}

// verifier returns the claims of a genuine token.
type verifier func(ctx context.Context, text string) ([]byte, error)

// voucherOf finds the provider of an issuer that an unverified token names, and who verifies it.
func (r *Room) voucherOf(ctx context.Context, iss string) (*voucher, verifier, error) {
	if r.identities != nil && r.identities.Issues(iss) {
		return &voucher{provider: CognitoIdentity, prefix: CognitoIdentity}, r.identities.Verify, nil
	}
	if iss == google || iss == "https://"+google {
		return &voucher{provider: google, prefix: google}, r.elsewhere(oidc.Provider{Issuer: "https://" + google}), nil
	}
	issuers, verify, err := r.ownPool(ctx, iss)
	if err != nil {
		return nil, nil, err
	}
	p, err := r.d.IAM.OIDCProvider(ctx, append([]string{bare(iss)}, issuers...)...)
	if err != nil {
		return nil, nil, err
	}
	if p == nil {
		return nil, nil, invalidWeb("No OpenIDConnect provider found in your account for " + iss)
	}
	if verify == nil {
		if p.URL != strings.TrimSuffix(iss, "/") {
			return nil, nil, invalidWeb("No OpenIDConnect provider found in your account for " + iss)
		}
		verify = r.elsewhere(oidc.Provider{Issuer: iss, Thumbprints: p.Thumbprints})
	}
	clients := p.ClientIDs
	if clients == nil {
		clients = []string{}
	}
	return &voucher{provider: p.ARN, prefix: p.Name, clients: clients}, verify, nil
}

// elsewhere verifies by the keys that a provider publishes.
func (r *Room) elsewhere(p oidc.Provider) verifier {
	return func(ctx context.Context, text string) ([]byte, error) { return r.d.Web.Verify(ctx, p, text) }
}

// ownPool is the user pool of this server that an issuer names: the forms of its issuer, by which a provider may know it,
// and who verifies its ID tokens. No address is asked for keys that are here.
func (r *Room) ownPool(ctx context.Context, iss string) (issuers []string, verify verifier, err error) {
	p, err := r.d.Pools.Pool(ctx, iss[strings.LastIndexByte(iss, '/')+1:])
	if errors.Is(err, pool.ErrPoolNotFound) || err == nil && !slices.Contains(r.d.Addresses.Issuers(p), iss) {
		return nil, nil, nil
	}
	if err != nil {
		return nil, nil, err
	}
	for _, form := range r.d.Addresses.Issuers(p) {
		issuers = append(issuers, bare(form))
	}
	return issuers, func(ctx context.Context, text string) ([]byte, error) {
		if _, _, err := r.d.Tokens.IDHint(ctx, p, text); err != nil {
			return nil, err
		}
		var payload json.RawMessage
		err := oidc.Claims(text, &payload)
		return payload, err
	}, nil
}

// bare is an issuer without its scheme.
func bare(iss string) string {
	_, rest, found := strings.Cut(iss, "://")
	if !found {
		return iss
	}
	return rest
}

// timely refuses a token that is over or has not begun.
func (v *voucher) timely(now time.Time) error {
	if exp := int64(v.claims.Expires); exp <= now.Unix() {
		return sts.NewExpiredToken("Token expired: current date/time %d must be before the expiration date/time %d", now.Unix(), exp)
	}
	if int64(v.claims.Begins) > now.Add(leeway).Unix() {
		return invalidWeb("Token is not valid yet")
	}
	return nil
}

// leeway is how far ahead a provider's clock may be.
const leeway = 5 * time.Minute

// audience is whom the token was issued to, of those whom the provider may speak for.
func (v *voucher) audience() (string, error) {
	candidates := v.claims.Audience
	if v.claims.Party != "" {
		candidates = append(slices.Clone(candidates), v.claims.Party)
	}
	if v.clients == nil {
		if v.prefix == google && v.claims.Party != "" {
			return v.claims.Party, nil
		}
		if len(v.claims.Audience) == 1 {
			return v.claims.Audience[0], nil
		}
	}
	for _, one := range candidates {
		if slices.Contains(v.clients, one) {
			return one, nil
		}
	}
	return "", invalidWeb("Incorrect token audience")
}

// keys are the condition keys of the provider's word, and those that the session keeps.
func (v *voucher) keys(audience string) (keys map[string][]string, kept []string) {
	if v.said != nil {
		return v.said, slices.Collect(maps.Keys(v.said))
	}
	name := func(claim string) string { return v.prefix + ":" + claim }
	keys = map[string][]string{name("aud"): {audience}, name("sub"): {v.claims.Subject}}
	if len(v.claims.Methods) > 0 {
		keys[name("amr")] = v.claims.Methods
	}
	if v.prefix == google {
		keys[name("oaud")] = v.claims.Audience
	}
	if v.claims.Email != "" {
		keys[name("email")] = []string{v.claims.Email}
	}
	return keys, []string{name("aud"), name("sub"), name("amr")}
}
