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
		out.ClientID, out.Later = c.ID, c.HidesUsers() && msg != message.SignUp
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
// told and that proves no address. u is the user who is hidden, or nil; target is
// where the operation would send to.
func (a *Accounts) ghostCode(ctx context.Context, tx *db.Tx, c directory.Caller, u *directory.User, sub string, kind code.Kind, msg message.Kind, target func(*pool.Pool, *directory.Ghost) string) (*cognitoidp.CodeDeliveryDetailsType, error) {
	ghost, err := a.Directory.Ghost(ctx, c.Pool, c.Name, sub, u)
	if err != nil {
		return nil, err
	}
	attr := target(c.Pool, ghost)
	to := code.Destination{Attribute: attr, Value: ghost.Address(attr)}
	secret, err := a.Codes.Issue(tx, c.Pool.ID, sub, kind, code.Destination{}, 0)
	if err != nil {
		return nil, err
	}
	out := outgoing(c.Pool, c.Client, msg, to, secret)
	out.Sub, out.Username = sub, ghost.Username
	if out.Link, err = a.link(tx, out, kind, code.Destination{}); err != nil {
		return nil, err
	}
	out.Attributes, out.Metadata = directory.EventAttributes(c.Pool, ghost.User), c.Metadata
	if err := a.Messages.Pretend(ctx, tx, out); err != nil {
		return nil, err
	}
	return message.DeliveryDetails(to.Attribute, to.Value), nil
}

// ghostRecovery is the attribute that the code for a forgotten password of a
// ghost goes to: as a user's, or else one that people of the pool are likely to
// have verified.
func ghostRecovery(p *pool.Pool, g *directory.Ghost) string {
	if to, err := recoveryTarget(p, g.User); err == nil {
		return to.Attribute
	}
	return hers(g, likelyOrder(p))
}

// ghostConfirmation is the attribute that the sign-up code of a ghost goes to.
func ghostConfirmation(p *pool.Pool, g *directory.Ghost) string { return hers(g, confirmationMedia(p)) }

// hers is the first attribute that a ghost has.
func hers(g *directory.Ghost, attrs []string) string {
	for _, attr := range attrs {
		if g.Attributes[attr] != "" {
			return attr
		}
	}
	return attrs[0]
}

// undeliverable is the refusal of a code that this server has no way to send;
// other errors pass through.
func undeliverable(ctx context.Context, err error) error {
	if errors.Is(err, message.ErrFull) {
		obs.Cause(ctx, "%v", err)
		return cognitoidp.NewCodeDeliveryFailure("The code cannot be delivered: too many messages wait.")
	}
	if errors.Is(err, message.ErrNoTransport) {
		obs.Cause(ctx, "%v", err)
		return message.Undeliverable(err, cognitoidp.NewCodeDeliveryFailure)
	}
	return err
}
