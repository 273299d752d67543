package oauth

import (
	"context"
	"errors"
	"net/http"
	"strings"

	"cognate/internal/api/cognitoidp"
	"cognate/internal/api/rt"
	"cognate/internal/base/obs"
	"cognate/internal/core/pool"
	"cognate/internal/core/token"
	"cognate/internal/web/site"
)

// Users tells the owners of access tokens about themselves; *directory.Directory does. The error is a
// NotAuthorizedException or an internal one.
type Users interface {
	UserInfo(ctx context.Context, poolID, accessToken string) (username string, attributes []cognitoidp.AttributeType, err error)
}

// Cognito's texts of the userInfo endpoint.
const (
	textBadUserInfo  = "Bad OAuth2 request at UserInfo Endpoint"
	textDeadUserInfo = "Access token is expired, disabled, or deleted, or the user has globally signed out."
)

// userInfo is the UserInfo endpoint (OpenID Connect Core section 5.3). All values are strings, as Cognito has them, unless
// the pool's tag asks for the types of the standard.
func (h *handler) userInfo(ctx context.Context, r *site.Request) site.Reply {
	text, ok := presented(r)
	if !ok {
		return challenged(ctx, http.StatusBadRequest, codeRequest, textBadUserInfo)
	}
	username, attributes, err := h.Users.UserInfo(ctx, r.Place.PoolID, text)
	var dead *cognitoidp.NotAuthorizedException
	if errors.As(err, &dead) {
		if obs.From(ctx).Cause == "" {
			obs.Cause(ctx, "%s", dead.Message)
		}
		return challenged(ctx, http.StatusUnauthorized, codeToken, textDeadUserInfo)
	}
	if err != nil {
		return *internal(ctx, err)
	}
	p, err := h.Pools.Pool(ctx, r.Place.PoolID)
	if err != nil {
		return *internal(ctx, err)
	}
	shape := shapeOf(p)
	var b []byte
	for _, a := range attributes {
		if a.Value != nil {
			b = shape(member(b, a.Name), a.Name, *a.Value)
		}
	}
	b = rt.AppendString(member(b, "username"), username)
	return site.JSON(http.StatusOK, append(b, '}'))
}

// shapeOf is how a pool's userInfo writes the value of an attribute.
func shapeOf(p *pool.Pool) func(b []byte, name, value string) []byte {
	if p.UserInfoTyped() {
		return typed
	}
	return func(b []byte, _, value string) []byte { return rt.AppendString(b, value) }
}

// typed writes an attribute in the type that OpenID Connect Core section 5.1 has for its claim.
func typed(b []byte, name, value string) []byte { return token.AppendClaim(b, name, value, true) }

// challenged is a refusal of a bearer, the answer of RFC 6750 section 3, with the same in the body.
func challenged(ctx context.Context, status int, code, text string) site.Reply {
	return failed(ctx, status, code, text).With("WWW-Authenticate", `Bearer error="`+code+`", error_description="`+text+`"`)
}

// presented is the token of a request: in its header, or in the form of a POST (RFC 6750 section 2), never in both.
func presented(r *site.Request) (string, bool) {
	form, err := r.Posted()
	if err != nil || !form.Has("access_token") {
		return bearer(r.Request)
	}
	values := form["access_token"]
	return values[0], len(values) == 1 && values[0] != "" && len(r.Header.Values("Authorization")) == 0
}

// bearer is the token in the one Authorization header of a request (RFC 6750 section 2.1).
func bearer(r *http.Request) (string, bool) {
	values := r.Header.Values("Authorization")
	if len(values) != 1 {
		return "", false
	}
	scheme, text, ok := strings.Cut(values[0], " ")
	text = strings.TrimSpace(text)
	return text, ok && strings.EqualFold(scheme, "Bearer") && text != "" && !strings.ContainsAny(text, " \t")
}
