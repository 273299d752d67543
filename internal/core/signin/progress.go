package signin

import (
	"bytes"
	"context"
	"slices"

	"cognate/internal/api/cognitoidp"
	"cognate/internal/base/db"
	"cognate/internal/base/obs"
	"cognate/internal/core/challenge"
	"cognate/internal/core/device"
	"cognate/internal/core/directory"
	"cognate/internal/core/factor"
	"cognate/internal/core/pool"
)

// signIn is one hop: what was asked, the account as it was read, how far the sign-in has come, and what this hop brings.
type signIn struct {
	*Request
	*account
	progress challenge.Progress
	answered *challenge.State // the session that the hop answers, nil for none or when it is spent already

	name   string                         // as it was typed in this hop, or in the first one of a custom sign-in
	ghost  *ghost                         // whom a simulated code seems to go to
	first  []cognitoidp.ChallengeNameType // the user's first factors, once there is a ghost
	device *device.Device                 // the known device the sign-in comes from, nil for none

	browser  DeviceProof    // how the proof of a browser came out in this hop
	enrolled *device.Device // the device that a browser becomes with the end
	kept     *device.Held   // what the browser has to keep then
	proof    Proof
	earned   func(*db.Tx) error // what the proof earned; written with the next step
	custom   *customState       // what the functions were told so far, once it was read
	ready    posing             // what the prover prepared for the challenge it asks for
}

// opened begins a sign-in.
func (e *Engine) opened(r *Request, a *account) *signIn {
	return &signIn{Request: r, account: a, progress: challenge.Progress{Door: r.Door.Name, Sub: a.sub}}
}

// typed notes the name of the first hop.
func (s *signIn) typed(name string) *signIn {
	s.name, s.progress.Typed = name, mark(s.Pool, name)
	return s
}

// resumed goes on with the sign-in of a session.
func (e *Engine) resumed(r *Request, a *account, st *challenge.State) *signIn {
	return &signIn{Request: r, account: a, progress: st.Progress, answered: st, name: r.Params["USERNAME"]}
}

// moved reports whether the session has ended: the user was signed out everywhere or disabled since, or the password that
// it stands on is another one by now.
func (s *signIn) moved() bool {
	p := &s.progress
	return s.user != nil && (!s.user.Epoch.Since(directory.Epoch(p.Epoch)) ||
		slices.Contains(p.Proven, factor.AMRPassword) && s.credential.SetAt != p.PasswordSetAt)
}

// identity is the user name that a verifier is bound to.
func (s *signIn) identity() string {
	if s.user != nil {
		return s.user.Username
	}
	return s.ghostName()
}

// begun reports whether factors count already in a sign-in toward a level, so that what is asked next is a further one.
func (s *signIn) begun() bool { return s.progress.Goal != nil && len(s.progress.Proven) > 0 }

// credit adds what this hop proved to what counts.
func (s *signIn) credit(method string) {
	s.proof.Right = true
	s.progress.Proven = append(slices.Clone(s.progress.Proven), method)
	if s.progress.Goal != nil {
		s.progress.Proven = factor.Methods(s.progress.Proven)
	}
	if method == factor.AMRPassword {
		s.progress.PasswordSetAt = s.credential.SetAt
	}
}

// answersFor reports whether the USERNAME of an answer is the account's: the name that was typed first, the one that
// the challenge told, or one of the user's own.
func (e *Engine) answersFor(s *signIn, name string) bool {
	return name == s.progress.Sub || bytes.Equal(mark(s.Pool, name), s.progress.Typed) ||
		s.user != nil && (name == s.user.Username || e.Directory.Names(s.Pool, s.user, name))
}

// answered checks an answer in AWS's order: the session and the parameters are there, the client proves itself, the
// session opens.
func (e *Engine) answered(ctx context.Context, r *Request, names ...string) (*challenge.State, error) {
	if r.Session == "" {
		return nil, pool.MissingParameter("Session")
	}
	if _, err := r.named(names...); err != nil {
		return nil, err
	}
	return e.openSession(ctx, r)
}

// openSession opens the Session member of an answer and checks that it was made for this pool, client, door and
// challenge.
func (e *Engine) openSession(ctx context.Context, r *Request) (*challenge.State, error) {
	st, err := e.Sessions.Open(ctx, r.Pool.ID, r.Client.ID, r.Session)
	return usable(ctx, r, st, err)
}

