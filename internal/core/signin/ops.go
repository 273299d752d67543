package signin

import (
	"context"

	"cognate/internal/api/cognitoidp"
	"cognate/internal/base/db"
	"cognate/internal/core/directory"
	"cognate/internal/core/guard"
	"cognate/internal/core/pool"
)

// Ops are the AWS operations of this room: thin translations to the engine.
type Ops struct{ *Engine }

// InitiateAuth implements the AWS operation.
func (o Ops) InitiateAuth(ctx context.Context, in *cognitoidp.InitiateAuthRequest) (*cognitoidp.InitiateAuthResponse, error) {
	p, c, err := o.Pools.ClientOrRefuse(ctx, in.ClientId)
	if err != nil {
		return nil, err
	}
	Propagated(ctx, c, in.AuthParameters["USERNAME"], in.AuthParameters["SECRET_HASH"], in.UserContextData)
	a, err := o.Start(ctx, &Request{
		Door: o.api, Pool: p, Client: c, Flow: in.AuthFlow,
		Params: in.AuthParameters, Session: str(in.Session), Metadata: in.ClientMetadata,
	})
	if err != nil {
		return nil, err
	}
	return &cognitoidp.InitiateAuthResponse{
		ChallengeName: a.name(), Session: opt(a.Session),
		ChallengeParameters: a.params(), AuthenticationResult: a.Tokens, AvailableChallenges: a.Offered,
	}, nil
}

// AdminInitiateAuth implements the AWS operation.
func (o Ops) AdminInitiateAuth(ctx context.Context, in *cognitoidp.AdminInitiateAuthRequest) (*cognitoidp.AdminInitiateAuthResponse, error) {
	p, c, err := o.Pools.PoolClientOrRefuse(ctx, in.UserPoolId, in.ClientId)
	if err != nil {
		return nil, err
	}
	if in.ContextData != nil {
		guard.Told(ctx, in.ContextData.IpAddress)
	}
	a, err := o.Start(ctx, &Request{
		Door: o.admin, Pool: p, Client: c, Flow: in.AuthFlow,
		Params: in.AuthParameters, Session: str(in.Session), Metadata: in.ClientMetadata,
	})
	if err != nil {
		return nil, err
	}
	return &cognitoidp.AdminInitiateAuthResponse{
		ChallengeName: a.name(), Session: opt(a.Session),
		ChallengeParameters: a.params(), AuthenticationResult: a.Tokens, AvailableChallenges: a.Offered,
	}, nil
}

// RespondToAuthChallenge implements the AWS operation.
func (o Ops) RespondToAuthChallenge(ctx context.Context, in *cognitoidp.RespondToAuthChallengeRequest) (*cognitoidp.RespondToAuthChallengeResponse, error) {
	p, c, err := o.Pools.ClientOrRefuse(ctx, in.ClientId)
	if err != nil {
		return nil, err
	}
	Propagated(ctx, c, in.ChallengeResponses["USERNAME"], in.ChallengeResponses["SECRET_HASH"], in.UserContextData)
	a, err := o.Respond(ctx, &Request{
		Door: o.api, Pool: p, Client: c, Challenge: in.ChallengeName,
		Params: in.ChallengeResponses, Session: str(in.Session), Metadata: in.ClientMetadata,
	})
	if err != nil {
		return nil, err
	}
	return &cognitoidp.RespondToAuthChallengeResponse{
		ChallengeName: a.name(), Session: opt(a.Session),
		ChallengeParameters: a.params(), AuthenticationResult: a.Tokens, AvailableChallenges: a.Offered,
	}, nil
}

