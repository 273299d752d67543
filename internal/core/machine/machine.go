// Package machine issues tokens to app clients that act for themselves: GetClientToken, and the client-credentials grant
// of the OAuth endpoint, which is the same by another door.
//
// There is no user in any of it. A client proves itself by one of its secrets, gets the custom scopes that it may have,
// and the pool's pre-token-generation function (V3_0) may change the token before it is signed.
package machine

import (
	"context"
	"errors"
	"slices"

	"cognate/internal/api/cognitoidp"
	"cognate/internal/base/obs"
	"cognate/internal/core/guard"
	"cognate/internal/core/pool"
	"cognate/internal/core/token"
	"cognate/internal/core/trigger"
)

// Deps are the rooms that this one works with; all are required.
type Deps struct {
	Pools    *pool.Pools
	Tokens   *token.Tokens
	Triggers *trigger.Triggers
	Guard    *guard.Guard
}

// Room issues machine tokens. It is safe for concurrent use.
type Room struct{ Deps }

// New assembles the room.
func New(d Deps) *Room { return &Room{d} }

// Ops are the AWS operations of this room.
type Ops struct{ *Room }

// userName is what events about machine tokens carry in the place of a user name.
const userName = "ClientCredentials"

// Issue makes the access token of a client with scopes that were found to be its own. metadata reaches the function. The
// errors are token.ErrChanges and the exceptions of triggers.
func (r *Room) Issue(ctx context.Context, p *pool.Pool, c *pool.Client, scopes []string, metadata map[string]string) (*cognitoidp.ClientAuthenticationResultType, error) {
	subject := &trigger.Subject{Pool: p, ClientID: c.ID, Username: userName, Metadata: metadata}
	wanted, err := r.Triggers.PreTokenGeneration(ctx, trigger.TokenClientCredentials, subject, nil, scopes)
	if err != nil {
		return nil, err
	}
	return r.Tokens.Machine(ctx, p, c, scopes, changes(wanted))
}

// changes reads what the function answered for the only token there is.
func changes(in *trigger.TokenChanges) *token.Changes {
	if in == nil {
		return nil
	}
	return &token.Changes{
		Access:    token.ClaimChanges{Add: in.Access.Add, Suppress: in.Access.Suppress},
		AddScopes: in.AddScopes, SuppressScopes: in.SuppressScopes,
	}
}

// GetClientToken implements the AWS operation. An unknown client and a wrong secret look the same.
func (o Ops) GetClientToken(ctx context.Context, in *cognitoidp.GetClientTokenRequest) (*cognitoidp.GetClientTokenResponse, error) {
	p, c, err := o.Pools.Client(ctx, in.ClientId)
	switch {
	case errors.Is(err, pool.ErrClientNotFound):
		obs.Cause(ctx, "unknown client")
		return nil, pool.Unproven()
	case err != nil:
		return nil, err
	}
	if err := o.Guard.Secret(ctx, p.ID); err != nil {
		return nil, err
	}
	switch {
	case !c.HasSecret():
		obs.Cause(ctx, "public client")
		return nil, pool.Unproven()
	case !c.CheckSecret(in.Secret):
		obs.Cause(ctx, "wrong client secret")
		return nil, pool.Unproven()
	case !c.AllowsClientToken():
		return nil, cognitoidp.NewNotAuthorized("ALLOW_CLIENT_TOKEN_AUTH flow not enabled for this client")
	}
	guard.Right(ctx)
	event := obs.From(ctx)
	event.Pool, event.Client = p.ID, c.ID
	scopes, err := granted(c, in.Scopes)
	if err != nil {
		return nil, err
	}
	result, err := o.Issue(ctx, p, c, scopes, in.ClientMetadata)
	if err != nil {
		return nil, declared(ctx, err)
	}
	return &cognitoidp.GetClientTokenResponse{ClientAuthenticationResult: result}, nil
}

// granted are the asked scopes, each once and all of them the client's; without asking all that the client has.
func granted(c *pool.Client, asked []string) ([]string, error) {
	own := c.MachineScopes()
	if len(own) == 0 {
		return nil, cognitoidp.NewInvalidParameter("Client %s has no custom scopes.", c.ID)
	}
	if len(asked) == 0 {
		return own, nil
	}
	var out []string
	for _, scope := range asked {
		if !slices.Contains(own, scope) {
			return nil, pool.InvalidScope(cognitoidp.NewInvalidParameter, scope)
		}
		if !slices.Contains(out, scope) {
			out = append(out, scope)
		}
	}
	return out, nil
}

// declared renders failures of the function with what GetClientToken declares: it has none of the three Lambda
// exceptions. A function that refuses denies the token; one that cannot be understood or reached is a wrong setting.
func declared(ctx context.Context, err error) error {
	var refused *cognitoidp.UserLambdaValidationException
	var unreadable *cognitoidp.InvalidLambdaResponseException
	var unreachable *cognitoidp.UnexpectedLambdaException
	switch {
	case errors.As(err, &refused):
		return cognitoidp.NewNotAuthorized("%s", refused.Message)
	case errors.As(err, &unreadable):
		return cognitoidp.NewInvalidParameter("%s", unreadable.Message)
	case errors.As(err, &unreachable):
		return cognitoidp.NewInvalidParameter("%s", unreachable.Message)
	case errors.Is(err, token.ErrChanges):
		obs.Cause(ctx, "%v", err)
		return pool.UnrecognizableOutput(cognitoidp.NewInvalidParameter)
	}
	return err
}
