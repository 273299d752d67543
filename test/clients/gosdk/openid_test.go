package gosdk

import (
	"errors"
	"net/url"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	idp "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"
)

const callback, out = "https://app.example.com/callback", "https://app.example.com/out"

// relying is an app that takes people in with go-oidc and golang.org/x/oauth2.
type relying struct {
	*world
	provider *oidc.Provider
	verifier *oidc.IDTokenVerifier
	config   oauth2.Config
	browser  *browser
}

func newRelying(t *testing.T) *relying {
	w := newWorld(t, nil)
	client, err := w.sdk.CreateUserPoolClient(w.ctx, &idp.CreateUserPoolClientInput{
		UserPoolId: &w.pool, ClientName: aws.String("web"), GenerateSecret: true, AllowedOAuthFlowsUserPoolClient: true,
		AllowedOAuthFlows: []types.OAuthFlowType{types.OAuthFlowTypeCode}, AllowedOAuthScopes: []string{"openid", "email", "profile"},
		CallbackURLs: []string{callback}, LogoutURLs: []string{out}, SupportedIdentityProviders: []string{"COGNITO"},
	})
	w.must(err)
	_, err = w.sdk.AdminCreateUser(w.ctx, &idp.AdminCreateUserInput{
		UserPoolId: &w.pool, Username: aws.String("ana"), MessageAction: types.MessageActionTypeSuppress,
		UserAttributes: []types.AttributeType{{Name: aws.String("email"), Value: aws.String("ana@example.com")}, {Name: aws.String("email_verified"), Value: aws.String("true")}},
	})
	w.must(err)
	_, err = w.sdk.AdminSetUserPassword(w.ctx, &idp.AdminSetUserPasswordInput{UserPoolId: &w.pool, Username: aws.String("ana"), Password: aws.String(password), Permanent: true})
	w.must(err)

	provider, err := oidc.NewProvider(w.ctx, strings.Replace(w.server.URL, "127.0.0.1", "localhost", 1)+"/"+w.pool)
	w.must(err)
	id := *client.UserPoolClient.ClientId
	return &relying{
		world: w, provider: provider, verifier: provider.Verifier(&oidc.Config{ClientID: id}), browser: newBrowser(t),
		config: oauth2.Config{
			ClientID: id, ClientSecret: *client.UserPoolClient.ClientSecret, Endpoint: provider.Endpoint(), RedirectURL: callback,
			Scopes: []string{oidc.ScopeOpenID, "email", "profile"},
		},
	}
}

// visit goes over the pages and back, and returns the tokens with the ID token that go-oidc has verified.
func (r *relying) visit(options ...oauth2.AuthCodeOption) (*oauth2.Token, *oidc.IDToken) {
	r.t.Helper()
	verifier := oauth2.GenerateVerifier()
	options = append(options, oauth2.S256ChallengeOption(verifier), oidc.Nonce("n-1"))
	left := r.browser.signIn(r.config.AuthCodeURL("s-1", options...), "ana", password)
	if q := left.Query(); q.Get("state") != "s-1" || q.Get("code") == "" || !strings.HasPrefix(left.String(), callback) {
		r.t.Fatalf("sent back to %s", left)
	}
	tokens, err := r.config.Exchange(r.ctx, left.Query().Get("code"), oauth2.VerifierOption(verifier))
	r.must(err)
	raw, _ := tokens.Extra("id_token").(string)
	id, err := r.verifier.Verify(r.ctx, raw)
	r.must(err)
	if id.Nonce != "n-1" {
		r.t.Fatalf("nonce %q", id.Nonce)
	}
	r.must(id.VerifyAccessToken(tokens.AccessToken))
	return tokens, id
}

// userInfo is what go-oidc reads of userInfo.
func (r *relying) userInfo(tokens *oauth2.Token) (*oidc.UserInfo, error) {
	return r.provider.UserInfo(r.ctx, oauth2.StaticTokenSource(tokens))
}

// TestGoOIDC is the whole way of a Go backend: discovery, code with PKCE, ID token with nonce and at_hash, userInfo,
// refresh, silent sign-in, logout.
func TestGoOIDC(t *testing.T) {
	r := newRelying(t)
	tokens, id := r.visit()
	var claims struct {
		Email    string
		Verified bool   `json:"email_verified"`
		Username string `json:"cognito:username"`
	}
	if r.must(id.Claims(&claims)); claims.Email != "ana@example.com" || !claims.Verified || claims.Username != "ana" {
		t.Errorf("claims %+v", claims)
	}
	info, err := r.userInfo(tokens)
	if r.must(err); info.Subject != id.Subject || info.Email != "ana@example.com" || !info.EmailVerified {
		t.Errorf("userInfo %+v", info)
	}

	stale := *tokens
	stale.Expiry = stale.Expiry.AddDate(0, 0, -1)
	fresh, err := r.config.TokenSource(r.ctx, &stale).Token()
	if r.must(err); fresh.AccessToken == tokens.AccessToken || fresh.RefreshToken != tokens.RefreshToken {
		t.Error("the tokens were not refreshed, or the refresh token did not stay")
	}
	if again, err := r.verifier.Verify(r.ctx, fresh.Extra("id_token").(string)); err != nil || again.Subject != id.Subject {
		t.Errorf("the refreshed ID token: %v", err)
	}

	_, silent := r.visit(oauth2.SetAuthURLParam("prompt", "none"))
	if silent.Subject != id.Subject {
		t.Error("prompt=none answered for somebody else")
	}
	var discovered struct {
		EndSession string `json:"end_session_endpoint"`
	}
	r.must(r.provider.Claims(&discovered))
	r.browser.open(discovered.EndSession + "?" + url.Values{
		"id_token_hint": {tokens.Extra("id_token").(string)}, "post_logout_redirect_uri": {out}, "state": {"s-2"},
	}.Encode())
	if r.browser.left == nil || r.browser.left.String() != out+"?state=s-2" {
		t.Fatalf("logged out to %v", r.browser.left)
	}
	left := r.browser.signIn(r.config.AuthCodeURL("s-1", oauth2.SetAuthURLParam("prompt", "none")), "ana", password)
	if left.Query().Get("error") != "login_required" {
		t.Errorf("after logout: %s", left)
	}
}

// TestGoOIDCReplay: a code that is shown twice is refused and ends what it gave.
func TestGoOIDCReplay(t *testing.T) {
	r := newRelying(t)
	verifier := oauth2.GenerateVerifier()
	code := r.browser.signIn(r.config.AuthCodeURL("s-1", oauth2.S256ChallengeOption(verifier)), "ana", password).Query().Get("code")
	tokens, err := r.config.Exchange(r.ctx, code, oauth2.VerifierOption(verifier))
	r.must(err)
	_, err = r.userInfo(tokens)
	r.must(err)
	var refused *oauth2.RetrieveError
	if _, err = r.config.Exchange(r.ctx, code, oauth2.VerifierOption(verifier)); !errors.As(err, &refused) || refused.ErrorCode != "invalid_grant" {
		t.Errorf("the code again: %v", err)
	}
	if _, err = r.userInfo(tokens); err == nil {
		t.Error("the access token lives on")
	}
}
