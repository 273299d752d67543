package message

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"cognate/internal/base/db"
	"cognate/internal/testkit/dbtest"
)

// TestOutage: a server that is away is left alone, whatever waits for it, and everything is delivered once it is back.
func TestOutage(t *testing.T) {
	dbtest.Each(t, migrations(), func(t *testing.T, d *db.DB) {
		const waiting = 200
		var back atomic.Bool
		s := &fakeSender{fail: func(int) error {
			if back.Load() {
				return nil
			}
			return errors.New("connect: connection refused")
		}}
		var shift atomic.Int64
		now := func() time.Time { return time.Now().Add(time.Duration(shift.Load())) }
		m := New(Deps{DB: d, Keyring: testKeyring(t, d, testPool), Email: s, Now: now, Poll: 5 * time.Millisecond})
		for i := range waiting {
			send(t, m, codeMail(fmt.Sprintf("u%d@example.com", i)))
		}
		run(t, m)
		waitFor(t, "a pause", func() bool { return m.Figures().Paused == 1 })
		time.Sleep(300 * time.Millisecond) // rows are due and are not touched
		s.mu.Lock()
		tries := s.n
		s.mu.Unlock()
		if f := m.Figures(); tries > 2*failuresToPause+m.deps.Parallel || f.Delayed != int64(tries) || outboxLen(t, d) != waiting {
			t.Errorf("%d tries, %+v, %d rows", tries, f, outboxLen(t, d))
		}
		shift.Add(int64(2 * time.Second)) // one try finds out that it is still away
		waitFor(t, "one more try", func() bool { s.mu.Lock(); defer s.mu.Unlock(); return s.n > tries })
		time.Sleep(100 * time.Millisecond)
		s.mu.Lock()
		if s.n > tries+2 {
			t.Errorf("%d tries after a pause", s.n-tries)
		}
		s.mu.Unlock()
		back.Store(true)
		shift.Add(int64(2 * time.Minute))
		waitFor(t, "the deliveries", func() bool { shift.Add(int64(time.Second)); return outboxLen(t, d) == 0 })
		if f := m.Figures(); len(s.deliveries()) != waiting || f.Sent != waiting || f.Paused != 0 {
			t.Errorf("%d deliveries, %+v", len(s.deliveries()), f)
		}
	})
}

// hanging is a server that takes connections and says nothing.
type hanging struct{ calls atomic.Int64 }

func (h *hanging) Send(ctx context.Context, _ Delivery) error {
	h.calls.Add(1)
	<-ctx.Done()
	return ctx.Err()
}

// TestOneServerHangs: a server that never answers holds no more tries than its own, and keeps no other waiting.
func TestOneServerHangs(t *testing.T) {
	d := dbtest.SQLite(t, migrations())
	mails, texts := &hanging{}, &fakeSender{}
	m := New(Deps{DB: d, Keyring: testKeyring(t, d, testPool), Email: mails, SMS: texts, Parallel: 2, Poll: 5 * time.Millisecond})
	for range 20 {
		send(t, m, codeMail("one@example.com"))
	}
	ctx, cancel := context.WithCancel(context.Background())
	go m.Run(ctx) // whose tries nobody waits for
	t.Cleanup(cancel)
	waitFor(t, "the hanging tries", func() bool { return mails.calls.Load() == 2 })
	send(t, m, Outgoing{PoolID: testPool, Kind: SignUp, Medium: SMS, To: "+15550001111", Code: "123456"})
	waitFor(t, "the text", func() bool { return len(texts.deliveries()) == 1 })
	if n := mails.calls.Load(); n != 2 {
		t.Errorf("%d mails at once", n)
	}
}

// TestDeferred: a message that the server wants later keeps no other from being sent.
func TestDeferred(t *testing.T) {
	d := dbtest.SQLite(t, migrations())
	s := &fakeSender{fail: func(n int) error {
		if n <= 20 {
			return fmt.Errorf("%w: 450 greylisted", ErrDeferred)
		}
		return nil
	}}
	m := New(Deps{DB: d, Keyring: testKeyring(t, d, testPool), Email: s, RetryBase: time.Millisecond})
	for range 20 {
		send(t, m, codeMail("one@example.com"))
	}
	run(t, m)
	waitFor(t, "the deliveries", func() bool { return len(s.deliveries()) == 20 })
	if f := m.Figures(); f.Paused != 0 || f.Delayed != 20 {
		t.Errorf("%+v", f)
	}
}

