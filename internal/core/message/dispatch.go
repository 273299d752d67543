package message

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"strings"
	"sync"
	"time"

	"cognate/internal/base/background"
	"cognate/internal/base/db"
)

const (
	// sendTimeout bounds one try; it is well below the lease.
	sendTimeout = 30 * time.Second
	maxBackoff  = 15 * time.Minute
	// maxOpenings is how often a row that cannot be opened is tried.
	maxOpenings = 8
)

// Delivery is a message on its way out.
type Delivery struct {
	// ID is the same at every try, so that receivers can recognise repetitions.
	ID       string
	PoolID   string
	Username string
	Kind     Kind
	Medium   Medium
	To       string
	From     string // "" for the server's own sender
	ReplyTo  string
	Subject  string
	Text     string
	HTML     string
	// ConfigurationSet and IdentityARN are of pools that send by an own SES
	// identity, Region is the SNS region of the pool; "" for none.
	ConfigurationSet, IdentityARN, Region string
}

// Run sends what is in the outbox until ctx ends: after each commit at once,
// otherwise when a row falls due. Several nodes may run it on one database. It
// waits for the tries under way before it returns.
func (m *Messages) Run(ctx context.Context) {
	var wg sync.WaitGroup
	defer wg.Wait()
	free := make(chan struct{}, m.deps.Parallel)
	for range m.deps.Parallel {
		free <- struct{}{}
	}
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-m.wakeup:
		case <-timer.C:
		}
		wait, err := m.dispatch(ctx, free, &wg)
		if err != nil && ctx.Err() == nil {
			m.deps.Log.Error("message outbox", slog.Any("error", err))
		}
		timer.Reset(wait)
	}
}

// dispatch starts a try for as many due rows as there are free slots and
// answers how long nothing else will be due.
func (m *Messages) dispatch(ctx context.Context, free chan struct{}, wg *sync.WaitGroup) (time.Duration, error) {
	slots := len(free)
	if slots == 0 {
		return m.deps.Poll, nil // whoever ends wakes us
	}
	now := m.deps.Now()
	rows, err := m.claim(ctx, now, slots)
	if err != nil {
		return m.deps.Poll, err
	}
	for _, r := range rows {
		<-free
		background.In(wg, "deliver message", func() {
			defer m.wake()
			defer func() { free <- struct{}{} }()
			m.try(context.WithoutCancel(ctx), r)
		})
	}
	if len(rows) > 0 {
		return m.deps.Poll, nil
	}
	return m.untilDue(ctx, now)
}

func (m *Messages) claim(ctx context.Context, now time.Time, limit int) ([]outboxRow, error) {
	if due, err := m.untilDue(ctx, now); err != nil || due > 0 {
		return nil, err // reading is cheap; an idle node does not write
	}
	var rows []outboxRow
	err := m.deps.DB.Update(ctx, func(tx *db.Tx) error {
		var err error
		rows, err = claimOutbox(tx, now.UnixMilli(), now.Add(m.deps.Lease).UnixMilli(), limit)
		return err
	})
	return rows, err
}

// untilDue is how long the earliest row still has to wait, at most the polling
// interval; 0 when it is due.
func (m *Messages) untilDue(ctx context.Context, now time.Time) (time.Duration, error) {
	wait := m.deps.Poll
	err := m.deps.DB.Read(ctx, func(tx *db.Tx) error {
		due, err := nextDue(tx)
		if err == nil {
			wait = min(wait, max(0, time.UnixMilli(due).Sub(now)))
		}
		return err
	})
	if errors.Is(err, db.ErrNoRows) {
		err = nil
	}
	return wait, err
}

