package message

import (
	"context"
	"encoding/json"
	"fmt"
	netmail "net/mail"
	"time"

	"cognate/internal/api/cognitoidp"
	"cognate/internal/base/arn"
	"cognate/internal/base/db"
	"cognate/internal/base/id"
	"cognate/internal/base/obs"
	"cognate/internal/core/trigger"
)

// Outgoing is a message to be rendered from a pool's templates and sent.
type Outgoing struct {
	PoolID   string
	Config   *cognitoidp.UserPoolType
	MFA      *cognitoidp.GetUserPoolMfaConfigResponse // templates of Authentication; may be nil
	ClientID string                                   // for confirmation links and events
	Kind     Kind
	Medium   Medium
	Sub      string
	Username string // as the message shows it
	Stored   string // user name as stored, where Username is an address instead
	To       string // e-mail address or E.164 number
	Code     string // code or temporary password; "" for users without a password
	Link     string // secret of the link that stands in place of the code where LinkFor says so, else ""
	// Text replaces the pool's templates; it is what trigger.CustomMessage
	// answered before the transaction. Nil keeps them.
	Text *trigger.CustomText
	// Attributes (all of the user's, with sub and cognito:user_status) and
	// Metadata (ClientMetadata) are what a custom sender's event shows. They are
	// kept sealed until the message is delivered.
	Attributes map[string]string
	Metadata   map[string]string
}

// Message is a rendered message.
type Message struct {
	PoolID   string
	ClientID string
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
	// ConfigurationSet and IdentityARN are of pools that send by an own SES
	// identity, SMSRegion is the SNS region of the pool; "" for none.
	ConfigurationSet, IdentityARN, SMSRegion string
	// Function says that the pool's own sender function delivers the message.
	Function             bool
	Attributes, Metadata map[string]string // for its event
}

// Send renders o and queues it in tx. An invitation whose template and user do
// not fit (a password but no place for it, or the other way round) is not sent,
// as on AWS. A Text that lacks a parameter is refused as by CheckText.
func (m *Messages) Send(ctx context.Context, tx *db.Tx, o Outgoing) error {
	return m.render(ctx, tx, o, false)
}

// Pretend is Send for a message that must not reach anybody: it is queued and
// taken like any other, but neither sent nor shown. Operations that hide who has
// an account use it for names nobody has, so that these cost what others do.
func (m *Messages) Pretend(ctx context.Context, tx *db.Tx, o Outgoing) error {
	return m.render(ctx, tx, o, true)
}

// Budgets bound what strangers have sent, by who asks and by destination; *guard.Guard does.
type Budgets interface {
	// Message counts a message that the request of the context has sent, or refuses it.
	Message(ctx context.Context, poolID, to string) error
}

func (m *Messages) render(ctx context.Context, tx *db.Tx, o Outgoing, pretend bool) error {
	if m.deps.Budgets != nil {
		if err := m.deps.Budgets.Message(ctx, o.PoolID, o.To); err != nil {
			return err
		}
	}
	msg := Message{
		PoolID: o.PoolID, ClientID: o.ClientID, Sub: o.Sub, Username: o.Username, Kind: o.Kind, Medium: o.Medium, To: o.To, Code: o.Code,
	}
	if HasSender(o.Config, o.Medium) {
		o.Text = nil
		msg.Function, msg.Attributes, msg.Metadata = true, o.Attributes, o.Metadata
		if o.Stored != "" {
			msg.Username = o.Stored
		}
	}
	if !pretend {
		text, err := m.text(ctx, o)
		if err != nil {
			return err
		}
		o.Text = text
	}
	if err := m.checkText(o); err != nil {
		return err
	}
	r, ok := Render(o, m.deps.Addresses)
	if !ok && !msg.Function { // a function has its own text
		obs.Cause(ctx, "no message: the invitation template has no place for the temporary password, or the user has none")
		return nil
	}
	msg.Subject, msg.Body, msg.HTML = r.Subject, r.Text, r.HTML
	if o.Config != nil {
		msg.sender(o.Config)
	}
	return m.enqueue(ctx, tx, msg, pretend)
}