// TestFull: what would make the outbox too deep is refused, of a pool and of all.
func TestFull(t *testing.T) {
	dbtest.Each(t, migrations(), func(t *testing.T, d *db.DB) {
		const other, third = "us-east-1_bbbbbbbbb", "us-east-1_ccccccccc"
		k := testKeyring(t, d, testPool, other, third)
		deps := Deps{DB: d, Keyring: k, Email: &fakeSender{}, MaxWaitingOfPool: 3, MaxWaiting: 5}
		m := New(deps)
		put := func(m *Messages, poolID string) error {
			o := codeMail("one@example.com")
			o.PoolID = poolID
			return d.Update(context.Background(), func(tx *db.Tx) error { return m.Send(context.Background(), tx, o) })
		}
		for poolID, fit := range map[string]int{testPool: 3} {
			for i := range fit {
				if err := put(m, poolID); err != nil {
					t.Fatalf("%s %d: %v", poolID, i, err)
				}
			}
			if err := put(m, poolID); !errors.Is(err, ErrFull) || !errors.Is(err, ErrNoTransport) {
				t.Errorf("one too many for a pool: %v", err)
			}
		}
		again := New(deps) // another node learns of it by a look
		if err := again.look(context.Background(), time.Now()); err != nil {
			t.Fatal(err)
		}
		if f := again.Figures(); f.Waiting != 3 || f.Oldest <= 0 || f.Oldest > time.Minute {
			t.Errorf("%+v", f)
		}
		if err := put(again, testPool); !errors.Is(err, ErrFull) {
			t.Errorf("on another node: %v", err)
		}
		for range 2 {
			if err := put(again, other); err != nil {
				t.Error(err)
			}
		}
		if err := put(again, third); !errors.Is(err, ErrFull) || again.Figures().Refused != 2 {
			t.Errorf("one too many for all: %v, %+v", err, again.Figures())
		}
		if n := outboxLen(t, d); n != 5 {
			t.Errorf("%d rows", n)
		}
	})
}

// TestOutlived: a message whose code is over is dropped with an event and never sent, whether its server is back or not.
func TestOutlived(t *testing.T) {
	dbtest.Each(t, migrations(), func(t *testing.T, d *db.DB) {
		log, s := &logBuffer{}, &fakeSender{}
		var mu sync.Mutex
		at := time.Now()
		now := func() time.Time { mu.Lock(); defer mu.Unlock(); return at }
		m := New(Deps{DB: d, Keyring: testKeyring(t, d, testPool), Email: s, Log: log.logger(), Now: now, Poll: time.Hour})
		ctx := context.Background()
		o := codeMail("one@example.com")
		send(t, m, o)
		o.Kind = AdminCreateUser
		o.Config, o.Code = nil, "Temporary-1"
		send(t, m, o)
		mu.Lock()
		at = at.Add(25 * time.Hour)
		mu.Unlock()
		if err := m.look(ctx, now()); err != nil {
			t.Fatal(err)
		}
		if n := outboxLen(t, d); n != 1 || !strings.Contains(log.String(), "outlived") || m.Figures().Outlived != 1 {
			t.Errorf("%d rows are left, log %s", n, log.String())
		}
		send(t, m, codeMail("two@example.com"))
		mu.Lock()
		at = at.Add(25 * time.Hour)
		mu.Unlock()
		if err := m.Deliver(ctx); err != nil {
			t.Fatal(err)
		}
		if got := s.deliveries(); len(got) != 1 || got[0].Kind != AdminCreateUser || outboxLen(t, d) != 0 || m.Figures().Outlived != 2 {
			t.Errorf("delivered %+v, %+v", got, m.Figures())
		}
	})
}
