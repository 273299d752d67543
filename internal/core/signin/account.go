package signin

import (
	"context"
	"errors"

	"cognate/internal/base/db"
	"cognate/internal/base/obs"
	"cognate/internal/core/device"
	"cognate/internal/core/directory"
	"cognate/internal/core/guard"
	"cognate/internal/core/password"
	"cognate/internal/core/pool"
	"cognate/internal/core/token"
)

// account is somebody who signs in as the hop read them, or the convincing shadow of nobody.
type account struct {
	sub        string          // the user's or the ghost's
	asker      guard.Asker     // who asks, as the account knows them
	user       *directory.User // nil for nobody
	epoch      directory.Epoch // of the user as read; what was earned may move it
	groups     []token.Group
	credential *password.Credential // the user's, or a stable fake of equal cost
	locked     bool
}

// counter is under which the failures of whoever asks are counted: strangers share one for each account, and a source or
// device from which the user has proven themselves before has its own.
func (a *account) counter() string { return a.asker.Of(a.sub) }

// asker is who asks for an account.
func (e *Engine) asker(tx *db.Tx, r *Request, sub string) (guard.Asker, error) {
	asker, err := e.Guard.Asker(tx, r.Pool.ID, sub)
	key := r.Params["DEVICE_KEY"]
	if key == "" {
		key = r.device
	}
	if held := r.held(sub); key == "" && held != nil {
		key = held.Key
	}
	if err != nil || asker.Known() || key == "" || len(key) > maxDeviceKey || !device.Tracking(r.Pool) {
		return asker, err
	}
	_, err = e.Devices.Find(tx, r.Pool, sub, key)
	switch {
	case err == nil:
		return asker.Holding(key), nil
	case errors.Is(err, device.ErrUnknownDevice):
		return asker, nil
	}
	return asker, err
}

// find looks a typed name up for the first hop of a sign-in. A name nobody has becomes the account of its ghost.
func (e *Engine) find(ctx context.Context, r *Request, name string) (*account, error) {
	ghost, err := e.Directory.GhostSub(ctx, r.Pool, name) // for every name, so that it costs the same
	if err != nil {
		return nil, err
	}
	return e.read(ctx, r, ghost, func(tx *db.Tx) (*directory.User, bool, error) {
		return e.Directory.Seek(tx, r.Pool, name, ghost)
	})
}

// findAccount looks up the account of a session for a later hop: a user's sub, or a ghost's.
func (e *Engine) findAccount(ctx context.Context, r *Request, sub string) (*account, error) {
	return e.read(ctx, r, sub, func(tx *db.Tx) (*directory.User, bool, error) {
		return e.Directory.SeekSub(tx, r.Pool, sub)
	})
}

// read reads everything a hop needs in one snapshot: the user, the groups, the failure counter. For an unknown user the
// same is read of somebody else and forgotten, and every account gets a fake credential, so that the work is the same.
func (e *Engine) read(ctx context.Context, r *Request, ghost string, lookUp func(*db.Tx) (*directory.User, bool, error)) (*account, error) {
	a, p := &account{}, r.Pool
	if err := e.Guard.Begin(ctx, p.ID); err != nil {
		return nil, err
	}
	var near *directory.User
	err := e.DB.View(ctx, func(tx *db.Tx) error {
		a.user, a.sub = nil, ghost
		someone, known, err := lookUp(tx)
		if err != nil {
			return err
		}
		near = someone
		if known {
			a.user, a.sub = near, near.Sub
		}
		if a.asker, err = e.asker(tx, r, a.sub); err != nil {
			return err
		}
		if a.locked, err = failures.Locked(tx, p.ID, a.counter(), e.now()); err != nil {
			return err
		}
		whose := a.sub
		if near != nil {
			whose = near.Sub
		}
		groups, err := e.Directory.GroupsOf(tx, p, whose)
		if known {
			a.groups = groups
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	if err := e.Guard.Admit(ctx, a.asker); err != nil {
		return nil, err
	}
	if a.credential, err = e.credentialOf(ctx, p, a, near); err != nil {
		return nil, err
	}
	if a.user != nil {
		obs.From(ctx).User, a.epoch = a.user.Sub, a.user.Epoch
	}
	return a, nil
}

// credentialOf opens the stored verifier, and makes a fake one that stays the same for an account, however its name is
// spelled (RFC 5054 section 2.5.1.3). near is the user, or whose credential is opened in vain.
func (e *Engine) credentialOf(ctx context.Context, p *pool.Pool, a *account, near *directory.User) (*password.Credential, error) {
	seed, err := e.Keys.MAC(ctx, p.ID, "signin/fake-credential", a.sub)
	if err != nil {
		return nil, err
	}
	fake := password.Dummy(p.Name, a.sub, seed)
	if near == nil {
		return fake, nil
	}
	stored, err := e.Directory.Credential(ctx, near)
	if a.user == nil || err == nil && !stored.HasPassword() {
		return fake, nil
	}
	return stored, err
}
