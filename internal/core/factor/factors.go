package factor

import (
	"errors"
	"io"
	"time"

	"cognate/internal/base/clock"
	"cognate/internal/base/db"
	"cognate/internal/base/keyring"
	"cognate/internal/core/challenge"
	"cognate/internal/core/code"
	"cognate/internal/core/directory"
	"cognate/internal/core/guard"
	"cognate/internal/core/message"
	"cognate/internal/core/pool"
	"cognate/internal/core/token"
)

// What Verify and VerifyWebAuthn refuse with. Commit the transaction for all of them but ErrNotSetUp.
var (
	// ErrMismatch is a wrong code or a credential that does not prove the user.
	ErrMismatch = errors.New("factor: the proof is wrong")
	// ErrReplayed is a right proof that was used before.
	ErrReplayed = errors.New("factor: the proof was used before")
	// ErrTooMany means that guessing is locked for a while, or the pending code is dead.
	ErrTooMany = errors.New("factor: guessed too often")
	// ErrExpired means that no code is pending for the session, or that it went to an address the user has left.
	ErrExpired = errors.New("factor: no valid code is pending")
	// ErrNotSetUp means that the user does not have the factor.
	ErrNotSetUp = errors.New("factor: the user has not set up the factor")
	// ErrCloned is a passkey whose signature counter went backwards: a copy of it exists.
	ErrCloned = errors.New("factor: the passkey seems to be cloned")
	// ErrLimited means that too many codes were sent to the user within an hour. Nothing was sent.
	ErrLimited = errors.New("factor: too many codes sent")
	// ErrUndeliverable means that this server cannot send by the medium. Nothing was sent.
	ErrUndeliverable = errors.New("factor: no transport for the code")
	// ErrNoRelyingParty means that passkeys have no relying party id: neither configured nor to be had from a domain.
	ErrNoRelyingParty = errors.New("factor: no relying party is configured")
)

// Deps are the rooms and tools the room is assembled from. Clock and Rand may be nil for the machine's; all
// other fields are required.
type Deps struct {
	DB        *db.DB
	Keys      *keyring.Keyring
	Clock     *clock.Clock
	Rand      io.Reader
	Pools     *pool.Pools
	Tokens    *token.Tokens
	Sessions  *challenge.Sessions
	Codes     *code.Codes
	Messages  *message.Messages
	Directory *directory.Directory
	Guard     *guard.Guard
	// Addresses names the relying parties of pools.
	Addresses pool.Addresses
}

// Factors is the room. It is safe for concurrent use.
type Factors struct{ Deps }

// New assembles the room.
func New(d Deps) *Factors {
	return &Factors{d}
}

// Ops are the AWS operations of this room.
type Ops struct{ *Factors }

func (f *Factors) now() time.Time { return f.Clock.Now() }
