package signin

import (
	"context"
	"time"

	"cognate/internal/api/cognitoidp"
	"cognate/internal/base/db"
	"cognate/internal/base/obs"
	"cognate/internal/core/device"
	"cognate/internal/core/directory"
	"cognate/internal/core/password"
	"cognate/internal/core/token"
)

// attempt is one try to prove a password: the account as it was read, or the
// convincing shadow of one that does not exist.
type attempt struct {
	*Request
	user         *directory.User // nil for an unknown user
	groups       []token.Group
	credential   *password.Credential // the user's, or a stable fake of equal cost
	typed        string               // the name as the first hop had it
	account      string               // whose failures are counted: the user's sub or the ghost's
	locked       bool
	ghost        *ghost                         // whom a simulated code seems to go to
	first        []cognitoidp.ChallengeNameType // the user's first factors, once there is a ghost
	simulated    bool                           // the flow plays along with names nobody has, whatever the client hides
	amr          []string
	userVerified bool           // a passkey among amr verified its user
	device       *device.Device // the known device the sign-in comes from, nil for none
	deviceProven bool           // by its SRP
	byPassword   bool           // this hop proved the password
	custom       bool           // functions decided alone, without the password step
	flow         string         // id of the kept state of a custom sign-in that goes on once the factors are proven
	vouched      bool           // the pool's UserMigration function accepted the password in this hop
}

// find looks a typed name up for the first hop of a sign-in. A name nobody has
// becomes the account of its ghost.
func (e *Engine) find(ctx context.Context, r *Request, name string) (*attempt, error) {
	ghost, err := e.Directory.GhostSub(ctx, r.Pool, name) // for every name, so that it costs the same
	if err != nil {
		return nil, err
	}
	a, err := e.read(ctx, r, ghost, func(tx *db.Tx) (*directory.User, bool, error) {
		return e.Directory.Seek(tx, r.Pool, name, ghost)
	})
	if err == nil {
		a.typed = name
	}
	return a, err
}

// findAccount looks up the account of a session for a later hop: a user's sub,
// or a ghost's.
func (e *Engine) findAccount(ctx context.Context, r *Request, account string) (*attempt, error) {
	return e.read(ctx, r, account, func(tx *db.Tx) (*directory.User, bool, error) {
		return e.Directory.SeekSub(tx, r.Pool, account)
	})
}

// read reads everything a hop needs in one snapshot: the user, the groups, the
// failure counter. For an unknown user the same is read of somebody else and
// forgotten, and every account gets a fake credential, so that the work is the
// same.
func (e *Engine) read(ctx context.Context, r *Request, ghost string, lookUp func(*db.Tx) (*directory.User, bool, error)) (*attempt, error) {
	a := &attempt{Request: r, amr: []string{"pwd"}}
	var near *directory.User
	err := e.DB.View(ctx, func(tx *db.Tx) error {
		a.user, a.account = nil, ghost
		someone, known, err := lookUp(tx)
		if err != nil {
			return err
		}
		near = someone
		if known {
			a.user, a.account = near, near.Sub
		}
		f, err := readFailures(tx, r.Pool.ID, a.account)
		if err != nil {
			return err
		}
		a.locked = f.locked(e.now())
		whose := a.account
		if near != nil {
			whose = near.Sub
		}
		groups, err := e.Directory.GroupsOf(tx, r.Pool, whose)
		if known {
			a.groups = groups
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	if a.credential, err = e.credentialOf(ctx, a, near); err != nil {
		return nil, err
	}
	if a.user != nil {
		obs.From(ctx).User = a.user.Sub
	}
	return a, nil
}

// credentialOf opens the stored verifier, and makes a fake one that stays the
// same for an account, however its name is spelled (RFC 5054 section 2.5.1.3).
// near is the user, or whose credential is opened in vain.
func (e *Engine) credentialOf(ctx context.Context, a *attempt, near *directory.User) (*password.Credential, error) {
	seed, err := e.Keys.MAC(ctx, a.Pool.ID, "signin/fake-credential", a.account)
	if err != nil {
		return nil, err
	}
	fake := password.Dummy(a.Pool.Name, a.account, seed)
	if near == nil {
		return fake, nil
	}
	stored, err := e.Directory.Credential(ctx, near)
	if a.user == nil || err == nil && !stored.HasPassword() {
		return fake, nil
	}
	return stored, err
}

// identity is the user name that a verifier is bound to.
func (a *attempt) identity() string {
	if a.user != nil {
		return a.user.Username
	}
	return a.ghostName()
}

// judge decides the first factor once the proof was computed. The order is
// AWS's (spec/user-pools-auth-flows.md section 6); where the client hides
// users every early refusal becomes the refusal of a wrong password.
// A nil refusal means that the user is known, enabled and proven.
func (a *attempt) judge(ctx context.Context, proven bool, now time.Time) (refusal error, counts bool) {
	hide := a.Client.HidesUsers()
	switch {
	case a.user == nil && !hide && !a.simulated:
		obs.Cause(ctx, "unknown user")
		return errUnknownUser(), false
	case a.user != nil && !hide && !a.user.Enabled:
		obs.Cause(ctx, "disabled user")
		return errDisabled(), false
	case a.locked:
		obs.Cause(ctx, "locked after failed attempts")
		return errLocked(), false
	case a.user == nil:
		obs.Cause(ctx, "unknown user, simulated")
		return errWrongPassword(), true
	case !a.user.Enabled:
		obs.Cause(ctx, "disabled user, hidden")
		return errWrongPassword(), true
	case a.user.Status == cognitoidp.UserStatusTypeUnconfirmed && !hide:
		return errUnconfirmed(), false
	case a.user.Status == cognitoidp.UserStatusTypeResetRequired && !hide && !a.user.HasPassword():
		return errResetRequired(), false // imported: there is no password to prove
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
