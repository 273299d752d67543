package token

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"cognate/internal/api/cognitoidp"
	"cognate/internal/base/db"
	"cognate/internal/base/jose"
	"cognate/internal/base/obs"
	"cognate/internal/core/guard"
	"cognate/internal/core/pool"
)

// ErrDead means that a text is no token of the pool, or one that is good no more; why is the cause of the log event.
var ErrDead = errors.New("token: no live token of this pool")

// The uses of tokens, as their token_use claim names them.
const (
	UseAccess = "access"
	UseID     = "id"
)

// Shown is what a token of a pool says that somebody shows: an access or ID token of a user, or the access token of a
// client that acts for itself.
type Shown struct {
	Use       string       // UseAccess or UseID
	Machine   bool         // a client's own: there is no user and no session
	Client    *pool.Client // that the token was issued to
	Origin    string       // the client of the sign-in when the token was derived from one of that, else ""
	Sub       string
	Username  string // "" for a machine
	Scopes    []string
	Audience  []string // the aud claim; that of an ID token names its client
	JTI       string
	Issuer    string
	OriginJTI string
	EventID   string
	IssuedAt  int64 // seconds since 1970, as the other times
	ExpiresAt int64
	AuthTime  int64
	ACR       string
	AMR       []string
	Act       json.RawMessage // who acts for the user, and who did before (RFC 8693 section 4.1); nil for nobody
	MayAct    json.RawMessage // who alone may (section 4.4); nil for anybody

	session *Session
}

// Session is the session that the token belongs to, once Living has found it; nil for a machine.
func (s *Shown) Session() *Session { return s.session }

// shownClaims are the claims of access and ID tokens.
type shownClaims struct {
	accessClaims
	Aud      audience `json:"aud"`
	AuthTime int64    `json:"auth_time"`
	ACR      string   `json:"acr"`
	AMR      []string `json:"amr"`
	Name     string   `json:"cognito:username"`
	AZP      string   `json:"azp"`

	Act    json.RawMessage `json:"act"`
	MayAct json.RawMessage `json:"may_act"`
}

// audience is an aud claim: one text or a list (RFC 7519 section 4.1.3).
type audience []string

// UnmarshalJSON implements json.Unmarshaler.
func (a *audience) UnmarshalJSON(b []byte) error {
	if len(b) > 0 && b[0] == '"' {
		*a = audience{""}
		return json.Unmarshal(b, &(*a)[0])
	}
	return json.Unmarshal(b, (*[]string)(a))
}

// Read reads a token of one of the uses that somebody shows at an endpoint of the pool: signature by the key of its use,
// issuer, time, and that its client is there. ErrDead for any other text, which is a wrong proof when the pool has not made it. Whether its session lives, Living tells.
func (t *Tokens) Read(ctx context.Context, p *pool.Pool, use, text string) (*Shown, error) {
	purpose := purposeAccess
	if use == UseID {
		purpose = purposeID
	}
	payload, err := t.signed(ctx, p, purpose, text)
	switch {
	case errors.Is(err, jose.ErrSignature), errors.Is(err, jose.ErrUnknownKey), errors.Is(err, jose.ErrMalformed):
		guard.Wrong(ctx)
		return nil, dead(ctx, "%v", err)
	case err != nil:
		return nil, err
	}
	var c shownClaims
	if err := json.Unmarshal(payload, &c); err != nil {
		return nil, dead(ctx, "%v", err)
	}
	s := &Shown{
		Use: use, Sub: c.Sub, Username: c.Username, Scopes: strings.Fields(c.Scope), Audience: c.Aud, JTI: c.JTI, Issuer: c.Iss,
		OriginJTI: c.OriginJTI, EventID: c.EventID, IssuedAt: c.Iat, ExpiresAt: c.Exp, AuthTime: c.AuthTime, ACR: c.ACR, AMR: c.AMR,
		Origin: c.Origin, Act: c.Act, MayAct: c.MayAct,
		Machine: use == UseAccess && c.EventID == "" && c.Sub == c.ClientID,
	}
	clientID := c.ClientID
	if use == UseID && len(c.Aud) == 1 {
		clientID, s.Username = cmp.Or(c.AZP, c.Aud[0]), c.Name
	}
	switch {
	case c.TokenUse != use, c.Sub == "", clientID == "", c.EventID == "" && !s.Machine:
		return nil, dead(ctx, "it is of another use or of nobody")
	case !t.addresses.Issues(p, c.Iss):
		return nil, dead(ctx, "foreign issuer")
	case c.Exp <= t.clock.Now().Unix():
		return nil, dead(ctx, "it has expired")
	}
	s.Client, err = t.clientOf(ctx, p, clientID)
	if err == nil && s.Origin != "" {
		var origin *pool.Client
		if origin, err = t.clientOf(ctx, p, s.Origin); err == nil {
			s.Client = s.Client.Within(origin)
		}
	}
	var gone *cognitoidp.NotAuthorizedException
	if errors.As(err, &gone) {
		return nil, ErrDead
	}
	return s, err
}

// Living finds the session of a token that Read has read: ErrDead when it has ended. A machine has none.
func (t *Tokens) Living(tx *db.Tx, p *pool.Pool, s *Shown) error {
	if s.Machine {
		return nil
	}
	found, err := findSession(tx, p.ID, s.Sub, s.EventID)
	switch {
	case errors.Is(err, db.ErrNoRows):
		return dead(tx.Context(), "its session has ended")
	case err != nil:
		return fmt.Errorf("token: find session: %w", err)
	case found.ClientID != cmp.Or(s.Origin, s.Client.ID):
		return dead(tx.Context(), "its session is of another client")
	case found.ended(p.Sessions, t.clock.Milli()):
		return dead(tx.Context(), "the pool's limit on sessions is over")
	}
	s.session = found
	return nil
}

// dead is ErrDead, and its cause in the log event.
func dead(ctx context.Context, format string, args ...any) error {
	obs.Cause(ctx, "token: "+format, args...)
	return ErrDead
}
