package session

import (
	"context"
	"errors"
	"slices"
	"strings"

	"cognate/internal/base/db"
	"cognate/internal/base/obs"
	"cognate/internal/core/directory"
	"cognate/internal/core/pool"
	"cognate/internal/core/token"
)

// UseRefresh is the use of refresh tokens in Facts.
const UseRefresh = "refresh"

// Facts are what a token is worth that a client may know of (RFC 7662 section 2.2). Times are seconds since 1970.
type Facts struct {
	Use       string // token.UseAccess or UseRefresh
	ClientID  string
	Sub       string
	Username  string // "" for a client that acts for itself
	Scopes    []string
	Audience  []string
	Issuer    string
	JTI       string
	IssuedAt  int64
	ExpiresAt int64
	AuthTime  int64
	ACR       string
	AMR       []string
	Act       []byte // JSON: who acts for the user (RFC 8693 section 4.1); nil for nobody
}

// Introspect tells a client of the pool about a token: nil when it is worth nothing, or nothing that this client may know
// of. Those are an access or refresh token of its own, and an access token for a resource server that the client stands
// for: one with that audience, or one without audience and with scopes of that server, of which it then sees no others.
func (r *Room) Introspect(ctx context.Context, p *pool.Pool, c *pool.Client, text string) (*Facts, error) {
	var facts *Facts
	var err error
	if token.IsRefresh(text) {
		facts, err = r.refreshFacts(ctx, p, c, text)
	} else {
		facts, err = r.accessFacts(ctx, p, text)
	}
	switch {
	case errors.Is(err, token.ErrDead):
		return nil, nil
	case err != nil:
		return nil, err
	}
	servers, _ := p.Introspects(c.ID)
	if !facts.narrow(c.ID, servers) {
		obs.Cause(ctx, "a token for others")
		return nil, nil
	}
	return facts, nil
}

// narrow leaves what a client that stands for some resource servers may know of, and reports whether that is anything.
func (f *Facts) narrow(clientID string, servers []string) bool {
	switch {
	case f.ClientID == clientID:
		return true
	case f.Use != token.UseAccess:
		return false
	case len(f.Audience) > 0 && !slices.Equal(f.Audience, []string{f.ClientID}): // bound to a resource
		return slices.ContainsFunc(f.Audience, func(a string) bool { return a == clientID || slices.Contains(servers, a) })
	}
	f.Scopes = pool.ScopesOf(servers, f.Scopes)
	return len(f.Scopes) > 0
}

// accessFacts are those of an access token; token.ErrDead for any other text.
func (r *Room) accessFacts(ctx context.Context, p *pool.Pool, text string) (*Facts, error) {
	s, _, err := r.Directory.Holder(ctx, p, token.UseAccess, text)
	if err != nil {
		return nil, err
	}
	return &Facts{
		Use: token.UseAccess, ClientID: s.Client.ID, Sub: s.Sub, Username: s.Username, Scopes: s.Scopes, Audience: s.Audience,
		Issuer: s.Issuer, JTI: s.JTI, IssuedAt: s.IssuedAt, ExpiresAt: s.ExpiresAt, AuthTime: s.AuthTime, ACR: s.ACR, AMR: s.AMR, Act: s.Act,
	}, nil
}

// refreshFacts are those of a refresh token of the client; token.ErrDead for any other text. A token that was rotated out
// is worth nothing, but asking about it ends nothing.
func (r *Room) refreshFacts(ctx context.Context, p *pool.Pool, c *pool.Client, text string) (*Facts, error) {
	if err := r.Keys.Load(ctx, p.ID); err != nil { // the text is judged within the transaction
		return nil, err
	}
	var s *token.Session
	var u *directory.User
	err := r.DB.View(ctx, func(tx *db.Tx) (err error) {
		if s, err = r.Tokens.FindRefresh(tx, p, c, text); err != nil {
			return err
		}
		u, err = r.Directory.Active(tx, p, s.Sub)
		return err
	})
	for _, worthless := range []error{token.ErrInvalidRefresh, token.ErrRefreshExpired, token.ErrRefreshRevoked, token.ErrRefreshReuse} {
		if errors.Is(err, worthless) {
			obs.Cause(ctx, "%v", err)
			return nil, token.ErrDead
		}
	}
	if err != nil {
		return nil, err
	}
	return &Facts{
		Use: UseRefresh, ClientID: c.ID, Sub: s.Sub, Username: u.Username, Scopes: strings.Fields(s.Scope), IssuedAt: s.Created / 1000, ExpiresAt: s.Expires / 1000,
		AuthTime: s.AuthTime,
	}, nil
}
