package session

import (
	"context"
	"errors"

	"cognate/internal/api/cognitoidp"
	"cognate/internal/api/rt"
	"cognate/internal/base/clock"
	"cognate/internal/base/db"
	"cognate/internal/base/keyring"
	"cognate/internal/base/obs"
	"cognate/internal/base/pagetoken"
	"cognate/internal/core/directory"
	"cognate/internal/core/pool"
	"cognate/internal/core/token"
)

// page is how many sessions one answer holds: all that a user can have where the numbers are kept.
const page = 125

// Deps are the rooms and tools that this one works with; all are required.
type Deps struct {
	DB        *db.DB
	Keys      *keyring.Keyring
	Clock     *clock.Clock
	Pools     *pool.Pools
	Directory *directory.Directory
	Tokens    *token.Tokens
}

// Room lists and ends sessions. It is safe for concurrent use.
type Room struct {
	Deps
	pages pagetoken.Tokens
}

// New assembles the room.
func New(d Deps) *Room {
	return &Room{Deps: d, pages: pagetoken.Tokens{Keys: d.Keys, Now: d.Clock.Now}}
}

// Ops are the AWS operations of this room.
type Ops struct{ *Room }

// ListUserSessions implements the AWS operation: the caller's sessions in all clients of the pool. Without tracking there
// are none.
func (o Ops) ListUserSessions(ctx context.Context, in *cognitoidp.ListUserSessionsRequest) (*cognitoidp.ListUserSessionsResponse, error) {
	a, err := o.Directory.Authorize(ctx, in.AccessToken)
	if err != nil {
		return nil, err
	}
	list, next, err := o.list(ctx, a.Pool, "ListUserSessions", in.NextToken, a.SessionID, func(*db.Tx) (string, error) { return a.Sub, nil })
	if err != nil {
		return nil, err
	}
	return &cognitoidp.ListUserSessionsResponse{Sessions: list, NextToken: next}, nil
}

// AdminListUserSessions implements the AWS operation. No session is the current one.
func (o Ops) AdminListUserSessions(ctx context.Context, in *cognitoidp.AdminListUserSessionsRequest) (*cognitoidp.AdminListUserSessionsResponse, error) {
	p, err := o.Pools.PoolOrRefuse(ctx, in.UserPoolId)
	if err != nil {
		return nil, err
	}
	list, next, err := o.list(ctx, p, "AdminListUserSessions", in.NextToken, "", func(tx *db.Tx) (string, error) {
		return o.subOf(tx, p, in.Username)
	})
	if err != nil {
		return nil, err
	}
	return &cognitoidp.AdminListUserSessionsResponse{Sessions: list, NextToken: next}, nil
}

// subOf finds the user that an administrator names.
func (r *Room) subOf(tx *db.Tx, p *pool.Pool, username string) (string, error) {
	u, err := r.Directory.ResolveOrRefuse(tx, p, username)
	if err != nil {
		return "", err
	}
	obs.From(tx.Context()).User = u.Sub
	return u.Sub, nil
}

// list reads one page of the sessions of the user that who finds. A token continues only the list of the user that it
// was made for.
func (r *Room) list(ctx context.Context, p *pool.Pool, operation string, from *string, current string, who func(*db.Tx) (string, error)) ([]cognitoidp.SessionDescriptionType, *string, error) {
	if err := r.Keys.Load(ctx, p.ID); err != nil { // tokens are opened within the transaction
		return nil, nil, err
	}
	var sub, next string
	var found []token.Tracked
	err := r.DB.View(ctx, func(tx *db.Tx) (err error) {
		if sub, err = who(tx); err != nil {
			return err
		}
		at := ""
		if from != nil {
			if at, err = r.pages.Open(ctx, p.ID, pagetoken.Binding(operation, p.ID, sub), *from); err != nil {
				return err
			}
		}
		found, next, err = r.Tokens.ListTracked(tx, p, sub, at, page)
		return err
	})
	if errors.Is(err, pagetoken.ErrInvalid) {
		return nil, nil, pool.InvalidNextToken()
	}
	if err != nil {
		return nil, nil, err
	}
	out := make([]cognitoidp.SessionDescriptionType, len(found))
	for i := range found {
		out[i] = describe(&found[i], current)
	}
	if next == "" {
		return out, nil, nil
	}
	text, err := r.pages.Seal(ctx, p.ID, pagetoken.Binding(operation, p.ID, sub), next)
	return out, &text, err
}

// describe shows a session. Where an address lies is not known here, which AWS calls `unknown` too.
func describe(s *token.Tracked, current string) cognitoidp.SessionDescriptionType {
	kind := cognitoidp.SessionTypeTypeToken
	if s.SSO() {
		kind = cognitoidp.SessionTypeTypeSso
	}
	d := cognitoidp.SessionDescriptionType{
		SessionId: &s.ID, SessionType: &kind, ClientId: &s.ClientID,
		CreateDate: new(rt.TimeFromMillis(s.Created)), LastActiveDate: new(rt.TimeFromMillis(s.LastActive)),
		DeviceType: new(DeviceType(s.UserAgent)), LastLocation: &cognitoidp.SessionLocationType{Country: new("unknown")},
		IsCurrentSession: new(s.ID == current),
	}
	if s.IP != "" {
		d.LastIPAddress = &s.IP
	}
	if s.Parent != "" {
		d.OriginSessionId = &s.Parent
	}
	return d
}

// RevokeUserSession implements the AWS operation. The session that the access token belongs to cannot be ended by it.
func (o Ops) RevokeUserSession(ctx context.Context, in *cognitoidp.RevokeUserSessionRequest) (*cognitoidp.RevokeUserSessionResponse, error) {
	a, err := o.Directory.Authorize(ctx, in.AccessToken)
	if err != nil {
		return nil, err
	}
	if in.SessionId == a.SessionID {
		return nil, cognitoidp.NewInvalidParameter("The current session cannot be revoked. Use RevokeToken or GlobalSignOut to sign out.")
	}
	err = o.DB.Update(ctx, func(tx *db.Tx) error {
		return o.end(tx, a.Pool, a.Sub, in.SessionId, in.RevokeAssociatedSessions)
	})
	if err != nil {
		return nil, err
	}
	return &cognitoidp.RevokeUserSessionResponse{}, nil
}

// AdminRevokeUserSession implements the AWS operation. The session must be the named user's.
func (o Ops) AdminRevokeUserSession(ctx context.Context, in *cognitoidp.AdminRevokeUserSessionRequest) (*cognitoidp.AdminRevokeUserSessionResponse, error) {
	p, err := o.Pools.PoolOrRefuse(ctx, in.UserPoolId)
	if err != nil {
		return nil, err
	}
	err = o.DB.Update(ctx, func(tx *db.Tx) error {
		sub, err := o.subOf(tx, p, in.Username)
		if err != nil {
			return err
		}
		return o.end(tx, p, sub, in.SessionId, in.RevokeAssociatedSessions)
	})
	if err != nil {
		return nil, err
	}
	return &cognitoidp.AdminRevokeUserSessionResponse{}, nil
}

// end ends a session of the user or answers that there is none such: it is another user's, it has ended, or it is not
// tracked.
func (r *Room) end(tx *db.Tx, p *pool.Pool, sub, id string, how *cognitoidp.RevokeAssociatedSessionsType) error {
	linked := how != nil && *how == cognitoidp.RevokeAssociatedSessionsTypeLinked
	found, err := r.Tokens.EndTracked(tx, p, sub, id, linked)
	if err == nil && !found {
		return cognitoidp.NewResourceNotFound("Session %s does not exist.", id)
	}
	return err
}
