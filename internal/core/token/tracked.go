package token

import (
	"cmp"
	"encoding/binary"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"cognate/internal/base/db"
	"cognate/internal/core/pool"
)

// Tracked is an active session as its user and administrators see it. Times are milliseconds since 1970.
type Tracked struct {
	ID        string // tkn... or sso...
	ClientID  string
	Parent    string // of a token session: the managed-login session it came through, "" for none
	IP        string // of the last activity
	UserAgent string // of the last activity
	Created   int64
	// LastActive is the last authentication, refresh or rotation.
	LastActive int64

	eventID string
}

// SSO reports whether the session is a managed-login session rather than a token session.
func (s *Tracked) SSO() bool { return strings.HasPrefix(s.ID, ssoPrefix) }

const ssoPrefix = "sso"

// alive are the bounds of the sessions of a pool that are tracked and active now.
func (t *Tokens) alive(rules pool.SessionRules) alive {
	now := t.clock.Milli()
	a := alive{since: rules.Since, now: now}
	if rules.Absolute > 0 {
		a.born = now - rules.Absolute.Milliseconds()
	}
	if rules.Idle > 0 {
		a.active = now - rules.Idle.Milliseconds()
	}
	return a
}

// ended reports whether the limits that the pool's owner has set are over for the session.
func (s *Session) ended(rules pool.SessionRules, now int64) bool {
	over := func(from int64, limit time.Duration) bool { return limit > 0 && from+limit.Milliseconds() <= now }
	return over(s.Created, rules.Absolute) || over(s.LastActive, rules.Idle)
}

// ListTracked returns up to limit active sessions of a user of both kinds, the newest first, and where to go on: "" after
// the last. from is such a place or "". Without tracking there are none.
func (t *Tokens) ListTracked(tx *db.Tx, p *pool.Pool, sub, from string, limit int) (list []Tracked, next string, err error) {
	if !p.Sessions.Tracking {
		return nil, "", nil
	}
	at, err := openCursor(from)
	if err != nil {
		return nil, "", err
	}
	a := t.alive(p.Sessions)
	list, err = listTracked(tx, p.ID, sub, a, at, limit+1)
	if err != nil {
		return nil, "", fmt.Errorf("token: list sessions: %w", err)
	}
	sso, err := listSSO(tx, p.ID, sub, a, at, limit+1)
	if err != nil {
		return nil, "", fmt.Errorf("token: list sessions: %w", err)
	}
	list = append(list, sso...)
	slices.SortFunc(list, func(x, y Tracked) int { return cmp.Or(cmp.Compare(y.Created, x.Created), strings.Compare(y.ID, x.ID)) })
	if len(list) > limit {
		list = list[:limit]
		next = cursor{list[limit-1].Created, list[limit-1].ID}.text()
	}
	for i := range list {
		s := &list[i]
		if v, ok := t.active.pending(touchKey{p.ID, sub, s.eventID}); ok && v.at > s.LastActive {
			s.LastActive, s.IP, s.UserAgent = v.at, v.ip, v.agent
		}
	}
	return list, next, nil
}

func (c cursor) text() string {
	return string(binary.BigEndian.AppendUint64(nil, uint64(c.created))) + c.id
}

// openCursor reads a place in a list; the caller keeps strangers from making one up.
func openCursor(text string) (cursor, error) {
	switch {
	case text == "":
		return cursor{created: math.MaxInt64}, nil
	case len(text) < 8:
		return cursor{}, fmt.Errorf("token: a place in a list of %d bytes", len(text))
	}
	return cursor{int64(binary.BigEndian.Uint64([]byte(text[:8]))), text[8:]}, nil
}

// EndTracked ends one session of a user and reports whether there was such a one. linked ends what belongs to it too:
// the managed-login session that a token session came through, but not the others that did; or all token sessions that
// came through a managed-login session.
func (t *Tokens) EndTracked(tx *db.Tx, p *pool.Pool, sub, id string, linked bool) (bool, error) {
	if !p.Sessions.Tracking {
		return false, nil
	}
	a := t.alive(p.Sessions)
	if strings.HasPrefix(id, ssoPrefix) {
		found, err := endSSO(tx, p.ID, sub, id, a)
		if err == nil && found && linked {
			err = endChildren(tx, p.ID, sub, id)
		}
		return found, err
	}
	parent, found, err := endTracked(tx, p.ID, sub, id, a)
	if err == nil && linked && parent != "" {
		_, err = endSSO(tx, p.ID, sub, parent, a)
	}
	return found, err
}

// makeRoom ends the least recently used sessions of the user of s until one more fits below MaxPerUser. Sign-ins of one
// user wait for each other here, so that parallel ones cannot both take the last place.
func (t *Tokens) makeRoom(tx *db.Tx, s *Session, rules pool.SessionRules) error {
	if err := queue(tx, s.PoolID, s.Sub); err != nil {
		return err
	}
	list, err := occupied(tx, s.PoolID, s.Sub, t.alive(rules))
	if err != nil {
		return err
	}
	excess := len(list) - rules.MaxPerUser + 1
	if excess <= 0 {
		return nil
	}
	for _, old := range list {
		if v, ok := t.active.pending(touchKey{old.PoolID, old.Sub, old.EventID}); ok {
			old.LastActive = max(old.LastActive, v.at)
		}
	}
	slices.SortFunc(list, func(x, y *Session) int {
		return cmp.Or(cmp.Compare(x.LastActive, y.LastActive), cmp.Compare(x.Created, y.Created), strings.Compare(x.EventID, y.EventID))
	})
	for _, old := range list[:excess] {
		if _, err := deleteSession(tx, old.PoolID, old.Sub, old.EventID); err != nil {
			return err
		}
	}
	return nil
}
