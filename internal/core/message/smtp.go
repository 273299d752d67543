package message

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	netmail "net/mail"
	"strings"
	"time"

	"github.com/wneessen/go-mail"
)

// TLSPolicy says how a mail server is spoken to.
type TLSPolicy string

// The policies. Opportunistic and None let whoever is in between read codes.
const (
	TLSMandatory     TLSPolicy = "mandatory"     // STARTTLS or nothing
	TLSOpportunistic TLSPolicy = "opportunistic" // STARTTLS if offered
	TLSImplicit      TLSPolicy = "implicit"      // TLS from the first byte (port 465)
	TLSNone          TLSPolicy = "none"
)

// SMTPOptions configures NewSMTP.
type SMTPOptions struct {
	Host     string
	Port     int
	Username string // "" for no authentication; a password is not sent in clear
	Password string
	From     string        // sender of pools that set none: address or "Name <address>"
	TLS      TLSPolicy     // TLSMandatory when ""
	Config   *tls.Config   // roots; the system's when nil
	Timeout  time.Duration // of the connection and of each command; 15 s when 0
	HELO     string        // the machine's name when ""
}

// SMTP sends mail through a server, over connections that are kept for the next
// mails; it is a Sender.
type SMTP struct {
	from   *netmail.Address
	client *mail.Client
	pool   smtpPool
}

// NewSMTP checks the options. Nothing is contacted until the first mail.
func NewSMTP(o SMTPOptions) (*SMTP, error) {
	from, err := netmail.ParseAddress(o.From)
	if err != nil {
		return nil, fmt.Errorf("message: SMTP sender %q: %w", o.From, err)
	}
	if o.Timeout <= 0 {
		o.Timeout = 15 * time.Second
	}
	opts := []mail.Option{mail.WithTimeout(o.Timeout)}
	switch o.TLS {
	case TLSMandatory, "":
		opts = append(opts, mail.WithTLSPolicy(mail.TLSMandatory))
	case TLSOpportunistic:
		opts = append(opts, mail.WithTLSPolicy(mail.TLSOpportunistic))
	case TLSImplicit:
		opts = append(opts, mail.WithSSL())
	case TLSNone:
		opts = append(opts, mail.WithTLSPolicy(mail.NoTLS))
	default:
		return nil, fmt.Errorf("message: SMTP TLS policy %q is unknown", o.TLS)
	}
	if o.Port != 0 {
		opts = append(opts, mail.WithPort(o.Port))
	}
	if o.Config != nil {
		c := o.Config.Clone()
		if c.ServerName == "" {
			c.ServerName = o.Host
		}
		opts = append(opts, mail.WithTLSConfig(c))
	}
	if o.Username != "" {
		opts = append(opts, mail.WithSMTPAuth(mail.SMTPAuthAutoDiscover), mail.WithUsername(o.Username), mail.WithPassword(o.Password))
	}
	if o.HELO != "" {
		opts = append(opts, mail.WithHELO(o.HELO))
	}
	client, err := mail.NewClient(o.Host, opts...)
	if err != nil {
		return nil, fmt.Errorf("message: SMTP: %w", err)
	}
	return &SMTP{from: from, client: client, pool: smtpPool{client: client, timeout: o.Timeout}}, nil
}

// Send implements Sender. Refusals of the recipient and of the content (5xx)
// are permanent; a wrong password or an unreachable server is not, because the
// operator can repair it.
func (s *SMTP) Send(ctx context.Context, d Delivery) error {
	msg, err := s.compose(d)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrPermanent, err)
	}
	err = s.pool.send(ctx, msg)
	var refused *mail.SendError
	switch {
	case err != nil && errors.As(err, &refused) && refused.ErrorCode() >= 500:
		return fmt.Errorf("%w: smtp: %w", ErrPermanent, err)
	case err != nil:
		return fmt.Errorf("smtp: %w", err)
	}
	return nil
}

// Close ends the connections that are kept. Mails can still be sent.
func (s *SMTP) Close() { s.pool.close() }

func (s *SMTP) compose(d Delivery) (*mail.Msg, error) {
	from := s.from
	if d.From != "" {
		var err error
		if from, err = netmail.ParseAddress(d.From); err != nil {
			return nil, fmt.Errorf("sender address: %w", err)
		}
	}
	if err := plainAddress(d.To); err != nil {
		return nil, fmt.Errorf("recipient: %w", err)
	}
	m := mail.NewMsg(mail.WithNoDefaultUserAgent()) // no User-Agent and X-Mailer that name a library
	if err := m.FromFormat(oneLine(from.Name), from.Address); err != nil {
		return nil, err
	}
	if err := m.To(d.To); err != nil {
		return nil, err
	}
	if d.ReplyTo != "" {
		reply, err := netmail.ParseAddress(d.ReplyTo)
		if err != nil {
			return nil, fmt.Errorf("reply address: %w", err)
		}
		if err := m.ReplyToFormat(oneLine(reply.Name), reply.Address); err != nil {
			return nil, err
		}
	}
	m.Subject(oneLine(d.Subject))
	m.SetDate()
	m.SetMessageIDWithValue(d.ID + from.Address[strings.LastIndexByte(from.Address, '@'):])
	m.SetGenHeader("Auto-Submitted", "auto-generated")
	m.SetBodyString(mail.TypeTextPlain, d.Text)
	if d.HTML != "" {
		m.AddAlternativeString(mail.TypeTextHTML, d.HTML)
	}
	return m, nil
}

// plainAddress accepts exactly one bare address: no display name, no list, no
// comment, no line end. Users choose these values.
func plainAddress(s string) error {
	a, err := netmail.ParseAddress(s)
	if err != nil {
		return errors.New("not an e-mail address")
	}
	if a.Name != "" || a.Address != s || oneLine(s) != s || strings.ContainsAny(s, " ,;<>\"()") {
		return errors.New("not a plain e-mail address")
	}
	return nil
}
