package pool

import (
	"context"
	"errors"
	"slices"

	"cognate/internal/api/cognitoidp"
	"cognate/internal/base/db"
)

// MaxRegistered is how many clients of a pool may have registered themselves: AWS's default quota of app clients.
const MaxRegistered = 1000

var (
	// ErrNoRegistration means that a pool does not let clients register in this way, or no more.
	ErrNoRegistration = errors.New("pool: clients cannot register")
	// ErrRegisteredFull means that MaxRegistered clients have registered.
	ErrRegisteredFull = errors.New("pool: too many clients have registered")
)

// Registers reports whether clients may register themselves (DcrConfiguration).
func (p *Pool) Registers() bool {
	d := p.Config.DcrConfiguration
	return d != nil && val(d.EnableStatus) == cognitoidp.StatusTypeEnabled
}

// RegistrationFlows are the flows that clients may register for: whoever asks (open), or who shows a token that allows it.
// None means that there is no registration of this kind.
func (p *Pool) RegistrationFlows(open bool) []cognitoidp.OAuthFlowType {
	d := p.Config.DcrConfiguration
	if !p.Registers() || open && !on(d.OpenDcrEnabled) {
		return nil
	}
	flows, unset := d.AuthenticatedGrantTypes, []cognitoidp.OAuthFlowType{cognitoidp.OAuthFlowTypeCode, cognitoidp.OAuthFlowTypeClientCredentials}
	if open {
		flows, unset = d.OpenDcrGrantTypes, []cognitoidp.OAuthFlowType{cognitoidp.OAuthFlowTypeCode}
	}
	if flows == nil {
		flows = unset
	}
	return slices.DeleteFunc(slices.Clone(flows), func(f cognitoidp.OAuthFlowType) bool { return f == cognitoidp.OAuthFlowTypeImplicit })
}

// RegistrationScopes are the scopes that clients which register themselves may have, except custom ones that do not exist.
func (p *Pools) RegistrationScopes(ctx context.Context, pool *Pool) (scopes []string, err error) {
	wanted := []string{"openid", "email", "phone", "profile"}
	if d := pool.Config.DcrConfiguration; d != nil {
		for _, scope := range d.AllowedScopes {
			if scope != RegisterScope && !slices.Contains(wanted, scope) {
				wanted = append(wanted, scope)
			}
		}
	}
	err = p.d.DB.Read(ctx, func(tx *db.Tx) (err error) {
		scopes, err = grantable(tx, pool.ID, wanted)
		return err
	})
	return scopes, err
}

// Register makes a client that registers itself for one flow, if the pool still lets it then. The errors are those of
// CreateUserPoolClient, ErrNoRegistration and ErrRegisteredFull.
func (p *Pools) Register(ctx context.Context, open bool, in *cognitoidp.CreateUserPoolClientRequest) (*cognitoidp.UserPoolClientType, error) {
	return p.createClient(ctx, newcomer{id: p.d.IDs.ClientID(), registered: true, admit: func(tx *db.Tx, pool *Pool) error {
		for _, flow := range in.AllowedOAuthFlows {
			if !slices.Contains(pool.RegistrationFlows(open), flow) {
				return ErrNoRegistration
			}
		}
		n, err := countRegistered(tx, pool.ID)
		if err == nil && n >= MaxRegistered {
			err = ErrRegisteredFull
		}
		return err
	}}, in)
}

// registered reports whether a client registered itself.
func registered(c *cognitoidp.UserPoolClientType) bool {
	return val(c.ClientType) == cognitoidp.ClientTypeTypeDcr
}

// Registered reports whether the client registered itself: a stranger may have chosen its name and where it redirects to.
func (c *Client) Registered() bool { return registered(c.Config) }
