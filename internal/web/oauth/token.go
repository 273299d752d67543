package oauth

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"cognate/internal/api/cognitoidp"
	"cognate/internal/api/rt"
	"cognate/internal/base/limit"
	"cognate/internal/base/obs"
	"cognate/internal/core/authorization"
	"cognate/internal/core/clientdoc"
	"cognate/internal/core/guard"
	"cognate/internal/core/pool"
	"cognate/internal/core/signin"
	"cognate/internal/core/token"
	"cognate/internal/web/site"
)

// Machines issues tokens to clients that act for themselves; *machine.Room does. The error is token.ErrChanges or an
// exception of a function.
type Machines interface {
	Issue(ctx context.Context, p *pool.Pool, c *pool.Client, scopes []string, metadata map[string]string) (*cognitoidp.ClientAuthenticationResultType, error)
}

// Engine exchanges refresh tokens; *signin.Engine does. The error is an AWS exception.
type Engine interface {
	Exchange(ctx context.Context, p *pool.Pool, c *pool.Client, in *cognitoidp.GetTokensFromRefreshTokenRequest) (*signin.Answer, error)
	// KnownHolder reports whether a refresh token is one of a user who has proven themselves before from where the request comes from.
	KnownHolder(ctx context.Context, p *pool.Pool, c *pool.Client, refreshToken, deviceKey string) (bool, error)
}

// Codes redeems authorization codes; *authorization.Room does. The error is authorization.ErrCode or ErrRedirect, or an AWS
// exception.
type Codes interface {
	Redeem(ctx context.Context, p *pool.Pool, c *pool.Client, in authorization.Redemption) (*cognitoidp.AuthenticationResultType, error)
	// Live reports whether a client can still redeem a code.
	Live(ctx context.Context, p *pool.Pool, c *pool.Client, code string) (bool, error)
}

// grants are the values of grant_type that the token endpoint takes.
var grants = []string{"authorization_code", "refresh_token", "client_credentials", grantExchange}

// token is the token endpoint (RFC 6749 section 3.2).
func (h *handler) token(ctx context.Context, r *site.Request) site.Reply {
	in, refusal := h.posted(ctx, r)
	if refusal != nil {
		return *refusal
	}
	switch grant := in.form.Get("grant_type"); grant {
	case "":
		return *reject(ctx, codeRequest, "grant_type is missing")
	case "authorization_code":
		return h.authorizationCode(ctx, in)
	case "client_credentials":
		return h.clientCredentials(ctx, in)
	case "refresh_token":
		return h.refreshToken(ctx, in)
	case grantExchange:
		return h.exchange(ctx, in)
	default:
		return *reject(ctx, codeGrantType, "")
	}
}

// authorizationCode is the grant of RFC 6749 section 4.1.3.
func (h *handler) authorizationCode(ctx context.Context, in *asked) site.Reply {
	if !in.client.OAuth() || !slices.Contains(in.client.Config.AllowedOAuthFlows, cognitoidp.OAuthFlowTypeCode) {
		return *reject(ctx, codeUnallowed, "")
	}
	code := in.form.Get("code")
	if code == "" {
		return *reject(ctx, codeRequest, "code is missing")
	}
	result, err := h.Codes.Redeem(ctx, in.pool, in.client, authorization.Redemption{
		Code: code, RedirectURI: in.form.Get("redirect_uri"), Verifier: in.form.Get("code_verifier"),
	})
	switch {
	case errors.Is(err, authorization.ErrRedirect):
		obs.Cause(ctx, "%v", err)
		return *reject(ctx, codeUnallowed, textRedirect)
	case errors.Is(err, authorization.ErrCode):
		obs.Cause(ctx, "%v", err)
		return *reject(ctx, codeGrant, "")
	case err != nil:
		return denied(ctx, token.Refusal(err))
	}
	return issued(result)
}

// textRedirect is Cognito's text for a redirect URI other than that of the authorization request.
const textRedirect = "invalid_redirect"

