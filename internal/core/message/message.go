// Package message renders what users are sent (codes, invitations) and delivers
// it. A message is a row of a durable outbox, written in the transaction that
// needs it, so that nothing is sent for a change that was rolled back and
// nothing is lost when the process dies after the change. In dev messages go to
// an inbox table instead, which is readable as soon as the call has answered.
package message

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"sync/atomic"
	"time"

	"cognate/internal/api/cognitoidp"
	"cognate/internal/base/clock"
	"cognate/internal/base/db"
	"cognate/internal/base/id"
	"cognate/internal/base/obs"
)

// Medium is how a message travels: SMS or EMAIL.
type Medium = cognitoidp.DeliveryMediumType

// The media.
const (
	SMS   = cognitoidp.DeliveryMediumTypeSms
	Email = cognitoidp.DeliveryMediumTypeEmail
)

// Kind says why a message is sent. Its values are the suffixes of the custom
// message trigger sources.
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
	// LinkBase answers the base URL of a pool's sign-in pages, "" when it has
	// none. It comes from configuration, never from a request's headers.
	LinkBase func(cfg *cognitoidp.UserPoolType) string

	Now       func() time.Time // for scheduling; real time when nil
	Parallel  int              // messages sent at the same time; 8
	MaxTries  int              // 8
	RetryBase time.Duration    // wait after the first failure, then four times as long each time up to 15 min; 1 s
	Poll      time.Duration    // how often other nodes' leftovers are looked for; 5 s
	Lease     time.Duration    // a message taken by a node that died is free again after this; 2 min
}

// Messages is the room. Run must be running for anything to be sent.
type Messages struct {
	deps    Deps
	wakeup  chan struct{}
	trimmed atomic.Uint32
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
	d.MaxTries = positive(d.MaxTries, 8)
	d.RetryBase = positive(d.RetryBase, time.Second)
	d.Poll = positive(d.Poll, 5*time.Second)
	d.Lease = positive(d.Lease, 2*time.Minute)
	return &Messages{deps: d, wakeup: make(chan struct{}, 1)}
}

func positive[T int | time.Duration](v, otherwise T) T {
	if v <= 0 {
		return otherwise
	}
	return v
}

// Outgoing is a message to be rendered from a pool's templates and sent.
type Outgoing struct {
	PoolID   string
	Config   *cognitoidp.UserPoolType
	MFA      *cognitoidp.GetUserPoolMfaConfigResponse // templates of Authentication; may be nil
	ClientID string                                   // for confirmation links
	Kind     Kind
	Medium   Medium
	Sub      string
	Username string
	To       string // e-mail address or E.164 number
	Code     string // code or temporary password; "" for users without a password
}

// Message is a rendered message.
type Message struct {
	PoolID   string
	Sub      string
	Username string
	Kind     Kind
	Medium   Medium
	To       string
	From     string // "" for the server's own sender
	ReplyTo  string
	Subject  string
	Body     string // plain text
	HTML     string // "" for SMS
	Code     string // also part of the text; kept for the inbox
}

// Send renders o and queues it in tx. An invitation whose template and user do
// not fit (a password but no place for it, or the other way round) is not sent,
// as on AWS.
func (m *Messages) Send(ctx context.Context, tx *db.Tx, o Outgoing) error {
	return m.render(ctx, tx, o, false)
}

// Pretend does the work of Send for a message that must not reach anybody: what
// it writes is gone when the transaction commits. Operations that hide who has
// an account use it for names nobody has, so that these cost what others do.
func (m *Messages) Pretend(ctx context.Context, tx *db.Tx, o Outgoing) error {
	return m.render(ctx, tx, o, true)
}

func (m *Messages) render(ctx context.Context, tx *db.Tx, o Outgoing, pretend bool) error {
	r, ok := Render(o, m.linkBase(o.Config))
	if !ok {
		obs.Cause(ctx, "no message: the invitation template has no place for the temporary password, or the user has none")
		return nil
	}
	msg := Message{
		PoolID: o.PoolID, Sub: o.Sub, Username: o.Username, Kind: o.Kind, Medium: o.Medium, To: o.To,
		Subject: r.Subject, Body: r.Text, HTML: r.HTML, Code: o.Code,
	}
	if o.Config != nil && o.Config.EmailConfiguration != nil && o.Medium == Email {
		msg.From = value(o.Config.EmailConfiguration.From)
		msg.ReplyTo = value(o.Config.EmailConfiguration.ReplyToEmailAddress)
	}
	return m.enqueue(ctx, tx, msg, pretend)
}

func (m *Messages) linkBase(cfg *cognitoidp.UserPoolType) string {
	if m.deps.LinkBase == nil || cfg == nil {
		return ""
	}
	return m.deps.LinkBase(cfg)
}

// Delivers reports whether messages by this medium reach anybody: nil or
// ErrNoTransport.
func (m *Messages) Delivers(medium Medium) error {
	if m.deps.Inbox || m.sender(medium) != nil {
		return nil
	}
	return fmt.Errorf("%w: %s", ErrNoTransport, medium)
}

func (m *Messages) sender(medium Medium) Sender {
	if medium == SMS {
		return m.deps.SMS
	}
	return m.deps.Email
}

// Enqueue queues a rendered message in tx; ErrNoTransport when nobody would
// deliver it. It is sent after the commit. ctx is that of the request, not
// tx.Context(): the pool's key may have to be loaded.
func (m *Messages) Enqueue(ctx context.Context, tx *db.Tx, msg Message) error {
	return m.enqueue(ctx, tx, msg, false)
}

func (m *Messages) enqueue(ctx context.Context, tx *db.Tx, msg Message, pretend bool) error {
	if err := m.Delivers(msg.Medium); err != nil {
		return err
	}
	if m.deps.Inbox {
		if err := m.keepInInbox(ctx, tx, msg, pretend); err != nil {
			return fmt.Errorf("message: inbox: %w", err)
		}
	}
	if m.sender(msg.Medium) == nil {
		return nil
	}
	row := outboxRow{poolID: msg.PoolID, id: id.Source{Rand: m.deps.Rand}.UUID(), due: m.deps.Now().UnixMilli()}
	plain, err := json.Marshal(payload{Message: msg, RequestID: obs.From(ctx).ID})
	if err != nil {
		return err
	}
	if row.sealed, err = m.deps.Keyring.Seal(ctx, row.poolID, plain, outboxAAD(row.poolID, row.id)...); err != nil {
		return fmt.Errorf("message: seal: %w", err)
	}
	if err := insertOutbox(tx, row); err != nil {
		return fmt.Errorf("message: enqueue: %w", err)
	}
	if pretend {
		return dropOutbox(tx, row)
	}
	tx.AfterCommit(m.wake)
	return nil
}

// payload is what an outbox row seals.
type payload struct {
	Message
	RequestID string
}

func outboxAAD(poolID, id string) []string { return []string{"message_outbox", "sealed", poolID, id} }

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
