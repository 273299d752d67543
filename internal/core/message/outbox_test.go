package message

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"cognate/internal/base/db"
	"cognate/internal/base/obs"
	"cognate/internal/testkit/dbtest"
)

func TestOutbox(t *testing.T) {
	dbtest.Each(t, migrations(), func(t *testing.T, d *db.DB) {
		s := &fakeSender{}
		m := New(Deps{DB: d, Keyring: testKeyring(t, d, testPool), Email: s, Poll: time.Hour})
		ctx := context.Background()
		boom := errors.New("boom")
		err := d.Update(ctx, func(tx *db.Tx) error {
			if err := m.Send(ctx, tx, codeMail("no@example.com")); err != nil {
				return err
			}
			return boom
		})
		if !errors.Is(err, boom) {
			t.Fatal(err)
		}
		send(t, m, codeMail("one@example.com"))
		checkSealed(t, d, "one@example.com", "123456")
		run(t, m)
		send(t, m, codeMail("two@example.com"))
		waitFor(t, "two deliveries", func() bool { return len(s.deliveries()) == 2 && outboxLen(t, d) == 0 })
		for _, got := range s.deliveries() {
			if got.To == "no@example.com" || got.PoolID != testPool || got.Subject != "Your verification code" ||
				got.Text != "Your verification code is 123456." || got.HTML == "" || got.ID == "" || got.Kind != SignUp {
				t.Errorf("%+v", got)
			}
		}
		err = d.Update(ctx, func(tx *db.Tx) error {
			return m.Send(ctx, tx, Outgoing{PoolID: testPool, Kind: SignUp, Medium: SMS, To: "+15550001111", Code: "1"})
		})
		if !errors.Is(err, ErrNoTransport) || !errors.Is(m.Delivers(SMS), ErrNoTransport) || m.Delivers(Email) != nil {
			t.Errorf("SMS without a transport: %v", err)
		}
	})
}

// TestPretend holds that what nobody must get is queued and taken like any other message, and goes nowhere.
func TestPretend(t *testing.T) {
	dbtest.Each(t, migrations(), func(t *testing.T, d *db.DB) {
		s := &fakeSender{}
		m := New(Deps{DB: d, Keyring: testKeyring(t, d, testPool), Email: s, Inbox: true, Poll: time.Hour})
		ctx := context.Background()
		if err := d.Update(ctx, func(tx *db.Tx) error { return m.Pretend(ctx, tx, codeMail("one@example.com")) }); err != nil {
			t.Fatal(err)
		}
		if n := outboxLen(t, d); n != 1 {
			t.Errorf("%d rows are queued", n)
		}
		run(t, m)
		waitFor(t, "the queue to be empty", func() bool { return outboxLen(t, d) == 0 })
		send(t, m, codeMail("two@example.com"))
		waitFor(t, "a delivery", func() bool { return len(s.deliveries()) > 0 && outboxLen(t, d) == 0 })
		if got := s.deliveries(); len(got) != 1 || got[0].To != "two@example.com" {
			t.Errorf("delivered %+v", got)
		}
		list, err := m.Inbox(ctx, "", "")
		if err != nil || len(list) != 1 || list[0].To != "two@example.com" {
			t.Errorf("inbox %+v %v", list, err)
		}
		if code, err := m.InboxCode(ctx, "one@example.com", testPool); err != nil || code != "" {
			t.Errorf("code %q %v", code, err)
		}
	})
}

