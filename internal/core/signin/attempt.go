package signin

import (
	"context"
	"errors"
	"time"

	"cognate/internal/api/cognitoidp"
	"cognate/internal/base/db"
	"cognate/internal/base/obs"
	"cognate/internal/core/directory"
	"cognate/internal/core/password"
	"cognate/internal/core/token"
)

// attempt is one try to prove a password: the account as it was read, or the
// convincing shadow of one that does not exist.
type attempt struct {
	*Request
	user       *directory.User // nil for an unknown user
	groups     []token.Group
	credential *password.Credential // the user's, or a stable fake of equal cost
	account    string               // whose failures are counted: sub, or a keyed hash of the typed name
	locked     bool
	amr        []string
}

// find reads everything a first factor needs in one snapshot: the user, the
// groups, the failure counter. An unknown user gets a fake credential, so that
// the work that follows is the same.
func (e *Engine) find(ctx context.Context, r *Request, name string) (*attempt, error) {
	a := &attempt{Request: r}
	err := e.DB.View(ctx, func(tx *db.Tx) error {
		u, err := e.Directory.Resolve(tx, r.Pool, name)
		if err != nil && !errors.Is(err, directory.ErrUserNotFound) {
			return err
		}
		a.user = u
		if a.account, err = e.accountOf(ctx, r.Pool, u, name); err != nil {
			return err
		}
		f, err := readFailures(tx, r.Pool.ID, a.account)
		if err != nil {
			return err
		}
		a.locked = f.locked(e.now())
		sub := a.account // an unknown user costs the group read too
		if u != nil {
			sub = u.Sub
		}
		a.groups, err = e.Directory.GroupsOf(tx, r.Pool, sub)
		return err
	})
	if err != nil {
		return nil, err
	}
	if a.credential, err = e.credentialOf(ctx, a, name); err != nil {
		return nil, err
	}
	if a.user != nil {
		obs.From(ctx).User = a.user.Sub
	}
	return a, nil
}

// credentialOf opens the stored verifier, or makes the fake one that stays the
// same for a name (RFC 5054 section 2.5.1.3).
func (e *Engine) credentialOf(ctx context.Context, a *attempt, name string) (*password.Credential, error) {
	if a.user != nil {
		c, err := e.Directory.Credential(ctx, a.user)
		if err != nil || c != nil && c.HasPassword() {
			return c, err
		}
	}
	seed, err := e.Keys.MAC(ctx, a.Pool.ID, "signin/fake-credential", a.Pool.Normal(name))
	if err != nil {
		return nil, err
	}
	return password.Dummy(a.Pool.Name, name, seed), nil
}

// judge decides the first factor once the proof was computed. The order is
// AWS's (spec/user-pools-auth-flows.md section 6); where the client hides
// users every early refusal becomes the refusal of a wrong password.
// A nil refusal means that the user is known, enabled and proven.
func (a *attempt) judge(ctx context.Context, proven bool, now time.Time) (refusal error, counts bool) {
	hide := a.Client.HidesUsers()
	switch {
	case a.user == nil && !hide:
		obs.Cause(ctx, "unknown user")
		return errUnknownUser(), false
	case a.locked:
		obs.Cause(ctx, "locked after failed attempts")
		return errLocked(), false
	case a.user == nil:
		obs.Cause(ctx, "unknown user, hidden")
		return errWrongPassword(), true
	case !a.user.Enabled && !hide:
		obs.Cause(ctx, "disabled user")
		return errDisabled(), false
	case !a.user.Enabled:
		obs.Cause(ctx, "disabled user, hidden")
		return errWrongPassword(), true
	case a.user.Status == cognitoidp.UserStatusTypeUnconfirmed && !hide:
		return errUnconfirmed(), false
	case a.user.Status == cognitoidp.UserStatusTypeResetRequired && !hide && !a.credential.HasPassword():
		return errResetRequired(), false
	case !proven:
		obs.Cause(ctx, "wrong proof of the password")
		return errWrongPassword(), true
	case a.user.Status == cognitoidp.UserStatusTypeUnconfirmed:
		return errUnconfirmed(), false
	case a.user.Status == cognitoidp.UserStatusTypeResetRequired:
		return errResetRequired(), false
	case a.credential.Expired(now):
		obs.Cause(ctx, "temporary password expired")
		return errTemporaryExpired(), false
	}
	return nil, false
}