// usable checks that a session or secret block that was opened is of this door and challenge.
func usable(ctx context.Context, r *Request, st *challenge.State, err error) (*challenge.State, error) {
	if err != nil {
		return nil, challenge.Refusal(ctx, err)
	}
	if err := st.Require(string(r.Challenge)); err != nil {
		obs.Cause(ctx, "session is for %s", st.Step)
		return nil, challenge.Unusable()
	}
	if st.Door != r.Door.Name && !slices.Contains(r.Door.Shared, st.Door) {
		obs.Cause(ctx, "session is of the door %q", st.Door)
		return nil, challenge.Unusable()
	}
	r.device = st.Device
	return st, nil
}

// resume opens the session of an answer, reads its account and checks that the session is still good for it.
func (e *Engine) resume(ctx context.Context, r *Request, names ...string) (*signIn, error) {
	st, err := e.answered(ctx, r, names...)
	if err != nil {
		return nil, err
	}
	return e.goOn(ctx, r, st)
}

// goOn is resume with a session that is open.
func (e *Engine) goOn(ctx context.Context, r *Request, st *challenge.State) (*signIn, error) {
	a, err := e.findAccount(ctx, r, st.Sub)
	if err != nil {
		return nil, err
	}
	s := e.resumed(r, a, st)
	if err := e.holds(ctx, s); err != nil {
		return nil, err
	}
	if err := e.recall(ctx, s); err != nil {
		return nil, err
	}
	if st.First {
		s.proof.PlaysAlong = true
		if err := e.imagine(ctx, s); err != nil {
			return nil, err
		}
		if !undecided(r.Challenge) {
			s.conceal()
			if s.moved() { // what was sent is worth as little as what nobody was sent
				obs.Cause(ctx, "%v", directory.ErrMoved)
				s.user = nil
			}
		}
	}
	return s, nil
}

// holds reports whether a session is still good for its user, and the answer one of this user.
func (e *Engine) holds(ctx context.Context, s *signIn) error {
	p := &s.progress
	switch {
	case !e.answersFor(s, s.name):
		obs.Cause(ctx, "answer names another user")
		return challenge.Unusable()
	case p.First:
		return s.mayChoose(ctx)
	case s.user == nil:
		obs.Cause(ctx, "the user of the session is gone")
		return challenge.Unusable()
	case !s.user.Enabled:
		obs.Cause(ctx, "disabled user")
		return directory.Disabled()
	case s.user.Status == cognitoidp.UserStatusTypeResetRequired:
		return errResetRequired()
	case s.moved():
		obs.Cause(ctx, "%v", directory.ErrMoved)
		return challenge.Unusable()
	}
	return nil
}

// state is the session for the challenge of a step.
func (e *Engine) state(s *signIn, step Step) *challenge.State {
	st := e.newState(s.Request, step.Challenge)
	st.Progress = s.progress
	st.Sub, st.Door = s.sub, s.Door.Name
	st.First, st.SetUp, st.Offered, st.Choices, st.Secret = step.First, step.SetUp, step.Offered, step.Choices, nil
	st.Epoch = 0
	if s.user != nil {
		st.Epoch = int64(s.user.NextEpoch()) // which it is once this step is written
	}
	if step.Challenge == cognitoidp.ChallengeNameTypePasswordVerifier {
		st.PasswordSetAt = s.credential.SetAt
	}
	if key := s.Params["DEVICE_KEY"]; key != "" && len(key) <= maxDeviceKey && len(st.Proven) == 0 {
		st.Device = key // not looked at before the first factor is proven
	}
	if s.device != nil {
		st.Device = s.device.Key
	}
	st.DeviceProven = s.device != nil && s.progress.DeviceProven
	return st
}

// newState begins a session for a challenge.
func (e *Engine) newState(r *Request, next cognitoidp.ChallengeNameType) *challenge.State {
	now := e.now()
	return &challenge.State{
		Pool: r.Pool.ID, Client: r.Client.ID, ID: e.Sessions.NewID(), Step: string(next),
		IssuedAt: now.UnixMilli(), ExpiresAt: now.Add(r.Client.AuthSession()).UnixMilli(),
	}
}

// spend uses up the session that a hop answers.
func (e *Engine) spend(tx *db.Tx, st *challenge.State) error {
	if st == nil {
		return nil
	}
	return challenge.Refusal(tx.Context(), e.Sessions.Spend(tx, st))
}

// userOf is the account as the rules of factors see it: the user, or the ghost.
func (s *signIn) userOf() *directory.User {
	if s.user == nil && s.ghost != nil {
		return s.ghost.User
	}
	return s.user
}