func checkSealed(t *testing.T, d *db.DB, secrets ...string) {
	t.Helper()
	dump, err := d.Dump(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range secrets {
		if bytes.Contains(dump, []byte(s)) {
			t.Errorf("%q is in the database in clear", s)
		}
	}
}

func TestRetryThenGiveUp(t *testing.T) {
	dbtest.Each(t, migrations(), func(t *testing.T, d *db.DB) {
		log := &logBuffer{}
		s := &fakeSender{fail: func(n int) error {
			if n < 3 {
				return fmt.Errorf("451 <one@example.com> later")
			}
			return nil
		}}
		m := New(Deps{DB: d, Keyring: testKeyring(t, d, testPool), Email: s, Log: log.logger(), RetryBase: time.Millisecond, MaxTries: 4})
		run(t, m)
		send(t, m, codeMail("one@example.com"))
		waitFor(t, "the third try", func() bool { return len(s.deliveries()) == 1 && outboxLen(t, d) == 0 })
		if text := log.String(); strings.Count(text, "message delayed") != 2 || strings.Contains(text, "one@example.com") || strings.Contains(text, "123456") {
			t.Errorf("log %s", text)
		}
		s.mu.Lock()
		s.fail = func(int) error { return errors.New("no") }
		s.n = 0
		s.mu.Unlock()
		ctx := obs.With(context.Background(), &obs.Request{ID: "request-7"})
		if err := d.Update(ctx, func(tx *db.Tx) error { return m.Send(ctx, tx, codeMail("two@example.com")) }); err != nil {
			t.Fatal(err)
		}
		waitFor(t, "giving up", func() bool { return outboxLen(t, d) == 0 })
		waitFor(t, "the log", func() bool { return strings.Contains(log.String(), "message given up") })
		if s.n != 4 || !strings.Contains(log.String(), `"requestId":"request-7"`) || !strings.Contains(log.String(), "t***@e***") {
			t.Errorf("%d tries, log %s", s.n, log.String())
		}
	})
}

func TestPermanentFailureIsNotRepeated(t *testing.T) {
	d := dbtest.SQLite(t, migrations())
	s := &fakeSender{fail: func(int) error { return fmt.Errorf("%w: 550", ErrPermanent) }}
	m := New(Deps{DB: d, Keyring: testKeyring(t, d, testPool), Email: s})
	run(t, m)
	send(t, m, codeMail("one@example.com"))
	waitFor(t, "giving up", func() bool { return outboxLen(t, d) == 0 })
	if s.n != 1 {
		t.Errorf("%d tries", s.n)
	}
}

// TestSeveralNodes: each message is sent once although every node is woken by
// its own commits and polls for those of the others.
func TestSeveralNodes(t *testing.T) {
	dbtest.Each(t, migrations(), func(t *testing.T, d *db.DB) {
		s := &fakeSender{}
		k := testKeyring(t, d, testPool)
		const nodes, each = 3, 20
		var wg sync.WaitGroup
		for n := range nodes {
			m := New(Deps{DB: d, Keyring: k, Email: s, Poll: 5 * time.Millisecond, Parallel: 4})
			run(t, m)
			wg.Go(func() {
				ctx := context.Background()
				for i := range each {
					o := codeMail(fmt.Sprintf("u%d.%d@example.com", n, i))
					if err := d.Update(ctx, func(tx *db.Tx) error { return m.Send(ctx, tx, o) }); err != nil {
						t.Error(err)
					}
				}
			})
		}
		wg.Wait()
		waitFor(t, "an empty outbox", func() bool { return outboxLen(t, d) == 0 })
		seen := map[string]int{}
		for _, got := range s.deliveries() {
			seen[got.To]++
		}
		if len(seen) != nodes*each || len(s.deliveries()) != nodes*each {
			t.Errorf("%d deliveries to %d people, want %d", len(s.deliveries()), len(seen), nodes*each)
		}
	})
}

// TestCrashedNode: a row taken by a node that died is sent by another one when
// the lease has ended, with the same id, and the dead node's late outcome
// changes nothing.
func TestCrashedNode(t *testing.T) {
	dbtest.Each(t, migrations(), func(t *testing.T, d *db.DB) {
		ctx := context.Background()
		k := testKeyring(t, d, testPool)
		now := time.Now()
		var mu sync.Mutex
		at := func() time.Time { mu.Lock(); defer mu.Unlock(); return now }
		dead := New(Deps{DB: d, Keyring: k, Email: &fakeSender{}, Now: at})
		send(t, dead, codeMail("one@example.com"))
		taken, _, err := dead.claim(ctx, at(), 10)
		if err != nil || len(taken) != 1 {
			t.Fatalf("%v %v", taken, err)
		}
		s := &fakeSender{}
		alive := New(Deps{DB: d, Keyring: k, Email: s, Now: at, Poll: 5 * time.Millisecond})
		run(t, alive)
		time.Sleep(50 * time.Millisecond)
		if n := len(s.deliveries()); n != 0 {
			t.Fatal("sent although the lease has not ended")
		}
		mu.Lock()
		now = now.Add(3 * time.Minute)
		mu.Unlock()
		waitFor(t, "the second node", func() bool { return len(s.deliveries()) == 1 && outboxLen(t, d) == 0 })
		if s.deliveries()[0].ID != taken[0].id {
			t.Error("the message has another id")
		}
		dead.settle(ctx, func(tx *db.Tx) error { return postponeOutbox(tx, taken[0], 0) })
		if outboxLen(t, d) != 0 {
			t.Error("the dead node's outcome came back")
		}
	})
}

func TestTamperedRow(t *testing.T) {
	d := dbtest.SQLite(t, migrations())
	log := &logBuffer{}
	s := &fakeSender{}
	m := New(Deps{DB: d, Keyring: testKeyring(t, d, testPool), Email: s, Log: log.logger(), RetryBase: time.Millisecond, MaxTries: 2})
	send(t, m, codeMail("one@example.com"))
	err := d.Update(context.Background(), func(tx *db.Tx) error {
		_, err := tx.Exec(`UPDATE message_outbox SET id = 'moved' WHERE pool_id = $1`, testPool)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	run(t, m)
	waitFor(t, "giving up", func() bool { return outboxLen(t, d) == 0 })
	if len(s.deliveries()) != 0 {
		t.Error("a row moved to another id was sent")
	}
}

func TestDeletePool(t *testing.T) {
	d := dbtest.SQLite(t, migrations())
	const other = "us-east-1_bbbbbbbbb"
	m := New(Deps{DB: d, Keyring: testKeyring(t, d, testPool, other), Email: &fakeSender{}, Inbox: true})
	o := codeMail("one@example.com")
	send(t, m, o)
	o.PoolID = other
	send(t, m, o)
	if err := d.Update(context.Background(), func(tx *db.Tx) error { return m.DeletePool(tx, testPool) }); err != nil {
		t.Fatal(err)
	}
	left, err := m.Inbox(context.Background(), "", "")
	if err != nil || len(left) != 1 || left[0].UserPoolID != other || outboxLen(t, d) != 1 {
		t.Errorf("%v %v, outbox %d", left, err, outboxLen(t, d))
	}
}

func TestBackoff(t *testing.T) {
	m := New(Deps{})
	var total time.Duration
	for i := range int64(7) {
		total += m.backoff(i + 1)
	}
	if m.backoff(1) != time.Second || m.backoff(3) != 16*time.Second || m.backoff(1000) != maxBackoff || total < 20*time.Minute || total > time.Hour {
		t.Errorf("%v %v %v, together %v", m.backoff(1), m.backoff(3), m.backoff(1000), total)
	}
}
