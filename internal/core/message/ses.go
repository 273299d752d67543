package message

import (
	"context"
	"encoding/json"
	"fmt"
	netmail "net/mail"

	"cognate/internal/base/arn"
	"cognate/internal/base/awscall"
)

// sesPath is SendEmail of the SES API, version 2.
const sesPath = "/v2/email/outbound-emails"

// SESOptions configures NewSES.
type SESOptions struct {
	Endpoint    string // "" is AWS
	Region      string // of pools without an own identity
	Credentials awscall.Credentials
	From        string // sender of pools that set none: address or "Name <address>"
}

// SES sends mail through the API of Amazon SES; it is a Sender.
type SES struct {
	caller *awscall.Caller
	from   *netmail.Address
}

// NewSES checks the options. Nothing is contacted until the first mail.
func NewSES(o SESOptions) (*SES, error) {
	from, err := netmail.ParseAddress(o.From)
	if err != nil {
		return nil, fmt.Errorf("message: SES sender %q: %w", o.From, err)
	}
	caller, err := awscall.New(awscall.Options{
		Endpoint: o.Endpoint, Host: "email", SigningName: "ses", Region: o.Region, Credentials: o.Credentials,
	})
	if err != nil {
		return nil, fmt.Errorf("message: %w", err)
	}
	return &SES{caller: caller, from: from}, nil
}

type sesText struct {
	Data    string
	Charset string
}

type sesHeader struct{ Name, Value string }

// sesMail is the request of SendEmail.
type sesMail struct {
	FromEmailAddress            string
	FromEmailAddressIdentityArn string `json:",omitempty"`
	Destination                 struct{ ToAddresses []string }
	ReplyToAddresses            []string `json:",omitempty"`
	ConfigurationSetName        string   `json:",omitempty"`
	Content                     struct {
		Simple struct {
			Subject sesText
			Body    struct {
				Text *sesText `json:",omitempty"`
				HTML *sesText `json:"Html,omitempty"`
			}
			Headers []sesHeader
		}
	}
}

// Send implements Sender. The region is that of the pool's identity. A request
// that SES finds malformed is permanent; an identity that is not verified or a
// quota can be repaired by the operator.
func (s *SES) Send(ctx context.Context, d Delivery) error {
	m, err := s.compose(d)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrPermanent, err)
	}
	body, err := json.Marshal(m)
	if err != nil {
		return fmt.Errorf("%w: ses: %w", ErrPermanent, err)
	}
	call := awscall.Call{Path: sesPath, Body: body, Header: map[string]string{"Content-Type": "application/json"}}
	if a, err := arn.Parse(d.IdentityARN); err == nil {
		call.Region = a.Region
	}
	_, err = s.caller.Post(ctx, call)
	return refusedBy(err, "BadRequestException")
}

func (s *SES) compose(d Delivery) (*sesMail, error) {
	if err := plainAddress(d.To); err != nil {
		return nil, fmt.Errorf("recipient: %w", err)
	}
	from := s.from
	if d.From != "" {
		var err error
		if from, err = netmail.ParseAddress(d.From); err != nil {
			return nil, fmt.Errorf("sender address: %w", err)
		}
	}
	m := &sesMail{FromEmailAddress: headerAddress(from), FromEmailAddressIdentityArn: d.IdentityARN, ConfigurationSetName: d.ConfigurationSet}
	m.Destination.ToAddresses = []string{d.To}
	if d.ReplyTo != "" {
		reply, err := netmail.ParseAddress(d.ReplyTo)
		if err != nil {
			return nil, fmt.Errorf("reply address: %w", err)
		}
		m.ReplyToAddresses = []string{headerAddress(reply)}
	}
	simple := &m.Content.Simple
	simple.Subject = sesText{oneLine(d.Subject), "UTF-8"}
	simple.Body.Text = &sesText{d.Text, "UTF-8"}
	if d.HTML != "" {
		simple.Body.HTML = &sesText{d.HTML, "UTF-8"}
	}
	simple.Headers = []sesHeader{{"Auto-Submitted", "auto-generated"}}
	return m, nil
}

// headerAddress writes an address as a header holds it: a name in other than
// ASCII letters is encoded, one with line ends cannot become a header.
func headerAddress(a *netmail.Address) string {
	return (&netmail.Address{Name: oneLine(a.Name), Address: a.Address}).String()
}
