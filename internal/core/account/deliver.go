package account

import (
	"context"
	"strings"

	"cognate/internal/api/cognitoidp"
	"cognate/internal/base/db"
	"cognate/internal/core/code"
	"cognate/internal/core/directory"
	"cognate/internal/core/message"
	"cognate/internal/core/pool"
)

// sendCode issues a code and queues the message that carries it, both in the
// caller's transaction.
func (a *Accounts) sendCode(ctx context.Context, tx *db.Tx, p *pool.Pool, c *pool.Client, u *directory.User, kind code.Kind, msg message.Kind, to code.Destination) (*cognitoidp.CodeDeliveryDetailsType, error) {
	secret, err := a.Codes.Issue(tx, p.ID, u.Sub, kind, to, 0)
	if err != nil {
		return nil, err
	}
	clientID := ""
	if c != nil {
		clientID = c.ID
	}
	err = a.Messages.Send(ctx, tx, message.Outgoing{
		PoolID: p.ID, Config: p.Config, ClientID: clientID, Kind: msg,
		Sub: u.Sub, Username: u.Username, To: to.Value, Medium: message.MediumOf(to.Attribute), Code: secret,
	})
	if err != nil {
		return nil, err
	}
	return message.DeliveryDetails(to.Attribute, to.Value), nil
}

// ghostCode does for a name nobody has what sendCode does for a user, except
// that the code is thrown away. What it tells is made up from the name alone,
// so it stays the same.
func (a *Accounts) ghostCode(ctx context.Context, tx *db.Tx, call *publicCall, sub string, kind code.Kind) (*cognitoidp.CodeDeliveryDetailsType, error) {
	to := ghostTarget(call, sub)
	if _, err := a.Codes.Issue(tx, call.pool.ID, sub, kind, to, 0); err != nil {
		return nil, err
	}
	return message.DeliveryDetails(to.Attribute, to.Value), nil
}

// ghostTarget guesses the medium from the form of the name and the settings of
// the pool, as AWS does.
func ghostTarget(call *publicCall, sub string) code.Destination {
	switch {
	case directory.IsEmail(call.name):
		return code.Destination{Attribute: "email", Value: call.name}
	case directory.IsPhone(call.name):
		return code.Destination{Attribute: "phone_number", Value: call.name}
	case call.pool.AutoVerified.Has("phone_number") && !call.pool.AutoVerified.Has("email"):
		return code.Destination{Attribute: "phone_number", Value: "+1555" + digits(sub, 7)}
	}
	// The ghost's own first characters: letters that look like anyone's.
	return code.Destination{Attribute: "email", Value: letter(sub[0]) + "@" + letter(sub[1])}
}

func letter(b byte) string {
	if strings.IndexByte("0123456789", b) >= 0 {
		return string(rune('j' + b - '0'))
	}
	return string(rune(b))
}

func digits(sub string, n int) string {
	var out []byte
	for i := 0; len(out) < n; i = (i + 1) % len(sub) {
		if sub[i] != '-' {
			out = append(out, '0'+sub[i]%10)
		}
	}
	return string(out)
}
