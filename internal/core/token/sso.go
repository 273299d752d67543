package token

import (
	"context"
	"errors"
	"time"

	"cognate/internal/base/db"
	"cognate/internal/core/pool"
)

// SSO is a managed-login session: one sign-in of a user in one browser, which token sessions of several clients may come
// through. Times are milliseconds since 1970 unless said otherwise.
type SSO struct {
	PoolID, Sub, ID, ClientID string
	AMR                       []string
	ACR                       string
	AuthTime                  int64  // seconds since 1970
	Epoch                     int64  // of the user at the sign-in
	DeviceKey                 string // of the device that the browser is, "" for none
	IP, UserAgent             string
	Created, LastActive       int64
	Expires                   int64
}

// OpenSSO writes a new managed-login session. Its ID is drawn when it is empty.
func (t *Tokens) OpenSSO(tx *db.Tx, s *SSO) error {
	if s.ID == "" {
		s.ID = t.ids.SSOSession()
	}
	return insertSSO(tx, s)
}

// NewSSO is a managed-login session of a sign-in that has just ended, from where the request in the context comes. It
// counts once OpenSSO has written it. Without session tracking it lives an hour, as Cognito's cookie does.
func (t *Tokens) NewSSO(ctx context.Context, p *pool.Pool, c *pool.Client, subj Subject, acr string) *SSO {
	now := t.clock.Now()
	s := &SSO{
		PoolID: p.ID, Sub: subj.Sub, ID: t.ids.SSOSession(), ClientID: c.ID, AMR: subj.AMR, ACR: acr,
		AuthTime: subj.AuthTime, Epoch: subj.Epoch, DeviceKey: subj.DeviceKey, Created: now.UnixMilli(), LastActive: now.UnixMilli(),
	}
	s.IP, s.UserAgent = origin(ctx, &subj)
	s.Expires = now.Add(p.SSOLife()).UnixMilli()
	return s
}

// ErrNoSSO means that a managed-login session has ended, or never was.
var ErrNoSSO = errors.New("token: no such managed-login session")

// FindSSO returns a managed-login session that lives, or ErrNoSSO. How long it signs a client in is for the caller to
// judge: Fresh.
func (t *Tokens) FindSSO(tx *db.Tx, p *pool.Pool, sub, id string) (*SSO, error) {
	s, err := findSSO(tx, p.ID, sub, id)
	if errors.Is(err, db.ErrNoRows) || err == nil && s.Expires <= t.clock.Milli() {
		return nil, ErrNoSSO
	}
	return s, err
}

// Fresh reports whether the session may sign a client in without a new authentication: within the client's SSOSession
// where the pool tracks sessions, and for an hour elsewhere.
func (t *Tokens) Fresh(p *pool.Pool, c *pool.Client, s *SSO) bool {
	life := ssoLife
	if p.Sessions.Tracking {
		life = c.SSOValidity
	}
	return t.clock.Now().Before(time.Unix(s.AuthTime, 0).Add(life))
}

// ssoLife is the life of a managed-login session without tracking, and the default with it.
const ssoLife = time.Hour

// TouchSSO notes that a managed-login session signed a client in. ErrNoSSO when it has ended meanwhile.
func (t *Tokens) TouchSSO(tx *db.Tx, s *SSO) error {
	s.LastActive = t.clock.Milli()
	subj := Subject{}
	s.IP, s.UserAgent = origin(tx.Context(), &subj)
	found, err := touchSSO(tx, s)
	if err == nil && !found {
		return ErrNoSSO
	}
	return err
}

// GrantSSO notes that tokens were given out through a managed-login session. ErrNoSSO when it has ended meanwhile.
func (t *Tokens) GrantSSO(tx *db.Tx, poolID, sub, id string) error {
	found, err := grantSSO(tx, poolID, sub, id, t.clock.Milli())
	if err == nil && !found {
		return ErrNoSSO
	}
	return err
}

// EndSSO ends a managed-login session and leaves the tokens that came through it. It is no error when it has ended.
func (t *Tokens) EndSSO(tx *db.Tx, poolID, sub, id string) error {
	return dropSSO(tx, poolID, sub, id)
}

// EndEvent ends the token session with this event id. It is no error when it has ended.
func (t *Tokens) EndEvent(tx *db.Tx, poolID, sub, eventID string) error {
	_, err := deleteSession(tx, poolID, sub, eventID)
	return err
}
