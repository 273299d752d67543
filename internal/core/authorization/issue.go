package authorization

import (
	"context"
	"errors"
	"slices"

	"cognate/internal/api/cognitoidp"
	"cognate/internal/base/db"
	"cognate/internal/base/obs"
	"cognate/internal/core/directory"
	"cognate/internal/core/factor"
	"cognate/internal/core/signin"
	"cognate/internal/core/token"
	"cognate/internal/core/trigger"
)

// Session is a managed-login session as a browser's cookie names it.
type Session struct {
	Sub string `json:"u"`
	ID  string `json:"s"`
}

// Ending is what a sign-in on the pages is worth: a managed-login session, and the answer to the authorization request.
// It serves one sign-in.
type Ending struct {
	room *Room
	q    *Request
	// have are the sessions of the browser: the one of the same user ends with the sign-in.
	have []Session

	// Session and Answer are there once the sign-in has ended.
	Session Session
	Answer  *Answer
}

// Ending is the ending of a sign-in for the request, in a browser with these sessions.
func (r *Room) Ending(q *Request, have []Session) *Ending { return &Ending{room: r, q: q, have: have} }

// Prepare implements signin.Ending.
func (e *Ending) Prepare(ctx context.Context, a *signin.Admission) (*signin.Answer, func(*db.Tx) error, error) {
	r, q := e.room, e.q
	changes, err := r.Engine.TokenChanges(ctx, a.Event, a.Source, a.Groups, q.Scopes)
	if err != nil {
		return nil, nil, err
	}
	sso := r.Tokens.NewSSO(ctx, q.Pool, q.Client, a.Subject, a.ACR)
	answer, write, err := r.answer(ctx, q, q.grantOf(sso, a.Subject, a.ACR, changes), a.Subject)
	if err != nil {
		return nil, nil, err
	}
	e.Session, e.Answer = Session{a.Subject.Sub, sso.ID}, answer
	return &signin.Answer{}, func(tx *db.Tx) error {
		for _, old := range e.have {
			if old.Sub != a.Subject.Sub {
				continue
			}
			if err := r.Tokens.EndSSO(tx, q.Pool.ID, old.Sub, old.ID); err != nil {
				return err
			}
		}
		if err := r.Tokens.OpenSSO(tx, sso); err != nil {
			return err
		}
		return write(tx)
	}, nil
}

// answer makes the code or the tokens of a grant, and returns what writes them.
func (r *Room) answer(ctx context.Context, q *Request, g grant, subj token.Subject) (*Answer, func(*db.Tx) error, error) {
	if !q.Implicit {
		code, write, err := r.prepare(ctx, q, subj.Sub, g)
		if err != nil {
			return nil, nil, err
		}
		return q.answer([2]string{"code", code}), write, nil
	}
	made, err := r.tokens(ctx, q, g, subj)
	if err != nil {
		return nil, nil, signin.Ungranted(err, q.Pool)
	}
	return q.implicit(made.Result()), func(tx *db.Tx) error { return r.Tokens.Commit(tx, made) }, nil
}

// Holder is a managed-login session that lives, with its user.
type Holder struct {
	Session Session
	User    *directory.User
	Groups  []token.Group
	sso     *token.SSO
}

// Holders finds the sessions that live among those that a browser named, in their order.
func (r *Room) Holders(ctx context.Context, poolID string, named []Session) ([]Holder, error) {
	if len(named) == 0 {
		return nil, nil
	}
	p, err := r.Pools.Pool(ctx, poolID)
	if err != nil {
		return nil, err
	}
	var out []Holder
	err = r.DB.View(ctx, func(tx *db.Tx) error {
		out = nil
		for _, s := range named {
			sso, err := r.Tokens.FindSSO(tx, p, s.Sub, s.ID)
			if errors.Is(err, token.ErrNoSSO) {
				continue
			}
			if err != nil {
				return err
			}
			u, err := r.Directory.BySub(tx, p, s.Sub)
			switch {
			case errors.Is(err, directory.ErrUserNotFound):
				continue
			case err != nil:
				return err
			case !u.Enabled || !u.Epoch.Since(directory.Epoch(sso.Epoch)), awaitsPassword(u):
				continue
			}
			groups, err := r.Directory.GroupsOf(tx, p, s.Sub)
			if err != nil {
				return err
			}
			out = append(out, Holder{Session: s, User: u, Groups: groups, sso: sso})
		}
		return nil
	})
	return out, err
}

