package factor

import (
	"context"
	"crypto/rand"
	"errors"
	"io"

	"cognate/internal/api/cognitoidp"
	"cognate/internal/base/db"
	"cognate/internal/base/obs"
	"cognate/internal/core/challenge"
	"cognate/internal/core/directory"
	"cognate/internal/core/pool"
)

func (f *Factors) random() io.Reader {
	if f.Rand == nil {
		return rand.Reader
	}
	return f.Rand
}

// AssociateSoftwareToken implements the AWS operation. With an access token the new seed waits in the user's row and a
// token in use stays in use; with a Session of MFA_SETUP the seed travels in the Session that is answered.
func (o Ops) AssociateSoftwareToken(ctx context.Context, in *cognitoidp.AssociateSoftwareTokenRequest) (*cognitoidp.AssociateSoftwareTokenResponse, error) {
	seed, err := newSeed(o.random())
	if err != nil {
		return nil, err
	}
	out := &cognitoidp.AssociateSoftwareTokenResponse{SecretCode: new(secretCode(seed))}
	switch {
	case in.AccessToken != nil:
		err = o.Directory.AsOwner(ctx, *in.AccessToken, func(tx *db.Tx, a directory.Caller, u *directory.User) error {
			if !totpEnabled(a.Pool) {
				return errTokenOff()
			}
			sealed, err := o.sealSeed(ctx, a.Pool.ID, u.Sub, "pending", seed)
			if err != nil {
				return err
			}
			return putPending(tx, a.Pool.ID, u.Sub, sealed, o.now().UnixMilli())
		})
	case in.Session != nil:
		out.Session, err = o.associateInSession(ctx, *in.Session, seed)
	default:
		err = errNoCredentials()
	}
	if err != nil {
		return nil, err
	}
	return out, nil
}

func (o Ops) associateInSession(ctx context.Context, session string, seed []byte) (*string, error) {
	st, p, c, err := o.setUp(ctx, session)
	if err != nil {
		return nil, err
	}
	next := o.follow(st, c)
	next.Secret = seed
	text, err := o.Sessions.Seal(ctx, next)
	if err != nil {
		return nil, err
	}
	err = o.DB.Update(ctx, func(tx *db.Tx) error {
		if _, err := o.unset(ctx, tx, p, st); err != nil {
			return err
		}
		return challenge.Refusal(ctx, o.Sessions.Spend(tx, st))
	})
	return &text, err
}

// VerifySoftwareToken implements the AWS operation: the first code of a new seed makes it the user's software token. In
// a session the code also counts as the user's second factor. A token in use may be verified again.
func (o Ops) VerifySoftwareToken(ctx context.Context, in *cognitoidp.VerifySoftwareTokenRequest) (*cognitoidp.VerifySoftwareTokenResponse, error) {
	out := &cognitoidp.VerifySoftwareTokenResponse{Status: new(cognitoidp.VerifySoftwareTokenResponseTypeSuccess)}
	name := ""
	if in.FriendlyDeviceName != nil {
		name = *in.FriendlyDeviceName
	}
	var err error
	switch {
	case in.AccessToken != nil:
		err = o.verifyAsOwner(ctx, *in.AccessToken, in.UserCode, name)
	case in.Session != nil:
		out.Session, err = o.verifyInSession(ctx, *in.Session, in.UserCode, name)
	default:
		err = errNoCredentials()
	}
	if err != nil {
		return nil, err
	}
	return out, nil
}

func (o Ops) verifyAsOwner(ctx context.Context, accessToken, text, name string) error {
	c, err := o.Directory.Owner(ctx, accessToken)
	if err != nil {
		return err
	}
	if err := o.Guard.Begin(ctx, c.Pool.ID); err != nil {
		return err
	}
	var refusal error
	err = o.Directory.Change(ctx, c, func(tx *db.Tx, a directory.Caller, u *directory.User) error {
		if !totpEnabled(a.Pool) {
			return errTokenOff()
		}
		if err := o.Guard.Owner(tx, a.Pool.ID, u.Sub); err != nil {
			return err
		}
		var err error
		refusal, err = keepBack(ctx, o.verifyOwn(tx, a.Pool, u, text, name))
		return err
	})
	if err == nil {
		err = refusal
	}
	return err
}

// verifyOwn verifies the seed that waits in the user's row, or else the token in use.
func (o Ops) verifyOwn(tx *db.Tx, p *pool.Pool, u *directory.User, text, name string) error {
	row, err := readSoftware(tx, p.ID, u.Sub)
	if err != nil {
		return err
	}
	if len(row.pending) == 0 {
		if err := o.VerifyTOTP(tx, p, u, text); err != nil || name == "" {
			return err
		}
		return renameSoftware(tx, p.ID, u.Sub, name)
	}
	seed, err := o.openSeed(tx.Context(), p.ID, u.Sub, "pending", row.pending)
	if err != nil {
		return err
	}
	adopted, err := o.adopt(tx, p, u, seed, row.pending, text, name)
	if err == nil && !adopted {
		err = ErrMismatch // another seed was associated meanwhile
	}
	return err
}

