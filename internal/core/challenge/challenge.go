// Package challenge makes and opens the Session strings that carry a sign-in from one challenge to the next.
//
// A Session is the state of the sign-in itself, sealed with AES-256-GCM under the pool's key and bound to the pool, the
// client and its purpose, so nodes keep nothing between two steps. It lives as long as the client's
// AuthSessionValidity and is good for one use: a spent one leaves a row behind until it would have expired anyway,
// which every node sees. SECRET_BLOCK of the SRP challenges is a twin in another encoding, because clients may leave
// out Session there.
package challenge

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"cognate/internal/base/clock"
	"cognate/internal/base/db"
	"cognate/internal/base/id"
	"cognate/internal/base/keyring"
)

// The limits of the API for a Session, in characters.
const (
	minSession = 20
	maxSession = 2048
)

// DefaultLife is how long a state without ExpiresAt lives: the default of AuthSessionValidity.
const DefaultLife = 3 * time.Minute

// MaxTries is how many wrong answers Retry counts until the session is spent.
const MaxTries = 3

var (
	// ErrInvalid means that the string was not made by Seal for this pool, client and step, or was altered.
	ErrInvalid = errors.New("challenge: not a session of this pool, client and step")
	// ErrExpired means that the session is genuine and too old.
	ErrExpired = errors.New("challenge: session expired")
	// ErrSpent means that the session was used before.
	ErrSpent = errors.New("challenge: session used before")
	// ErrTooLarge means that a state does not fit into a Session; it is a defect of the caller.
	ErrTooLarge = errors.New("challenge: state too large for a session")
)

// Deps are the tools of the room; Clock and Rand may be nil for the machine's.
type Deps struct {
	Keys  *keyring.Keyring
	Clock *clock.Clock
	Rand  io.Reader
}

// Sessions seals, opens and spends sessions. It is safe for concurrent use.
type Sessions struct {
	keys  *keyring.Keyring
	clock *clock.Clock
	ids   id.Source
}

// New returns the room.
func New(d Deps) *Sessions {
	return &Sessions{keys: d.Keys, clock: d.Clock, ids: id.Source{Rand: d.Rand}}
}

// header makes a session look like the message of the encryption SDK that Cognito uses: text that begins with AYABe.
var header = [4]byte{0x01, 0x80, 0x01, 0x78}

// The purposes a state is sealed for; one never opens as the other.
const (
	purposeSession = "session"
	purposeBlock   = "secret_block"
)

// NewID draws the id of a session, for a state whose other parts name it.
func (s *Sessions) NewID() string { return s.ids.UUID() }

// Seal returns the Session string of a state. It fills ID, IssuedAt and ExpiresAt when they are empty; a state sealed
// twice keeps its ID and is spent once.
func (s *Sessions) Seal(ctx context.Context, st *State) (string, error) {
	sealed, err := s.seal(ctx, st, purposeSession)
	if err != nil {
		return "", err
	}
	front := header[:]
	if named(st.Step) {
		front = appendOwner(st)
	}
	text := base64.RawURLEncoding.EncodeToString(slices.Concat(front, sealed))
	if len(text) > maxSession {
		return "", ErrTooLarge
	}
	return text, nil
}

// Open returns the state of a Session string that was made for this pool and client: ErrInvalid or ErrExpired
// otherwise. The caller compares Step and the user (see Require) and spends the state.
func (s *Sessions) Open(ctx context.Context, poolID, clientID, session string) (*State, error) {
	_, _, sealed, err := split(session)
	if err != nil {
		return nil, err
	}
	return s.open(ctx, poolID, clientID, sealed, purposeSession)
}

// OpenNamed is Open for the operations that take a Session and name neither pool nor client (AssociateSoftwareToken,
// VerifySoftwareToken): the sessions of MFA_SETUP carry both. Any other session is ErrInvalid.
func (s *Sessions) OpenNamed(ctx context.Context, session string) (*State, error) {
	poolID, clientID, sealed, err := split(session)
	if err != nil {
		return nil, err
	}
	if poolID == "" {
		return nil, ErrInvalid
	}
	st, err := s.open(ctx, poolID, clientID, sealed, purposeSession)
	if errors.Is(err, keyring.ErrUnknownScope) { // no such pool
		return nil, ErrInvalid
	}
	return st, err
}