// sender takes over how the pool sends. An own SES identity counts only for
// pools that say that they use it; its address is the sender of pools that name
// none.
func (msg *Message) sender(cfg *cognitoidp.UserPoolType) {
	if msg.Medium == SMS {
		if c := cfg.SmsConfiguration; c != nil {
			msg.SMSRegion = value(c.SnsRegion)
		}
		return
	}
	c := cfg.EmailConfiguration
	if c == nil {
		return
	}
	msg.From, msg.ReplyTo = value(c.From), value(c.ReplyToEmailAddress)
	if c.EmailSendingAccount == nil || *c.EmailSendingAccount != cognitoidp.EmailSendingAccountTypeDeveloper {
		return
	}
	msg.ConfigurationSet, msg.IdentityARN = value(c.ConfigurationSet), value(c.SourceArn)
	if a, err := arn.Parse(msg.IdentityARN); err == nil && msg.From == "" {
		if identity, err := netmail.ParseAddress(a.Name()); err == nil { // a domain is none
			msg.From = identity.Address
		}
	}
}

// Delivers reports whether messages by this medium reach anybody: nil or
// ErrNoTransport.
func (m *Messages) Delivers(medium Medium) error {
	if m.deps.Inbox || m.transport(medium) != nil {
		return nil
	}
	return fmt.Errorf("%w: %s", ErrNoTransport, medium)
}

// DeliversFor is Delivers for a pool, whose own sender function is a transport.
func (m *Messages) DeliversFor(cfg *cognitoidp.UserPoolType, medium Medium) error {
	if m.deps.Functions != nil && HasSender(cfg, medium) {
		return nil
	}
	return m.Delivers(medium)
}

func (m *Messages) transport(medium Medium) Sender {
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
	byFunction := msg.Function && m.deps.Functions != nil
	if !byFunction {
		if err := m.Delivers(msg.Medium); err != nil {
			return err
		}
	}
	if m.deps.Inbox {
		if err := m.keepInInbox(ctx, tx, msg, pretend); err != nil {
			return fmt.Errorf("message: inbox: %w", err)
		}
	}
	if !byFunction && (msg.Function || m.transport(msg.Medium) == nil) {
		return nil
	}
	now := m.deps.Now().UnixMilli()
	row := outboxRow{poolID: msg.PoolID, id: id.Source{Rand: m.deps.Rand}.UUID(), due: now}
	plain, err := json.Marshal(payload{Message: msg, RequestID: obs.From(ctx).ID, Queued: now, Pretended: pretend})
	if err != nil {
		return err
	}
	if row.sealed, err = m.deps.Keyring.Seal(ctx, row.poolID, plain, outboxAAD(row.poolID, row.id)...); err != nil {
		return fmt.Errorf("message: seal: %w", err)
	}
	if err := insertOutbox(tx, row); err != nil {
		return fmt.Errorf("message: enqueue: %w", err)
	}
	tx.AfterCommit(m.wake)
	return nil
}

// payload is what an outbox row seals.
type payload struct {
	Message
	RequestID string
	Queued    int64 // ms
	Pretended bool  // to be dropped
}

func outboxAAD(poolID, id string) []string { return []string{"message_outbox", "sealed", poolID, id} }

// life is how long a message is worth delivering: as long as the code or
// password that it carries lives at most.
func (k Kind) life() time.Duration {
	switch k {
	case Authentication:
		return 15 * time.Minute
	case ForgotPassword:
		return time.Hour
	case AdminCreateUser:
		return 7 * 24 * time.Hour
	}
	if _, notice := notices[k]; notice {
		return noticeLife
	}
	return 24 * time.Hour
}
