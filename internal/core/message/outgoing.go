package message

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	netmail "net/mail"
	"time"

	"cognate/internal/api/cognitoidp"
	"cognate/internal/base/arn"
	"cognate/internal/base/db"
	"cognate/internal/base/id"
	"cognate/internal/base/limit"
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
	// Later asks CustomMessage only when the message is delivered. Answers about a
	// name must not wait for a function that runs for users alone, nor tell that
	// it failed.
	Later bool
	// Text replaces the pool's templates; it is what trigger.CustomMessage
	// answered before the transaction. Nil keeps them.
	Text *trigger.CustomText
	// Attributes (all of the user's, with sub and cognito:user_status) and
	// Metadata (ClientMetadata) are what a custom sender's event shows. They are
	// kept sealed until the message is delivered.
	Attributes map[string]string
	Metadata   map[string]string
	// Language of the texts of pools that set none; Send chooses it.
	Language string
	texts    *sheet // those in it; English when nil
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
		err := m.deps.Budgets.Message(ctx, o.PoolID, o.To)
		var over *limit.Over
		switch {
		case o.Later && errors.As(err, &over) && over.Scope == limit.Destination:
			// Refusing would tell whose address it is: the answer is the usual one, and nothing is sent.
			obs.Cause(ctx, "not sent: %v", over)
			pretend = true
		case err != nil:
			return err
		}
	}
	o.Language = m.language(ctx, o)
	if o.Later && WantsText(o.Config, o.Medium) {
		if err := m.Delivers(o.Medium); err != nil {
			return err
		}
		return m.queue(ctx, tx, payload{Message: o.unrendered(), Later: o.later(), Pretended: pretend})
	}
	if !pretend && !HasSender(o.Config, o.Medium) {
		text, err := m.text(ctx, o)
		if err != nil {
			return err
		}
		o.Text = text
	}
	msg, err := m.rendered(ctx, o)
	if err != nil || msg == nil {
		return err
	}
	return m.enqueue(ctx, tx, *msg, pretend)
}

// unrendered is the message of o as far as it stands without a text.
func (o Outgoing) unrendered() Message {
	return Message{
		PoolID: o.PoolID, ClientID: o.ClientID, Sub: o.Sub, Username: o.Username, Kind: o.Kind, Medium: o.Medium, To: o.To, Code: o.Code,
	}
}

// rendered fills in the text of o; nil when there is nothing to send.
func (m *Messages) rendered(ctx context.Context, o Outgoing) (*Message, error) {
	msg := o.unrendered()
	if HasSender(o.Config, o.Medium) {
		o.Text = nil
		msg.Function, msg.Attributes, msg.Metadata = true, o.Attributes, o.Metadata
		if o.Stored != "" {
			msg.Username = o.Stored
		}
	}
	if err := m.checkText(o); err != nil {
		return nil, err
	}
	o.texts = m.deps.Catalog.texts(o)
	r, ok := Render(o, m.deps.Addresses)
	if !ok && !msg.Function { // a function has its own text
		obs.Cause(ctx, "no message: the invitation template has no place for the temporary password, or the user has none")
		return nil, nil
	}
	msg.Subject, msg.Body, msg.HTML = r.Subject, r.Text, r.HTML
	if o.Config != nil {
		msg.sender(o.Config)
	}
	return &msg, nil
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
	return noTransport{medium}
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
	return m.queue(ctx, tx, payload{Message: msg, Pretended: pretend})
}

// queue writes an outbox row.
func (m *Messages) queue(ctx context.Context, tx *db.Tx, p payload) error {
	if m.depth.full(p.PoolID, m.deps.MaxWaitingOfPool, m.deps.MaxWaiting) {
		m.outcomes.refused.Add(1)
		return ErrFull
	}
	now := m.deps.Now().UnixMilli()
	p.RequestID, p.Queued = obs.From(ctx).ID, now
	row := outboxRow{
		poolID: p.PoolID, id: id.Source{Rand: m.deps.Rand}.UUID(), due: now, lane: p.lane(), queued: now, expires: now + p.Kind.life().Milliseconds(),
	}
	plain, err := json.Marshal(p)
	if err != nil {
		return err
	}
	if row.sealed, err = m.deps.Keyring.Seal(ctx, row.poolID, plain, outboxAAD(row.poolID, row.id)...); err != nil {
		return fmt.Errorf("message: seal: %w", err)
	}
	if err := insertOutbox(tx, row); err != nil {
		return fmt.Errorf("message: enqueue: %w", err)
	}
	tx.AfterCommit(func() {
		if p.Later != nil && !p.Pretended && m.deps.Inbox {
			m.composing.begin(row.id, m.deps.Now())
		}
		m.depth.add(p.PoolID)
		m.wake()
	})
	return nil
}

// lane names the server that a message goes to.
func (p payload) lane() string {
	switch {
	case p.Later != nil:
		return "text/" + p.PoolID
	case p.Function:
		return "function/" + p.PoolID + "/" + string(p.Medium)
	}
	return string(p.Medium)
}

// payload is what an outbox row seals.
type payload struct {
	Message
	RequestID string
	Queued    int64  // ms
	Pretended bool   // to be dropped
	Later     *later `json:",omitempty"` // of a message that has no text yet
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