// AdminRespondToAuthChallenge implements the AWS operation.
func (o Ops) AdminRespondToAuthChallenge(ctx context.Context, in *cognitoidp.AdminRespondToAuthChallengeRequest) (*cognitoidp.AdminRespondToAuthChallengeResponse, error) {
	p, c, err := o.Pools.PoolClientOrRefuse(ctx, in.UserPoolId, in.ClientId)
	if err != nil {
		return nil, err
	}
	if in.ContextData != nil {
		guard.Told(ctx, in.ContextData.IpAddress)
	}
	a, err := o.Respond(ctx, &Request{
		Door: o.admin, Pool: p, Client: c, Challenge: in.ChallengeName,
		Params: in.ChallengeResponses, Session: str(in.Session), Metadata: in.ClientMetadata,
	})
	if err != nil {
		return nil, err
	}
	return &cognitoidp.AdminRespondToAuthChallengeResponse{
		ChallengeName: a.name(), Session: opt(a.Session),
		ChallengeParameters: a.params(), AuthenticationResult: a.Tokens, AvailableChallenges: a.Offered,
	}, nil
}

// Propagated notes the address of the user for whom a client's server asks, where the client propagates it
// (EnablePropagateAdditionalUserContextData) and proves itself for the name.
func Propagated(ctx context.Context, c *pool.Client, name, secretHash string, data *cognitoidp.UserContextDataType) {
	on := c.Config.EnablePropagateAdditionalUserContextData
	if on != nil && *on && data != nil && c.HasSecret() && c.CheckSecretHash(name, secretHash) == nil {
		guard.Told(ctx, str(data.IpAddress))
	}
}

// GetTokensFromRefreshToken implements the AWS operation.
func (o Ops) GetTokensFromRefreshToken(ctx context.Context, in *cognitoidp.GetTokensFromRefreshTokenRequest) (*cognitoidp.GetTokensFromRefreshTokenResponse, error) {
	p, c, err := o.Pools.ClientOrRefuse(ctx, in.ClientId)
	if err != nil {
		return nil, err
	}
	a, err := o.Exchange(ctx, p, c, in)
	if err != nil {
		return nil, err
	}
	return &cognitoidp.GetTokensFromRefreshTokenResponse{AuthenticationResult: a.Tokens}, nil
}

// GlobalSignOut implements the AWS operation: every token of the caller dies.
func (o Ops) GlobalSignOut(ctx context.Context, in *cognitoidp.GlobalSignOutRequest) (*cognitoidp.GlobalSignOutResponse, error) {
	c, err := o.Directory.Owner(ctx, in.AccessToken)
	if err != nil {
		return nil, err
	}
	err = o.signOut(ctx, c)
	if err != nil {
		return nil, err
	}
	return &cognitoidp.GlobalSignOutResponse{}, nil
}

// AdminUserGlobalSignOut implements the AWS operation.
func (o Ops) AdminUserGlobalSignOut(ctx context.Context, in *cognitoidp.AdminUserGlobalSignOutRequest) (*cognitoidp.AdminUserGlobalSignOutResponse, error) {
	c, err := o.Directory.Admin(ctx, in.UserPoolId, in.Username)
	if err != nil {
		return nil, err
	}
	err = o.signOut(ctx, c)
	if err != nil {
		return nil, err
	}
	return &cognitoidp.AdminUserGlobalSignOutResponse{}, nil
}

// signOut ends every token session of a user, and the sign-ins that have begun.
func (o Ops) signOut(ctx context.Context, c directory.Caller) error {
	return o.Directory.As(ctx, o.DB.Update, c, func(tx *db.Tx, u *directory.User) error {
		if err := o.Directory.MoveEpoch(tx, u); err != nil {
			return err
		}
		return o.Tokens.RevokeUser(tx, c.Pool.ID, u.Sub)
	})
}

// name is absent once tokens are issued.
func (a *Answer) name() *cognitoidp.ChallengeNameType {
	if a.Challenge == "" {
		return nil
	}
	return &a.Challenge
}

// params is an empty map, not absent, beside tokens.
func (a *Answer) params() map[string]string {
	if a.Params == nil {
		return map[string]string{}
	}
	return a.Params
}

func str(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

func opt(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}
