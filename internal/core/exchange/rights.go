package exchange

import (
	"context"
	"errors"
	"slices"
	"strings"

	"cognate/internal/api/cognitoidp"
	"cognate/internal/core/pool"
	"cognate/internal/core/token"
)

// held are the scopes that the subject token stands for. An ID token carries none: it stands for those of its session,
// except the one that lets act at the API, which nobody gets for knowing who a user is.
func (o *order) held() []string {
	if o.subject.Use == token.UseAccess {
		return o.subject.Scopes
	}
	return slices.DeleteFunc(strings.Fields(o.subject.Session().Scope), func(s string) bool { return s == token.AdminScope })
}

// grant are the scopes of the derived token: those that are asked for, or all, as far as the subject token has them and the
// client may have them; for a resource server none of another one. Who asks for scopes and can have none gets no token.
func (o *order) grant() ([]string, error) {
	var out []string
	for _, scope := range o.held() {
		asked := o.Request.Scopes == nil || slices.Contains(o.Request.Scopes, scope)
		foreign := o.Resource != "" && pool.IsCustomScope(scope) && len(pool.ScopesOf([]string{o.Resource}, []string{scope})) == 0
		if asked && !foreign && scope != pool.RegisterScope && slices.Contains(o.Client.Scopes, scope) && !slices.Contains(out, scope) {
			out = append(out, scope)
		}
	}
	if len(out) == 0 && o.Request.Scopes != nil {
		return nil, refuse(BadScope, "None of the requested scopes can be granted.")
	}
	if o.use() == token.UseID && !o.tells() {
		return nil, refuse(BadScope, "The subject token does not tell who the user is: an ID token cannot be derived from it.")
	}
	return out, nil
}

// tells reports whether the subject token shows its client who the user is.
func (o *order) tells() bool {
	held := o.held()
	return o.subject.Use == token.UseID || slices.Contains(held, token.ScopeOpenID) || slices.Contains(held, token.AdminScope)
}

// readable are the attributes that a derived ID token may show: those that the client of the subject token reads, and the
// scopes reveal that were asked for or that the subject token has. What the client itself may read is the token room's to
// choose.
func (o *order) readable(all map[string]string) map[string]string {
	if o.use() != token.UseID {
		return nil
	}
	scopes := o.held()
	if o.Request.Scopes != nil {
		scopes = o.scopes
	}
	// Tokens of sign-ins at the API have no openid and show everything.
	everything := slices.Contains(scopes, token.AdminScope) || len(scopes) == 0 && o.subject.Use == token.UseID
	out := map[string]string{}
	for name, value := range all {
		if o.subject.Client.Readable(name) && (everything || token.Reveals(scopes, name)) {
			out[name] = value
		}
	}
	return out
}

// target is the audience of the derived token. That of a token that is bound to one stays, unless the client that hands it
// in is who it is meant for: then the token is passed on to the next.
func (r *Room) target(ctx context.Context, o *order) (string, error) {
	wanted := o.Audience
	if o.Resource != "" {
		if _, err := r.Pools.ResourceServer(ctx, o.Pool.ID, o.Resource); err != nil {
			var unknown *cognitoidp.ResourceNotFoundException
			if errors.As(err, &unknown) {
				return "", refuse(NoTarget, unknown.Message)
			}
			return "", err
		}
		wanted = o.Resource
	}
	bound := o.bound()
	switch {
	case bound != "" && wanted == "":
		wanted = bound
	case bound != "" && wanted != bound && !o.addressed(bound):
		return "", refuse(BadTarget, "The subject token is for another audience.")
	}
	if o.use() == token.UseID {
		return r.idAudience(ctx, o, wanted)
	}
	return wanted, nil
}

// bound is the audience that the subject token is bound to; "" for none. That of an ID token is the client itself, and then
// the one that the access tokens of its session have counts.
func (o *order) bound() string {
	for _, a := range o.subject.Audience {
		if a != o.subject.Client.ID {
			return a
		}
	}
	if o.subject.Use == token.UseID {
		return o.subject.Session().Resource
	}
	return ""
}

// addressed reports whether the client is, or stands for, an audience.
func (o *order) addressed(audience string) bool {
	servers, _ := o.Pool.Introspects(o.Client.ID)
	return audience == o.Client.ID || slices.Contains(servers, audience)
}

// idAudience is the audience of an ID token: the client itself when none is asked for, and never another client of the
// pool, which would take it for a sign-in of its own.
func (r *Room) idAudience(ctx context.Context, o *order, wanted string) (string, error) {
	if wanted == "" || wanted == o.Client.ID {
		return o.Client.ID, nil
	}
	_, _, err := r.Pools.PoolClient(ctx, o.Pool.ID, wanted)
	switch {
	case errors.Is(err, pool.ErrClientNotFound):
		return wanted, nil
	case err != nil:
		return "", err
	}
	return "", refuse(BadTarget, "An ID token for another app client cannot be derived.")
}
