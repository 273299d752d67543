package pool

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"

	"cognate/internal/api/cognitoidp"
	"cognate/internal/base/db"
)

// The settings of user sessions that nobody has set.
const (
	defaultMaxPerUser = 20
	defaultSSOMinutes = 60
	maxSSOMinutes     = 129600 // the longest MaxValidityMinutes of a client, 90 days
)

// sessionFeature is session tracking in the list of features above a tier.
const sessionFeature = "User Session Tracking"

// The tags that limit how long token sessions live, beyond what Cognito offers. A value is a number and a unit: s, m, h
// or d, such as 30m or 14d.
const (
	// TagSessionIdle ends a session that long after its last sign-in or refresh.
	TagSessionIdle = "cognate:session-idle"
	// TagSessionAbsolute ends a session that long after its authentication.
	TagSessionAbsolute = "cognate:session-absolute"
)

// SessionRules are the settings of a pool's user sessions.
type SessionRules struct {
	// Tracking tells whether users and administrators can list and revoke single sessions and how many a user may have.
	Tracking bool
	// MaxPerUser is how many token sessions a user may have while Tracking is on: 1 to 100.
	MaxPerUser int
	// Since is when Tracking was switched on, in milliseconds; sessions from before are not tracked.
	Since int64
	// Idle and Absolute limit the life of token sessions; 0 is no limit. They are independent of Tracking.
	Idle, Absolute time.Duration
}

// SSOLife is how long a managed-login session is kept: as long as any client of the pool could let it sign in silently
// where sessions are tracked, and otherwise an hour, as on AWS.
func (p *Pool) SSOLife() time.Duration {
	if p.Sessions.Tracking {
		return maxSSOMinutes * time.Minute
	}
	return defaultSSOMinutes * time.Minute
}

// poolSessions are SessionRules as they are stored.
type poolSessions struct {
	Tracking   bool  `json:"tracking"`
	MaxPerUser int   `json:"maxPerUser"`
	Since      int64 `json:"since"`
}

// sessionRules reads the stored settings and the tags of a pool. A tag that cannot be read, from before it was checked,
// sets no limit.
func sessionRules(stored string, tags map[string]string) (SessionRules, error) {
	s := poolSessions{MaxPerUser: defaultMaxPerUser}
	if stored != "" {
		if err := json.Unmarshal([]byte(stored), &s); err != nil {
			return SessionRules{}, fmt.Errorf("pool: session settings: %w", err)
		}
	}
	idle, _ := limit(tags[TagSessionIdle])
	absolute, _ := limit(tags[TagSessionAbsolute])
	return SessionRules{Tracking: s.Tracking, MaxPerUser: s.MaxPerUser, Since: s.Since, Idle: idle, Absolute: absolute}, nil
}

// maxLimit is the longest limit that a tag can set: the longest life of a refresh token.
const maxLimit = 3650 * 24 * time.Hour

// limit reads the value of a limiting tag; an empty one is no limit.
func limit(text string) (time.Duration, bool) {
	if text == "" {
		return 0, true
	}
	units := map[byte]time.Duration{'s': time.Second, 'm': time.Minute, 'h': time.Hour, 'd': 24 * time.Hour}
	unit, known := units[text[len(text)-1]]
	n, err := strconv.ParseUint(strings.TrimSuffix(text, text[len(text)-1:]), 10, 32)
	if !known || err != nil || n == 0 || time.Duration(n) > maxLimit/unit {
		return 0, false
	}
	return time.Duration(n) * unit, true
}

// badLimits explains which limiting tag cannot be read; empty when none is wrong.
func badLimits(tags map[string]string) string {
	for _, key := range []string{TagSessionIdle, TagSessionAbsolute} {
		if _, ok := limit(tags[key]); !ok {
			return "The tag " + key + " must be a number above 0 and a unit (s, m, h or d) of at most 3650 days, such as 30m; not " + tags[key]
		}
	}
	return ""
}

// sessionTier refuses session settings on a tier that has none.
func (r rules) sessionTier(pool *Pool) error {
	if r.ignoreTiers || *pool.Config.UserPoolTier != cognitoidp.UserPoolTierTypeLite {
		return nil
	}
	return tierRefusal(cognitoidp.UserPoolTierTypeLite, "", []string{sessionFeature})
}

// sessionsFitTier holds that a pool goes down to LITE only while it tracks no sessions.
func (r rules) sessionsFitTier(old *Pool, changed *cognitoidp.UserPoolType) error {
	tier := *changed.UserPoolTier
	if r.ignoreTiers || !old.Sessions.Tracking || tier != cognitoidp.UserPoolTierTypeLite {
		return nil
	}
	return tierRefusal(tier, *old.Config.UserPoolTier, []string{sessionFeature})
}

