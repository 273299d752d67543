// Package token issues, verifies, renews and revokes the ID, access and refresh tokens of user pools.
//
// Every authentication opens one token session, a row that its tokens point to: the access and ID token by event_id (and
// origin_jti), the refresh token by what it carries. A row that is gone is a revoked session, so revocation, global
// sign-out, disabling and deleting a user act on every node at once, and verifying an access token costs one signature
// check and one point read. DESIGN.md tells why.
package token

import (
	"io"
	"sync"
	"sync/atomic"

	"cognate/internal/base/clock"
	"cognate/internal/base/db"
	"cognate/internal/base/id"
	"cognate/internal/base/keyring"
	"cognate/internal/core/guard"
	"cognate/internal/core/pool"
)

// AdminScope is the scope of every token that the user pools API issues, and what its token-authorised operations
// require.
const AdminScope = "aws.cognito.signin.user.admin"

// Deps are the tools of the room. Clock and Rand may be nil for the machine's; the others are required.
type Deps struct {
	DB    *db.DB
	Keys  *keyring.Keyring
	Clock *clock.Clock
	Rand  io.Reader
	Pools *pool.Pools
	Guard *guard.Guard
	// Made yields signing keys that were made ahead.
	Made KeySource
	// Addresses names the issuers of pools.
	Addresses pool.Addresses
}

// Tokens issues and verifies tokens. It is safe for concurrent use.
type Tokens struct {
	db        *db.DB
	keys      *keyring.Keyring
	clock     *clock.Clock
	ids       id.Source
	pools     *pool.Pools
	guard     *guard.Guard
	made      KeySource
	addresses pool.Addresses

	rings     sync.Map // pool id → *ring, the cached signing keys
	ringCount atomic.Int64
	active    activity
}

// New returns the room.
func New(d Deps) *Tokens {
	return &Tokens{
		db: d.DB, keys: d.Keys, clock: d.Clock, ids: id.Source{Rand: d.Rand},
		pools: d.Pools, guard: d.Guard, made: d.Made, addresses: d.Addresses,
	}
}

// Ops are the AWS operations that this room owns.
type Ops struct{ *Tokens }

// Group is a group of the user, as far as tokens tell about it.
type Group struct {
	Name       string
	RoleArn    string // "" when the group has no role
	Precedence *int64 // lower comes first; nil comes last
}

// Subject is the user that tokens are issued for. The room is handed it and never reads users itself.
type Subject struct {
	Sub        string
	Username   string
	Attributes map[string]string // all, as stored; what the client may read is chosen here
	Groups     []Group
	AuthTime   int64    // seconds since 1970 of the authentication; 0 means now
	AMR        []string // authentication methods, kept with the session
	Epoch      int64    // of the user (directory.Epoch), kept with the session
	DeviceKey  string   // "" when the sign-in is not bound to a device
	IP         string   // "" takes both from the request in the context
	UserAgent  string
}

// Options are what a caller may choose beyond the subject. The zero value is an API sign-in.
type Options struct {
	// Scope is the scope claim; "" means AdminScope.
	Scope string
	// ACR is the authentication level that was reached. When set, tokens carry it with amr, also after a refresh.
	ACR string
	// EventID names the authentication; "" draws one.
	EventID string
	// Parent is the managed-login session the authentication came through, if any. Scope then says what the tokens tell:
	// without openid there is no ID token, and profile, email and phone narrow it (Reveals).
	Parent string
	// Nonce is that of the authorization request, for the ID token.
	Nonce string
	// Resource is the aud claim of access tokens, also after a refresh (RFC 8707); "" for none.
	Resource string
	// Browser leaves the refresh token out, for tokens that are handed to a browser directly (RFC 6749 section 4.2).
	Browser bool
	// Changes is what the owner's function wants of the tokens; nil for none.
	Changes *Changes
}