// awaitsPassword reports whether a user has to set a password before anything else.
func awaitsPassword(u *directory.User) bool {
	return u.Status == cognitoidp.UserStatusTypeResetRequired || u.Status == cognitoidp.UserStatusTypeForceChangePassword
}

// Answers reports whether the session of h answers the request without a new authentication: fresh enough for the client
// and the request, and of a level that was asked for.
func (r *Room) Answers(q *Request, h Holder) bool {
	if q.Login || !r.Tokens.Fresh(q.Pool, q.Client, h.sso) || q.MaxAge >= 0 && r.now().Unix()-h.sso.AuthTime > q.MaxAge {
		return false
	}
	return len(q.ACR) == 0 || slices.ContainsFunc(q.ACR, func(name string) bool {
		return int(factor.LevelOf(h.sso.AMR)) >= q.Pool.ACRLevel(name)
	})
}

// Credit is what the session counts for in a sign-in toward a level, nil for nothing.
func (r *Room) Credit(q *Request, h Holder) *signin.Credit {
	if q.Login || !r.Tokens.Fresh(q.Pool, q.Client, h.sso) || q.MaxAge >= 0 && r.now().Unix()-h.sso.AuthTime > q.MaxAge {
		return nil
	}
	return &signin.Credit{
		Sub: h.sso.Sub, AMR: h.sso.AMR, ACR: h.sso.ACR, AuthTime: h.sso.AuthTime, Epoch: directory.Epoch(h.sso.Epoch),
	}
}

// Silent answers a request from a session that Answers it. ErrNoSession when that has ended meanwhile; other errors are
// AWS exceptions of functions, or internal.
func (r *Room) Silent(ctx context.Context, q *Request, h Holder) (*Answer, error) {
	if !r.Answers(q, h) {
		return nil, ErrNoSession
	}
	obs.From(ctx).User = h.User.Sub
	subj := r.Directory.Subject(h.User, h.Groups)
	subj.AuthTime, subj.AMR, subj.Epoch, subj.DeviceKey = h.sso.AuthTime, h.sso.AMR, int64(h.User.Epoch), h.sso.DeviceKey
	acr := h.sso.ACR
	if len(q.ACR) > 0 {
		subj.AMR, acr = factor.Claim(h.sso.AMR), q.Pool.ACR(int(factor.LevelOf(h.sso.AMR)))
	}
	event := directory.EventSubject(q.Pool, q.Client, h.User, nil)
	changes, err := r.Engine.TokenChanges(ctx, event, trigger.TokenHostedAuth, h.Groups, q.Scopes)
	if err != nil {
		return nil, err
	}
	answer, write, err := r.answer(ctx, q, q.grantOf(h.sso, subj, acr, changes), subj)
	if err != nil {
		return nil, err
	}
	sso := *h.sso
	err = r.DB.Update(ctx, func(tx *db.Tx) error {
		if err := r.Pools.Recheck(tx, q.Client); err != nil {
			return err
		}
		if err := r.Directory.Hold(tx, q.Pool.ID, h.User.Sub, h.User.Epoch); err != nil {
			return err
		}
		if err := r.Tokens.TouchSSO(tx, &sso); err != nil {
			return err
		}
		return write(tx)
	})
	if errors.Is(err, directory.ErrMoved) || errors.Is(err, token.ErrNoSSO) {
		return nil, ErrNoSession
	}
	return answer, err
}

// SignOut ends managed-login sessions. Tokens that came through them live on, as on AWS.
func (r *Room) SignOut(ctx context.Context, poolID string, named []Session) error {
	if len(named) == 0 {
		return nil
	}
	return r.DB.Update(ctx, func(tx *db.Tx) error {
		for _, s := range named {
			if err := r.Tokens.EndSSO(tx, poolID, s.Sub, s.ID); err != nil {
				return err
			}
		}
		return nil
	})
}