// clientCredentials is the grant of RFC 6749 section 4.4. Scopes that the client may not have are left out, as Cognito
// does; without any that it may have there is no token.
func (h *handler) clientCredentials(ctx context.Context, in *asked) site.Reply {
	guard.Right(ctx) // a function may take long
	if !in.client.HasSecret() || !in.client.OAuth() ||
		!slices.Contains(in.client.Config.AllowedOAuthFlows, cognitoidp.OAuthFlowTypeClientCredentials) {
		return *reject(ctx, codeUnallowed, "")
	}
	metadata, err := clientMetadata(in.form.Get("aws_client_metadata"))
	if err != nil {
		return *reject(ctx, codeRequest, "aws_client_metadata is not an object of strings")
	}
	scopes := in.client.MachineScopes()
	if wanted := strings.Fields(in.form.Get("scope")); len(wanted) > 0 {
		scopes = slices.DeleteFunc(scopes, func(s string) bool { return !slices.Contains(wanted, s) })
	}
	if len(scopes) == 0 {
		return *reject(ctx, codeScope, "")
	}
	result, err := h.Machines.Issue(ctx, in.pool, in.client, scopes, metadata)
	if err != nil {
		return denied(ctx, token.Refusal(err))
	}
	return issued(&cognitoidp.AuthenticationResultType{AccessToken: result.AccessToken, ExpiresIn: result.ExpiresIn, TokenType: result.TokenType})
}

// clientMetadata reads aws_client_metadata, which functions see.
func clientMetadata(text string) (map[string]string, error) {
	if text == "" {
		return nil, nil
	}
	var out map[string]string
	return out, json.Unmarshal([]byte(text), &out)
}

// refreshToken is the grant of RFC 6749 section 6. Whether a new refresh token comes along is the client's rotation.
func (h *handler) refreshToken(ctx context.Context, in *asked) site.Reply {
	text := in.form.Get("refresh_token")
	if text == "" {
		return *reject(ctx, codeRequest, "refresh_token is missing")
	}
	if d := in.client.Document; d != nil && !d.Refreshes {
		return *reject(ctx, codeUnallowed, "the client metadata document does not have the grant type refresh_token")
	}
	request := &cognitoidp.GetTokensFromRefreshTokenRequest{RefreshToken: text, ClientId: in.client.ID}
	if in.secret != "" {
		request.ClientSecret = &in.secret
	}
	answer, err := h.Engine.Exchange(ctx, in.pool, in.client, request)
	if err != nil {
		return denied(ctx, err)
	}
	return issued(answer.Tokens)
}

// known finds out whether a refresh token is shown whose user is known from the source, or the code of somebody who just
// signed in.
func (h *handler) known(ctx context.Context, r *site.Request) (bool, error) {
	form, err := r.Posted()
	grant := form.Get("grant_type")
	if err != nil || grant != "refresh_token" && grant != "authorization_code" {
		return false, nil
	}
	id, _, _, err := credentials(r.Request, form)
	if err != nil {
		return false, nil
	}
	p, c, err := h.Clients.Client(ctx, r.Place.PoolID, id)
	var over *limit.Over
	if errors.Is(err, pool.ErrPoolNotFound) || errors.Is(err, pool.ErrClientNotFound) || errors.Is(err, clientdoc.ErrDocument) || errors.As(err, &over) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	if grant == "authorization_code" { // where the secret of a client could be guessed, it has to wait
		live, err := h.Codes.Live(ctx, p, c, form.Get("code"))
		return live && !c.HasSecret(), err
	}
	return h.Engine.KnownHolder(ctx, p, c, form.Get("refresh_token"), "")
}

// issued is the answer of RFC 6749 section 5.1.
func issued(t *cognitoidp.AuthenticationResultType) site.Reply {
	var b []byte
	for _, m := range []struct {
		name  string
		value *string
	}{
		{"id_token", t.IdToken}, {"access_token", t.AccessToken}, {"refresh_token", t.RefreshToken}, {"token_type", t.TokenType},
	} {
		if m.value != nil {
			b = rt.AppendString(member(b, m.name), *m.value)
		}
	}
	b = strconv.AppendInt(member(b, "expires_in"), *t.ExpiresIn, 10)
	return site.JSON(http.StatusOK, append(b, '}'))
}

// denied turns the exceptions of the rooms into the errors of the token endpoint.
func denied(ctx context.Context, err error) site.Reply {
	var e rt.Exception
	if !errors.As(err, &e) || e.Fault() {
		return *internal(ctx, err)
	}
	code := codeRequest
	text := e.ErrorMessage()
	switch e.(type) {
	case *cognitoidp.NotAuthorizedException, *cognitoidp.RefreshTokenReuseException, *cognitoidp.UserNotFoundException:
		code, text = codeGrant, "" // Cognito tells no more
		obs.Cause(ctx, "%s", e.ErrorMessage())
	case *cognitoidp.TooManyRequestsException:
		return failed(ctx, http.StatusTooManyRequests, codeTooMany, text)
	}
	return *reject(ctx, code, text)
}
