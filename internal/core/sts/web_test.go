package sts_test

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"cognate/internal/api/cognitoidp"
	iamapi "cognate/internal/api/iam"
	api "cognate/internal/api/sts"
	"cognate/internal/base/db"
	"cognate/internal/base/httpkit"
	"cognate/internal/core/sts"
	"cognate/internal/rooms"
	"cognate/internal/testkit/cognitotest"
	"cognate/internal/testkit/dbtest"
)

// idp is an OpenID Connect provider on this machine.
type idp struct {
	*httptest.Server
	key *rsa.PrivateKey
}

func newIDP(t *testing.T) *idp {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	p := &idp{key: key}
	p.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/.well-known/openid-configuration":
			_ = json.NewEncoder(w).Encode(map[string]string{"issuer": p.URL, "jwks_uri": p.URL + "/keys"})
		case "/keys":
			_ = json.NewEncoder(w).Encode(jose.JSONWebKeySet{Keys: []jose.JSONWebKey{{Key: &key.PublicKey, KeyID: "1", Algorithm: "RS256"}}})
		}
	}))
	t.Cleanup(p.Close)
	return p
}

// name is how IAM calls the provider.
func (p *idp) name() string { return strings.TrimPrefix(p.URL, "http://") }

// token signs claims.
func (p *idp) token(t *testing.T, claims map[string]any) string {
	t.Helper()
	return tokenBy(t, p.key, "1", claims)
}

