// Package audit keeps a record of administrative changes: who did what to which pool and user, from where, and how it
// ended. It holds no secret and nothing of a request but names.
//
// The record of a change is written in the transaction of the change, so that there is neither a change without a record
// nor a record of what was rolled back. What is known only afterwards (a refusal, the id of a new pool) is added then.
package audit

import (
	"context"
	"crypto/rand"
	"fmt"
	"sync"
	"time"

	"cognate/internal/base/db"
)

// DefaultRetention is how long records are kept when nothing else is configured.
const DefaultRetention = 90 * 24 * time.Hour

// OK is the outcome of a change that was made; every other outcome is the name of an exception.
const OK = "OK"

// Event is one record.
type Event struct {
	ID        string    `json:"id"`
	At        time.Time `json:"at"`
	Service   string    `json:"service"`   // cognito-idp, or cognate for commands of the operator
	Operation string    `json:"operation"` // AdminDeleteUser, "keys rotate"
	RequestID string    `json:"requestId,omitempty"`
	Principal string    `json:"principal"` // ARN, or the user of the machine for commands
	AccessKey string    `json:"accessKeyId,omitempty"`
	Source    string    `json:"source,omitempty"` // address, or the machine for commands
	Region    string    `json:"region,omitempty"`
	Pool      string    `json:"userPoolId,omitempty"`
	Username  string    `json:"username,omitempty"` // as the request named the user
	Sub       string    `json:"sub,omitempty"`
	Target    string    `json:"target,omitempty"` // client, group, domain or ARN that the request named
	Outcome   string    `json:"outcome"`
}

// Filter chooses records; empty members choose all.
type Filter struct {
	Pool      string
	User      string // username or sub
	Operation string
	Since     time.Time
	Limit     int // at most; 100 when 0
}

// Room keeps the records of one installation.
type Room struct {
	db        *db.DB
	retention time.Duration
	now       func() time.Time
}

// New returns the room. Records are removed when they are older than retention; DefaultRetention when 0. They carry the
// machine's time, not that of the dev clock.
func New(d *db.DB, retention time.Duration) *Room {
	if retention <= 0 {
		retention = DefaultRetention
	}
	return &Room{db: d, retention: retention, now: time.Now}
}

// Record keeps an event in a transaction of its own, for changes that are made elsewhere.
func (r *Room) Record(ctx context.Context, e Event) error {
	e = r.begun(e)
	if err := r.db.Update(ctx, func(tx *db.Tx) error { return insert(tx, e) }); err != nil {
		return fmt.Errorf("audit: record %s: %w", e.Operation, err)
	}
	return nil
}

// begun gives an event its time and id.
func (r *Room) begun(e Event) Event {
	if e.At.IsZero() {
		e.At = r.now()
	}
	if e.ID == "" {
		// Ordered by time, so that records of one millisecond are listed as they came.
		e.ID = fmt.Sprintf("%016x-%s", e.At.UnixNano(), rand.Text()[:13])
	}
	return e
}

// List returns records, the newest first.
func (r *Room) List(ctx context.Context, f Filter) ([]Event, error) {
	if f.Limit <= 0 {
		f.Limit = 100
	}
	var events []Event
	err := r.db.Read(ctx, func(tx *db.Tx) (err error) {
		events, err = list(tx, f)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("audit: list: %w", err)
	}
	return events, nil
}

// Call is the record of one operation that is under way.
type Call struct {
	room  *Room
	known func() Event // what is known of it by now

	mu      sync.Mutex
	written *Event // what has been committed
}

// Begin returns a context in which the first change that is committed takes the record along. known tells what is known of
// the operation at the time; ID and At are kept from the first answer on. End completes the record.
func (r *Room) Begin(ctx context.Context, known func() Event) (context.Context, *Call) {
	first := r.begun(known())
	c := &Call{room: r, known: func() Event {
		e := known()
		e.ID, e.At = first.ID, first.At
		return e
	}}
	return db.Along(ctx, c.along), c
}

// along writes the record in the transaction of a change, unless another one has taken it along already.
func (c *Call) along(tx *db.Tx) error {
	c.mu.Lock()
	written := c.written
	c.mu.Unlock()
	if written != nil {
		return nil
	}
	e := c.known()
	e.Outcome = OK
	if err := insertLater(tx, e); err != nil {
		return err
	}
	tx.AfterCommit(func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.written = &e
	})
	return nil
}

// Changed reports whether a change has taken the record along.
func (c *Call) Changed() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.written != nil
}

// End writes what has become of the operation, where it is not what was written already. ctx must not be the one of Begin.
func (c *Call) End(ctx context.Context, outcome string) error {
	e := c.known()
	e.Outcome = outcome
	c.mu.Lock()
	written := c.written
	c.mu.Unlock()
	if written != nil && *written == e {
		return nil
	}
	err := c.room.db.Update(ctx, func(tx *db.Tx) error {
		if written != nil {
			if err := remove(tx, *written); err != nil {
				return err
			}
		}
		return insert(tx, e)
	})
	if err != nil {
		return fmt.Errorf("audit: end of %s: %w", e.Operation, err)
	}
	return nil
}
