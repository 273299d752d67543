package directory

import (
	"context"
	"errors"

	"cognate/internal/api/cognitoidp"
	"cognate/internal/base/db"
	"cognate/internal/base/obs"
	"cognate/internal/core/code"
	"cognate/internal/core/message"
	"cognate/internal/core/pool"
)

// The two ways an attribute code comes to be sent; custom messages can tell them apart.
const (
	automatic = message.UpdateUserAttribute
	onRequest = message.VerifyUserAttribute
)

// contact is the value of email or phone_number that a code goes to: the one that waits for verification, if any.
func (u *User) contact(name string) string {
	if v := u.Pending[name]; v != "" {
		return v
	}
	return u.Attributes[name]
}

// verified marks a proven value of email or phone_number as verified, activating it when it was pending. It reports
// false when the value is neither pending nor active any more.
func (u *User) verified(name, value string) bool {
	switch {
	case value == "":
		return false
	case u.Pending[name] == value:
		u.Attributes[name] = value
		delete(u.Pending, name)
	case u.Attributes[name] != value || u.Pending[name] != "":
		return false
	}
	u.Attributes[name+"_verified"] = "true"
	return true
}

// update applies checked attributes to u, saves it and sends the codes that this calls for. c is nil for administrators.
func (d *Directory) update(ctx context.Context, tx *db.Tx, p *pool.Pool, c *pool.Client, u *User, attrs, metadata map[string]string) ([]cognitoidp.CodeDeliveryDetailsType, error) {
	verify, err := apply(u, p, attrs, true)
	if err != nil {
		return nil, err
	}
	for name, v := range u.Pending {
		if err := d.free(tx, p, u, name, v); err != nil {
			return nil, err
		}
	}
	if err := d.Save(tx, p, u); err != nil {
		return nil, err
	}
	var sent []cognitoidp.CodeDeliveryDetailsType
	for _, name := range verify {
		if err := d.mayChange(ctx, tx, p, u); err != nil {
			return nil, err
		}
		details, err := d.send(ctx, tx, p, c, u, name, automatic, metadata)
		if err != nil {
			return nil, err
		}
		sent = append(sent, *details)
	}
	return sent, nil
}

// mayChange bounds the messages that a user can have sent by changing an address again and again.
func (d *Directory) mayChange(ctx context.Context, tx *db.Tx, p *pool.Pool, u *User) error {
	err := d.Codes.Allow(tx, p.ID, u.Sub, code.LimitChangedAttribute)
	if errors.Is(err, code.ErrLimited) {
		obs.Cause(ctx, "too many codes by changing addresses")
		return code.TooOften(cognitoidp.NewTooManyRequests)
	}
	return err
}

// free refuses a pending value that could never become active because it is somebody else's name.
func (d *Directory) free(tx *db.Tx, p *pool.Pool, u *User, name, value string) error {
	if !p.UsernameAttrs.Has(name) && !p.AliasAttrs.Has(name) {
		return nil
	}
	holders, err := readAliases(tx, p.ID, aliasKey(p, value))
	if err == nil && holders[name] != "" && holders[name] != u.Sub {
		return &AliasTaken{Attribute: name}
	}
	return err
}

// send issues a code for an attribute and queues its message, both in tx.
func (d *Directory) send(ctx context.Context, tx *db.Tx, p *pool.Pool, c *pool.Client, u *User, name string, why message.Kind, metadata map[string]string) (*cognitoidp.CodeDeliveryDetailsType, error) {
	to := code.Destination{Attribute: name, Value: u.contact(name), Epoch: int64(u.Epoch)}
	secret, err := d.Codes.Issue(tx, p.ID, u.Sub, code.Attribute(name), to, 0)
	if err != nil {
		return nil, err
	}
	clientID := ""
	if c != nil {
		clientID = c.ID
	}
	err = d.Messages.Send(ctx, tx, message.Outgoing{
		PoolID: p.ID, Config: p.Config, ClientID: clientID, Kind: why,
		Sub: u.Sub, Username: u.Username, To: to.Value, Medium: message.MediumOf(name), Code: secret,
		Attributes: EventAttributes(p, u), Metadata: metadata,
	})
	if errors.Is(err, message.ErrNoTransport) {
		obs.Cause(ctx, "%v", err)
		return nil, errNoDelivery(c, err)
	}
	if err != nil {
		return nil, err
	}
	return message.DeliveryDetails(name, to.Value), nil
}

// errNoDelivery refuses to send what nobody would deliver. AdminUpdateUserAttributes declares no
// CodeDeliveryFailureException.
func errNoDelivery(c *pool.Client, err error) error {
	if c == nil {
		return message.Undeliverable(err, cognitoidp.NewInvalidParameter)
	}
	return message.Undeliverable(err, cognitoidp.NewCodeDeliveryFailure)
}

// remove deletes attributes by name. c is nil for administrators.
func (d *Directory) remove(tx *db.Tx, p *pool.Pool, c *pool.Client, u *User, names []string) error {
	var lines string
	for _, name := range names {
		if reason := removable(p, name); reason != "" {
			lines += "user." + name + ": " + reason + "\n"
		}
	}
	if lines != "" {
		return cognitoidp.NewInvalidParameter("Invalid user attributes: %s", lines)
	}
	attrs := make(map[string]string, len(names))
	for _, name := range names {
		if c != nil && !writable(c, name) {
			return errUnauthorizedWrite()
		}
		attrs[name] = ""
	}
	if _, err := apply(u, p, attrs, false); err != nil {
		return err
	}
	return d.Save(tx, p, u)
}

// removable returns why an attribute cannot be deleted, "" when it can.
func removable(p *pool.Pool, name string) string {
	a, ok := p.Schema.Attr(name)
	switch {
	case !ok:
		return "Attribute does not exist in the schema."
	case name == "sub" || name == "identities" || !a.Mutable:
		return "Attribute cannot be updated."
	case a.Required:
		return requiredStays
	}
	return ""
}

// codeRefusal is code.Refusal with what VerifyUserAttribute declares.
func codeRefusal(ctx context.Context, err error) error {
	if errors.Is(err, code.ErrTooMany) {
		obs.Cause(ctx, "%v", err)
		return code.TooOften(cognitoidp.NewLimitExceeded)
	}
	return code.Refusal(ctx, err)
}

// warm loads the pool's keys, because sealing within a transaction should not wait for another connection.
func (d *Directory) warm(ctx context.Context, p *pool.Pool) error { return d.Keys.Load(ctx, p.ID) }