// GetUserPoolSessionConfiguration implements the AWS operation.
func (o Ops) GetUserPoolSessionConfiguration(ctx context.Context, in *cognitoidp.GetUserPoolSessionConfigurationRequest) (*cognitoidp.GetUserPoolSessionConfigurationResponse, error) {
	pool, err := o.fresh(ctx, in.UserPoolId)
	if err != nil {
		return nil, err
	}
	out := &cognitoidp.GetUserPoolSessionConfigurationResponse{
		UserPoolId: &pool.ID, UserSessionTracking: new(cognitoidp.UserSessionTrackingTypeDisabled),
		TokenSession: &cognitoidp.UserPoolTokenSessionConfigType{MaxPerUser: int64(pool.Sessions.MaxPerUser)},
	}
	if pool.Sessions.Tracking {
		out.UserSessionTracking = new(cognitoidp.UserSessionTrackingTypeEnabled)
	}
	return out, nil
}

// SetUserPoolSessionConfiguration implements the AWS operation. Switching tracking on starts with a clean list: sessions
// from before live on untracked. A lower MaxPerUser acts at a user's next sign-in.
func (o Ops) SetUserPoolSessionConfiguration(ctx context.Context, in *cognitoidp.SetUserPoolSessionConfigurationRequest) (*cognitoidp.SetUserPoolSessionConfigurationResponse, error) {
	note(ctx, in.UserPoolId, "")
	n := in.TokenSession.MaxPerUser
	if n < 1 || n > 100 {
		return nil, cognitoidp.NewInvalidParameter("MaxPerUser must be between 1 and 100, not %d.", n)
	}
	err := o.rewrite(ctx, in.UserPoolId, concurrent(), func(tx *db.Tx, old *Pool, row poolRow) (bool, error) {
		if err := o.rules().sessionTier(old); err != nil {
			return false, err
		}
		s := poolSessions{Tracking: in.UserSessionTracking == cognitoidp.UserSessionTrackingTypeEnabled, MaxPerUser: int(n), Since: old.Sessions.Since}
		if s.Tracking && !old.Sessions.Tracking {
			s.Since = o.d.Clock.Milli()
		}
		text, err := json.Marshal(s)
		if err != nil {
			return false, err
		}
		row.sessions = string(text)
		return replacePoolSessions(tx, row, old.Version)
	})
	if err != nil {
		return nil, err
	}
	return &cognitoidp.SetUserPoolSessionConfigurationResponse{
		UserPoolId: &in.UserPoolId, UserSessionTracking: &in.UserSessionTracking, TokenSession: in.TokenSession,
	}, nil
}

// GetUserPoolClientSessionConfiguration implements the AWS operation.
func (o Ops) GetUserPoolClientSessionConfiguration(ctx context.Context, in *cognitoidp.GetUserPoolClientSessionConfigurationRequest) (*cognitoidp.GetUserPoolClientSessionConfigurationResponse, error) {
	note(ctx, in.UserPoolId, in.ClientId)
	var row clientRow
	err := o.d.DB.Read(ctx, func(tx *db.Tx) (err error) {
		row, err = o.storedClient(tx, in.UserPoolId, in.ClientId)
		return err
	})
	if err != nil {
		return nil, err
	}
	return &cognitoidp.GetUserPoolClientSessionConfigurationResponse{
		UserPoolId: &in.UserPoolId, ClientId: &in.ClientId, SSOSession: &cognitoidp.ClientSSOSessionConfigType{MaxValidityMinutes: row.ssoMinutes},
	}, nil
}

// SetUserPoolClientSessionConfiguration implements the AWS operation. The pool must track sessions.
func (o Ops) SetUserPoolClientSessionConfiguration(ctx context.Context, in *cognitoidp.SetUserPoolClientSessionConfigurationRequest) (*cognitoidp.SetUserPoolClientSessionConfigurationResponse, error) {
	note(ctx, in.UserPoolId, in.ClientId)
	n := in.SSOSession.MaxValidityMinutes
	if n < 0 || n > 129600 {
		return nil, cognitoidp.NewInvalidParameter("MaxValidityMinutes must be between 0 and 129600, not %d.", n)
	}
	err := o.d.DB.Update(ctx, func(tx *db.Tx) error {
		version, err := nextVersion(tx)
		if err != nil {
			return err
		}
		row, err := o.storedClient(tx, in.UserPoolId, in.ClientId)
		if err != nil {
			return err
		}
		pool, err := o.txPool(tx, in.UserPoolId)
		if err != nil {
			return err
		}
		if err := o.rules().sessionTier(pool); err != nil {
			return err
		}
		if !pool.Sessions.Tracking {
			return cognitoidp.NewInvalidParameter("User session tracking is not enabled for user pool %s.", in.UserPoolId)
		}
		old := row.version
		row.version, row.ssoMinutes = version, n
		done, err := replaceSSOMinutes(tx, row, old)
		if err == nil && !done {
			err = concurrent()
		}
		o.changed(tx, version, "", row.id)
		return err
	})
	if err != nil {
		return nil, err
	}
	return &cognitoidp.SetUserPoolClientSessionConfigurationResponse{UserPoolId: &in.UserPoolId, ClientId: &in.ClientId, SSOSession: in.SSOSession}, nil
}