// try sends one claimed row and settles it.
func (m *Messages) try(ctx context.Context, r outboxRow) {
	var p payload
	err := m.open(ctx, r, &p)
	if err == nil && !p.Pretended {
		err = m.send(ctx, r.id, p)
	}
	expired := p.Queued != 0 && m.deps.Now().Sub(time.UnixMilli(p.Queued)) > p.Kind.life()
	switch {
	case err == nil:
		m.settle(ctx, func(tx *db.Tx) error { return deleteOutbox(tx, r) })
		if !p.Pretended {
			m.log(slog.LevelDebug, "message sent", r, p, nil)
		}
	case errors.Is(err, ErrPermanent), expired, r.tries >= m.maxTries(p):
		m.settle(ctx, func(tx *db.Tx) error { return deleteOutbox(tx, r) })
		m.log(slog.LevelError, "message given up", r, p, err)
	default:
		due := m.deps.Now().Add(m.backoff(r.tries)).UnixMilli()
		m.settle(ctx, func(tx *db.Tx) error { return postponeOutbox(tx, r, due) })
		m.log(slog.LevelWarn, "message delayed", r, p, err)
	}
}

// maxTries bounds the tries of a row: those of one that does not open, and
// others where a limit was asked for.
func (m *Messages) maxTries(p payload) int64 {
	switch {
	case m.deps.MaxTries > 0:
		return int64(m.deps.MaxTries)
	case p.Queued == 0:
		return maxOpenings
	}
	return math.MaxInt64
}

func (m *Messages) open(ctx context.Context, r outboxRow, p *payload) error {
	plain, err := m.deps.Keyring.Open(ctx, r.poolID, r.sealed, outboxAAD(r.poolID, r.id)...)
	if err != nil {
		return fmt.Errorf("open: %w", err)
	}
	if err := json.Unmarshal(plain, p); err != nil {
		return fmt.Errorf("%w: decode: %w", ErrPermanent, err)
	}
	return nil
}

func (m *Messages) send(ctx context.Context, id string, p payload) error {
	ctx, cancel := context.WithTimeout(ctx, sendTimeout)
	defer cancel()
	if p.Function {
		return m.handOver(ctx, p)
	}
	msg, s := p.Message, m.transport(p.Medium)
	if s == nil {
		return ErrNoTransport // a row of another node with other settings
	}
	return s.Send(ctx, Delivery{
		ID: id, PoolID: msg.PoolID, Username: msg.Username, Kind: msg.Kind, Medium: msg.Medium, To: msg.To,
		From: msg.From, ReplyTo: msg.ReplyTo, Subject: msg.Subject, Text: msg.Body, HTML: msg.HTML,
		ConfigurationSet: msg.ConfigurationSet, IdentityARN: msg.IdentityARN, Region: msg.SMSRegion,
	})
}

// settle records the outcome of a try. When the database cannot be reached for
// longer, the lease ends and the message is sent once more.
func (m *Messages) settle(ctx context.Context, fn func(tx *db.Tx) error) {
	var err error
	for i := range 3 {
		if err = m.deps.DB.Update(ctx, fn); err == nil || errors.Is(err, db.ErrClosed) {
			return
		}
		time.Sleep(time.Duration(i+1) * 100 * time.Millisecond)
	}
	m.deps.Log.Error("message outbox", slog.Any("error", err))
}

// backoff is the wait after the given number of tries.
func (m *Messages) backoff(tries int64) time.Duration {
	d := m.deps.RetryBase
	for range min(tries-1, 16) {
		d *= 4
		if d >= maxBackoff {
			return maxBackoff
		}
	}
	return min(d, maxBackoff)
}

// log never shows the text, the code or the whole destination, not even when a
// mail server repeats it in its answer.
func (m *Messages) log(level slog.Level, event string, r outboxRow, p payload, err error) {
	attrs := []slog.Attr{
		slog.String("requestId", p.RequestID), slog.String("pool", r.poolID), slog.String("message", r.id),
		slog.String("kind", string(p.Kind)), slog.String("medium", string(p.Medium)),
		slog.String("to", mask(p.Medium, p.To)), slog.Int64("try", r.tries),
	}
	if err != nil {
		text := err.Error()
		if p.To != "" {
			text = strings.ReplaceAll(text, p.To, mask(p.Medium, p.To))
		}
		attrs = append(attrs, slog.String("error", text))
	}
	m.deps.Log.LogAttrs(context.Background(), level, event, attrs...)
}