func (o Ops) verifyInSession(ctx context.Context, session, text, name string) (*string, error) {
	st, p, c, err := o.setUp(ctx, session)
	if err != nil {
		return nil, err
	}
	if len(st.Secret) == 0 {
		obs.Cause(ctx, "no software token was associated in this session")
		return nil, errSession(ctx)
	}
	if err := o.Guard.Begin(ctx, p.ID); err != nil {
		return nil, err
	}
	next := o.follow(st, c)
	next.Proven = append(next.Proven, AMRTOTP)
	sealed, err := o.Sessions.Seal(ctx, next)
	if err != nil {
		return nil, err
	}
	var refusal error
	err = o.DB.Update(ctx, func(tx *db.Tx) error {
		refusal = nil
		u, err := o.unset(ctx, tx, p, st)
		if err == nil {
			err = o.Guard.Owner(tx, p.ID, u.Sub)
		}
		if err != nil {
			return err
		}
		adopted, err := o.adopt(tx, p, u, st.Secret, nil, text, name)
		if err == nil && !adopted {
			return errSession(ctx)
		}
		if refusal, err = keepBack(ctx, err); err != nil {
			return err
		}
		if refusal == nil {
			return challenge.Refusal(ctx, o.Sessions.Spend(tx, st))
		}
		if err := o.Sessions.Retry(tx, st); err != nil && !errors.Is(err, challenge.ErrSpent) {
			return err
		}
		return nil
	})
	if err == nil {
		err = refusal
	}
	return &sealed, err
}

// setUp opens a Session of MFA_SETUP in a pool with software tokens.
func (o Ops) setUp(ctx context.Context, session string) (*challenge.State, *pool.Pool, *pool.Client, error) {
	st, err := o.Sessions.OpenNamed(ctx, session)
	if err == nil {
		err = st.Require(string(cognitoidp.ChallengeNameTypeMfaSetup))
	}
	if err != nil {
		return nil, nil, nil, challenge.Refusal(ctx, err)
	}
	r := obs.From(ctx)
	r.Pool, r.Client, r.User = st.Pool, st.Client, st.Sub
	p, c, err := o.Pools.PoolClientOrRefuse(ctx, st.Pool, st.Client)
	if err == nil && !totpEnabled(p) {
		err = errTokenOff()
	}
	return st, p, c, err
}

// follow begins the session that comes after st in the same set-up.
func (o Ops) follow(st *challenge.State, c *pool.Client) *challenge.State {
	next := *st
	now := o.now()
	next.ID, next.Secret = "", nil
	next.IssuedAt, next.ExpiresAt = now.UnixMilli(), now.Add(c.AuthSession()).UnixMilli()
	next.Proven = append([]string(nil), st.Proven...)
	return &next
}

// unset reads the user of a set-up, who must have no software token yet: whoever knows the password could otherwise keep
// a set-up open and later replace the token that the user set up since.
func (o Ops) unset(ctx context.Context, tx *db.Tx, p *pool.Pool, st *challenge.State) (*directory.User, error) {
	u, err := o.Directory.BySub(tx, p, st.Sub)
	switch {
	case errors.Is(err, directory.ErrUserNotFound):
		obs.Cause(ctx, "the user of the session is gone")
		return nil, errSession(ctx)
	case err != nil:
		return nil, err
	case !u.Enabled:
		return nil, directory.Disabled()
	case !u.Epoch.Since(directory.Epoch(st.Epoch)):
		obs.Cause(ctx, "%v", directory.ErrMoved)
		return nil, challenge.Unusable()
	case u.MFA.TOTP:
		obs.Cause(ctx, "the user has a software token already")
		return nil, errSession(ctx)
	}
	return u, nil
}

// keepBack splits the outcome of a proof into a refusal whose transaction commits and an error that rolls it back.
func keepBack(ctx context.Context, err error) (refusal, fatal error) {
	switch {
	case errors.Is(err, ErrMismatch), errors.Is(err, ErrReplayed), errors.Is(err, ErrTooMany):
		obs.Cause(ctx, "%v", err)
		return errWrongSetUp(), nil
	case errors.Is(err, ErrNotSetUp):
		return nil, errNoToken()
	}
	return nil, err
}

// AdminDeleteSoftwareToken implements the AWS operation. The token leaves the user's factors and preference too; a user
// without one is left as is. The user's recovery codes go with it: this is how an administrator takes them back.
func (o Ops) AdminDeleteSoftwareToken(ctx context.Context, in *cognitoidp.AdminDeleteSoftwareTokenRequest) (*cognitoidp.AdminDeleteSoftwareTokenResponse, error) {
	err := o.Directory.AsAdmin(ctx, in.UserPoolId, in.Username, func(tx *db.Tx, a directory.Caller, u *directory.User) error {
		if err := dropSoftware(tx, a.Pool.ID, u.Sub); err != nil {
			return err
		}
		if err := dropRecovery(tx, a.Pool.ID, u.Sub); err != nil {
			return err
		}
		if !u.MFA.TOTP {
			return nil
		}
		u.MFA.TOTP = false
		without(&u.MFA, totpMFA)
		return o.Directory.Save(tx, a.Pool, u)
	})
	if err != nil {
		return nil, err
	}
	return &cognitoidp.AdminDeleteSoftwareTokenResponse{}, nil
}
