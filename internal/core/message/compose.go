package message

import (
	"context"
	"errors"
	"fmt"

	"cognate/internal/core/trigger"
)

// Texts asks the CustomMessage function of a pool; *trigger.Triggers is one.
type Texts interface {
	CustomMessage(ctx context.Context, source string, s *trigger.Subject) (*trigger.CustomText, error)
}

// Compose runs fn, which queues messages in a transaction, so that CustomMessage
// functions are asked outside of it: a function may take seconds. When fn finds
// that it needs a text it fails, its transaction is rolled back, the function is
// asked, and fn runs again with the text at hand. Pools without such a function
// run fn once.
func (m *Messages) Compose(ctx context.Context, fn func(ctx context.Context) error) error {
	have := &fetched{texts: map[textKey]*trigger.CustomText{}}
	ctx = context.WithValue(ctx, fetchedKey{}, have)
	for {
		err := fn(ctx)
		var need *needText
		if !errors.As(err, &need) {
			return err
		}
		if err := m.fetch(ctx, have, need); err != nil {
			return err
		}
	}
}

type fetchedKey struct{}

// fetched are the texts of one request.
type fetched struct {
	texts map[textKey]*trigger.CustomText
}

// textKey tells the messages of one request apart.
type textKey struct {
	kind   Kind
	medium Medium
	to     string
}

// needText rolls a transaction back until its text was fetched.
type needText struct {
	key textKey
	out Outgoing
}

func (n *needText) Error() string {
	return fmt.Sprintf("message: the text of %s by %s was not fetched", n.key.kind, n.key.medium)
}

// text is the custom text for o: nil when the pool has none to ask for.
func (m *Messages) text(ctx context.Context, o Outgoing) (*trigger.CustomText, error) {
	if o.Text != nil || !WantsText(o.Config, o.Medium) {
		return o.Text, nil
	}
	key := textKey{o.Kind, o.Medium, o.To}
	have, _ := ctx.Value(fetchedKey{}).(*fetched)
	if have != nil {
		if t, ok := have.texts[key]; ok {
			return t, nil
		}
	}
	return nil, &needText{key: key, out: o}
}

func (m *Messages) fetch(ctx context.Context, have *fetched, need *needText) error {
	text, err := m.ask(ctx, need.out)
	if err == nil {
		have.texts[need.key] = text
	}
	return err
}

// ask asks the CustomMessage function of a pool for the text of o.
func (m *Messages) ask(ctx context.Context, o Outgoing) (*trigger.CustomText, error) {
	if m.deps.Texts == nil || m.deps.Pools == nil {
		return nil, errors.New("message: a pool has a CustomMessage function and nothing asks it")
	}
	p, err := m.deps.Pools.Pool(ctx, o.PoolID)
	if err != nil {
		return nil, fmt.Errorf("pool: %w", err)
	}
	username := o.Username
	if o.Stored != "" {
		username = o.Stored
	}
	text, err := m.deps.Texts.CustomMessage(ctx, "CustomMessage_"+string(o.Kind), &trigger.Subject{
		Pool: p, ClientID: o.ClientID, Username: username, Attributes: o.Attributes, Metadata: o.Metadata,
	})
	if err == nil {
		err = CheckText(o.Kind, o.Medium, text)
	}
	return text, err
}
