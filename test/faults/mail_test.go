//go:build linux

package faults

import (
	"fmt"
	"io"
	"net"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-smtp"

	"cognate/internal/testkit/process"
)

// catcher is a mail server that keeps recipients.
type catcher struct {
	mu sync.Mutex
	to []string
}

// NewSession implements smtp.Backend.
func (c *catcher) NewSession(*smtp.Conn) (smtp.Session, error) { return &session{c: c}, nil }

func (c *catcher) got(address string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Contains(c.to, address)
}

type session struct {
	c  *catcher
	to []string
}

func (*session) Mail(string, *smtp.MailOptions) error { return nil }

func (s *session) Rcpt(to string, _ *smtp.RcptOptions) error {
	s.to = append(s.to, to)
	return nil
}

func (s *session) Data(r io.Reader) error {
	if _, err := io.Copy(io.Discard, r); err != nil {
		return err
	}
	s.c.mu.Lock()
	defer s.c.mu.Unlock()
	s.c.to = append(s.c.to, s.to...)
	return nil
}

func (s *session) Reset()        { s.to = nil }
func (s *session) Logout() error { return nil }

// TestMailIsDown: requests do not wait for a mail server that is away, one node even dies meanwhile, and once the mail
// server is back each acknowledged sign-up gets its code.
func TestMailIsDown(t *testing.T) {
	t.Parallel()
	port := process.FreePort(t)
	c := newCluster(t, url(postgres(t)), "--smtp-host", "127.0.0.1", "--smtp-port", fmt.Sprint(port), "--smtp-tls", "none", "--smtp-from", "no-reply@example.com")
	out, err := c.node(0).Call(t.Context(), "CreateUserPool", process.M{"PoolName": "mail", "AutoVerifiedAttributes": []string{"email"}})
	if err != nil {
		t.Fatal(err)
	}
	out, err = c.node(0).Call(t.Context(), "CreateUserPoolClient", process.M{"UserPoolId": process.Path(out, "UserPool", "Id"), "ClientName": "mail"})
	if err != nil {
		t.Fatal(err)
	}
	client := process.Path(out, "UserPoolClient", "ClientId")
	time.Sleep(1500 * time.Millisecond)
	var addresses []string
	for i := range 30 {
		address := fmt.Sprintf("mail-%02d@example.com", i)
		began := time.Now()
		if _, err := c.node(i%3).Call(t.Context(), "SignUp", process.M{
			"ClientId": client, "Username": fmt.Sprintf("mail-%02d", i), "Password": "Passw0rd!",
			"UserAttributes": []process.M{{"Name": "email", "Value": address}},
		}); err != nil {
			t.Fatal(err)
		}
		if took := time.Since(began); took > patience {
			t.Errorf("signing up took %v", took)
		}
		addresses = append(addresses, address)
	}
	c.node(1).Kill()
	c.start(1)
	box := &catcher{}
	server := smtp.NewServer(box)
	server.Domain = "localhost"
	l, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", port))
	if err != nil {
		t.Fatal(err)
	}
	go func() { _ = server.Serve(l) }()
	t.Cleanup(func() { _ = server.Close() })
	for end := time.Now().Add(3 * time.Minute); ; time.Sleep(200 * time.Millisecond) {
		addresses = slices.DeleteFunc(addresses, box.got)
		if len(addresses) == 0 {
			return
		}
		if time.Now().After(end) {
			t.Fatalf("no mail for %v\n%s", addresses, c.node(0).Log())
		}
	}
}
