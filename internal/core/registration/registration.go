package registration

import (
	"context"
	"errors"
	"slices"
	"strings"

	"cognate/internal/api/cognitoidp"
	"cognate/internal/api/rt"
	"cognate/internal/core/directory"
	"cognate/internal/core/guard"
	"cognate/internal/core/pool"
	"cognate/internal/core/token"
)

// Deps are the rooms that this one works with; all are required.
type Deps struct {
	Pools     *pool.Pools
	Directory *directory.Directory
	Guard     *guard.Guard
}

// Room registers clients. It is safe for concurrent use.
type Room struct{ Deps }

// New assembles the room.
func New(d Deps) *Room { return &Room{d} }

// The refusals of who registers; those of what is registered are an *Error, and a source without room is a *limit.Over.
var (
	// ErrOff means that no client can register in the pool.
	ErrOff = errors.New("registration: it is switched off")
	// ErrToken means that there is no token, though open registration is off, or one that is worth nothing.
	ErrToken = errors.New("registration: a token is needed")
	// ErrScope means that the token lacks the scope that allows registration.
	ErrScope = errors.New("registration: the token lacks " + pool.RegisterScope)
	// ErrForbidden means that registration with a token is switched off.
	ErrForbidden = errors.New("registration: no grant type can be registered with a token")
	// ErrFull means that as many clients have registered as a pool may have.
	ErrFull = pool.ErrRegisteredFull
)

// Registered is a client that has registered.
type Registered struct {
	Metadata
	ClientID string
	Secret   string // "" for a public client
	Issued   int64  // seconds since 1970
}

// Register makes the client that metadata describes. bearer is the access token that was shown, "" for none: then the
// registration is an open one. A token that is shown has to be good, whether it is needed or not.
func (r *Room) Register(ctx context.Context, p *pool.Pool, bearer string, m *Metadata) (*Registered, error) {
	open := bearer == ""
	if !p.Registers() {
		return nil, ErrOff
	}
	flows := p.RegistrationFlows(open)
	switch {
	case open && len(flows) == 0:
		return nil, ErrToken
	case open:
		done, err := r.Guard.Registration(ctx, p.ID)
		if err != nil {
			return nil, err
		}
		made, err := r.register(ctx, p, open, flows, m)
		done(err == nil)
		return made, err
	}
	if err := r.allowed(ctx, p, bearer); err != nil {
		return nil, err
	}
	if len(flows) == 0 {
		return nil, ErrForbidden
	}
	return r.register(ctx, p, open, flows, m)
}

// allowed holds that an access token of the pool allows registration, and that whoever it speaks for may act.
func (r *Room) allowed(ctx context.Context, p *pool.Pool, bearer string) error {
	s, _, err := r.Directory.Holder(ctx, p, token.UseAccess, bearer)
	switch {
	case errors.Is(err, token.ErrDead):
		return ErrToken
	case err != nil:
		return err
	case !slices.Contains(s.Scopes, pool.RegisterScope):
		return ErrScope
	}
	guard.Right(ctx)
	return nil
}

// register makes the client.
func (r *Room) register(ctx context.Context, p *pool.Pool, open bool, flows []cognitoidp.OAuthFlowType, m *Metadata) (*Registered, error) {
	may, err := r.Pools.RegistrationScopes(ctx, p)
	if err != nil {
		return nil, err
	}
	in, err := m.request(p.ID, flows, may)
	if err != nil {
		return nil, err
	}
	config, err := r.Pools.Register(ctx, open, in)
	var refused rt.Exception
	switch {
	case errors.Is(err, pool.ErrNoRegistration): // switched off meanwhile
		return nil, ErrOff
	case errors.As(err, &refused) && !refused.Fault():
		return nil, bad(refused.ErrorMessage())
	case err != nil:
		return nil, err
	}
	return answer(config, m.AuthMethod), nil
}

// request is the client as an administrator would make it: for users by the pages alone, and with refresh tokens that
// change where there is no secret that proves who refreshes (RFC 9700 section 4.14.2).
func (m *Metadata) request(poolID string, flows []cognitoidp.OAuthFlowType, may []string) (*cognitoidp.CreateUserPoolClientRequest, error) {
	flow, err := m.flow(flows)
	if err != nil {
		return nil, err
	}
	secret, err := m.secret(flow)
	if err != nil {
		return nil, err
	}
	scopes, err := m.scopes(flow, may)
	if err != nil {
		return nil, err
	}
	urls, err := m.redirects(flow)
	if err != nil {
		return nil, err
	}
	in := &cognitoidp.CreateUserPoolClientRequest{
		UserPoolId: poolID, ClientName: m.name(), GenerateSecret: &secret, CallbackURLs: urls,
		AllowedOAuthFlowsUserPoolClient: new(true), AllowedOAuthFlows: []cognitoidp.OAuthFlowType{flow}, AllowedOAuthScopes: scopes,
		PreventUserExistenceErrors: new(cognitoidp.PreventUserExistenceErrorTypesEnabled),
	}
	if flow == cognitoidp.OAuthFlowTypeCode {
		in.SupportedIdentityProviders = []string{"COGNITO"}
		if !secret {
			in.RefreshTokenRotation = &cognitoidp.RefreshTokenRotationType{
				Feature: cognitoidp.FeatureTypeEnabled, RetryGracePeriodSeconds: new(int64(graceSeconds)),
			}
		}
	}
	if err := rt.NewDecoder(in.AppendJSON(nil)).Run(new(cognitoidp.CreateUserPoolClientRequest)); err != nil {
		return nil, bad(err.Error()) // a constraint of the API, such as the length of an address
	}
	return in, nil
}

// graceSeconds is how long a public client may use a refresh token again whose answer it has lost.
const graceSeconds = 10

// answer is what the client was registered with.
func answer(c *cognitoidp.UserPoolClientType, method string) *Registered {
	out := &Registered{ClientID: *c.ClientId, Issued: c.CreationDate.Unix(), Metadata: Metadata{
		Name: *c.ClientName, RedirectURIs: c.CallbackURLs, Scope: strings.Join(c.AllowedOAuthScopes, " "), AuthMethod: method,
		GrantTypes: []string{grantCode, grantRefresh}, ResponseTypes: []string{"code"},
	}}
	if c.ClientSecret != nil {
		out.Secret = *c.ClientSecret
	}
	if out.AuthMethod == "" {
		out.AuthMethod = methodBasic
	}
	if slices.Contains(c.AllowedOAuthFlows, cognitoidp.OAuthFlowTypeClientCredentials) {
		out.GrantTypes, out.ResponseTypes = []string{grantMachine}, []string{}
	}
	return out
}
