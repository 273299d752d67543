package message

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"time"

	"cognate/internal/base/db"
)

const (
	// inboxKeep is how many messages of a pool the inbox shows.
	inboxKeep = 1000
	// inboxCodeFirst is how many InboxCode looks at before it looks at all.
	inboxCodeFirst = 20
	// inboxTrimEvery is how many messages are added between two clean-ups.
	inboxTrimEvery = 64
)

// InboxMessage is a message as the dev inbox shows it.
type InboxMessage struct {
	ID         string    `json:"id"`
	Medium     Medium    `json:"medium"`
	To         string    `json:"to"`
	Subject    string    `json:"subject"`
	Body       string    `json:"body"`
	HTML       string    `json:"html"`  // "" for SMS
	Links      []string  `json:"links"` // in Body
	Code       string    `json:"code"`
	Trigger    string    `json:"trigger"` // CustomMessage_SignUp ..., Cognate_PasswordChanged ...
	UserPoolID string    `json:"userPoolId"`
	Username   string    `json:"username"`
	CreatedAt  time.Time `json:"createdAt"`
}

// keptMessage is what an inbox row seals.
type keptMessage struct {
	InboxMessage
	Pretended bool `json:"pretended"` // not to be shown
}

func inboxAAD(poolID, id string) []string { return []string{"message_inbox", "sealed", poolID, id} }

// keepInInbox writes the inbox row in the request's own transaction, so that a
// reader sees it as soon as the call has answered.
func (m *Messages) keepInInbox(ctx context.Context, tx *db.Tx, msg Message, pretend bool) error {
	var salt [6]byte
	if _, err := io.ReadFull(m.deps.Rand, salt[:]); err != nil {
		return err
	}
	row := inboxRow{poolID: msg.PoolID, id: fmt.Sprintf("%016x", m.deps.Now().UnixNano()) + hex.EncodeToString(salt[:])}
	plain, err := json.Marshal(keptMessage{Pretended: pretend, InboxMessage: InboxMessage{
		ID: row.id, Medium: msg.Medium, To: msg.To, Subject: msg.Subject, Body: msg.Body, HTML: msg.HTML, Code: msg.Code,
		Trigger: msg.Kind.source(), UserPoolID: msg.PoolID, Username: msg.Username,
		CreatedAt: m.deps.Clock.Now().UTC().Truncate(time.Millisecond),
	}})
	if err != nil {
		return err
	}
	if row.sealed, err = m.deps.Keyring.Seal(ctx, row.poolID, plain, inboxAAD(row.poolID, row.id)...); err != nil {
		return err
	}
	if m.trimmed.Add(1)%inboxTrimEvery == 0 {
		if err := trimInbox(tx, row.poolID, inboxKeep-1); err != nil {
			return err
		}
	}
	return insertInbox(tx, row)
}

// Inbox answers the newest messages first, at most 1000 of each pool. to and
// poolID select when they are not empty; to ignores case.
func (m *Messages) Inbox(ctx context.Context, to, poolID string) ([]InboxMessage, error) {
	list := []InboxMessage{}
	err := m.eachInInbox(ctx, to, poolID, inboxKeep, func(msg InboxMessage) bool {
		list = append(list, msg)
		return true
	})
	return list, err
}

// InboxCode is the newest code that Inbox would show, "" when there is none.
// It looks at the newest few first: scripts and load tests ask right after the
// call that sent the code.
func (m *Messages) InboxCode(ctx context.Context, to, poolID string) (string, error) {
	var code string
	for _, limit := range []int{inboxCodeFirst, inboxKeep} {
		err := m.eachInInbox(ctx, to, poolID, limit, func(msg InboxMessage) bool {
			code = msg.Code
			return code == ""
		})
		if err != nil || code != "" {
			return code, err
		}
	}
	return "", nil
}

// eachInInbox calls fn with the newest messages that are selected, out of limit
// that are looked at, until it answers false.
func (m *Messages) eachInInbox(ctx context.Context, to, poolID string, limit int, fn func(InboxMessage) bool) error {
	var rows []inboxRow
	err := m.deps.DB.Read(ctx, func(tx *db.Tx) error {
		var err error
		rows, err = listInbox(tx, poolID, limit)
		return err
	})
	if err != nil {
		return fmt.Errorf("message: inbox: %w", err)
	}
	for _, r := range rows {
		plain, err := m.deps.Keyring.Open(ctx, r.poolID, r.sealed, inboxAAD(r.poolID, r.id)...)
		if err != nil {
			continue // the pool and its key were deleted in the meantime
		}
		var kept keptMessage
		if err := json.Unmarshal(plain, &kept); err != nil {
			return fmt.Errorf("message: inbox row %s: %w", r.id, err)
		}
		kept.Links = linksOf(kept.Body)
		if !kept.Pretended && (to == "" || strings.EqualFold(kept.To, to)) && !fn(kept.InboxMessage) {
			return nil
		}
	}
	return nil
}

// InboxState is a text that changes whenever messages come or go.
func (m *Messages) InboxState(ctx context.Context) (string, error) {
	var state string
	err := m.deps.DB.Read(ctx, func(tx *db.Tx) (err error) {
		state, err = inboxState(tx)
		return err
	})
	if err != nil {
		return "", fmt.Errorf("message: inbox: %w", err)
	}
	return state, nil
}

// EmptyInbox deletes messages by their ids; those that are not there are no mistake.
func (m *Messages) EmptyInbox(ctx context.Context, ids []string) error {
	if len(ids) == 0 {
		return nil
	}
	return m.deps.DB.Update(ctx, func(tx *db.Tx) error {
		for _, id := range ids {
			if err := deleteInbox(tx, id); err != nil {
				return err
			}
		}
		return nil
	})
}
