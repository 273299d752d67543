package signin

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"

	"cognate/internal/api/cognitoidp"
	"cognate/internal/base/obs"
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
	if a.user == nil {
		if a, err = e.migrated(ctx, a, st); err != nil {
			return nil, err
		}
	}
	if st == nil || len(st.Data) == 0 {
		if err := e.begin(ctx, a); err != nil {
			return nil, e.refuse(ctx, a, err, false, st)
		}
	}
	// The work is done for everybody before anything is said, so that the time
	// does not tell who exists, is locked or disabled.
	proven := a.credential.Verify(r.Pool.Name, a.identity(), r.Params["PASSWORD"])
	return e.decide(ctx, a, proven || a.vouched, st)
}

// begun is the Data of a session whose PreAuthentication ran before.
const begun = `{"begun":true}`

// askAdminPassword is the legacy form of ADMIN_NO_SRP_AUTH: the password comes
// in the answer to a challenge. PreAuthentication runs here, where its
// validationData is sent, except for a user who may still be migrated.
func (e *Engine) askAdminPassword(ctx context.Context, r *Request, name string) (*Answer, error) {
	st := e.newState(r, cognitoidp.ChallengeNameTypeAdminNoSrpAuth)
	st.Secret = nameMark(r, name)
	a, err := e.find(ctx, r, name)
	if err != nil {
		return nil, err
	}
	if a.user != nil || !e.Triggers.Migrates(a.subject(nil)) {
		if err := e.begin(ctx, a); err != nil {
			return nil, err
		}
		st.Data = json.RawMessage(begun)
	}
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
	st, err := e.answered(ctx, r, "USERNAME", "PASSWORD")
	if err != nil {
		return nil, err
	}
	name := r.Params["USERNAME"]
	if !bytes.Equal(nameMark(r, name), st.Secret) {
		obs.Cause(ctx, "answer names another user")
		return nil, errBadSession()
	}
	return e.provePassword(ctx, r, name, st)
}

// nameMark stands for the typed name of a first hop in its session. Names are
// as long as the caller likes; sessions are not.
func nameMark(r *Request, name string) []byte {
	sum := sha256.Sum256([]byte(r.Pool.Normal(name)))
	return sum[:]
}
