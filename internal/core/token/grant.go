package token

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"cognate/internal/api/cognitoidp"
	"cognate/internal/base/db"
	"cognate/internal/base/jose"
	"cognate/internal/core/pool"
)

// Grant is a set of signed tokens that becomes valid when it is committed.
type Grant struct {
	session *Session
	result  *cognitoidp.AuthenticationResultType
	change  change
	grace   time.Duration
	rules   pool.SessionRules
	touch   touch // of changeTouch
}

// change is what a Grant writes.
type change int

const (
	changeNone   change = iota
	changeOpen          // a new session
	changeRotate        // the next generation of the session's refresh token
	changeTouch         // the last activity, at once because a limit depends on it
)

// Result is the answer with the tokens. Hand it out only after a commit, unless Writes is false.
func (g *Grant) Result() *cognitoidp.AuthenticationResultType { return g.result }

// Writes reports whether the grant has to be committed; a refresh without rotation and without an idle limit writes
// nothing.
func (g *Grant) Writes() bool { return g.change != changeNone }

// Session is the session that the tokens belong to.
func (g *Grant) Session() *Session { return g.session }

// Prepare signs the tokens of a new authentication, outside any transaction. They are worth nothing until Commit.
func (t *Tokens) Prepare(ctx context.Context, p *pool.Pool, c *pool.Client, subj Subject, o Options) (*Grant, error) {
	now := t.clock.Now()
	s := &Session{
		PoolID: p.ID, Sub: subj.Sub, ClientID: c.ID, ID: t.ids.TokenSession(), EventID: o.EventID,
		OriginJTI: t.ids.UUID(), DeviceKey: subj.DeviceKey, Scope: o.Scope, AMR: subj.AMR, ACR: o.ACR,
		AuthTime: subj.AuthTime, Epoch: subj.Epoch, Parent: o.Parent, Resource: o.Resource, DocumentURL: c.DocumentURL(), Created: now.UnixMilli(), LastActive: now.UnixMilli(),
		Expires: now.Add(c.RefreshTTL()).UnixMilli(), seed: make([]byte, seedSize),
	}
	if s.EventID == "" {
		s.EventID = t.ids.UUID()
	}
	if s.Scope == "" && s.Parent == "" { // what came through the pages has the scopes that it was granted, and no others
		s.Scope = AdminScope
	}
	if s.AuthTime == 0 {
		s.AuthTime = now.Unix()
	}
	if _, err := io.ReadFull(t.random(), s.seed); err != nil {
		return nil, fmt.Errorf("token: random: %w", err)
	}
	sum := sha256.Sum256(s.seed)
	s.seedHash = sum[:]
	s.IP, s.UserAgent = origin(ctx, &subj)

	result, err := t.sign(ctx, &claims{
		pool: p, client: c, subject: &subj, session: s, changes: o.Changes, issued: now.Unix(), nonce: o.Nonce, hash: o.Parent != "",
	})
	if err != nil {
		return nil, err
	}
	g := &Grant{session: s, result: result, change: changeOpen, rules: p.Sessions}
	if o.Browser {
		s.Expires = now.Add(max(c.AccessTTL(), c.IDTTL())).UnixMilli()
		return g, nil
	}
	refresh, err := t.refreshText(ctx, s, 0)
	if err != nil {
		return nil, err
	}
	result.RefreshToken = &refresh
	return g, nil
}

// Renew signs new ID and access tokens for a session that FindRefresh found, with the subject as it is today and the
// changes that the owner's function wants now; nil for none. When the client rotates refresh tokens, the answer carries
// the next one and the grant has to be committed.
func (t *Tokens) Renew(ctx context.Context, p *pool.Pool, c *pool.Client, s *Session, subj Subject, ch *Changes) (*Grant, error) {
	now := t.clock.Now()
	told := *s
	if s.Parent != "" {
		told.Scope = strings.Join(remaining(c, strings.Fields(s.Scope)), " ")
	}
	result, err := t.sign(ctx, &claims{pool: p, client: c, subject: &subj, session: &told, changes: ch, issued: now.Unix()})
	if err != nil {
		return nil, err
	}
	g := &Grant{session: s, result: result}
	if on, grace := c.Rotation(); on {
		g.grace = grace
		next := s.generation + 1
		if s.stale { // the successor exists already and is given out once more
			next = s.generation
		} else {
			g.change = changeRotate
		}
		text, err := t.refreshText(ctx, s, next)
		if err != nil {
			return nil, err
		}
		result.RefreshToken = &text
	}
	g.touch.at = now.UnixMilli()
	g.touch.ip, g.touch.agent = origin(ctx, &subj)
	if g.change == changeNone && p.Sessions.Idle > 0 {
		g.change = changeTouch
	} else {
		t.active.note(s, g.touch)
	}
	return g, nil
}

