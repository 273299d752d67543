// Package message renders what users are sent (codes, invitations) and delivers
// it. A message is a row of a durable outbox, written in the transaction that
// needs it, so that nothing is sent for a change that was rolled back and
// nothing is lost when the process dies after the change. In dev messages go to
// an inbox table instead, which is readable as soon as the call has answered.
package message

import (
	"context"
	"crypto/rand"
	"errors"
	"io"
	"log/slog"
	"sync/atomic"
	"time"

	"cognate/internal/api/cognitoidp"
	"cognate/internal/base/clock"
	"cognate/internal/base/db"
	"cognate/internal/base/esdk"
	"cognate/internal/base/obs"
	"cognate/internal/core/pool"
)

// Medium is how a message travels: SMS or EMAIL.
type Medium = cognitoidp.DeliveryMediumType

// The media.
const (
	SMS   = cognitoidp.DeliveryMediumTypeSms
	Email = cognitoidp.DeliveryMediumTypeEmail
)

// Kind says why a message is sent. Its values are the suffixes of the custom
// message trigger sources, or name a notice.
type Kind string

// The kinds.
const (
	SignUp              Kind = "SignUp"
	ResendCode          Kind = "ResendCode"
	ForgotPassword      Kind = "ForgotPassword"
	UpdateUserAttribute Kind = "UpdateUserAttribute" // code sent because an attribute changed
	VerifyUserAttribute Kind = "VerifyUserAttribute" // code asked for
	AdminCreateUser     Kind = "AdminCreateUser"     // invitation
	Authentication      Kind = "Authentication"      // MFA and one-time password
)

// ErrNoTransport says that this server has no way to send by a medium.
var ErrNoTransport = errors.New("message: no transport is configured for this medium")

// noTransport is ErrNoTransport with the medium.
type noTransport struct{ medium Medium }

func (e noTransport) Error() string { return ErrNoTransport.Error() + ": " + string(e.medium) }
func (e noTransport) Unwrap() error { return ErrNoTransport }

// Undeliverable is the refusal of a code that nobody would send, in AWS's words; err wraps ErrNoTransport. The exception is the
// one that the operation declares for it.
func Undeliverable(err error, exception func(format string, args ...any) error) error {
	if e := (noTransport{}); errors.As(err, &e) && e.medium == SMS {
		return exception("Invalid phone number provided/Unable to send the message. User pool does not have SMS configuration to send messages.")
	}
	return exception("Invalid email provided/Unable to send the email")
}

// Sealer encrypts under the data key of a pool and binds the result to where it
// is kept; *keyring.Keyring is one.
type Sealer interface {
	Seal(ctx context.Context, scope string, plaintext []byte, aad ...string) ([]byte, error)
	Open(ctx context.Context, scope string, sealed []byte, aad ...string) ([]byte, error)
}

// Sender hands one message to the outside. An error that wraps ErrPermanent is
// not tried again.
type Sender interface {
	Send(ctx context.Context, d Delivery) error
}

// ErrPermanent marks failures that another try cannot repair.
var ErrPermanent = errors.New("permanent failure")

// ErrDeferred marks failures of one message that say nothing about others: the
// server answered, and wants this message later.
var ErrDeferred = errors.New("deferred")

// Deps are what the room needs. Email and SMS may be nil. Zero durations and
// counts mean the defaults given.
type Deps struct {
	DB      *db.DB
	Keyring Sealer
	Clock   *clock.Clock // for the times that people see; the machine's when nil
	Rand    io.Reader    // crypto/rand when nil
	Log     *slog.Logger // nothing is logged when nil
	Email   Sender
	SMS     Sender
	// Inbox keeps every message for reading by developers and tests, besides
	// sending it where a Sender exists.
	Inbox bool
	// Addresses is where confirmation links lead; the zero value: no message has one.
	Addresses pool.Addresses
	// Functions, Pools and DataKeys serve pools that send by functions of their
	// own. Without them such pools have no transport for the medium.
	Functions Functions
	Pools     Pools
	DataKeys  DataKeys
	Limits    Limits     // of notices; without them there is none
	Budgets   Budgets    // of messages that somebody asks for; without them there is none
	Catalog   *Catalog   // the texts of pools that set none; those that a server comes with when nil
	Texts     Texts      // asks CustomMessage; see Compose
	Suite     esdk.Suite // of the codes that functions get; esdk.CommittedSigned when 0

	Now                          func() time.Time // for scheduling; real time when nil
	Parallel                     int              // messages sent to one server at the same time; 8
	MaxTries                     int              // 0: as long as what the message carries is good for
	RetryBase                    time.Duration    // wait after the first failure, then four times as long each time up to 15 min; 1 s
	Poll                         time.Duration    // how often other nodes' leftovers are looked for; 5 s
	MaxWaiting, MaxWaitingOfPool int64            // messages in the outbox before more are refused; 200,000 and 50,000
	Lease                        time.Duration    // a message taken by a node that died is free again after this; 2 min
}

// Messages is the room. Run must be running for anything to be sent.
type Messages struct {
	deps    Deps
	wakeup  chan struct{}
	trimmed atomic.Uint32
	running atomic.Int64 // how many Runs there are

	composing composing
	circuits  circuits
	depth     depth
	outcomes  outcomes
}

// New assembles the room.
func New(d Deps) *Messages {
	if d.Clock == nil {
		d.Clock = clock.System()
	}
	if d.Rand == nil {
		d.Rand = rand.Reader
	}
	if d.Log == nil {
		d.Log = obs.Discard()
	}
	if d.Now == nil {
		d.Now = clock.Real
	}
	d.Parallel = positive(d.Parallel, 8)
	d.RetryBase = positive(d.RetryBase, time.Second)
	d.Poll = positive(d.Poll, 5*time.Second)
	d.MaxWaiting, d.MaxWaitingOfPool = positive(d.MaxWaiting, 200_000), positive(d.MaxWaitingOfPool, 50_000)
	d.Lease = positive(d.Lease, 2*time.Minute)
	return &Messages{deps: d, wakeup: make(chan struct{}, 1)}
}

func positive[T int | int64 | time.Duration](v, otherwise T) T {
	if v <= 0 {
		return otherwise
	}
	return v
}

// wake tells the dispatcher that there is something to do.
func (m *Messages) wake() {
	select {
	case m.wakeup <- struct{}{}:
	default:
	}
}

// DeletePool drops the messages of a pool, in the transaction that deletes it:
// they could not be opened without its key.
func (m *Messages) DeletePool(tx *db.Tx, poolID string) error { return deletePool(tx, poolID) }

func value(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}
