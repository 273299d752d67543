// Package sts is the room of AWS Security Token Service: it tells callers who they are and gives them temporary credentials,
// for a role that trusts them or for themselves with less rights. Everything about a session is sealed into its token, so
// that no row is kept of it: whoever sends the token shows it.
package sts

import (
	"context"
	"crypto/rand"
	"io"
	"time"

	"cognate/internal/api/sts"
	"cognate/internal/base/oidc"
	"cognate/internal/core/iam"
	"cognate/internal/core/pool"
	"cognate/internal/core/token"
)

// Deps are what the room needs.
type Deps struct {
	IAM     *iam.Room
	Keyring Sealer
	Account string
	// Pools, Tokens and Addresses know the tokens of the user pools of this server.
	Pools     *pool.Pools
	Tokens    *token.Tokens
	Addresses pool.Addresses
	// Web verifies the tokens of other issuers.
	Web  *oidc.Verifier
	Rand io.Reader        // crypto/rand when nil
	Now  func() time.Time // the server's clock; time.Now when nil
}

// Sealer encrypts under a data key of the server; *keyring.Keyring is one.
type Sealer interface {
	Seal(ctx context.Context, scope string, plaintext []byte, aad ...string) ([]byte, error)
	Open(ctx context.Context, scope string, sealed []byte, aad ...string) ([]byte, error)
}

// Room is the room. Its methods may be used concurrently.
type Room struct {
	d Deps
	// identities verifies the tokens of the identity pools of this server; nil while there are none.
	identities Identities
}

// New returns the room.
func New(d Deps) *Room {
	if d.Rand == nil {
		d.Rand = rand.Reader
	}
	if d.Now == nil {
		d.Now = time.Now
	}
	return &Room{d: d}
}

// Ops are the STS operations of this room.
type Ops struct{ *Room }

var _ sts.Service = Ops{}
