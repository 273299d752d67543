package token

import (
	"context"
	"slices"
	"strings"

	"cognate/internal/base/obs"
)

// Session is one authentication of a user for one client: what its tokens share until the last refresh token expires.
// Times are milliseconds since 1970 unless said otherwise.
type Session struct {
	PoolID, Sub string
	EventID     string // event_id of all its tokens; with pool and sub the key of its row
	ID          string // public session id, tkn and 25 characters
	OriginJTI   string // origin_jti of its tokens when the client has token revocation switched on
	ClientID    string
	DeviceKey   string
	Scope       string
	AMR         []string
	ACR         string
	AuthTime    int64  // seconds since 1970 of the authentication; a refresh does not move it
	Epoch       int64  // of the user at the authentication; -1 in sessions of before it was kept
	Parent      string // the managed-login session that it came through, "" for none
	Resource    string // aud of its access tokens, "" for none
	DocumentURL string // of the metadata document by which a stranger uses the client, "" for none
	IP          string // of the last sign-in or refresh that was written
	UserAgent   string
	Created     int64
	LastActive  int64
	Expires     int64 // of the refresh token, which rotation does not extend

	generation int64  // of the refresh token that is valid; rotation adds one
	rotated    int64  // when the last rotation was, 0 for none
	seedHash   []byte // SHA-256 of the secret in the refresh token

	seed  []byte // the secret itself, known only while a token is issued or redeemed
	stale bool   // redeemed with the previous token during its grace period
}

// openID reports whether the session has ID tokens: those of managed login only with the scope openid.
func (s *Session) openID() bool {
	return s.Parent == "" || slices.Contains(strings.Fields(s.Scope), ScopeOpenID)
}

// CheckDevice returns ErrInvalidRefresh unless the session is bound to the given device; "" for a session and a client
// without.
func (s *Session) CheckDevice(deviceKey string) error {
	if s.DeviceKey != deviceKey {
		return ErrInvalidRefresh
	}
	return nil
}

// maxAgent bounds the user agent that is kept, in bytes.
const maxAgent = 512

// origin returns the address and agent to record for the subject: its own or those of the request.
func origin(ctx context.Context, subj *Subject) (ip, agent string) {
	ip, agent = subj.IP, subj.UserAgent
	if r := obs.From(ctx); ip == "" && r.ClientIP.IsValid() {
		ip = r.ClientIP.String()
	}
	if agent == "" {
		agent = obs.From(ctx).UserAgent
	}
	if len(agent) > maxAgent {
		agent = agent[:maxAgent]
	}
	// The agent is what a stranger sent; the database keeps valid text only.
	agent = strings.ReplaceAll(strings.ToValidUTF8(agent, "\uFFFD"), "\x00", "")
	return ip, agent
}
