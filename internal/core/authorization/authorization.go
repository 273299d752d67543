// Package authorization is the authorization endpoint without its pages: it validates authorization requests (RFC 6749
// section 4.1.1, OpenID Connect Core section 3.1.2), issues authorization codes at the end of a sign-in or from a
// managed-login session, and redeems them for tokens.
//
// A code is good once, for five minutes, for the client, the redirect URI and the PKCE challenge that it was issued for,
// and only while the user's epoch is that of its sign-in. One that is shown again ends the session that it opened
// (RFC 9700 section 2.1.1).
package authorization

import (
	"io"
	"time"

	"cognate/internal/base/clock"
	"cognate/internal/base/db"
	"cognate/internal/base/id"
	"cognate/internal/base/keyring"
	"cognate/internal/core/clientdoc"
	"cognate/internal/core/directory"
	"cognate/internal/core/pool"
	"cognate/internal/core/signin"
	"cognate/internal/core/token"
)

// Deps are the rooms and tools that this room works with; all are required but Rand.
type Deps struct {
	DB        *db.DB
	Keys      *keyring.Keyring
	Clock     *clock.Clock
	Pools     *pool.Pools
	Directory *directory.Directory
	Tokens    *token.Tokens
	Engine    *signin.Engine
	Documents *clientdoc.Room
	Addresses pool.Addresses
	Rand      io.Reader
}

// Room validates authorization requests and keeps codes. It is safe for concurrent use.
type Room struct {
	Deps
	ids id.Source
}

// New assembles the room.
func New(d Deps) *Room { return &Room{Deps: d, ids: id.Source{Rand: d.Rand}} }

func (r *Room) now() time.Time { return r.Clock.Now() }
