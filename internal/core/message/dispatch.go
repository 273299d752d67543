package message

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"math/rand/v2"
	"strings"
	"sync"
	"time"

	"cognate/internal/base/background"
	"cognate/internal/base/db"
)

const (
	// lanesAtOnce is how many servers that take their time it needs to keep the
	// messages of others waiting.
	lanesAtOnce = 4
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
	m.running.Add(1)
	defer m.running.Add(-1)
	var wg sync.WaitGroup
	defer wg.Wait()
	free := make(chan struct{}, lanesAtOnce*m.deps.Parallel)
	for range cap(free) {
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
		if err == nil {
			err = m.look(ctx, m.deps.Now())
		}
		if err != nil && ctx.Err() == nil {
			m.deps.Log.Error("message outbox", slog.Any("error", err))
		}
		timer.Reset(wait)
	}
}

// Deliver sends what is due now and returns when it is done. Where Run is running nobody needs it.
func (m *Messages) Deliver(ctx context.Context) error {
	for {
		rows, _, err := m.claim(ctx, m.deps.Now(), m.deps.Parallel)
		if err != nil || len(rows) == 0 {
			return err
		}
		for _, r := range rows {
			m.try(ctx, r)
		}
	}
}

// dispatch starts a try for as many due rows as there are free slots and
// answers how long nothing else will be due.
func (m *Messages) dispatch(ctx context.Context, free chan struct{}, wg *sync.WaitGroup) (time.Duration, error) {
	slots := len(free)
	if slots == 0 {
		return m.deps.Poll, nil // whoever ends wakes us
	}
	rows, wait, err := m.claim(ctx, m.deps.Now(), slots)
	for _, r := range rows { // also those that were claimed before an error
		<-free
		background.In(wg, "deliver message", func() {
			defer m.wake()
			defer func() { free <- struct{}{} }()
			m.try(context.WithoutCancel(ctx), r)
		})
	}
	return wait, err
}

// claim takes up to limit due rows, of each lane no more than its circuit lets
// through, and answers how long nothing else will be due.
func (m *Messages) claim(ctx context.Context, now time.Time, limit int) (mine []outboxRow, wait time.Duration, err error) {
	heads, err := m.heads(ctx) // reading is cheap; an idle node does not write
	if err != nil {
		return nil, m.deps.Poll, err
	}
	wait = m.deps.Poll
	for _, h := range heads {
		if due := time.UnixMilli(h.due).Sub(now); due > 0 {
			wait = min(wait, due)
			continue
		}
		room, pause := m.circuits.room(h.lane, m.deps.Parallel, now)
		if pause > 0 {
			wait = min(wait, pause)
		}
		room = min(room, limit-len(mine))
		if room == 0 {
			continue // whoever ends wakes us
		}
		var rows []outboxRow
		err := m.deps.DB.Update(ctx, func(tx *db.Tx) (err error) {
			rows, err = claimOutbox(tx, h.lane, now.UnixMilli(), now.Add(m.deps.Lease).UnixMilli(), room)
			return err
		})
		if err != nil {
			return mine, m.deps.Poll, err
		}
		for range rows {
			m.circuits.begin(h.lane)
		}
		mine = append(mine, rows...)
	}
	return mine, wait, nil
}

// heads are the earliest rows of the lanes.
func (m *Messages) heads(ctx context.Context) (list []head, err error) {
	err = m.deps.DB.Read(ctx, func(tx *db.Tx) error {
		list = nil
		for {
			h, err := nextHead(tx, last(list).lane, len(list) == 0)
			if errors.Is(err, db.ErrNoRows) {
				return nil
			}
			if err != nil {
				return err
			}
			list = append(list, h)
		}
	})
	return list, err
}

func last(list []head) head {
	if len(list) == 0 {
		return head{}
	}
	return list[len(list)-1]
}

// try sends one claimed row and settles it.
func (m *Messages) try(ctx context.Context, r outboxRow) {
	told := untold
	defer func() { m.circuits.end(r.lane, told, m.deps.Now()) }()
	var p payload
	err := m.open(ctx, r, &p)
	outlived := p.Queued != 0 && m.deps.Now().Sub(time.UnixMilli(p.Queued)) > p.Kind.life()
	switch {
	case err != nil || p.Pretended:
	case outlived:
		err = errOutlived
	case p.Later != nil:
		defer m.composing.end(r.id)
		err = m.complete(ctx, r, p)
		if told = tells(err); err == nil {
			return
		}
	default:
		err = m.send(ctx, r.id, p)
		told = tells(err)
	}
	m.concluded(ctx, r, p, err)
}

// concluded writes what came of a try.
func (m *Messages) concluded(ctx context.Context, r outboxRow, p payload, err error) {
	switch {
	case err == nil:
		m.settle(ctx, dropping(r))
		if !p.Pretended {
			m.outcomes.sent.Add(1)
			m.log(slog.LevelDebug, "message sent", r, p, nil)
		}
	case errors.Is(err, errOutlived):
		m.settle(ctx, dropping(r))
		m.outcomes.outlived.Add(1)
		m.log(slog.LevelError, "message given up", r, p, err)
	case errors.Is(err, ErrPermanent), r.tries >= m.maxTries(p):
		m.settle(ctx, dropping(r))
		m.outcomes.givenUp.Add(1)
		m.log(slog.LevelError, "message given up", r, p, err)
	default:
		pause := m.backoff(r.tries)
		due := m.deps.Now().Add(pause + rand.N(pause/4+1)).UnixMilli()
		m.settle(ctx, func(tx *db.Tx) error { return postponeOutbox(tx, r, due) })
		m.outcomes.delayed.Add(1)
		m.log(slog.LevelWarn, "message delayed", r, p, err)
	}
}

// errOutlived means that what a message carries is worth nothing any more.
var errOutlived = errors.New("the message has outlived what it carries")

// tells is what the outcome of a try tells about the server: one that refuses a
// message, or wants it later, is there.
func tells(err error) reach {
	if err == nil || errors.Is(err, ErrPermanent) || errors.Is(err, ErrDeferred) {
		return reached
	}
	return unreachable
}

// dropping removes a row that is done with.
func dropping(r outboxRow) func(*db.Tx) error {
	return func(tx *db.Tx) error {
		_, err := deleteOutbox(tx, r)
		return err
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
