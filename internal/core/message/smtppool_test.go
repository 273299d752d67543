package message

import (
	"context"
	"net"
	"sync"
	"testing"

	"github.com/emersion/go-smtp"
)

// TestSMTPPool: one connection carries the mails that follow one another, and
// several at a time get one each.
func TestSMTPPool(t *testing.T) {
	r := startReceiver(t, TLSMandatory)
	s := newSMTP(t, r, SMTPOptions{Username: "user", Password: "pass word"})
	defer s.Close()
	sessions := 0 // the receiver begins another one after STARTTLS
	for range 5 {
		if err := s.Send(t.Context(), delivery()); err != nil {
			t.Fatal(err)
		}
		r.mu.Lock()
		if sessions == 0 {
			sessions = r.conns
		}
		if r.conns != sessions {
			t.Error("a mail took a new connection")
		}
		r.mu.Unlock()
	}
	if len(r.received()) != 5 {
		t.Errorf("%d mails", len(r.received()))
	}
	var wg sync.WaitGroup
	for range 20 {
		wg.Go(func() {
			if err := s.Send(context.Background(), delivery()); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	for _, m := range r.received() {
		if !m.tls || m.user != "user" || len(m.to) != 1 {
			t.Errorf("%+v", m)
		}
	}
	if n := len(r.received()); n != 25 {
		t.Errorf("%d mails", n)
	}
	for range mailsPerSMTP + 10 {
		if err := s.Send(t.Context(), delivery()); err != nil {
			t.Fatal(err)
		}
	}
}

// TestSMTPPoolRefusal: a refused recipient leaves nothing behind for the next mail.
func TestSMTPPoolRefusal(t *testing.T) {
	r := startReceiver(t, TLSMandatory)
	s := newSMTP(t, r, SMTPOptions{})
	refuse := true
	r.fail = func(string) error {
		if refuse = !refuse; !refuse {
			return nil
		}
		return &smtp.SMTPError{Code: 550, Message: "no"}
	}
	for i := range 6 {
		d := delivery()
		err := s.Send(t.Context(), d)
		if bad := i%2 == 1; (err != nil) != bad {
			t.Errorf("mail %d: %v", i, err)
		}
	}
	for _, m := range r.received() {
		if len(m.to) != 1 {
			t.Errorf("%+v", m)
		}
	}
}

// TestSMTPPoolDeadConnection: a server that closed the connection meanwhile
// costs no mail and no try.
func TestSMTPPoolDeadConnection(t *testing.T) {
	r := startReceiver(t, TLSNone)
	front, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer front.Close()
	var mu sync.Mutex
	var open []net.Conn
	go func() {
		for {
			in, err := front.Accept()
			if err != nil {
				return
			}
			out, err := net.Dial("tcp", r.addr)
			if err != nil {
				return
			}
			mu.Lock()
			open = append(open, in, out)
			mu.Unlock()
			go pipe(in, out)
			go pipe(out, in)
		}
	}()
	behind := &receiver{addr: front.Addr().String()}
	s := newSMTP(t, behind, SMTPOptions{TLS: TLSNone})
	for range 3 {
		if err := s.Send(t.Context(), delivery()); err != nil {
			t.Fatal(err)
		}
		mu.Lock()
		for _, c := range open {
			c.Close()
		}
		open = nil
		mu.Unlock()
	}
	if n := len(r.received()); n != 3 {
		t.Errorf("%d mails", n)
	}
}

func pipe(from, to net.Conn) {
	buf := make([]byte, 4096)
	for {
		n, err := from.Read(buf)
		if n > 0 {
			if _, err := to.Write(buf[:n]); err != nil {
				return
			}
		}
		if err != nil {
			to.Close()
			return
		}
	}
}