func tokenBy(t *testing.T, key *rsa.PrivateKey, kid string, claims map[string]any) string {
	t.Helper()
	s, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.RS256, Key: jose.JSONWebKey{Key: key, KeyID: kid}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	payload, err := json.Marshal(claims)
	if err != nil {
		t.Fatal(err)
	}
	signed, err := s.Sign(payload)
	if err != nil {
		t.Fatal(err)
	}
	text, err := signed.CompactSerialize()
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// lenient are worlds that may ask providers on this machine.
func lenient(t *testing.T, body func(w world)) {
	t.Helper()
	dbtest.Each(t, rooms.Migrations(), func(t *testing.T, d *db.DB) {
		body(worldOf(cognitotest.New(t, d, cognitotest.Options{Dev: true, Web: httpkit.ClientOptions{AllowLocal: true, AllowHTTP: true}})))
	})
}

// federated is a trust policy for an identity provider.
func federated(provider, condition string, actions ...string) string {
	return fmt.Sprintf(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Federated":%q},"Action":["%s"],"Condition":{%s}}]}`,
		provider, strings.Join(actions, `","`), condition)
}

const withWeb = "sts:AssumeRoleWithWebIdentity"

func web(role, token string) *api.AssumeRoleWithWebIdentityRequest {
	return &api.AssumeRoleWithWebIdentityRequest{RoleArn: role, RoleSessionName: "web", WebIdentityToken: token}
}

func TestWebIdentity(t *testing.T) {
	lenient(t, func(w world) {
		p := newIDP(t)
		provider := *cognitotest.Call(w.World, w.iam.CreateOpenIDConnectProvider, &iamapi.CreateOpenIDConnectProviderRequest{Url: p.URL, ClientIDList: []string{"app"}}).OpenIDConnectProviderArn
		role := w.role("R", federated(provider, `"StringEquals":{"`+p.name()+`:aud":"app","`+p.name()+`:sub":"alice"},"ForAnyValue:StringLike":{"`+p.name()+`:amr":"m*"}`, withWeb),
			strings.Replace(allows("s3:*"), `"Resource":"*"`, `"Resource":"*","Condition":{"StringEquals":{"`+p.name()+`:sub":"alice","aws:FederatedProvider":"`+provider+`"}}`, 1))
		now := w.Clock.Now().Unix()
		claims := func(set map[string]any) map[string]any {
			c := map[string]any{"iss": p.URL, "sub": "alice", "aud": "app", "exp": now + 600, "iat": now, "amr": []string{"pwd", "mfa"}}
			for k, v := range set {
				c[k] = v
				if v == nil {
					delete(c, k)
				}
			}
			return c
		}
		out := cognitotest.Call(w.World, w.sts.AssumeRoleWithWebIdentity, web(role, p.token(t, claims(nil))))
		if *out.SubjectFromWebIdentityToken != "alice" || *out.Audience != "app" || *out.Provider != p.URL || out.AssumedRoleUser.Arn != "arn:aws:sts::"+account+":assumed-role/R/web" {
			t.Errorf("%+v", out)
		}
		if s := w.by(out.Credentials); !s.may("s3:GetObject") || s.may("sqs:SendMessage") {
			t.Error("the session does not have its role's rights")
		}
		good := p.token(t, claims(nil))
		parts := strings.Split(good, ".")
		other, err := rsa.GenerateKey(rand.Reader, 2048)
		w.must(err)
		const (
			noJWT  = "InvalidIdentityToken: The ID Token provided is not a valid JWT. (You may see this error if you sent an Access Token)"
			noKeys = "InvalidIdentityToken: Couldn't retrieve verification key from your identity provider,  please reference AssumeRoleWithWebIdentity documentation for requirements"
			not    = "AccessDeniedException: Not authorized to perform sts:AssumeRoleWithWebIdentity"
		)
		for name, c := range map[string]struct{ token, want string }{
			"opaque":           {"EAAB1234", noJWT},
			"another key":      {tokenBy(t, other, "1", claims(nil)), noKeys},
			"altered":          {parts[0] + "." + base64.RawURLEncoding.EncodeToString([]byte(`{"iss":"`+p.URL+`","sub":"bob","aud":"app","exp":9999999999}`)) + "." + parts[2], noKeys},
			"alg none":         {base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"none"}`)) + "." + parts[1] + ".", noJWT},
			"unknown issuer":   {p.token(t, claims(map[string]any{"iss": "https://else.example"})), "InvalidIdentityToken: No OpenIDConnect provider found in your account for https://else.example"},
			"another scheme":   {p.token(t, claims(map[string]any{"iss": "https://" + p.name()})), "InvalidIdentityToken: No OpenIDConnect provider found in your account for https://" + p.name()},
			"expired":          {p.token(t, claims(map[string]any{"exp": now - 1})), fmt.Sprintf("ExpiredTokenException: Token expired: current date/time %d must be before the expiration date/time %d", now, now-1)},
			"without an end":   {p.token(t, claims(map[string]any{"exp": nil})), fmt.Sprintf("ExpiredTokenException: Token expired: current date/time %d must be before the expiration date/time 0", now)},
			"not yet":          {p.token(t, claims(map[string]any{"nbf": now + 3600})), "InvalidIdentityToken: Token is not valid yet"},
			"wrong audience":   {p.token(t, claims(map[string]any{"aud": "else"})), "InvalidIdentityToken: Incorrect token audience"},
			"no audience":      {p.token(t, claims(map[string]any{"aud": nil})), "InvalidIdentityToken: Incorrect token audience"},
			"another subject":  {p.token(t, claims(map[string]any{"sub": "bob"})), not},
			"without subject":  {p.token(t, claims(map[string]any{"sub": nil})), "InvalidIdentityToken: Missing a required claim: sub"},
			"without method":   {p.token(t, claims(map[string]any{"amr": []string{"pwd"}})), not},
			"claims of a kind": {p.token(t, claims(map[string]any{"amr": 7})), noJWT},
			"tags, untrusted":  {p.token(t, claims(map[string]any{"https://aws.amazon.com/tags": map[string]any{"principal_tags": map[string][]string{"a": {"b"}}}})), not},
			"two values":       {p.token(t, claims(map[string]any{"https://aws.amazon.com/tags": map[string]any{"principal_tags": map[string][]string{"a": {"b", "c"}}}})), `IDPRejectedClaim: The session tag "a" of the token is not one key with one value.`},
			"source, distrust": {p.token(t, claims(map[string]any{"https://aws.amazon.com/source_identity": "alice"})), not},
		} {
			if got := cognitotest.Refusal(w.World, w.sts.AssumeRoleWithWebIdentity, web(role, c.token)); got != c.want {
				t.Errorf("%s: %q, want %q", name, got, c.want)
			}
		}
		cognitotest.Refused(w.World, not, w.sts.AssumeRoleWithWebIdentity, web("arn:aws:iam::"+account+":role/none", good))
		opaque := web(role, "EAAB1234")
		opaque.ProviderId = new("login.example.com")
		cognitotest.Refused(w.World, "ValidationError: ProviderId is for the access tokens of www.amazon.com and graph.facebook.com.", w.sts.AssumeRoleWithWebIdentity, opaque)
		long := web(role, good)
		long.DurationSeconds = new(int64(3601))
		cognitotest.Refused(w.World, "ValidationError: The requested DurationSeconds exceeds the MaxSessionDuration set for this role.", w.sts.AssumeRoleWithWebIdentity, long)
		cognitotest.Refused(w.World, not, w.sts.AssumeRoleWithWebIdentity, web(w.role("keys only", trusts("", "sts:AssumeRole"), ""), good))

		w.must(w.iam.UpdateAssumeRolePolicy(w.Ctx, &iamapi.UpdateAssumeRolePolicyRequest{RoleName: "R", PolicyDocument: federated(provider,
			`"StringEquals":{"aws:RequestTag/team":"blue","sts:SourceIdentity":"al"}`, withWeb, "sts:TagSession", "sts:SetSourceIdentity")}))
		w.must(w.iam.PutRolePolicy(w.Ctx, &iamapi.PutRolePolicyRequest{RoleName: "R", PolicyName: "p", PolicyDocument: strings.Replace(allows("s3:*"),
			`"Resource":"*"`, `"Resource":"*","Condition":{"StringEquals":{"aws:PrincipalTag/Team":"blue","aws:SourceIdentity":"al"}}`, 1)}))
		out = cognitotest.Call(w.World, w.sts.AssumeRoleWithWebIdentity, web(role, p.token(t, claims(map[string]any{
			"https://aws.amazon.com/tags":            map[string]any{"principal_tags": map[string][]string{"team": {"blue"}}, "transitive_tag_keys": []string{"team"}},
			"https://aws.amazon.com/source_identity": "al",
		}))))
		if !w.by(out.Credentials).may("s3:GetObject") || *out.SourceIdentity != "al" {
			t.Errorf("tags of the token: %+v", out)
		}
		w.must(w.iam.DeleteOpenIDConnectProvider(w.Ctx, &iamapi.DeleteOpenIDConnectProviderRequest{OpenIDConnectProviderArn: provider}))
		cognitotest.Refused(w.World, "InvalidIdentityToken: No OpenIDConnect provider found in your account for "+p.URL, w.sts.AssumeRoleWithWebIdentity, web(role, good))
	})
}

// TestProviderDown: nobody is believed whose keys are not to be had.
func TestProviderDown(t *testing.T) {
	lenient(t, func(w world) {
		p := newIDP(t)
		provider := *cognitotest.Call(w.World, w.iam.CreateOpenIDConnectProvider, &iamapi.CreateOpenIDConnectProviderRequest{Url: p.URL, ClientIDList: []string{"app"}}).OpenIDConnectProviderArn
		role := w.role("R", federated(provider, `"StringEquals":{"`+p.name()+`:aud":"app"}`, withWeb), "")
		token := p.token(t, map[string]any{"iss": p.URL, "sub": "a", "aud": "app", "exp": w.Clock.Now().Unix() + 60})
		p.Close()
		cognitotest.Refused(w.World, "IDPCommunicationError: An error occurred while the identity provider was asked for its keys.", w.sts.AssumeRoleWithWebIdentity, web(role, token))
	})
}

// TestTokensOfOwnPools: ID tokens of this server's pools, whatever form of the issuer the provider was made with; their
// keys are not asked for over the network.
func TestTokensOfOwnPools(t *testing.T) {
	each(t, func(w world) {
		p := w.Pool(nil)
		client := w.Client(p, nil)
		w.User(p, "ann")
		tokens := cognitotest.Call(w.World, w.API.InitiateAuth, &cognitoidp.InitiateAuthRequest{
			AuthFlow: cognitoidp.AuthFlowTypeUserPasswordAuth, ClientId: client.ID, AuthParameters: map[string]string{"USERNAME": "ann", "PASSWORD": cognitotest.Password},
		}).AuthenticationResult
		for i, url := range []string{"https://cognito-idp.us-east-1.amazonaws.com/" + p.ID, cognitotest.PublicURL + "/" + p.ID} {
			name := strings.TrimPrefix(url, "https://")
			provider := *cognitotest.Call(w.World, w.iam.CreateOpenIDConnectProvider, &iamapi.CreateOpenIDConnectProviderRequest{Url: url, ClientIDList: []string{client.ID}}).OpenIDConnectProviderArn
			role := w.role(fmt.Sprint("R", i), federated(provider, `"StringEquals":{"`+name+`:aud":"`+client.ID+`"}`, withWeb), allows("s3:*"))
			out := cognitotest.Call(w.World, w.sts.AssumeRoleWithWebIdentity, web(role, *tokens.IdToken))
			if !w.by(out.Credentials).may("s3:GetObject") {
				t.Errorf("%s: no rights", url)
			}
			cognitotest.Refused(w.World, "InvalidIdentityToken: Couldn't retrieve verification key from your identity provider,  please reference AssumeRoleWithWebIdentity documentation for requirements",
				w.sts.AssumeRoleWithWebIdentity, web(role, *tokens.AccessToken))
			w.must(w.iam.DeleteOpenIDConnectProvider(w.Ctx, &iamapi.DeleteOpenIDConnectProviderRequest{OpenIDConnectProviderArn: provider}))
		}
		w.later(2 * time.Hour)
		if got := cognitotest.Refusal(w.World, w.sts.AssumeRoleWithWebIdentity, web("arn:aws:iam::"+account+":role/R0", *tokens.IdToken)); !strings.HasPrefix(got, "InvalidIdentityToken: No OpenIDConnect provider") {
			t.Error(got)
		}
	})
}

// identities is a service whose tokens are the claims themselves.
type identities struct{ issuer string }

func (i identities) Issues(iss string) bool { return iss == i.issuer }

func (i identities) Verify(_ context.Context, token string) ([]byte, error) {
	parts := strings.Split(token, ".")
	if parts[2] != "good" {
		return nil, sts.ErrSignature
	}
	return base64.RawURLEncoding.DecodeString(parts[1])
}

// TestTokensOfIdentityPools: trust policies know them by AWS's name, whatever issuer they carry.
func TestTokensOfIdentityPools(t *testing.T) {
	each(t, func(w world) {
		const issuer = "https://id.example.com/cognito-identity"
		w.STS.Trust(identities{issuer})
		role := w.role("R", federated(sts.CognitoIdentity, `"StringEquals":{"cognito-identity.amazonaws.com:aud":"us-east-1:pool"},"ForAnyValue:StringLike":{"cognito-identity.amazonaws.com:amr":"authenticated"}`, withWeb),
			strings.Replace(allows("s3:*"), `"Resource":"*"`, `"Resource":"arn:aws:s3:::b/${cognito-identity.amazonaws.com:sub}/*"`, 1))
		token := func(aud, amr, signature string) string {
			claims := fmt.Sprintf(`{"iss":%q,"sub":"us-east-1:me","aud":%q,"amr":[%q],"exp":%d}`, issuer, aud, amr, w.Clock.Now().Unix()+60)
			return "e30." + base64.RawURLEncoding.EncodeToString([]byte(claims)) + "." + signature
		}
		out := cognitotest.Call(w.World, w.sts.AssumeRoleWithWebIdentity, web(role, token("us-east-1:pool", "authenticated", "good")))
		if *out.Provider != sts.CognitoIdentity || *out.Audience != "us-east-1:pool" || *out.SubjectFromWebIdentityToken != "us-east-1:me" {
			t.Errorf("%+v", out)
		}
		s := w.by(out.Credentials)
		for resource, want := range map[string]bool{"arn:aws:s3:::b/us-east-1:me/x": true, "arn:aws:s3:::b/us-east-1:you/x": false, bucket: false} {
			if (s.ask("s3:GetObject", resource) == nil) != want {
				t.Error(resource)
			}
		}
		const not = "AccessDeniedException: Not authorized to perform sts:AssumeRoleWithWebIdentity"
		cognitotest.Refused(w.World, not, w.sts.AssumeRoleWithWebIdentity, web(role, token("us-east-1:other", "authenticated", "good")))
		cognitotest.Refused(w.World, not, w.sts.AssumeRoleWithWebIdentity, web(role, token("us-east-1:pool", "unauthenticated", "good")))
		if got := cognitotest.Refusal(w.World, w.sts.AssumeRoleWithWebIdentity, web(role, token("us-east-1:pool", "authenticated", "bad"))); !strings.HasPrefix(got, "InvalidIdentityToken: Couldn't") {
			t.Error(got)
		}
	})
}
