package account

import (
	"context"
	"errors"

	"cognate/internal/api/cognitoidp"
	"cognate/internal/base/db"
	"cognate/internal/base/obs"
	"cognate/internal/core/code"
	"cognate/internal/core/directory"
	"cognate/internal/core/message"
	"cognate/internal/core/pool"
)

// sendCode issues a code and queues the message that carries it, both in the
// caller's transaction.
func (a *Accounts) sendCode(ctx context.Context, tx *db.Tx, p *pool.Pool, c *pool.Client, u *directory.User, kind code.Kind, msg message.Kind, to code.Destination, metadata map[string]string) (*cognitoidp.CodeDeliveryDetailsType, error) {
	to.Epoch = int64(u.Epoch)
	secret, err := a.Codes.Issue(tx, p.ID, u.Sub, kind, to, 0)
	if err != nil {
		return nil, err
	}
	out := outgoing(p, c, msg, to, secret)
	out.Sub, out.Username = u.Sub, u.Username
	if out.Link, err = a.link(tx, out, kind, to); err != nil {
		return nil, err
	}
	out.Attributes, out.Metadata = directory.EventAttributes(p, u), metadata
	if err := a.Messages.Send(ctx, tx, out); err != nil {
		return nil, err
	}
	return message.DeliveryDetails(to.Attribute, to.Value), nil
}

func outgoing(p *pool.Pool, c *pool.Client, msg message.Kind, to code.Destination, secret string) message.Outgoing {
	out := message.Outgoing{
		PoolID: p.ID, Config: p.Config, Kind: msg, To: to.Value, Medium: message.MediumOf(to.Attribute), Code: secret,
	}
	if c != nil {
		out.ClientID = c.ID
	}
	return out
}

// link issues what the link of a message proves, "" for messages without one.
func (a *Accounts) link(tx *db.Tx, out message.Outgoing, kind code.Kind, to code.Destination) (string, error) {
	if !message.LinkFor(out.Config, out.Kind, out.Medium) {
		return "", nil
	}
	return a.Codes.IssueLink(tx, out.PoolID, out.Sub, out.ClientID, kind, to)
}

// ghostCode does for a name that must look like nobody's what sendCode does for
// a user, except that nothing leaves the house: sub has a code that nobody was
// told and that proves no address. What is answered is made up from the name
// alone, so it stays the same. media are the attributes that the operation would
// send to, best first.
func (a *Accounts) ghostCode(ctx context.Context, tx *db.Tx, c directory.Caller, sub string, kind code.Kind, msg message.Kind, media []string) (*cognitoidp.CodeDeliveryDetailsType, error) {
	ghost, err := a.Directory.GhostSub(ctx, c.Pool, c.Name)
	if err != nil {
		return nil, err
	}
	to := ghostTarget(c.Name, ghost, media)
	secret, err := a.Codes.Issue(tx, c.Pool.ID, sub, kind, code.Destination{}, 0)
	if err != nil {
		return nil, err
	}
	out := outgoing(c.Pool, c.Client, msg, to, secret)
	out.Sub, out.Username = sub, c.Name
	if out.Link, err = a.link(tx, out, kind, code.Destination{}); err != nil {
		return nil, err
	}
	if err := a.Messages.Pretend(ctx, tx, out); err != nil {
		return nil, err
	}
	return message.DeliveryDetails(to.Attribute, to.Value), nil
}

// ghostTarget guesses the destination from the form of the name and the media of
// the operation, as AWS does.
func ghostTarget(name, ghost string, media []string) code.Destination {
	for _, attr := range media {
		if attr == "email" && directory.IsEmail(name) || attr == "phone_number" && directory.IsPhone(name) {
			return code.Destination{Attribute: attr, Value: name}
		}
	}
	return code.Destination{Attribute: media[0], Value: directory.GhostAddress(media[0], name, ghost)}
}

// undeliverable is the refusal of a code that this server has no way to send;
// other errors pass through.
func undeliverable(ctx context.Context, err error) error {
	if errors.Is(err, message.ErrNoTransport) {
		obs.Cause(ctx, "%v", err)
		return message.Undeliverable(err, cognitoidp.NewCodeDeliveryFailure)
	}
	return err
}
