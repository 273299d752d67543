package message

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"slices"
	"sync"
	"testing"
	"time"

	"cognate/internal/base/db"
	"cognate/internal/base/keyring"
)

const testPool = "us-east-1_aaaaaaaaa"

func migrations() []db.Migration { return slices.Concat(keyring.Migrations, Migrations) }

// testKeyring opens a keyring that knows pools.
func testKeyring(t *testing.T, d *db.DB, pools ...string) *keyring.Keyring {
	t.Helper()
	kek, err := keyring.NewKEK(bytes.Repeat([]byte{7}, 32))
	if err != nil {
		t.Fatal(err)
	}
	k, err := keyring.Open(context.Background(), d, kek)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range pools {
		err := d.Update(context.Background(), func(tx *db.Tx) error { return k.Create(tx, p) })
		if err != nil && !errors.Is(err, db.ErrConflict) {
			t.Fatal(err)
		}
	}
	return k
}

// fakeSender records deliveries; fail is asked before each.
type fakeSender struct {
	mu   sync.Mutex
	got  []Delivery
	fail func(n int) error
	n    int
}

func (s *fakeSender) Send(_ context.Context, d Delivery) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.n++
	if s.fail != nil {
		if err := s.fail(s.n); err != nil {
			return err
		}
	}
	s.got = append(s.got, d)
	return nil
}

func (s *fakeSender) deliveries() []Delivery {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.got)
}

// run starts the dispatcher and answers a function that stops it and waits.
func run(t *testing.T, m *Messages) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() { m.Run(ctx); close(done) }()
	stop = sync.OnceFunc(func() { cancel(); <-done })
	t.Cleanup(stop)
	return stop
}

func waitFor(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for range 1500 {
		if ok() {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Fatalf("waited in vain for %s", what)
}

func outboxLen(t *testing.T, d *db.DB) (n int64) {
	t.Helper()
	err := d.Read(context.Background(), func(tx *db.Tx) error {
		return tx.QueryRow(`SELECT count(*) FROM message_outbox`).Scan(&n)
	})
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func codeMail(to string) Outgoing {
	return Outgoing{PoolID: testPool, Kind: SignUp, Medium: Email, Username: "ann", To: to, Code: "123456"}
}

func send(t *testing.T, m *Messages, o Outgoing) {
	t.Helper()
	ctx := context.Background()
	if err := m.deps.DB.Update(ctx, func(tx *db.Tx) error { return m.Send(ctx, tx, o) }); err != nil {
		t.Fatal(err)
	}
}

// logBuffer is a log that several goroutines may write.
type logBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *logBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *logBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

func (l *logBuffer) logger() *slog.Logger { return slog.New(slog.NewJSONHandler(l, nil)) }
