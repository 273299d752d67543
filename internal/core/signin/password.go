package signin

import (
	"context"

	"cognate/internal/api/cognitoidp"
	"cognate/internal/core/challenge"
)

// startPassword runs USER_PASSWORD_AUTH and its admin twins.
func (e *Engine) startPassword(ctx context.Context, r *Request) (*Answer, error) {
	if err := r.require("USERNAME"); err != nil {
		return nil, err
	}
	name := r.Params["USERNAME"]
	if err := r.checkSecret(name); err != nil {
		return nil, err
	}
	if r.Params["PASSWORD"] == "" && r.Flow == cognitoidp.AuthFlowTypeAdminNoSrpAuth {
		return e.askAdminPassword(ctx, r, name)
	}
	if err := r.require("PASSWORD"); err != nil {
		return nil, err
	}
	return e.provePassword(ctx, r, name, nil)
}

// provePassword verifies a plain password and goes on. A nil state means that
// no earlier session is being answered.
func (e *Engine) provePassword(ctx context.Context, r *Request, name string, st *challenge.State) (*Answer, error) {
	a, err := e.find(ctx, r, name)
	if err != nil {
		return nil, err
	}
	// The work is done for everybody before anything is said, so that the time
	// does not tell who exists, is locked or disabled.
	proven := a.credential.Verify(r.Pool.Name, a.proofName(name), r.Params["PASSWORD"])
	a.amr = []string{"pwd"}
	return e.decide(ctx, a, proven, st)
}

// askAdminPassword is the legacy form of ADMIN_NO_SRP_AUTH: the password comes
// in the answer to a challenge.
func (e *Engine) askAdminPassword(ctx context.Context, r *Request, name string) (*Answer, error) {
	st := e.newState(r, cognitoidp.ChallengeNameTypeAdminNoSrpAuth)
	st.Username = name
	session, err := e.Sessions.Seal(ctx, st)
	if err != nil {
		return nil, err
	}
	return &Answer{
		Challenge: cognitoidp.ChallengeNameTypeAdminNoSrpAuth,
		Params:    map[string]string{"USERNAME": name, "USER_ID_FOR_SRP": name},
		Session:   session,
	}, nil
}

func (e *Engine) respondAdminPassword(ctx context.Context, r *Request) (*Answer, error) {
	if !r.Admin {
		return nil, errBadSession()
	}
	st, err := e.openSession(ctx, r)
	if err != nil {
		return nil, err
	}
	if err := r.require("USERNAME", "PASSWORD"); err != nil {
		return nil, err
	}
	if err := r.checkSecret(r.Params["USERNAME"]); err != nil {
		return nil, err
	}
	if r.Pool.Normal(r.Params["USERNAME"]) != r.Pool.Normal(st.Username) {
		return nil, errBadSession()
	}
	return e.provePassword(ctx, r, st.Username, st)
}

// proofName is the user name that a password verifier is bound to.
func (a *attempt) proofName(typed string) string {
	if a.user != nil {
		return a.user.Username
	}
	return typed
}