// remaining are the scopes of a managed-login session that its client may still have.
func remaining(c *pool.Client, scopes []string) []string {
	return slices.DeleteFunc(scopes, func(scope string) bool { return !slices.Contains(c.Scopes, scope) })
}

// Commit makes a grant valid: it writes the new session, for which the least recently used ones of the user make room
// where the pool tracks sessions, or moves the session to its next refresh token. When another
// redemption of the same token was faster and the grace period is over it returns ErrRefreshReuse, and when the session
// has ended meanwhile ErrRefreshRevoked; roll back then.
func (t *Tokens) Commit(tx *db.Tx, g *Grant) error {
	switch g.change {
	case changeOpen:
		if g.rules.Tracking {
			if err := t.makeRoom(tx, g.session, g.rules); err != nil {
				return fmt.Errorf("token: make room for a session: %w", err)
			}
		}
		return insertSession(tx, g.session)
	case changeTouch:
		return t.touched(tx, g)
	case changeRotate:
		return t.rotate(tx, g)
	}
	return nil
}

// touched writes the activity of a refresh; ErrRefreshRevoked when the session has ended meanwhile.
func (t *Tokens) touched(tx *db.Tx, g *Grant) error {
	done, err := touchOne(tx, g.session, g.touch)
	if err != nil || done {
		return err
	}
	_, err = findSession(tx, g.session.PoolID, g.session.Sub, g.session.EventID)
	if errors.Is(err, db.ErrNoRows) {
		return ErrRefreshRevoked
	}
	return err
}

func (t *Tokens) rotate(tx *db.Tx, g *Grant) error {
	s, now := g.session, t.clock.Milli()
	moved, err := rotateSession(tx, s, now)
	if err != nil || moved {
		return err
	}
	current, err := findSession(tx, s.PoolID, s.Sub, s.EventID)
	if errors.Is(err, db.ErrNoRows) {
		return ErrRefreshRevoked
	}
	if err != nil {
		return err
	}
	// The update may have waited for the one that won, whose time is then later than ours: without a grace period that
	// must not look like one.
	if g.grace > 0 && current.generation == s.generation+1 && now < current.rotated+g.grace.Milliseconds() {
		return nil // a parallel request rotated to the very token that this grant carries
	}
	return ErrRefreshReuse
}

// sign returns the access token and, where the session has one, the ID token. Both are signed at the same time on two
// cores, unless the ID token names the hash of the other.
func (t *Tokens) sign(ctx context.Context, cl *claims) (*cognitoidp.AuthenticationResultType, error) {
	if err := cl.changes.check(); err != nil {
		return nil, err
	}
	keys, err := t.signers(ctx, cl.pool.ID)
	if err != nil {
		return nil, err
	}
	rotates, _ := cl.client.Rotation()
	cl.issuer, cl.links = t.addresses.Issuer(cl.pool), rotates || cl.client.RevocationEnabled()
	m := cl.changes.membership(cl.subject.Groups)
	id, access, err := t.texts(keys, cl, m)
	if err != nil {
		return nil, fmt.Errorf("token: sign: %w", err)
	}
	if cl.changes != nil {
		if err := fits(id, access); err != nil {
			return nil, err
		}
	}
	out := &cognitoidp.AuthenticationResultType{
		AccessToken: &access, TokenType: new("Bearer"), ExpiresIn: new(int64(cl.client.AccessTTL() / time.Second)),
	}
	if id != "" {
		out.IdToken = &id
	}
	return out, nil
}

// texts are those of the two tokens; id is "" where the session has none.
func (t *Tokens) texts(keys pair, cl *claims, m membership) (id, access string, err error) {
	openID := cl.session.openID()
	if openID && !cl.hash {
		return jose.SignPair(keys.id.job(cl.id(t.ids.UUID(), m)), keys.access.job(cl.access(t.ids.UUID(), m)))
	}
	job := keys.access.job(cl.access(t.ids.UUID(), m))
	if access, err = jose.SignRS256(job.Signer, job.KeyID, job.Claims); err != nil || !openID {
		return "", access, err
	}
	sum := sha256.Sum256([]byte(access)) // OpenID Connect Core section 3.1.3.6
	cl.accessHash = base64.RawURLEncoding.EncodeToString(sum[:len(sum)/2])
	job = keys.id.job(cl.id(t.ids.UUID(), m))
	id, err = jose.SignRS256(job.Signer, job.KeyID, job.Claims)
	return id, access, err
}
