package message

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"cognate/internal/api/cognitoidp"
	"cognate/internal/api/rt"
	"cognate/internal/base/db"
	"cognate/internal/base/obs"
)

// later is what an outbox row keeps of a message whose text is asked for at delivery, beside the message itself.
type later struct {
	Stored, Link         string
	Language             string `json:",omitempty"`
	Attributes, Metadata map[string]string
}

func (o Outgoing) later() *later {
	return &later{Stored: o.Stored, Link: o.Link, Language: o.Language, Attributes: o.Attributes, Metadata: o.Metadata}
}

// outgoing is the message to be rendered, with the pool's settings of now.
func (m *Messages) outgoing(ctx context.Context, p payload) (Outgoing, error) {
	owner, err := m.deps.Pools.Pool(ctx, p.PoolID)
	if err != nil {
		return Outgoing{}, fmt.Errorf("pool: %w", err)
	}
	return Outgoing{
		PoolID: p.PoolID, Config: owner.Config, MFA: owner.MFA, ClientID: p.ClientID, Kind: p.Kind, Medium: p.Medium, Sub: p.Sub,
		Username: p.Username, Stored: p.Later.Stored, To: p.To, Code: p.Code, Link: p.Later.Link,
		Attributes: p.Later.Attributes, Metadata: p.Later.Metadata, Language: p.Later.Language,
	}, nil
}

// complete asks for the text of a row and puts the rendered message in its place. A function that refuses, and an answer
// that cannot be used, are final.
func (m *Messages) complete(ctx context.Context, r outboxRow, p payload) error {
	ctx, cancel := context.WithTimeout(obs.With(ctx, &obs.Request{ID: p.RequestID}), sendTimeout)
	defer cancel()
	o, err := m.outgoing(ctx, p)
	if err != nil {
		return err
	}
	if WantsText(o.Config, o.Medium) { // it may have been taken away since
		if o.Text, err = m.ask(ctx, o); err != nil {
			return final(err)
		}
	}
	msg, err := m.rendered(ctx, o)
	if err != nil {
		return final(err)
	}
	return m.deps.DB.Update(ctx, func(tx *db.Tx) error {
		if held, err := deleteOutbox(tx, r); err != nil || !held || msg == nil {
			return err // another node has it by now
		}
		return m.enqueue(ctx, tx, *msg, false)
	})
}

// final marks a refusal by a function as permanent; one that could not be reached is not.
func final(err error) error {
	var refused rt.Exception
	var unreachable *cognitoidp.UnexpectedLambdaException
	if errors.As(err, &refused) && !errors.As(err, &unreachable) {
		return fmt.Errorf("%w: %w", ErrPermanent, err)
	}
	return err
}

// composingPatience is how long readers of the inbox wait for messages that are being composed.
const composingPatience = 5 * time.Second

// composing are the messages of this node that have no text yet, by the id of their row, with the time until when readers
// of the inbox wait for them.
type composing struct {
	mu    sync.Mutex
	until map[string]time.Time
}

func (c *composing) begin(id string, now time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.until == nil {
		c.until = map[string]time.Time{}
	}
	c.until[id] = now.Add(composingPatience)
}

func (c *composing) end(id string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.until, id)
}

// busy reports whether there is one that is worth waiting for, and forgets those that another node took.
func (c *composing) busy(now time.Time) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	for id, until := range c.until {
		if now.After(until) {
			delete(c.until, id)
		}
	}
	return len(c.until) > 0
}

// composed waits until no message of this node is without its text, so that the inbox shows what a call has sent once the
// call has answered.
func (m *Messages) composed(ctx context.Context) {
	for m.running.Load() > 0 && ctx.Err() == nil && m.composing.busy(m.deps.Now()) {
		time.Sleep(5 * time.Millisecond)
	}
}
