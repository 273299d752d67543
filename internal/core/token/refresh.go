package token

import (
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"fmt"

	"cognate/internal/base/db"
	"cognate/internal/base/obs"
	"cognate/internal/core/pool"
)

// FindRefresh returns the session of a refresh token: one point read. The errors are ErrInvalidRefresh,
// ErrRefreshExpired, ErrRefreshRevoked and ErrRefreshReuse, after which the caller ends the session with RevokeReused in
// a transaction of its own. Whether the session's user and device may go on is the caller's to check.
func (t *Tokens) FindRefresh(tx *db.Tx, p *pool.Pool, c *pool.Client, text string) (*Session, error) {
	ctx, now := tx.Context(), t.clock.Milli()
	r, err := t.openRefresh(ctx, p.ID, text)
	if err != nil {
		return nil, err
	}
	if r.client != clientMark(c.ID) {
		obs.Cause(ctx, "refresh token of another client")
		return nil, ErrInvalidRefresh
	}
	if r.expires <= now {
		return nil, ErrRefreshExpired
	}
	s, err := findSession(tx, p.ID, r.sub, r.eventID)
	if errors.Is(err, db.ErrNoRows) {
		// The text is genuine and its time is not over, so the session was ended.
		return nil, ErrRefreshRevoked
	}
	if err != nil {
		return nil, fmt.Errorf("token: find session: %w", err)
	}
	sum := sha256.Sum256(r.seed)
	if subtle.ConstantTimeCompare(sum[:], s.seedHash) != 1 || s.ClientID != c.ID || s.DocumentURL != c.DocumentURL() {
		obs.Cause(ctx, "refresh token does not fit its session")
		return nil, ErrInvalidRefresh
	}
	if s.ended(p.Sessions, now) {
		obs.Cause(ctx, "the pool's limit on sessions is over")
		return nil, ErrRefreshExpired
	}
	s.seed = r.seed
	return s, s.redeem(c, r.generation, now)
}

// redeem decides whether a token of the given generation is still good.
func (s *Session) redeem(c *pool.Client, generation, now int64) error {
	_, grace := c.Rotation()
	switch {
	case generation == s.generation:
		return nil
	case generation > s.generation: // never committed
		return ErrInvalidRefresh
	case grace > 0 && generation == s.generation-1 && now < s.rotated+grace.Milliseconds():
		s.stale = true
		return nil
	}
	return ErrRefreshReuse
}