// SealBlock returns the state as a SECRET_BLOCK: standard base64, of which SRP clients sign the decoded bytes.
func (s *Sessions) SealBlock(ctx context.Context, st *State) (string, error) {
	sealed, err := s.seal(ctx, st, purposeBlock)
	if err != nil {
		return "", err
	}
	return base64.StdEncoding.EncodeToString(sealed), nil
}

// OpenBlock is Open for a SECRET_BLOCK.
func (s *Sessions) OpenBlock(ctx context.Context, poolID, clientID, block string) (*State, error) {
	if len(block) > 2*maxSession {
		return nil, ErrInvalid
	}
	raw, err := decode(base64.StdEncoding, block)
	if err != nil {
		return nil, ErrInvalid
	}
	return s.open(ctx, poolID, clientID, raw, purposeBlock)
}

// decode accepts the one spelling that Seal writes: encoding/base64 skips line breaks even when strict.
func decode(enc *base64.Encoding, text string) ([]byte, error) {
	if strings.ContainsAny(text, "\r\n") {
		return nil, ErrInvalid
	}
	return enc.Strict().DecodeString(text)
}

func (s *Sessions) seal(ctx context.Context, st *State, purpose string) ([]byte, error) {
	if st.ID == "" {
		st.ID = s.ids.UUID()
	}
	if st.IssuedAt == 0 {
		st.IssuedAt = s.clock.Milli()
	}
	if st.ExpiresAt == 0 {
		st.ExpiresAt = st.IssuedAt + DefaultLife.Milliseconds()
	}
	sealed, err := s.keys.Seal(ctx, st.Pool, st.append(nil), purpose, st.Pool, st.Client)
	if err != nil {
		return nil, fmt.Errorf("challenge: seal: %w", err)
	}
	return sealed, nil
}

func (s *Sessions) open(ctx context.Context, poolID, clientID string, sealed []byte, purpose string) (*State, error) {
	plain, err := s.keys.Open(ctx, poolID, sealed, purpose, poolID, clientID)
	if errors.Is(err, keyring.ErrOpen) {
		return nil, ErrInvalid
	}
	if err != nil {
		return nil, fmt.Errorf("challenge: open: %w", err)
	}
	st := &State{Pool: poolID, Client: clientID}
	if !st.parse(plain) {
		return nil, ErrInvalid // sealed by a version of another format
	}
	if st.ExpiresAt <= s.clock.Milli() {
		return nil, ErrExpired
	}
	return st, nil
}

// Require returns ErrInvalid unless the session waits for one of the given challenges.
func (st *State) Require(steps ...string) error {
	if !slices.Contains(steps, st.Step) {
		return ErrInvalid
	}
	return nil
}

// Spend marks the state as used within the transaction that acts on it; ErrSpent when it already was. Of several
// parallel uses, on any node, exactly one commits.
func (s *Sessions) Spend(tx *db.Tx, st *State) error {
	return spend(tx, st.Pool, st.ID, st.ExpiresAt)
}

// Retry counts a wrong answer to a session that may be answered again; the last one allowed spends the session. It
// returns ErrSpent, and counts nothing, when the session was spent before.
func (s *Sessions) Retry(tx *db.Tx, st *State) error {
	return retry(tx, st.Pool, st.ID, st.ExpiresAt)
}

// DropPool removes up to limit rows of a deleted pool and returns how many; call it until it returns 0.
func (s *Sessions) DropPool(tx *db.Tx, poolID string, limit int) (int, error) {
	return dropPool(tx, poolID, limit)
}

// sweepMargin is how long the row of a spent session outlives it, so that a node whose clock is behind cannot accept
// the session again after a node whose clock is ahead has swept.
const sweepMargin = 15 * time.Minute

// Sweep removes up to limit rows of sessions that expired a while ago and returns how many.
func (s *Sessions) Sweep(_ context.Context, tx *db.Tx, now time.Time, limit int) (int, error) {
	return sweep(tx, now.Add(-sweepMargin).UnixMilli(), limit)
}
